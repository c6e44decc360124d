import { type Failure, valueError } from '../expression/failure.ts'
import { iterate } from '../expression/runtime/iteration.ts'
import { keyText } from '../expression/runtime/keys.ts'
import { formatNumber } from '../expression/runtime/numbers.ts'
import type { Maybe, NumberTexts, Value } from '../expression/value.ts'
import { Dict, isJsonNumber, isSequence, NumberText } from '../expression/value.ts'
import { MAX_OUTPUT_LENGTH } from './limits.ts'

/** An output may nest this deep. JSON.stringify gives up a little later. */
const MAX_DEPTH = 2000

/** What JSON.stringify may write as an escape: of surrogates only lone ones. */
const ESCAPED = /["\\\x00-\x1f\ud800-\udfff]/

/**
 * Writes a rule's result as JSON, also what JSON.stringify does not know. For plain JSON values the text is the same
 * as that of JSON.stringify.
 *
 *   bigint                      its digits
 *   NaN, infinities             the strings "NaN", "Infinity", "-Infinity"
 *   NumberText                  the text; the same for numbers of the event that `numbers` knows
 *   Tuple, ValueSet, Range, DictView, ValueIterator     an array; an iterator is used up
 *   Dict                        an object; names are the keys' JSON text
 *   undefined                   left out of an object, null in an array
 *   lone surrogates             escaped
 *
 * @param numbers how the event wrote numbers that we would write in another way
 * @throws {Failure} TYPE_ERROR for a Dict with a tuple as key; VALUE_ERROR for a value that contains itself, nests
 *   deeper than 2000 levels, or is longer than 2**28 characters
 */
export function stringify(value: Value, numbers?: NumberTexts): string {
  try {
    return new Writer(numbers).write(value)
  } catch (error) {
    if (error instanceof RangeError) throw tooBig()
    throw error
  }
}

class Writer {
  readonly #numbers: NumberTexts | undefined
  #text = ''
  #depth = 0

  constructor(numbers: NumberTexts | undefined) {
    this.#numbers = numbers
  }

  write(value: Value): string {
    this.#any(value)
    if (this.#text.length > MAX_OUTPUT_LENGTH) throw tooBig()
    return this.#text
  }

  #any(value: Maybe): void {
    switch (typeof value) {
      case 'string':
        this.#text += quoted(value)
        break
      case 'number':
        // A template writes -0 as 0, as JSON.stringify does.
        if (isJsonNumber(value)) this.#text += `${value}`
        else this.#text += Number.isFinite(value) ? formatNumber(value) : `"${value}"`
        break
      case 'bigint':
      case 'boolean':
        this.#text += `${value}`
        break
      case 'object':
        if (value === null) this.#text += 'null'
        else this.#object(value)
        break
      default:
        this.#text += 'null'
    }
  }

  #object(value: Exclude<Value, null | boolean | number | bigint | string>): void {
    if (value instanceof NumberText) {
      this.#text += value.text
      return
    }
    if (++this.#depth > MAX_DEPTH) {
      throw valueError(`the output nests deeper than ${MAX_DEPTH} levels, or contains itself`)
    }
    if (Array.isArray(value)) this.#array(value, this.#numbers?.get(value))
    else if (value instanceof Dict) this.#members(entriesOf(value), this.#numbers?.get(value))
    else if (isSequence(value)) this.#array(iterate(value), undefined)
    else this.#members(Object.entries(value), this.#numbers?.get(value))
    this.#depth--
    if (this.#text.length > MAX_OUTPUT_LENGTH) throw tooBig()
  }

  #array(items: Iterable<Maybe>, texts: ReadonlyMap<string, string> | undefined): void {
    let index = 0
    this.#text += '['
    for (const item of items) {
      if (index > 0) this.#text += ','
      const text = texts?.get(String(index))
      if (text !== undefined && isWritten(item, text)) this.#text += text
      else this.#any(item)
      index++
      if (this.#text.length > MAX_OUTPUT_LENGTH) throw tooBig()
    }
    this.#text += ']'
  }

  #members(
    entries: Iterable<readonly [name: string, value: Maybe]>,
    texts: ReadonlyMap<string, string> | undefined,
  ): void {
    let separator = '{'
    for (const [name, value] of entries) {
      if (value === undefined) continue
      this.#text += `${separator}${quoted(name)}:`
      separator = ','
      const text = texts?.get(name)
      if (text !== undefined && isWritten(value, text)) this.#text += text
      else this.#any(value)
    }
    this.#text += separator === '{' ? '{}' : '}'
  }
}

/** A string as JSON. Most need no escape, and asking costs less than JSON.stringify does. */
function quoted(text: string): string {
  return ESCAPED.test(text) ? JSON.stringify(text) : `"${text}"`
}

/** Whether `text` is how the event wrote this number: `tap` may have put another one in its place. */
function isWritten(value: Maybe, text: string): boolean {
  return typeof value === 'number' && Number(text) === value
}

/** Keys that are not strings become so; of 1 and '1' the later one stays, in the place of the earlier one. */
function entriesOf(dict: Dict): Iterable<[name: string, value: Value]> {
  const members = new Map<string, Value>()
  for (const [key, value] of dict.entries.values()) members.set(keyText(key), value)
  return members
}

/** The failure of an output whose text is longer than MAX_OUTPUT_LENGTH. */
export function tooBig(): Failure {
  return valueError('result too big: the text of the output')
}
