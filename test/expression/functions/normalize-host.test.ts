import assert from 'node:assert/strict'
import { test } from 'node:test'
import { normalizeHost } from '../../../src/expression/functions/normalize-host.ts'
import { DictView, Tuple, type Value, ValueIterator } from '../../../src/expression/value.ts'
import { call } from './calling.ts'

test('hosts are sorted into domain names, hostnames and addresses', () => {
  assert.deepEqual(call(normalizeHost, '127.0.0.1', 'lt-mail', 'lt-mail.domain', '', '10.0.0.2'), {
    value: { fqdn: ['lt-mail.domain'], hostname: ['lt-mail'], ip: ['10.0.0.2', '127.0.0.1'] },
    anomalies: {},
  })
})

test('the members of the result are in alphabetical order', () => {
  assert.deepEqual(Object.keys(call(normalizeHost, '::1').value as object), ['fqdn', 'hostname', 'ip'])
})

test('null, the empty text and the hyphen are ignored', () => {
  assert.deepEqual(call(normalizeHost, null, '', '-'), {
    value: { fqdn: [], hostname: [], ip: [] },
    anomalies: {},
  })
})

test('a host that is written in several ways is there once', () => {
  assert.deepEqual(
    call(
      normalizeHost,
      'A.B',
      'a.b.',
      'a.B',
      'WS',
      'ws.',
      '::1',
      '0:0::1',
      '::FFFF:1.2.3.4',
      '::ffff:102:304',
    ).value,
    { fqdn: ['a.b'], hostname: ['ws'], ip: ['::1', '::ffff:1.2.3.4'] },
  )
})

test('lists are sorted by code point, not by UTF-16 unit', () => {
  assert.deepEqual(call(normalizeHost, '\u{10400}', '\uffda', 'b', 'a', '10', '9').value, {
    fqdn: [],
    hostname: ['10', '9', 'a', 'b', '\uffda', '\u{10428}'],
    ip: [],
  })
  assert.deepEqual(call(normalizeHost, '9.9.9.9', '10.0.0.1', '::2', '::10').value, {
    fqdn: [],
    hostname: [],
    ip: ['10.0.0.1', '9.9.9.9', '::10', '::2'],
  })
})

test('what is no host is recorded and left out', () => {
  const malformed = [
    ' a',
    'a b',
    'a..b',
    '[::1]',
    'fe80::1%',
    'fe80::1%a%b',
    'fe80::1%eth0/64',
    'fe80::1%e 0',
    'fe80::g%eth0',
    '10.0.0.1%eth0',
    'host%eth0',
    '10.0.0.1:80',
    '1.2.3.4.',
    '.',
    '10.0.0.0/8',
    '--',
    '\ud800',
  ]
  assert.deepEqual(call(normalizeHost, ...malformed, 'ok', ' a'), {
    value: { fqdn: [], hostname: ['ok'], ip: [] },
    anomalies: { malformed_host: malformed },
  })
})

test('a value that is not text is recorded as str writes it', () => {
  assert.deepEqual(call(normalizeHost, 5, true, [['a', null]], 2n ** 64n, { a: 1 }).anomalies, {
    malformed_host: ['5', 'True', "['a', None]", '18446744073709551616', "{'a': 1}"],
  })
})

test('a list, tuple, set or iterator gives its elements, beside other values', () => {
  assert.deepEqual(
    call(
      normalizeHost,
      ['b.c', null, '10.0.0.1', '', 5, 'x y'],
      'h1',
      new Tuple(['H2', '-', 'h1']),
      new DictView('values', { a: 'h3' }),
      new ValueIterator('generator', ['::1', '10.0.0.1'].values()),
      [],
    ),
    {
      value: { fqdn: ['b.c'], hostname: ['h1', 'h2', 'h3'], ip: ['10.0.0.1', '::1'] },
      anomalies: { malformed_host: ['5', 'x y'] },
    },
  )
})

test('a list that holds itself, or others without end, is malformed and costs no time', () => {
  const circle: Value[] = ['h']
  circle.push(circle)
  assert.deepEqual(call(normalizeHost, circle).value, { fqdn: [], hostname: ['h'], ip: [] })
})

test('an IPv6 address with a zone gives the address', () => {
  assert.deepEqual(call(normalizeHost, 'fe80::1%3', 'FE80::2%eth0.100', 'fe80:0::1%br-lan', '::1%25lo'), {
    value: { fqdn: [], hostname: [], ip: ['::1', 'fe80::1', 'fe80::2'] },
    anomalies: {},
  })
})

test('each call gives lists of its own', () => {
  const first = call(normalizeHost, 'a').value as { hostname: string[] }
  first.hostname.push('b')
  assert.deepEqual((call(normalizeHost, 'a').value as { hostname: string[] }).hostname, ['a'])
})
