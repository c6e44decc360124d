import { fromDayNumber } from './calendar.ts'
import { localSeconds } from './event-zone.ts'
import { Moment } from './moment.ts'

const MICRO = 1_000_000

/**
 * Seconds from 1970-01-01T00:00:00Z to `moment`, a time without zone read as UTC: the float nearest to what the text
 * says, every digit of its fraction counted.
 *
 * @param text what `moment` was read from
 */
export function toEpoch(moment: Moment, text: string): number {
  const { fractionStart, fractionEnd, offset } = moment
  const seconds = localSeconds(moment)
  if (fractionEnd - fractionStart <= 6) {
    const microseconds = seconds * MICRO + moment.nanosecond / 1000 - offset
    // Both are exact, so that the quotient is the nearest float.
    if (Number.isSafeInteger(microseconds)) return microseconds / MICRO
  }
  let digits = text.slice(fractionStart, fractionEnd)
  const offsetSeconds = Math.floor(offset / MICRO)
  let whole = seconds - offsetSeconds
  if (offset % MICRO !== 0) {
    let leading = Number(digits.slice(0, 6).padEnd(6, '0')) - (offset - offsetSeconds * MICRO)
    if (leading < 0) {
      leading += MICRO
      whole--
    }
    digits = String(leading).padStart(6, '0') + digits.slice(6)
  }
  return whole >= 0 ? Number(`${whole}.${digits}`) : negative(whole, digits)
}

/** `whole` plus the fraction, where `whole` is below zero: -2 and .75 are -1.25. */
function negative(whole: number, digits: string): number {
  let end = digits.length
  while (end > 0 && digits[end - 1] === '0') end--
  if (end === 0) return whole
  let complement = ''
  for (let index = 0; index < end - 1; index++) complement += 9 - Number(digits[index])
  complement += 10 - Number(digits[end - 1])
  return Number(`-${-whole - 1}.${complement}`)
}

/**
 * The moment in UTC, its fraction rounded to microseconds as CPython rounds it (half to even); undefined outside the
 * years 1 to 9999.
 *
 * @param seconds since 1970-01-01T00:00:00Z, finite
 */
export function fromEpoch(seconds: number): Moment | undefined {
  let whole = Math.trunc(seconds)
  let microseconds = roundHalfEven((seconds - whole) * MICRO)
  if (microseconds >= MICRO) {
    microseconds -= MICRO
    whole++
  } else if (microseconds < 0) {
    microseconds += MICRO
    whole--
  }
  const dayNumber = Math.floor(whole / 86_400)
  const date = fromDayNumber(dayNumber)
  if (date === undefined) return undefined
  const secondOfDay = whole - dayNumber * 86_400
  const moment = new Moment()
  moment.year = date.year
  moment.month = date.month
  moment.day = date.day
  moment.hour = Math.floor(secondOfDay / 3600)
  moment.minute = Math.floor(secondOfDay / 60) % 60
  moment.second = secondOfDay % 60
  moment.nanosecond = microseconds * 1000
  moment.hasZone = true
  return moment
}

function roundHalfEven(value: number): number {
  const rounded = Math.round(value)
  return Math.abs(value - rounded) === 0.5 ? 2 * Math.round(value / 2) : rounded
}
