import { ChunkText } from '../json/chunk-text.ts'
import type { TextCoding } from '../json/text-coding.ts'
import { PORTABLE_CODING } from '../json/text-coding.ts'
import { BrokenRest, unreadEvent } from './broken-rest.ts'
import { WithoutMark } from './byte-order-mark.ts'
import { CsvProblem, splitRecord } from './csv-record.ts'
import { CutTexts } from './cut-texts.ts'
import { HeldBytes } from './held-bytes.ts'
import type { InvalidBytes } from './raw-text.ts'
import { notUtf8, tooLong } from './raw-text.ts'
import type { EventTexts, Splitter, UnreadRest } from './splitter.ts'

const LF = 0x0a
const CR = 0x0d
const QUOTE = 0x22

/** A line end does not count for the length of a record. */
const LINE_END_BYTES = 2

const EMPTY = new Uint8Array()

export interface CsvOptions {
  /** One character. Default: a comma. */
  readonly delimiter?: string | undefined
  /** The names of the fields. Default: the first record of the source has them. */
  readonly columns?: readonly string[] | undefined
  /** Default: records that are not UTF-8 are rejected. */
  readonly invalid?: InvalidBytes
}

/**
 * Cuts CSV into records. A record ends with LF or CRLF outside of quotes, the last one also without; its line is the one on which it
 * begins. Quotes are opened at the beginning of a field only: any other is a character as all are. An empty line is no record. Nothing is held
 * but the record that is being read, and of one of more than `maxEventBytes` (LINE_TOO_LONG) the beginning.
 *
 *     id,name LF 1,"two LF lines" LF LF 3,5" disk LF
 *     names      ^^^^^^^^^^^^^^^^       ^^^^^^^^^
 *
 * Only the ends of records are looked for here, and each is split into its fields by itself: so an event has its exact text, and one bad
 * record costs one event. Reading goes on behind a record that is too long where its quotes are closed, never within them: the lines there are
 * the contents of somebody's field. Where quotes are never closed, all from the beginning of the record to the end of the
 * input is one rejected event (CSV_INVALID), and `unread` tells how many bytes that is; so is the whole of an input whose names cannot be read.
 *
 * csv-parse, the library for this job, gives fields and not the text that they came from, unless it is asked to build that character by
 * character, and then takes ten times as long as this and splitting the records (measured: 23 and 2.3 microseconds a record of ten
 * fields). The tests compare what both find.
 */
export class CsvSplitter implements Splitter {
  readonly #maxEventBytes: number
  readonly #coding: TextCoding
  readonly #invalid: InvalidBytes
  readonly #delimiter: string
  readonly #delimiterBytes: Uint8Array
  readonly #mark = new WithoutMark()
  /** The record that is being read, as far as it was in earlier chunks, and the last bytes of it. */
  readonly #held: HeldBytes
  #tail = EMPTY
  #columns: readonly string[] | undefined
  #inQuotes = false
  /** The byte before the one to be read closed a field's quotes: if that is a quote, too, they are open still. */
  #isAfterQuotes = false
  /** Physical line that is being read, and the one on which its record begins. */
  #line = 1
  #recordLine = 1
  #ordinal = 0
  #rest: BrokenRest | undefined
  #unread: UnreadRest | undefined
  readonly #texts = new CutTexts()

  /** @param coding how bytes become text. Default: as it is done everywhere */
  constructor(
    maxEventBytes: number,
    coding = PORTABLE_CODING,
    { delimiter = ',', columns, invalid = notUtf8 }: CsvOptions = {},
  ) {
    this.#maxEventBytes = maxEventBytes
    this.#coding = coding
    this.#invalid = invalid
    this.#delimiter = delimiter
    this.#delimiterBytes = new TextEncoder().encode(delimiter)
    this.#columns = columns
    this.#held = new HeldBytes(maxEventBytes + LINE_END_BYTES, coding)
  }

  /** After the end: what could not be cut into records. */
  get unread(): UnreadRest | undefined {
    return this.#unread
  }

  push(chunk: Uint8Array): EventTexts {
    this.#read(this.#coding.view(this.#mark.push(chunk)))
    return this.#texts.take()
  }

  end(): EventTexts {
    this.#read(this.#coding.view(this.#mark.end()))
    if (this.#rest !== undefined) this.#endBroken(this.#rest)
    else if (this.#inQuotes) this.#endInQuotes()
    else if (this.#held.length > 0) this.#emitHeld()
    return this.#texts.take()
  }

  #read(bytes: Uint8Array): void {
    const { length } = bytes
    if (length === 0) return
    const chunk = new ChunkText(bytes, this.#coding)
    if (this.#isAfterQuotes) this.#isAfterQuotes = bytes[0] === QUOTE
    let start = 0
    let position = 0
    // -1: none is left in this chunk. Each is looked for once, however often the other one comes.
    let quote = bytes.indexOf(QUOTE)
    let lf = bytes.indexOf(LF)
    while (this.#rest === undefined) {
      if (quote !== -1 && quote < position) quote = bytes.indexOf(QUOTE, position)
      if (this.#inQuotes) {
        lf = this.#countLines(bytes, lf, quote === -1 ? length : quote)
        if (quote === -1) break
        this.#inQuotes = false
        this.#isAfterQuotes = true
        position = quote + 1
      } else if (quote !== -1 && (lf === -1 || quote < lf)) {
        this.#inQuotes = this.#opensAt(bytes, start, quote)
        position = quote + 1
      } else if (lf !== -1) {
        this.#endRecord(chunk, start, lf)
        position = lf + 1
        start = position
        lf = bytes.indexOf(LF, position)
      } else {
        break
      }
      if (this.#isAfterQuotes && position < length) this.#isAfterQuotes = bytes[position] === QUOTE
    }
    if (this.#rest !== undefined) this.#addRest(bytes.subarray(start))
    else if (start < length) this.#hold(bytes.subarray(start))
  }

  /** Line ends before `end`, which are within quotes. @returns the next one, or -1 */
  #countLines(bytes: Uint8Array, first: number, end: number): number {
    let lf = first
    for (; lf !== -1 && lf < end; lf = bytes.indexOf(LF, lf + 1)) this.#line++
    return lf
  }

  /** True for a quote at the beginning of a field, and for the second one of two. */
  #opensAt(bytes: Uint8Array, start: number, quote: number): boolean {
    if (this.#isAfterQuotes) {
      this.#isAfterQuotes = false
      return true
    }
    const before = this.#tail.length + quote - start
    if (before === 0) return true
    const delimiter = this.#delimiterBytes
    for (let index = 1; index <= delimiter.length; index++) {
      const at = quote - index
      const byte = at >= start ? bytes[at] : this.#tail[this.#tail.length + at - start]
      if (byte !== delimiter[delimiter.length - index]) return false
    }
    return true
  }

  #hold(bytes: Uint8Array): void {
    this.#held.add(bytes)
    const kept = this.#delimiterBytes.length
    const tail = new Uint8Array([...this.#tail, ...bytes.subarray(Math.max(0, bytes.length - kept))])
    this.#tail = tail.subarray(Math.max(0, tail.length - kept))
  }

  /** @param end where the record's LF is */
  #endRecord(chunk: ChunkText, start: number, end: number): void {
    if (this.#held.length === 0) {
      this.#emit(chunk, start, end)
    } else {
      this.#held.add(chunk.bytes.subarray(start, end))
      this.#emitHeld()
    }
    this.#rest?.skip(1)
    this.#line++
    this.#recordLine = this.#line
    this.#isAfterQuotes = false
  }

  #emitHeld(): void {
    const { bytes, overflowed } = this.#held
    if (overflowed) this.#emitTooLong(bytes, this.#held.length)
    else this.#emit(new ChunkText(bytes, this.#coding), 0, bytes.length)
    this.#held.clear()
    this.#tail = EMPTY
  }

  #emit(chunk: ChunkText, start: number, lineEnd: number): void {
    const { bytes } = chunk
    const end = lineEnd > start && bytes[lineEnd - 1] === CR ? lineEnd - 1 : lineEnd
    if (end === start) return
    if (end - start > this.#maxEventBytes) {
      this.#emitTooLong(bytes.subarray(start, lineEnd), lineEnd - start)
      return
    }
    const text = chunk.text(start, end)
    const [line, ordinal] = [this.#recordLine, this.#ordinal]
    const event =
      text === undefined ? this.#invalid(line, ordinal, bytes.subarray(start, end)) : { line, ordinal, text }
    if (this.#columns === undefined) {
      this.#nameFields('text' in event ? event.text : undefined, bytes.subarray(start, lineEnd))
      return
    }
    this.#ordinal++
    if ('text' in event) this.#texts.event({ ...event, columns: this.#columns })
    else this.#texts.reject(event)
  }

  /** @param length bytes of the record, of which the first ones are given; a CR at its end is one of them */
  #emitTooLong(head: Uint8Array, length: number): void {
    if (this.#columns === undefined) {
      this.#break(`they take more than ${this.#maxEventBytes} bytes`, head)
      this.#rest?.skip(length - head.length)
      return
    }
    const isWhole = head.length === length
    const bytes = isWhole && head.at(-1) === CR ? head.subarray(0, -1) : head
    const [line, ordinal] = [this.#recordLine, this.#ordinal++]
    this.#texts.reject(tooLong(line, ordinal, this.#maxEventBytes, bytes, this.#coding))
  }

  /** The first record of the source, which has the names. */
  #nameFields(text: string | undefined, bytes: Uint8Array): void {
    const names =
      text === undefined
        ? new CsvProblem('bytes of them do not fit the encoding')
        : splitRecord(text, this.#delimiter)
    if (names instanceof CsvProblem) this.#break(names.message, bytes)
    else this.#columns = names
  }

  #break(why: string, bytes: Uint8Array): void {
    const place = { line: this.#recordLine, ordinal: this.#ordinal++ }
    const problem = `the names of the fields cannot be read: ${why}`
    this.#rest = new BrokenRest({ place, code: 'CSV_INVALID', problem }, this.#coding)
    this.#addRest(bytes)
  }

  #addRest(bytes: Uint8Array): void {
    const rejected = this.#rest?.add(bytes)
    if (rejected !== undefined) this.#texts.reject(rejected)
  }

  #endBroken(rest: BrokenRest): void {
    const rejected = rest.end()
    if (rejected !== undefined) this.#texts.reject(rejected)
    this.#unread = rest.unread
  }

  #endInQuotes(): void {
    const { length } = this.#held
    const place = { line: this.#recordLine, ordinal: this.#ordinal++ }
    const message = `the input ends inside quotes, after ${length} bytes of this record`
    this.#texts.reject(unreadEvent(place, { code: 'CSV_INVALID', message }, this.#held, this.#coding))
    this.#held.clear()
    this.#unread = { line: place.line, problem: 'the input ends inside quotes', bytes: length }
  }
}
