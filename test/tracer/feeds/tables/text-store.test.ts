import assert from 'node:assert/strict'
import { Buffer } from 'node:buffer'
import { test } from 'node:test'
import { TextStore } from '../../../../src/tracer/feeds/tables/text-store.ts'

test('a text comes back as it was put', () => {
  const store = new TextStore()
  const texts = ['', 'a', 'abcd', 'naïve', 'вход', '😀', '\0|=\n', 'x'.repeat(5000), 'é'.repeat(3)]
  const references = texts.map((text) => store.put(text))
  assert.ok(references.every((reference) => reference > 0))
  assert.equal(new Set(references).size, texts.length)
  assert.deepEqual(
    references.map((reference) => store.get(reference)),
    texts,
  )
})

test('a lone surrogate becomes the replacement character', () => {
  const store = new TextStore()
  assert.equal(store.get(store.put('a\ud800b')), 'a\ufffdb')
})

test('texts go on over many pages, also such as are longer than a page', () => {
  const store = new TextStore()
  const put: [reference: number, text: string][] = []
  const add = (text: string) => put.push([store.put(text), text])
  for (let i = 0; i < 300; i++) add(`${i}:`.padEnd(9973, 'x'))
  add('y'.repeat(3_500_000))
  add('behind')
  add('é'.repeat(1_000_000))
  for (let i = 0; i < 300; i++) add(`${i};`.padEnd(7919, 'z'))
  for (const [reference, text] of put) assert.ok(store.get(reference) === text)
})

test('a text that is longer than a page may come first', () => {
  const store = new TextStore()
  const long = 'x'.repeat(2_000_001)
  const first = store.put(long)
  const second = store.put('second')
  assert.ok(store.get(first) === long)
  assert.equal(store.get(second), 'second')
})

test('bytes are compared with what is stored', () => {
  const store = new TextStore()
  const reference = store.put('é')
  const bytes = Buffer.from('é').toString('latin1')
  assert.ok(store.hasBytes(reference, bytes))
  assert.ok(!store.hasBytes(reference, 'é'))
  assert.ok(!store.hasBytes(reference, `${bytes}x`))
  assert.ok(!store.hasBytes(store.put('ab'), 'ac'))
})
