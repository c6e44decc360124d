import assert from 'node:assert/strict'
import { createHash } from 'node:crypto'
import { test } from 'node:test'
import fc from 'fast-check'
import { DIGESTS, toHex } from '../../../src/expression/coding/digest.ts'
import { encodeUtf8 } from '../../../src/expression/coding/utf8.ts'

const NAMES = Object.keys(DIGESTS) as (keyof typeof DIGESTS)[]

function check(bytes: Uint8Array): void {
  for (const name of NAMES) {
    const expected = createHash(name).update(bytes).digest('hex')
    assert.equal(toHex(DIGESTS[name](bytes)), expected, `${name} of ${bytes.length} bytes`)
  }
}

test('digests of messages of any length up to several blocks are those of OpenSSL', () => {
  const bytes = Uint8Array.from({ length: 400 }, (_, index) => (index * 7919 + 13) & 0xff)
  for (let length = 0; length <= bytes.length; length++) check(bytes.subarray(bytes.length - length))
})

test('digests of any bytes, and of a part of a buffer', () => {
  fc.assert(
    fc.property(fc.uint8Array({ maxLength: 1000 }), fc.nat(20), (bytes, start) => {
      check(bytes)
      check(bytes.subarray(start))
    }),
  )
  for (const byte of [0, 0xff]) check(new Uint8Array(3000).fill(byte))
})

test('the known answers', () => {
  const hex = (name: keyof typeof DIGESTS, text: string): string => toHex(DIGESTS[name](encodeUtf8(text)))
  assert.equal(hex('md5', ''), 'd41d8cd98f00b204e9800998ecf8427e')
  assert.equal(hex('sha1', 'abc'), 'a9993e364706816aba3e25717850c26c9cd0d89d')
  assert.equal(hex('sha256', ''), 'e3b0c44298fc1c149afbf4c8996fb92427ae41e4649b934ca495991b7852b855')
  assert.ok(hex('sha512', 'abc').startsWith('ddaf35a193617abacc417349ae204131'))
})
