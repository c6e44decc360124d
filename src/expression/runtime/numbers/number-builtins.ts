import { divisionByZero, typeError, valueError } from '../../failure.ts'
import type { Maybe, Value } from '../../value.ts'
import { Tuple } from '../../value.ts'
import { greater, less, truth } from '../compare.ts'
import { iterate } from '../containers/containers.ts'
import { checkLength, ITEM_BYTES, LIST_BYTES } from '../length.ts'
import type { Meter } from '../meter.ts'
import type { CallableTable, KeyFunction } from '../method.ts'
import { callable } from '../method.ts'
import { add, floorDivide, modulo, power, unsupported } from '../operators.ts'
import { textLength } from '../text/text.ts'
import { toFloat, toInteger } from './conversions.ts'
import { buildInteger, isInteger, isWhole, numeric, toIndex, touchInteger, typeName } from './numbers.ts'
import { raiseModulo } from './power.ts'
import { roundFloat, roundInteger, roundToInteger } from './rounding.ts'

// Each by itself, so that a bundler takes those that rules call.

export const py_abs = /* @__PURE__ */ callable('x, /', absolute, { returns: 'number' })
export const py_bin = /* @__PURE__ */ callable(
  'number, /',
  (meter: Meter, n: Value) => prefixed(meter, n, 2, '0b'),
  { returns: 'text' },
)
export const py_bool = /* @__PURE__ */ callable(
  'x=, /',
  (meter: Meter, value: Maybe) => value !== undefined && truth(meter, value),
  {
    returns: 'boolean',
  },
)
export const py_chr = /* @__PURE__ */ callable('i, /', character, { returns: 'text' })
export const py_divmod = /* @__PURE__ */ callable('x, y, /', divideWithRest, { returns: 'list' })
export const py_float = /* @__PURE__ */ callable(
  'x=, /',
  (meter: Meter, value: Maybe) => {
    if (value === undefined) return 0
    if (typeof value === 'string') meter.touch(value.length * DIGIT)
    else if (typeof value === 'bigint') touchInteger(meter, value)
    return toFloat(value)
  },
  { returns: 'number' },
)
export const py_hex = /* @__PURE__ */ callable(
  'number, /',
  (meter: Meter, n: Value) => prefixed(meter, n, 16, '0x'),
  { returns: 'text' },
)
export const py_int = /* @__PURE__ */ callable('x=, /, base=', integer, { returns: 'number' })
export const py_max = /* @__PURE__ */ callable(
  '*values, key=, default=',
  (meter: Meter, key: MaybeKey, otherwise: Maybe, ...values: Value[]) =>
    extreme(meter, 'max', greater, values, key, otherwise),
)
export const py_min = /* @__PURE__ */ callable(
  '*values, key=, default=',
  (meter: Meter, key: MaybeKey, otherwise: Maybe, ...values: Value[]) =>
    extreme(meter, 'min', less, values, key, otherwise),
)
export const py_oct = /* @__PURE__ */ callable(
  'number, /',
  (meter: Meter, n: Value) => prefixed(meter, n, 8, '0o'),
  { returns: 'text' },
)
export const py_ord = /* @__PURE__ */ callable('c, /', codePoint, { returns: 'number' })
export const py_pow = /* @__PURE__ */ callable('base, exp, mod=', powerOf, { returns: 'number' })
export const py_round = /* @__PURE__ */ callable('number, ndigits=', round, { returns: 'number' })
export const py_sum = /* @__PURE__ */ callable('iterable, /, start=', sum, { returns: 'any' })

/** The built-in functions of numbers, and those that pick or add. */
export const NUMBER_BUILTINS: CallableTable = {
  abs: py_abs,
  bin: py_bin,
  bool: py_bool,
  chr: py_chr,
  divmod: py_divmod,
  float: py_float,
  hex: py_hex,
  int: py_int,
  max: py_max,
  min: py_min,
  oct: py_oct,
  ord: py_ord,
  pow: py_pow,
  round: py_round,
  sum: py_sum,
}

type MaybeKey = KeyFunction | null | undefined

/** Units of work for a character of a number's text. */
const DIGIT = 30

/** The text of a long integer takes more than its length to read. */
function touchDigits(meter: Meter, { length }: string): void {
  meter.touch(length < 100 ? length : length * (DIGIT + Math.ceil(Math.sqrt(length))))
}

/** `int()`, `int(x)`, `int(text, base)`. */
function integer(meter: Meter, value: Maybe, base: Maybe): Value {
  if (typeof value === 'string') touchDigits(meter, value)
  if (value !== undefined) return toInteger(value, base)
  if (base !== undefined) throw typeError('int() missing string argument')
  return 0
}

function absolute(meter: Meter, value: Value): Value {
  const n = numeric(value)
  if (n === undefined) throw typeError(`bad operand type for abs(): '${typeName(value)}'`)
  if (typeof n === 'number') return Math.abs(n)
  return buildInteger(meter, n < 0n ? -n : n)
}

/** Units of work to round to a number of digits. */
const ROUNDING = 2000

/** `round(number)` is an int; `round(number, digits)` is correctly rounded, ties to even. */
function round(meter: Meter, value: Value, digits: Maybe): Value {
  const n = numeric(value)
  if (n === undefined) throw typeError(`type ${typeName(value)} doesn't define __round__ method`)
  if (digits === undefined || digits === null) return typeof n === 'number' ? roundToInteger(n) : n
  const places = toIndex(digits)
  touchInteger(meter, n)
  meter.touch(ROUNDING)
  return isWhole(n) ? roundInteger(n, places) : roundFloat(n as number, places)
}

function divideWithRest(meter: Meter, a: Value, b: Value): Value {
  const x = numeric(a)
  const y = numeric(b)
  if (x === undefined || y === undefined) throw unsupported('divmod()', a, b)
  if (y === 0) throw divisionByZero(isWhole(x) ? 'integer division or modulo by zero' : 'float divmod()')
  return new Tuple([floorDivide(meter, x, y), modulo(meter, x, y)])
}

/** `pow(base, exp)` is `base ** exp`; `pow(base, exp, mod)` is for ints. */
function powerOf(meter: Meter, base: Value, exponent: Value, modulus: Maybe): Value {
  if (modulus === undefined || modulus === null) return power(meter, base, exponent)
  const operands = [base, exponent, modulus].map(numeric)
  if (operands.includes(undefined)) {
    const types = [base, exponent, modulus].map((operand) => `'${typeName(operand)}'`)
    throw typeError(`unsupported operand type(s) for ** or pow(): ${types.join(', ')}`)
  }
  if (!isInteger(base) || !isInteger(exponent) || !isInteger(modulus)) {
    throw typeError('pow() 3rd argument not allowed unless all arguments are integers')
  }
  return raiseModulo(meter, BigInt(base), BigInt(exponent), BigInt(modulus))
}

/** Units of work for an element that is taken. */
const ELEMENT = 30

/** From left to right. Lists and tuples are gathered in one pass, not copied for every addition. */
function sum(meter: Meter, values: Value, start: Maybe): Value {
  if (typeof start === 'string') throw typeError("sum() can't sum strings [use ''.join(seq) instead]")
  if (Array.isArray(start) || start instanceof Tuple) return joined(meter, values, start)
  let total: Value = start === undefined ? 0 : start
  for (const value of iterate(values, meter)) {
    meter.touch(ELEMENT)
    total = add(meter, total, value)
  }
  return total
}

function joined(meter: Meter, values: Value, start: Value[] | Tuple): Value {
  const isTuple = start instanceof Tuple
  const items = isTuple ? start.items.slice() : start.slice()
  meter.build(LIST_BYTES + ITEM_BYTES * items.length)
  for (const value of iterate(values, meter)) {
    const more = isTuple
      ? value instanceof Tuple
        ? value.items
        : undefined
      : Array.isArray(value)
        ? value
        : undefined
    if (more === undefined) {
      const type = typeName(start)
      throw typeError(`can only concatenate ${type} (not "${typeName(value)}") to ${type}`)
    }
    checkLength(items.length + more.length)
    meter.touch(ELEMENT)
    meter.build(ITEM_BYTES * more.length)
    for (const item of more) items.push(item)
  }
  return isTuple ? new Tuple(items) : items
}

/**
 * `min` and `max`: of one iterable, or of several arguments. The first of equals wins.
 *
 * @param beats whether a candidate is better than the best so far
 * @param otherwise the result for an empty iterable
 * @returns undefined when the key of an element is absent
 */
function extreme(
  meter: Meter,
  name: string,
  beats: (meter: Meter, candidate: Value, best: Value) => boolean,
  values: readonly Value[],
  key: MaybeKey,
  otherwise: Maybe,
): Maybe {
  if (values.length === 0) throw typeError(`${name} expected at least 1 argument, got 0`)
  if (values.length > 1 && otherwise !== undefined) {
    throw typeError(`Cannot specify a default for ${name}() with multiple positional arguments`)
  }
  const rank = key ?? undefined
  let best: Maybe
  let bestRank: Maybe
  for (const value of values.length === 1 ? iterate(values[0]!, meter) : values) {
    if (rank !== undefined) meter.read(value)
    meter.touch(ELEMENT)
    const valueRank: Maybe = rank === undefined ? value : rank(value)
    if (valueRank === undefined) return undefined
    if (bestRank === undefined || beats(meter, valueRank, bestRank)) {
      best = value
      bestRank = valueRank
    }
  }
  if (best !== undefined) return best
  if (otherwise !== undefined) return otherwise
  throw valueError(`${name}() arg is an empty sequence`)
}

/** `chr(i)`: the text of one code point. */
function character(_meter: Meter, value: Value): string {
  const index = toIndex(value)
  if (index < 0 || index > 0x10ffff) throw valueError('chr() arg not in range(0x110000)')
  return String.fromCodePoint(Number(index))
}

/** `ord(c)`: the code point of a text of one. */
function codePoint(meter: Meter, value: Value): number {
  if (typeof value !== 'string') {
    throw typeError(`ord() expected string of length 1, but ${typeName(value)} found`)
  }
  const code = value.codePointAt(0)
  if (code !== undefined && value.length === (code > 0xffff ? 2 : 1)) return code
  meter.touch(value.length)
  throw typeError(`ord() expected a character, but string of length ${textLength(value)} found`)
}

/** `hex`, `oct`, `bin`: the sign, the prefix, the digits. */
function prefixed(meter: Meter, value: Value, radix: number, prefix: string): string {
  const n = toIndex(value)
  const digits = n.toString(radix)
  meter.build(digits.length)
  return n < 0 ? `-${prefix}${digits.slice(1)}` : prefix + digits
}
