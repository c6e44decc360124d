import { checkLength } from '../length.ts'
import type { Meter } from '../meter.ts'
import { repeatText } from '../text/layout.ts'
import { decompose } from './exact-float.ts'

/*
 * Decimal digits of floats as C's printf gives them: of the exact value, ties to even. JavaScript's toFixed and
 * toExponential round the exact value as well, but ties up, and end at 100 digits; so they do the work where they can,
 * and integers of any size where they cannot.
 */

/** The value is `0.<digits> * 10 ** point`. There may be fewer digits than asked for: the rest is zeros. */
interface Decimal {
  readonly digits: string
  readonly point: number
}

const ZERO: Decimal = { digits: '0', point: 1 }

/** The most digits that JavaScript's own conversions give. */
const MOST_NATIVE_DIGITS = 100
const NATIVE_FIXED_LIMIT = 1e21

/** The layout of a float: with an exponent, without, or whichever is shorter. */
export type FloatLayout = 'e' | 'f' | 'g'

interface FloatOptions {
  readonly layout: FloatLayout
  /** Digits behind the point, for `g` significant digits. */
  readonly precision: number
  /** Keep the point and, for `g`, zeros at the end (the flag `#`). */
  readonly alternate: boolean
  /** For `g` without an exponent: at least one digit behind the point. */
  readonly pointZero?: boolean
}

/** Units of work for digits that the engine writes, and for those that are worked out from the exact value. */
const FEW_DIGITS = 1000
const MANY_DIGITS = 8000
const ALL_DIGITS = 40_000

/**
 * The text of a float.
 *
 * @param size finite and not negative
 * @throws {Failure} VALUE_ERROR when it would be too long
 */
export function floatText(meter: Meter, size: number, options: FloatOptions): string {
  const { layout, precision, alternate } = options
  checkLength(precision)
  meter.touch(
    precision > MOST_NATIVE_DIGITS ? ALL_DIGITS : size >= NATIVE_FIXED_LIMIT ? MANY_DIGITS : FEW_DIGITS,
  )
  if (layout === 'f') return fixedText(size, precision) + (alternate && precision === 0 ? '.' : '')
  if (layout === 'e') return scientificText(significant(size, precision + 1), precision + 1, alternate)
  return generalText(size, Math.max(precision, 1), alternate, options.pointZero ?? false)
}

function fixedText(size: number, precision: number): string {
  if (precision <= MOST_NATIVE_DIGITS && size < NATIVE_FIXED_LIMIT && !isTie(size, precision)) {
    return size.toFixed(precision)
  }
  const exact = exactDecimal(size)
  const { digits, point } = roundDecimal(exact, exact.point + precision)
  const whole = point > 0 ? padded(digits.slice(0, point), point) : '0'
  if (precision === 0) return whole
  const fraction = point > 0 ? digits.slice(point) : repeatText('0', -point) + digits
  return `${whole}.${padded(fraction.slice(0, precision), precision)}`
}

/** Exactly half a unit of the last decimal is left over. */
function isTie(size: number, decimals: number): boolean {
  // It is iff size * 10**decimals is an odd number of halves; a factor of 5**decimals, being odd, changes nothing.
  return (size * 2 ** (decimals + 1)) % 2 === 1
}

/** `count` significant digits. */
function significant(size: number, count: number): Decimal {
  if (size === 0) return ZERO
  if (count <= MOST_NATIVE_DIGITS) {
    const text = size.toExponential(count - 1)
    const mark = text.indexOf('e')
    const exponent = Number(text.slice(mark + 1))
    const decimals = count - 1 - exponent
    if (decimals >= 0 && !isTie(size, decimals)) {
      return { digits: text[0]! + text.slice(2, mark), point: exponent + 1 }
    }
  }
  return roundDecimal(exactDecimal(size), count)
}

/** All digits of a float; there are at most 767 significant ones. */
function exactDecimal(size: number): Decimal {
  const { mantissa, exponent } = decompose(size)
  if (exponent >= 0) {
    const digits = (mantissa << BigInt(exponent)).toString()
    return { digits, point: digits.length }
  }
  // m / 2**k is m * 5**k / 10**k.
  const digits = (mantissa * 5n ** BigInt(-exponent)).toString()
  return { digits, point: digits.length + exponent }
}

/** The first `count` digits, rounded by what follows. */
function roundDecimal(exact: Decimal, count: number): Decimal {
  const { digits, point } = exact
  if (count >= digits.length) return exact
  if (count < 0) return { digits: '0', point: point - count }
  const kept = digits.slice(0, count)
  if (!roundsUp(digits, count))
    return kept === '' ? { digits: '0', point: point + 1 } : { digits: kept, point }
  const increased = (BigInt(`0${kept}`) + 1n).toString().padStart(count, '0')
  if (increased.length === count) return { digits: increased, point }
  // A carry out of the first digit: 99.5 became 100, whose last zero is one digit too many.
  return { digits: increased.slice(0, Math.max(count, 1)), point: point + 1 }
}

function roundsUp(digits: string, count: number): boolean {
  const next = digits.charCodeAt(count) - 48
  if (next !== 5) return next > 5
  if (/[1-9]/.test(digits.slice(count + 1))) return true
  return count > 0 && digits.charCodeAt(count - 1) % 2 === 1
}

function scientificText({ digits, point }: Decimal, count: number, alternate: boolean): string {
  const mantissa = padded(digits, count)
  const fraction = mantissa.length > 1 ? `.${mantissa.slice(1)}` : alternate ? '.' : ''
  const exponent = point - 1
  const size = Math.abs(exponent)
  return `${mantissa[0]}${fraction}e${exponent < 0 ? '-' : '+'}${size < 10 ? '0' : ''}${size}`
}

function generalText(size: number, precision: number, alternate: boolean, pointZero: boolean): string {
  const rounded = significant(size, precision)
  const { point } = rounded
  const kept = alternate ? padded(rounded.digits, precision) : rounded.digits.replace(/0+$/, '')
  const digits = kept === '' ? '0' : kept
  if (point <= -4 || point > (pointZero ? precision - 1 : precision)) {
    return scientificText({ digits, point }, digits.length, alternate)
  }
  if (point <= 0) return `0.${'0'.repeat(-point)}${digits}`
  if (digits.length > point) return `${digits.slice(0, point)}.${digits.slice(point)}`
  return padded(digits, point) + (pointZero ? '.0' : alternate ? '.' : '')
}

function padded(digits: string, length: number): string {
  return digits + repeatText('0', length - digits.length)
}
