/** The parts of compiled feeds that have a contract of their own. */
import assert from 'node:assert/strict'
import { join } from 'node:path'
import { test } from 'node:test'
import fc from 'fast-check'
import {
  blockKey,
  blockRange,
  blockStart,
  blocksOf,
  rangeOfKey,
} from '../../../../src/tracer/feeds/compiled/blocks.ts'
import { EntryReader, encodeEntry, KINDS, spaceOf } from '../../../../src/tracer/feeds/compiled/entries.ts'
import { KeyFilter, KeyFilterBuilder } from '../../../../src/tracer/feeds/compiled/key-filter.ts'
import { KeyHash } from '../../../../src/tracer/feeds/compiled/key-hash.ts'
import { Sorter } from '../../../../src/tracer/feeds/compiled/sorter.ts'
import { formatAddress, parseAddress, parseAddressRange } from '../../../../src/tracer/feeds/keys/ip.ts'
import { Pace } from '../../../../src/tracer/feeds/pace.ts'
import { temporaryDirectory } from '../../../temporary.ts'

test('a range is made of the fewest blocks, and each of its addresses is in one of them', () => {
  const shown = (text: string) =>
    [...blocksOf(parseAddressRange(text)!)].map(({ start, prefix }) => `${formatAddress(start)}/${prefix}`)
  assert.deepEqual(shown('192.0.2.0/24'), ['192.0.2.0/24'])
  assert.deepEqual(shown('0.0.0.0/0'), ['0.0.0.0/0'])
  assert.deepEqual(shown('192.0.2.7-192.0.2.16'), ['192.0.2.7/32', '192.0.2.8/29', '192.0.2.16/32'])
  assert.deepEqual(shown('255.255.255.254-255.255.255.255'), ['255.255.255.254/31'])
  assert.deepEqual(shown('::/0'), ['::/0'])
  assert.deepEqual(shown('2001:db8::ffff-2001:db8::1:1'), ['2001:db8::ffff/128', '2001:db8::1:0/127'])
  assert.equal(shown('0.0.0.1-255.255.255.254').length, 62)
})

test('an address finds its block by its first bits', () => {
  fc.assert(
    fc.property(fc.nat(0xffff_ffff), fc.nat(0xffff_ffff), fc.nat(0xffff_ffff), (a, b, address) => {
      const range = { first: Math.min(a, b), last: Math.max(a, b) }
      const hits = [...blocksOf(range)].filter(({ start, prefix }) => blockStart(address, prefix) === start)
      assert.equal(hits.length, address >= range.first && address <= range.last ? 1 : 0)
      for (const block of hits) assert.deepEqual(rangeOfKey(blockKey(block, range), block), range)
    }),
  )
  const address = parseAddress('2001:db8:1234:5678::1')!
  assert.equal(formatAddress(blockStart(address, 44)), '2001:db8:1230::')
  const last = blockRange({ start: blockStart(address, 44), prefix: 44 }).last
  assert.equal(formatAddress(last), '2001:db8:123f:ffff:ffff:ffff:ffff:ffff')
})

test('entries are read as they were written, and never beyond their end', () => {
  const key = fc.oneof(fc.string({ unit: 'grapheme', maxLength: 300 }), fc.constant('k'.repeat(20_000)))
  fc.assert(
    fc.property(
      fc.array(key, { minLength: 1, maxLength: 5 }),
      fc.nat(2 ** 40),
      fc.nat(),
      (keys, sequence, cut) => {
        const space = spaceOf(KINDS.url, 255)
        const value = Buffer.concat(
          keys.map((text) => {
            const bytes = Buffer.from(`|${text}`)
            return encodeEntry({ space, key: text, sequence, context: { bytes, isAscii: false } })
          }),
        )
        const reader = new EntryReader()
        reader.start(value, value.length)
        for (const text of keys) {
          assert.ok(reader.next())
          assert.deepEqual([reader.space, reader.sequence], [space, sequence])
          assert.ok(reader.hasKey(text))
          assert.ok(!reader.hasKey(`${text}x`))
          assert.equal(reader.keyText(), text)
          assert.equal(reader.context(), `|${text}`)
        }
        assert.ok(!reader.next())
        reader.start(value, cut % value.length)
        assert.doesNotThrow(() => {
          try {
            while (reader.next()) reader.context()
          } catch (error) {
            if (!(error instanceof RangeError)) throw error
          }
        })
      },
    ),
  )
})

test('the filter passes every key that is there, and few that are not', () => {
  const hash = new KeyHash()
  const hashes = (prefix: string) =>
    Array.from({ length: 20_000 }, (_, i) => {
      hash.start()
      hash.addText(`${prefix}${i}`)
      hash.finish(1)
      return { first: hash.first >>> 0, second: hash.second }
    })
  const keys = hashes('there').sort((a, b) => a.first - b.first)
  const parts: Buffer[] = []
  const builder = new KeyFilterBuilder(keys.length, (bytes) => parts.push(Buffer.from(bytes)))
  for (const { first, second } of keys) builder.add(first, second)
  builder.finish()
  const filter = new KeyFilter(Buffer.concat(parts))
  assert.ok(keys.every(({ first, second }) => filter.mayHave(first, second)))
  const passed = hashes('not').filter(({ first, second }) => filter.mayHave(first, second)).length
  assert.ok(passed < 400, `${passed} of 20000 pass`)
})

test('a text from the left, from the right and in pieces has the hashes that it has', () => {
  const hash = new KeyHash()
  const of = (add: () => void) => {
    hash.start()
    add()
    hash.finish(3)
    return [hash.first, hash.second]
  }
  const whole = of(() => hash.addText('abc'))
  assert.deepEqual(
    of(() => {
      hash.addText('xabc', 1, 2)
      hash.addText('bc')
    }),
    whole,
  )
  assert.deepEqual(
    of(() => hash.addReversed('cba')),
    whole,
  )
  assert.notDeepEqual(
    of(() => hash.addText('abd')),
    whole,
  )
})

test('a sorter keeps the order of equals, in memory and in many runs, also of items larger than a run', async () => {
  const directory = temporaryDirectory()
  for (const runBytes of [10_000_000, 3000]) {
    const sorter = new Sorter(join(directory, 'run'), runBytes)
    const items = Array.from({ length: 5000 }, (_, i) => {
      const numbers = [(i * 7919) % 50, (i * 31) % 3, i % 2].map((n, k) => (k === 0 ? n * 80_000_000 : n))
      return { numbers, text: `${i}${'x'.repeat(i % 1000 === 1 ? 700_000 : i % 20)}` }
    })
    for (const { numbers, text } of items) {
      sorter.add(Buffer.from(text), numbers[0]! | 0, numbers[1], numbers[2])
    }
    assert.equal(sorter.size, items.length)
    const expected = items.toSorted(
      (a, b) =>
        a.numbers[0]! - b.numbers[0]! || a.numbers[1]! - b.numbers[1]! || a.numbers[2]! - b.numbers[2]!,
    )
    let at = 0
    for await (const { first, second, third, bytes } of sorter.sorted(new Pace())) {
      const { numbers, text } = expected[at++]!
      assert.deepEqual([first, second, third], numbers)
      assert.ok(bytes.toString() === text, `item ${at}`)
    }
    assert.equal(at, items.length)
    sorter.close()
  }
})
