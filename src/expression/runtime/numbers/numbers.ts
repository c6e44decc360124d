import { typeError, valueError } from '../../failure.ts'
import type { Value } from '../../value.ts'
import {
  Dict,
  DictView,
  MAX_INTEGER,
  MAX_INTEGER_BITS,
  Range,
  Tuple,
  ValueIterator,
  ValueSet,
} from '../../value.ts'
import type { Meter } from '../meter.ts'
import { bitLength } from './exact-float.ts'
import { integerIsHuge, integerText, isHuge } from './huge-integer.ts'

/** The types of numbers: a bool is an int. */
export type Numeric = boolean | number | bigint

/** CPython's name of the value's type, as its messages show it. An integral float up to 2**53 is an `int`. */
export function typeName(value: Value): string {
  switch (typeof value) {
    case 'string':
      return 'str'
    case 'boolean':
      return 'bool'
    case 'bigint':
      return 'int'
    case 'number':
      return isWhole(value) ? 'int' : 'float'
  }
  if (value === null) return 'NoneType'
  if (Array.isArray(value)) return 'list'
  if (value instanceof Tuple) return 'tuple'
  if (value instanceof ValueSet) return 'set'
  if (value instanceof Dict) return 'dict'
  if (value instanceof Range) return 'range'
  if (value instanceof DictView) return `dict_${value.kind}`
  if (value instanceof ValueIterator) return value.typeName
  return 'dict'
}

/** The value is a bool, an int or a float. */
export function isNumeric(value: Value): value is Numeric {
  return typeof value === 'number' || typeof value === 'boolean' || typeof value === 'bigint'
}

/** The value is an int (or a bool, which is one). */
export function isInteger(value: Value): value is Numeric {
  return typeof value === 'number' ? isWhole(value) : typeof value === 'boolean' || typeof value === 'bigint'
}

/** The number is an int: a bigint always is, a number if it is integral and at most 2**53. */
export function isWhole(n: number | bigint): boolean {
  return typeof n === 'bigint' || (Number.isInteger(n) && n <= MAX_INTEGER && n >= -MAX_INTEGER)
}

/**
 * The number that takes part in arithmetic: bools are 0 and 1. Undefined for what is no number.
 *
 * @throws {Failure} VALUE_ERROR for an integer of the event with more than `MAX_INTEGER_BITS` bits
 */
export function numeric(value: Value): number | bigint | undefined {
  if (typeof value === 'number') return value
  if (typeof value === 'bigint') {
    if (isHuge(value)) throw integerIsHuge()
    return value
  }
  if (typeof value === 'boolean') return value ? 1 : 0
  return undefined
}

/** Integers up to this size cost next to nothing. */
const SMALL_INTEGER = 1n << 256n
const SMALL_NEGATIVE = -SMALL_INTEGER

/**
 * Counts what it takes to multiply, divide or raise an integer of that size, or to write it in decimal: more than its
 * length, less than the square of it.
 */
export function touchInteger(meter: Meter, n: number | bigint): void {
  if (typeof n !== 'bigint' || (n < SMALL_INTEGER && n > SMALL_NEGATIVE)) return
  const bits = bitLength(n)
  meter.touch(Math.ceil((bits * Math.sqrt(bits)) / 8))
}

/** Counts an integer that was computed. */
export function buildInteger<T extends number | bigint>(meter: Meter, n: T): T {
  if (typeof n === 'bigint') {
    const bits = n < SMALL_INTEGER && n > SMALL_NEGATIVE ? 0 : bitLength(n)
    meter.touch(bits)
    meter.build(24 + (bits >> 3))
  }
  return n
}

/** The canonical form of an integer: a number up to 2**53, a bigint above. */
export function normalizeInteger(n: bigint): number | bigint {
  return n <= MAX_INTEGER && n >= -MAX_INTEGER ? Number(n) : n
}

/**
 * The canonical form of an integer that was computed.
 *
 * @throws {Failure} VALUE_ERROR when it has more than `MAX_INTEGER_BITS` bits
 */
export function computedInteger(n: bigint): number | bigint {
  if (isHuge(n)) throw integerTooBig()
  return normalizeInteger(n)
}

export function integerTooBig() {
  return valueError(`result too big: an integer of more than ${MAX_INTEGER_BITS} bits`)
}

/** `str(n)`: an integral float up to 2**53 prints as the int that it is, and -0.0 as 0. */
export function formatNumber(n: number | bigint): string {
  if (typeof n === 'bigint') return integerText(n)
  if (isWhole(n)) return n.toString()
  return formatFloat(n)
}

/** A float's shortest digits, laid out as CPython does: an exponent from 1e16 on and below 1e-4. */
function formatFloat(n: number): string {
  if (Number.isNaN(n)) return 'nan'
  if (!Number.isFinite(n)) return n > 0 ? 'inf' : '-inf'
  const size = Math.abs(n)
  if (size >= 1e-4 && size < 1e16) return Number.isInteger(n) ? `${n}.0` : `${n}`
  const [digits, exponent] = n.toExponential().split('e') as [string, string]
  // JavaScript writes e-7 where CPython writes e-07.
  return exponent.length === 2 ? `${digits}e${exponent[0]}0${exponent[1]}` : `${digits}e${exponent}`
}

/**
 * The integer part of a float.
 *
 * @throws {Failure} VALUE_ERROR for NaN and infinities
 */
export function truncate(n: number): number | bigint {
  if (Number.isNaN(n)) throw valueError('cannot convert float NaN to integer')
  if (!Number.isFinite(n)) throw valueError('cannot convert float infinity to integer')
  if (n > MAX_INTEGER || n < -MAX_INTEGER) return BigInt(n)
  // Adding 0 makes -0 a 0.
  return Math.trunc(n) + 0
}

/**
 * The value as an index or a count, as CPython's `operator.index` takes it: ints and bools.
 *
 * @throws {Failure} TYPE_ERROR for all else
 */
export function toIndex(value: Value): number | bigint {
  if (typeof value === 'number') {
    // An integral float above 2**53 is a float.
    if (isWhole(value)) return value
  } else {
    const n = numeric(value)
    if (n !== undefined) return n
  }
  throw typeError(`'${typeName(value)}' object cannot be interpreted as an integer`)
}

/** Bits of |n| for any int, `int.bit_length`. */
export function integerBits(n: number | bigint): number {
  if (typeof n === 'bigint') return bitLength(n)
  const size = Math.abs(n)
  const high = Math.floor(size / 2 ** 32)
  return high === 0 ? 32 - Math.clz32(size) : 64 - Math.clz32(high)
}
