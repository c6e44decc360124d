import assert from 'node:assert/strict'
import { isIPv4, isIPv6 } from 'node:net'
import { test } from 'node:test'
import fc from 'fast-check'
import {
  formatAddress,
  parseAddress,
  parseAddressRange,
  parseOddAddress,
  rangeExtent,
} from '../../../../src/tracer/feeds/keys/ip.ts'
import { propertyRuns } from '../../../property-runs.ts'

/** The one form of an address, undefined for none. */
function oneForm(text: string, parse: typeof parseAddress = parseAddress): string | undefined {
  const address = parse(text)
  return address === undefined ? undefined : formatAddress(address)
}

function ends(text: string, odd = false): string | undefined {
  const range = parseAddressRange(text, odd)
  return range === undefined ? undefined : `${formatAddress(range.first)} ${formatAddress(range.last)}`
}

test('addresses have one form', () => {
  const forms: Record<string, string> = {
    '192.0.2.1': '192.0.2.1',
    '0.0.0.0': '0.0.0.0',
    '255.255.255.255': '255.255.255.255',
    '2001:DB8:0:0:0:0:0:1': '2001:db8::1',
    '2001:db8::1': '2001:db8::1',
    '::': '::',
    '::1': '::1',
    '[2001:db8::1]': '2001:db8::1',
    'fe80::1%eth0': 'fe80::1',
    'fe80::1%25': 'fe80::1',
    '::ffff:192.0.2.1': '192.0.2.1',
    '::ffff:c000:201': '192.0.2.1',
    '[::FFFF:192.0.2.1]': '192.0.2.1',
    '::192.0.2.1': '::c000:201',
    '64:ff9b::192.0.2.1': '64:ff9b::c000:201',
    'ffff:ffff:ffff:ffff:ffff:ffff:255.255.255.255': 'ffff:ffff:ffff:ffff:ffff:ffff:ffff:ffff',
  }
  for (const [text, form] of Object.entries(forms)) assert.equal(oneForm(text), form, text)
})

test('other texts are no addresses', () => {
  const texts = [
    '',
    ' ',
    'example.com',
    '192.0.2',
    '192.0.2.1.',
    '192.0.2.256',
    '192.0.2.01',
    '0x1F.0x0D.0x53.0x24',
    '520966948',
    '192.0.2.1:80',
    '192.0.2.1 ',
    '1.2.3.4.5',
    '1..2.3',
    ':',
    ':::',
    '1::2::3',
    '2001:db8',
    '2001:db8::g',
    '2001:db8::1/64',
    '[2001:db8::1',
    '2001:db8::1]:80',
    '[192.0.2.1]',
    '::ffff:192.0.2.256',
    `${'1:'.repeat(100_000)}1`,
    '1'.repeat(100_000),
    '%',
    '::%',
  ]
  for (const text of texts) assert.equal(oneForm(text), text === '::%' ? '::' : undefined, text.slice(0, 40))
})

test('what is an address agrees with node:net', () => {
  const piece = fc.constantFrom(
    '0',
    '1',
    '255',
    '256',
    '01',
    'ffff',
    'fffff',
    'g',
    ':',
    '::',
    '.',
    '192.0.2.1',
    '/',
  )
  fc.assert(
    fc.property(fc.array(piece, { maxLength: 12 }), (pieces) => {
      const text = pieces.join('')
      assert.equal(parseAddress(text) !== undefined, isIPv4(text) || isIPv6(text), text)
    }),
    { numRuns: propertyRuns(3000) },
  )
})

test('addresses compare by their numbers', () => {
  const inOrder = [
    '::',
    '::1',
    '::1:0',
    '1::',
    '2001:db8::',
    '2001:db8::d800',
    '2001:db8::ffff',
    '2001:db9::',
    'ffff::',
  ]
  const addresses = inOrder.map((text) => parseAddress(text)!)
  assert.deepEqual(
    addresses.toSorted((a, b) => (a < b ? -1 : 1)),
    addresses,
  )
})

test('odd forms of IPv4 are read where they are asked for', () => {
  const forms: Record<string, string | undefined> = {
    '0x1F.0x0D.0x53.0x24': '31.13.83.36',
    '520966948': '31.13.83.36',
    '0300.0.2.1': '192.0.2.1',
    '192.513': '192.0.2.1',
    '0xc0000201': '192.0.2.1',
    '192.0.2.1': '192.0.2.1',
    '2001:db8::1': '2001:db8::1',
    '08.1.1.1': undefined,
    '4294967296': undefined,
    '1.2.3.4.5': undefined,
    abc: undefined,
    'a.b.c.d': undefined,
    '': undefined,
    '.': undefined,
  }
  for (const [text, form] of Object.entries(forms)) assert.equal(oneForm(text, parseOddAddress), form, text)
})

test('a range is one address, a network, or two addresses', () => {
  const ranges: Record<string, string | undefined> = {
    '192.0.2.1': '192.0.2.1 192.0.2.1',
    '192.0.2.0/24': '192.0.2.0 192.0.2.255',
    '192.0.2.77/24': '192.0.2.0 192.0.2.255',
    '192.0.2.1/32': '192.0.2.1 192.0.2.1',
    '192.0.2.1/31': '192.0.2.0 192.0.2.1',
    '192.0.2.1/0': '0.0.0.0 255.255.255.255',
    '192.0.2.1/33': undefined,
    '192.0.2.1/': undefined,
    '192.0.2.1/x': undefined,
    '192.0.2.1/-1': undefined,
    '192.0.2.1/ 8': undefined,
    '192.0.2.1/1e1': undefined,
    '192.0.2.3-192.0.2.9': '192.0.2.3 192.0.2.9',
    '192.0.2.3 - 192.0.2.9': '192.0.2.3 192.0.2.9',
    '192.0.2.9-192.0.2.3': undefined,
    '192.0.2.3-9': undefined,
    '192.0.2.3-': undefined,
    '-192.0.2.3': undefined,
    '-': undefined,
    '192.0.2.0/24-192.0.3.0/24': undefined,
    '192.0.2.3-2001:db8::1': undefined,
    '2001:db8::/32': '2001:db8:: 2001:db8:ffff:ffff:ffff:ffff:ffff:ffff',
    '2001:db8::ffff/127': '2001:db8::fffe 2001:db8::ffff',
    '2001:db8:1234::/37': '2001:db8:1000:: 2001:db8:17ff:ffff:ffff:ffff:ffff:ffff',
    '::/0': ':: ffff:ffff:ffff:ffff:ffff:ffff:ffff:ffff',
    '2001:db8::/128': '2001:db8:: 2001:db8::',
    '2001:db8::/129': undefined,
    '2001:db8::1-2001:db8::ff': '2001:db8::1 2001:db8::ff',
    '::ffff:192.0.2.0/120': '192.0.2.0 192.0.2.255',
    '::ffff:192.0.2.0/128': '192.0.2.0 192.0.2.0',
    '::ffff:192.0.2.0/64': ':: ::ffff:ffff:ffff:ffff',
    '::ffff:192.0.2.3-192.0.2.9': '192.0.2.3 192.0.2.9',
    'example.com/24': undefined,
    'a-b': undefined,
    '': undefined,
  }
  for (const [text, range] of Object.entries(ranges)) assert.equal(ends(text), range, text)
  assert.equal(ends('0xc0.0.2.1'), undefined)
  assert.equal(ends('0xc0.0.2.1', true), '192.0.2.1 192.0.2.1')
})

test('extents order networks by their size', () => {
  const inOrder = ['192.0.2.1', '192.0.2.0/31', '192.0.2.0/24', '10.0.0.0/8', '0.0.0.0/0']
  const extents = inOrder.map((text) => rangeExtent(parseAddressRange(text)!))
  assert.deepEqual(extents, [0, 1, 255, 2 ** 24 - 1, 2 ** 32 - 1])
  assert.equal(rangeExtent(parseAddressRange('2001:db8::/112')!), 65535)
  assert.equal(rangeExtent(parseAddressRange('2001:db8::fffe-2001:db8::1:1')!), 3)
  assert.equal(rangeExtent(parseAddressRange('2001:db8::/64')!), 2 ** 64)
})
