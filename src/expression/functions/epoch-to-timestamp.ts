import { typeError, valueError } from '../failure.ts'
import { formatNumber, typeName } from '../runtime/numbers/numbers.ts'
import { fromEpoch } from '../time/epoch.ts'
import { printMoment } from '../time/print.ts'
import type { Value } from '../value.ts'
import type { EventContext, FunctionDefinition } from './definition.ts'

export const epochToTimestamp: FunctionDefinition = {
  name: 'epoch_to_timestamp',
  signature: 'n',
  group: 'time',
  returns: 'text',
  pure: true,
  summary: 'Turns seconds since 1970-01-01T00:00:00Z into an ISO 8601 time in UTC.',
  parameters: { n: 'the seconds, an integer or a float; negative before 1970' },
  result:
    'The time, `2024-03-17T22:15:30Z`. A fraction is rounded to microseconds (half to even) and written as 3 or 6 digits, the fewest that are exact.',
  errors: {
    VALUE_ERROR: '`n` is NaN or infinite, or the time lies outside the years 1 to 9999',
    TYPE_ERROR: '`n` is not a number; text needs a cast, `ts::float`',
  },
  notes: 'Milliseconds have to be divided first: `epoch_to_timestamp(ms / 1000)`.',
  examples: [
    { expression: 'epoch_to_timestamp(epoch)', event: { epoch: 1710713730 }, result: '2024-03-17T22:15:30Z' },
    { expression: 'epoch_to_timestamp(1710713730.5)', result: '2024-03-17T22:15:30.500Z' },
    {
      expression: 'epoch_to_timestamp(ms / 1000)',
      event: { ms: 1710713730123 },
      result: '2024-03-17T22:15:30.123Z',
    },
    {
      expression: 'epoch_to_timestamp(ts::float)',
      event: { ts: '1710713730.123456' },
      result: '2024-03-17T22:15:30.123456Z',
    },
    { expression: 'epoch_to_timestamp(-1)', result: '1969-12-31T23:59:59Z' },
    { expression: 'epoch_to_timestamp(ms)', event: { ms: 1710713730123 }, rejected: 'VALUE_ERROR' },
    { expression: "epoch_to_timestamp('1710713730')", rejected: 'TYPE_ERROR' },
  ],
  implementation: {
    kind: 'direct',
    call(_context: EventContext, n: Value) {
      if (typeof n !== 'number' && typeof n !== 'bigint') {
        throw typeError(`epoch_to_timestamp() argument 'n' must be int or float, not ${typeName(n)}`)
      }
      const seconds = Number(n)
      if (Number.isNaN(seconds)) throw valueError('cannot convert float NaN to integer')
      if (!Number.isFinite(seconds)) throw valueError('cannot convert float infinity to integer')
      const moment = fromEpoch(seconds)
      if (moment !== undefined) return printMoment(moment)
      const size = Math.abs(seconds)
      const hint = size > 1e11 && size < 1e14 ? ' (milliseconds? divide them by 1000)' : ''
      throw valueError(`${formatNumber(seconds)} seconds lie outside the years 1 to 9999${hint}`)
    },
  },
}
