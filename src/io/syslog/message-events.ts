/** The way on which a message came. */
export type Transport = 'udp' | 'tcp' | 'tls'

const QUOTE = 0x22
const BACKSLASH = 0x5c
const HEX = '0123456789abcdef'
const bytesOf = (text: string): Uint8Array => new TextEncoder().encode(text)

const MESSAGE = bytesOf('{"message":"')
const TRUNCATED = bytesOf('","truncated":true')
const WHOLE = bytesOf('"')

/** By byte: the escape in JSON. */
const ESCAPES: readonly (Uint8Array | undefined)[] = Array.from({ length: 256 }, (_, byte) => {
  if (byte === QUOTE) return bytesOf('\\"')
  if (byte === BACKSLASH) return bytesOf('\\\\')
  if (byte >= 0x20) return undefined
  const short = { 8: '\\b', 9: '\\t', 10: '\\n', 12: '\\f', 13: '\\r' }[byte]
  return bytesOf(short ?? `\\u00${HEX[byte >> 4]}${HEX[byte & 15]}`)
})
const NEEDS_ESCAPE = Uint8Array.from(ESCAPES, (escaped) => (escaped === undefined ? 0 : 1))
const LONGEST_ESCAPE = 6

/** The end of an event, which tells its sender. */
export function peerTail(ip: string, port: number, transport: Transport): Uint8Array {
  return bytesOf(`,"peer":${JSON.stringify({ ip, port, transport })}}\n`)
}

/** A chunk has so many bytes, unless a message needs more. */
const CHUNK_BYTES = 128 * 1024

/**
 * Writes messages as events, lines of JSON: `{"message":"<34>...","peer":{"ip":"192.0.2.7","port":514,"transport":"udp"}}`.
 *
 * Bytes beyond ASCII stay as they are. So the reader of the lines finds what is no UTF-8, as in a file, and reads other encodings
 * in which ASCII is ASCII.
 */
export class MessageEvents {
  /** Chunks that are full, the oldest first. */
  readonly #full: Uint8Array[] = []
  #chunk = new Uint8Array(CHUNK_BYTES)
  #length = 0
  #fullBytes = 0

  /** Bytes that wait to be taken. */
  get length(): number {
    return this.#fullBytes + this.#length
  }

  /** @param tail as `peerTail` makes it */
  add(message: Uint8Array, isTruncated: boolean, tail: Uint8Array): void {
    const most = MESSAGE.length + message.length * LONGEST_ESCAPE + TRUNCATED.length + tail.length
    if (this.#length + most > this.#chunk.length) this.#begin(most)
    this.#write(MESSAGE)
    let start = 0
    for (let index = 0; index < message.length; index++) {
      if (NEEDS_ESCAPE[message[index]!] === 0) continue
      this.#write(message.subarray(start, index))
      this.#write(ESCAPES[message[index]!]!)
      start = index + 1
    }
    this.#write(message.subarray(start))
    this.#write(isTruncated ? TRUNCATED : WHOLE)
    this.#write(tail)
  }

  /** The oldest bytes, whole lines in a buffer of their own; undefined: there are none. */
  take(): Uint8Array | undefined {
    const full = this.#full.shift()
    if (full !== undefined) {
      this.#fullBytes -= full.length
      return full
    }
    if (this.#length === 0) return undefined
    const bytes = this.#chunk.subarray(0, this.#length)
    // A few messages, which is what there mostly is, need not take a whole buffer with them.
    if (this.#length * 4 < this.#chunk.length) {
      this.#length = 0
      return bytes.slice()
    }
    this.#chunk = new Uint8Array(CHUNK_BYTES)
    this.#length = 0
    return bytes
  }

  #begin(atLeast: number): void {
    if (this.#length > 0) {
      this.#full.push(this.#chunk.subarray(0, this.#length))
      this.#fullBytes += this.#length
    }
    this.#chunk = new Uint8Array(Math.max(CHUNK_BYTES, atLeast))
    this.#length = 0
  }

  #write(bytes: Uint8Array): void {
    this.#chunk.set(bytes, this.#length)
    this.#length += bytes.length
  }
}
