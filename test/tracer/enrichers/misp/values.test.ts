import assert from 'node:assert/strict'
import { test } from 'node:test'
import fc from 'fast-check'
import { comparisonKey, valuesOf } from '../../../../src/tracer/enrichers/misp/values.ts'
import type { IndicatorType } from '../../../../src/tracer/protocol.ts'
import { propertyRuns } from '../../../property-runs.ts'

const asked: [type: IndicatorType, value: string, values: string[]][] = [
  ['hash', ' C912705B4BBB14EC7E78FA8B370532C9 ', ['c912705b4bbb14ec7e78fa8b370532c9']],
  ['hash', '3:AXGBicFlgVNhBGcL6wCrFQEv:AXGHsNhxLsr2C', ['3:AXGBicFlgVNhBGcL6wCrFQEv:AXGHsNhxLsr2C']],
  ['ip', '198.51.100.7', ['198.51.100.7']],
  ['ip', '0xC6.0x33.0x64.7', ['198.51.100.7']],
  ['ip', '::ffff:198.51.100.7', ['198.51.100.7']],
  ['ip', '2001:0DB8:0:0::1', ['2001:db8::1']],
  ['ip', 'no address', []],
  ['url', 'Evil.EXAMPLE', ['evil.example']],
  ['url', 'www.evil.example', ['evil.example', 'www.evil.example']],
  ['url', 'пример.рф', ['xn--e1afmkfd.xn--p1ai']],
  ['url', 'http://evil.example', ['http://evil.example', 'http://evil.example/', 'evil.example']],
  ['url', 'http://evil.example/', ['http://evil.example/', 'http://evil.example', 'evil.example']],
  [
    'url',
    'http://WWW.evil.example:80/A?b',
    ['http://WWW.evil.example:80/A?b', 'evil.example/a?b', 'evil.example', 'www.evil.example'],
  ],
  [
    'url',
    'evil.example/a',
    ['evil.example/a', 'http://evil.example/a', 'https://evil.example/a', 'evil.example'],
  ],
  ['url', 'http://198.51.100.7/a', ['http://198.51.100.7/a', '198.51.100.7/a', '198.51.100.7']],
  ['url', 'https://[2001:db8::1]/', ['https://[2001:db8::1]/', 'https://[2001:db8::1]', '2001:db8::1']],
  ['url', 'http://192.168.0.1/a', ['http://192.168.0.1/a', '192.168.0.1/a']],
]
for (const [type, value, values] of asked) {
  test(`${type} ${value} is asked for as ${values.length} values`, () => {
    assert.deepEqual(valuesOf({ type, value }), values)
  })
}

test('local addresses are not asked for', () => {
  for (const value of [
    '10.1.2.3',
    '172.16.0.1',
    '192.168.1.1',
    '127.0.0.1',
    '169.254.1.1',
    '224.0.0.1',
    '0.0.0.0',
    '255.255.255.255',
    '::1',
    'fe80::1',
    'fd00::1',
    '::ffff:10.0.0.1',
  ]) {
    assert.deepEqual(valuesOf({ type: 'ip', value }), [], value)
  }
})

test('what a search would not read as a value is not sent, but the host of a URL is', () => {
  const host = ['evil.example']
  for (const value of [
    'http://evil.example/a%',
    'http://evil.example/a|b',
    'http://evil.example/\u0000',
    'http://evil.example/\ud800',
    'http://evil.example/😀',
  ]) {
    const values = valuesOf({ type: 'url', value })
    assert.ok(!values.includes(value), JSON.stringify(value))
    assert.deepEqual(values.slice(-1), host, JSON.stringify(value))
  }
  for (const value of [
    '!evil.example',
    '%',
    '%%',
    '%.example',
    '%evil.example%',
    '!',
    '',
    ' ',
    '\t',
    '|',
    '#x',
    '/a',
    '?',
  ]) {
    for (const type of ['url', 'ip', 'hash'] as const) {
      for (const sent of valuesOf({ type, value }))
        assert.match(sent, /^[^!%|\s].*[^%|\s]$/, JSON.stringify(value))
    }
  }
  assert.deepEqual(valuesOf({ type: 'url', value: `http://evil.example/${'a'.repeat(5000)}` }), [])
  assert.deepEqual(valuesOf({ type: 'hash', value: '!c912705b4bbb14ec7e78fa8b370532c9' }), [])
})

test('whatever a client sends, no value negates, is a pattern, is empty or breaks a line', () => {
  const text = fc.oneof(
    fc.string({ unit: 'binary', maxLength: 60 }),
    fc.string({
      unit: fc.constantFrom('!', '%', '|', '/', '.', ' ', 'a', 'w', ':', '\\', '"', '\n'),
      maxLength: 20,
    }),
    fc.webUrl({ withQueryParameters: true }),
  )
  fc.assert(
    fc.property(fc.constantFrom('url', 'ip', 'hash'), text, (type, value) => {
      const values = valuesOf({ type: type as IndicatorType, value })
      assert.ok(values.length <= 5)
      assert.equal(new Set(values).size, values.length)
      for (const sent of values) {
        assert.equal(sent.trim(), sent)
        assert.doesNotMatch(sent, /^[!%]|%$|^$|[|\0-\x1f\ud800-\udfff]/)
        assert.notEqual(comparisonKey(sent), '')
      }
    }),
    { numRuns: propertyRuns(2000) },
  )
})

test('values compare by their normal forms', () => {
  const equal = [
    ['C912705B4BBB14EC7E78FA8B370532C9', 'c912705b4bbb14ec7e78fa8b370532c9'],
    ['2001:DB8:0::1', '2001:db8::1'],
    ['HTTP://WWW.EXAMPLE.COM/A/B/../c', 'example.com/a/c'],
    ['Example.com.', 'example.com'],
  ]
  for (const [a, b] of equal) assert.equal(comparisonKey(a!), comparisonKey(b!))
  assert.notEqual(comparisonKey('example.com/a'), comparisonKey('example.com'))
})
