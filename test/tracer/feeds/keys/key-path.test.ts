import assert from 'node:assert/strict'
import { test } from 'node:test'
import type { FeedRecord, FeedValue } from '../../../../src/tracer/feeds/formats/record.ts'
import { type FoundValue, KeyPath, parseFeedKey } from '../../../../src/tracer/feeds/keys/key-path.ts'

/** A record of an object that holds objects and lists. */
function recordOf(value: object): FeedRecord {
  return toFeedValue(value) as FeedRecord
}

function toFeedValue(value: unknown): FeedValue {
  if (Array.isArray(value)) return value.map(toFeedValue)
  if (typeof value !== 'object' || value === null) return value as FeedValue
  return new Map(Object.entries(value).map(([name, member]) => [name, toFeedValue(member)]))
}

/** The values under a path, undefined when it is not there. */
function collect(path: string, value: object): string[] | undefined {
  const values: FoundValue[] = []
  const isThere = new KeyPath(path).collect(recordOf(value), values)
  return isThere ? values.map((found) => found.value) : undefined
}

test('a key is a field, and perhaps a type', () => {
  assert.deepEqual(parseFeedKey('mask'), { key: 'mask' })
  assert.deepEqual(parseFeedKey('files/MD5:hash'), { key: 'files/MD5', type: 'hash' })
  assert.deepEqual(parseFeedKey('whois.domain:url'), { key: 'whois.domain', type: 'url' })
  assert.deepEqual(parseFeedKey('ip:ip'), { key: 'ip', type: 'ip' })
  assert.deepEqual(parseFeedKey('a:b:url'), { key: 'a:b', type: 'url' })
  assert.deepEqual(parseFeedKey('a:port'), { key: 'a:port' })
  assert.deepEqual(parseFeedKey(' spaced name '), { key: 'spaced name' })
  for (const text of ['', '  ', ':url', ' :ip']) assert.throws(() => parseFeedKey(text), TypeError)
})

test('a path goes into objects and through lists', () => {
  const record = {
    files: [{ MD5: 'a' }, { MD5: 'b', more: { x: 'c' } }, { SHA1: 'd' }],
    whois: { domain: 'e' },
  }
  assert.deepEqual(collect('files/MD5', record), ['a', 'b'])
  assert.deepEqual(collect('files.MD5', record), ['a', 'b'])
  assert.deepEqual(collect('files/more/x', record), ['c'])
  assert.deepEqual(collect('whois.domain', record), ['e'])
  assert.equal(collect('whois/registrar', record), undefined)
  assert.equal(collect('files/MD5/x', record), undefined)
  assert.equal(collect('nothing', record), undefined)
})

test('a list gives all of its elements', () => {
  assert.deepEqual(collect('urls', { urls: ['a', ['b', ['c']], null, true, { d: 'd' }] }), ['a', 'b', 'c'])
  assert.deepEqual(collect('urls', { urls: [] }), [])
})

test('a name that is there as it is written comes before its meaning as a path', () => {
  assert.deepEqual(collect('a.b', { 'a.b': '1', a: { b: '2' } }), ['1'])
  assert.deepEqual(collect('a/b.c', { 'a/b': { c: '1' }, a: { 'b.c': '2' } }), ['1'])
  assert.deepEqual(collect('a/b.c', { a: { 'b.c': '2' } }), ['2'])
  assert.deepEqual(collect('a/b/c', { 'a/b': { x: '1' }, a: { b: { c: '3' } } }), ['3'])
  assert.deepEqual(collect('a/', { 'a/': '1' }), ['1'])
})

test('what is no value is left out, but is there', () => {
  for (const value of [null, true, false, '', '  ', '-', {}]) assert.deepEqual(collect('a', { a: value }), [])
  assert.deepEqual(collect('a', { a: ' x ' }), ['x'])
})

test('names of prototypes are names', () => {
  for (const name of ['__proto__', 'constructor', 'toString', 'length']) {
    assert.equal(collect(name, { a: 'x', list: ['y'] }), undefined)
    assert.equal(collect(`list/${name}`, { list: ['y'] }), undefined)
    assert.deepEqual(collect(name, Object.defineProperty({}, name, { value: 'x', enumerable: true })), ['x'])
  }
})
