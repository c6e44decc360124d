/**
 * Python's operators. Every one begins with the case of two numbers or two strings; what is left goes to a slower
 * function beside it.
 *
 * Numbers: ints are computed exactly, with bigints where a result leaves ±2**53; floats stay floats. There is no
 * negative zero: an integral float is an int.
 */
import type { Failure } from '../failure.ts'
import { divisionByZero, typeError, valueError } from '../failure.ts'
import type { BinaryOperator } from '../syntax/operators.ts'
import type { Value } from '../value.ts'
import { Dict, MAX_INTEGER, MAX_INTEGER_BITS, Tuple } from '../value.ts'
import { toArray } from './containers/containers.ts'
import { updateDict } from './containers/dict-methods.ts'
import type { AnyDict } from './containers/keys.ts'
import { isDict } from './containers/keys.ts'
import type { SetOperator } from './containers/set-operators.ts'
import { combineSets, combineSetsInPlace } from './containers/set-operators.ts'
import { percentFormat } from './format/format.ts'
import { checkLength, ITEM_BYTES, LIST_BYTES } from './length.ts'
import type { Meter } from './meter.ts'
import { toFloat } from './numbers/conversions.ts'
import { bitLength, divideToFloat } from './numbers/exact-float.ts'
import {
  buildInteger,
  computedInteger,
  integerTooBig,
  isInteger,
  isWhole,
  normalizeInteger,
  numeric,
  touchInteger,
  typeName,
} from './numbers/numbers.ts'
import { raise } from './numbers/power.ts'

export {
  compare,
  contains,
  equals,
  greater,
  greaterOrEqual,
  identical,
  indexOfString,
  less,
  lessOrEqual,
  truth,
} from './compare.ts'

/** `a + b`: numbers, or two strings, lists or tuples. */
export function add(meter: Meter, a: Value, b: Value): Value {
  if (typeof a === 'number' && typeof b === 'number') {
    const sum = a + b
    return sum < MAX_INTEGER && sum > -MAX_INTEGER ? sum : addNumbers(meter, a, b)
  }
  if (typeof a === 'string' && typeof b === 'string') {
    const length = a.length + b.length
    checkLength(length)
    meter.build(length)
    return a + b
  }
  const x = numeric(a)
  const y = numeric(b)
  return x !== undefined && y !== undefined ? addNumbers(meter, x, y) : concatenate(meter, a, b)
}

function addNumbers(meter: Meter, a: number | bigint, b: number | bigint): number | bigint {
  if (isWhole(a) && isWhole(b)) return buildInteger(meter, computedInteger(BigInt(a) + BigInt(b)))
  return toFloat(a) + toFloat(b)
}

function concatenate(meter: Meter, a: Value, b: Value): Value {
  if (Array.isArray(a) && Array.isArray(b)) {
    checkLength(a.length + b.length)
    meter.build(LIST_BYTES + ITEM_BYTES * (a.length + b.length))
    return a.concat(b)
  }
  if (a instanceof Tuple && b instanceof Tuple) {
    checkLength(a.items.length + b.items.length)
    meter.build(LIST_BYTES + ITEM_BYTES * (a.items.length + b.items.length))
    return new Tuple(a.items.concat(b.items))
  }
  if (typeof a === 'string' || Array.isArray(a) || a instanceof Tuple) {
    const type = typeName(a)
    throw typeError(`can only concatenate ${type} (not "${typeName(b)}") to ${type}`)
  }
  throw unsupported('+', a, b)
}

/** `a - b`: numbers, or what is in the set a and not in b. */
export function subtract(meter: Meter, a: Value, b: Value): Value {
  if (typeof a === 'number' && typeof b === 'number') {
    const difference = a - b
    return difference < MAX_INTEGER && difference > -MAX_INTEGER ? difference : subtractNumbers(meter, a, b)
  }
  const x = numeric(a)
  const y = numeric(b)
  return x !== undefined && y !== undefined ? subtractNumbers(meter, x, y) : setOperator(meter, a, b, '-')
}

function subtractNumbers(meter: Meter, a: number | bigint, b: number | bigint): number | bigint {
  if (isWhole(a) && isWhole(b)) return buildInteger(meter, computedInteger(BigInt(a) - BigInt(b)))
  return toFloat(a) - toFloat(b)
}

/** `a * b`: numbers, or a string, list or tuple so many times. */
export function multiply(meter: Meter, a: Value, b: Value): Value {
  if (typeof a === 'number' && typeof b === 'number') {
    const product = a * b
    return product < MAX_INTEGER && product > -MAX_INTEGER ? product + 0 : multiplyNumbers(meter, a, b)
  }
  const x = numeric(a)
  const y = numeric(b)
  if (x !== undefined && y !== undefined) return multiplyNumbers(meter, x, y)
  if (isSequence(a)) return repeat(meter, a, b)
  if (isSequence(b)) return repeat(meter, b, a)
  throw unsupported('*', a, b)
}

function multiplyNumbers(meter: Meter, a: number | bigint, b: number | bigint): number | bigint {
  if (!isWhole(a) || !isWhole(b)) return toFloat(a) * toFloat(b) + 0
  const x = BigInt(a)
  const y = BigInt(b)
  // The product has the bits of both, or one less.
  if (!Number.isFinite(Number(a) * Number(b)) && bitLength(x) + bitLength(y) > MAX_INTEGER_BITS + 1) {
    throw integerTooBig()
  }
  touchInteger(meter, x)
  touchInteger(meter, y)
  return buildInteger(meter, computedInteger(x * y))
}

type Sequence = string | Value[] | Tuple

function isSequence(value: Value): value is Sequence {
  return typeof value === 'string' || Array.isArray(value) || value instanceof Tuple
}

function repeat(meter: Meter, sequence: Sequence, count: Value): Value {
  if (typeof sequence === 'string') {
    const times = repetitions(sequence.length, count)
    meter.build(times * sequence.length)
    return sequence.repeat(times)
  }
  if (Array.isArray(sequence)) return repeatItems(meter, sequence, count)
  return new Tuple(repeatItems(meter, sequence.items, count))
}

function repeatItems(meter: Meter, items: readonly Value[], count: Value): Value[] {
  const times = repetitions(items.length, count)
  meter.build(LIST_BYTES + ITEM_BYTES * times * items.length)
  const result: Value[] = []
  for (let time = 0; time < times; time++) {
    for (const item of items) result.push(item)
  }
  return result
}

/** The number of times that something of that length is to be repeated: 0 where nothing would come out. */
function repetitions(length: number, count: Value): number {
  if (!isInteger(count)) throw typeError(`can't multiply sequence by non-int of type '${typeName(count)}'`)
  const times = numeric(count)!
  if (length === 0 || times <= 0) return 0
  const repeated = Number(times)
  checkLength(length * repeated)
  return repeated
}

/** `a / b`: a float, for ints of any size the nearest one. */
export function divide(meter: Meter, a: Value, b: Value): Value {
  if (typeof a === 'number' && typeof b === 'number' && b !== 0) return a / b + 0
  const x = numeric(a)
  const y = numeric(b)
  if (x === undefined || y === undefined) throw unsupported('/', a, b)
  if (y === 0) throw divisionByZero(isWhole(x) ? 'division by zero' : 'float division by zero')
  if (!isWhole(x) || !isWhole(y)) return toFloat(x) / toFloat(y) + 0
  touchInteger(meter, x)
  touchInteger(meter, y)
  const quotient = divideToFloat(BigInt(x), BigInt(y))
  if (!Number.isFinite(quotient)) throw valueError('integer division result too large for a float')
  return quotient
}

/** `a // b`: rounded down. */
export function floorDivide(meter: Meter, a: Value, b: Value): Value {
  if (typeof a === 'number' && typeof b === 'number' && b !== 0) return floorQuotient(a, b)
  const x = numeric(a)
  const y = numeric(b)
  if (x === undefined || y === undefined) throw unsupported('//', a, b)
  if (y === 0) {
    throw divisionByZero(isWhole(x) ? 'integer division or modulo by zero' : 'float floor division by zero')
  }
  if (!isWhole(x) || !isWhole(y)) return floorQuotient(toFloat(x), toFloat(y))
  touchInteger(meter, x)
  const dividend = BigInt(x)
  const divisor = BigInt(y)
  const quotient = dividend / divisor
  const exact = quotient * divisor === dividend
  return buildInteger(
    meter,
    normalizeInteger(!exact && dividend < 0n !== divisor < 0n ? quotient - 1n : quotient),
  )
}

/** CPython's float_floor_div: by way of the exact remainder, so that ints come out exact too. */
function floorQuotient(a: number, b: number): number {
  const rest = a % b
  let quotient = (a - rest) / b
  if (rest !== 0 && rest < 0 !== b < 0) quotient -= 1
  const floor = Math.floor(quotient)
  return (quotient - floor > 0.5 ? floor + 1 : floor) + 0
}

/** `a % b`: the remainder with b's sign; with a string on the left, printf-style formatting. */
export function modulo(meter: Meter, a: Value, b: Value): Value {
  if (typeof a === 'number' && typeof b === 'number' && b !== 0) return floorRemainder(a, b)
  if (typeof a === 'string') return percentFormat(meter, a, b)
  const x = numeric(a)
  const y = numeric(b)
  if (x === undefined || y === undefined) throw unsupported('%', a, b)
  if (y === 0) throw divisionByZero(isWhole(x) ? 'integer modulo by zero' : 'float modulo')
  if (!isWhole(x) || !isWhole(y)) return floorRemainder(toFloat(x), toFloat(y))
  touchInteger(meter, x)
  const divisor = BigInt(y)
  const rest = BigInt(x) % divisor
  return buildInteger(
    meter,
    normalizeInteger(rest !== 0n && rest < 0n !== divisor < 0n ? rest + divisor : rest),
  )
}

function floorRemainder(a: number, b: number): number {
  const rest = a % b
  return (rest !== 0 && rest < 0 !== b < 0 ? rest + b : rest) + 0
}

/** Units of work for a power of floats, which is rounded once. */
const FLOAT_POWER = 20_000

/** `a ** b`: exact for ints with b >= 0, else the nearest float. */
export function power(meter: Meter, a: Value, b: Value): Value {
  const x = numeric(a)
  const y = numeric(b)
  if (x === undefined || y === undefined) throw unsupported('** or pow()', a, b)
  if (!isWhole(x) || !isWhole(y) || y < 0) meter.touch(FLOAT_POWER)
  const result = buildInteger(meter, raise(x, y))
  touchInteger(meter, result)
  return result
}

/** `a << b`, ints. */
export function leftShift(meter: Meter, a: Value, b: Value): Value {
  const x = integerOperand(a)
  const y = integerOperand(b)
  if (x === undefined || y === undefined) throw unsupported('<<', a, b)
  if (y < 0) throw valueError('negative shift count')
  if (x === 0) return 0
  if (y > MAX_INTEGER_BITS) throw integerTooBig()
  const shifted = Number(x) * 2 ** Number(y)
  if (shifted < MAX_INTEGER && shifted > -MAX_INTEGER) return shifted
  return buildInteger(meter, computedInteger(BigInt(x) << BigInt(y)))
}

/** `a >> b`, ints: rounded down. */
export function rightShift(meter: Meter, a: Value, b: Value): Value {
  const x = integerOperand(a)
  const y = integerOperand(b)
  if (x === undefined || y === undefined) throw unsupported('>>', a, b)
  if (y < 0) throw valueError('negative shift count')
  // Dividing by a power of two is exact, until it underflows.
  if (typeof x === 'number') return y > 1000 ? (x < 0 ? -1 : 0) : Math.floor(x / 2 ** Number(y)) + 0
  const bits = bitLength(x)
  meter.touch(bits)
  if (y > bits) return x < 0n ? -1 : 0
  return buildInteger(meter, normalizeInteger(x >> BigInt(y)))
}

/** `a & b`: ints, two bools, or what is in both sets. */
export function bitAnd(meter: Meter, a: Value, b: Value): Value {
  if (isInt32(a) && isInt32(b)) return a & b
  if (typeof a === 'boolean' && typeof b === 'boolean') return a && b
  const x = integerOperand(a)
  const y = integerOperand(b)
  if (x === undefined || y === undefined) return setOperator(meter, a, b, '&')
  return buildInteger(meter, computedInteger(BigInt(x) & BigInt(y)))
}

/** `a ^ b`: ints, two bools, or what is in one of two sets. */
export function bitXor(meter: Meter, a: Value, b: Value): Value {
  if (isInt32(a) && isInt32(b)) return a ^ b
  if (typeof a === 'boolean' && typeof b === 'boolean') return a !== b
  const x = integerOperand(a)
  const y = integerOperand(b)
  if (x === undefined || y === undefined) return setOperator(meter, a, b, '^')
  return buildInteger(meter, computedInteger(BigInt(x) ^ BigInt(y)))
}

/** `a | b`: ints, two bools, what is in either of two sets, or two dicts with b's values for common keys. */
export function bitOr(meter: Meter, a: Value, b: Value): Value {
  if (isInt32(a) && isInt32(b)) return a | b
  if (typeof a === 'boolean' && typeof b === 'boolean') return a || b
  const x = integerOperand(a)
  const y = integerOperand(b)
  if (x !== undefined && y !== undefined) {
    return buildInteger(meter, computedInteger(BigInt(x) | BigInt(y)))
  }
  return isDict(a) && isDict(b) ? mergeDicts(meter, a, b) : setOperator(meter, a, b, '|')
}

function mergeDicts(meter: Meter, a: AnyDict, b: AnyDict): Dict {
  const result = new Dict()
  updateDict(meter, result, a, undefined)
  updateDict(meter, result, b, undefined)
  return result
}

function isInt32(value: Value): value is number {
  return typeof value === 'number' && (value | 0) === value
}

/** The int that takes part in bit operations; undefined for floats and what is no number. */
function integerOperand(value: Value): number | bigint | undefined {
  const n = numeric(value)
  return n !== undefined && isWhole(n) ? n : undefined
}

function setOperator(meter: Meter, a: Value, b: Value, operator: SetOperator): Value {
  const result = combineSets(meter, a, b, operator)
  if (result === undefined) throw unsupported(operator, a, b)
  return result
}

/** `-a`. */
export function negate(meter: Meter, a: Value): Value {
  // Subtracting keeps 0 from becoming -0.
  if (typeof a === 'number') return 0 - a
  const n = numeric(a)
  if (n === undefined) throw badOperand('unary -', a)
  return typeof n === 'bigint' ? buildInteger(meter, -n) : 0 - n
}

/** `+a`: a number; a bool becomes an int. */
export function positive(a: Value): Value {
  const n = numeric(a)
  if (n === undefined) throw badOperand('unary +', a)
  return n
}

/** `~a`: -1 - a, for ints. */
export function invert(meter: Meter, a: Value): Value {
  const n = integerOperand(a)
  if (n === undefined) throw badOperand('unary ~', a)
  return subtract(meter, -1, n)
}

/** `a += b`: a list takes b's elements, whatever b is. */
export function addInPlace(meter: Meter, a: Value, b: Value): Value {
  if (!Array.isArray(a)) return add(meter, a, b)
  const items = toArray(meter, b)
  checkLength(a.length + items.length)
  meter.build(ITEM_BYTES * items.length)
  for (const item of items) a.push(item)
  return a
}

/** `a -= b`: a set loses b's elements. */
export function subtractInPlace(meter: Meter, a: Value, b: Value): Value {
  return combineSetsInPlace(meter, a, b, '-') ? a : subtract(meter, a, b)
}

/** `a *= b`: a list repeats itself. */
export function multiplyInPlace(meter: Meter, a: Value, b: Value): Value {
  if (!Array.isArray(a)) return multiply(meter, a, b)
  const { length } = a
  const times = repetitions(length, b)
  meter.build(ITEM_BYTES * length * times)
  if (times === 0) a.length = 0
  for (let index = length; index < length * times; index++) a.push(a[index - length]!)
  return a
}

/** `a &= b`: a set keeps what is in b too. */
export function bitAndInPlace(meter: Meter, a: Value, b: Value): Value {
  return combineSetsInPlace(meter, a, b, '&') ? a : bitAnd(meter, a, b)
}

/** `a ^= b`: a set keeps or takes what is in one of the two. */
export function bitXorInPlace(meter: Meter, a: Value, b: Value): Value {
  return combineSetsInPlace(meter, a, b, '^') ? a : bitXor(meter, a, b)
}

/** `a |= b`: a set takes b's elements, a dict its entries; b may also be a list of pairs then. */
export function bitOrInPlace(meter: Meter, a: Value, b: Value): Value {
  if (combineSetsInPlace(meter, a, b, '|')) return a
  if (!isDict(a)) return bitOr(meter, a, b)
  updateDict(meter, a, b, undefined)
  return a
}

/** CPython's TypeError for operands that an operator, or a function that stands for one, does not take. */
export function unsupported(
  operator: BinaryOperator | '** or pow()' | 'divmod()',
  a: Value,
  b: Value,
): Failure {
  return typeError(`unsupported operand type(s) for ${operator}: '${typeName(a)}' and '${typeName(b)}'`)
}

function badOperand(operator: string, a: Value): Failure {
  return typeError(`bad operand type for ${operator}: '${typeName(a)}'`)
}
