/** Writes output lines as bytes into a buffer that grows. */
import type { TextCoding } from './text-coding.ts'
import { PORTABLE_CODING } from './text-coding.ts'

const QUOTE = 0x22
const FIRST_SIZE = 1 << 16
/** A larger buffer is let go when it is hardly used. An output is handed on when it is about so large. */
const LARGEST_KEPT = 5 << 20

/** Longer ones are copied faster by the engine than by a loop (measured: at 12 and 100 bytes). */
const SHORT_LITERAL = 11

/** The same for a part of other bytes, of which the engine needs a view first. */
const SHORT_COPY = 64

/** Of longer texts the bytes are counted before there is room made for them. */
const LONG_TEXT = 1 << 16

/** Characters that JSON text cannot hold as they are, or that are more than one byte. */
const UNUSUAL = new Uint8Array(256)
for (let code = 0; code < 256; code++)
  UNUSUAL[code] = code < 0x20 || code >= 0x80 || code === QUOTE || code === 0x5c ? 1 : 0

export class ByteWriter {
  bytes: Uint8Array
  length = 0
  readonly #coding: TextCoding

  /** @param coding how text becomes bytes. Default: as it is done everywhere */
  constructor(coding = PORTABLE_CODING) {
    this.#coding = coding
    this.bytes = coding.allocate(FIRST_SIZE)
  }

  /** The bytes that were written, in a buffer that holds nothing else. The writer keeps its own buffer, unless that is huge. */
  takeCopy(): Uint8Array {
    const copy = new Uint8Array(this.bytes.subarray(0, this.length))
    this.length = 0
    if (this.bytes.length > LARGEST_KEPT) {
      this.bytes = this.#coding.allocate(FIRST_SIZE)
    }
    return copy
  }

  /** The bytes that were written, in a buffer that is the caller's from now on. */
  take(): Uint8Array {
    const written = this.bytes.subarray(0, this.length)
    if (this.length < this.bytes.length / 4) {
      // A small batch that waits somewhere must not keep a large buffer, and a huge line not for ever.
      const copy = new Uint8Array(written)
      this.length = 0
      if (this.bytes.length > LARGEST_KEPT) {
        this.bytes = this.#coding.allocate(FIRST_SIZE)
      }
      return copy
    }
    // The next batch is about as long, unless this was one huge line.
    const size = Math.min(this.length + (this.length >> 2), LARGEST_KEPT)
    this.bytes = this.#coding.allocate(Math.max(FIRST_SIZE, size))
    this.length = 0
    return written
  }

  /** The bytes that were written. They are there until something is written again. */
  lend(): Uint8Array {
    const written = this.bytes.subarray(0, this.length)
    this.length = 0
    if (this.bytes.length > LARGEST_KEPT) this.bytes = this.#coding.allocate(FIRST_SIZE)
    return written
  }

  #reserve(count: number): void {
    if (this.length + count <= this.bytes.length) return
    const size = this.bytes.length
    const larger = size < LARGEST_KEPT ? Math.min(size * 2, LARGEST_KEPT) : size * 2
    const grown = this.#coding.allocate(Math.max(larger, this.length + count))
    grown.set(this.bytes.subarray(0, this.length))
    this.bytes = grown
  }

  byte(value: number): void {
    this.#reserve(1)
    this.bytes[this.length++] = value
  }

  /** All of these bytes. */
  literal(source: Uint8Array): void {
    const count = source.length
    this.#reserve(count)
    if (count > SHORT_LITERAL) {
      this.bytes.set(source, this.length)
    } else {
      const { bytes, length } = this
      for (let index = 0; index < count; index++) bytes[length + index] = source[index]!
    }
    this.length += count
  }

  /** The bytes from `start` to `end`. */
  copy(source: Uint8Array, start: number, end: number): void {
    const count = end - start
    this.#reserve(count)
    if (count > SHORT_COPY) {
      this.bytes.set(source.subarray(start, end), this.length)
    } else {
      const { bytes, length } = this
      for (let index = 0; index < count; index++) bytes[length + index] = source[start + index]!
    }
    this.length += count
  }

  /** Short JSON text without special characters: a number, `true`. */
  ascii(text: string): void {
    this.#reserve(text.length)
    for (let index = 0; index < text.length; index++) this.bytes[this.length++] = text.charCodeAt(index)
  }

  /** JSON text, or what else is text already. */
  text(text: string): void {
    // A UTF-16 unit takes three bytes at most. For a long text that would be too much to take for granted.
    this.#reserve(text.length > LONG_TEXT ? this.#coding.byteLength(text) : text.length * 3)
    this.length += this.#coding.write(text, this.bytes, this.length)
  }

  /** A string with its quotes, escaped as JSON.stringify does. */
  string(text: string): void {
    const count = text.length
    if (count > 200) {
      this.text(JSON.stringify(text))
      return
    }
    this.#reserve(count + 2)
    const { bytes } = this
    let target = this.length
    bytes[target++] = QUOTE
    for (let index = 0; index < count; index++) {
      const code = text.charCodeAt(index)
      if (code > 0xff || UNUSUAL[code] === 1) {
        this.text(JSON.stringify(text))
        return
      }
      bytes[target++] = code
    }
    bytes[target++] = QUOTE
    this.length = target
  }
}
