import { Buffer } from 'node:buffer'
import { decodeWire, encodeWire } from './wire-bytes.ts'

const LF = 0x0a
const CR = 0x0d
const SMALLEST_HOLD = 256

/**
 * Cuts the bytes of one connection into lines, wherever the chunks are cut. All complete lines of a chunk are decoded
 * at once; the beginning of the next one is held as bytes, in a buffer that grows to what one line may have and is let
 * go when the line is complete, so an idle connection holds nothing.
 *
 *     chunk    ...rest of a line LF | line LF | line LF | beginning of a li...
 *              `-- with what is held, decoded once       `-- held
 */
export class RequestLines {
  readonly #maxLineBytes: number
  #text = ''
  #at = 0
  #held: Buffer | undefined
  #heldLength = 0
  #tooLong = false

  /** @param maxLineBytes the longest line, without its line end */
  constructor(maxLineBytes: number) {
    this.#maxLineBytes = maxLineBytes
  }

  /** A line was longer than allowed; what comes behind it is lost. The lines before it can still be had. */
  get tooLong(): boolean {
    return this.#tooLong
  }

  /** Bytes held of a line whose LF has not come. */
  get unterminatedBytes(): number {
    return this.#heldLength
  }

  push(bytes: Buffer): void {
    if (this.#tooLong) return
    const end = bytes.lastIndexOf(LF) + 1
    if (end > 0) {
      const lines = end === bytes.length ? bytes : bytes.subarray(0, end)
      const text = decodeWire(this.#heldLength === 0 ? lines : this.#release(lines))
      this.#text = this.#at === this.#text.length ? text : this.#text.slice(this.#at) + text
      this.#at = 0
    }
    if (end < bytes.length) this.#hold(bytes.subarray(end))
  }

  /** @returns the next line without its LF, undefined when none is complete. Empty lines are skipped. */
  next(): string | undefined {
    for (;;) {
      const start = this.#at
      const end = this.#text.indexOf('\n', start)
      if (end < 0) {
        this.#text = ''
        this.#at = 0
        return undefined
      }
      this.#at = end + 1
      const length = this.#text.charCodeAt(end - 1) === CR ? end - 1 - start : end - start
      if (length <= 0) continue
      const line = this.#text.slice(start, end)
      if (this.#isTooLong(line, length)) {
        this.#tooLong = true
        this.clear()
        return undefined
      }
      return line
    }
  }

  /** The line that has not got its LF as it stands, '' when there is none. */
  unterminated(): string {
    return this.#held === undefined ? '' : decodeWire(this.#held.subarray(0, this.#heldLength))
  }

  /** Takes the line that has not got its LF for a complete one. */
  terminate(): void {
    if (this.#heldLength > 0) this.push(Buffer.from('\n'))
  }

  /** Forgets all that has not been taken. */
  clear(): void {
    this.#text = ''
    this.#at = 0
    this.#held = undefined
    this.#heldLength = 0
  }

  #isTooLong(line: string, length: number): boolean {
    if (length > this.#maxLineBytes) return true
    // A UTF-16 unit is at most three bytes of UTF-8.
    return length * 3 > this.#maxLineBytes && encodeWire(line.slice(0, length)).length > this.#maxLineBytes
  }

  #hold(bytes: Buffer): void {
    const needed = this.#heldLength + bytes.length
    // One more than a line: its CR may have come already.
    if (needed > this.#maxLineBytes + 1) {
      this.#tooLong = true
      this.#held = undefined
      this.#heldLength = 0
      return
    }
    if (this.#held === undefined || this.#held.length < needed) {
      const grown = Buffer.allocUnsafeSlow(Math.max(needed, (this.#held?.length ?? 0) * 2, SMALLEST_HOLD))
      this.#held?.copy(grown, 0, 0, this.#heldLength)
      this.#held = grown
    }
    bytes.copy(this.#held, this.#heldLength)
    this.#heldLength = needed
  }

  #release(rest: Buffer): Buffer {
    const whole = Buffer.concat([this.#held!.subarray(0, this.#heldLength), rest])
    this.#held = undefined
    this.#heldLength = 0
    return whole
  }
}
