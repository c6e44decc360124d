import { divisionByZero, valueError } from '../../failure.ts'
import { MAX_INTEGER, MAX_INTEGER_BITS } from '../../value.ts'
import type { Meter } from '../meter.ts'
import { toFloat } from './conversions.ts'
import { bitLength, powerToFloat } from './exact-float.ts'
import {
  computedInteger,
  integerBits,
  integerTooBig,
  isWhole,
  normalizeInteger,
  touchInteger,
} from './numbers.ts'

/**
 * `base ** exponent`: exact for ints with an exponent >= 0, else the nearest float.
 *
 * @throws {Failure} VALUE_ERROR when the result is complex or too big; DIVISION_BY_ZERO for 0 to a negative power
 */
export function raise(base: number | bigint, exponent: number | bigint): number | bigint {
  if (isWhole(base) && isWhole(exponent) && exponent >= 0) return raiseInteger(base, exponent)
  return raiseFloat(toFloat(base), toFloat(exponent))
}

function raiseInteger(base: number | bigint, exponent: number | bigint): number | bigint {
  if (exponent === 0 || base === 1) return 1
  if (base === 0) return 0
  if (base === -1) return BigInt(exponent) % 2n === 0n ? 1 : -1
  // Any other base to the 54th is beyond what a number holds exactly.
  if (typeof base === 'number' && exponent < 54) {
    let result = 1
    for (let factor = 0; factor < exponent; factor++) result *= base
    if (result < MAX_INTEGER && result > -MAX_INTEGER) return result
  }
  if (BigInt(integerBits(base) - 1) * BigInt(exponent) > MAX_INTEGER_BITS) throw integerTooBig()
  return computedInteger(BigInt(base) ** BigInt(exponent))
}

/** CPython's float_pow: C's special cases, and what Python makes an error. */
function raiseFloat(base: number, exponent: number): number {
  if (exponent === 0 || base === 1) return 1
  if (Number.isNaN(base) || Number.isNaN(exponent)) return Number.NaN
  const size = Math.abs(base)
  if (!Number.isFinite(exponent)) {
    if (size === 1) return 1
    return size > 1 === exponent > 0 ? Number.POSITIVE_INFINITY : 0
  }
  if (base === 0) {
    if (exponent < 0) throw divisionByZero('0.0 cannot be raised to a negative power')
    return 0
  }
  const odd = Math.abs(exponent % 2) === 1
  if (!Number.isFinite(base)) {
    if (exponent < 0) return 0
    return base < 0 && odd ? Number.NEGATIVE_INFINITY : Number.POSITIVE_INFINITY
  }
  if (base < 0 && !Number.isInteger(exponent)) {
    throw valueError('a negative number cannot be raised to a fractional power: the result is complex')
  }
  const result = powerToFloat(size, exponent)
  if (result === Number.POSITIVE_INFINITY) throw valueError('Numerical result out of range')
  return base < 0 && odd ? 0 - result : result
}

/** The exponent's bits times the modulus' bits may be this many in `pow(a, b, c)`: 4096 by 4096 take about 0.1 s. */
const MODULAR_WORK = 1 << 24

/**
 * `pow(base, exponent, modulus)` of ints; with a negative exponent of the inverse. The result has the modulus' sign.
 *
 * @throws {Failure} VALUE_ERROR when the modulus is 0, there is no inverse, or the numbers are too big to be sane
 */
export function raiseModulo(meter: Meter, base: bigint, exponent: bigint, modulus: bigint): number | bigint {
  if (modulus === 0n) throw valueError('pow() 3rd argument cannot be 0')
  const work = bitLength(exponent) * bitLength(modulus)
  if (work > MODULAR_WORK) {
    throw valueError('result too big: pow() of an exponent and a modulus of so many bits')
  }
  touchInteger(meter, base)
  touchInteger(meter, modulus)
  meter.touch(work * 8)
  const size = modulus < 0n ? -modulus : modulus
  let square = remainder(exponent < 0n ? inverse(remainder(base, size), size) : base, size)
  let result = 1n % size
  for (let rest = exponent < 0n ? -exponent : exponent; rest > 0n; rest >>= 1n) {
    if ((rest & 1n) === 1n) result = (result * square) % size
    square = (square * square) % size
  }
  return normalizeInteger(modulus < 0n && result !== 0n ? result + modulus : result)
}

/** `a` modulo a positive `b`, not negative. */
function remainder(a: bigint, b: bigint): bigint {
  const rest = a % b
  return rest < 0n ? rest + b : rest
}

/** Euclid's algorithm, extended: x with `a * x % modulus === 1`. */
function inverse(a: bigint, modulus: bigint): bigint {
  let [previous, current] = [a, modulus]
  let [previousFactor, factor] = [1n, 0n]
  while (current !== 0n) {
    const quotient = previous / current
    ;[previous, current] = [current, previous - quotient * current]
    ;[previousFactor, factor] = [factor, previousFactor - quotient * factor]
  }
  if (previous !== 1n) throw valueError('base is not invertible for the given modulus')
  return previousFactor
}
