import assert from 'node:assert/strict'
import { test } from 'node:test'
import fc from 'fast-check'
import { percentDecode } from '../../../../src/tracer/feeds/keys/percent.ts'

test('escapes of UTF-8 are decoded once', () => {
  const decoded: Record<string, string> = {
    'a%20b': 'a b',
    '%41%42': 'AB',
    '%2541': '%41',
    '%d0%bf%D1%80': 'пр',
    '%e2%82%ac': '€',
    '%F0%9F%98%80': '😀',
    '%00': '\0',
    'a+b': 'a+b',
    'no escape': 'no escape',
  }
  for (const [text, expected] of Object.entries(decoded)) assert.equal(percentDecode(text), expected, text)
})

test('what is no escape or no UTF-8 stays as it is', () => {
  const texts = [
    '%',
    '%4',
    '%zz',
    '%%',
    '%ff',
    '%80',
    '%c3',
    '%c3%',
    '%c3%28',
    '%e2%82',
    '%c0%af',
    '%e0%80%80',
  ]
  const more = ['%ed%a0%80', '%f4%90%80%80', '%f8%88%80%80%80', '%f0%9f%98', '%-1', '% 1', '%1']
  for (const text of [...texts, ...more]) {
    if (text === '%c3%28') assert.equal(percentDecode(text), '%c3(')
    else assert.equal(percentDecode(text), text)
  }
})

test('what decodeURIComponent decodes is decoded as it does', () => {
  fc.assert(
    fc.property(fc.string({ unit: 'grapheme' }), (text) => {
      const escaped = encodeURIComponent(text)
      assert.equal(percentDecode(escaped), text)
      assert.equal(percentDecode(escaped.toLowerCase()), decodeURIComponent(escaped.toLowerCase()))
    }),
  )
})
