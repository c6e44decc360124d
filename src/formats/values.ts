import type { RejectedEvent } from '../event.ts'
import { MAX_RAW_BYTES } from '../event.ts'
import { ChunkText } from '../json/chunk-text.ts'
import type { TextCoding } from '../json/text-coding.ts'
import { PORTABLE_CODING } from '../json/text-coding.ts'
import { BrokenRest, unreadEvent } from './broken-rest.ts'
import { WithoutMark } from './byte-order-mark.ts'
import { CutTexts } from './cut-texts.ts'
import { Envelope } from './envelope.ts'
import { HeldBytes } from './held-bytes.ts'
import type { InvalidBytes } from './raw-text.ts'
import { notUtf8, tooLong } from './raw-text.ts'
import type { EventTexts, Splitter, UnreadRest } from './splitter.ts'

/** The place in the document, by which it is decided what may come next. */
type State =
  /** Between the values of the top level. */
  | 'top'
  /** After the bracket of a top-level array: an element or the closing bracket. */
  | 'first'
  /** After a comma: an element. */
  | 'element'
  /** After an element: a comma or the closing bracket. */
  | 'separator'
  /** Inside a value: an object or an array that is an element, a string, or a number or literal. */
  | 'nested'
  | 'string'
  | 'scalar'
  /** In a document round the list whose elements are the events. */
  | 'envelope'
  /** After a bracket that closes nothing: what follows is kept as far as a rejected record takes it. */
  | 'broken'

const TAB = 0x09
const LF = 0x0a
const CR = 0x0d
const SPACE = 0x20
const QUOTE = 0x22
const COMMA = 0x2c
const COLON = 0x3a
const BACKSLASH = 0x5c
const OPEN_BRACKET = 0x5b
const CLOSE_BRACKET = 0x5d
const OPEN_BRACE = 0x7b
const CLOSE_BRACE = 0x7d
/** Turns a bracket into the brace of its side, and no other character into one. */
const BRACKET_BIT = 0x20

export interface ValueOptions {
  /** The path of the list in each document whose elements are the events. Default: the values are the events. */
  readonly pick?: string | undefined
  /** Default: values that are not UTF-8 are rejected. */
  readonly invalid?: InvalidBytes
}

/** A number or a literal ends before one of these. */
const DELIMITERS = new Set(new TextEncoder().encode(' \t\n\r,:"[]{}'))

/**
 * Finds the events in JSON that is not one value a line: the elements of a top-level array, and any other value of
 * the top level; blanks or nothing may stand between values. An event's `line` is the one on which it begins. What is
 * not an object is found as well, and for the parser to refuse. Nothing is held but the event that is being read; of
 * one that is longer than `maxEventBytes` (LINE_TOO_LONG), the beginning.
 *
 *     [ {"a": 1} , {"b": [2]} ]   {"c": 3}      4
 *       ^^^^^^^^   ^^^^^^^^^^      ^^^^^^^^      ^
 *
 * Only the ends of values are looked for here; each one then is parsed like a JSON line. So an event has its exact
 * text (`line.raw`, rejected records, numbers as they are written), and the result does not depend on how the events
 * are laid out. stream-json, the library for this job, gives tokens without the text they came from, says of itself
 * that it is not for hostile input, and makes tokens at less than half the speed at which this finds and parses.
 * The tests compare what both find.
 *
 * One bad value costs one event. A value ends where its brackets and strings are closed, whatever is wrong inside, and
 * what is neither bracket nor string ends before the next of these, a blank, a comma or a colon:
 *
 *     [ {"a": NaN} , {"b": 01,} , undefined , , {"c": 3} {"d": 4} ]
 *       ^^^^^^^^^^   ^^^^^^^^^^   ^^^^^^^^^   ^   ^^^^^^^^   ^^^^^^^^
 *       refused by the parser                empty  good   no comma before it
 *
 * Brackets are counted, their kinds are not compared: in `{"a": [1}}` a bracket has the wrong shape, and still shows
 * where the value ends. A bracket that closes nothing, or an end of the input inside an array, a value or a string, shows
 * that values are no longer where they seem to be; what comes next may be the contents of somebody's string. Then all from
 * there on is one rejected event (JSON_INVALID), and `unread` tells how many bytes that is.
 *
 * With `pick` the objects that are found so are documents, and the events are the elements of the list in each of them, found as those
 * of an array at the top are. A document without the list is one rejected event. stream-json could pick it, but see above.
 */
export class ValueSplitter implements Splitter {
  readonly #maxEventBytes: number
  readonly #held: HeldBytes
  readonly #mark = new WithoutMark()
  #state: State = 'top'
  /** In an array at the top, or in the list of a document. */
  #inArray = false
  readonly #invalid: InvalidBytes
  readonly #pick: string | undefined
  readonly #envelope: Envelope | undefined
  /** Of a document: its beginning, until its list is found, the line on which it begins, and if it stands in an array itself. */
  readonly #document: HeldBytes
  #documentLine = 1
  #isDocumentInArray = false
  #inList = false
  /** Of a nested value: brackets that are open, and whether a string is. */
  #depth = 0
  #inString = false
  /** The last chunk ended with a backslash inside a string. */
  #escaped = false
  /** The value has no comma before it. */
  #isMisplaced = false
  #line = 1
  /** Where the value begins that is being read. */
  #valueLine = 1
  #ordinal = 0
  /** In the state `broken`. */
  #rest: BrokenRest | undefined
  readonly #coding: TextCoding
  #unread: UnreadRest | undefined
  readonly #texts = new CutTexts()

  /** @param coding how bytes become text. Default: as it is done everywhere */
  constructor(
    maxEventBytes: number,
    coding = PORTABLE_CODING,
    { pick, invalid = notUtf8 }: ValueOptions = {},
  ) {
    this.#invalid = invalid
    this.#maxEventBytes = maxEventBytes
    this.#coding = coding
    this.#pick = pick
    this.#envelope = pick === undefined ? undefined : new Envelope(pick, coding)
    this.#document = new HeldBytes(MAX_RAW_BYTES, coding)
    this.#held = new HeldBytes(maxEventBytes, coding)
  }

  /** After the end: what could not be cut into values. */
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
    else if (this.#state === 'scalar' && !this.#inArray) this.#emitHeld()
    else if (this.#isInside()) this.#endInside()
    else if (this.#state === 'envelope') this.#endInDocument()
    else if (this.#inArray) this.#endBetween()
    return this.#texts.take()
  }

  #read(bytes: Uint8Array): void {
    const chunk = new ChunkText(bytes, this.#coding)
    let position = 0
    while (position < bytes.length) {
      if (this.#rest !== undefined) {
        const rejected = this.#rest.add(bytes.subarray(position))
        if (rejected !== undefined) this.#texts.reject(rejected)
        return
      }
      if (this.#state === 'envelope') {
        position = this.#readEnvelope(this.#envelope!, bytes, position)
        continue
      }
      const begun = this.#isInside()
      if (!begun) {
        position = this.#toValue(bytes, position)
        if (!this.#isInside()) continue
      }
      const end = this.#toEnd(bytes, position, begun)
      if (end === -1 || begun) this.#held.add(bytes.subarray(position, end === -1 ? bytes.length : end))
      if (end === -1) return
      if (begun) this.#emitHeld()
      else this.#emit(chunk, bytes, position, end)
      this.#state = this.#inArray ? 'separator' : 'top'
      position = end
    }
  }

  #isInside(): boolean {
    return this.#state === 'nested' || this.#state === 'string' || this.#state === 'scalar'
  }

  /**
   * Reads what stands between values, up to a value or a bracket that closes nothing: the state tells.
   *
   * @returns where that is, or the end of the chunk
   */
  #toValue(bytes: Uint8Array, from: number): number {
    for (let position = from; position < bytes.length; position++) {
      const byte = bytes[position]!
      if (byte === SPACE || byte === TAB || byte === CR) continue
      if (byte === LF) this.#line++
      else if (byte === COMMA || byte === COLON) this.#separate(byte)
      else if (byte === CLOSE_BRACKET && this.#inArray) this.#closeArray()
      else if (byte === OPEN_BRACE && this.#envelope !== undefined && !this.#inList) this.#beginDocument(byte)
      else if (byte === CLOSE_BRACKET || byte === CLOSE_BRACE) this.#break(byte)
      else if (byte === OPEN_BRACKET && this.#state === 'top') this.#openArray()
      else this.#beginValue(byte)
      if (this.#state === 'envelope') return position + 1
      if (this.#isInside() || this.#state === 'broken') return position
    }
    return bytes.length
  }

  #beginDocument(byte: number): void {
    this.#envelope!.begin()
    this.#state = 'envelope'
    this.#isDocumentInArray = this.#inArray
    this.#documentLine = this.#line
    this.#document.add(Uint8Array.of(byte))
  }

  /** @returns the offset after the last byte that was read */
  #readEnvelope(envelope: Envelope, bytes: Uint8Array, from: number): number {
    const end = envelope.read(bytes, from)
    this.#line += envelope.takeLines()
    // Behind the list nothing is held: a document without one is the only one that is rejected.
    if (!this.#hasList) this.#document.add(bytes.subarray(from, end))
    if (envelope.isInList) {
      this.#document.clear()
      this.#inList = true
      this.#openArray()
    } else if (envelope.isOver) {
      if (!this.#hasList) this.#refuseDocument(envelope)
      this.#document.clear()
      this.#inArray = this.#isDocumentInArray
      this.#state = this.#inArray ? 'separator' : 'top'
    }
    return end
  }

  /** The list of the document has been found: its beginning is not held any longer. */
  get #hasList(): boolean {
    return this.#document.length === 0
  }

  #refuseDocument({ foundType }: Envelope): void {
    const place = { line: this.#documentLine, ordinal: this.#ordinal++ }
    const rejection =
      foundType === undefined
        ? ({ code: 'FIELD_MISSING', message: `the document has no list ${this.#pick}` } as const)
        : ({
            code: 'TYPE_ERROR',
            message: `${this.#pick} of the document is ${foundType}, not a list`,
          } as const)
    this.#texts.reject(unreadEvent(place, rejection, this.#document, this.#coding))
  }

  /** A comma, or a colon, which is right nowhere between values: after an element it is taken for the comma. */
  #separate(byte: number): void {
    if (byte === COLON || !this.#inArray)
      this.#refuse(`expected a value, not "${String.fromCharCode(byte)}"`, byte)
    else if (this.#state !== 'separator') this.#refuse('expected a value, not ","')
    if (this.#state === 'separator' || (this.#inArray && byte === COMMA)) this.#state = 'element'
  }

  #openArray(): void {
    this.#inArray = true
    this.#state = 'first'
  }

  #closeArray(): void {
    if (this.#state === 'element') this.#refuse('expected a value, not "]"')
    this.#inArray = false
    this.#state = this.#inList ? 'envelope' : 'top'
    this.#inList = false
  }

  #beginValue(byte: number): void {
    this.#isMisplaced = this.#state === 'separator'
    this.#state =
      byte === OPEN_BRACE || byte === OPEN_BRACKET ? 'nested' : byte === QUOTE ? 'string' : 'scalar'
    this.#valueLine = this.#line
    this.#depth = 0
    this.#inString = false
    this.#escaped = false
  }

  #break(byte: number): void {
    this.#state = 'broken'
    const place = { line: this.#line, ordinal: this.#ordinal++ }
    const problem = `"${String.fromCharCode(byte)}" closes nothing`
    this.#rest = new BrokenRest({ place, code: 'JSON_INVALID', problem }, this.#coding)
  }

  /**
   * @param begun the value has begun before `from`, in an earlier chunk
   * @returns the offset after the value's last byte; -1 when the chunk ends first
   */
  #toEnd(bytes: Uint8Array, from: number, begun: boolean): number {
    if (this.#state === 'nested') return this.#toClosingBracket(bytes, from)
    if (this.#state === 'string') return this.#toClosingQuote(bytes, begun ? from : from + 1)
    for (let position = from; position < bytes.length; position++) {
      if (DELIMITERS.has(bytes[position]!)) return position
    }
    return -1
  }

  #toClosingBracket(bytes: Uint8Array, from: number): number {
    let position = from
    if (this.#inString) {
      position = this.#toClosingQuote(bytes, position)
      if (position === -1) return -1
      this.#inString = false
    }
    let depth = this.#depth
    while (position < bytes.length) {
      const byte = bytes[position++]!
      if (byte === QUOTE) {
        const end = this.#toClosingQuote(bytes, position)
        this.#inString = end === -1
        if (end === -1) break
        position = end
      } else if ((byte | BRACKET_BIT) === OPEN_BRACE) {
        depth++
      } else if ((byte | BRACKET_BIT) === CLOSE_BRACE) {
        if (--depth === 0) return position
      } else if (byte === LF) {
        this.#line++
      }
    }
    this.#depth = depth
    return -1
  }

  /** @returns the offset after the quote */
  #toClosingQuote(bytes: Uint8Array, from: number): number {
    let position = from
    if (this.#escaped) this.#skipEscaped(bytes[position++]!)
    this.#escaped = false
    while (position < bytes.length) {
      const byte = bytes[position++]!
      if (byte > BACKSLASH) continue
      if (byte === QUOTE) return position
      if (byte === BACKSLASH) {
        this.#escaped = position === bytes.length
        if (!this.#escaped) this.#skipEscaped(bytes[position++]!)
      } else if (byte === LF) {
        this.#line++
      }
    }
    return -1
  }

  /** A line may end in a string, and even behind a backslash: that is no JSON, but what follows has its lines still. */
  #skipEscaped(byte: number): void {
    if (byte === LF) this.#line++
  }

  #emit(chunk: ChunkText, bytes: Uint8Array, from: number, end: number): void {
    const line = this.#valueLine
    const ordinal = this.#ordinal++
    if (end - from > this.#maxEventBytes) {
      this.#texts.reject(tooLong(line, ordinal, this.#maxEventBytes, bytes.subarray(from, end), this.#coding))
      return
    }
    const text = chunk.text(from, end)
    const event =
      text === undefined ? this.#invalid(line, ordinal, bytes.subarray(from, end)) : { line, ordinal, text }
    if (!('text' in event)) this.#texts.reject(event)
    else if (this.#isMisplaced) this.#texts.reject(invalid(line, ordinal, this.#notSeparated, event.text))
    else this.#texts.event(event)
  }

  get #notSeparated(): string {
    return `not valid JSON: expected "," or "]" after an element of ${this.#arrayName}`
  }

  get #arrayName(): string {
    return this.#inList ? `the list ${this.#pick}` : 'the top-level array'
  }

  #emitHeld(): void {
    const { bytes, overflowed } = this.#held
    if (overflowed) {
      this.#texts.reject(tooLong(this.#valueLine, this.#ordinal++, this.#maxEventBytes, bytes, this.#coding))
    } else {
      this.#emit(new ChunkText(bytes, this.#coding), bytes, 0, bytes.length)
    }
    this.#held.clear()
  }

  /** @param byte what stands where a value should; undefined: nothing does */
  #refuse(problem: string, byte?: number): void {
    const raw = byte === undefined ? '' : String.fromCharCode(byte)
    this.#texts.reject(invalid(this.#line, this.#ordinal++, `not valid JSON: ${problem}`, raw))
  }

  #endBroken(rest: BrokenRest): void {
    const rejected = rest.end()
    if (rejected !== undefined) this.#texts.reject(rejected)
    this.#unread = rest.unread
  }

  #endInside(): void {
    const { length } = this.#held
    const place = { line: this.#valueLine, ordinal: this.#ordinal++ }
    const message = `the input ends inside this value, after ${length} bytes of it`
    this.#texts.reject(unreadEvent(place, { code: 'JSON_INVALID', message }, this.#held, this.#coding))
    this.#held.clear()
    this.#unread = { line: this.#valueLine, problem: 'the input ends inside a value', bytes: length }
  }

  /** A document is not read to its end: with its list, or without it. */
  #endInDocument(): void {
    const { length } = this.#document
    const place = { line: this.#documentLine, ordinal: this.#ordinal++ }
    const problem = 'the input ends inside a document'
    const message = this.#hasList
      ? `${problem}, behind its list ${this.#pick}`
      : `${problem}, after ${length} bytes of it and before its list ${this.#pick}`
    this.#texts.reject(unreadEvent(place, { code: 'JSON_INVALID', message }, this.#document, this.#coding))
    this.#unread = { line: place.line, problem, bytes: length }
  }

  #endBetween(): void {
    const problem = `the input ends inside ${this.#arrayName}`
    this.#texts.reject(invalid(this.#line, this.#ordinal++, problem, ''))
    this.#unread = { line: this.#line, problem, bytes: 0 }
  }
}

function invalid(line: number, ordinal: number, message: string, raw: string | Uint8Array): RejectedEvent {
  return { line, ordinal, rejection: { code: 'JSON_INVALID', message }, raw }
}
