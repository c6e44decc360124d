import { valueError } from '../failure.ts'
import { notText } from '../net/text-argument.ts'
import { repr } from '../runtime/format/repr.ts'
import { typeName } from '../runtime/numbers/numbers.ts'
import { EVENT_ZONE_READS, EventZone } from '../time/event-zone.ts'
import { parseIso8601 } from '../time/iso8601.ts'
import { Moment, type TimeParser } from '../time/moment.ts'
import { printMoment } from '../time/print.ts'
import { shown } from '../time/shown.ts'
import { compileFormat } from '../time/strptime.ts'
import { FormatProblem } from '../time/strptime-format.ts'
import type { Value } from '../value.ts'
import {
  ArgumentProblem,
  type EventContext,
  type FunctionDefinition,
  type PrepareHost,
} from './definition.ts'

export const parseTimestamp: FunctionDefinition = {
  name: 'parse_timestamp',
  signature: 's, *formats',
  group: 'time',
  returns: 'text',
  pure: false,
  summary: 'Reads a time in the first format that fits, and writes it as ISO 8601.',
  parameters: {
    s: 'the time as text',
    formats: "constants: `'iso8601'`, or the directives of Python's strptime; at least one",
  },
  result:
    'The time: `2024-03-17T22:15:30`, then the fraction as 3, 6 or 9 digits (the fewest that are exact) or none, then `Z` for UTC, `+03:00` for another offset, or nothing where the zone is not known.',
  errors: {
    VALUE_ERROR: "no format fits the whole text, or the event's `tzinfo` is no time zone",
    TYPE_ERROR: "`s` or the event's `tzinfo` is not a string",
  },
  notes: `A time without zone takes that of the event's own field \`tzinfo\`, an IANA name (\`Europe/Moscow\`) or an offset
(\`+03:00\`). Without such a field (absent, null, \`''\` or \`'-'\`) it stays without zone. When clocks are put back,
a time that occurs twice is the first of the two; one that is left out when they are put forward has the offset that
held before.

\`iso8601\` is RFC 3339; also a date alone (midnight), a time without seconds, \`+hhmm\`, \`+hh\`, a comma before the
fraction, a blank for the \`T\`. Not: week dates, day-of-year dates, \`20240317\`, 24:00, second 60. Of a fraction
nine digits are kept.

The directives are those of Python 3.11 in the C locale:

    %Y %y        year: four digits; two (69 to 99 are 19xx)     %H %I %p   hour 0-23; hour 1-12 with AM or PM
    %m %b %B     month: number, Jan, January                    %M %S      minute, second
    %d %j        day of the month, day of the year              %f         fraction: one digit to six
    %a %A        weekday: Mon, Monday                           %z         offset: +0300 +03:00 +03:00:30.5 Z
    %w %u        weekday: Sunday is 0; Monday is 1 to 7         %Z         UTC or GMT
    %U %W        week of the year, from Sunday or from Monday   %c %x %X   %a %b %d %H:%M:%S %Y, %m/%d/%y, %H:%M:%S
    %G %V        ISO year and week, together with a weekday     %%         a percent sign

Numbers may lack their leading zero, case does not matter, and a blank in the format takes any run of blanks. Only
ASCII digits are digits. A format without a year means 1900. Each directive may be given once. Second 60 fits no
format, nor does day 366 of a common year.

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
  implementation: { kind: 'prepared', constants: { formats: 'a time format' }, prepare },
}

function prepare(
  constants: Readonly<Record<string, Value | readonly Value[] | undefined>>,
  host: PrepareHost,
): (context: EventContext, s: Value) => string {
  const formats = constants.formats as readonly Value[]
  if (formats.length === 0) {
    throw new ArgumentProblem('formats', 'parse_timestamp needs at least one format', {
      hint: "for example 'iso8601' or '%Y-%m-%d %H:%M:%S'",
    })
  }
  const parsers = formats.map((format, index) => toParser(format, index, host))
  const expected = `${formats.length === 1 ? 'format' : 'any of the formats'} ${formats.map((format) => repr(format)).join(', ')}`
  const moment = new Moment()
  const eventZone = new EventZone()
  return (context, s) => {
    if (typeof s !== 'string') throw notText('parse_timestamp', 's', s)
    for (let index = 0; index < parsers.length; index++) {
      if (!parsers[index]!(s, moment)) continue
      if (!moment.hasZone) eventZone.apply(moment, context)
      return printMoment(moment)
    }
    throw valueError(`time data ${shown(s)} does not match ${expected}`)
  }
}

/** @throws {ArgumentProblem} */
function toParser(format: Value, index: number, host: PrepareHost): TimeParser {
  if (typeof format !== 'string') {
    throw new ArgumentProblem('formats', `a time format must be str, not ${typeName(format)}`, { index })
  }
  if (format === 'iso8601') return parseIso8601
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
