import assert from 'node:assert/strict'
import { test } from 'node:test'
import fc from 'fast-check'
import { Pace, sortInSlices } from '../../../src/tracer/feeds/pace.ts'

test('a rest lets the event loop run and begins a new slice', async () => {
  const pace = new Pace()
  let hasRun = false
  setImmediate(() => {
    hasRun = true
  })
  await pace.rest()
  assert.ok(hasRun)
  assert.ok(!pace.isDue())
})

test('a slice ends', () => {
  const pace = new Pace()
  const end = performance.now() + 100
  while (!pace.isDue()) assert.ok(performance.now() < end)
})

test('an aborted computation ends at its next rest', async () => {
  const abort = new AbortController()
  const pace = new Pace(abort.signal)
  await pace.rest()
  abort.abort(new Error('no longer wanted'))
  await assert.rejects(pace.rest(), /no longer wanted/)
})

test('slices sort as toSorted does', async () => {
  await fc.assert(
    fc.asyncProperty(fc.integer({ min: 0, max: 9000 }), fc.integer(), async (length, seed) => {
      // Few different numbers: equal ones must stay in their order.
      const items = Array.from({ length }, (_, i) => ({ number: Math.imul(i + seed, 2654435761) >>> 27, i }))
      const compare = (a: { number: number }, b: { number: number }) => a.number - b.number
      assert.deepEqual(await sortInSlices(items, compare, new Pace()), items.toSorted(compare))
    }),
    { numRuns: 30 },
  )
})
