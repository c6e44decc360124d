import assert from 'node:assert/strict'
import { describe, it } from 'node:test'
import { epochToTimestamp } from '../../../src/expression/functions/epoch-to-timestamp.ts'
import { call } from './calling.ts'

describe('epoch_to_timestamp', () => {
  it('prints a time in UTC', () => {
    assert.equal(call(epochToTimestamp, 1710713730).value, '2024-03-17T22:15:30Z')
    assert.equal(call(epochToTimestamp, 0).value, '1970-01-01T00:00:00Z')
    assert.equal(call(epochToTimestamp, -0).value, '1970-01-01T00:00:00Z')
    assert.equal(call(epochToTimestamp, -1).value, '1969-12-31T23:59:59Z')
  })

  it('prints a fraction with three digits or six', () => {
    assert.equal(call(epochToTimestamp, 1710713730.5).value, '2024-03-17T22:15:30.500Z')
    assert.equal(call(epochToTimestamp, 1710713730.123456).value, '2024-03-17T22:15:30.123456Z')
    assert.equal(call(epochToTimestamp, -0.25).value, '1969-12-31T23:59:59.750Z')
    assert.equal(call(epochToTimestamp, 0.9999999).value, '1970-01-01T00:00:01Z')
  })

  it('reaches from year 1 to year 9999', () => {
    assert.equal(call(epochToTimestamp, -62135596800).value, '0001-01-01T00:00:00Z')
    assert.equal(call(epochToTimestamp, 253402300799).value, '9999-12-31T23:59:59Z')
    for (const seconds of [-62135596801, 253402300800, 1e300, 2n ** 70n, -(2n ** 2000n)]) {
      assert.equal(call(epochToTimestamp, seconds).code, 'VALUE_ERROR', String(seconds))
    }
  })

  it('says what may have been meant by a number that is too big', () => {
    const { message } = call(epochToTimestamp, 1710713730123)
    assert.equal(
      message,
      '1710713730123 seconds lie outside the years 1 to 9999 (milliseconds? divide them by 1000)',
    )
  })

  it('rejects what is no number of seconds', () => {
    for (const seconds of [Number.NaN, Number.POSITIVE_INFINITY, Number.NEGATIVE_INFINITY]) {
      assert.equal(call(epochToTimestamp, seconds).code, 'VALUE_ERROR')
    }
    for (const value of [null, true, '1710713730', [], {}]) {
      assert.equal(call(epochToTimestamp, value).code, 'TYPE_ERROR')
    }
    assert.equal(
      call(epochToTimestamp, '1').message,
      "epoch_to_timestamp() argument 'n' must be int or float, not str",
    )
  })
})
