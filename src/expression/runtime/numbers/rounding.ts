import { valueError } from '../../failure.ts'
import { decompose, divideRounded } from './exact-float.ts'
import { computedInteger, integerBits, truncate } from './numbers.ts'

/**
 * `round(n)` of a float: the nearest integer, ties to even.
 *
 * @throws {Failure} VALUE_ERROR for NaN and infinities
 */
export function roundToInteger(n: number): number | bigint {
  const below = Math.floor(n)
  const rest = n - below
  // NaN and infinities have no rest: they go on to be refused.
  if (!(rest > 0)) return truncate(n)
  if (rest !== 0.5) return (rest < 0.5 ? below : below + 1) + 0
  return (below % 2 === 0 ? below : below + 1) + 0
}

/** More digits than that behind the point change nothing, fewer leave nothing. */
const MOST_DIGITS = 323
const FEWEST_DIGITS = -308

/**
 * `round(n, digits)` of a float: the float nearest to the exact value rounded to that many decimal digits, ties to
 * even. `round(2.675, 2)` is 2.67, because 2.675 is a little less than that.
 *
 * @param digits behind the point; negative: in front of it
 * @throws {Failure} VALUE_ERROR when the largest float is exceeded
 */
export function roundFloat(n: number, digits: number | bigint): number {
  if (digits > MOST_DIGITS || !Number.isFinite(n)) return n
  if (digits < FEWEST_DIGITS) return 0
  const places = Number(digits)
  // A tie ends one binary digit behind the last place. Where there is none, toFixed is exact.
  if (places >= 0 && places <= 22 && Math.abs(n) < 1e21 && !Number.isInteger(n * 2 ** (places + 1))) {
    return Number(n.toFixed(places)) + 0
  }
  const { mantissa, exponent } = decompose(n)
  const numerator = mantissa * 10n ** BigInt(Math.max(0, places)) * 2n ** BigInt(Math.max(0, exponent))
  const denominator = 10n ** BigInt(Math.max(0, -places)) * 2n ** BigInt(Math.max(0, -exponent))
  const rounded = Number(`${divideRounded(numerator, denominator)}e${-places}`)
  if (!Number.isFinite(rounded)) throw valueError('rounded value too large to represent')
  return rounded
}

/** `round(n, digits)` of an int: to tens, hundreds, ... for negative `digits`, ties to even. */
export function roundInteger(n: number | bigint, digits: number | bigint): number | bigint {
  if (digits >= 0) return n
  // 10**k has more than 3k bits: beyond that nothing is left, and the power need not be computed.
  if (integerBits(n) < -3 * Number(digits)) return 0
  const unit = 10n ** BigInt(-digits)
  return computedInteger(divideRounded(BigInt(n), unit) * unit)
}
