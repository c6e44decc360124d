import { checkLength } from './length.ts'

const CHUNK = 4096

/**
 * Builds a long text from many small pieces. V8 keeps a cell for each `+` until a text is read, many times the size of
 * the text where the pieces are single characters; here pieces are joined 4096 at a time.
 */
export class TextBuilder {
  length = 0
  #pieces: string[] = []
  readonly #chunks: string[] = []

  /** @throws {Failure} VALUE_ERROR when the text grows beyond `MAX_LENGTH` */
  add(piece: string): void {
    if (piece === '') return
    this.length += piece.length
    checkLength(this.length)
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
