import { suggest } from '../check/suggest.ts'
import { typeError, valueError } from '../failure.ts'
import { notText } from '../net/text-argument.ts'
import { repr } from '../runtime/format/repr.ts'
import { typeName } from '../runtime/numbers/numbers.ts'
import { EVENT_ZONE_READS, EventZone, localSeconds } from '../time/event-zone.ts'
import { parseIso8601 } from '../time/iso8601.ts'
import { Moment, type TimeParser } from '../time/moment.ts'
import { NAMED_FORMATS, NUMBER_FORMATS } from '../time/named-formats.ts'
import { parseNearest } from '../time/nearest-year.ts'
import { printMoment } from '../time/print.ts'
import { shown } from '../time/shown.ts'
import { compileFormat } from '../time/strptime.ts'
import { FormatProblem } from '../time/strptime-format.ts'
import { WINDOWS_ZONE_NAMES, zoneName } from '../time/windows-zones.ts'
import { ZoneFinder } from '../time/zone.ts'
import type { Maybe, Value } from '../value.ts'
import {
  ArgumentProblem,
  type EventContext,
  type FunctionDefinition,
  type PrepareHost,
} from './definition.ts'

export const parseTimestamp: FunctionDefinition = {
  name: 'parse_timestamp',
  signature: 's, *formats, year=None, tz=None',
  group: 'time',
  returns: 'text',
  pure: false,
  summary: 'Reads a time in the first format that fits, and writes it as ISO 8601.',
  parameters: {
    s: 'the time as text',
    year: "the year of a time that names none, a constant: a number, or `'nearest'`. Not given: 1900",
    tz: 'the zone of a time that names none, in the place of `tzinfo`: `Europe/Moscow`, `Russian Standard Time`, `UTC+3`, `+03:00`; null: none',
    formats: "constants: a name (`'iso8601'`, ...), or the directives of Python's strptime; at least one",
  },
  result:
    'The time: `2024-03-17T22:15:30`, then the fraction as 3, 6 or 9 digits (the fewest that are exact) or none, then `Z` for UTC, `+03:00` for another offset, or nothing where the zone is not known.',
  errors: {
    VALUE_ERROR: "no format fits the whole text, or `tz` or the event's `tzinfo` is no time zone",
    TYPE_ERROR:
      "`s` or the event's `tzinfo` is not a string (`s` may be a number for `epoch`, `epoch_ms` and `filetime`), or `tz` is neither that nor null",
  },
  notes: `A time without zone takes that of the event's own field \`tzinfo\`, an IANA name (\`Europe/Moscow\`) or an offset
(\`+03:00\`). Without such a field (absent, null, \`''\` or \`'-'\`) it stays without zone. When clocks are put back,
a time that occurs twice is the first of the two; one that is left out when they are put forward has the offset that
held before. With \`tz\`, \`tzinfo\` is not asked for; names of Windows and distances from UTC are understood there only.

\`year='nearest'\` chooses the year in which a time without one is nearest to when the event was read: 31 December read in
January is of the year before. February 29 is of the nearest leap year.

\`iso8601\` is RFC 3339; also a date alone (midnight), a time without seconds, \`+hhmm\`, \`+hh\`, a comma before the
fraction, a blank for the \`T\`. Not: week dates, day-of-year dates, \`20240317\`, 24:00, second 60. Of a fraction
nine digits are kept.

    epoch  epoch_ms   seconds and milliseconds since 1970 in UTC, with a fraction or not: text or number
    filetime          ten-millionths of a second since 1601 in UTC: text or number
    rfc3164           \`Oct  1 22:14:15\`, also with a fraction, or with a year behind the day
    windows           \`/Date(1710713730123)/\` of .NET and PowerShell, \`20240317221530.123456+060\` of WMI, and
                      \`3/17/2024 10:15:30 PM\`

A fraction has nine digits at most; digits beyond these are cut off.

The directives are those of Python 3.11 in the C locale:

    %Y %y        year: four digits; two (69 to 99 are 19xx)     %H %I %p   hour 0-23; hour 1-12 with AM or PM
    %m %b %B     month: number, Jan, January                    %M %S      minute, second
    %d %j        day of the month, day of the year              %f         fraction: one digit to nine
    %a %A        weekday: Mon, Monday                           %z         offset: +0300 +03:00 +03:00:30.5 Z
    %w %u        weekday: Sunday is 0; Monday is 1 to 7         %Z         UTC or GMT
    %U %W        week of the year, from Sunday or from Monday   %c %x %X   %a %b %d %H:%M:%S %Y, %m/%d/%y, %H:%M:%S
    %G %V        ISO year and week, together with a weekday     %%         a percent sign

Numbers may lack their leading zero, case does not matter, and a blank in the format takes any run of blanks. Only
ASCII digits are digits. A format without a year means 1900. Each directive may be given once. Second 60 fits no
format, nor does day 366 of a common year. Where a digit may follow \`%f\`, it takes six at most.

Formats are compiled when the rules are loaded. Order them by frequency: they are tried in turn.`,
  examples: [
    {
      expression: "parse_timestamp(date + ' ' + time, '%m/%d/%Y %I:%M:%S %p', '%Y/%m/%d', 'iso8601')",
      event: { date: '03/17/2024', time: '10:15:30 PM' },
      result: '2024-03-17T22:15:30',
    },
    {
      expression: "parse_timestamp(ts, '%d/%b/%Y:%H:%M:%S %z')",
      event: { ts: '17/Mar/2024:22:15:30 +0300' },
      result: '2024-03-17T22:15:30+03:00',
    },
    {
      expression: "parse_timestamp(ts, 'iso8601')",
      event: { ts: '2024-03-17 22:15:30,1234Z' },
      result: '2024-03-17T22:15:30.123400Z',
    },
    {
      expression: "parse_timestamp(ts, 'iso8601')",
      event: { ts: '2024-07-17T22:15', tzinfo: 'Europe/Berlin' },
      result: '2024-07-17T22:15:00+02:00',
    },
    {
      expression: "parse_timestamp(ts, 'rfc3164', year=2024, tz='Russian Standard Time')",
      event: { ts: 'Mar  7 22:15:30' },
      result: '2024-03-07T22:15:30+03:00',
    },
    {
      expression: "parse_timestamp(ts, '%b %d %H:%M', year='nearest', tz='UTC-5')[4:]",
      event: { ts: 'Mar 17 22:15' },
      result: '-03-17T22:15:00-05:00',
    },
    {
      expression: "parse_timestamp(ts, 'epoch')",
      event: { ts: 1710713730.25 },
      result: '2024-03-17T22:15:30.250Z',
    },
    {
      expression: "parse_timestamp(ts, 'filetime')",
      event: { ts: '133551873301234567' },
      result: '2024-03-17T22:15:30.123456700Z',
    },
    {
      expression: "parse_timestamp(ts, 'windows')",
      event: { ts: '/Date(1710713730123)/' },
      result: '2024-03-17T22:15:30.123Z',
    },
    { expression: "parse_timestamp('1112024', '%d%m%Y')", result: '2024-01-11T00:00:00' },
    { expression: "parse_timestamp('2024-W11-7', '%G-W%V-%u')", result: '2024-03-17T00:00:00' },
    { expression: "parse_timestamp('02/30/2024', '%m/%d/%Y')", rejected: 'VALUE_ERROR' },
    { expression: "parse_timestamp(ts, 'iso8601')", event: { ts: 1710713730 }, rejected: 'TYPE_ERROR' },
    {
      expression: "parse_timestamp(ts, 'iso8601')",
      event: { ts: '2024-07-17T22:15', tzinfo: 'Mars/Olympus' },
      rejected: 'VALUE_ERROR',
    },
  ],
  reads: EVENT_ZONE_READS,
  implementation: {
    kind: 'prepared',
    constants: { formats: 'a time format', year: 'the year' },
    checked: ['tz'],
    prepare,
  },
}

function prepare(
  constants: Readonly<Record<string, Value | readonly Value[] | undefined>>,
  host: PrepareHost,
): (context: EventContext, s: Value, year?: Value, tz?: Value) => string {
  const formats = constants.formats as readonly Value[]
  if (formats.length === 0) {
    throw new ArgumentProblem('formats', 'parse_timestamp needs at least one format', {
      hint: "for example 'iso8601' or '%Y-%m-%d %H:%M:%S'",
    })
  }
  const year = toYear(constants.year as Maybe)
  const zones = new ZoneFinder(zoneName)
  checkZone(constants.tz as Maybe, zones)
  const parsers = formats.map((format, index) => toParser(format, index, host))
  if (formats.includes('rfc3164') && year === undefined)
    host.warn("parse_timestamp: 'rfc3164' has no year, so it is 1900; year='nearest' chooses one")
  const takesNumbers = formats.some((format) => NUMBER_FORMATS.includes(format as string))
  const expected = `${formats.length === 1 ? 'format' : 'any of the formats'} ${formats.map((format) => repr(format)).join(', ')}`
  const moment = new Moment()
  const eventZone = new EventZone()
  return (context, given, _year, tz) => {
    const s = takesNumbers && isNumber(given) ? String(given) : given
    if (typeof s !== 'string') throw notText('parse_timestamp', 's', s)
    const complete = (): void => {
      if (moment.hasZone) return
      if (tz === undefined) eventZone.apply(moment, context)
      else if (tz !== null) applyZone(moment, tz, zones)
    }
    for (let index = 0; index < parsers.length; index++) {
      if (year === 'nearest') {
        if (!parseNearest(parsers[index]!, s, moment, context.received / 1000, complete)) continue
      } else {
        if (!parsers[index]!(s, moment, year)) continue
        complete()
      }
      return printMoment(moment)
    }
    throw valueError(`time data ${shown(s)} does not match ${expected}`)
  }
}

function isNumber(value: Value): value is number | bigint {
  return typeof value === 'number' || typeof value === 'bigint'
}

/** @throws {ArgumentProblem} */
function toYear(year: Maybe): number | 'nearest' | undefined {
  if (year === undefined || year === null) return undefined
  if (year === 'nearest') return year
  if (typeof year === 'number' && Number.isInteger(year) && year >= 1 && year <= 9999) return year
  throw new ArgumentProblem('year', `${repr(year)} is no year`, {
    hint: "write a number such as 2024, or 'nearest'",
  })
}

/** A zone that is known when the rules are loaded. @throws {ArgumentProblem} */
function checkZone(tz: Maybe, zones: ZoneFinder): void {
  if (tz === undefined || tz === null) return
  if (typeof tz !== 'string') throw new ArgumentProblem('tz', `a time zone must be str, not ${typeName(tz)}`)
  if (zones.find(tz) !== undefined) return
  const near = suggest(tz, [...Intl.supportedValuesOf('timeZone'), ...WINDOWS_ZONE_NAMES])
  const known =
    "write an IANA name ('Europe/Moscow'), a name of Windows ('Russian Standard Time'), or 'UTC+3'"
  throw new ArgumentProblem('tz', `there is no time zone ${repr(tz)}`, {
    hint: near === undefined ? known : `did you mean '${near}'?`,
  })
}

/** @throws {Failure} TYPE_ERROR, VALUE_ERROR where it is no zone */
function applyZone(moment: Moment, tz: Value, zones: ZoneFinder): void {
  if (typeof tz !== 'string') throw typeError(`tz must be str, not ${typeName(tz)}`)
  const zone = zones.find(tz)
  if (zone === undefined)
    throw valueError(
      `tz ${shown(tz)} is neither a time zone of IANA or Windows nor an offset such as 'UTC+3'`,
    )
  moment.offset = zone.offsetAt(localSeconds(moment))
  moment.hasZone = true
}

/** @throws {ArgumentProblem} */
function toParser(format: Value, index: number, host: PrepareHost): TimeParser {
  if (typeof format !== 'string') {
    throw new ArgumentProblem('formats', `a time format must be str, not ${typeName(format)}`, { index })
  }
  if (format === 'iso8601') return parseIso8601
  const named = NAMED_FORMATS.get(format)
  if (named !== undefined) return named()
  if (/^(?:iso[ _-]?8601|iso|rfc[ _-]?3339)$/i.test(format)) {
    throw new ArgumentProblem('formats', `${repr(format)} is no time format`, {
      index,
      hint: "write 'iso8601'",
    })
  }
  if (!format.includes('%')) {
    host.warn(`parse_timestamp: the format ${repr(format)} has no directives, so it fits only that very text`)
  }
  try {
    return compileFormat(format)
  } catch (error) {
    if (!(error instanceof FormatProblem)) throw error
    const { message, offset, hint } = error
    throw new ArgumentProblem('formats', message, { index, offset, ...(hint === undefined ? {} : { hint }) })
  }
}
