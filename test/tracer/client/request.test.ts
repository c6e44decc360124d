import assert from 'node:assert/strict'
import { describe, it } from 'node:test'
import { fitsBytes, wireValue } from '../../../src/tracer/client/request.ts'

describe('wireValue', () => {
  for (const [value, expected] of [
    ['gmer.com', 'gmer.com'],
    [' gmer.com\t', 'gmer.com'],
    ['a|b', 'a b'],
    ['a\r\nb\nc', 'a b c'],
    ['|', ''],
    ['\ud800', '\ufffd'],
    ['a\udc00b', 'a\ufffdb'],
    ['\udc00\ud800', '\ufffd\ufffd'],
    ['\ud83d\ude00', '\ud83d\ude00'],
    ['\ud83d\ud83d\ude00', '\ufffd\ud83d\ude00'],
  ] as const) {
    it(`writes ${JSON.stringify(value)} as ${JSON.stringify(expected)}`, () => {
      assert.equal(wireValue(value), expected)
      // The value that goes out is the one that comes back.
      assert.equal(Buffer.from(wireValue(value)).toString(), expected)
    })
  }
})

it('fitsBytes counts the bytes of UTF-8', () => {
  for (const text of ['', 'abc', 'é', '日本', '😀'.repeat(10)]) {
    const bytes = Buffer.byteLength(text)
    assert.equal(fitsBytes(text, bytes), true)
    assert.equal(fitsBytes(text, bytes - 1), false)
  }
})
