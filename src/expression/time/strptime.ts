import { daysInMonth, fromDayNumber, isLeapYear, MIN_YEAR, toDayNumber, weekdayOf } from './calendar.ts'
import { MICROSECONDS_PER_DAY, type Moment, type TimeParser } from './moment.ts'
import {
  assign,
  BLANKS_PATTERN,
  DIRECTIVES,
  type Directive,
  Found,
  SIX_DIGITS,
} from './strptime-directives.ts'
import { type FormatPiece, readFormat } from './strptime-format.ts'
import { BLANKS_STEP, directiveStep, isSure, literalStep, type Step, scan } from './strptime-scan.ts'

/**
 * Makes a parser of a strptime format, as CPython 3.11 understands it in the C locale, but: digits are ASCII digits,
 * `%Z` is UTC or GMT and is the zone, and `%j` does not run into the next year.
 *
 * CPython translates a format into a regular expression, takes its first match, and asks for nothing behind it. So
 * do we, but a scanner goes first (see strptime-scan.ts): it is several times faster, and most texts fit.
 *
 * @throws {FormatProblem}
 */
export function compileFormat(format: string): TimeParser {
  const pieces = withFractions(readFormat(format))
  const steps = pieces.map(toStep)
  const pattern = toPattern(pieces)
  const directives = directivesOf(pieces)
  const found = new Found()
  const sure = isSure(steps)
  return (text, moment, year) => {
    found.clear()
    const end = scan(steps, text, found)
    if (end >= 0) {
      if (end !== text.length) return false
    } else if ((sure && !BEYOND_ASCII.test(text)) || !match(pattern, directives, text, found)) return false
    return resolve(found, moment, year)
  }
}

/** Some of these characters are the other case of a letter of ASCII. */
const BEYOND_ASCII = /[\u0080-\uffff]/

/** The same without the scanner: what it has to agree with. */
export function compileFormatPattern(format: string): TimeParser {
  const pieces = withFractions(readFormat(format))
  const pattern = toPattern(pieces)
  const directives = directivesOf(pieces)
  const found = new Found()
  return (text, moment, year) => match(pattern, directives, text, found) && resolve(found, moment, year)
}

function directiveOf(letter: string): Directive {
  return DIRECTIVES.get(letter)!
}

/** The same pieces; a fraction takes six digits, as CPython has it, where another digit may follow, else nine. */
function withFractions(pieces: readonly FormatPiece[]): readonly FormatPiece[] {
  return pieces.map((piece, index) => {
    if (piece.kind !== 'directive' || piece.letter !== 'f') return piece
    const next = pieces[index + 1]
    const isFollowed =
      next?.kind === 'directive'
        ? !'fzZaAbBp'.includes(next.letter)
        : next?.kind === 'literal' && /\d/.test(next.character)
    return isFollowed ? { kind: 'directive', letter: SIX_DIGITS } : piece
  })
}

function directivesOf(pieces: readonly FormatPiece[]): Directive[] {
  return pieces.flatMap((piece) => (piece.kind === 'directive' ? [directiveOf(piece.letter)] : []))
}

function toStep(piece: FormatPiece): Step {
  if (piece.kind === 'blanks') return BLANKS_STEP
  return piece.kind === 'literal' ? literalStep(piece.character) : directiveStep(directiveOf(piece.letter))
}

/**
 * One group for each directive. Case is ignored as CPython ignores it: Unicode's simple folding, and all kinds of i
 * are one.
 */
function toPattern(pieces: readonly FormatPiece[]): RegExp {
  const source = pieces.map((piece) => {
    if (piece.kind === 'blanks') return BLANKS_PATTERN
    if (piece.kind === 'directive') return `(${directiveOf(piece.letter).pattern})`
    return 'iIİı'.includes(piece.character) ? '[iİı]' : piece.character.replace(/[\\^$.*+?()[\]{}|/]/, '\\$&')
  })
  return new RegExp(`^${source.join('')}`, 'iu')
}

function match(pattern: RegExp, directives: readonly Directive[], text: string, found: Found): boolean {
  const groups = pattern.exec(text)
  // Not the same as `$` in the pattern, which would make it look for a longer match.
  if (groups === null || groups[0].length !== text.length) return false
  found.clear()
  for (let index = 0; index < directives.length; index++) {
    const { field, read } = directives[index]!
    const value = read(groups[index + 1]!)
    if (value === undefined) return false
    assign(found, field, value)
  }
  return true
}

/**
 * Makes a date of what was found, in the steps of CPython's `_strptime`; false if there is no such date.
 *
 * @param without the year of a text that names none
 */
function resolve(found: Found, moment: Moment, without: number | undefined): boolean {
  if (found.second > 59) return false
  let { year, month, day } = found
  moment.hasYear = year !== -1 || found.isoYear !== -1
  if (year === -1 && without !== undefined) year = without
  // February 29 without a year exists while the date is worked out, but not in 1900, the year of the result.
  const leapDayWithoutYear = year === -1 && month === 2 && day === 29
  if (year === -1) year = leapDayWithoutYear ? 1904 : 1900
  if (found.dayOfYear > 365 && !isLeapYear(year)) return false
  const isoWeek = found.week === -1 && found.isoYear !== -1 && found.isoWeek !== -1
  if (found.dayOfYear !== -1 || (found.weekday !== -1 && (found.week !== -1 || isoWeek))) {
    let ordinal = found.dayOfYear
    if (ordinal === -1) {
      if (isoWeek) year = found.isoYear
      ordinal = isoWeek ? ordinalOfIsoWeek(year, found) : ordinalOfWeek(year, found)
      if (ordinal <= 0) {
        if (year === MIN_YEAR) return false
        year--
        ordinal += isLeapYear(year) ? 366 : 365
      }
    }
    if (year < MIN_YEAR) return false
    const date = fromDayNumber(toDayNumber(year, 1, 1) + ordinal - 1)
    if (date === undefined) return false
    year = date.year
    month = date.month
    day = date.day
  }
  if (leapDayWithoutYear) year = 1900
  if (year < MIN_YEAR || day > daysInMonth(year, month)) return false
  moment.year = year
  moment.month = month
  moment.day = day
  moment.hour = found.twelveHours ? (found.hour % 12) + (found.afternoon ? 12 : 0) : found.hour
  moment.minute = found.minute
  moment.second = found.second
  moment.nanosecond = found.nanosecond
  moment.fractionStart = 0
  moment.fractionEnd = 0
  moment.hasZone = found.hasOffset || found.namedZone
  moment.offset = found.offset
  return Math.abs(found.offset) < MICROSECONDS_PER_DAY
}

/** Day of the year; zero or less lies in the year before. Week 0 holds the days before the first Sunday or Monday. */
function ordinalOfWeek(year: number, found: Found): number {
  const shift = found.weekBeginsOnSunday ? 1 : 0
  const firstWeekday = (weekdayOf(toDayNumber(year, 1, 1)) + shift) % 7
  const weekday = (found.weekday + shift) % 7
  if (found.week === 0) return 1 + weekday - firstWeekday
  return 1 + ((7 - firstWeekday) % 7) + 7 * (found.week - 1) + weekday
}

/** The same for a week of the ISO calendar: they begin on Monday, and January 4 is always in the first. */
function ordinalOfIsoWeek(year: number, found: Found): number {
  const fourth = weekdayOf(toDayNumber(year, 1, 4)) + 1
  return found.isoWeek * 7 + found.weekday + 1 - (fourth + 3)
}
