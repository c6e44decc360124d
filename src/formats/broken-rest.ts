import type { RejectionCode } from '../errors.ts'
import type { EventPlace, RejectedEvent } from '../event.ts'
import { MAX_RAW_BYTES } from '../event.ts'
import type { TextCoding } from '../json/text-coding.ts'
import { HeldBytes } from './held-bytes.ts'
import { rawHead, rawText } from './raw-text.ts'
import type { UnreadRest } from './splitter.ts'

/** The reason why nothing more can be cut, and the place from which on. */
export interface Break {
  readonly place: EventPlace
  readonly code: RejectionCode
  readonly problem: string
}

/**
 * The rest of an input that cannot be cut into events any longer. All of it is one rejected event, which is told as soon as it
 * has as many bytes as a record takes, or at the end.
 */
export class BrokenRest {
  readonly #break: Break
  readonly #coding: TextCoding
  readonly #bytes: HeldBytes
  /** Bytes that were not given. */
  #skipped = 0
  #isTold = false

  constructor(where: Break, coding: TextCoding) {
    this.#break = where
    this.#coding = coding
    this.#bytes = new HeldBytes(MAX_RAW_BYTES, coding)
  }

  /** @returns the rejected event, once */
  add(bytes: Uint8Array): RejectedEvent | undefined {
    this.#bytes.add(bytes)
    return this.#bytes.overflowed && !this.#isTold ? this.#tell('; nothing after it is read') : undefined
  }

  /** Some bytes of the rest are known by their number only. */
  skip(count: number): void {
    this.#skipped += count
  }

  /** The input has ended. @returns the rejected event, if it was not told before */
  end(): RejectedEvent | undefined {
    return this.#isTold ? undefined : this.#tell(`; ${this.#length} bytes from there on are not read`)
  }

  get unread(): UnreadRest {
    const { place, problem } = this.#break
    return { line: place.line, problem, bytes: this.#length }
  }

  get #length(): number {
    return this.#bytes.length + this.#skipped
  }

  #tell(end: string): RejectedEvent {
    this.#isTold = true
    const { place, code, problem } = this.#break
    return unreadEvent(place, { code, message: `${problem}${end}` }, this.#bytes, this.#coding)
  }
}

/** The rejected event of bytes that are not read, of which those are held that its record takes. */
export function unreadEvent(
  { line, ordinal }: EventPlace,
  rejection: RejectedEvent['rejection'],
  { bytes, overflowed }: HeldBytes,
  coding: TextCoding,
): RejectedEvent {
  const raw = overflowed ? rawHead(bytes, coding) : rawText(bytes, coding)
  const rejected = { line, ordinal, rejection, raw }
  return overflowed ? { ...rejected, truncated: true } : rejected
}
