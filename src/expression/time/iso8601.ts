import { daysInMonth, MIN_YEAR } from './calendar.ts'
import type { Moment } from './moment.ts'

/**
 * Reads RFC 3339, and what is often written in its place:
 *
 *   2024-03-17T22:15:30.123456Z
 *             ^     ^  ^      ^
 *             |     |  |      Z z +03:00 +0300 +03 (also +02:30:17, which printMoment writes), or nothing
 *             |     |  . or , and at least one digit, or nothing
 *             |     the seconds may be left out
 *             T, t or one space; or the text ends here: midnight
 *
 * Not: week and ordinal dates, `20240317`, 24:00, second 60, year 0, any blank around it.
 */
export function parseIso8601(text: string, moment: Moment): boolean {
  const century = twoDigits(text, 0)
  const yearOfCentury = twoDigits(text, 2)
  const month = twoDigits(text, 5)
  const day = twoDigits(text, 8)
  if ((century | yearOfCentury | month | day) < 0) return false
  if (text.charCodeAt(4) !== DASH || text.charCodeAt(7) !== DASH) return false
  const year = century * 100 + yearOfCentury
  if (year < MIN_YEAR || month < 1 || month > 12 || day < 1 || day > daysInMonth(year, month)) return false
  moment.year = year
  moment.month = month
  moment.day = day
  moment.hour = 0
  moment.minute = 0
  moment.second = 0
  moment.nanosecond = 0
  moment.fractionStart = 0
  moment.fractionEnd = 0
  moment.hasYear = true
  moment.hasZone = false
  return text.length === 10 || readTime(text, moment)
}

const DASH = 45
const PLUS = 43
const COLON = 58
const POINT = 46
const COMMA = 44

/** From the tenth character on: the time of the day, and the zone. */
function readTime(text: string, moment: Moment): boolean {
  const separator = text.charCodeAt(10)
  if (separator !== 84 /* T */ && separator !== 32 && separator !== 116 /* t */) return false
  const hour = twoDigits(text, 11)
  const minute = twoDigits(text, 14)
  if ((hour | minute) < 0 || hour > 23 || minute > 59 || text.charCodeAt(13) !== COLON) return false
  moment.hour = hour
  moment.minute = minute
  let at = 16
  if (text.charCodeAt(at) === COLON) {
    const second = twoDigits(text, 17)
    if (second < 0 || second > 59) return false
    moment.second = second
    at = 19
    const mark = text.charCodeAt(at)
    if (mark === POINT || mark === COMMA) {
      at = readFraction(text, at + 1, moment)
      if (at < 0) return false
    }
  }
  if (at === text.length) return true
  const offset = parseOffset(text, at)
  if (offset === undefined) return false
  moment.hasZone = true
  moment.offset = offset
  return true
}

/** @returns where the digits end, -1 if there are none */
function readFraction(text: string, start: number, moment: Moment): number {
  let at = start
  let nanosecond = 0
  let scale = 1_000_000_000
  for (;;) {
    const digit = text.charCodeAt(at) - 48
    if (!(digit >= 0 && digit <= 9)) break
    if (scale > 1) {
      scale /= 10
      nanosecond += digit * scale
    }
    at++
  }
  if (at === start) return -1
  moment.nanosecond = nanosecond
  moment.fractionStart = start
  moment.fractionEnd = at
  return at
}

/**
 * An offset from UTC that fills the rest of the text: `Z z +03 +0300 +03:00 +02:30:17 +02:30:17.5`.
 *
 * @returns microseconds, undefined if the rest is something else
 */
export function parseOffset(text: string, start: number): number | undefined {
  const sign = text.charCodeAt(start)
  const { length } = text
  if (sign === 90 /* Z */ || sign === 122 /* z */) return length === start + 1 ? 0 : undefined
  if (sign !== PLUS && sign !== DASH) return undefined
  const hours = twoDigits(text, start + 1)
  if (hours < 0 || hours > 23) return undefined
  let minutes = 0
  let rest = 0
  if (length !== start + 3) {
    const colon = text.charCodeAt(start + 3) === COLON
    const at = colon ? start + 4 : start + 3
    minutes = twoDigits(text, at)
    if (minutes < 0 || minutes > 59) return undefined
    if (length !== at + 2) {
      if (!colon || text.charCodeAt(at + 2) !== COLON) return undefined
      rest = parseSeconds(text, at + 3)
      if (rest < 0) return undefined
    }
  }
  const size = (hours * 60 + minutes) * 60_000_000 + rest
  return sign === PLUS || size === 0 ? size : -size
}

/** The seconds of an offset and up to six digits of a fraction, as microseconds; -1 if the text is something else. */
function parseSeconds(text: string, start: number): number {
  const seconds = twoDigits(text, start)
  if (seconds < 0 || seconds > 59) return -1
  const digits = text.length - start - 3
  if (digits === -1) return seconds * 1_000_000
  if (digits < 1 || digits > 6 || text.charCodeAt(start + 2) !== POINT) return -1
  let micros = 0
  for (let index = 0; index < 6; index++) {
    const digit = index < digits ? text.charCodeAt(start + 3 + index) - 48 : 0
    if (!(digit >= 0 && digit <= 9)) return -1
    micros = micros * 10 + digit
  }
  return seconds * 1_000_000 + micros
}

/** Two ASCII digits as a number, -1 if there is anything else (also the end of the text). */
export function twoDigits(text: string, at: number): number {
  const tens = text.charCodeAt(at) - 48
  const ones = text.charCodeAt(at + 1) - 48
  return tens >= 0 && tens <= 9 && ones >= 0 && ones <= 9 ? tens * 10 + ones : -1
}
