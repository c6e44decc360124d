import assert from 'node:assert/strict'
import { rename, rm, writeFile } from 'node:fs/promises'
import { dirname, join } from 'node:path'
import { type TestContext, test } from 'node:test'
import { gzipSync } from 'node:zlib'
import type { Match } from '../../../../src/tracer/enricher.ts'
import {
  createMmdbEnricher,
  type MmdbEnricher,
  type MmdbOptions,
} from '../../../../src/tracer/enrichers/mmdb/mmdb.ts'
import type { IndicatorType } from '../../../../src/tracer/protocol.ts'
import { temporaryFile } from '../../../temporary.ts'
import { buildMmdb, type MmdbSpec } from '../../mmdb/build-mmdb.ts'
import { LogLines, poll } from '../../running-server.ts'

const OPTIONS = { timeout: 900_000 }
const COUNTRY: MmdbSpec['networks'] = [
  ['198.51.0.0/16', { country: { iso_code: 'GB', names: { en: 'United Kingdom', ru: 'Великобритания' } } }],
  ['198.51.100.128/25', { country: { iso_code: 'SE', names: { en: 'Sweden' } } }],
  ['2001:db8::/32', { country: { iso_code: 'DE', names: { en: 'Germany' } } }],
]

async function open(t: TestContext, spec: MmdbSpec, options: Partial<MmdbOptions> = {}) {
  const file = temporaryFile('test.mmdb', buildMmdb(spec))
  const logged = new LogLines()
  const enricher = await createMmdbEnricher({ file, log: logged.log, watch: false, ...options })
  t.after(() => enricher.close())
  return { file, logged, enricher }
}

function ask(enricher: MmdbEnricher, value: string, type: IndicatorType = 'ip'): string[] {
  return enricher.lookup({ type, value }).map(({ category, context }: Match) => category + context)
}

for (const [ipVersion, recordSize] of [
  [6, 24],
  [6, 28],
  [6, 32],
  [4, 24],
] as const) {
  test(`addresses are found in a tree of IPv${ipVersion} with records of ${recordSize} bits`, async (t) => {
    const networks = ipVersion === 6 ? COUNTRY : COUNTRY.slice(0, 2)
    const { enricher } = await open(t, { networks, ipVersion, recordSize, databaseType: 'GeoLite2-Country' })
    const british = ['Tracer_GeoIP_enricher|country.iso_code=GB|country.names.en=United Kingdom']
    const swedish = ['Tracer_GeoIP_enricher|country.iso_code=SE|country.names.en=Sweden']
    const german = ['Tracer_GeoIP_enricher|country.iso_code=DE|country.names.en=Germany']
    for (const value of [
      '198.51.0.0',
      ' 198.51.100.7 ',
      '198.51.255.255',
      '::ffff:198.51.100.7',
      '0xC6.51.100.7',
    ]) {
      assert.deepEqual(ask(enricher, value), british, value)
    }
    for (const value of ['198.51.100.128', '198.51.100.255'])
      assert.deepEqual(ask(enricher, value), swedish, value)
    for (const value of ['2001:db8::', '[2001:DB8:ffff::1]', '2001:db8::1%eth0']) {
      assert.deepEqual(ask(enricher, value), ipVersion === 6 ? german : [], value)
    }
    for (const value of [
      '198.50.255.255',
      '198.52.0.0',
      '0.0.0.0',
      '2001:db9::',
      '::',
      'x',
      '',
      '1.2.3',
      '198.51.100.7/24',
    ]) {
      assert.deepEqual(ask(enricher, value), [], value)
    }
    assert.deepEqual(ask(enricher, '198.51.100.7', 'url'), [])
    assert.deepEqual(ask(enricher, '198.51.100.7', 'hash'), [])
  })
}

test('the category goes by the type of the database, or is what was given; names are in the language asked for', async (t) => {
  const networks: MmdbSpec['networks'] = [['198.51.100.0/24', { autonomous_system_number: 64496 }]]
  const asn = await open(t, { networks, databaseType: 'GeoLite2-ASN' })
  assert.deepEqual(ask(asn.enricher, '198.51.100.1'), [
    'Tracer_ASN_enricher|autonomous_system_number=\u000164496',
  ])
  const mine = await open(t, { networks, databaseType: 'GeoLite2-ASN' }, { category: 'Mine|x' })
  assert.deepEqual(ask(mine.enricher, '198.51.100.1'), ['Mine x|autonomous_system_number=\u000164496'])
  const russian = await open(t, { networks: COUNTRY }, { language: 'ru' })
  assert.deepEqual(ask(russian.enricher, '198.51.100.7'), [
    'Tracer_GeoIP_enricher|country.iso_code=GB|country.names.ru=Великобритания',
  ])
  assert.equal(asn.enricher.name, 'test.mmdb')
})

test('a record that is no map is told as well', async (t) => {
  const { enricher } = await open(t, {
    networks: [
      ['198.51.100.0/24', 'proxy'],
      ['203.0.113.0/24', true],
    ],
  })
  assert.deepEqual(ask(enricher, '198.51.100.1'), ['Tracer_GeoIP_enricher|value=proxy'])
  assert.deepEqual(ask(enricher, '203.0.113.1'), ['Tracer_GeoIP_enricher|value=\u0001true'])
})

test('the same record is made into a detection once', async (t) => {
  const { enricher } = await open(t, { networks: COUNTRY })
  const lookup = (value: string) => enricher.lookup({ type: 'ip', value })
  assert.equal(lookup('198.51.100.1'), lookup('198.51.7.7'))
  assert.notEqual(lookup('198.51.100.1'), lookup('198.51.100.200'))
})

const whole = buildMmdb({ networks: COUNTRY })
const broken: [name: string, content: Buffer, message: RegExp][] = [
  ['an empty file', Buffer.alloc(0), /: is not a complete MaxMind database/],
  ['a text', Buffer.from('ip,country\n198.51.100.7,GB\n'), /: is not a complete MaxMind database/],
  ['one packed with gzip', gzipSync(whole), /gzip/],
  ['one whose end is missing', whole.subarray(0, whole.length - 100), /: is not a complete MaxMind database/],
  [
    'one whose beginning is missing',
    whole.subarray(whole.length - 240),
    /: is not a complete MaxMind database/,
  ],
  [
    'one of a later format',
    buildMmdb({ networks: COUNTRY, metadata: { binary_format_major_version: 3 } }),
    /version 2/,
  ],
  [
    'one with records of another size',
    buildMmdb({ networks: COUNTRY, metadata: { record_size: 16 } }),
    /record size/,
  ],
  [
    'one with more nodes than it holds',
    buildMmdb({ networks: COUNTRY, metadata: { node_count: 1e6 } }),
    /not a complete/,
  ],
  ['one without nodes', buildMmdb({ networks: COUNTRY, metadata: { node_count: 0 } }), /not complete/],
]
for (const [name, content, message] of broken) {
  test(`${name} is refused`, async () => {
    const file = temporaryFile('test.mmdb', content)
    await assert.rejects(createMmdbEnricher({ file }), (error: Error) => {
      assert.equal(error.name, 'MmdbError')
      assert.ok(error.message.startsWith(`${file}: `), error.message)
      assert.match(error.message, message)
      return true
    })
  })
}

test('a file that is not there, and a directory, are refused', async () => {
  const file = temporaryFile('test.mmdb', whole)
  await assert.rejects(createMmdbEnricher({ file: `${file}.not` }), {
    message: `${file}.not: cannot be opened (ENOENT)`,
  })
  await assert.rejects(createMmdbEnricher({ file: dirname(file) }), /is not a regular file/)
})

test('damage at the place of an address is an error of that look-up alone', async (t) => {
  const content = buildMmdb({ networks: COUNTRY })
  // In place of the first record, a pointer that leads to itself.
  const records = content.indexOf(Buffer.alloc(16)) + 16
  content.set([0x20, 0x00], records)
  const file = temporaryFile('test.mmdb', content)
  const enricher = await createMmdbEnricher({ file, watch: false })
  t.after(() => enricher.close())
  assert.throws(() => enricher.lookup({ type: 'ip', value: '198.51.100.7' }), RangeError)
  assert.equal(ask(enricher, '2001:db8::1').length, 1)
})

test(
  'a file that is replaced is read again, a broken one leaves the old one and is counted',
  OPTIONS,
  async (t) => {
    const { enricher, file, logged } = await open(
      t,
      { networks: COUNTRY },
      { watch: true, watchTimes: { settleMs: 20, pollMs: 50 } },
    )
    const replace = async (content: Buffer) => {
      const beside = join(dirname(file), 'next')
      await writeFile(beside, content)
      await rename(beside, file)
    }
    const reloads = () =>
      Object.fromEntries(
        enricher
          .metrics()
          .filter(({ name }) => name === 'tracer_mmdb_reloads_total')
          .map(({ labels, value }) => [labels['result'], value]),
      )
    await replace(buildMmdb({ networks: [['198.51.100.0/24', { country: { iso_code: 'FR' } }]] }))
    await poll(() => reloads()['ok'] === 1)
    assert.deepEqual(ask(enricher, '198.51.100.7'), ['Tracer_GeoIP_enricher|country.iso_code=FR'])
    await replace(Buffer.from('broken'))
    await poll(() => reloads()['failed'] === 1)
    assert.deepEqual(ask(enricher, '198.51.100.7'), ['Tracer_GeoIP_enricher|country.iso_code=FR'])
    const line = await logged.message('database not reloaded; the old one stays')
    assert.equal(line['level'], 'error')
    await rm(file)
    await enricher.reload()
    assert.deepEqual(reloads(), { ok: 1, failed: 2 })
    await replace(buildMmdb({ networks: [['198.51.100.0/24', { country: { iso_code: 'IT' } }]] }))
    await poll(() => reloads()['ok'] === 2)
    assert.deepEqual(ask(enricher, '198.51.100.7'), ['Tracer_GeoIP_enricher|country.iso_code=IT'])
  },
)

test('it tells how old its database is', async (t) => {
  const { enricher, file } = await open(t, { networks: COUNTRY })
  const [built, age] = enricher.metrics()
  assert.deepEqual(
    [built!.name, built!.labels, built!.value],
    ['tracer_mmdb_build_timestamp_seconds', { file, database: 'GeoLite2-City' }, 1_700_000_000],
  )
  assert.ok(age!.value >= 0 && age!.value < 60)
})
