import type { Failure } from '../../failure.ts'
import { valueError } from '../../failure.ts'
import { MAX_INTEGER_BITS } from '../../value.ts'

/*
 * An event may hold an integer of any length, and to make a bigint of its digits takes time that a hostile event could
 * use: six seconds for 16 MB of them. An integer with more bits than rules may compute, a huge one, is therefore kept as
 * the bigint whose *hexadecimal* digits are its decimal ones, which takes hundredths of a second both ways:
 *
 *     1234 ... 789   (beyond 2**1048576)   is   0x1234 ... 789n
 *
 * No integer that is computed is so large, so the two kinds cannot be mistaken for each other. Truth, type, equality, order
 * and key are those of the integer itself: the same digits are the same bigint, more or larger ones make a larger one, and
 * all of them are larger than any that is computed. Its text is exact. It takes no part in arithmetic: `numeric` refuses it.
 */

const LIMIT = 1n << BigInt(MAX_INTEGER_BITS)
/** Kept: to negate the other one takes a copy of its 128 KiB. */
const LEAST = -LIMIT

/** So many digits fit in any case. */
const SAFE_DIGITS = Math.floor(MAX_INTEGER_BITS / Math.log2(10))

/** @param digits decimal digits, perhaps behind a minus sign, without leading zeros */
export function integerFromDigits(digits: string): bigint {
  const isNegative = digits.startsWith('-')
  const length = isNegative ? digits.length - 1 : digits.length
  if (length <= SAFE_DIGITS + 1) {
    const exact = BigInt(digits)
    if (!isHuge(exact)) return exact
  }
  const coded = BigInt(`0x${isNegative ? digits.slice(1) : digits}`)
  return isNegative ? -coded : coded
}

/** An integer from elsewhere, which may have any number of bits. */
export function integerFromOutside(n: bigint): bigint {
  return isHuge(n) ? integerFromDigits(n.toString()) : n
}

/** The integer is one that rules cannot compute with. */
export function isHuge(n: bigint): boolean {
  return n >= LIMIT || n <= LEAST
}

/** The decimal digits of any integer. */
export function integerText(n: bigint): string {
  return n.toString(isHuge(n) ? 16 : 10)
}

export function integerIsHuge(): Failure {
  return valueError(`value too big: an integer of more than ${MAX_INTEGER_BITS} bits`)
}
