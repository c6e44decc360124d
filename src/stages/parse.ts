import type { Batch, EventText, InputEvent, RejectedEvent, Rejection } from '../event.ts'
import { mergeRejected, rejectedEvent } from '../event.ts'
import { Failure } from '../expression/failure.ts'
import type { Dict, JsonObject, NumberTexts, Value } from '../expression/value.ts'
import { DEFAULT_MAX_LINE_BYTES, MAX_LINE_LIMIT } from '../formats/limits.ts'
import type { EventTexts, Splitter } from '../formats/lines.ts'
import { LineSplitter } from '../formats/lines.ts'
import { ValueSplitter } from '../formats/values.ts'
import { isCanonical } from '../json/canonical.ts'
import { MAX_NESTING, nestsTooDeep } from '../json/nesting.ts'
import { JsonProblem, noValueAt, noValueProblem, parseExact } from '../json/parse.ts'
import { InputStage } from './input-stage.ts'

export type InputFormat = 'jsonl' | 'json'

export interface ParseOptions {
  /** `jsonl`: an event a line. `json`: a document, a top-level array or values one after the other. Default: jsonl. */
  readonly inputFormat?: InputFormat
  /** Longer events are rejected (LINE_TOO_LONG). Default: 16 MiB. */
  readonly maxLineBytes?: number
  /** Name of the input, where its bytes come without one. Default: `-`. */
  readonly source?: string
}

/** Bytes of one input; without `bytes`: its end. */
export interface InputChunk {
  readonly source: string
  readonly bytes?: Uint8Array
  /** Nobody else has the bytes' buffer: it may be given away. Default: false. */
  readonly isOwned?: boolean
}

/** Parses the texts of events. What is no JSON object is rejected. */
export function parseBatch(source: string, texts: EventTexts): Batch<InputEvent> {
  const events: InputEvent[] = []
  const refused: RejectedEvent[] = []
  const parser = new EventParser()
  for (const event of texts.events) {
    const parsed = parser.parse(event)
    if ('code' in parsed) refused.push(rejectedEvent(event, parsed))
    else events.push(parsed)
  }
  return { source, events, rejected: mergeRejected(texts.rejected, refused) }
}

/** A character that no value begins with, where it stood, and what is said of it. */
interface NoValue {
  readonly position: number
  readonly character: number | undefined
  readonly rejection: Rejection
}

/** Parses the texts of events, one after the other. */
export class EventParser {
  /** The last one was no JSON. */
  #wasInvalid = false
  #lastNoValue: NoValue | undefined

  parse({ line, ordinal, text }: EventText): InputEvent | Rejection {
    const parsed = this.#parseText(text)
    if ('code' in parsed) return parsed
    const { data, exact, numbers } = parsed
    return { line, ordinal, text, data, exact, numbers }
  }

  /** One event's text: with JSON.parse where that keeps everything, else with our own, slower parser. */
  #parseText(text: string): ParsedText | Rejection {
    if (nestsTooDeep(text)) return invalid(`it nests deeper than ${MAX_NESTING} levels`)
    const position = noValueAt(text)
    if (position !== -1) return this.#noValue(text, position)
    // The error of JSON.parse costs four times as much as our parser's refusal, and what is no JSON rarely comes alone.
    if (this.#wasInvalid || !isCanonical(text)) return this.#parseOdd(text)
    try {
      const data = JSON.parse(text) as Value
      return isObject(data) ? { data, exact: false, numbers: undefined } : notAnObject(data)
    } catch (error) {
      // Our parser says in the same words on every version of Node what is wrong.
      if (error instanceof SyntaxError) return this.#parseOdd(text)
      throw error
    }
  }

  /** Lines of one kind are often many, and fail in one way. */
  #noValue(text: string, position: number): Rejection {
    const character = text.codePointAt(position)
    const last = this.#lastNoValue
    if (last?.position === position && last.character === character) return last.rejection
    const rejection = invalid(noValueProblem(text, position).message)
    this.#lastNoValue = { position, character, rejection }
    return rejection
  }

  #parseOdd(text: string): ParsedText | Rejection {
    this.#wasInvalid = false
    try {
      const { value, numbers } = parseExact(text)
      return isObject(value) ? { data: value, exact: true, numbers } : notAnObject(value)
    } catch (problem) {
      if (!(problem instanceof JsonProblem || problem instanceof Failure)) throw problem
      this.#wasInvalid = true
      return invalid(`${problem.message}${documentHint(text)}`)
    }
  }
}

interface ParsedText {
  readonly data: JsonObject | Dict
  readonly exact: boolean
  readonly numbers: NumberTexts | undefined
}

function isObject(value: Value): value is JsonObject | Dict {
  return typeof value === 'object' && value !== null && !Array.isArray(value)
}

function invalid(message: string): Rejection {
  return { code: 'JSON_INVALID', message: `not valid JSON: ${message}` }
}

/** For a line that begins a document of several lines: `{`, `[`, `[{"a": 1},`. */
function documentHint(text: string): string {
  const line = text.trim()
  const begins = line === '{' || line === '[' || (line.startsWith('[') && line.endsWith(','))
  return begins ? '; a document of several lines is read with --input-format json' : ''
}

function notAnObject(value: Value): Rejection {
  const type = value === null ? 'null' : Array.isArray(value) ? 'an array' : `a ${JSON_TYPES[typeof value]}`
  const hint = Array.isArray(value) ? '; an array of events is read with --input-format json' : ''
  return { code: 'JSON_NOT_OBJECT', message: `an event is a JSON object, not ${type}${hint}` }
}

const JSON_TYPES: Readonly<Record<string, string>> = {
  boolean: 'boolean',
  number: 'number',
  bigint: 'number',
  string: 'string',
}

/** Bytes in, batches of events out. */
export class ParseStage extends InputStage {
  readonly #options: Required<ParseOptions>
  #source: string
  #splitter: Splitter

  /** @throws {TypeError} when an option is not acceptable */
  constructor(options: ParseOptions = {}) {
    super()
    this.#options = parseOptions(options)
    this.#source = this.#options.source
    this.#splitter = this.#createSplitter()
  }

  #createSplitter(): Splitter {
    const { inputFormat, maxLineBytes } = this.#options
    return inputFormat === 'json' ? new ValueSplitter(maxLineBytes) : new LineSplitter(maxLineBytes)
  }

  protected override enterSource(source: string): void {
    this.#source = source
  }

  protected override *takeBytes(bytes: Uint8Array): Iterable<Batch<InputEvent>> {
    yield* this.#parse(this.#splitter.push(bytes))
  }

  protected override *endSource(): Iterable<Batch<InputEvent>> {
    yield* this.#parse(this.#splitter.end())
    this.unread.add(this.#source, this.#splitter.unread)
    this.#splitter = this.#createSplitter()
  }

  *#parse(texts: EventTexts): Iterable<Batch<InputEvent>> {
    for (const part of inParts(texts, MAX_BATCH_EVENTS)) yield parseBatch(this.#source, part)
  }
}

/** Of events that take a few bytes in the input there are tens of thousands in a chunk, and each is some hundred bytes. */
const MAX_BATCH_EVENTS = 4096

/** The same events in several lists, in their order. Where there is none, there is no list. */
function* inParts({ events, rejected }: EventTexts, maxEvents: number): Iterable<EventTexts> {
  if (events.length + rejected.length <= maxEvents) {
    if (events.length + rejected.length > 0) yield { events, rejected }
    return
  }
  let firstRejected = 0
  for (let first = 0; first < events.length; first += maxEvents) {
    const part = events.slice(first, first + maxEvents)
    const nextOrdinal = events[first + maxEvents]?.ordinal ?? Number.POSITIVE_INFINITY
    const from = firstRejected
    while ((rejected[firstRejected]?.ordinal ?? nextOrdinal) < nextOrdinal) firstRejected++
    yield { events: part, rejected: rejected.slice(from, firstRejected) }
  }
  if (events.length === 0) yield { events, rejected }
}

export function parseOptions({
  inputFormat = 'jsonl',
  maxLineBytes = DEFAULT_MAX_LINE_BYTES,
  source = '-',
}: ParseOptions): Required<ParseOptions> {
  if (inputFormat !== 'jsonl' && inputFormat !== 'json') {
    throw new TypeError(`inputFormat has to be 'jsonl' or 'json', not ${JSON.stringify(inputFormat)}`)
  }
  if (!Number.isSafeInteger(maxLineBytes) || maxLineBytes < 1 || maxLineBytes > MAX_LINE_LIMIT) {
    throw new TypeError(`maxLineBytes has to be an integer from 1 to ${MAX_LINE_LIMIT}, not ${maxLineBytes}`)
  }
  return { inputFormat, maxLineBytes, source }
}
