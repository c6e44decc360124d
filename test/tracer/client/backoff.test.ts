import assert from 'node:assert/strict'
import { it } from 'node:test'
import { backoffMs } from '../../../src/tracer/client/backoff.ts'

const BACKOFF = { minMs: 50, maxMs: 5000 }

it('the wait after failures doubles up to its bound', () => {
  const longest = [1, 2, 3, 4, 7, 8, 9, 1000, 1e9].map((failures) => backoffMs(failures, BACKOFF, 1))
  assert.deepEqual(longest, [50, 100, 200, 400, 3200, 5000, 5000, 5000, 5000])
})

it('the upper half of the wait is random', () => {
  assert.equal(backoffMs(3, BACKOFF, 0), 100)
  assert.equal(backoffMs(3, BACKOFF, 0.5), 150)
  for (let i = 0; i < 100; i++) {
    const wait = backoffMs(3, BACKOFF)
    assert.ok(wait >= 100 && wait <= 200)
  }
})
