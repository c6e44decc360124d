import assert from 'node:assert/strict'
import { describe, it } from 'node:test'
import { RateLimit } from '../../../src/tracer/client/rate-limit.ts'

/** The number that go until it closes, at most `max`. */
function drain(limit: RateLimit, max = 1e6): number {
  let count = 0
  for (; count < max && limit.isOpen; count++) limit.use()
  return count
}

describe('RateLimit', () => {
  it('lets one through at a time when the rate is low', () => {
    let now = 0
    const limit = new RateLimit(10, () => now)
    assert.equal(drain(limit), 1)
    assert.equal(limit.waitMs, 100)
    now += 99
    assert.equal(limit.isOpen, false)
    now += 1
    assert.equal(drain(limit), 1)
    now += 10_000
    assert.equal(drain(limit), 1)
  })

  it('lets through what 10 ms bring when the rate is high', () => {
    let now = 0
    const limit = new RateLimit(5000, () => now)
    assert.equal(drain(limit), 50)
    now += 2
    assert.equal(drain(limit), 10)
    now += 10_000
    assert.equal(drain(limit), 50)
  })

  it('keeps the rate over time', () => {
    let now = 0
    const limit = new RateLimit(333, () => now)
    let count = 0
    for (; now < 10_000; now += 1) count += drain(limit)
    assert.ok(count >= 3329 && count <= 3334, `${count}`)
  })

  it('lets everything through without a limit', () => {
    const limit = new RateLimit(Number.POSITIVE_INFINITY)
    assert.equal(drain(limit, 100_000), 100_000)
  })
})

it('lets through a burst of any size that is asked for, after a pause', () => {
  let now = 0
  const limit = new RateLimit(10, () => now, 5)
  assert.equal(drain(limit), 5)
  now += 200
  assert.equal(drain(limit), 2)
  now += 10_000
  assert.equal(drain(limit), 5)
})
