import { Buffer } from 'node:buffer'
import type { EventText, RejectedEvent } from '../event.ts'
import { toBuffer } from '../event.ts'
import { ChunkText } from './chunk-text.ts'
import { HeldBytes } from './held-bytes.ts'
import type { UnreadRest } from './json-values.ts'
import { notUtf8, tooLong } from './raw-text.ts'

/** The events that a chunk of input completes. */
export interface EventTexts {
  readonly events: readonly EventText[]
  readonly rejected: readonly RejectedEvent[]
}

/** Cuts the bytes of one source into the texts of events, whatever the chunks they come in. */
export interface Splitter {
  /** @returns what became complete with this chunk */
  push(chunk: Uint8Array): EventTexts
  /** The source has ended. @returns what it still held */
  end(): EventTexts
  /** After the end: what could not be cut, because it is no document. Lines can always be. */
  readonly unread?: UnreadRest | undefined
}

/** What is done with lines. */
export interface LineSink {
  /** The lines that follow are in this block; its last byte is LF. */
  block(bytes: Buffer, chunk: ChunkText): void
  /**
   * Takes the line at an offset of the block as it stands.
   *
   * @returns the offset after its LF; -1: `event` or `reject` is called instead
   */
  take(start: number): number
  event(event: EventText): void
  reject(event: RejectedEvent): void
}

const LF = 0x0a
const CR = 0x0d
const LINE_END = Buffer.from('\n')

/** A byte order mark, CR and LF do not count for the length of a line: so many bytes more may still be right. */
export const UNCOUNTED = 5

const BLANK = /^[ \t\r]*$/

/**
 * Cuts JSON lines. A line ends with LF or CRLF, the last one also without; a lone CR is no line end. A line of blanks,
 * tabs and CRs is skipped, but counted; so is a byte order mark at the beginning. A line of more than `maxLineBytes`
 * is rejected (LINE_TOO_LONG), and so is one that is not UTF-8 (UTF8_INVALID).
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
  #line = 0
  #ordinal = 0

  /** @param mayHaveMark the bytes begin where the source does: a byte order mark is none of the text there */
  constructor(maxLineBytes: number, sink: LineSink, mayHaveMark = true) {
    this.#maxLineBytes = maxLineBytes
    this.#sink = sink
    this.#held = new HeldBytes(maxLineBytes + UNCOUNTED)
    this.#mayHaveMark = mayHaveMark
  }

  /** Number of lines so far, blank ones too. */
  get lines(): number {
    return this.#line
  }

  /** Number of events so far, rejected ones too. */
  get events(): number {
    return this.#ordinal
  }

  push(chunk: Uint8Array): void {
    const bytes = toBuffer(chunk)
    let start = 0
    if (this.#held.length > 0) {
      start = bytes.indexOf(LF) + 1
      this.#held.add(start === 0 ? bytes : bytes.subarray(0, start))
      if (start === 0) return
      this.#endHeld()
    }
    const end = bytes.lastIndexOf(LF) + 1
    if (end > start) this.#block(bytes.subarray(start, end))
    start = Math.max(start, end)
    if (start < bytes.length) this.#held.add(bytes.subarray(start))
  }

  end(): void {
    if (this.#held.length === 0) return
    this.#held.add(LINE_END)
    this.#endHeld()
  }

  /** What is held ends with LF now. */
  #endHeld(): void {
    if (this.#held.overflowed) this.#reject(this.#held.bytes, 0, this.#held.bytes.length, ++this.#line)
    else this.#block(this.#held.bytes)
    this.#held.clear()
  }

  /** Complete lines: the last byte is LF. */
  #block(bytes: Buffer): void {
    const chunk = new ChunkText(bytes)
    const { latin1 } = chunk
    this.#sink.block(bytes, chunk)
    // Only in a long block can there be a line that is too long.
    const takes = bytes.length <= this.#maxLineBytes
    for (let start = 0; start < latin1.length; ) {
      const after = takes ? this.#sink.take(start) : -1
      if (after !== -1) {
        this.#line++
        this.#ordinal++
        start = after
        continue
      }
      const next = latin1.indexOf('\n', start) + 1
      const line = ++this.#line
      const from = this.#textStart(bytes, start, line)
      const end = latin1.charCodeAt(next - 2) === CR && next - 2 >= from ? next - 2 : next - 1
      if (end - from > this.#maxLineBytes) {
        this.#reject(bytes, start, next, line)
      } else {
        const text = chunk.text(from, end)
        if (text === undefined) this.#sink.reject(notUtf8(line, this.#ordinal++, bytes.subarray(from, end)))
        else if (!isBlank(text)) this.#sink.event({ line, ordinal: this.#ordinal++, text })
      }
      start = next
    }
  }

  #reject(bytes: Buffer, start: number, next: number, line: number): void {
    const from = this.#textStart(bytes, start, line)
    let end = next
    if (bytes[end - 1] === LF) end--
    if (end < next && end > from && bytes[end - 1] === CR) end--
    this.#sink.reject(tooLong(line, this.#ordinal++, this.#maxLineBytes, bytes.subarray(from, end)))
  }

  #textStart(bytes: Buffer, start: number, line: number): number {
    return line === 1 && this.#mayHaveMark ? afterMark(bytes, start) : start
  }
}

/** Collects the texts of lines. */
export class LineSplitter implements Splitter, LineSink {
  readonly #reader: LineReader
  #events: EventText[] = []
  #rejected: RejectedEvent[] = []

  constructor(maxLineBytes: number) {
    this.#reader = new LineReader(maxLineBytes, this)
  }

  push(chunk: Uint8Array): EventTexts {
    this.#reader.push(chunk)
    return this.#collected()
  }

  end(): EventTexts {
    this.#reader.end()
    return this.#collected()
  }

  #collected(): EventTexts {
    const result = { events: this.#events, rejected: this.#rejected }
    this.#events = []
    this.#rejected = []
    return result
  }

  block(): void {}

  take(): number {
    return -1
  }

  event(event: EventText): void {
    this.#events.push(event)
  }

  reject(event: RejectedEvent): void {
    this.#rejected.push(event)
  }
}

/** @returns where the text begins: after the byte order mark, if there is one */
export function afterMark(bytes: Buffer, start: number): number {
  return bytes[start] === 0xef && bytes[start + 1] === 0xbb && bytes[start + 2] === 0xbf ? start + 3 : start
}

function isBlank(text: string): boolean {
  const first = text.charCodeAt(0)
  return !(first > 0x20) && BLANK.test(text)
}
