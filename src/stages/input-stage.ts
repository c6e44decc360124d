import { HELD_EVENT_MS } from '../formats/limits.ts'
import { UnreadRests } from '../formats/unread-rests.ts'
import { PacedStage } from './paced-stage.ts'
import type { InputChunk } from './source.ts'
import { STAGE_OPTIONS } from './stage.ts'

/** A stage that takes InputChunks of one source after the other, or plain bytes of a single source. */
export abstract class InputStage extends PacedStage<InputChunk | Uint8Array> {
  #bytesRead = 0
  /** Runs out when nothing has come for a while. */
  #idle: NodeJS.Timeout | undefined
  /** The bytes of JSON documents that could not be read. */
  readonly unread = new UnreadRests()

  constructor() {
    super({ ...STAGE_OPTIONS, objectMode: true })
  }

  /** Bytes read so far, after decompression. */
  get bytesRead(): number {
    return this.#bytesRead
  }

  /** The bytes that follow are of this source; it may be the same as before. */
  protected abstract enterSource(source: string): void
  /** The batches that these bytes complete, each made when it is asked for. */
  protected abstract takeBytes(bytes: Uint8Array): Iterable<unknown>
  /** The source has ended: the batches of what is left of it. */
  protected abstract endSource(): Iterable<unknown>

  protected override pieces(chunk: InputChunk | Uint8Array): Iterable<unknown> {
    if (chunk instanceof Uint8Array) return this.#read(chunk)
    this.enterSource(chunk.source)
    return chunk.bytes === undefined ? this.endSource() : this.#read(chunk.bytes)
  }

  /** The batches of the event that is held only because more of it may come. */
  protected abstract heldPieces(): Iterable<unknown>
  /** Such an event is held. */
  protected abstract readonly holdsEvent: boolean

  protected override lastPieces(): Iterable<unknown> {
    clearTimeout(this.#idle)
    return this.endSource()
  }

  #read(bytes: Uint8Array): Iterable<unknown> {
    this.#bytesRead += bytes.length
    this.#idle?.refresh()
    return this.#untilIdle(this.takeBytes(bytes))
  }

  /** The same pieces; behind them it is waited for more of the event that is held, if there is one. */
  *#untilIdle(pieces: Iterable<unknown>): Iterable<unknown> {
    yield* pieces
    if (this.holdsEvent) this.#flushWhenIdle()
  }

  #flushWhenIdle(): void {
    this.#idle ??= setTimeout(() => {
      this.#idle = undefined
      // Where the reader keeps a batch waiting, the source waits as well.
      if (this.holdsEvent && !this.insertPieces(() => this.heldPieces())) this.#flushWhenIdle()
    }, HELD_EVENT_MS)
  }

  override _destroy(error: Error | null, callback: (error?: Error | null) => void): void {
    clearTimeout(this.#idle)
    super._destroy(error, callback)
  }
}
