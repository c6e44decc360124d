/** Writes the values that nearly all outputs consist of as bytes, without a text in between. */
import { integerText } from '../expression/runtime/numbers/huge-integer.ts'
import type { JsonObject, Maybe, NumberTexts } from '../expression/value.ts'
import { Dict, isJsonNumber, NumberText, OwnValue, Tuple, ValueSet } from '../expression/value.ts'
import { isWritten } from './stringify.ts'
import type { ByteWriter } from './write.ts'

const COMMA = 0x2c
const COLON = 0x3a
const OPEN_BRACKET = 0x5b
const CLOSE_BRACKET = 0x5d
const OPEN_BRACE = 0x7b
const CLOSE_BRACE = 0x7d

/** Values that nest deeper, and texts that are longer, are left to the writers that have no such limits. */
const USUAL_DEPTH = 100
const USUAL_LENGTH = 1 << 20

/**
 * Writes a value as `stringify` does, if it is a usual one.
 *
 * @param numbers how the event wrote numbers that we would write in another way
 * @returns false for a value that is unusual (`NaN`, an iterator, a dict with keys that are no texts), nests deep or is long: a part of it may have been written then
 */
export function writeUsual(writer: ByteWriter, value: Maybe, numbers: NumberTexts | undefined): boolean {
  return writeAny(writer, value, { numbers, limit: writer.length + USUAL_LENGTH, depth: 0 })
}

interface Writing {
  readonly numbers: NumberTexts | undefined
  /** The length of what the writer holds, at most. */
  readonly limit: number
  /** Lists and objects round the value. */
  depth: number
}

function writeAny(writer: ByteWriter, value: Maybe, writing: Writing): boolean {
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

function writeText(writer: ByteWriter, text: string): boolean {
  if (text.length > USUAL_LENGTH) return false
  writer.text(text)
  return true
}

function writeContainer(writer: ByteWriter, value: object, writing: Writing): boolean {
  writing.depth++
  const isWhole =
    Array.isArray(value) || value instanceof OwnValue
      ? writeOther(writer, value, writing)
      : writeObject(writer, value as JsonObject, writing)
  writing.depth--
  return isWhole
}

function writeOther(writer: ByteWriter, value: object, writing: Writing): boolean {
  if (Array.isArray(value)) return writeItems(writer, value, value, writing)
  if (value instanceof Dict) return writeDict(writer, value, writing)
  if (value instanceof Tuple) return writeItems(writer, value.items, undefined, writing)
  return value instanceof ValueSet && writeItems(writer, value.entries.values(), undefined, writing)
}

/** @param list the one that they are elements of, whose numbers may have texts of their own */
function writeItems(
  writer: ByteWriter,
  items: Iterable<Maybe>,
  list: object | undefined,
  writing: Writing,
): boolean {
  const texts = list && writing.numbers?.get(list)
  let index = 0
  writer.byte(OPEN_BRACKET)
  for (const item of items) {
    if (index > 0) writer.byte(COMMA)
    const isDone =
      texts === undefined
        ? writeAny(writer, item ?? null, writing)
        : writeElement(writer, item ?? null, texts.get(String(index)), writing)
    if (!isDone) return false
    index++
  }
  writer.byte(CLOSE_BRACKET)
  return true
}

function writeObject(writer: ByteWriter, object: JsonObject, writing: Writing): boolean {
  const texts = writing.numbers?.get(object)
  let isFirst = true
  writer.byte(OPEN_BRACE)
  for (const name of Object.keys(object)) {
    const value: Maybe = object[name]
    if (value === undefined) continue
    if (!writeMember(writer, isFirst, name, value, texts, writing)) return false
    isFirst = false
  }
  writer.byte(CLOSE_BRACE)
  return true
}

function writeDict(writer: ByteWriter, dict: Dict, writing: Writing): boolean {
  const texts = writing.numbers?.get(dict)
  let isFirst = true
  writer.byte(OPEN_BRACE)
  for (const [name, value] of dict.entries.values()) {
    // Keys of other types may have the same text: then one of them is left out.
    if (typeof name !== 'string') return false
    if (!writeMember(writer, isFirst, name, value, texts, writing)) return false
    isFirst = false
  }
  writer.byte(CLOSE_BRACE)
  return true
}

function writeMember(
  writer: ByteWriter,
  isFirst: boolean,
  name: string,
  value: Maybe,
  texts: ReadonlyMap<string, string> | undefined,
  writing: Writing,
): boolean {
  if (!isFirst) writer.byte(COMMA)
  writer.string(name)
  writer.byte(COLON)
  if (texts === undefined) return writeAny(writer, value, writing)
  return writeElement(writer, value, texts.get(name), writing)
}

/** @param text the event's way of writing it */
function writeElement(writer: ByteWriter, value: Maybe, text: string | undefined, writing: Writing): boolean {
  if (text === undefined || !isWritten(value, text)) return writeAny(writer, value, writing)
  return writeText(writer, text)
}
