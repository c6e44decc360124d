import assert from 'node:assert/strict'
import { test } from 'node:test'
import { remoteTimeoutMs } from '../../src/cli/tracer-worker.ts'

test('a worker waits longer for an enricher in the primary than that takes itself', () => {
  const shared = { enricher: './mine.js', shared: true } as const
  assert.equal(remoteTimeoutMs(shared, {}), 30_000)
  assert.equal(remoteTimeoutMs(shared, { enricherTimeout: 1000, mispTimeout: 60_000 }), 30_000)
  assert.equal(remoteTimeoutMs(shared, { enricherTimeout: 60_000 }), 65_000)
  assert.equal(remoteTimeoutMs('misp', { enricherTimeout: 60_000, mispTimeout: 27_000 }), 32_000)
  // The longest time of a timer, and the longest duration that can be given.
  assert.equal(remoteTimeoutMs('misp', { mispTimeout: 2 ** 31 - 1 }), 2 ** 31 - 1)
})
