import assert from 'node:assert/strict'
import { test } from 'node:test'
import { Newcomers } from '../../../src/tracer/cluster/newcomers.ts'

test('new connections are dealt out as long as they are few', () => {
  let now = 0
  const newcomers = new Newcomers(undefined, () => now)
  // A burst.
  for (let i = 0; i < 64; i++) assert.ok(newcomers.isNextDealt())
  assert.ok(!newcomers.isNextDealt())
  // Ten thousand a second: 50 of them.
  let dealt = 0
  for (let i = 0; i < 10_000; i++) {
    now += 0.1
    if (newcomers.isNextDealt()) dealt += 1
  }
  assert.ok(dealt >= 49 && dealt <= 50, `${dealt}`)
  // A few a second: all of them.
  for (let i = 0; i < 100; i++) {
    now += 100
    assert.ok(newcomers.isNextDealt())
  }
})
