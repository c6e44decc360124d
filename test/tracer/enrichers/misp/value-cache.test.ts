import assert from 'node:assert/strict'
import { test } from 'node:test'
import { MISP_DEFAULTS } from '../../../../src/tracer/enrichers/misp/settings.ts'
import { NO_HITS, ValueCache } from '../../../../src/tracer/enrichers/misp/value-cache.ts'

const HITS = [{ id: '1', context: '|a=b' }]

function create(options = {}) {
  const clock = { time: 0, now: () => clock.time }
  const settings = { ...MISP_DEFAULTS, hitTtlMs: 1000, missTtlMs: 100, cacheValues: 3, ...options }
  return { cache: new ValueCache(settings, clock), clock }
}

test('hits and misses have a lifetime of their own', () => {
  const { cache, clock } = create()
  clock.time = 5
  cache.set('hit', HITS)
  cache.set('miss', NO_HITS)
  assert.deepEqual([cache.get('hit'), cache.get('miss'), cache.get('other')], [HITS, NO_HITS, undefined])
  clock.time = 106
  assert.deepEqual([cache.get('hit'), cache.get('miss')], [HITS, undefined])
  clock.time = 1006
  assert.equal(cache.get('hit'), undefined)
})

test('a lifetime of 0 remembers nothing of its kind, and a size of 0 nothing at all', () => {
  for (const [options, hit, miss] of [
    [{ hitTtlMs: 0 }, undefined, NO_HITS],
    [{ missTtlMs: 0 }, HITS, undefined],
    [{ cacheValues: 0 }, undefined, undefined],
  ] as const) {
    const { cache } = create(options)
    cache.set('hit', HITS)
    cache.set('miss', NO_HITS)
    assert.deepEqual([cache.get('hit'), cache.get('miss')], [hit, miss])
    cache.clear()
    assert.equal(cache.size, 0)
  }
})

test('it has a bound: the least recently used goes first', () => {
  const { cache } = create()
  for (const value of ['a', 'b', 'c']) cache.set(value, NO_HITS)
  cache.get('a')
  cache.set('d', NO_HITS)
  assert.equal(cache.size, 3)
  assert.deepEqual(
    ['a', 'b', 'c', 'd'].filter((value) => cache.get(value) !== undefined),
    ['a', 'c', 'd'],
  )
})

test('contexts that are long count for more', () => {
  const { cache } = create({ cacheValues: 1000 })
  const long = [{ id: '1', context: 'x'.repeat(1024 * 1024) }]
  for (let i = 0; i < 200; i++) cache.set(`value-${i}`, long)
  assert.ok(cache.size > 50 && cache.size < 65, `${cache.size}`)
})
