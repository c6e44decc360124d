import { typeError, valueError } from '../../failure.ts'
import type { Value } from '../../value.ts'
import type { Meter } from '../meter.ts'
import { toFloat } from '../numbers/conversions.ts'
import type { FloatLayout } from '../numbers/float-text.ts'
import { floatText } from '../numbers/float-text.ts'
import { formatNumber, isWhole, numeric, touchInteger, typeName } from '../numbers/numbers.ts'
import { textSlice } from '../text/text.ts'
import type { FormatSpec } from './format-spec.ts'
import {
  isAsciiDigit,
  layoutNumber,
  layoutText,
  parseFormatSpec,
  signOf,
  unknownType,
} from './format-spec.ts'
import { str } from './repr.ts'

/**
 * `format(value, spec)`: CPython's format specifications for texts, integers, bools and floats. An integral float up
 * to 2**53 is formatted as the integer that it is here.
 *
 * @throws {Failure} VALUE_ERROR when the specification is wrong, does not suit the type or makes the result too long;
 *   TYPE_ERROR when the type has none
 */
export function formatValue(meter: Meter, value: Value, spec: string): string {
  if (spec === '') return str(value, meter)
  meter.touch(FORMAT + spec.length)
  if (typeof value === 'bigint') touchInteger(meter, value)
  const text = layOut(meter, value, spec)
  meter.build(text.length)
  return text
}

/** Units of work for a value that is laid out. */
const FORMAT = 100

function layOut(meter: Meter, value: Value, spec: string): string {
  switch (typeof value) {
    case 'string':
      return formatText(meter, value, spec)
    case 'number':
      return isWhole(value) ? formatInteger(meter, value + 0, spec, 'int') : formatFloat(meter, value, spec)
    case 'bigint':
      return formatInteger(meter, value, spec, 'int')
    case 'boolean':
      return formatInteger(meter, value ? 1 : 0, spec, 'bool')
  }
  throw typeError(`unsupported format string passed to ${typeName(value)}.__format__`)
}

function formatText(meter: Meter, text: string, specText: string): string {
  const spec = parseFormatSpec(specText, '<', 'str')
  const { sign, precision, type } = spec
  // Without a type CPython takes `s`, which knows no groups.
  if (spec.separator !== '' && type === '') throw valueError(`Cannot specify '${spec.separator}' with 's'.`)
  if (type !== '' && type !== 's') throw unknownType(type, 'str')
  if (sign !== '')
    throw valueError(`${sign === ' ' ? 'Space' : 'Sign'} not allowed in string format specifier`)
  if (spec.positiveZero) throw valueError('Negative zero coercion (z) not allowed in string format specifier')
  if (spec.alternate) throw valueError('Alternate form (#) not allowed in string format specifier')
  if (spec.align === '=') throw valueError("'=' alignment not allowed in string format specifier")
  return layoutText(spec, precision === -1 ? text : textSlice(meter, text, null, precision, null))
}

/** The notation of an integer for each type: base, prefix, digits in a group. */
const INTEGER_TYPES: Readonly<Record<string, readonly [base: number, prefix: string, every: number]>> = {
  '': [10, '', 3],
  d: [10, '', 3],
  n: [10, '', 3],
  b: [2, '0b', 4],
  o: [8, '0o', 4],
  x: [16, '0x', 4],
  X: [16, '0X', 4],
}

function formatInteger(meter: Meter, value: number | bigint, specText: string, name: string): string {
  const spec = parseFormatSpec(specText, '>', name)
  if (isFloatType(spec.type)) return layoutFloat(meter, toFloat(value), spec)
  if (spec.type !== 'c' && !Object.hasOwn(INTEGER_TYPES, spec.type)) throw unknownType(spec.type, name)
  if (spec.precision !== -1) throw valueError('Precision not allowed in integer format specifier')
  if (spec.positiveZero)
    throw valueError('Negative zero coercion (z) not allowed in integer format specifier')
  if (spec.type === 'c') return formatCharacter(value, spec)
  const [base, prefix, every] = INTEGER_TYPES[spec.type]!
  const negative = value < 0
  const size = negative ? -value : value
  const digits = base === 10 ? formatNumber(size) : numeric(size)!.toString(base)
  return layoutNumber(
    spec,
    {
      negative,
      prefix: spec.alternate ? prefix : '',
      digits: spec.type === 'X' ? digits.toUpperCase() : digits,
      rest: '',
    },
    every,
  )
}

function formatCharacter(value: number | bigint, spec: FormatSpec): string {
  if (spec.sign !== '') throw valueError("Sign not allowed with integer format specifier 'c'")
  if (spec.alternate) throw valueError("Alternate form (#) not allowed with integer format specifier 'c'")
  if (typeof value === 'bigint' && BigInt.asIntN(64, value) !== value) {
    throw valueError('Python int too large to convert to C long')
  }
  if (value < 0 || value > 0x10ffff) throw valueError('%c arg not in range(0x110000)')
  const rest = String.fromCodePoint(Number(value))
  return layoutNumber(spec, { negative: false, prefix: '', digits: '', rest }, 3)
}

function formatFloat(meter: Meter, value: number, specText: string): string {
  const spec = parseFormatSpec(specText, '>', 'float')
  if (!Object.hasOwn(FLOAT_LAYOUTS, spec.type)) throw unknownType(spec.type, 'float')
  return layoutFloat(meter, value, spec)
}

function isFloatType(type: string): boolean {
  return type !== '' && 'eEfFgG%'.includes(type)
}

/** A mantissa of zeros. */
const ZERO_TEXT = /^[0.]+(?:e|$)/

function layoutFloat(meter: Meter, given: number, spec: FormatSpec): string {
  const value = spec.type === '%' ? given * 100 : given
  const text = sizeText(meter, Math.abs(value), spec)
  const isUpper = spec.type === 'E' || spec.type === 'F' || spec.type === 'G'
  const negative = value < 0 && !(spec.positiveZero && ZERO_TEXT.test(text))
  const shown = (isUpper ? text.toUpperCase() : text) + (spec.type === '%' ? '%' : '')
  if (spec.width === -1 && spec.separator === '') return signOf(spec, negative) + shown
  let whole = 0
  while (isAsciiDigit(shown.charCodeAt(whole))) whole++
  return layoutNumber(
    spec,
    { negative, prefix: '', digits: shown.slice(0, whole), rest: shown.slice(whole) },
    3,
  )
}

function sizeText(meter: Meter, size: number, { type, precision, alternate }: FormatSpec): string {
  if (!Number.isFinite(size)) return formatNumber(size)
  if (type === '' && precision === -1) return alternate ? withPoint(formatNumber(size)) : formatNumber(size)
  return floatText(meter, size, {
    layout: FLOAT_LAYOUTS[type]!,
    precision: precision === -1 ? 6 : precision,
    alternate,
    pointZero: type === '',
  })
}

const FLOAT_LAYOUTS: Readonly<Record<string, FloatLayout>> = {
  '': 'g',
  n: 'g',
  g: 'g',
  G: 'g',
  e: 'e',
  E: 'e',
  f: 'f',
  F: 'f',
  '%': 'f',
}

function withPoint(text: string): string {
  return text.includes('.') ? text : text.replace('e', '.e')
}
