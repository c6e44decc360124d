import type { EventTexts, Splitter, UnreadRest } from './splitter.ts'

/** Stands in the text of a decoder where bytes do not fit. */
const REPLACEMENT = '\ufffd'

/** No byte of UTF-8: an event that has it is not UTF-8, which is dealt with where events become texts. */
const MISFIT = 0xff

type Decoder = InstanceType<typeof TextDecoder>

const EMPTY = new Uint8Array()
const encoder = new TextEncoder()

/**
 * Makes UTF-8 of the bytes of one source, whatever the chunks they come in. All that reads an input knows UTF-8 only; in
 * some other encodings parts of a character look like a quote or a bracket. Bytes that do not fit become the byte 0xFF, which is
 * not UTF-8 either, so that the event that they are in is known. In encodings but UTF-16 a U+FFFD that is in the input as such
 * counts as one.
 */
export class Transcoder {
  readonly #decoder: Decoder
  readonly #utf16: Utf16 | undefined
  readonly #lines: WholeLines | undefined

  /** @param encoding a name that `TextDecoder` knows */
  constructor(encoding: string) {
    // A byte order mark becomes that of UTF-8, and is skipped as such.
    this.#decoder = new TextDecoder(encoding, { ignoreBOM: true })
    const name = this.#decoder.encoding
    this.#utf16 = name === 'utf-16le' || name === 'utf-16be' ? new Utf16(name === 'utf-16le') : undefined
    this.#lines = MULTIPLE_BYTES.has(name) ? new WholeLines() : undefined
  }

  push(chunk: Uint8Array): Uint8Array {
    if (this.#utf16 !== undefined) return this.#utf16.read(this.#decoder, this.#utf16.whole(chunk))
    const bytes = this.#lines?.whole(chunk) ?? chunk
    return bytes.length === 0 ? EMPTY : encoded(this.#decoder.decode(bytes, { stream: true }))
  }

  /** The source has ended; what follows belongs to another one. */
  end(): Uint8Array {
    if (this.#utf16 !== undefined) return this.#utf16.read(this.#decoder, this.#utf16.rest())
    return encoded(this.#decoder.decode(this.#lines?.rest()))
  }
}

/** @param text with U+FFFD where bytes do not fit */
function encoded(text: string): Uint8Array {
  if (!text.includes(REPLACEMENT)) return encoder.encode(text)
  const parts = text.split(REPLACEMENT).flatMap((part) => [Uint8Array.of(MISFIT), encoder.encode(part)])
  return joined(parts.slice(1))
}

function joined(parts: readonly Uint8Array[]): Uint8Array {
  const bytes = new Uint8Array(parts.reduce((sum, { length }) => sum + length, 0))
  let length = 0
  for (const part of parts) {
    bytes.set(part, length)
    length += part.length
  }
  return bytes
}

/** Encodings whose characters have several bytes. A line end is none of these. */
const MULTIPLE_BYTES: ReadonlySet<string> = new Set([
  'big5',
  'euc-jp',
  'euc-kr',
  'gb18030',
  'gbk',
  'iso-2022-jp',
  'shift_jis',
])

const LF = 0x0a

/** The beginning of a line is held back up to this length. 4 KiB. */
const LONGEST_HELD = 4096

/** As many bytes, at least, as a character has. */
const KEPT_BACK = 8

/**
 * Cuts bytes at line ends, where no character is cut. Node's decoder makes room for as many characters as a chunk has bytes, and throws
 * where those that it holds from the chunk before become more than that: so it is never left with a character that is not whole,
 * or gets more bytes than that has.
 */
class WholeLines {
  #held = EMPTY

  /** The lines that are whole with this chunk, or the beginning of a long one. */
  whole(chunk: Uint8Array): Uint8Array {
    const bytes = this.#held.length === 0 ? chunk : joined([this.#held, chunk])
    let end = bytes.lastIndexOf(LF) + 1
    if (bytes.length - end > LONGEST_HELD) end = bytes.length - KEPT_BACK
    this.#held = new Uint8Array(bytes.subarray(end))
    return bytes.subarray(0, end)
  }

  rest(): Uint8Array {
    const rest = this.#held
    this.#held = EMPTY
    return rest
  }
}

/** UTF-16, cut between two characters, and with half a character told from a U+FFFD that is in the input. */
class Utf16 {
  readonly #isLittle: boolean
  /** The beginning of a character. */
  #held = EMPTY

  constructor(isLittle: boolean) {
    this.#isLittle = isLittle
  }

  /** The characters that are whole with this chunk. */
  whole(chunk: Uint8Array): Uint8Array {
    const bytes = this.#held.length === 0 ? chunk : joined([this.#held, chunk])
    let end = bytes.length - (bytes.length % 2)
    if (end > 0 && isLead(this.#unit(bytes, end - 2))) end -= 2
    this.#held = new Uint8Array(bytes.subarray(end))
    return bytes.subarray(0, end)
  }

  /** The rest, which is no whole character. */
  rest(): Uint8Array {
    const rest = this.#held
    this.#held = EMPTY
    return rest
  }

  read(decoder: Decoder, bytes: Uint8Array): Uint8Array {
    const text = decoder.decode(bytes)
    return text.includes(REPLACEMENT) ? this.#readClosely(decoder, bytes) : encoder.encode(text)
  }

  #readClosely(decoder: Decoder, bytes: Uint8Array): Uint8Array {
    const parts: Uint8Array[] = []
    let start = 0
    for (let at = 0; at < bytes.length; ) {
      const unit = at + 1 < bytes.length ? this.#unit(bytes, at) : undefined
      const isPair = unit !== undefined && isLead(unit) && isTrail(this.#unit(bytes, at + 2))
      if (unit !== undefined && (isPair || !isSurrogate(unit))) {
        at += isPair ? 4 : 2
        continue
      }
      parts.push(encoder.encode(decoder.decode(bytes.subarray(start, at))), Uint8Array.of(MISFIT))
      at += 2
      start = at
    }
    if (start < bytes.length) parts.push(encoder.encode(decoder.decode(bytes.subarray(start))))
    return joined(parts)
  }

  /** @returns NaN behind the end */
  #unit(bytes: Uint8Array, at: number): number {
    const [low, high] = this.#isLittle ? [bytes[at], bytes[at + 1]] : [bytes[at + 1], bytes[at]]
    return low === undefined || high === undefined ? Number.NaN : (high << 8) | low
  }
}

const isLead = (unit: number): boolean => unit >= 0xd800 && unit <= 0xdbff
const isTrail = (unit: number): boolean => unit >= 0xdc00 && unit <= 0xdfff
const isSurrogate = (unit: number): boolean => unit >= 0xd800 && unit <= 0xdfff

/** A splitter for bytes that are not UTF-8. */
export class TranscodingSplitter implements Splitter {
  readonly #transcoder: Transcoder
  readonly #splitter: Splitter

  constructor(transcoder: Transcoder, splitter: Splitter) {
    this.#transcoder = transcoder
    this.#splitter = splitter
  }

  push(chunk: Uint8Array): EventTexts {
    return this.#splitter.push(this.#transcoder.push(chunk))
  }

  end(): EventTexts {
    const last = this.#splitter.push(this.#transcoder.end())
    const rest = this.#splitter.end()
    return { events: [...last.events, ...rest.events], rejected: [...last.rejected, ...rest.rejected] }
  }

  flush(): EventTexts {
    return this.#splitter.flush?.() ?? { events: [], rejected: [] }
  }

  get holdsEvent(): boolean {
    return this.#splitter.holdsEvent ?? false
  }

  get unread(): UnreadRest | undefined {
    return this.#splitter.unread
  }
}
