import { type ContextField, flattenWith, scalarText } from './protocol.ts'

/*
 * The context of a detection is one text. It goes on the wire as it is, but for a mark before the values that are no texts in the
 * source: numbers, booleans, null. The wire has no types, and JSON has; `wireText` lets no value have the mark by itself.
 *
 *     in memory, in compiled feeds   |ioc=192.0.2.7|confidence=<U+0001>80|active=<U+0001>true|note=<U+0001>
 *     on the wire                    |ioc=192.0.2.7|confidence=80|active=true|note=
 *     as JSON                        {"ioc":"192.0.2.7","confidence":80,"active":true,"note":null}
 */

/** Stands before a value that is no text. */
export const NO_TEXT = '\u0001'

/** The context as it goes on the wire. */
export function wireContext(context: string): string {
  return context.includes(NO_TEXT) ? context.replaceAll(NO_TEXT, '') : context
}

/**
 * The context as the members of a JSON object, in its order. A number stays a text where a reader of doubles would change it
 * (`2230.0`, integers beyond 2^53).
 */
export function contextJson(context: string): string {
  let json = '{'
  for (let at = context.indexOf('|'); at >= 0; ) {
    const next = context.indexOf('|', at + 1)
    const field = context.slice(at + 1, next < 0 ? context.length : next)
    const equals = field.indexOf('=')
    const name = equals < 0 ? field : field.slice(0, equals)
    const value = equals < 0 ? '' : field.slice(equals + 1)
    json += `${json.length === 1 ? '' : ','}${JSON.stringify(name)}:${valueJson(value)}`
    at = next
  }
  return `${json}}`
}

function valueJson(value: string): string {
  if (!value.startsWith(NO_TEXT)) return JSON.stringify(value)
  const text = value.slice(NO_TEXT.length)
  if (text === '') return 'null'
  if (text === 'true' || text === 'false') return text
  const number = Number(text)
  return Number.isFinite(number) && String(number) === text ? text : JSON.stringify(text)
}

/**
 * The fields of a context with the marks, flat and in order, as `flattenContext` has them.
 *
 * @throws RangeError when the object nests more than 100 levels
 */
export function objectFields(record: unknown): ContextField[] {
  return flattenWith(record, markedText)
}

/** The context of an object, with the marks. @throws RangeError when it nests more than 100 levels */
export function objectContext(record: unknown): string {
  let context = ''
  for (const [name, text] of objectFields(record)) context += `|${name}=${text}`
  return context
}

/** The text of a scalar, marked where it is no text. A date is one. */
function markedText(value: unknown): string {
  const isText = typeof value === 'string' || value instanceof Date
  return isText ? scalarText(value) : NO_TEXT + scalarText(value)
}
