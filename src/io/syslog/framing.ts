const LF = 0x0a
const CR = 0x0d
const NUL = 0
const BLANK = 0x20
const ZERO = 0x30
const NINE = 0x39
const LESS = 0x3c

/** Digits of the length of a message. */
const MOST_DIGITS = 8

/** A buffer for messages that come in pieces is kept up to this size. */
const KEPT_BYTES = 8 * 1024

/** Takes a message; its bytes change after the call. `isTruncated`: they are only the beginning, or the connection has ended within. */
export type TakeMessage = (message: Uint8Array, isTruncated: boolean) => void

/**
 * Cuts the bytes of one connection into messages of syslog, framed in either of the ways of RFC 6587, each message in its own:
 *
 *     55 <34>1 2024-03-17T10:00:00Z host su - - - 'su' failed<34>Mar 17 10:00:00 host su: failed LF
 *     `--`-- so many bytes follow, if they begin with `<`         `-- to the line end
 *
 * The end of a line is LF or CRLF. Empty lines are skipped, and a line end within or behind a message with a length belongs to it, or
 * is skipped. A message of more bytes than one may have is cut off, in bounded memory.
 */
export class FrameReader {
  readonly #maxBytes: number
  readonly #take: TakeMessage
  #state: 'start' | 'line' | 'counted' = 'start'
  /** In `start`: digits, and the blank behind them, that may be a length. */
  readonly #head: number[] = []
  /** In `counted`: bytes of the message that are still to come. */
  #left = 0
  #held = new Uint8Array(0)
  #length = 0
  #isTruncated = false

  constructor(maxBytes: number, take: TakeMessage) {
    this.#maxBytes = maxBytes
    this.#take = take
  }

  push(chunk: Uint8Array): void {
    for (let position = 0; position < chunk.length; ) {
      if (this.#state === 'start') position = this.#start(chunk, position)
      else if (this.#state === 'line') position = this.#line(chunk, position)
      else position = this.#counted(chunk, position)
    }
  }

  /** The connection has ended: the message that was not finished is given. */
  end(): void {
    this.#headIsText()
    if (this.#length > 0)
      this.#give(this.#held.subarray(0, this.#length), this.#isTruncated || this.#state === 'counted')
    this.#reset()
  }

  #start(chunk: Uint8Array, position: number): number {
    const head = this.#head
    const byte = chunk[position]!
    if (head.length === 0 && (byte === LF || byte === CR || byte === NUL)) return position + 1
    const last = head.at(-1)
    if (last === BLANK && byte === LESS) {
      this.#left = Number(String.fromCharCode(...head.slice(0, -1)))
      head.length = 0
      this.#state = 'counted'
      return position
    }
    const isDigit = byte >= ZERO && byte <= NINE && last !== BLANK && head.length < MOST_DIGITS
    if (
      (isDigit && !(head.length === 0 && byte === ZERO)) ||
      (byte === BLANK && last !== undefined && last !== BLANK)
    ) {
      head.push(byte)
      return position + 1
    }
    this.#headIsText()
    this.#state = 'line'
    return position
  }

  /** Digits that are no length begin a line. */
  #headIsText(): void {
    if (this.#head.length === 0) return
    this.#hold(Uint8Array.from(this.#head))
    this.#head.length = 0
  }

  #line(chunk: Uint8Array, position: number): number {
    const end = chunk.indexOf(LF, position)
    if (end < 0) {
      this.#hold(chunk.subarray(position))
      return chunk.length
    }
    this.#finish(chunk.subarray(position, end))
    return end + 1
  }

  #counted(chunk: Uint8Array, position: number): number {
    const bytes = chunk.subarray(position, position + this.#left)
    this.#left -= bytes.length
    if (this.#left > 0) this.#hold(bytes)
    else this.#finish(bytes)
    return position + bytes.length
  }

  /** The last bytes of a message have come. */
  #finish(bytes: Uint8Array): void {
    if (this.#length === 0 && !this.#isTruncated) this.#give(bytes, false)
    else {
      this.#hold(bytes)
      this.#give(this.#held.subarray(0, this.#length), this.#isTruncated)
    }
    this.#reset()
  }

  #reset(): void {
    this.#state = 'start'
    this.#length = 0
    this.#isTruncated = false
    if (this.#held.length > KEPT_BYTES) this.#held = new Uint8Array(0)
  }

  #give(bytes: Uint8Array, isTruncated: boolean): void {
    let end = bytes.length
    while (bytes[end - 1] === LF || bytes[end - 1] === CR) end--
    if (end === 0) return
    if (end > this.#maxBytes) this.#take(bytes.subarray(0, characterEnd(bytes, this.#maxBytes)), true)
    else this.#take(bytes.subarray(0, isTruncated ? characterEnd(bytes, end) : end), isTruncated)
  }

  /** Keeps bytes, as many as a message may have and a line end. */
  #hold(bytes: Uint8Array): void {
    const most = this.#maxBytes + 2
    const kept = bytes.subarray(0, most - this.#length)
    if (kept.length < bytes.length) this.#isTruncated = true
    const length = this.#length + kept.length
    if (length > this.#held.length) {
      const larger = new Uint8Array(Math.min(most, Math.max(length, this.#held.length * 2, 512)))
      larger.set(this.#held.subarray(0, this.#length))
      this.#held = larger
    }
    this.#held.set(kept, this.#length)
    this.#length = length
  }
}

/** The last place up to `end` at which no character of UTF-8 is cut in two. */
function characterEnd(bytes: Uint8Array, end: number): number {
  let start = end
  for (let back = 1; back <= 4 && back <= end; back++) {
    const byte = bytes[end - back]!
    if ((byte & 0xc0) === 0x80) continue
    const length = byte < 0xc0 ? 1 : byte < 0xe0 ? 2 : byte < 0xf0 ? 3 : 4
    if (length > back) start = end - back
    break
  }
  return start
}
