import assert from 'node:assert/strict'
import { describe, it } from 'node:test'
import { parseMaxRejected, RejectedLimit } from '../../src/cli/rejected-limit.ts'

const limit = (text: string) => new RejectedLimit(parseMaxRejected(text)!)

describe('parseMaxRejected', () => {
  it('takes a share and a number, and nothing else', () => {
    assert.deepEqual(parseMaxRejected('0.5%'), { kind: 'percent', percent: 0.5, text: '0.5%' })
    assert.deepEqual(parseMaxRejected('0'), { kind: 'number', count: 0, text: '0' })
    for (const text of ['', '%', '5 %', '-1', '1.5', '101%', '1e3', 'x', '5%%', '9'.repeat(20), '.5%']) {
      assert.equal(parseMaxRejected(text), undefined, text)
    }
  })
})

describe('RejectedLimit', () => {
  it('is passed by more than it says, not by as many', () => {
    assert.equal(limit('5%').check({ events: 100, rejected: 5 }), false)
    assert.equal(limit('5%').check({ events: 100, rejected: 6 }), true)
    assert.equal(limit('100%').check({ events: 100, rejected: 100 }), false)
    assert.equal(limit('0%').check({ events: 100, rejected: 1 }), true)
    assert.equal(limit('3').check({ events: 100, rejected: 3 }), false)
    assert.equal(limit('3').check({ events: 4, rejected: 4 }), true)
    assert.equal(limit('0').check({ events: 0, rejected: 0 }), false)
  })

  it('is looked at every 1,000 events, so that a bad beginning does not count', () => {
    const five = limit('5%')
    assert.equal(five.look({ events: 999, rejected: 999 }), false)
    assert.equal(five.look({ events: 30_000, rejected: 1000 }), false)
    assert.equal(five.look({ events: 30_999, rejected: 1999 }), false)
    assert.equal(five.look({ events: 31_000, rejected: 1999 }), true)
    assert.equal(five.message, '1999 of 31000 events were rejected, more than --max-rejected 5% allows')
    assert.equal(five.check({ events: 100_000, rejected: 1999 }), true)
    assert.match(five.message!, /^1999 of 31000 /)
  })
})
