/** The text of one event to the values that rules work on. */
import type { Batch, EventText, InputEvent, RejectedEvent, Rejection } from '../../event.ts'
import { mergeRejected, rejectedEvent } from '../../event.ts'
import { Failure } from '../../expression/failure.ts'
import type { Dict, JsonObject, NumberTexts, Value } from '../../expression/value.ts'
import { isCanonical } from '../../json/canonical.ts'
import { MAX_NESTING, nestsTooDeep } from '../../json/nesting.ts'
import { JsonProblem, noValueAt, noValueProblem, parseExact } from '../../json/parse.ts'

/** Makes values of the texts of events, one after the other. */
export interface EventReader {
  /** @returns the event, or why it is rejected */
  parse(event: EventText): InputEvent | Rejection
}

/**
 * Parses the texts of events. Texts that are no JSON object are rejected.
 *
 * @param reader makes values of other texts. Default: texts are JSON
 */
export function parseBatch(
  source: string,
  texts: Pick<Batch<EventText>, 'events' | 'rejected'>,
  reader: EventReader = new EventParser(),
): Batch<InputEvent> {
  const events: InputEvent[] = []
  const refused: RejectedEvent[] = []
  for (const event of texts.events) {
    const parsed = reader.parse(event)
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

/** Parses the JSON texts of events. */
export class EventParser implements EventReader {
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
