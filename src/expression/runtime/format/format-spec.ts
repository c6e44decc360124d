import type { Failure } from '../../failure.ts'
import { valueError } from '../../failure.ts'
import { checkLength } from '../length.ts'
import { repeatText } from '../text/layout.ts'
import { textLength } from '../text/text.ts'
import { TextBuilder } from '../text/text-builder.ts'

/** A format specification: `[[fill]align][sign][z][#][0][width][grouping][.precision][type]`. */
export interface FormatSpec {
  readonly fill: string
  readonly align: '<' | '>' | '=' | '^'
  readonly sign: '' | '+' | '-' | ' '
  /** `z`: a negative zero is written as zero. */
  readonly positiveZero: boolean
  /** `#` */
  readonly alternate: boolean
  /** -1 when not given, like `precision`. */
  readonly width: number
  readonly separator: '' | ',' | '_'
  readonly precision: number
  /** One character; '' when not given. */
  readonly type: string
}

/**
 * Reads a format specification, as CPython does for objects of that type.
 *
 * @param typeName for the messages
 * @throws {Failure} VALUE_ERROR, with CPython's messages
 */
export function parseFormatSpec(text: string, defaultAlign: '<' | '>', typeName: string): FormatSpec {
  const reader = new SpecReader(text)
  let fill = ' '
  let align = defaultAlign as FormatSpec['align']
  const first = String.fromCodePoint(text.codePointAt(0) ?? 0)
  const hasFill = isAlign(text[first.length])
  const hasAlign = hasFill || isAlign(text[0])
  if (hasFill) {
    fill = first
    reader.position = first.length
  }
  if (hasAlign) align = reader.next() as FormatSpec['align']
  const sign = reader.takeAny('+- ') as FormatSpec['sign']
  const positiveZero = reader.take('z')
  const alternate = reader.take('#')
  if (!hasFill && reader.take('0')) {
    fill = '0'
    if (!hasAlign && defaultAlign === '>') align = '='
  }
  const width = reader.integer()
  const separator = reader.separator()
  const precision = reader.precision()
  const type = reader.rest()
  if (textLength(type) > 1) {
    throw valueError(`Invalid format specifier '${text}' for object of type '${typeName}'`)
  }
  if (separator !== '' && !mayGroup(separator, type)) {
    throw valueError(`Cannot specify '${separator}' with ${quoteType(type)}.`)
  }
  return { fill, align, sign, positiveZero, alternate, width, separator, precision, type }
}

function isAlign(character: string | undefined): boolean {
  return character === '<' || character === '>' || character === '=' || character === '^'
}

function mayGroup(separator: ',' | '_', type: string): boolean {
  return 'defgEG%F'.includes(type) || (separator === '_' && 'boxX'.includes(type))
}

/** CPython's `unknown format code`. */
export function unknownType(type: string, typeName: string): Failure {
  return valueError(`Unknown format code ${quoteType(type)} for object of type '${typeName}'`)
}

function quoteType(type: string): string {
  const code = type.codePointAt(0)!
  return code > 32 && code < 128 ? `'${type}'` : `'\\x${code.toString(16)}'`
}

class SpecReader {
  position = 0
  readonly #text: string

  constructor(text: string) {
    this.#text = text
  }

  next(): string {
    return this.#text[this.position++]!
  }

  take(character: string): boolean {
    if (this.#text[this.position] !== character) return false
    this.position++
    return true
  }

  takeAny(characters: string): string {
    const character = this.#text[this.position]
    if (character === undefined || !characters.includes(character)) return ''
    this.position++
    return character
  }

  /** Decimal digits; -1 if there are none. */
  integer(): number {
    const start = this.position
    while (isAsciiDigit(this.#text.charCodeAt(this.position))) this.position++
    return start === this.position ? -1 : formatInteger(this.#text.slice(start, this.position))
  }

  separator(): FormatSpec['separator'] {
    const comma = this.take(',')
    const underscore = this.take('_')
    if ((comma && underscore) || (underscore && this.take(','))) {
      throw valueError("Cannot specify both ',' and '_'.")
    }
    return comma ? ',' : underscore ? '_' : ''
  }

  precision(): number {
    if (!this.take('.')) return -1
    const digits = this.integer()
    if (digits === -1) throw valueError('Format specifier missing precision')
    return digits
  }

  rest(): string {
    return this.#text.slice(this.position)
  }
}

/** The UTF-16 unit is an ASCII digit. */
export function isAsciiDigit(unit: number): boolean {
  return unit >= 0x30 && unit <= 0x39
}

/**
 * The value of decimal digits.
 *
 * @throws {Failure} VALUE_ERROR beyond 2**63 - 1
 */
export function formatInteger(digits: string): number {
  if (digits.length >= 19 && BigInt(digits) >= 2n ** 63n) {
    throw valueError('Too many decimal digits in format string')
  }
  return Number(digits)
}

/** A number's text in the parts between which padding goes. */
interface NumberParts {
  readonly negative: boolean
  /** `0x` and its like. */
  readonly prefix: string
  /** The digits before the point: what is grouped. */
  readonly digits: string
  /** Point, fraction, exponent, percent sign; or `nan`, or a character. */
  readonly rest: string
}

/** The sign before a number: its minus, or the one that the specification wants for others. */
export function signOf(spec: FormatSpec, negative: boolean): string {
  return negative ? '-' : spec.sign === '-' ? '' : spec.sign
}

/**
 * Puts a number together: sign, prefix, digits in groups, padding.
 *
 * @param every digits in a group
 * @throws {Failure} VALUE_ERROR when the result would be too long
 */
export function layoutNumber(spec: FormatSpec, parts: NumberParts, every: number): string {
  const { prefix, rest } = parts
  const sign = signOf(spec, parts.negative)
  const fixed = sign.length + prefix.length + textLength(rest)
  const fewest = spec.fill === '0' && spec.align === '=' ? spec.width - fixed : 0
  const digits = parts.digits === '' ? '' : groupDigits(parts.digits, spec.separator, every, fewest)
  const room = spec.width - fixed - digits.length
  if (room <= 0) return sign + prefix + digits + rest
  checkLength(spec.width)
  if (spec.align === '=') return sign + prefix + repeatText(spec.fill, room) + digits + rest
  return pad(sign + prefix + digits + rest, room, spec)
}

/** Zeros in front up to `fewest` characters, and a separator after every so many digits, from the right. */
function groupDigits(digits: string, separator: string, every: number, fewest: number): string {
  checkLength(fewest)
  if (separator === '') return repeatText('0', fewest - digits.length) + digits
  // The result never begins with a separator: it may become one longer than asked for.
  let count = Math.max(digits.length, fewest - Math.floor(fewest / (every + 1)))
  if (count + Math.floor((count - 1) / every) < fewest) count++
  const all = repeatText('0', count - digits.length) + digits
  const result = new TextBuilder()
  let start = count % every === 0 ? every : count % every
  result.add(all.slice(0, start))
  for (; start < count; start += every) {
    result.add(separator)
    result.add(all.slice(start, start + every))
  }
  return result.toString()
}

/** A text in its width. */
export function layoutText(spec: FormatSpec, text: string): string {
  const room = spec.width - textLength(text)
  if (room <= 0) return text
  checkLength(spec.width)
  return pad(text, room, spec)
}

function pad(text: string, room: number, { align, fill }: FormatSpec): string {
  if (align === '<') return text + repeatText(fill, room)
  if (align === '>') return repeatText(fill, room) + text
  const left = Math.floor(room / 2)
  return repeatText(fill, left) + text + repeatText(fill, room - left)
}
