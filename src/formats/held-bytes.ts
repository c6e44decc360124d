import { MAX_RAW_BYTES } from '../event.ts'
import type { TextCoding } from '../json/text-coding.ts'

/**
 * The beginning of an event whose end has not been read yet. It holds at most `limit` bytes; of an event that turns
 * out to be longer it keeps what a rejected record needs.
 */
export class HeldBytes {
  readonly #limit: number
  readonly #coding: TextCoding
  #buffer: Uint8Array = EMPTY
  #held = 0
  #length = 0

  /** @param limit an event of more bytes than this is certainly too long */
  constructor(limit: number, coding: TextCoding) {
    this.#coding = coding
    this.#limit = limit
  }

  /** Number of bytes added, also of those that were dropped. */
  get length(): number {
    return this.#length
  }

  /** More was added than is kept. */
  get overflowed(): boolean {
    return this.#length > this.#limit
  }

  /** The bytes that are kept. Valid until the next call of a method. */
  get bytes(): Uint8Array {
    return this.#buffer.subarray(0, this.#held)
  }

  add(bytes: Uint8Array): void {
    this.#length += bytes.length
    const kept = this.overflowed ? Math.min(this.#length, KEPT_HEAD) : this.#length
    if (kept > this.#held) {
      this.#grow(kept)
      this.#buffer.set(bytes.subarray(0, kept - this.#held), this.#held)
    } else if (kept < this.#held) {
      this.#buffer = this.#coding.view(new Uint8Array(this.#buffer.subarray(0, kept)))
    }
    this.#held = kept
  }

  clear(): void {
    this.#held = 0
    this.#length = 0
    if (this.#buffer.length > SMALL) this.#buffer = EMPTY
  }

  /** Doubles, so that an event that comes byte by byte is copied only a few times. */
  #grow(size: number): void {
    if (size <= this.#buffer.length) return
    const larger = this.#coding.allocate(
      Math.max(size, Math.min(this.#buffer.length * 2, this.#limit), SMALL),
    )
    larger.set(this.#buffer.subarray(0, this.#held))
    this.#buffer = larger
  }
}

/** 64 KiB of an event, and a byte order mark before them and a bit more, which tells that this is not all of it. */
const KEPT_HEAD = MAX_RAW_BYTES + 8

/** A buffer of this size is kept for the next event. */
const SMALL = 4096

const EMPTY = new Uint8Array()
