/**
 * Floats that are rounded once, from the exact result, with integers of any size behind them. V8's `**`, like any
 * chain of float operations, rounds several times and is wrong in the last digit at times.
 */

/** Number of bits of |n|; 0 for 0. */
export function bitLength(n: bigint): number {
  if (n === 0n) return 0
  const hex = (n < 0n ? -n : n).toString(16)
  return hex.length * 4 - HEX_LEADING_ZEROS[Number.parseInt(hex[0]!, 16)]!
}

/** Leading zero bits of a hexadecimal digit. */
const HEX_LEADING_ZEROS = [4, 3, 2, 2, 1, 1, 1, 1, 0, 0, 0, 0, 0, 0, 0, 0]

/**
 * A finite float taken apart: `n` is exactly `mantissa * 2 ** exponent`. The mantissa carries the sign and is odd,
 * unless n is 0.
 */
export function decompose(n: number): { mantissa: bigint; exponent: number } {
  if (n === 0) return { mantissa: 0n, exponent: 0 }
  let mantissa = n
  let exponent = 0
  // Scaling up by a power of two is exact. First to an integer ...
  while (!Number.isInteger(mantissa)) {
    mantissa *= 2 ** 53
    exponent -= 53
  }
  let integer = BigInt(mantissa)
  // ... then down to the lowest bit that is set.
  const zeros = bitLength(integer & -integer) - 1
  integer >>= BigInt(zeros)
  return { mantissa: integer, exponent: exponent + zeros }
}

/**
 * The float nearest to `mantissa * 2 ** exponent`, ties to even, subnormal numbers included.
 *
 * @param mantissa not negative
 * @returns Infinity where the largest float is exceeded
 */
export function scaleToFloat(mantissa: bigint, exponent: number): number {
  if (mantissa === 0n) return 0
  const bits = bitLength(mantissa)
  const top = bits + exponent
  if (top > 1024) return Number.POSITIVE_INFINITY
  // A subnormal float has fewer bits: none has one below 2**-1074.
  const precision = Math.min(53, top + 1074)
  if (precision < 0) return 0
  const excess = bits - precision
  if (excess <= 0) return Number(mantissa) * 2 ** exponent
  return Number(shiftRightRounded(mantissa, excess)) * 2 ** (exponent + excess)
}

/** `n / 2 ** count` to the nearest integer, ties to even; `n` not negative, `count` > 0. */
function shiftRightRounded(n: bigint, count: number): bigint {
  const shift = BigInt(count)
  const kept = n >> shift
  const rest = n - (kept << shift)
  const half = 1n << (shift - 1n)
  if (rest < half) return kept
  return rest > half || (kept & 1n) === 1n ? kept + 1n : kept
}

/** `a / b` to the nearest integer, ties to even; `b` > 0. */
export function divideRounded(a: bigint, b: bigint): bigint {
  let quotient = a / b
  let rest = a % b
  if (rest < 0n) {
    quotient -= 1n
    rest += b
  }
  const twice = rest * 2n
  if (twice < b) return quotient
  return twice > b || (quotient & 1n) === 1n ? quotient + 1n : quotient
}

/** The float nearest to `a / b`; ±Infinity where the largest float is exceeded. `b` is not 0. */
export function divideToFloat(a: bigint, b: bigint): number {
  const negative = a < 0n !== b < 0n
  const numerator = a < 0n ? -a : a
  const denominator = b < 0n ? -b : b
  // A quotient of 66 bits or more leaves room below a float's 53 for a bit that says "and then some".
  const shift = 66 - (bitLength(numerator) - bitLength(denominator))
  if (shift > 2000) return 0
  const scaled = shift >= 0 ? numerator << BigInt(shift) : numerator
  const divisor = shift >= 0 ? denominator : denominator << BigInt(-shift)
  let quotient = scaled / divisor
  if (quotient * divisor !== scaled) quotient |= 1n
  const result = scaleToFloat(quotient, -shift)
  // Subtracting keeps 0 from becoming -0.
  return negative ? 0 - result : result
}

/** Bits after the point of the fixed-point numbers below. */
const FRACTION_BITS = 256
const FRACTION = BigInt(FRACTION_BITS)
const ONE = 1n << FRACTION
/** The natural logarithm of 2, in fixed point. */
const LN2 = 0xb17217f7d1cf79abc9e3b39803f2f6af40f343267298b62d8a0d175b8baafa2cn

/**
 * `x ** y`, correctly rounded.
 *
 * The logarithm and the exponential are computed to more than 170 bits, so far beyond a float's 53 that only a
 * result that lies exactly between two floats could be rounded to the wrong side; such a result has few bits and
 * survives the rounding to 128 that comes first.
 *
 * @param x finite, > 0
 * @param y finite
 * @returns Infinity where the largest float is exceeded, 0 where the result is too small
 */
export function powerToFloat(x: number, y: number): number {
  if (x === 1) return 1
  if (y === 2) return x * x
  if (y === 0.5) return Math.sqrt(x)
  if (y === -1) return 1 / x
  const estimate = y * Math.log(x)
  if (estimate > 710) return Number.POSITIVE_INFINITY
  if (estimate < -746) return 0
  const exponent = decompose(y)
  const logarithm = shift(naturalLogarithm(x) * exponent.mantissa, exponent.exponent)
  let twos = logarithm / LN2
  if (twos * LN2 > logarithm) twos -= 1n
  const power = exponential(logarithm - twos * LN2)
  return scaleToFloat(shiftRightRounded(power, FRACTION_BITS - 128), Number(twos) - 128)
}

function shift(n: bigint, count: number): bigint {
  return count >= 0 ? n << BigInt(count) : n >> BigInt(-count)
}

/** e ** n in fixed point, for |n| <= 1. */
function exponential(n: bigint): bigint {
  // e**n is (e**(n / 2**16)) ** (2**16), and the series of so small a number is short.
  const small = n >> 16n
  let term = ONE
  let sum = ONE
  for (let order = 1n; term !== 0n && term !== -1n; order++) {
    term = ((term * small) / order) >> FRACTION
    sum += term
  }
  for (let squaring = 0; squaring < 16; squaring++) sum = (sum * sum) >> FRACTION
  return sum
}

/** The natural logarithm of a finite x > 0, in fixed point. */
function naturalLogarithm(x: number): bigint {
  const { mantissa, exponent } = decompose(x)
  const bits = bitLength(mantissa)
  const reduced = mantissa << BigInt(FRACTION_BITS - bits)
  // `reduced` is in [1/2, 1). V8's logarithm has 50 good bits; what is missing is
  // ln(reduced / e**guess) = 2 * (z + z**3 / 3 + ...) with a z so small that two terms are plenty.
  const guess =
    BigInt(Math.round(Math.log(Number(mantissa) / 2 ** bits) * 2 ** 52)) << BigInt(FRACTION_BITS - 52)
  const near = exponential(guess)
  const z = ((reduced - near) << FRACTION) / (reduced + near)
  const cube = (((z * z) >> FRACTION) * z) >> FRACTION
  return guess + 2n * z + (2n * cube) / 3n + LN2 * BigInt(bits + exponent)
}
