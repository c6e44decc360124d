import assert from 'node:assert/strict'
import { describe, it } from 'node:test'
import { timestampToEpoch } from '../../../src/expression/functions/timestamp-to-epoch.ts'
import type { Maybe, Value } from '../../../src/expression/value.ts'
import { hostWith, type Outcome, outcomeOf } from './calling.ts'

const { implementation } = timestampToEpoch
assert.ok(implementation.kind === 'prepared')
const toEpoch = implementation.prepare({}, hostWith({}))

function call(s: Value, zone?: Maybe): Outcome {
  return outcomeOf((context) =>
    toEpoch({ ...context, field: (name) => (name === 'tzinfo' ? zone : undefined) }, s),
  )
}

describe('timestamp_to_epoch', () => {
  it('takes the zone of the text', () => {
    assert.equal(call('2024-03-17T22:15:30Z').value, 1710713730)
    assert.equal(call('2024-03-17T22:15:30+03:00', 'America/New_York').value, 1710702930)
  })

  it('else that of the event', () => {
    assert.equal(call('2024-03-17T22:15:30', 'Europe/Moscow').value, 1710702930)
    assert.equal(call('2024-03-17 22:15:30.25', '-05:30').value, 1710733530.25)
    assert.equal(call('1850-06-01', 'Europe/Moscow').value, -3773788217)
  })

  it('else UTC, also after a text with a zone', () => {
    assert.equal(call('2024-03-17T22:15:30+03:00').value, 1710702930)
    for (const zone of [undefined, null, '', '-'])
      assert.equal(call('2024-03-17T22:15:30', zone).value, 1710713730)
  })

  it('takes the first of two occurrences, and the offset before a gap', () => {
    assert.equal(call('2024-10-27T02:30:00', 'Europe/Berlin').value, 1729989000)
    assert.equal(call('2024-03-31T02:30:00', 'Europe/Berlin').value, 1711848600)
  })

  it('counts every digit of the fraction', () => {
    assert.equal(call('2024-03-17T22:15:30.123456789012345678Z').value, 1710713730.1234567)
    assert.equal(call('1970-01-01T00:00:00.1234567890123456789Z').value, 0.12345678901234568)
    assert.equal(call('1969-12-31T23:59:59.9999999999Z').value, -1e-10)
  })

  it('rejects what is no ISO 8601 time', () => {
    for (const text of ['', '-', '17/Mar/2024', '1710713730', '2024-02-30', '2024-03-17T24:00:00Z']) {
      assert.equal(call(text).code, 'VALUE_ERROR', text)
    }
    assert.equal(call('17/Mar/2024').message, "Invalid isoformat string: '17/Mar/2024'")
    assert.equal(call('2024-03-17', 'nowhere').code, 'VALUE_ERROR')
  })

  it('takes text only', () => {
    for (const value of [null, false, 1710713730, [], {}]) assert.equal(call(value).code, 'TYPE_ERROR')
    assert.equal(call('2024-03-17', 3).code, 'TYPE_ERROR')
  })
})
