import { UnreadRests } from '../formats/unread-rests.ts'
import { PacedStage } from './paced-stage.ts'
import type { InputChunk } from './source.ts'
import { STAGE_OPTIONS } from './stage.ts'

/** A stage that takes InputChunks of one source after the other, or plain bytes of a single source. */
export abstract class InputStage extends PacedStage<InputChunk | Uint8Array> {
  #bytesRead = 0
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

  protected override lastPieces(): Iterable<unknown> {
    return this.endSource()
  }

  #read(bytes: Uint8Array): Iterable<unknown> {
    this.#bytesRead += bytes.length
    return this.takeBytes(bytes)
  }
}
