import type { RejectedEvent } from '../../event.ts'
import { inOrder } from '../../event.ts'
import { LineReader } from '../../formats/lines.ts'
import { NODE_CODING } from '../../formats/node-coding.ts'
import type { RunnerSource } from '../../rules/apply/normalize.ts'
import { parseBatch } from '../../rules/apply/parse-event.ts'
import { UnplacedRecordWriter } from '../rejected-records.ts'
import type { Block, BlockResult, LineBlock, ValueBlock, WorkerSettings } from './protocol.ts'
import { Rewriter } from './rewriter.ts'

/** So much is read at a time: the processor's caches hold it, and what is made of it. */
const STEP_BYTES = 64 * 1024

/** The main thread knows which source a block is of. */
const NO_SOURCE = ''

/** What a worker does with blocks: the work of parse, normalize and serialize. */
export class BlockNormalizer {
  readonly #settings: Omit<WorkerSettings, 'rules'>
  readonly #records = new UnplacedRecordWriter(NODE_CODING)
  #rewriter!: Rewriter

  constructor(rules: RunnerSource, settings: Omit<WorkerSettings, 'rules'>) {
    this.#settings = settings
    this.replaceRules(rules)
  }

  /** The next block is worked on with these rules. */
  replaceRules(rules: RunnerSource): void {
    this.#rewriter = new Rewriter(rules, this.#records, { ...this.#settings, coding: NODE_CODING })
  }

  /** The results of a block, the last one marked as that; several where they are large. */
  normalize(block: Block): Iterable<BlockResult> {
    return block.kind === 'lines' ? this.#lines(block) : this.#values(block)
  }

  *#lines({ parts, isFirst }: LineBlock): Iterable<BlockResult> {
    const reader = new LineReader(this.#settings.maxLineBytes, this.#rewriter, isFirst, NODE_CODING)
    for (const part of parts) {
      for (let start = 0; start < part.length; start += STEP_BYTES) {
        for (const _ of reader.read(part.subarray(start, start + STEP_BYTES))) yield this.#result()
      }
    }
    for (const _ of reader.readEnd()) yield this.#result()
    yield { ...this.#result(), lines: reader.lines, isLast: true }
  }

  *#values({ texts }: ValueBlock): Iterable<BlockResult> {
    for (const event of inOrder(parseBatch(NO_SOURCE, texts))) {
      if ('data' in event) this.#rewriter.parsed(event)
      else this.#rewriter.reject(event as RejectedEvent)
      if (this.#rewriter.isFull) yield this.#result()
    }
    yield { ...this.#result(), isLast: true }
  }

  /** What was made since the last call. */
  #result(): BlockResult {
    return { ...this.#rewriter.finishCopy(), rejected: this.#records.take(), lines: 0, isLast: false }
  }
}
