/**
 * A point in time as a text tells it: a date, a time of the day, and the distance of that clock from UTC, if the text
 * says so. A parser fills one in, and its owner uses it again for the next text: no allocation per event.
 */
export class Moment {
  year = 1900
  month = 1
  day = 1
  hour = 0
  minute = 0
  second = 0
  /** The fraction of the second; digits beyond the ninth are cut off. */
  nanosecond = 0
  /** Where the digits of the fraction are in the text, all of them; start and end are equal if there are none. */
  fractionStart = 0
  fractionEnd = 0
  /** The text names a year. */
  hasYear = true
  /** The text names a zone; only then `offset` means something. */
  hasZone = false
  /** Local time minus UTC, in microseconds, less than a day. */
  offset = 0
}

/**
 * Reads `text` into `moment`; false when the text does not fit, and then `moment` holds nothing of use.
 *
 * @param year of a text that names none. Default: 1900, as strptime has it
 */
export type TimeParser = (text: string, moment: Moment, year?: number) => boolean

/** Microseconds in a day: an offset is always nearer to zero. */
export const MICROSECONDS_PER_DAY = 86_400_000_000
