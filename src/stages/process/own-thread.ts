import type { Block, BlockResult } from '../../batches/protocol.ts'

/** Makes results of blocks. */
export interface OwnProcessor<Rules> {
  process(block: Block): Iterable<BlockResult>
  replaceRules(rules: Rules): void
}

/**
 * This thread's part of the work of a pool: a block at a time. Between its results the event loop turns, so that those of other threads
 * are taken, and input is read.
 */
export class OwnThread<Rules> {
  readonly #processor: OwnProcessor<Rules>
  readonly #onFault: (error: Error) => void
  #results: Iterator<BlockResult> | undefined
  #receive: (result: BlockResult) => void = () => {}
  /** Rules that were given while a block was in hand: they are for the next one. */
  #rules: { readonly next: Rules } | undefined
  #isStopped = false

  constructor(processor: OwnProcessor<Rules>, onFault: (error: Error) => void) {
    this.#processor = processor
    this.#onFault = onFault
  }

  /** It has a block in hand. */
  get isBusy(): boolean {
    return this.#results !== undefined
  }

  /**
   * Takes a block, when none is in hand.
   *
   * @param receive gets the results, the first one in another turn of the event loop, and after one that is not the last `goOn` is waited for
   */
  take(block: Block, receive: (result: BlockResult) => void): void {
    if (this.#rules !== undefined) this.#processor.replaceRules(this.#rules.next)
    this.#rules = undefined
    this.#results = this.#processor.process(block)[Symbol.iterator]()
    this.#receive = receive
    this.goOn()
  }

  goOn(): void {
    setImmediate(() => this.#step())
  }

  #step(): void {
    if (this.#isStopped) return
    try {
      const result = this.#results!.next().value as BlockResult
      if (result.isLast) this.#results = undefined
      this.#receive(result)
    } catch (error) {
      this.#onFault(error as Error)
    }
  }

  /** The next block is worked on with these rules. */
  replaceRules(rules: Rules): void {
    this.#rules = { next: rules }
  }

  /** No more results come. */
  stop(): void {
    this.#isStopped = true
  }
}
