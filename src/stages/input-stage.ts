import { Transform, type TransformCallback } from 'node:stream'
import type { InputChunk } from './parse.ts'
import { guard, STAGE_OPTIONS } from './stage.ts'
import { UnreadRests } from './unread-rests.ts'

/** A stage that takes InputChunks of one source after the other, or plain bytes of a single source. */
export abstract class InputStage extends Transform {
  #bytesRead = 0
  /** What could not be read of JSON documents. */
  readonly unread = new UnreadRests()

  constructor() {
    super({ ...STAGE_OPTIONS, objectMode: true })
  }

  /** Bytes read so far, after decompression. */
  get bytesRead(): number {
    return this.#bytesRead
  }

  /** What follows is of this source; it may be the same as before. */
  protected abstract enterSource(source: string): void
  protected abstract takeBytes(bytes: Uint8Array): void
  /** The source has ended. */
  protected abstract endSource(): void

  override _transform(
    chunk: InputChunk | Uint8Array,
    _encoding: BufferEncoding,
    callback: TransformCallback,
  ): void {
    guard(callback, () => {
      if (chunk instanceof Uint8Array) {
        this.#read(chunk)
      } else {
        this.enterSource(chunk.source)
        if (chunk.bytes === undefined) this.endSource()
        else this.#read(chunk.bytes)
      }
      callback()
    })
  }

  override _flush(callback: TransformCallback): void {
    guard(callback, () => {
      this.endSource()
      callback()
    })
  }

  #read(bytes: Uint8Array): void {
    this.#bytesRead += bytes.length
    this.takeBytes(bytes)
  }
}
