/** The proleptic Gregorian calendar, counted in days since 1970-01-01. */

export const MIN_YEAR = 1

/** Days before each month of a common year, by month number; index 0 is not used. */
const DAYS_BEFORE_MONTH = [0, 0, 31, 59, 90, 120, 151, 181, 212, 243, 273, 304, 334]

const DAYS_IN_MONTH = [0, 31, 28, 31, 30, 31, 30, 31, 31, 30, 31, 30, 31]

/** Day number of 0001-01-01. */
const FIRST_DAY = -719162

/** Day number of 9999-12-31. */
const LAST_DAY = 2932896

interface CalendarDate {
  readonly year: number
  readonly month: number
  readonly day: number
}

export function isLeapYear(year: number): boolean {
  return year % 4 === 0 && (year % 100 !== 0 || year % 400 === 0)
}

export function daysInMonth(year: number, month: number): number {
  return month === 2 && isLeapYear(year) ? 29 : DAYS_IN_MONTH[month]!
}

/** Day of the year, 1 to 366. */
export function dayOfYear(year: number, month: number, day: number): number {
  return DAYS_BEFORE_MONTH[month]! + day + (month > 2 && isLeapYear(year) ? 1 : 0)
}

/** Day number of a date; `day` may lie outside its month. */
export function toDayNumber(year: number, month: number, day: number): number {
  const before = year - 1
  const leapDays = Math.floor(before / 4) - Math.floor(before / 100) + Math.floor(before / 400)
  return FIRST_DAY - 1 + before * 365 + leapDays + dayOfYear(year, month, day)
}

/** The date of a day number, undefined outside the years 1 to 9999. */
export function fromDayNumber(dayNumber: number): CalendarDate | undefined {
  if (dayNumber < FIRST_DAY || dayNumber > LAST_DAY) return undefined
  // Years that begin in March put the leap day last: the length of a month then follows from its number alone.
  const sinceEpoch = dayNumber + 719468
  const era = Math.floor(sinceEpoch / 146097)
  const dayOfEra = sinceEpoch - era * 146097
  const yearOfEra = Math.floor(
    (dayOfEra - Math.floor(dayOfEra / 1460) + Math.floor(dayOfEra / 36524) - Math.floor(dayOfEra / 146096)) /
      365,
  )
  const dayOfMarchYear =
    dayOfEra - (365 * yearOfEra + Math.floor(yearOfEra / 4) - Math.floor(yearOfEra / 100))
  const marchMonth = Math.floor((5 * dayOfMarchYear + 2) / 153)
  const day = dayOfMarchYear - Math.floor((153 * marchMonth + 2) / 5) + 1
  const month = marchMonth < 10 ? marchMonth + 3 : marchMonth - 9
  return { year: yearOfEra + era * 400 + (month <= 2 ? 1 : 0), month, day }
}

/** 0 is Monday, 6 is Sunday. */
export function weekdayOf(dayNumber: number): number {
  return (((dayNumber + 3) % 7) + 7) % 7
}
