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
  const types: Record<string, string | undefined> = {
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
    'gmer.com': 'domain',
    'gmer.com/': 'domain',
    'gmer.com:8080': 'domain',
    'пример.рф': 'domain',
    'x.onion': 'domain',
    'gmer.com/x': 'url',
    'http://gmer.com': 'url',
    'http://localhost/x': 'url',
    '.dyn.example': 'url',
    '*.cdn.example/x/*': 'url',
    '192.0.2.1:80': 'ip',
    '[2001:db8::1]:443': 'ip',
    '192.0.2.1/x': 'url',
    '192.0.2.*': 'url',
    'login.*': 'url',
  }
  for (const [value, type] of Object.entries(types)) assert.equal(detectType(value), type, value)
})

test('what is of no known kind has no type', () => {
  for (const value of [
    ...['c'.repeat(33), 'g'.repeat(32), '520966948', 'a-b', 'N/A', 'n/a', '-', '', 'unknown', 'localhost'],
    ...['me@example.com', 'invoice.exe', 'C:\\Windows\\x.dll', '/etc/passwd', 'CVE-2024-12345'],
    ...[
      'Win32.Trojan.Agent',
      'two words',
      'a.example b',
      '2024-01-01',
      '2024-01-01 10:00:00',
      '1.10',
      '*.exe',
    ],
    ...['*', '**', '.', '*.*', 'http://', 'sha256', 'a,b', '999.1.1.1', '1.2.3.4:99999'],
  ]) {
    assert.equal(detectType(value), undefined, value)
    assert.equal(readIndicatorKey(value, undefined), undefined, value)
  }
})

test('a bare host is any path, unless hosts are exact or the key is typed url', () => {
  assert.deepEqual(readIndicatorKey('WWW.Gmer.com', undefined), { kind: 'host', text: 'gmer.com' })
  assert.deepEqual(readIndicatorKey('gmer[.]com', undefined), { kind: 'host', text: 'gmer.com' })
  assert.deepEqual(readIndicatorKey('hxxps://gmer[.]com/x', undefined), { kind: 'url', text: 'gmer.com/x' })
  assert.equal(readIndicatorKey('gmer[.]com', undefined, { refang: false }), undefined)
  assert.deepEqual(readIndicatorKey('gmer.com', undefined, { hostMatch: 'exact' }), {
    kind: 'url',
    text: 'gmer.com',
  })
  assert.deepEqual(readIndicatorKey('gmer.com', 'url'), { kind: 'url', text: 'gmer.com' })
  assert.deepEqual(readIndicatorKey('gmer', 'domain'), { kind: 'host', text: 'gmer' })
  assert.equal(readIndicatorKey('gmer.com/x', 'domain'), undefined)
  assert.deepEqual(readIndicatorKey('Me@Example.com', 'email'), { kind: 'email', text: 'me@example.com' })
  assert.equal(readIndicatorKey('gmer.com', 'email'), undefined)
  assert.deepEqual(readIndicatorKey(' Evil.EXE ', 'text'), { kind: 'text', text: 'evil.exe' })
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
