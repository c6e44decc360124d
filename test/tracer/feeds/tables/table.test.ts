import assert from 'node:assert/strict'
import { test } from 'node:test'
import { readIndicatorKey } from '../../../../src/tracer/feeds/keys/indicator-key.ts'
import { Pace } from '../../../../src/tracer/feeds/pace.ts'
import { FeedTableBuilder, queryOf } from '../../../../src/tracer/feeds/tables/table.ts'
import { TextStore } from '../../../../src/tracer/feeds/tables/text-store.ts'
import type { IndicatorType } from '../../../../src/tracer/protocol.ts'

/** A table of keys whose contexts are the keys themselves, with their positions. */
async function tableOf(keys: readonly string[], category?: string) {
  const store = new TextStore()
  const builder = new FeedTableBuilder(store, category)
  for (const [position, key] of keys.entries()) {
    builder.add(
      (readIndicatorKey(key, undefined) ?? readIndicatorKey(key, 'url'))!,
      store.put(`${position} ${key}`),
    )
  }
  const table = await builder.finish(new Pace())
  return {
    size: table.size,
    find(type: IndicatorType, value: string) {
      const query = queryOf({ type, value })
      return query === undefined ? undefined : table.find(query, undefined)
    },
  }
}

test('hashes are found in any case, with the category of the original', async () => {
  const table = await tableOf(['44D88612FEA8A8F36DE82E1278ABB02F', 'f'.repeat(64)])
  const expected = [{ category: 'Tracer_HASH_enricher', context: '0 44D88612FEA8A8F36DE82E1278ABB02F' }]
  assert.deepEqual(table.find('hash', '44d88612fea8a8f36de82e1278abb02f'), expected)
  assert.deepEqual(table.find('hash', ' 44D88612FEA8A8F36DE82E1278ABB02f '), expected)
  assert.equal(table.find('hash', '44d88612fea8a8f36de82e1278abb02'), undefined)
  assert.equal(table.find('url', '44d88612fea8a8f36de82e1278abb02f'), undefined)
  assert.equal(table.size, 2)
})

test('an address is found by itself, by networks and by ranges, the most specific first', async () => {
  const table = await tableOf([
    '192.0.2.0/24',
    '192.0.2.17',
    '192.0.2.10-192.0.2.40',
    '0.0.0.0/0',
    '2001:db8::/32',
  ])
  const found = (address: string) => table.find('ip', address)?.map(({ context }) => context)
  assert.deepEqual(found('192.0.2.17'), [
    '1 192.0.2.17',
    '2 192.0.2.10-192.0.2.40',
    '0 192.0.2.0/24',
    '3 0.0.0.0/0',
  ])
  assert.deepEqual(found('::ffff:192.0.2.99'), ['0 192.0.2.0/24', '3 0.0.0.0/0'])
  assert.deepEqual(found('0xC0.0.2.99'), ['0 192.0.2.0/24', '3 0.0.0.0/0'])
  assert.deepEqual(found('2001:DB8::1'), ['4 2001:db8::/32'])
  assert.equal(found('2001:db9::1'), undefined)
  assert.equal(found('not an address'), undefined)
  assert.equal(table.find('ip', '192.0.2.1')?.[0]?.category, 'Tracer_IP_enricher')
})

test('an exact URL comes first, then masks, the longest first', async () => {
  const table = await tableOf(['*.example.com/*', '.example.com', 'a.example.com/x', 'a.example.com/*', '*'])
  assert.deepEqual(table.find('url', 'https://A.example.com/X/'), [
    { category: 'Tracer_URL_enricher', context: '2 a.example.com/x' },
    { category: 'Tracer_URL_REGEX_enricher', context: '0 *.example.com/*' },
    { category: 'Tracer_URL_REGEX_enricher', context: '3 a.example.com/*' },
    { category: 'Tracer_URL_REGEX_enricher', context: '1 .example.com' },
    { category: 'Tracer_URL_REGEX_enricher', context: '4 *' },
  ])
})

test('masks of one length come in the order of the file', async () => {
  const table = await tableOf(['*.b.example', 'a.*.example', '*.b.exampl*'])
  assert.deepEqual(
    table.find('url', 'a.b.example')?.map(({ context }) => context),
    ['0 *.b.example', '1 a.*.example', '2 *.b.exampl*'],
  )
})

test('of equal keys the last one wins, whatever their kind', async () => {
  const table = await tableOf([
    'http://a.example/x',
    'A.EXAMPLE/x/',
    '*.example/*',
    'http://*.example/*',
    '192.0.2.1',
    '192.0.2.1/32',
    '192.0.2.0/24',
    '192.0.2.0-192.0.2.255',
    'A'.repeat(32),
    'a'.repeat(32),
  ])
  assert.equal(table.size, 5)
  const contexts = (type: IndicatorType, value: string) =>
    table.find(type, value)?.map(({ context }) => context)
  assert.deepEqual(contexts('url', 'a.example/x'), ['1 A.EXAMPLE/x/', '3 http://*.example/*'])
  assert.deepEqual(contexts('ip', '192.0.2.1'), ['5 192.0.2.1/32', '7 192.0.2.0-192.0.2.255'])
  assert.deepEqual(contexts('hash', 'a'.repeat(32)), [`9 ${'a'.repeat(32)}`])
})

test('a category of its own is that of all hits, fit for the wire', async () => {
  const table = await tableOf(['a.example', '*.example', '192.0.2.1', 'a'.repeat(32)], 'my|category')
  const found = [
    ...table.find('url', 'a.example')!,
    ...table.find('ip', '192.0.2.1')!,
    ...table.find('hash', 'a'.repeat(32))!,
  ]
  assert.deepEqual(
    found.map(({ category }) => category),
    Array(4).fill('my category'),
  )
})

test('names of prototypes are found only when they are keys', async () => {
  const names = ['__proto__', 'constructor', 'toString', 'hasOwnProperty']
  const empty = await tableOf(['a.example'])
  const full = await tableOf(names)
  for (const name of names) {
    assert.equal(empty.find('url', name), undefined)
    assert.equal(full.find('url', name)?.length, 1)
    assert.equal(full.find('hash', name), undefined)
  }
})
