import { BLANKS } from './strptime-format.ts'

/** The values that the directives of a format found. */
export class Found {
  year = -1
  isoYear = -1
  month = 1
  day = 1
  hour = 0
  /** `hour` counts 1 to 12, and `afternoon` says which half of the day. */
  twelveHours = false
  afternoon = false
  minute = 0
  second = 0
  nanosecond = 0
  /** 0 is Monday. */
  weekday = -1
  dayOfYear = -1
  week = -1
  weekBeginsOnSunday = false
  isoWeek = -1
  namedZone = false
  hasOffset = false
  /** Microseconds; the text may say more than a day. */
  offset = 0

  clear(): void {
    this.year = -1
    this.isoYear = -1
    this.month = 1
    this.day = 1
    this.hour = 0
    this.twelveHours = false
    this.afternoon = false
    this.minute = 0
    this.second = 0
    this.nanosecond = 0
    this.weekday = -1
    this.dayOfYear = -1
    this.week = -1
    this.weekBeginsOnSunday = false
    this.isoWeek = -1
    this.namedZone = false
    this.hasOffset = false
    this.offset = 0
  }
}

/** One directive: the text that it takes, and what that text means. */
export interface Directive {
  /** CPython's pattern, alternatives in its order; `\d` is `[0-9]`, because only ASCII digits count. */
  readonly pattern: string
  /** The number that a text which the pattern took stands for; undefined if CPython finds no meaning in it. */
  readonly read: (text: string) => number | undefined
  /** Where that number goes. A later directive overrules an earlier one that sets the same. */
  readonly field: Field
  /** The same once more for the scanner, which has to take what the pattern takes first. */
  readonly scan: Scan
}

export type Field = (typeof FIELDS)[keyof typeof FIELDS]

/** Numbers, so that the scanner's `switch` is a jump table. */
const FIELDS = {
  year: 0,
  shortYear: 1,
  isoYear: 2,
  month: 3,
  day: 4,
  hour: 5,
  hourOfTwelve: 6,
  half: 7,
  minute: 8,
  second: 9,
  fraction: 10,
  weekday: 11,
  weekdayFromSunday: 12,
  weekdayFromOne: 13,
  dayOfYear: 14,
  weekFromSunday: 15,
  weekFromMonday: 16,
  isoWeek: 17,
  offset: 18,
  zoneName: 19,
} as const

type Scan =
  /** Two digits from `low` to `high`, else one digit from `least`; or a blank and a digit, where `padded`. */
  | {
      readonly kind: 'upToTwo'
      readonly low: number
      readonly high: number
      readonly least: number
      readonly padded: boolean
    }
  /** Exactly so many digits, from `low` to `high`. */
  | { readonly kind: 'fixed'; readonly width: number; readonly low: number; readonly high: number }
  | { readonly kind: 'dayOfYear' }
  /** So many digits at most. */
  | { readonly kind: 'fraction'; readonly digits: number }
  /** Lower-case names, the longest first; `values[i]` is the value of `names[i]`. */
  | { readonly kind: 'name'; readonly names: readonly string[]; readonly values: readonly number[] }
  | { readonly kind: 'offset' }

const MONTHS = [
  'january',
  'february',
  'march',
  'april',
  'may',
  'june',
  'july',
  'august',
  'september',
  'october',
  'november',
  'december',
]

const WEEKDAYS = ['monday', 'tuesday', 'wednesday', 'thursday', 'friday', 'saturday', 'sunday']

const HOUR_OF_TWELVE = '1[0-2]|0[1-9]|[1-9]'
const SIXTIETH = '[0-5][0-9]|[0-9]'
const WEEK = '5[0-3]|[0-4][0-9]|[0-9]'
const DAY_OF_YEAR = '36[0-6]|3[0-5][0-9]|[1-2][0-9][0-9]|0[1-9][0-9]|00[1-9]|[1-9][0-9]|0[1-9]|[1-9]'
/** `Z` in this case only, which the `i` flag cannot say: `readOffset` refuses `z`. */
const OFFSET = '[+-][0-9][0-9]:?[0-5][0-9](?::?[0-5][0-9](?:\\.[0-9]{1,6})?)?|Z'

/** Not a letter of strptime: `%f` where more digits may follow. */
export const SIX_DIGITS = 'six digits'

export const DIRECTIVES: ReadonlyMap<string, Directive> = new Map([
  ['Y', fixed(FIELDS.year, '[0-9][0-9][0-9][0-9]', 4, 0, 9999)],
  ['y', fixed(FIELDS.shortYear, '[0-9][0-9]', 2, 0, 99)],
  ['G', fixed(FIELDS.isoYear, '[0-9][0-9][0-9][0-9]', 4, 0, 9999)],
  ['m', upToTwo(FIELDS.month, HOUR_OF_TWELVE, 1, 12, 1)],
  ['b', named(FIELDS.month, shortNames(MONTHS), 1)],
  ['B', named(FIELDS.month, MONTHS, 1)],
  ['d', upToTwo(FIELDS.day, '3[0-1]|[1-2][0-9]|0[1-9]|[1-9]| [1-9]', 1, 31, 1, true)],
  ['H', upToTwo(FIELDS.hour, '2[0-3]|[0-1][0-9]|[0-9]', 0, 23, 0)],
  ['I', upToTwo(FIELDS.hourOfTwelve, HOUR_OF_TWELVE, 1, 12, 1)],
  ['p', named(FIELDS.half, ['am', 'pm'], 0)],
  ['M', upToTwo(FIELDS.minute, SIXTIETH, 0, 59, 0)],
  ['S', upToTwo(FIELDS.second, `6[0-1]|${SIXTIETH}`, 0, 61, 0)],
  ['f', fraction(9)],
  [SIX_DIGITS, fraction(6)],
  ['a', named(FIELDS.weekday, shortNames(WEEKDAYS), 0)],
  ['A', named(FIELDS.weekday, WEEKDAYS, 0)],
  ['w', fixed(FIELDS.weekdayFromSunday, '[0-6]', 1, 0, 6)],
  ['u', fixed(FIELDS.weekdayFromOne, '[1-7]', 1, 1, 7)],
  ['j', { pattern: DAY_OF_YEAR, read: Number, field: FIELDS.dayOfYear, scan: { kind: 'dayOfYear' } }],
  ['U', upToTwo(FIELDS.weekFromSunday, WEEK, 0, 53, 0)],
  ['W', upToTwo(FIELDS.weekFromMonday, WEEK, 0, 53, 0)],
  ['V', upToTwo(FIELDS.isoWeek, '5[0-3]|0[1-9]|[1-4][0-9]|[0-9]', 1, 53, 0)],
  ['z', { pattern: OFFSET, read: readOffset, field: FIELDS.offset, scan: { kind: 'offset' } }],
  ['Z', named(FIELDS.zoneName, ['utc', 'gmt'], 0)],
])

/** One or more blanks, as a format's blanks take them. */
export const BLANKS_PATTERN = `[${BLANKS}]+`

/** Puts what a directive read where it belongs. */
export function assign(found: Found, field: Field, value: number): void {
  switch (field) {
    case FIELDS.year:
      found.year = value
      break
    case FIELDS.shortYear:
      found.year = value <= 68 ? 2000 + value : 1900 + value
      break
    case FIELDS.isoYear:
      found.isoYear = value
      break
    case FIELDS.month:
      found.month = value
      break
    case FIELDS.day:
      found.day = value
      break
    case FIELDS.hour:
      found.hour = value
      found.twelveHours = false
      break
    case FIELDS.hourOfTwelve:
      found.hour = value
      found.twelveHours = true
      break
    case FIELDS.half:
      found.afternoon = value === 1
      break
    case FIELDS.minute:
      found.minute = value
      break
    case FIELDS.second:
      found.second = value
      break
    case FIELDS.fraction:
      found.nanosecond = value
      break
    case FIELDS.weekday:
      found.weekday = value
      break
    case FIELDS.weekdayFromSunday:
      found.weekday = value === 0 ? 6 : value - 1
      break
    case FIELDS.weekdayFromOne:
      found.weekday = value - 1
      break
    case FIELDS.dayOfYear:
      found.dayOfYear = value
      break
    case FIELDS.weekFromSunday:
    case FIELDS.weekFromMonday:
      found.week = value
      found.weekBeginsOnSunday = field === FIELDS.weekFromSunday
      break
    case FIELDS.isoWeek:
      found.isoWeek = value
      break
    case FIELDS.offset:
      found.hasOffset = true
      found.offset = value
      break
    case FIELDS.zoneName:
      found.namedZone = true
      break
  }
}

/**
 * A text that `OFFSET` took, in microseconds: `+03:00 -0330 +02:30:17.5 +023017 Z`. A colon before the seconds asks
 * for one before the minutes, and the other way round.
 */
export function readOffset(text: string): number | undefined {
  if (text === 'Z') return 0
  if (text === 'z') return undefined
  const colon = text[3] === ':'
  if (colon && text.length > 6 && text[6] !== ':') return undefined
  if (!colon && text[5] === ':') return undefined
  const digits = text.replaceAll(':', '')
  const seconds =
    Number(digits.slice(1, 3)) * 3600 + Number(digits.slice(3, 5)) * 60 + Number(digits.slice(5, 7))
  const size = seconds * 1_000_000 + Number(digits.slice(8).padEnd(6, '0'))
  return text[0] === '-' ? -size : size
}

function upToTwo(
  field: Field,
  pattern: string,
  low: number,
  high: number,
  least: number,
  padded = false,
): Directive {
  return { pattern, read: Number, field, scan: { kind: 'upToTwo', low, high, least, padded } }
}

function fraction(digits: number): Directive {
  return {
    pattern: `[0-9]{1,${digits}}`,
    read: (text) => Number(text.padEnd(9, '0')),
    field: FIELDS.fraction,
    scan: { kind: 'fraction', digits },
  }
}

function fixed(field: Field, pattern: string, width: number, low: number, high: number): Directive {
  return { pattern, read: Number, field, scan: { kind: 'fixed', width, low, high } }
}

function named(field: Field, all: readonly string[], first: number): Directive {
  const names = all.toSorted((one, other) => other.length - one.length)
  const values = names.map((name) => all.indexOf(name) + first)
  const byName = new Map(names.map((name, index) => [name, values[index]!]))
  const read = (text: string) => byName.get(text.toLowerCase())
  return { pattern: names.join('|'), read, field, scan: { kind: 'name', names, values } }
}

function shortNames(names: readonly string[]): string[] {
  return names.map((name) => name.slice(0, 3))
}
