import type { UnreadRest } from '../formats/splitter.ts'
import type { Transcoder } from '../formats/transcoder.ts'
import type { Cutter, Piece } from './cutter.ts'

/** A cutter for bytes that are not UTF-8: its blocks are. */
export class TranscodingCutter implements Cutter {
  readonly #transcoder: Transcoder
  readonly #cutter: Cutter

  constructor(transcoder: Transcoder, cutter: Cutter) {
    this.#transcoder = transcoder
    this.#cutter = cutter
  }

  get hasComplete(): boolean {
    return this.#cutter.hasComplete
  }

  get unread(): UnreadRest | undefined {
    return this.#cutter.unread
  }

  push(chunk: Uint8Array): Iterable<Piece> {
    return this.#cutter.push(this.#transcoder.push(chunk), true)
  }

  flush(): Iterable<Piece> {
    return this.#cutter.flush()
  }

  flushHeld(): Iterable<Piece> {
    return this.#cutter.flushHeld?.() ?? this.#cutter.flush()
  }

  get holdsEvent(): boolean {
    return this.#cutter.holdsEvent ?? false
  }

  *end(): Generator<Piece> {
    yield* this.#cutter.push(this.#transcoder.end(), true)
    yield* this.#cutter.end()
  }
}
