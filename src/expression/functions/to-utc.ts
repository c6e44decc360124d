import { notText } from '../net/text-argument.ts'
import { fromDayNumber } from '../time/calendar.ts'
import { localSeconds } from '../time/event-zone.ts'
import { parseIso8601 } from '../time/iso8601.ts'
import { Moment } from '../time/moment.ts'
import { printMoment } from '../time/print.ts'
import type { Maybe, Value } from '../value.ts'
import type { EventContext, FunctionDefinition } from './definition.ts'

export const toUtc: FunctionDefinition = {
  name: 'to_utc',
  signature: 'ts',
  group: 'time',
  returns: 'text?',
  pure: true,
  summary: 'Writes an ISO 8601 time in UTC.',
  parameters: { ts: 'the time, with an offset: as `parse_timestamp` gives it, or takes it as `iso8601`' },
  result: 'The same instant with `Z`. Absent where the text is no such time, or names no offset.',
  errors: { TYPE_ERROR: '`ts` is not a string' },
  notes: 'A fraction has 3, 6 or 9 digits, the fewest that are exact; digits behind the ninth are cut off.',
  examples: [
    { expression: "to_utc('2024-03-17T22:15:30+03:00')", result: '2024-03-17T19:15:30Z' },
    { expression: "to_utc('2024-01-01 00:30:00.5+0200')", result: '2023-12-31T22:30:00.500Z' },
    {
      expression: "to_utc(parse_timestamp(ts, '%d/%b/%Y:%H:%M:%S %z'))",
      event: { ts: '17/Mar/2024:22:15:30 -0500' },
      result: '2024-03-18T03:15:30Z',
    },
    { expression: 'to_utc(ts)', event: { ts: '2024-03-17T22:15:30' }, result: undefined },
    { expression: 'to_utc(ts)', event: { ts: 'yesterday' }, result: undefined },
    { expression: 'to_utc(ts)', event: { ts: 1710713730 }, rejected: 'TYPE_ERROR' },
  ],
  implementation: { kind: 'prepared', constants: {}, prepare },
}

const MICROSECONDS = 1_000_000

/** Prepared, though nothing is constant: one moment serves all events. */
function prepare(): (context: EventContext, ts: Value) => Maybe<string> {
  const moment = new Moment()
  return (_context, ts) => {
    if (typeof ts !== 'string') throw notText('to_utc', 'ts', ts)
    if (!parseIso8601(ts, moment) || !moment.hasZone) return undefined
    return moment.offset === 0 || moveToUtc(moment) ? printMoment(moment) : undefined
  }
}

/** @returns false outside the years 1 to 9999 */
function moveToUtc(moment: Moment): boolean {
  const wholeOffset = Math.floor(moment.offset / MICROSECONDS)
  let seconds = localSeconds(moment) - wholeOffset
  moment.nanosecond -= (moment.offset - wholeOffset * MICROSECONDS) * 1000
  if (moment.nanosecond < 0) {
    moment.nanosecond += 1_000_000_000
    seconds--
  }
  const day = Math.floor(seconds / 86_400)
  const date = fromDayNumber(day)
  if (date === undefined) return false
  const secondOfDay = seconds - day * 86_400
  moment.year = date.year
  moment.month = date.month
  moment.day = date.day
  moment.hour = Math.floor(secondOfDay / 3600)
  moment.minute = Math.floor(secondOfDay / 60) % 60
  moment.second = secondOfDay % 60
  moment.offset = 0
  return true
}
