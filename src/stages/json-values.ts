import { Buffer } from 'node:buffer'
import type { EventText, RejectedEvent } from '../event.ts'
import { MAX_RAW_BYTES, toBuffer } from '../event.ts'
import { ChunkText } from './chunk-text.ts'
import { HeldBytes } from './held-bytes.ts'
import type { EventTexts, Splitter } from './lines.ts'
import { afterMark } from './lines.ts'
import { notUtf8, rawHead, tooLong } from './raw-text.ts'

/** What may come next. */
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
  /** After a syntax error: what follows is kept as far as a rejected record takes it. */
  | 'broken'
  /** Nothing is read any more. */
  | 'stopped'

const TAB = 0x09
const LF = 0x0a
const CR = 0x0d
const SPACE = 0x20
const QUOTE = 0x22
const COMMA = 0x2c
const BACKSLASH = 0x5c
const OPEN_BRACKET = 0x5b
const CLOSE_BRACKET = 0x5d
const OPEN_BRACE = 0x7b
const CLOSE_BRACE = 0x7d
/** Turns a bracket into the brace of its side, and no other character into one. */
const BRACKET_BIT = 0x20

/** A number or a literal ends before one of these. */
const DELIMITERS = new Set(Buffer.from(' \t\n\r,:"[]{}'))

const VALUE_STARTS = new Set(Buffer.from('{["-0123456789tfn'))

const MARK_LENGTH = 3
const EMPTY = Buffer.alloc(0)

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
 * A syntax error between values ends the reading: the rest is one rejected event (JSON_INVALID), of which the first
 * 64 KiB are kept.
 */
export class ValueSplitter implements Splitter {
  readonly #maxEventBytes: number
  readonly #held: HeldBytes
  /** The first bytes, until it is clear whether they are a byte order mark. */
  #beginning: Buffer | undefined = EMPTY
  #state: State = 'top'
  #inArray = false
  /** Of a nested value: brackets that are open, and whether a string is. */
  #depth = 0
  #inString = false
  /** The last chunk ended with a backslash inside a string. */
  #escaped = false
  #line = 1
  /** Where the value begins that is being read. */
  #valueLine = 1
  #ordinal = 0
  /** Why the state is `broken`. */
  #problem = ''
  readonly #rest = new HeldBytes(MAX_RAW_BYTES)
  #events: EventText[] = []
  #rejected: RejectedEvent[] = []

  constructor(maxEventBytes: number) {
    this.#maxEventBytes = maxEventBytes
    this.#held = new HeldBytes(maxEventBytes)
  }

  push(chunk: Uint8Array): EventTexts {
    if (this.#beginning !== undefined) {
      this.#beginning = Buffer.concat([this.#beginning, chunk])
      if (this.#beginning.length >= MARK_LENGTH) this.#begin()
    } else {
      this.#read(toBuffer(chunk))
    }
    return this.#take()
  }

  end(): EventTexts {
    this.#begin()
    if (this.#held.length > 0) this.#emitHeld()
    if (this.#inArray && this.#state !== 'stopped' && this.#state !== 'broken') {
      this.#break('the input ends inside the top-level array')
    }
    if (this.#state === 'broken') this.#emitRest()
    return this.#take()
  }

  /** An event was no JSON: what follows cannot be trusted, and is not read any more. */
  stop(): void {
    this.#state = 'stopped'
    this.#held.clear()
  }

  #begin(): void {
    const beginning = this.#beginning
    this.#beginning = undefined
    if (beginning !== undefined) this.#read(beginning.subarray(afterMark(beginning, 0)))
  }

  #take(): EventTexts {
    const result = { events: this.#events, rejected: this.#rejected }
    this.#events = []
    this.#rejected = []
    return result
  }

  #read(bytes: Buffer): void {
    const chunk = new ChunkText(bytes)
    let position = 0
    while (position < bytes.length) {
      if (this.#state === 'stopped') return
      if (this.#state === 'broken') {
        this.#rest.add(bytes.subarray(position))
        if (this.#rest.overflowed) this.#emitRest()
        return
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
   * Reads what stands between values, up to a value or a syntax error: the state tells.
   *
   * @returns where that is, or the end of the chunk
   */
  #toValue(bytes: Buffer, from: number): number {
    for (let position = from; position < bytes.length; position++) {
      const byte = bytes[position]!
      if (byte === SPACE || byte === TAB || byte === CR) continue
      if (byte === LF) {
        this.#line++
      } else if (this.#state === 'separator') {
        if (byte === COMMA) this.#state = 'element'
        else if (byte === CLOSE_BRACKET) this.#closeArray()
        else this.#break('expected "," or "]" after an element of the top-level array')
      } else if (byte === CLOSE_BRACKET && this.#state === 'first') {
        this.#closeArray()
      } else if (byte === OPEN_BRACKET && this.#state === 'top') {
        this.#inArray = true
        this.#state = 'first'
      } else if (VALUE_STARTS.has(byte)) {
        this.#beginValue(byte)
      } else {
        this.#break(`expected a value, not ${byteName(byte)}`)
      }
      if (this.#isInside() || this.#state === 'broken') return position
    }
    return bytes.length
  }

  #closeArray(): void {
    this.#inArray = false
    this.#state = 'top'
  }

  #beginValue(byte: number): void {
    this.#state =
      byte === OPEN_BRACE || byte === OPEN_BRACKET ? 'nested' : byte === QUOTE ? 'string' : 'scalar'
    this.#valueLine = this.#line
    this.#depth = 0
    this.#inString = false
    this.#escaped = false
  }

  #break(problem: string): void {
    this.#state = 'broken'
    this.#problem = problem
    this.#valueLine = this.#line
  }

  /**
   * @param begun the value has begun before `from`, in an earlier chunk
   * @returns the offset after the value's last byte; -1 when the chunk ends first
   */
  #toEnd(bytes: Buffer, from: number, begun: boolean): number {
    if (this.#state === 'nested') return this.#toClosingBracket(bytes, from)
    if (this.#state === 'string') return this.#toClosingQuote(bytes, begun ? from : from + 1)
    const end = bytes.subarray(from).findIndex((byte) => DELIMITERS.has(byte))
    return end === -1 ? -1 : from + end
  }

  #toClosingBracket(bytes: Buffer, from: number): number {
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
  #toClosingQuote(bytes: Buffer, from: number): number {
    let position = this.#escaped ? from + 1 : from
    this.#escaped = false
    while (position < bytes.length) {
      const byte = bytes[position++]!
      if (byte === QUOTE) return position
      if (byte === BACKSLASH) position++
    }
    this.#escaped = position > bytes.length
    return -1
  }

  #emit(chunk: ChunkText, bytes: Buffer, from: number, end: number): void {
    const line = this.#valueLine
    const ordinal = this.#ordinal++
    if (end - from > this.#maxEventBytes) {
      this.#rejected.push(tooLong(line, ordinal, this.#maxEventBytes, bytes.subarray(from, end)))
      return
    }
    const text = chunk.text(from, end)
    if (text === undefined) this.#rejected.push(notUtf8(line, ordinal, bytes.subarray(from, end)))
    else this.#events.push({ line, ordinal, text })
  }

  #emitHeld(): void {
    const { bytes, overflowed } = this.#held
    if (overflowed) {
      this.#rejected.push(tooLong(this.#valueLine, this.#ordinal++, this.#maxEventBytes, bytes))
    } else {
      this.#emit(new ChunkText(bytes), bytes, 0, bytes.length)
    }
    this.#held.clear()
  }

  #emitRest(): void {
    const bytes = this.#rest.bytes
    this.#rejected.push({
      line: this.#valueLine,
      ordinal: this.#ordinal++,
      rejection: { code: 'JSON_INVALID', message: `${this.#problem}; nothing after it is read` },
      raw: rawHead(bytes),
      ...(this.#rest.overflowed ? { truncated: true } : {}),
    })
    this.#rest.clear()
    this.stop()
  }
}

function byteName(byte: number): string {
  return byte > SPACE && byte < 0x7f
    ? JSON.stringify(String.fromCharCode(byte))
    : `byte 0x${byte.toString(16).padStart(2, '0')}`
}
