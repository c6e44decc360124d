import type { TextCoding } from './text-coding.ts'

/** Texts of parts that are decoded by themselves. */
const FEW = 16

/**
 * Texts of parts of a chunk. The chunk is decoded once, when more than a few of them are wanted, as latin1, which is ten times as fast as UTF-8 and gives
 * strings that JSON.parse reads faster; as each byte is one character then, offsets into the bytes are offsets into
 * the text. Only parts with bytes beyond ASCII are decoded by themselves.
 */
export class ChunkText {
  readonly bytes: Uint8Array
  #latin1: string | undefined
  /** Parts that were decoded by themselves. */
  #parts = 0
  readonly #coding: TextCoding
  readonly #isAscii: boolean
  /** All of the chunk is UTF-8. */
  readonly isUtf8: boolean

  constructor(bytes: Uint8Array, coding: TextCoding) {
    this.bytes = coding.view(bytes)
    this.#coding = coding
    this.#isAscii = coding.isAscii(bytes)
    this.isUtf8 = this.#isAscii || coding.isUtf8(bytes)
  }

  /** One character for each byte. */
  get latin1(): string {
    this.#latin1 ??= this.#coding.latin1(this.bytes)
    return this.#latin1
  }

  /** The text of a part that is ASCII. */
  ascii(from: number, end: number): string {
    if (this.#latin1 === undefined && this.#parts < FEW) {
      this.#parts++
      return this.#coding.latin1(this.bytes.subarray(from, end))
    }
    return this.latin1.slice(from, end)
  }

  /** @returns undefined where the bytes are not UTF-8 */
  text(from: number, end: number): string | undefined {
    if (this.#isAscii) return this.latin1.slice(from, end)
    const part = this.bytes.subarray(from, end)
    if (this.#coding.isAscii(part)) return this.latin1.slice(from, end)
    return this.isUtf8 || this.#coding.isUtf8(part) ? this.utf8(from, end) : undefined
  }

  /** The text of a part that is UTF-8. */
  utf8(from: number, end: number): string {
    return this.#coding.utf8(this.bytes, from, end)
  }
}
