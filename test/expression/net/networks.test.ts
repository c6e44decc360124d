import assert from 'node:assert/strict'
import { test } from 'node:test'
import { NetworkSet } from '../../../src/expression/net/networks.ts'

function has(address: string, ...networks: string[]): boolean {
  const set = NetworkSet.make(networks)
  assert.ok(set instanceof NetworkSet, networks.join())
  return set.has(address)
}

test('the first and the last address of a network belong to it, their neighbours do not', () => {
  const cases = [
    ['10.0.0.0/8', '9.255.255.255', '10.0.0.0', '10.255.255.255', '11.0.0.0'],
    ['192.0.2.4/30', '192.0.2.3', '192.0.2.4', '192.0.2.7', '192.0.2.8'],
    ['200.1.2.3', '200.1.2.2', '200.1.2.3', '200.1.2.3', '200.1.2.4'],
    [
      '2001:db8::/33',
      '2001:db7:ffff::',
      '2001:db8::',
      '2001:db8:7fff:ffff:ffff:ffff:ffff:ffff',
      '2001:db8:8000::',
    ],
    ['fe80::/10', 'fe7f::', 'fe80::', 'febf:ffff::', 'fec0::'],
  ] as const
  for (const [network, before, first, last, behind] of cases) {
    const found = [before, first, last, behind].map((address) => has(address, network))
    assert.deepEqual(found, [false, true, true, false], network)
  }
  assert.ok(has('255.255.255.255', '0.0.0.0/0'))
  assert.ok(!has('::1', '0.0.0.0/0'))
})

test('networks that overlap are one', () => {
  const networks = ['10.0.0.0/8', '10.1.0.0/16', '10.0.0.0/9', '12.0.0.0/8']
  assert.ok(has('10.200.0.1', ...networks))
  assert.ok(has('12.0.0.1', ...networks))
  assert.ok(!has('11.0.0.1', ...networks))
})

test('public is what is globally reachable', () => {
  const yes = [
    '8.8.8.8',
    '192.0.0.9',
    '100.128.0.0',
    '2606:4700::1111',
    '2001:4:112::1',
    '64:ff9b::1',
    '::ffff:8.8.8.8',
  ]
  const no = [
    '10.0.0.1',
    '100.64.0.1',
    '127.0.0.1',
    '169.254.1.1',
    '224.0.0.1',
    '255.255.255.255',
    '0.0.0.0',
    '203.0.113.9',
    '::',
    '::1',
    'fc00::1',
    'fe80::1',
    'ff02::1',
    '2001:db8::1',
    '::ffff:10.0.0.1',
    '',
    'public',
    '8.8.8.8/32',
  ]
  for (const address of yes) assert.ok(has(address, 'public'), address)
  for (const address of no) assert.ok(!has(address, 'public'), address)
})

test('a text that is no network is refused, with its index', () => {
  for (const text of [
    '',
    'Private',
    '10.0.0.0/33',
    '10.0.0.0/',
    '10.0.0.0/08',
    '10.0.0.1/8',
    '::1/129',
    '::1/64',
    'a/8',
    '__proto__',
  ]) {
    const set = NetworkSet.make(['private', text])
    assert.ok(!(set instanceof NetworkSet), text)
    assert.equal(set.index, 1)
  }
})
