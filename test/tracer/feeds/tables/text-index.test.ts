import assert from 'node:assert/strict'
import { Buffer } from 'node:buffer'
import { test } from 'node:test'
import fc from 'fast-check'
import { TextIndex } from '../../../../src/tracer/feeds/tables/text-index.ts'
import { TextStore } from '../../../../src/tracer/feeds/tables/text-store.ts'

function emptyIndex(): TextIndex {
  return new TextIndex(new TextStore())
}

test('an index answers as a map does', () => {
  const key = fc.oneof(
    fc.constantFrom('__proto__', 'constructor', 'toString', '', 'é', 'Ã©', 'вход', '😀'),
    fc.string({ maxLength: 8 }),
  )
  fc.assert(
    fc.property(
      fc.array(fc.tuple(key, fc.integer({ min: 1, max: 2 ** 32 - 1 }))),
      fc.array(key),
      (all, asked) => {
        const index = emptyIndex()
        const map = new Map<string, number>()
        for (const [text, value] of all) {
          index.set(text, value)
          map.set(text, value)
        }
        assert.equal(index.size, map.size)
        for (const text of [...asked, ...map.keys()]) assert.equal(index.get(text), map.get(text) ?? 0)
      },
    ),
  )
})

test('an index of many keys keeps them all', () => {
  const index = emptyIndex()
  const count = 50_000
  for (let i = 1; i <= count; i++) index.set(`host${i}.example/path`, i)
  assert.equal(index.size, count)
  for (let i = 1; i <= count; i++) assert.equal(index.get(`host${i}.example/path`), i)
  assert.equal(index.get('host0.example/path'), 0)
})

test('the bytes of a text are not taken for the text', () => {
  const index = emptyIndex()
  index.set('é', 1)
  assert.equal(index.get(Buffer.from('é').toString('latin1')), 0)
  assert.equal(index.get('é'), 1)
})

test('a key of parts that were put together is found', () => {
  const index = emptyIndex()
  index.set(`host${String(1)}.example`, 1)
  assert.equal(index.get(['host1', 'example'].join('.')), 1)
})

test('a key that is longer than all others is not found', () => {
  const index = emptyIndex()
  index.set('short', 1)
  assert.equal(index.get('x'.repeat(1_000_000)), 0)
  assert.equal(index.longest, 5)
})
