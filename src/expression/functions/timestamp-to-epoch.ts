import { valueError } from '../failure.ts'
import { notText } from '../net/text-argument.ts'
import { toEpoch } from '../time/epoch.ts'
import { EVENT_ZONE_READS, EventZone } from '../time/event-zone.ts'
import { parseIso8601 } from '../time/iso8601.ts'
import { Moment } from '../time/moment.ts'
import { shown } from '../time/shown.ts'
import type { Value } from '../value.ts'
import type { EventContext, FunctionDefinition } from './definition.ts'

export const timestampToEpoch: FunctionDefinition = {
  name: 'timestamp_to_epoch',
  signature: 's',
  group: 'time',
  returns: 'number',
  pure: false,
  summary: 'Turns an ISO 8601 time into seconds since 1970-01-01T00:00:00Z.',
  parameters: { s: "the time, as the format `'iso8601'` of parse_timestamp takes it" },
  result:
    'The seconds: the float nearest to what the text says, every digit of the fraction counted. Negative before 1970.',
  errors: {
    VALUE_ERROR: "`s` is not an ISO 8601 time, or the event's `tzinfo` is no time zone",
    TYPE_ERROR: "`s` or the event's `tzinfo` is not a string",
  },
  notes: `The zone is that of the text; else that of the event's own field \`tzinfo\`, an IANA name or an offset; else UTC.
See parse_timestamp for times that a clock shows twice or never.`,
  examples: [
    { expression: "timestamp_to_epoch('2024-03-17T22:15:30Z')", result: 1710713730 },
    {
      expression: 'timestamp_to_epoch(ts)',
      event: { ts: '2024-03-17T22:15:30.25+03:00' },
      result: 1710702930.25,
    },
    {
      expression: 'timestamp_to_epoch(ts)',
      event: { ts: '2024-03-17 22:15:30', tzinfo: 'Europe/Moscow' },
      result: 1710702930,
    },
    { expression: "timestamp_to_epoch('1969-12-31T23:59:59.75')", result: -0.25 },
    { expression: "timestamp_to_epoch('17/Mar/2024')", rejected: 'VALUE_ERROR' },
    { expression: 'timestamp_to_epoch(1710713730)', rejected: 'TYPE_ERROR' },
  ],
  reads: EVENT_ZONE_READS,
  implementation: { kind: 'prepared', constants: {}, prepare },
}

/** Prepared, though nothing is constant: what was learned of time zones is kept between events. */
function prepare(): (context: EventContext, s: Value) => number {
  const moment = new Moment()
  const eventZone = new EventZone()
  return (context, s) => {
    if (typeof s !== 'string') throw notText('timestamp_to_epoch', 's', s)
    if (!parseIso8601(s, moment)) throw valueError(`Invalid isoformat string: ${shown(s)}`)
    if (!moment.hasZone) {
      moment.offset = 0
      eventZone.apply(moment, context)
    }
    return toEpoch(moment, s)
  }
}
