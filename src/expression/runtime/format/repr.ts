import { valueError } from '../../failure.ts'
import type { JsonObject, Value } from '../../value.ts'
import { Dict, DictView, Range, Tuple, ValueIterator, ValueSet } from '../../value.ts'
import type { Meter } from '../meter.ts'
import { formatNumber, touchInteger } from '../numbers/numbers.ts'
import { isPrintable } from '../text/predicates.ts'
import { TextBuilder } from '../text/text-builder.ts'

/** Containers may nest this deep, as in CPython. */
const MAX_DEPTH = 1000

/** `str(value)`: a text is itself, everything else its `repr`. */
export function str(value: Value, meter?: Meter): string {
  return typeof value === 'string' ? value : repr(value, meter)
}

/**
 * `repr(value)` as CPython writes it, `[...]` where a container holds itself. An iterator has no address:
 * `<zip object>`.
 *
 * @param meter counts what is written; without one nothing is, as for the text of a message or a constant
 * @throws {Failure} VALUE_ERROR when containers nest too deep or the result would be too long
 */
export function repr(value: Value, meter?: Meter): string {
  if (typeof value === 'string') return quote(value, meter)
  if (typeof value !== 'object' || value === null) return scalar(value, meter)
  const writer = new ContainerWriter(meter)
  writer.write(value)
  return writer.toString()
}

/**
 * `ascii(value)`: its `repr` with everything beyond ASCII escaped.
 *
 * @throws {Failure} as `repr`
 */
export function ascii(value: Value, meter?: Meter): string {
  const text = repr(value, meter)
  return NOT_ASCII.test(text) ? escapeWhere(text, escapeBeyondAscii, meter) : text
}

const NOT_ASCII = /[^\0-\x7f]/

/** Units of work for a number. */
const NUMBER = 100

function scalar(value: null | boolean | number | bigint, meter: Meter | undefined): string {
  if (value === null) return 'None'
  if (typeof value === 'boolean') return value ? 'True' : 'False'
  if (meter !== undefined) {
    meter.touch(NUMBER)
    touchInteger(meter, value)
  }
  return formatNumber(value)
}

/** All but printable ASCII without `'` and `\`. */
const SPECIAL = /[^ -&(-[\]-~]/

/** Units of work for a character of a text in which some have to be escaped. */
const QUOTED = 150

function quote(text: string, meter: Meter | undefined): string {
  if (!SPECIAL.test(text)) {
    meter?.build(text.length)
    return `'${text}'`
  }
  meter?.touch(text.length * QUOTED)
  const isDouble = text.includes("'") && !text.includes('"')
  return isDouble
    ? `"${escapeWhere(text, escapeInDouble, meter)}"`
    : `'${escapeWhere(text, escapeInSingle, meter)}'`
}

/** @param escapeOf gives what stands for a character, undefined for the character itself */
function escapeWhere(
  text: string,
  escapeOf: (character: string) => string | undefined,
  meter: Meter | undefined,
): string {
  const result = new TextBuilder(meter)
  let done = 0
  let unit = 0
  for (const character of text) {
    const escaped = escapeOf(character)
    if (escaped !== undefined) {
      result.add(text.slice(done, unit))
      result.add(escaped)
      done = unit + character.length
    }
    unit += character.length
  }
  result.add(text.slice(done))
  return result.toString()
}

function escapeInSingle(character: string): string | undefined {
  return character === "'" ? "\\'" : escapeInDouble(character)
}

function escapeInDouble(character: string): string | undefined {
  if (character >= ' ' && character <= '~') return character === '\\' ? '\\\\' : undefined
  if (character === '\n') return '\\n'
  if (character === '\r') return '\\r'
  if (character === '\t') return '\\t'
  return isPrintable(character) ? undefined : escapeCode(character)
}

function escapeBeyondAscii(character: string): string | undefined {
  return character <= '\x7f' ? undefined : escapeCode(character)
}

function escapeCode(character: string): string {
  const code = character.codePointAt(0)!
  const digits = code.toString(16)
  if (code <= 0xff) return `\\x${digits.padStart(2, '0')}`
  return code <= 0xffff ? `\\u${digits.padStart(4, '0')}` : `\\U${digits.padStart(8, '0')}`
}

/** Units of work for a container, beside what it holds. */
const CONTAINER = 200

/** The `repr` of one container and all that it holds. */
class ContainerWriter {
  readonly #text: TextBuilder
  readonly #meter: Meter | undefined
  /** The containers that are being written, from the outermost on. */
  readonly #open = new Set<object>()

  constructor(meter: Meter | undefined) {
    this.#meter = meter
    this.#text = new TextBuilder(meter)
  }

  toString(): string {
    return this.#text.toString()
  }

  write(value: Value): void {
    if (typeof value === 'string') this.#text.add(quote(value, this.#meter))
    else if (typeof value !== 'object' || value === null) this.#text.add(scalar(value, this.#meter))
    else if (value instanceof Range) this.#text.add(rangeText(value))
    else if (value instanceof ValueIterator) this.#text.add(`<${value.typeName} object>`)
    else this.#writeContainer(value)
  }

  #writeContainer(value: Value[] | Tuple | ValueSet | DictView | Dict | JsonObject): void {
    this.#meter?.touch(CONTAINER)
    const [before, after] = brackets(value)
    if (this.#open.has(value)) {
      this.#text.add(value instanceof DictView ? '...' : `${before}...${after}`)
      return
    }
    if (this.#open.size === MAX_DEPTH) {
      throw valueError('maximum recursion depth exceeded while getting the repr of an object')
    }
    this.#open.add(value)
    this.#text.add(before)
    if (Array.isArray(value)) this.#writeItems(value)
    else if (value instanceof Tuple) this.#writeTuple(value)
    else if (value instanceof ValueSet) this.#writeItems(value.entries.values())
    else if (value instanceof DictView) this.#writeView(value)
    else this.#writeEntries(value)
    this.#text.add(after)
    this.#open.delete(value)
  }

  #writeItems(items: Iterable<Value>): void {
    let separator = ''
    for (const item of items) {
      this.#text.add(separator)
      this.write(item)
      separator = ', '
    }
  }

  #writeTuple(tuple: Tuple): void {
    this.#writeItems(tuple.items)
    if (tuple.items.length === 1) this.#text.add(',')
  }

  #writeView({ kind, source }: DictView): void {
    let separator = ''
    for (const [key, value] of entriesOf(source)) {
      this.#text.add(separator)
      this.write(kind === 'keys' ? key : kind === 'values' ? value : new Tuple([key, value]))
      separator = ', '
    }
  }

  #writeEntries(dict: Dict | JsonObject): void {
    let separator = ''
    for (const [key, value] of entriesOf(dict)) {
      this.#text.add(separator)
      this.write(key)
      this.#text.add(': ')
      this.write(value)
      separator = ', '
    }
  }
}

function brackets(value: Value[] | Tuple | ValueSet | DictView | Dict | JsonObject): [string, string] {
  if (Array.isArray(value)) return ['[', ']']
  if (value instanceof Tuple) return ['(', ')']
  if (value instanceof ValueSet) return value.entries.size === 0 ? ['set(', ')'] : ['{', '}']
  if (value instanceof DictView) return [`dict_${value.kind}([`, '])']
  return ['{', '}']
}

function entriesOf(dict: Dict | JsonObject): Iterable<readonly [Value, Value]> {
  return dict instanceof Dict ? dict.entries.values() : Object.entries(dict)
}

function rangeText({ start, stop, step }: Range): string {
  return step === 1 ? `range(${start}, ${stop})` : `range(${start}, ${stop}, ${step})`
}
