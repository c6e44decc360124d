import assert from 'node:assert/strict'
import { test } from 'node:test'
import fc from 'fast-check'
import {
  type Address,
  parseAddress,
  parseAddressRange,
  rangeExtent,
} from '../../../../src/tracer/feeds/keys/ip.ts'
import { Pace } from '../../../../src/tracer/feeds/pace.ts'
import { type RangeEntry, RangeIndex } from '../../../../src/tracer/feeds/tables/ranges.ts'
import { propertyRuns } from '../../../property-runs.ts'

/** The values are the positions of the ranges, from 1. */
function entriesOf(texts: readonly string[]): RangeEntry[] {
  return texts.map((text, i) => ({ ...parseAddressRange(text)!, value: i + 1 }))
}

async function find(texts: readonly string[], address: string): Promise<number[]> {
  const index = await RangeIndex.build(entriesOf(texts), new Pace())
  return index.find(parseAddress(address)!)
}

/** The definition of a look-up. */
function scan(entries: readonly RangeEntry[], address: Address): number[] {
  return entries
    .filter(({ first, last }) => typeof first === typeof address && first <= address && address <= last)
    .sort((a, b) => rangeExtent(a) - rangeExtent(b) || (a.first < b.first ? -1 : a.first > b.first ? 1 : 0))
    .map(({ value }) => value)
}

test('all ranges that hold an address are found, the smallest first', async () => {
  const ranges = [
    '10.0.0.0/8',
    '10.1.0.0/16',
    '10.1.2.0/24',
    '10.1.2.3-10.1.2.9',
    '10.1.1.255-10.1.2.200',
    '11.0.0.0/8',
  ]
  assert.deepEqual(await find(ranges, '10.1.2.5'), [4, 5, 3, 2, 1])
  assert.deepEqual(await find(ranges, '10.1.2.10'), [5, 3, 2, 1])
  assert.deepEqual(await find(ranges, '10.1.1.255'), [5, 2, 1])
  assert.deepEqual(await find(ranges, '10.200.0.0'), [1])
  assert.deepEqual(await find(ranges, '11.255.255.255'), [6])
  assert.deepEqual(await find(ranges, '12.0.0.0'), [])
  assert.deepEqual(await find(ranges, '::a01:205'), [])
  assert.deepEqual(await find([], '10.0.0.1'), [])
})

test('the families are apart, but an IPv4-mapped address is the IPv4 one', async () => {
  const ranges = ['0.0.0.0/0', '::/0', '2001:db8::/32']
  assert.deepEqual(await find(ranges, '192.0.2.1'), [1])
  assert.deepEqual(await find(ranges, '::ffff:192.0.2.1'), [1])
  assert.deepEqual(await find(ranges, '2001:db8::1'), [3, 2])
})

const octet = fc.nat({ max: 255 })
const numbers = fc.tuple(octet, octet).map(([a, b]) => `10.0.0.${Math.min(a, b)}-10.0.0.${Math.max(a, b)}`)
const networks = fc.tuple(octet, fc.integer({ min: 20, max: 32 })).map(([a, bits]) => `10.0.0.${a}/${bits}`)
// Groups that would be surrogates as UTF-16 are groups as any other.
const group = fc.constantFrom('0', '1', 'd7ff', 'd800', 'dbff', 'dc00', 'dfff', 'e000', 'ffff')
const groups = fc
  .tuple(group, group, group, group)
  .map(([a, b, c, d]) => [`2001:db8::${a}:${b}`, `2001:db8::${c}:${d}`])
  .map(([a, b]) => (parseAddress(a!)! <= parseAddress(b!)! ? `${a}-${b}` : `${b}-${a}`))

test('an index finds what a scan finds', async () => {
  const ranges = fc.array(fc.oneof(numbers, networks, groups), { maxLength: 60 })
  const addresses = fc.array(
    fc.oneof(
      octet.map((a) => `10.0.0.${a}`),
      fc.tuple(group, group).map(([a, b]) => `2001:db8::${a}:${b}`),
    ),
    { minLength: 20, maxLength: 40 },
  )
  await fc.assert(
    fc.asyncProperty(ranges, addresses, async (texts, asked) => {
      const entries = entriesOf(texts)
      const index = await RangeIndex.build(entries, new Pace())
      for (const text of asked) {
        const address = parseAddress(text)!
        // Of equal ranges, either may come first.
        const key = (value: number) => `${texts[value - 1]}`
        const found = index.find(address)
        assert.equal(new Set(found).size, found.length)
        const extents = (values: number[]) => values.map((value) => rangeExtent(entries[value - 1]!))
        assert.deepEqual(extents(found), extents(scan(entries, address)))
        assert.deepEqual(found.map(key).sort(), scan(entries, address).map(key).sort())
      }
    }),
    { numRuns: propertyRuns(500) },
  )
})

test('a hundred thousand nested and disjoint ranges are built and found', async () => {
  const entries: RangeEntry[] = []
  for (let i = 0; i < 50_000; i++) entries.push({ first: i, last: 1_000_000 - i, value: entries.length + 1 })
  for (let i = 0; i < 50_000; i++) {
    entries.push({ first: 2_000_000 + 3 * i, last: 2_000_001 + 3 * i, value: entries.length + 1 })
  }
  const index = await RangeIndex.build(entries, new Pace())
  assert.equal(index.find(500_000).length, 50_000)
  assert.deepEqual(index.find(2), [3, 2, 1])
  assert.deepEqual(index.find(2_000_000 + 3 * 777 + 1), [50_000 + 778])
  assert.deepEqual(index.find(2_000_000 + 3 * 777 + 2), [])
})
