/** Times that have a format by name: numbers since some moment, and what systems write that no strptime format takes. */
import { fromDayNumber } from './calendar.ts'
import type { Moment, TimeParser } from './moment.ts'
import { compileFormat } from './strptime.ts'

/** Seconds from 1601-01-01 to 1970-01-01. */
const FILETIME_EPOCH = 11_644_473_600

const TICKS_A_SECOND = 7

/** The numbers of a format: seconds, thousandths of them, or ten-millionths since 1601. */
const NUMBER = /^(-?)(\d{1,20})(?:\.(\d+))?$/

/** `epoch`: seconds since 1970-01-01T00:00:00Z, with or without a fraction. */
const parseEpoch: TimeParser = (text, moment) => readNumber(text, moment, 0, 0)

/** `epoch_ms`: milliseconds since 1970-01-01T00:00:00Z. */
const parseEpochMilliseconds: TimeParser = (text, moment) => readNumber(text, moment, 3, 0)

/** `filetime`: ten-millionths of a second since 1601-01-01T00:00:00Z. */
const parseFiletime: TimeParser = (text, moment) => readNumber(text, moment, TICKS_A_SECOND, FILETIME_EPOCH)

/**
 * A decimal number in units of which ten to the `scale` are a second.
 *
 * @param zero seconds from the number's zero to 1970
 */
function readNumber(text: string, moment: Moment, scale: number, zero: number): boolean {
  if (text.length > MAX_LENGTH) return false
  const found = NUMBER.exec(text)
  if (found === null) return false
  const [, sign, integer, fraction = ''] = found
  const digits = integer!.padStart(scale + 1, '0')
  let seconds = Number(digits.slice(0, digits.length - scale))
  let nanosecond = Number((digits.slice(digits.length - scale) + fraction).slice(0, 9).padEnd(9, '0'))
  if (sign === '-') {
    seconds = nanosecond === 0 ? -seconds : -seconds - 1
    nanosecond = nanosecond === 0 ? 0 : 1_000_000_000 - nanosecond
  }
  return setInstant(moment, seconds - zero, nanosecond)
}

/** Longer numbers are no times. */
const MAX_LENGTH = 64

const SECONDS_A_DAY = 86_400

/** @returns false outside the years 1 to 9999 */
function setInstant(moment: Moment, seconds: number, nanosecond: number): boolean {
  const dayNumber = Math.floor(seconds / SECONDS_A_DAY)
  const date = fromDayNumber(dayNumber)
  if (date === undefined) return false
  const secondOfDay = seconds - dayNumber * SECONDS_A_DAY
  moment.year = date.year
  moment.month = date.month
  moment.day = date.day
  moment.hour = Math.floor(secondOfDay / 3600)
  moment.minute = Math.floor(secondOfDay / 60) % 60
  moment.second = secondOfDay % 60
  moment.nanosecond = nanosecond
  moment.fractionStart = 0
  moment.fractionEnd = 0
  moment.hasYear = true
  moment.hasZone = true
  moment.offset = 0
  return true
}

/** The first of several formats that fits. */
function firstOf(parsers: readonly TimeParser[]): TimeParser {
  return (text, moment, year) => parsers.some((parse) => parse(text, moment, year))
}

/** `rfc3164`: the stamp of BSD's syslog, `Oct  1 22:14:15`; also with a fraction, or a year behind the day as Cisco has it. */
function rfc3164(): TimeParser {
  const formats = ['%b %d %H:%M:%S', '%b %d %H:%M:%S.%f', '%b %d %Y %H:%M:%S', '%b %d %Y %H:%M:%S.%f']
  return firstOf(formats.map(compileFormat))
}

const DOT_NET = /^\\?\/Date\((-?\d{1,17})(?:[+-]\d{4})?\)\\?\/$/
const CIM = /^(\d{14}\.\d{6})([+-])(\d{3})$/

/**
 * `windows`: the forms in which tools of Windows write times.
 *
 *   /Date(1710713730123)/        .NET's JSON, also PowerShell's: milliseconds
 *   20240317221530.123456+060    WMI (CIM): local time, and its distance from UTC in minutes
 *   3/17/2024 10:15:30 PM        the event viewer and dir in American English, seconds or not
 */
function windows(): TimeParser {
  const local = compileFormat('%Y%m%d%H%M%S.%f')
  const shown = firstOf(['%m/%d/%Y %I:%M:%S %p', '%m/%d/%Y %I:%M %p'].map(compileFormat))
  return (text, moment, year) => {
    const dotNet = DOT_NET.exec(text)
    if (dotNet !== null) return readNumber(dotNet[1]!, moment, 3, 0)
    const cim = CIM.exec(text)
    if (cim === null) return shown(text, moment, year)
    const minutes = Number(cim[3])
    if (minutes >= 1440 || !local(cim[1]!, moment, year)) return false
    moment.hasZone = true
    moment.offset = (cim[2] === '-' ? -minutes : minutes) * 60_000_000 + 0
    return true
  }
}

/** Makers of the parsers, by the name of the format. */
export const NAMED_FORMATS: ReadonlyMap<string, () => TimeParser> = new Map([
  ['epoch', () => parseEpoch],
  ['epoch_ms', () => parseEpochMilliseconds],
  ['filetime', () => parseFiletime],
  ['rfc3164', rfc3164],
  ['windows', windows],
])

/** The formats that take numbers, too. */
export const NUMBER_FORMATS: readonly string[] = ['epoch', 'epoch_ms', 'filetime']
