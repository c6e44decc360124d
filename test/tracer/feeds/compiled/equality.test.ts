/** In-memory tables and compiled ones answer the same, whatever the feed and the query. */
import assert from 'node:assert/strict'
import { writeFile } from 'node:fs/promises'
import { join } from 'node:path'
import { type TestContext, test } from 'node:test'
import fc from 'fast-check'
import type { Match } from '../../../../src/tracer/enricher.ts'
import { compileFeeds } from '../../../../src/tracer/feeds/compiled/compile.ts'
import { openCompiledFeed } from '../../../../src/tracer/feeds/compiled/compiled-feed.ts'
import type { FeedKey } from '../../../../src/tracer/feeds/keys/key-path.ts'
import { loadFeed } from '../../../../src/tracer/feeds/load.ts'
import { type IndicatorTable, queryOf } from '../../../../src/tracer/feeds/tables/table.ts'
import type { Indicator } from '../../../../src/tracer/protocol.ts'
import { temporaryDirectory } from '../../../temporary.ts'

/** The answers of several tables, as the server would send it. */
function answers(tables: readonly IndicatorTable[], indicator: Indicator): readonly Match[] {
  const query = queryOf(indicator)
  let matches: Match[] | undefined
  if (query !== undefined) for (const table of tables) matches = table.find(query, matches)
  return matches ?? []
}

interface Both {
  readonly memory: readonly IndicatorTable[]
  readonly compiled: readonly IndicatorTable[]
  close(): void
}

async function loadBoth(
  directory: string,
  content: string,
  keys: readonly Partial<FeedKey>[],
  { category, runBytes }: { category?: string; runBytes?: number } = {},
): Promise<Both> {
  const file = join(directory, 'feed')
  const output = join(directory, 'feed.tracer')
  await writeFile(file, content)
  const specs = keys.map((key) => (category === undefined ? key : { ...key, category }))
  const memory = await loadFeed(file, specs)
  const header = await compileFeeds({ feeds: [file], keys, category, output, runBytes })
  const compiled = await openCompiledFeed(output)
  assert.deepEqual(
    [header.records, header.indicators, header.skipped, header.ignored],
    [memory.records, memory.indicators, memory.skipped, memory.ignored],
  )
  assert.deepEqual(
    compiled.tables.map(({ size }) => size),
    memory.tables.map(({ size }) => size),
  )
  return { memory: memory.tables, compiled: compiled.tables, close: () => compiled.close() }
}

function assertSame({ memory, compiled }: Both, indicators: Iterable<Indicator>): number {
  let hits = 0
  for (const indicator of indicators) {
    const expected = answers(memory, indicator)
    assert.deepEqual(answers(compiled, indicator), expected, JSON.stringify(indicator))
    hits += expected.length
  }
  return hits
}

/** Each value as each type. */
function* asAllTypes(values: Iterable<string>): Generator<Indicator> {
  for (const value of values) {
    for (const type of ['url', 'ip', 'hash'] as const) yield { type, value }
  }
}

async function assertEqual(
  t: TestContext,
  keys: readonly string[],
  queries: readonly string[],
  expectedHits?: number,
): Promise<void> {
  const records = keys.map((key, i) => ({ key, n: String(i) }))
  const both = await loadBoth(temporaryDirectory(), JSON.stringify(records), [
    { key: 'key' },
    { key: 'key', type: 'url' },
  ])
  t.after(() => both.close())
  const hits = assertSame(both, asAllTypes([...keys, ...queries]))
  if (expectedHits !== undefined) assert.equal(hits, expectedHits)
  else assert.ok(hits > 0)
}

test('hashes, in any case, the last of equal ones', async (t) => {
  const hashes = ['a'.repeat(32), 'B'.repeat(40), 'b'.repeat(40), 'c'.repeat(64), 'd'.repeat(128)]
  await assertEqual(t, hashes, ['A'.repeat(32), 'e'.repeat(32), ` ${'C'.repeat(64)} `, ''])
})

test('addresses, networks and ranges that overlap in every way, the smallest first', async (t) => {
  const keys = [
    '192.0.2.1',
    '192.0.2.0/24',
    '192.0.2.0/25',
    '192.0.2.0-192.0.2.255',
    '192.0.2.1-192.0.2.2',
    '192.0.1.255-192.0.2.1',
    '192.0.2.1/32',
    '0.0.0.0/0',
    '0.0.0.1-255.255.255.254',
    '255.255.255.255',
    '0.0.0.0',
    '2001:db8::/32',
    '2001:db8::1',
    '2001:db8::1-2001:db8::ffff',
    '2001:db8::2-2001:db9::',
    '::/0',
    '::ffff:192.0.2.128/121',
    '::1-ffff:ffff:ffff:ffff:ffff:ffff:ffff:fffe',
  ]
  const queries = ['192.0.2.2', '192.0.2.128', '192.0.3.0', '192.0.1.255', '10.1.2.3', '255.255.255.254']
  const queries6 = [
    '2001:db8::2',
    '2001:db8::FFFF',
    '2001:db9::',
    '::',
    '::1',
    '::ffff:192.0.2.200',
    'ffff::',
  ]
  await assertEqual(t, keys, [...queries, ...queries6, '0x7f.1', '3232235777', 'x'])
})

test('ranges of IPv6 whose sizes differ by less than a number can tell', async (t) => {
  const keys = ['::-ffff::', '::-ffff::1', '::-ffff::2', '::1-ffff::2', '::1-ffff::1']
  await assertEqual(t, keys, ['::5', 'abcd::', 'ffff::1', 'ffff::2'])
})

test('URLs in all notations', async (t) => {
  const keys = [
    'https://www.example.com:443/?q=hello%20world#f',
    'HTTP://WWW.EXAMPLE.COM/A/B/../c/./D.html',
    'http://user:pass@example.com/x',
    'http://example..com//a//b/',
    'пример.рф/путь',
    'http://0x1F.0x0D.0x53.0x24/',
    'a.example/\ud800',
    'b.example/\ufffd',
    '__proto__',
    'constructor',
  ]
  const queries = [
    'example.com/?q=Hello world',
    'xn--e1afmkfd.xn--p1ai/ПУТЬ',
    '31.13.83.36',
    'b.example/\udc80',
  ]
  await assertEqual(t, keys, [...queries, 'a.example/\udcff', 'toString', '', '/', 'http://'])
})

test('masks of every shape, few and many of them', async (t) => {
  const many = Array.from({ length: 40 }, (_, i) => [
    `*.many.example/path${i}/*`,
    `*.many.example/same/*x${i}y*`,
    `*.many.example/same/*longpiece${i}z*`,
    `*.many.example/same/*a*${i % 7}*`,
    `*middle-of-name-${i}*`,
    `*${i}*`,
    `*p${i}qrs*`,
    `*.many.example/same/*t${i}uv*`,
    `.domain${i}.example`,
    `host${i}.few.example/*`,
  ]).flat()
  const keys = [
    ...many,
    'abid-sh84.github.io/netflixclone/*',
    '*.example.com/*',
    '*.example.com',
    '.dyn.example',
    '.dyn.example/x*',
    '*',
    'x*',
    '*/login.php',
    '*.пример.рф/*',
    'plain.example/a',
    'plain.example/*',
    'plain.example/a*',
    '*.ru/*.exe',
  ]
  const queries = [
    'https://www.ABID-sh84.github.io/netflixclone/a',
    'abid-sh84.github.io/netflixclone2',
    'a.many.example/path7/q',
    'a.many.example/same/__x3y__/longpiece33z/a/4',
    'b.many.example/same',
    'b.many.example/same/at7uvw',
    'xp12qrsx.org/p3qrs',
    'middle-of-name-12.org/middle-of-name-3',
    'www.domain3.example/x?y',
    'x.y.domain3.example',
    'www.dyn.example/x1',
    'host5.few.example/z',
    'a.b.example.com/x',
    'www.example.com',
    'evil.org/login.php',
    'я.пример.рф/',
    'plain.example/a',
    'plain.example/a?b',
    'downloads.ru/x.exe',
    `${'a.'.repeat(3000)}dyn.example/${'b/'.repeat(3000)}`,
    `${'middle-of-name-1'.repeat(500)}.example`,
  ]
  await assertEqual(t, keys, queries)
})

test('keys and contexts of any length', async (t) => {
  const records: { key: string | string[]; note?: string }[] = [
    { key: 'x.example', note: 'x'.repeat(3_000_000) },
    { key: 'y.example', note: 'ü'.repeat(1_200_000) },
    { key: 'z.example', note: 'z'.repeat(600) },
    { key: 'z2.example', note: 'ю'.repeat(600) },
    { key: `${'*'.repeat(100_000)}.y.example` },
    { key: '%'.repeat(100_000) },
    { key: `${'a.'.repeat(50_000)}example` },
    { key: `long.example/${'p'.repeat(2_500_000)}` },
    { key: ['__proto__', 'constructor'] },
    { key: '192.0.2.1-192.0.2.254', note: 'r'.repeat(100) },
    { key: '192.0.2.7-192.0.2.9', note: 'r'.repeat(700) },
  ]
  const both = await loadBoth(temporaryDirectory(), JSON.stringify(records), [
    { key: 'key' },
    { key: 'key', type: 'url' },
  ])
  t.after(() => both.close())
  const queries = records.flatMap(({ key }) => key)
  const hits = assertSame(both, asAllTypes([...queries, 'a.y.example', '192.0.2.8', '%'.repeat(99_999)]))
  assert.ok(hits > records.length)
})

test('several keys with one record, lists of keys, and a category of its own', async (t) => {
  const content = `{"files": [{"MD5": "${'1'.repeat(32)}", "SHA1": "${'2'.repeat(40)}"}, {"MD5": "${'3'.repeat(32)}"}]}
{"files": [{"SHA1": "${'3'.repeat(32)}"}], "url": ["*.a.example", "b.example", ".b.example", "192.0.2.0/30"]}
{"files": [{"MD5": "${'1'.repeat(32)}"}], "url": ["x.b.example"]}
{"note": "no files"}`
  const keys: FeedKey[] = [
    { key: 'files/MD5', type: 'hash' },
    { key: 'files.SHA1', type: 'hash' },
    { key: 'url' },
    { key: 'url', type: 'url' },
  ]
  for (const category of [undefined, 'mine', 'a|b']) {
    const both = await loadBoth(temporaryDirectory(), content, keys, { category })
    t.after(() => both.close())
    const values = ['1'.repeat(32), '2'.repeat(40), '3'.repeat(32), 'b.example', 'x.b.example', 'a.a.example']
    assert.ok(assertSame(both, asAllTypes([...values, '192.0.2.1', '192.0.2.0/30'])) > 8)
  }
})

test('events of MISP, which say themselves what is looked up', async (t) => {
  const attribute = (type: string, value: string) => ({
    type,
    value,
    category: 'Network activity',
    to_ids: true,
  })
  const Attribute = [
    attribute('ip-dst|port', '192.0.2.7|443'),
    attribute('domain', 'evil.example'),
    attribute('filename|sha256', `x.exe|${'e'.repeat(64)}`),
    attribute('comment', 'not looked up'),
  ]
  const content = JSON.stringify({ Event: { uuid: 'u', info: 'campaign', date: '2026-01-02', Attribute } })
  const both = await loadBoth(temporaryDirectory(), content, [{}, { type: 'ip' }])
  t.after(() => both.close())
  assert.equal(
    assertSame(both, asAllTypes(['192.0.2.7', 'evil.example', 'e'.repeat(64), 'not looked up'])),
    6,
  )
})

test('what is sorted in many runs is what is sorted in one', async (t) => {
  const rows = Array.from({ length: 3000 }, (_, i) => {
    const n = (i * 7919) % 2000
    return [
      `host${n}.example/${n % 3}`,
      `10.0.${n % 256}.${n % 7}`,
      `10.${n % 200}.0.0/${12 + (n % 9)}`,
      `*m${n % 99}*.ru/*`,
    ]
      .map((key) => `${key},${i}`)
      .join('\n')
  })
  const both = await loadBoth(temporaryDirectory(), `key,n\n${rows.join('\n')}\n`, [{ key: 'key' }], {
    runBytes: 10_000,
  })
  t.after(() => both.close())
  const queries = Array.from({ length: 3000 }, (_, n) => [
    `host${n}.example/${n % 3}`,
    `10.0.${n % 256}.${n % 9}`,
    `10.${n % 250}.3.4`,
    `am${n % 120}b.ru/${n}`,
  ]).flat()
  assert.ok(assertSame(both, asAllTypes(queries)) > 3000)
})

/** Small alphabets: keys and queries are to meet. */
const LABEL = fc.constantFrom('a', 'b', 'www', 'evil', 'ю')
const HOST = fc.array(LABEL, { minLength: 1, maxLength: 4 }).map((labels) => labels.join('.'))
const TAIL = fc
  .array(fc.constantFrom('/', 'x', 'login', '?q', '%41', '..'), { maxLength: 5 })
  .map((parts) => parts.join(''))
const URL_TEXT = fc.tuple(fc.constantFrom('', 'http://'), HOST, TAIL).map((parts) => parts.join(''))
const MASK_PIECE = fc.constantFrom('*', 'a', 'b', '.', '/', 'evil', 'x', 'login', '.a', '?q')
const MASK = fc.array(MASK_PIECE, { minLength: 1, maxLength: 7 }).map((pieces) => pieces.join(''))
const ADDRESS4 = fc
  .tuple(fc.constantFrom(9, 10), fc.nat(3), fc.nat(255))
  .map(([a, b, c]) => `${a}.0.${b}.${c}`)
const ADDRESS6 = fc.tuple(fc.nat(3), fc.nat(0xffff)).map(([a, b]) => `2001:db8::${a}:${b.toString(16)}`)
const NETWORK = fc.oneof(
  fc.tuple(ADDRESS4, fc.integer({ min: 0, max: 32 })).map(([address, prefix]) => `${address}/${prefix}`),
  fc.tuple(ADDRESS6, fc.integer({ min: 0, max: 128 })).map(([address, prefix]) => `${address}/${prefix}`),
  fc.tuple(ADDRESS4, ADDRESS4).map(([first, last]) => `${first}-${last}`),
  fc.tuple(ADDRESS6, ADDRESS6).map(([first, last]) => `${first}-${last}`),
)
const HASH = fc
  .constantFrom('a', 'B', 'c')
  .chain((digit) => fc.constantFrom(32, 40, 64).map((n) => digit.repeat(n)))
const KEY = fc.oneof(URL_TEXT, MASK, ADDRESS4, ADDRESS6, NETWORK, HASH, fc.string({ maxLength: 8 }))
const QUERY = fc.oneof(URL_TEXT, ADDRESS4, ADDRESS6, HASH, MASK, fc.string({ maxLength: 8 }))

test('generated feeds and queries', { timeout: 900_000 }, async () => {
  const directory = temporaryDirectory()
  await fc.assert(
    fc.asyncProperty(
      fc.array(fc.array(KEY, { minLength: 1, maxLength: 2 }), { minLength: 1, maxLength: 60 }),
      fc.array(QUERY, { maxLength: 60 }),
      fc.constantFrom(undefined, 'url', 'ip', 'hash'),
      async (keys, queries, type) => {
        const usable = [...keys, ['a.example', '9.9.9.9', 'f'.repeat(32)]]
        const content = JSON.stringify(usable.map((key, n) => ({ key, n: String(n) })))
        const key: FeedKey = type === undefined ? { key: 'key' } : { key: 'key', type: type as 'url' }
        const both = await loadBoth(directory, content, [key], { runBytes: 2000 })
        try {
          assertSame(both, asAllTypes([...queries, ...keys.flat()]))
        } finally {
          both.close()
        }
      },
    ),
    { numRuns: 60 },
  )
})
