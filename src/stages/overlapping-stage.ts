import { Duplex } from 'node:stream'
import { STAGE_OPTIONS } from './stage.ts'

type Callback = (error?: Error | null) => void

/**
 * A stage whose batches overlap: the next one may come while those before it are still worked on elsewhere (by threads,
 * by a server); they leave in the order they came in. A Transform would take the next batch only after it has given
 * the last one away, or without asking whether anybody takes it.
 */
export abstract class OverlappingStage<Taken> extends Duplex {
  /** To be called when another batch may come. */
  #taken: Callback | undefined
  /** To be called when the last batch has left. */
  #ended: Callback | undefined
  /** The reader takes more. */
  #isWanted = true
  #isAdvancing = false

  constructor() {
    super({ ...STAGE_OPTIONS, objectMode: true })
  }

  /** Another batch has come. */
  protected abstract accept(taken: Taken): void
  /** No other batch will come. */
  protected abstract acceptEnd(): void
  /** Goes on with all that can be gone on with, and gives what is finished as long as that is wanted. */
  protected abstract work(): void
  /** Another batch may come. */
  protected abstract readonly hasRoom: boolean
  /** All that has come has left. */
  protected abstract readonly isEmpty: boolean

  override _write(taken: Taken, _encoding: BufferEncoding, callback: Callback): void {
    this.accept(taken)
    this.#taken = callback
    this.advance()
  }

  override _read(): void {
    this.#isWanted = true
    this.advance()
  }

  override _final(callback: Callback): void {
    this.acceptEnd()
    this.#ended = callback
    this.advance()
  }

  /** The reader takes what is given now. */
  protected get isWanted(): boolean {
    return this.#isWanted
  }

  protected give(batch: unknown): void {
    // Should the reader ask for more while it is given this, that holds.
    this.#isWanted = false
    if (this.push(batch)) this.#isWanted = true
  }

  /** Goes on wherever it can. Questions that are asked meanwhile may call back: this is not entered again then. */
  protected advance(): void {
    if (this.#isAdvancing || this.destroyed) return
    this.#isAdvancing = true
    try {
      this.work()
    } catch (error) {
      this.destroy(error as Error)
    }
    this.#isAdvancing = false
    if (this.destroyed) return
    if (this.hasRoom) this.#takeNext()
    if (this.isEmpty) this.#end()
  }

  #takeNext(): void {
    const taken = this.#taken
    this.#taken = undefined
    taken?.()
  }

  #end(): void {
    const ended = this.#ended
    if (ended === undefined) return
    this.#ended = undefined
    this.push(null)
    ended()
  }
}
