/** Values as JSON texts: what tests compare is what an output's line has. */

import { keyText } from '../../expression/runtime/containers/keys.ts'
import { isMapping } from '../../expression/runtime/fields.ts'
import type { JsonObject, Maybe, NumberTexts, Value } from '../../expression/value.ts'
import { Dict } from '../../expression/value.ts'
import { parseExact } from '../../json/parse.ts'
import { stringify } from '../../json/stringify.ts'

/** A value of a JSON text, with the texts of its numbers that we would write in another way. */
export interface JsonText {
  readonly value: Value
  readonly numbers: NumberTexts | undefined
  /** The text of the value itself, where it is a number with a text of its own. */
  readonly own?: string | undefined
}

/** @throws {JsonProblem} when the text is no JSON */
export function parseJson(text: string): JsonText {
  return parseExact(text)
}

/** The members of an object, in its order. */
export function* membersOf(object: JsonObject | Dict): Iterable<[name: string, value: Value]> {
  if (object instanceof Dict) {
    for (const [key, value] of object.entries.values()) yield [keyText(key), value]
    return
  }
  for (const name of Object.keys(object)) {
    const value = object[name]
    if (value !== undefined) yield [name, value]
  }
}

/** The JSON text of a value that is no list and no object. */
export function scalarText(value: Maybe): string {
  return value === undefined ? 'null' : stringify(value)
}

/** The JSON text of any value. @param own the text of a number of its own */
export function jsonText(value: Value, numbers: NumberTexts | undefined, own?: string): string {
  return own ?? stringify(value, numbers)
}

/** The kind of a value in the words of JSON. */
export function kindOf(value: Value): string {
  if (value === null) return 'null'
  if (Array.isArray(value)) return 'a list'
  if (isMapping(value)) return 'an object'
  if (typeof value === 'string') return 'a text'
  return typeof value === 'boolean' ? 'a boolean' : 'a number'
}
