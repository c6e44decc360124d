/**
 * Writes the values that nearly all outputs consist of: four times as fast as the writer of all values, since functions that call themselves need no list
 * of what is open.
 */
import { integerText } from '../expression/runtime/numbers/huge-integer.ts'
import type { JsonObject, Maybe, NumberTexts } from '../expression/value.ts'
import { Dict, isJsonNumber, NumberText, OwnValue, Tuple, ValueSet } from '../expression/value.ts'

const COMMA = 0x2c
const COLON = 0x3a
const OPEN_BRACKET = 0x5b
const CLOSE_BRACKET = 0x5d
const OPEN_BRACE = 0x7b
const CLOSE_BRACE = 0x7d

/** Values that nest deeper are left to the writers that have no such limit. */
const USUAL_DEPTH = 100
/** Longer outputs, and values, are left to those that know the limit of an output. UTF-16 units of a value, bytes of an output. */
export const USUAL_LENGTH = 1 << 20

/** Takes JSON: a `ByteWriter`, or something that makes a text. */
export interface JsonSink {
  readonly length: number
  byte(value: number): void
  /** Text without special characters. */
  ascii(text: string): void
  /** JSON text. */
  text(text: string): void
  /** A string, to be written with quotes and escapes. */
  string(text: string): void
}

/**
 * Writes a value as `stringify` does, if it is a usual one.
 *
 * @param numbers how the event wrote numbers that we would write in another way
 * @returns false for a value that is unusual (`NaN`, an iterator, a dict with keys that are no texts), nests deep or is long: a part of it may have been written then
 */
export function writeUsual(writer: JsonSink, value: Maybe, numbers: NumberTexts | undefined): boolean {
  return writeAny(writer, value, { numbers, limit: writer.length + USUAL_LENGTH, depth: 0 })
}

interface Writing {
  readonly numbers: NumberTexts | undefined
  /** The length of what the writer holds, at most. */
  readonly limit: number
  /** Lists and objects round the value. */
  depth: number
}

function writeAny(writer: JsonSink, value: Maybe, writing: Writing): boolean {
  if (writer.length > writing.limit) return false
  switch (typeof value) {
    case 'string':
      if (value.length > USUAL_LENGTH) return false
      writer.string(value)
      return true
    case 'number':
      if (!isJsonNumber(value)) return false
      writer.ascii(`${value}`)
      return true
    case 'boolean':
      writer.ascii(value ? 'true' : 'false')
      return true
    case 'bigint':
      return writeText(writer, integerText(value))
    case 'object':
      if (value === null) {
        writer.ascii('null')
        return true
      }
      if (value instanceof NumberText) return writeText(writer, value.text)
      if (writing.depth === USUAL_DEPTH) return false
      return writeContainer(writer, value, writing)
    default:
      return false
  }
}

function writeText(writer: JsonSink, text: string): boolean {
  if (text.length > USUAL_LENGTH) return false
  writer.text(text)
  return true
}

function writeContainer(writer: JsonSink, value: object, writing: Writing): boolean {
  writing.depth++
  let isWhole = false
  if (Array.isArray(value)) isWhole = writeItems(writer, value, value, writing)
  else if (!(value instanceof OwnValue) || value instanceof Dict)
    isWhole = writeMembers(writer, value, writing)
  else if (value instanceof Tuple) isWhole = writeItems(writer, value.items, value, writing)
  else if (value instanceof ValueSet) isWhole = writeItems(writer, value.entries.values(), value, writing)
  writing.depth--
  return isWhole
}

/** @param list the one that they are elements of, whose numbers may have texts of their own */
function writeItems(writer: JsonSink, items: Iterable<Maybe>, list: object, writing: Writing): boolean {
  const texts = writing.numbers?.get(list)
  let index = 0
  writer.byte(OPEN_BRACKET)
  for (const item of items) {
    if (index > 0) writer.byte(COMMA)
    if (!writeElement(writer, item ?? null, texts?.get(String(index)), writing)) return false
    index++
  }
  writer.byte(CLOSE_BRACKET)
  return true
}

function writeMembers(writer: JsonSink, object: object, writing: Writing): boolean {
  const texts = writing.numbers?.get(object)
  const before = writer.length
  if (object instanceof Dict) {
    for (const [name, value] of object.entries.values()) {
      // Keys of other types may have the same text: then one of them is left out.
      if (typeof name !== 'string' || !writeMember(writer, name, value, texts, writing, before)) return false
    }
  } else {
    for (const name of Object.keys(object)) {
      if (!writeMember(writer, name, (object as JsonObject)[name], texts, writing, before)) return false
    }
  }
  if (writer.length === before) writer.byte(OPEN_BRACE)
  writer.byte(CLOSE_BRACE)
  return true
}

/** @param before where the object begins, whose first member brings the brace */
function writeMember(
  writer: JsonSink,
  name: string,
  value: Maybe,
  texts: ReadonlyMap<string, string> | undefined,
  writing: Writing,
  before: number,
): boolean {
  if (value === undefined) return true
  writer.byte(writer.length === before ? OPEN_BRACE : COMMA)
  writer.string(name)
  writer.byte(COLON)
  return writeElement(writer, value, texts?.get(name), writing)
}

/** @param text the event's way of writing it */
function writeElement(writer: JsonSink, value: Maybe, text: string | undefined, writing: Writing): boolean {
  if (text === undefined || !isWritten(value, text)) return writeAny(writer, value, writing)
  return writeText(writer, text)
}

/** True when `text` is the event's way of writing this number: `tap` may have put another one in its place. */
export function isWritten(value: Maybe, text: string): boolean {
  return typeof value === 'number' && Number(text) === value
}
