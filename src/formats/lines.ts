import type { EventText, RejectedEvent } from '../event.ts'
import { ChunkText } from '../json/chunk-text.ts'
import type { TextCoding } from '../json/text-coding.ts'
import { PORTABLE_CODING } from '../json/text-coding.ts'
import { afterMark } from './byte-order-mark.ts'
import { CutTexts } from './cut-texts.ts'
import { HeldBytes } from './held-bytes.ts'
import type { InvalidBytes } from './raw-text.ts'
import { notUtf8, tooLong } from './raw-text.ts'
import type { EventTexts, Splitter } from './splitter.ts'

/** Takes lines, one after the other. */
export interface LineSink {
  /**
   * Takes lines from an offset of the block on as they stand, as many as it likes. For the line after them `event` or
   * `reject` is called, or it is asked again where it is full.
   *
   * @param block complete lines: its last byte is LF
   * @returns the offset after the last one's LF; -1 where it takes none
   */
  take(block: ChunkText, start: number): number
  /** Number of lines that the last `take` took. Default: 1. */
  readonly taken?: number
  event(event: EventText): void
  reject(event: RejectedEvent): void
  /** The output that was made of the lines has to be taken before the next one comes. Default: never. */
  readonly isFull?: boolean
}

const LF = 0x0a
const CR = 0x0d
const LINE_END = Uint8Array.of(LF)

/** A byte order mark, CR and LF do not count for the length of a line: so many bytes more may still be right. */
export const UNCOUNTED = 5

const BLANK = /^[ \t\r]*$/

/** The lines that are events. */
export interface LineOptions {
  /** A line of blanks, tabs and CRs, or of nothing, is an event as well. Default: false, it is skipped. */
  readonly keepsBlank?: boolean
  /** Default: lines that are not UTF-8 are rejected. */
  readonly invalid?: InvalidBytes
}

/**
 * Cuts lines. A line ends with LF or CRLF, the last one also without; a lone CR is no line end. A line of blanks,
 * tabs and CRs is skipped, unless `keepsBlank` is set, but counted; so is a byte order mark at the beginning. A line of more than
 * `maxLineBytes` is rejected (LINE_TOO_LONG), and so is one that is not UTF-8 (UTF8_INVALID).
 *
 * Why not split2, the library for this job: it pushes every line through a Transform of its own (measured: 0.75 times
 * the throughput of the whole program), replaces invalid UTF-8 silently, and counts neither lines nor bytes. And what
 * is done here is done once per chunk, not per line (see ChunkText).
 *
 *     chunk    ...rest of a line LF | line LF | line LF | line LF | beginning of a li...
 *              `-- with what is held         `-- one block       `-- held for the next chunk
 */
export class LineReader {
  readonly #maxLineBytes: number
  readonly #sink: LineSink
  readonly #held: HeldBytes
  readonly #mayHaveMark: boolean
  readonly #coding: TextCoding
  readonly #keepsBlank: boolean
  readonly #invalid: InvalidBytes
  #line = 0
  #ordinal = 0

  /**
   * @param mayHaveMark the bytes begin where the source does: a byte order mark is none of the text there
   * @param coding how bytes become text. Default: as it is done everywhere
   */
  constructor(
    maxLineBytes: number,
    sink: LineSink,
    mayHaveMark = true,
    coding = PORTABLE_CODING,
    { keepsBlank = false, invalid = notUtf8 }: LineOptions = {},
  ) {
    this.#maxLineBytes = maxLineBytes
    this.#sink = sink
    this.#held = new HeldBytes(maxLineBytes + UNCOUNTED, coding)
    this.#mayHaveMark = mayHaveMark
    this.#coding = coding
    this.#keepsBlank = keepsBlank
    this.#invalid = invalid
  }

  /** Number of lines so far, blank ones too. */
  get lines(): number {
    return this.#line
  }

  /** Reads a chunk, for a sink that is never full. */
  push(chunk: Uint8Array): void {
    this.#finish(this.read(chunk))
  }

  /** The source has ended, for a sink that is never full. */
  end(): void {
    this.#finish(this.readEnd())
  }

  /**
   * Reads a chunk.
   *
   * @yields where the sink is full; to go on says that it is empty again
   */
  *read(chunk: Uint8Array): Generator<void> {
    const bytes = this.#coding.view(chunk)
    let start = 0
    if (this.#held.length > 0) {
      start = bytes.indexOf(LF) + 1
      this.#held.add(start === 0 ? bytes : bytes.subarray(0, start))
      if (start === 0) return
      yield* this.#endHeld()
    }
    const end = bytes.lastIndexOf(LF) + 1
    if (end > start) yield* this.#block(bytes.subarray(start, end))
    start = Math.max(start, end)
    if (start < bytes.length) this.#held.add(bytes.subarray(start))
  }

  /** The source has ended. @yields where the sink is full */
  *readEnd(): Generator<void> {
    if (this.#held.length === 0) return
    this.#held.add(LINE_END)
    yield* this.#endHeld()
  }

  #finish(reading: Generator<void>): void {
    while (reading.next().done !== true);
  }

  /** The line that is held ends with LF now. */
  *#endHeld(): Generator<void> {
    if (this.#held.overflowed) this.#reject(this.#held.bytes, 0, this.#held.bytes.length, ++this.#line)
    else yield* this.#block(this.#held.bytes)
    this.#held.clear()
  }

  /** Complete lines: the last byte is LF. */
  *#block(bytes: Uint8Array): Generator<void> {
    const chunk = new ChunkText(bytes, this.#coding)
    for (let start = 0; start < bytes.length; ) {
      start = this.#lines(chunk, start)
      if (this.#sink.isFull === true) yield
    }
  }

  /** @returns where the first line begins that was not read, because the sink is full; or the end */
  #lines(chunk: ChunkText, from: number): number {
    const { bytes } = chunk
    const sink = this.#sink
    // Only in a long block can there be a line that is too long.
    const takes = bytes.length <= this.#maxLineBytes
    let start = from
    while (start < bytes.length && sink.isFull !== true) {
      const after = takes ? sink.take(chunk, start) : -1
      if (after !== -1) {
        const { taken = 1 } = sink
        this.#line += taken
        this.#ordinal += taken
        start = after
        continue
      }
      const { latin1 } = chunk
      const next = latin1.indexOf('\n', start) + 1
      const line = ++this.#line
      const first = this.#textStart(bytes, start, line)
      const end = latin1.charCodeAt(next - 2) === CR && next - 2 >= first ? next - 2 : next - 1
      if (end - first > this.#maxLineBytes) {
        this.#reject(bytes, start, next, line)
      } else {
        const text = chunk.text(first, end)
        if (text === undefined) this.#takeInvalid(line, bytes.subarray(first, end))
        else if (this.#keepsBlank || !isBlank(text)) sink.event({ line, ordinal: this.#ordinal++, text })
      }
      start = next
    }
    return start
  }

  #takeInvalid(line: number, bytes: Uint8Array): void {
    const event = this.#invalid(line, this.#ordinal++, bytes)
    if ('text' in event) this.#sink.event(event)
    else this.#sink.reject(event)
  }

  #reject(bytes: Uint8Array, start: number, next: number, line: number): void {
    const from = this.#textStart(bytes, start, line)
    let end = next
    if (bytes[end - 1] === LF) end--
    if (end < next && end > from && bytes[end - 1] === CR) end--
    this.#sink.reject(
      tooLong(line, this.#ordinal++, this.#maxLineBytes, bytes.subarray(from, end), this.#coding),
    )
  }

  #textStart(bytes: Uint8Array, start: number, line: number): number {
    return line === 1 && this.#mayHaveMark ? afterMark(bytes, start) : start
  }
}

/** Collects the texts of lines. */
export class LineSplitter implements Splitter, LineSink {
  readonly #reader: LineReader
  readonly #texts = new CutTexts()

  /** @param coding how bytes become text. Default: as it is done everywhere */
  constructor(maxLineBytes: number, coding = PORTABLE_CODING, options: LineOptions = {}) {
    this.#reader = new LineReader(maxLineBytes, this, true, coding, options)
  }

  push(chunk: Uint8Array): EventTexts {
    this.#reader.push(chunk)
    return this.#texts.take()
  }

  end(): EventTexts {
    this.#reader.end()
    return this.#texts.take()
  }

  take(): number {
    return -1
  }

  event(event: EventText): void {
    this.#texts.event(event)
  }

  reject(event: RejectedEvent): void {
    this.#texts.reject(event)
  }
}

function isBlank(text: string): boolean {
  const first = text.charCodeAt(0)
  return !(first > 0x20) && BLANK.test(text)
}
