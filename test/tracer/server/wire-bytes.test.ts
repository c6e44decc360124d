import assert from 'node:assert/strict'
import { Buffer } from 'node:buffer'
import { test } from 'node:test'
import fc from 'fast-check'
import { decodeWire, encodeWire } from '../../../src/tracer/server/wire-bytes.ts'
import { propertyRuns } from '../../property-runs.ts'

test('any bytes come back as they were', () => {
  fc.assert(
    fc.property(fc.uint8Array({ maxLength: 64 }), (array) => {
      const bytes = Buffer.from(array)
      assert.deepEqual(encodeWire(decodeWire(bytes)), bytes)
    }),
    { numRuns: propertyRuns(2000) },
  )
})

test('bytes that begin like UTF-8 and are none come back as they were', () => {
  const pieces = fc.constantFrom(
    [0x61],
    [0x80],
    [0xbf],
    [0xc0, 0x80],
    [0xc3],
    [0xc3, 0xa9],
    [0xe0, 0x80, 0x80],
    [0xe2, 0x82],
    [0xe2, 0x82, 0xac],
    [0xed, 0xa0, 0x80],
    [0xed, 0xb2, 0x80],
    [0xf0, 0x80, 0x80, 0x80],
    [0xf0, 0x9f, 0x98],
    [0xf0, 0x9f, 0x98, 0x80],
    [0xf4, 0x90, 0x80, 0x80],
    [0xf8],
    [0xff],
    [0x7c],
    [0x0a],
  )
  fc.assert(
    fc.property(fc.array(pieces, { maxLength: 12 }), (list) => {
      const bytes = Buffer.from(list.flat())
      assert.deepEqual(encodeWire(decodeWire(bytes)), bytes)
    }),
    { numRuns: propertyRuns(2000) },
  )
})

test('valid UTF-8 is decoded as such, beside a byte that is none', () => {
  assert.equal(decodeWire(Buffer.from('gmer.com')), 'gmer.com')
  assert.equal(decodeWire(Buffer.from('пример.рф 😀')), 'пример.рф 😀')
  const mixed = Buffer.concat([Buffer.from('пример😀'), Buffer.from([0xff, 0x80]), Buffer.from('.рф')])
  assert.equal(decodeWire(mixed), 'пример😀\udcff\udc80.рф')
})

test('the text of a byte order mark is kept', () => {
  assert.equal(decodeWire(Buffer.from('\ufeffa')), '\ufeffa')
  assert.equal(decodeWire(Buffer.concat([Buffer.from('\ufeffa'), Buffer.from([0xff])])), '\ufeffa\udcff')
})

test('lone surrogates that stand for no byte are sent as U+FFFD', () => {
  assert.deepEqual(encodeWire('a\ud800b\udc00c'), Buffer.from('a\ufffdb\ufffdc'))
  assert.deepEqual(encodeWire('\ud83d\udc80'), Buffer.from('\u{1f480}'))
  assert.deepEqual(encodeWire(''), Buffer.alloc(0))
})

test('a block of nothing but invalid bytes is decoded in time that grows with its length', () => {
  const bytes = Buffer.alloc(1024 * 1024, 0xff)
  assert.equal(decodeWire(bytes).length, bytes.length)
})
