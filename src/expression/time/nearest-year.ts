import { fromDayNumber, isLeapYear } from './calendar.ts'
import { localSeconds } from './event-zone.ts'
import type { Moment, TimeParser } from './moment.ts'

const HALF_YEAR = 182 * 86_400
/** No leap year is further away from any year. */
const MOST_YEARS = 8

/**
 * Reads a time, and gives one that has no year the year in which it is nearest to `received`.
 *
 * @param received seconds since 1970-01-01T00:00:00Z
 * @param complete gives a moment without zone the zone that it has, before it is compared
 * @returns false where the text does not fit
 */
export function parseNearest(
  parse: TimeParser,
  text: string,
  moment: Moment,
  received: number,
  complete: (moment: Moment) => void,
): boolean {
  const { year } = fromDayNumber(Math.floor(received / 86_400)) ?? { year: 1970 }
  if (parse(text, moment, year)) {
    complete(moment)
    if (moment.hasYear || distance(moment, received) <= HALF_YEAR) return true
  } else if (isLeapYear(year) || !parse(text, moment, 2000)) return false
  // It is nearer in a year before or after; the 29th of February is a date in few of them.
  let nearest = Number.NaN
  let least = Number.POSITIVE_INFINITY
  for (let other = year - MOST_YEARS; other <= year + MOST_YEARS; other++) {
    if (!parse(text, moment, other)) continue
    complete(moment)
    const apart = distance(moment, received)
    if (apart >= least) continue
    least = apart
    nearest = other
  }
  if (Number.isNaN(nearest) || !parse(text, moment, nearest)) return false
  complete(moment)
  return true
}

function distance(moment: Moment, received: number): number {
  const offset = moment.hasZone ? moment.offset / 1_000_000 : 0
  return Math.abs(localSeconds(moment) - offset - received)
}
