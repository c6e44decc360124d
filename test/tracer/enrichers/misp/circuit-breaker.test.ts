import assert from 'node:assert/strict'
import { test } from 'node:test'
import { CircuitBreaker } from '../../../../src/tracer/enrichers/misp/circuit-breaker.ts'

function create() {
  const clock = { now: 0 }
  const breaker = new CircuitBreaker({ failures: 3, minMs: 1000, maxMs: 5000 }, () => clock.now)
  return { breaker, clock }
}

test('it opens after so many failures in a row, a success in between counts anew', () => {
  const { breaker } = create()
  assert.deepEqual([breaker.fail(), breaker.fail()], [false, false])
  assert.equal(breaker.succeed(), false)
  assert.deepEqual([breaker.fail(), breaker.fail()], [false, false])
  assert.equal(breaker.state, 'closed')
  assert.equal(breaker.fail(), true)
  assert.equal(breaker.state, 'open')
  assert.ok(breaker.waitMs >= 500 && breaker.waitMs <= 1000)
})

test('after its time one may try: a failure opens it for longer, up to a bound; a success closes it', () => {
  const { breaker, clock } = create()
  for (let i = 0; i < 3; i++) breaker.fail()
  const waits: number[] = []
  for (let i = 0; i < 6; i++) {
    clock.now += breaker.waitMs
    assert.equal(breaker.state, 'half-open')
    assert.equal(breaker.fail(), true)
    waits.push(breaker.waitMs)
  }
  const longest = [2000, 4000, 5000, 5000, 5000, 5000]
  for (const [i, wait] of waits.entries())
    assert.ok(wait <= longest[i]! && wait >= longest[i]! / 2, `${wait}`)
  clock.now += breaker.waitMs
  assert.equal(breaker.succeed(), true)
  assert.equal(breaker.state, 'closed')
  assert.equal(breaker.waitMs, 0)
  assert.equal(breaker.fail(), false)
})

test('failures of what was on its way when it opened change nothing', () => {
  const { breaker } = create()
  for (let i = 0; i < 3; i++) breaker.fail()
  const { waitMs } = breaker
  for (let i = 0; i < 10; i++) assert.equal(breaker.fail(), false)
  assert.equal(breaker.waitMs, waitMs)
})

test('what will not pass soon opens it at once, for the longest time', () => {
  const { breaker } = create()
  assert.equal(breaker.fail(true), true)
  assert.equal(breaker.waitMs, 5000)
})
