import assert from 'node:assert/strict'
import { Buffer } from 'node:buffer'
import { createHash } from 'node:crypto'
import { test } from 'node:test'
import fc from 'fast-check'
import { ALGORITHMS, Hasher } from '../../../src/expression/coding/digest.ts'

const HASHERS = ALGORITHMS.map((name) => ({ name, hasher: new Hasher(name) }))

function check(bytes: Uint8Array): void {
  for (const { name, hasher } of HASHERS) {
    const expected = createHash(name).update(bytes).digest('hex')
    assert.equal(
      Buffer.from(hasher.digest(bytes)).toString('hex'),
      expected,
      `${name} of ${bytes.length} bytes`,
    )
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
  assert.equal(new Hasher('md5').hexOf(''), 'd41d8cd98f00b204e9800998ecf8427e')
  assert.equal(new Hasher('sha1').hexOf('abc'), 'a9993e364706816aba3e25717850c26c9cd0d89d')
  assert.equal(
    new Hasher('sha256').hexOf(''),
    'e3b0c44298fc1c149afbf4c8996fb92427ae41e4649b934ca495991b7852b855',
  )
  assert.ok(new Hasher('sha512').hexOf('abc').startsWith('ddaf35a193617abacc417349ae204131'))
})

test('texts of any length and script have the digests of their UTF-8', () => {
  for (const { name, hasher } of HASHERS) {
    for (const text of [
      '',
      'a',
      'é'.repeat(512),
      '\u20ac'.repeat(512),
      'a'.repeat(513),
      '😀'.repeat(300),
      '\ud800',
    ])
      assert.equal(
        hasher.hexOf(text),
        createHash(name).update(text).digest('hex'),
        `${name} of ${text.length}`,
      )
  }
})
