import { checkLength } from '../length.ts'
import type { Meter } from '../meter.ts'

const CHUNK = 4096

/** Units of work for a piece, beside those for its characters. */
const PIECE = 40

/**
 * Builds a long text from many small pieces. V8 keeps a cell for each `+` until a text is read, many times the size of
 * the text where the pieces are single characters; here pieces are joined 4096 at a time.
 */
export class TextBuilder {
  length = 0
  readonly #meter: Meter | undefined
  #pieces: string[] = []
  readonly #chunks: string[] = []

  /** @param meter counts what is built; without one the caller does, or the text is for a message */
  constructor(meter?: Meter) {
    this.#meter = meter
  }

  /** @throws {Failure} VALUE_ERROR when the text grows beyond `MAX_LENGTH`, or the event has built too much */
  add(piece: string): void {
    this.#meter?.touch(PIECE)
    if (piece === '') return
    this.length += piece.length
    checkLength(this.length)
    this.#meter?.build(piece.length)
    this.#pieces.push(piece)
    if (this.#pieces.length < CHUNK) return
    this.#chunks.push(this.#pieces.join(''))
    this.#pieces = []
  }

  toString(): string {
    const rest = this.#pieces.join('')
    return this.#chunks.length === 0 ? rest : this.#chunks.join('') + rest
  }
}
