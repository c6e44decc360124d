import assert from 'node:assert/strict'
import { readFileSync } from 'node:fs'
import { test } from 'node:test'
import { UrlDecoder, unquote } from '../../../src/tracer/enrichers/url-decode.ts'

const cases: [text: string, decoded: string][] = JSON.parse(
  readFileSync(new URL('../../cpython/url-decode.json', import.meta.url), 'utf8'),
)

test(`${cases.length} texts are decoded as CPython does`, () => {
  for (const [text, decoded] of cases) assert.equal(unquote(text), decoded, JSON.stringify(text))
})

test('a url is answered with its decoded form, in the category of the original', () => {
  const decoder = new UrlDecoder()
  assert.deepEqual(decoder.lookup({ type: 'url', value: 'http%3A%2F%2Fgmer.com' }), [
    { category: 'Tracer_URL_Decoder', context: '|decodedURL=http://gmer.com' },
  ])
  assert.deepEqual(decoder.lookup({ type: 'url', value: 'gmer.com' }), [
    { category: 'Tracer_URL_Decoder', context: '|decodedURL=gmer.com' },
  ])
})

test('what would break the line is a space in the answer', () => {
  const [match] = new UrlDecoder().lookup({ type: 'url', value: 'a%7Cb%0D%0Ac%0Ad' })
  assert.equal(match!.context, '|decodedURL=a b c d')
})

test('nothing but urls is answered', () => {
  const decoder = new UrlDecoder()
  assert.deepEqual(decoder.lookup({ type: 'ip', value: '192.0.2.1' }), [])
  assert.deepEqual(decoder.lookup({ type: 'hash', value: '%41' }), [])
})

test('a long value is decoded in time that grows with its length', () => {
  assert.equal(unquote('%'.repeat(1_000_000)).length, 1_000_000)
  assert.equal(unquote('%4'.repeat(1_000_000)).length, 2_000_000)
  assert.equal(unquote('%41'.repeat(1_000_000)).length, 1_000_000)
})
