import { typeError, valueError } from '../../failure.ts'
import type { Dict, Maybe, Value } from '../../value.ts'
import { getAttribute, getItem, noAttribute } from '../containers/containers.ts'
import { dictGet } from '../containers/keys.ts'
import type { Meter } from '../meter.ts'
import { TextBuilder } from '../text/text-builder.ts'
import { formatInteger } from './format-spec.ts'
import { formatValue } from './format-value.ts'
import { ascii, repr, str } from './repr.ts'

/** Fields in the format specification of a field; not deeper. */
const MAX_NESTING = 2

/**
 * `text.format(*args, **names)`: replacement fields with attributes, items, conversions and format specifications, as
 * CPython's. Attributes are the members of dicts; names that begin with `_` are refused.
 *
 * @throws {Failure} VALUE_ERROR when the text is no format, an argument, item or attribute is missing or the result
 *   would be too long; TYPE_ERROR when a value has no items or attributes
 */
export function formatMethod(meter: Meter, text: string, args: readonly Value[], names: Dict): string {
  const result = new TextBuilder(meter)
  new FieldFormatter(meter, args, names).format(text, MAX_NESTING, result)
  return result.toString()
}

/** Units of work for a field. */
const FIELD = 200

/** The text between the braces of a field, taken apart. */
interface Field {
  readonly name: string
  /** `r`, `s`, `a`; '' when not given. */
  readonly conversion: string
  readonly spec: string
  /** The place after the closing brace. */
  readonly end: number
}

class FieldFormatter {
  readonly #meter: Meter
  readonly #args: readonly Value[]
  readonly #names: Dict
  #numbering: 'automatic' | 'manual' | undefined
  #next = 0

  constructor(meter: Meter, args: readonly Value[], names: Dict) {
    this.#meter = meter
    this.#args = args
    this.#names = names
  }

  format(text: string, nesting: number, result: TextBuilder): void {
    if (nesting === 0) throw valueError('Max string recursion exceeded')
    let position = 0
    this.#meter.touch(text.length * 12)
    while (position < text.length) {
      const brace = nextBrace(text, position)
      result.add(text.slice(position, brace))
      if (brace === text.length) return
      const character = text[brace]!
      if (text[brace + 1] === character) {
        result.add(character)
        position = brace + 2
        continue
      }
      if (character === '}') throw valueError("Single '}' encountered in format string")
      if (brace + 1 === text.length) throw valueError("Single '{' encountered in format string")
      const field = parseField(text, brace + 1)
      result.add(this.#fieldText(field, nesting))
      position = field.end
    }
  }

  #fieldText({ name, conversion, spec }: Field, nesting: number): string {
    this.#meter.touch(FIELD)
    const value = convert(this.#meter, this.#lookUp(name), conversion)
    if (!spec.includes('{')) return formatValue(this.#meter, value, spec)
    const expanded = new TextBuilder(this.#meter)
    this.format(spec, nesting - 1, expanded)
    return formatValue(this.#meter, value, expanded.toString())
  }

  /** `name`, `0` or nothing, then `.attribute` and `[item]` any number of times. */
  #lookUp(name: string): Value {
    const end = nameEnd(name, 0)
    let value = this.#argument(name.slice(0, end))
    let position = end
    while (position < name.length) {
      const start = position + 1
      if (name[position] === '.') {
        position = nameEnd(name, start)
        value = attributeOf(value, nonEmpty(name.slice(start, position)))
      } else if (name[position] === '[') {
        const close = name.indexOf(']', start)
        if (close === -1) throw valueError("Missing ']' in format string")
        value = itemOf(this.#meter, value, nonEmpty(name.slice(start, close)))
        position = close + 1
      } else {
        throw valueError("Only '.' or '[' may follow ']' in format field specifier")
      }
    }
    return value
  }

  #argument(name: string): Value {
    const index = indexOf(name)
    if (index === -1 && name !== '') {
      const value = dictGet(this.#names, name)
      if (value === undefined) throw valueError(`the format's argument ${repr(name)} is missing`)
      return value
    }
    const numbering = name === '' ? 'automatic' : 'manual'
    this.#numbering ??= numbering
    if (this.#numbering !== numbering) {
      throw valueError(
        numbering === 'automatic'
          ? 'cannot switch from manual field specification to automatic field numbering'
          : 'cannot switch from automatic field numbering to manual field specification',
      )
    }
    const position = name === '' ? this.#next++ : index
    const value: Maybe = this.#args[position]
    if (value === undefined) {
      throw valueError(`Replacement index ${position} out of range for positional args tuple`)
    }
    return value
  }
}

function nextBrace(text: string, from: number): number {
  for (let position = from; position < text.length; position++) {
    const code = text.charCodeAt(position)
    if (code === 0x7b || code === 0x7d) return position
  }
  return text.length
}

/** Where an argument's or an attribute's name ends. */
function nameEnd(name: string, from: number): number {
  let position = from
  while (position < name.length && name[position] !== '.' && name[position] !== '[') position++
  return position
}

function nonEmpty(name: string): string {
  if (name === '') throw valueError('Empty attribute in format string')
  return name
}

/** The index that the name is; -1 when it is none. */
function indexOf(name: string): number {
  return /^[0-9]+$/.test(name) ? formatInteger(name) : -1
}

function attributeOf(value: Value, name: string): Value {
  if (name.startsWith('_')) throw valueError(`the attribute ${repr(name)} begins with '_'`)
  if (value === null) throw noAttribute(value, name)
  const attribute = getAttribute(value, name)
  if (attribute === undefined) throw valueError(`the format's attribute ${repr(name)} is missing`)
  return attribute
}

function itemOf(meter: Meter, value: Value, name: string): Value {
  if (value === null) throw typeError("'NoneType' object is not subscriptable")
  const index = indexOf(name)
  const item = getItem(meter, value, index === -1 ? name : index)
  if (item === undefined) throw valueError(`the format's item ${repr(name)} is missing`)
  return item
}

function convert(meter: Meter, value: Value, conversion: string): Value {
  switch (conversion) {
    case '':
      return value
    case 's':
      return str(value, meter)
    case 'r':
      return repr(value, meter)
    case 'a':
      return ascii(value, meter)
    default: {
      const code = conversion.codePointAt(0)!
      const shown = code > 32 && code < 127 ? conversion : `\\x${code.toString(16)}`
      throw valueError(`Unknown conversion specifier ${shown}`)
    }
  }
}

/** Reads a field whose opening brace is just before `start`. */
function parseField(text: string, start: number): Field {
  const end = fieldNameEnd(text, start)
  const name = text.slice(start, end)
  if (text[end] === '}') return { name, conversion: '', spec: '', end: end + 1 }
  let position = end + 1
  let conversion = ''
  if (text[end] === '!') {
    if (position >= text.length) throw valueError('end of string while looking for conversion specifier')
    conversion = String.fromCodePoint(text.codePointAt(position)!)
    position += conversion.length
    const next = text[position++]
    if (next === '}') return { name, conversion, spec: '', end: position }
    if (next !== undefined && next !== ':') throw valueError("expected ':' after conversion specifier")
  }
  const close = specEnd(text, position)
  return { name, conversion, spec: text.slice(position, close), end: close + 1 }
}

/** The place of the `}`, `:` or `!` that ends the field's name; an item may contain these. */
function fieldNameEnd(text: string, start: number): number {
  for (let position = start; position < text.length; position++) {
    switch (text[position]) {
      case '{':
        throw valueError("unexpected '{' in field name")
      case '[': {
        const close = text.indexOf(']', position)
        if (close === -1) throw valueError("expected '}' before end of string")
        position = close
        break
      }
      case '}':
      case ':':
      case '!':
        return position
    }
  }
  throw valueError("expected '}' before end of string")
}

/** The place of the brace that closes the field. */
function specEnd(text: string, start: number): number {
  let open = 1
  for (let position = start; position < text.length; position++) {
    if (text[position] === '{') open++
    else if (text[position] === '}' && --open === 0) return position
  }
  throw valueError("unmatched '{' in format spec")
}
