import type { Failure } from '../../failure.ts'
import { valueError } from '../../failure.ts'
import { MAX_INTEGER_BITS, type Maybe } from '../../value.ts'
import { repr } from '../format/repr.ts'
import { computedInteger, integerTooBig, normalizeInteger } from './numbers.ts'

/** The digit 0 of every script with decimal digits beyond ASCII; 1 to 9 follow it. Unicode 14, CPython 3.11's. */
const ZEROS = [
  0x660, 0x6f0, 0x7c0, 0x966, 0x9e6, 0xa66, 0xae6, 0xb66, 0xbe6, 0xc66, 0xce6, 0xd66, 0xde6, 0xe50, 0xed0,
  0xf20, 0x1040, 0x1090, 0x17e0, 0x1810, 0x1946, 0x19d0, 0x1a80, 0x1a90, 0x1b50, 0x1bb0, 0x1c40, 0x1c50,
  0xa620, 0xa8d0, 0xa900, 0xa9d0, 0xa9f0, 0xaa50, 0xabf0, 0xff10, 0x104a0, 0x10d30, 0x11066, 0x110f0, 0x11136,
  0x111d0, 0x112f0, 0x11450, 0x114d0, 0x11650, 0x116c0, 0x11730, 0x118e0, 0x11950, 0x11c50, 0x11d50, 0x11da0,
  0x16a60, 0x16ac0, 0x16b50, 0x1d7ce, 0x1d7d8, 0x1d7e2, 0x1d7ec, 0x1d7f6, 0x1e140, 0x1e2f0, 0x1e950, 0x1fbf0,
]

/** Blanks beyond ASCII. */
const BLANKS = new Set([
  0x85, 0xa0, 0x1680, 0x2000, 0x2001, 0x2002, 0x2003, 0x2004, 0x2005, 0x2006, 0x2007, 0x2008, 0x2009, 0x200a,
  0x2028, 0x2029, 0x202f, 0x205f, 0x3000,
])

/** Longer texts are rare: 64 bits in hexadecimal. */
const BARE_LENGTH = 18

/** Messages show this much of the text, as CPython's do. */
const SHOWN = 200

/**
 * Reads an integer as CPython's `int(text, base)` does.
 *
 * @param base 2 to 36, or 0: the prefix tells
 * @throws {Failure} VALUE_ERROR when the text is no integer of that base, or has more than `MAX_INTEGER_BITS` bits
 */
export function parseIntegerText(text: string, base: number): number | bigint {
  return parseBareInteger(text, base) ?? parseAnyInteger(text, base)
}

/**
 * The number that nothing but decimal digits of ASCII write; undefined for any other text.
 *
 * @param most so many digits at most, 15 or less
 */
export function parseDigits(text: string, most: number): Maybe<number> {
  return text.length > most ? undefined : (parseBareInteger(text, 10) as Maybe<number>)
}

/** Nothing but digits, or hexadecimal ones behind `0x`: most are written so. Undefined for all other texts, and for long ones. */
function parseBareInteger(text: string, base: number): number | bigint | undefined {
  const { length } = text
  if (length === 0 || length > BARE_LENGTH) return undefined
  const start = base === 16 && length > 2 && prefixBase(text) === 16 ? 2 : 0
  let value = 0
  for (let index = start; index < length; index++) {
    const digit = digitValue(text.charCodeAt(index))
    if (digit >= base) return undefined
    value = value * base + digit
  }
  // Every sum below 2**53 is exact.
  if (value <= Number.MAX_SAFE_INTEGER) return value
  return normalizeInteger(toBigInt(start === 0 ? text : text.slice(start), base))
}

function parseAnyInteger(text: string, base: number): number | bigint {
  const ascii = asciiNumber(text)
  const first = ascii.charCodeAt(0)
  const signed = first === MINUS || first === PLUS
  const body = signed ? ascii.slice(1) : ascii
  const prefixed = prefixBase(body)
  const radix = base !== 0 ? base : (prefixed ?? 10)
  // One underscore may follow a prefix.
  const start = prefixed === radix ? (body.charCodeAt(2) === UNDERSCORE ? 3 : 2) : 0
  const digits = bareDigits(body.slice(start), radix)
  if (digits === undefined || (base === 0 && prefixed === undefined && /^0+[1-9]/.test(digits))) {
    throw notAnInteger(text, base)
  }
  const value = readDigits(digits, radix)
  // Subtracting keeps 0 from becoming -0.
  if (first !== MINUS) return value
  return typeof value === 'number' ? 0 - value : -value
}

const ZERO = 0x30
const PLUS = 0x2b
const MINUS = 0x2d
const UNDERSCORE = 0x5f

function prefixBase(text: string): number | undefined {
  if (text.charCodeAt(0) !== ZERO) return undefined
  switch (text[1]) {
    case 'x':
    case 'X':
      return 16
    case 'o':
    case 'O':
      return 8
    case 'b':
    case 'B':
      return 2
    default:
      return undefined
  }
}

/** The digits without the underscores between them; undefined when anything is out of place. */
function bareDigits(text: string, radix: number): string | undefined {
  let underscores = false
  let afterDigit = false
  for (let index = 0; index < text.length; index++) {
    const code = text.charCodeAt(index)
    if (code === UNDERSCORE) {
      if (!afterDigit) return undefined
      underscores = true
      afterDigit = false
    } else {
      if (digitValue(code) >= radix) return undefined
      afterDigit = true
    }
  }
  if (!afterDigit) return undefined
  return underscores ? text.replaceAll('_', '') : text
}

function digitValue(code: number): number {
  if (code >= 0x30 && code <= 0x39) return code - 0x30
  const letter = code | 0x20
  return letter >= 0x61 && letter <= 0x7a ? letter - 0x61 + 10 : Number.POSITIVE_INFINITY
}

function readDigits(text: string, radix: number): number | bigint {
  const digits = text.replace(/^0+/, '')
  if (digits.length * Math.log2(radix) <= 53) return digits === '' ? 0 : Number.parseInt(digits, radix)
  if ((digits.length - 1) * Math.log2(radix) > MAX_INTEGER_BITS) {
    throw integerTooBig()
  }
  return computedInteger(toBigInt(digits, radix))
}

function toBigInt(digits: string, radix: number): bigint {
  if (radix === 10) return BigInt(digits)
  if (radix === 16) return BigInt(`0x${digits}`)
  if (radix === 8) return BigInt(`0o${digits}`)
  if (radix === 2) return BigInt(`0b${digits}`)
  // Halves: digit by digit would take time in the square of the length.
  if (digits.length <= 10) return BigInt(Number.parseInt(digits, radix))
  const half = digits.length >> 1
  const low = digits.slice(half)
  return toBigInt(digits.slice(0, half), radix) * BigInt(radix) ** BigInt(low.length) + toBigInt(low, radix)
}

/**
 * Reads a float as CPython's `float(text)` does: decimal, `inf`, `infinity` and `nan` in any case.
 *
 * @throws {Failure} VALUE_ERROR when the text is no float
 */
export function parseFloatText(text: string): number {
  let ascii = asciiNumber(text)
  if (ascii.includes('_')) {
    if (/(?:^|[^0-9])_|_(?:[^0-9]|$)/.test(ascii)) throw notAFloat(text)
    ascii = ascii.replaceAll('_', '')
  }
  // JavaScript's decimal literals are CPython's. JavaScript also takes the empty text, and other bases.
  const value = Number(ascii)
  if (Number.isNaN(value)) return parseSpecial(ascii, text)
  if (ascii === '' || prefixBase(ascii) !== undefined) throw notAFloat(text)
  return value + 0
}

function parseSpecial(ascii: string, text: string): number {
  const word = /^([+-]?)(?:(nan)|inf(?:inity)?)$/i.exec(ascii)
  if (word === null) throw notAFloat(text)
  if (word[2] !== undefined) return Number.NaN
  return word[1] === '-' ? Number.NEGATIVE_INFINITY : Number.POSITIVE_INFINITY
}

/** The text without blanks around it and with ASCII digits; what cannot be in a number becomes `?`. */
function asciiNumber(text: string): string {
  for (let index = 0; index < text.length; index++) {
    if (text.charCodeAt(index) > 0x7f) return toAscii(text).trim()
  }
  // In ASCII text JavaScript trims exactly the blanks that CPython skips.
  return text.trim()
}

function toAscii(text: string): string {
  let ascii = ''
  for (const character of text) {
    const code = character.codePointAt(0)!
    if (code <= 0x7f) ascii += character
    else if (BLANKS.has(code)) ascii += ' '
    else {
      const zero = ZEROS.findLast((start) => start <= code)
      if (zero === undefined || code > zero + 9) return '?'
      ascii += String(code - zero)
    }
  }
  return ascii
}

function notAnInteger(text: string, base: number): Failure {
  return valueError(`invalid literal for int() with base ${base}: ${shown(text)}`)
}

function notAFloat(text: string): Failure {
  return valueError(`could not convert string to float: ${shown(text)}`)
}

function shown(text: string): string {
  return repr(text.slice(0, SHOWN)).slice(0, SHOWN)
}
