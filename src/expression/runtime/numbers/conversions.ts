/** `int()` and `float()`. */
import { typeError, valueError } from '../../failure.ts'
import type { Value } from '../../value.ts'
import { parseFloatText, parseIntegerText } from './number-text.ts'
import { numeric, toIndex, truncate, typeName } from './numbers.ts'

/**
 * `int(value)` and `int(text, base)`: floats lose their fraction, text is read as CPython reads it (sign, `_` between
 * digits, blanks around, prefixes where the base has one, decimal digits of any script).
 *
 * @param base 2 to 36, or 0: the prefix tells
 * @throws {Failure} VALUE_ERROR for other text, NaN, infinities, a wrong base; TYPE_ERROR for other types
 */
export function toInteger(value: Value, base?: Value): number | bigint {
  if (base !== undefined) return integerWithBase(value, base)
  if (typeof value === 'string') return parseIntegerText(value, 10)
  if (typeof value === 'number') return truncate(value)
  if (typeof value === 'bigint') return value
  const n = numeric(value)
  if (n !== undefined) return n
  throw typeError(
    `int() argument must be a string, a bytes-like object or a real number, not '${typeName(value)}'`,
  )
}

function integerWithBase(value: Value, base: Value): number | bigint {
  const index = toIndex(base)
  if (typeof value !== 'string') throw typeError("int() can't convert non-string with explicit base")
  if (typeof index === 'bigint' || index < 0 || index > 36 || index === 1) {
    throw valueError('int() base must be >= 2 and <= 36, or 0')
  }
  return parseIntegerText(value, index)
}

/**
 * `float(value)`. An integral result up to 2**53 is not told apart from the int.
 *
 * @throws {Failure} VALUE_ERROR for text that is no number and integers beyond floats; TYPE_ERROR for other types
 */
export function toFloat(value: Value): number {
  if (typeof value === 'number') return value
  if (typeof value === 'string') return parseFloatText(value)
  if (typeof value === 'boolean') return value ? 1 : 0
  if (typeof value === 'bigint') return bigIntToFloat(value)
  throw typeError(`float() argument must be a string or a real number, not '${typeName(value)}'`)
}

function bigIntToFloat(n: bigint): number {
  const float = Number(n)
  if (!Number.isFinite(float)) throw valueError('int too large to convert to float')
  return float
}
