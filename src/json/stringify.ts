import { type Failure, valueError } from '../expression/failure.ts'
import { iterate } from '../expression/runtime/containers/iteration.ts'
import { keyText } from '../expression/runtime/containers/keys.ts'
import type { Meter } from '../expression/runtime/meter.ts'
import { integerText } from '../expression/runtime/numbers/huge-integer.ts'
import { formatNumber } from '../expression/runtime/numbers/numbers.ts'
import type { Maybe, NumberTexts, Value } from '../expression/value.ts'
import { Dict, isJsonNumber, isSequence, NumberText } from '../expression/value.ts'
import { isWritten, type JsonSink, writeUsual } from './write-values.ts'

/**
 * The text of one output at most: half of what V8 allows a string, so that lines can still be joined. 2**28 UTF-16 units.
 */
export const MAX_OUTPUT_LENGTH = 1 << 28

/** An output may nest this deep. JSON.stringify gives up a little later. */
const MAX_DEPTH = 2000

/** Characters that JSON.stringify may write as an escape: of surrogates only lone ones. */
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
 * @param options `meter` counts the text while it grows; `sorted`: names of members in the order of their UTF-16 units
 * @throws {Failure} TYPE_ERROR for a Dict with a tuple as key; VALUE_ERROR for a value that contains itself, nests
 *   deeper than 2000 levels, or is longer than 2**28 characters
 */
export function stringify(value: Value, numbers?: NumberTexts, options: WriterOptions = {}): string {
  try {
    if (options.meter === undefined && options.sorted !== true) {
      const sink = new TextSink()
      if (writeUsual(sink, value, numbers)) return sink.written
    }
    return new Writer(numbers, options).write(value)
  } catch (error) {
    if (error instanceof RangeError) throw tooBig()
    throw error
  }
}

interface WriterOptions {
  readonly meter?: Meter
  readonly sorted?: boolean
}

/** Makes a text of what is written. */
class TextSink implements JsonSink {
  written = ''

  get length(): number {
    return this.written.length
  }

  byte(value: number): void {
    this.written += String.fromCharCode(value)
  }

  ascii(text: string): void {
    this.written += text
  }

  text(text: string): void {
    this.written += text
  }

  string(text: string): void {
    this.written += quoted(text)
  }
}

/** An array or object that has been begun. */
interface Open {
  readonly end: ']' | '}'
  /** Of an object: the names of its members, quoted when they are written. */
  readonly names: readonly string[] | undefined
  readonly values: Iterator<Maybe>
  readonly texts: ReadonlyMap<string, string> | undefined
  /** Elements or members so far, those that are left out too. */
  index: number
  isEmpty: boolean
}

/** Nothing here calls itself: how deep a value may nest does not depend on how much room is left on the stack. */
class Writer {
  readonly #numbers: NumberTexts | undefined
  readonly #meter: Meter | undefined
  readonly #sorted: boolean
  #text = ''
  /** The arrays and objects round what is being written, the innermost last. */
  readonly #open: Open[] = []

  constructor(numbers: NumberTexts | undefined, { meter, sorted = false }: WriterOptions) {
    this.#numbers = numbers
    this.#meter = meter
    this.#sorted = sorted
  }

  write(value: Value): string {
    let counted = 0
    this.#any(value)
    for (let inner = this.#open.at(-1); inner !== undefined; inner = this.#open.at(-1)) {
      const { done, value: next } = inner.values.next()
      if (done !== true) {
        this.#next(inner, next)
      } else {
        this.#text += inner.end
        this.#open.pop()
      }
      if (this.#text.length > MAX_OUTPUT_LENGTH) throw tooBig()
      this.#meter?.build(this.#text.length - counted)
      counted = this.#text.length
    }
    this.#meter?.build(this.#text.length - counted)
    if (this.#text.length > MAX_OUTPUT_LENGTH) throw tooBig()
    return this.#text
  }

  /** An element or a member. */
  #next(inner: Open, value: Maybe): void {
    const index = inner.index++
    const name = inner.names?.[index]
    if (name !== undefined && value === undefined) return
    if (!inner.isEmpty) this.#text += ','
    inner.isEmpty = false
    if (name !== undefined) this.#text += `${quoted(name)}:`
    const text = inner.texts?.get(name ?? String(index))
    if (text !== undefined && isWritten(value, text)) this.#text += text
    else this.#any(value)
  }

  /** A scalar, or the beginning of what is more. */
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
        this.#text += integerText(value)
        break
      case 'boolean':
        this.#text += `${value}`
        break
      case 'object':
        if (value === null) this.#text += 'null'
        else this.#begin(value)
        break
      default:
        this.#text += 'null'
    }
  }

  #begin(value: Exclude<Value, null | boolean | number | bigint | string>): void {
    if (value instanceof NumberText) {
      this.#text += value.text
      return
    }
    if (this.#open.length === MAX_DEPTH) {
      throw valueError(`the output nests deeper than ${MAX_DEPTH} levels, or contains itself`)
    }
    const texts = this.#numbers?.get(value)
    if (Array.isArray(value)) this.#array(value.values(), texts)
    else if (value instanceof Dict) this.#object(membersOf(value), texts)
    else if (isSequence(value)) this.#array(iterate(value)[Symbol.iterator](), undefined)
    else this.#object({ names: Object.keys(value), values: Object.values(value) }, texts)
  }

  #array(values: Iterator<Maybe>, texts: ReadonlyMap<string, string> | undefined): void {
    this.#text += '['
    this.#open.push({ end: ']', names: undefined, values, texts, index: 0, isEmpty: true })
  }

  #object(members: Members, texts: ReadonlyMap<string, string> | undefined): void {
    const { names, values } = this.#sorted ? sorted(members) : members
    this.#text += '{'
    this.#open.push({ end: '}', names, values: values.values(), texts, index: 0, isEmpty: true })
  }
}

interface Members {
  readonly names: readonly string[]
  readonly values: readonly Maybe[]
}

/** A string as JSON. Most need no escape, and asking costs less than JSON.stringify does. */
function quoted(text: string): string {
  return ESCAPED.test(text) ? JSON.stringify(text) : `"${text}"`
}

/** Keys that are not strings become so; of 1 and '1' the later one stays, in the place of the earlier one. */
function membersOf(dict: Dict): Members {
  const members = new Map<string, Value>()
  for (const [key, value] of dict.entries.values()) members.set(keyText(key), value)
  return { names: [...members.keys()], values: [...members.values()] }
}

/** The members in the order of the UTF-16 units of their names, as RFC 8785 has it. */
function sorted({ names, values }: Members): Members {
  const order = names.map((_, index) => index).sort((one, other) => (names[one]! < names[other]! ? -1 : 1))
  return { names: order.map((index) => names[index]!), values: order.map((index) => values[index]) }
}

/** The failure of an output whose text is longer than MAX_OUTPUT_LENGTH. */
export function tooBig(): Failure {
  return valueError('result too big: the text of the output')
}
