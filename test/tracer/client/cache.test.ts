import assert from 'node:assert/strict'
import { describe, it } from 'node:test'
import { AnswerCache, NO_DETECTIONS } from '../../../src/tracer/client/cache.ts'
import type { Detection } from '../../../src/tracer/protocol.ts'

function hit(value: string, text = ''): Detection[] {
  return [{ category: 'c', matched: value, fields: [['context', text]] }]
}

describe('AnswerCache', () => {
  it('knows hits and misses by type and value', () => {
    const cache = new AnswerCache({ entries: 10, ttlMs: 1000 })
    const answer = hit('a')
    cache.set('url', 'a', answer)
    cache.set('ip', 'b', NO_DETECTIONS)
    assert.equal(cache.get('url', 'a'), answer)
    assert.equal(cache.get('ip', 'b'), NO_DETECTIONS)
    assert.equal(cache.get('ip', 'a'), undefined)
    assert.equal(cache.get('hash', 'a'), undefined)
  })

  it('forgets what was used least recently', () => {
    const cache = new AnswerCache({ entries: 2, ttlMs: 1000 })
    cache.set('url', 'a', NO_DETECTIONS)
    cache.set('url', 'b', NO_DETECTIONS)
    cache.get('url', 'a')
    cache.set('url', 'c', NO_DETECTIONS)
    assert.deepEqual(
      ['a', 'b', 'c'].map((value) => cache.get('url', value) !== undefined),
      [true, false, true],
    )
  })

  it('forgets everything after its time', () => {
    let now = 1
    const cache = new AnswerCache({ entries: 10, ttlMs: 1000 }, { now: () => now })
    cache.set('url', 'a', hit('a'))
    now += 999
    assert.ok(cache.get('url', 'a'))
    // Use does not make an answer any younger.
    now += 2
    assert.equal(cache.get('url', 'a'), undefined)
  })

  it('is bounded by the length of what it keeps, too', () => {
    const cache = new AnswerCache({ entries: 1000, ttlMs: 1000 })
    const context = 'x'.repeat(900_000)
    for (let n = 0; n < 100; n++) cache.set('url', `${n}`, hit(`${n}`, context))
    const kept = Array.from({ length: 100 }, (_, n) => cache.get('url', `${n}`)).filter(Boolean)
    assert.ok(kept.length > 10 && kept.length < 40, `${kept.length}`)
    cache.set('url', 'huge', hit('huge', 'x'.repeat(2_000_000)))
    assert.equal(cache.get('url', 'huge'), undefined)
  })

  for (const options of [
    { entries: 0, ttlMs: 1000 },
    { entries: 10, ttlMs: 0 },
  ]) {
    it(`keeps nothing with ${JSON.stringify(options)}`, () => {
      const cache = new AnswerCache(options)
      cache.set('url', 'a', NO_DETECTIONS)
      assert.equal(cache.get('url', 'a'), undefined)
    })
  }

  it('takes keys of any name', () => {
    const cache = new AnswerCache({ entries: 10, ttlMs: 1000 })
    for (const value of ['__proto__', 'constructor', 'toString', '']) {
      assert.equal(cache.get('url', value), undefined)
      cache.set('url', value, NO_DETECTIONS)
      assert.equal(cache.get('url', value), NO_DETECTIONS)
    }
  })
})
