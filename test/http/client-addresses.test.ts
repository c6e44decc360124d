import assert from 'node:assert/strict'
import { test } from 'node:test'
import { ClientAddresses } from '../../src/http/client-addresses.ts'

const list = new ClientAddresses(['192.0.2.7', '198.51.100.0/24', '2001:db8::/32', '::1', '203.0.113.128/25'])

for (const address of [
  '192.0.2.7',
  '::ffff:192.0.2.7',
  '::FFFF:198.51.100.9',
  '198.51.100.0',
  '198.51.100.255',
  '2001:db8::1',
  '2001:0DB8:ffff::',
  '::1',
  '203.0.113.200',
  '2001:db8::1%eth0',
]) {
  test(`${address} is allowed`, () => assert.equal(list.has(address), true))
}

for (const address of [
  '192.0.2.8',
  '198.51.101.0',
  '2001:db9::',
  '::2',
  '203.0.113.127',
  '',
  'nonsense',
  '::ffff:192.0.2.8',
]) {
  test(`'${address}' is not allowed`, () => assert.equal(list.has(address), false))
}

test('nobody is on an empty list, and everybody of a family in a block of /0', () => {
  assert.equal(new ClientAddresses([]).has('127.0.0.1'), false)
  assert.equal(new ClientAddresses(['0.0.0.0/0']).has('203.0.113.9'), true)
  assert.equal(new ClientAddresses(['0.0.0.0/0']).has('2001:db8::1'), false)
})

for (const block of [
  '',
  'localhost',
  '192.0.2',
  '192.0.2.0/33',
  '::/129',
  '192.0.2.0/',
  '192.0.2.0/-1',
  '192.0.2.0/24x',
  '/24',
  'fe80::1%eth0',
  '192.0.2.0/255.255.255.0',
]) {
  test(`'${block}' is refused as a block`, () => {
    assert.throws(() => new ClientAddresses([block]), {
      name: 'RangeError',
      message: /is no address and no CIDR block/,
    })
  })
}
