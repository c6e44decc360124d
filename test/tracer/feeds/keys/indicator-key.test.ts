import assert from 'node:assert/strict'
import { test } from 'node:test'
import {
  addressKey,
  detectType,
  hashKey,
  readIndicatorKey,
} from '../../../../src/tracer/feeds/keys/indicator-key.ts'
import { parseAddress } from '../../../../src/tracer/feeds/keys/ip.ts'

test('the type of a key is detected', () => {
  const types: Record<string, string> = {
    '192.0.2.1': 'ip',
    '2001:db8::1': 'ip',
    '192.0.2.0/24': 'ip',
    '2001:db8::/32': 'ip',
    '192.0.2.1-192.0.2.9': 'ip',
    [`${'a'.repeat(31)}F`]: 'hash',
    [`${'0'.repeat(40)}`]: 'hash',
    ['0123456789abcdef'.repeat(4)]: 'hash',
    ['a'.repeat(56)]: 'hash',
    ['b'.repeat(96)]: 'hash',
    ['c'.repeat(128)]: 'hash',
    ['c'.repeat(33)]: 'url',
    ['g'.repeat(32)]: 'url',
    'gmer.com': 'url',
    '.dyn.example': 'url',
    '192.0.2.1:80': 'url',
    '192.0.2.1/x': 'url',
    '192.0.2.*': 'url',
    '0x1f.0xd.0x53.0x24': 'url',
    '520966948': 'url',
    'a-b': 'url',
  }
  for (const [value, type] of Object.entries(types)) assert.equal(detectType(value), type, value)
})

test('a key is read as what it is said to be', () => {
  assert.deepEqual(readIndicatorKey('ABC', 'hash'), { kind: 'hash', text: 'abc' })
  assert.deepEqual(readIndicatorKey('520966948', 'ip')?.kind, 'ip')
  assert.deepEqual(readIndicatorKey('192.0.2.1', 'url'), { kind: 'url', text: '192.0.2.1' })
  assert.deepEqual(readIndicatorKey('f'.repeat(32), 'url'), { kind: 'url', text: 'f'.repeat(32) })
  assert.equal(readIndicatorKey('http://*.example/', undefined)?.kind, 'mask')
  assert.equal(readIndicatorKey('.example', undefined)?.kind, 'mask')
})

test('a key that cannot be looked up is none', () => {
  assert.equal(readIndicatorKey('gmer.com', 'ip'), undefined)
  assert.equal(readIndicatorKey('192.0.2.9-192.0.2.1', 'ip'), undefined)
  assert.equal(readIndicatorKey(' ', 'hash'), undefined)
  assert.equal(readIndicatorKey('http://', 'url'), undefined)
  assert.equal(readIndicatorKey('.', 'url'), undefined)
  assert.equal(readIndicatorKey('*://', 'url'), undefined)
})

test('keys of hashes and addresses have one form', () => {
  assert.equal(hashKey(' 44D88612 '), '44d88612')
  assert.equal(addressKey(parseAddress('192.0.2.1')!), '192.0.2.1')
  assert.equal(addressKey(parseAddress('::ffff:192.0.2.1')!), '192.0.2.1')
  const keys = ['2001:db8::d800', '2001:db8::dfff', '2001:db8::', '::'].map((text) =>
    addressKey(parseAddress(text)!),
  )
  assert.equal(new Set(keys).size, keys.length)
})
