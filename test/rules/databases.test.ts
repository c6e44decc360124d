/** Databases of addresses, opened and sent to other threads. */
import assert from 'node:assert/strict'
import { test } from 'node:test'
import { geoip } from '../../src/expression/functions/geoip.ts'
import { compileRules } from '../../src/rules/compile.ts'
import { openDatabase, sharedBytes } from '../../src/rules/databases.ts'
import { compileDefinition } from '../../src/rules/load-and-compile.ts'
import { buildMmdb, type MmdbSpec } from '../tracer/mmdb/build-mmdb.ts'

const NETWORKS: MmdbSpec['networks'] = [
  ['81.2.69.0/24', { country: { iso_code: 'GB', names: { en: 'United Kingdom' } } }],
  ['2a02:6b8::/32', { country: { iso_code: 'RU' }, autonomous_system_number: 13238 }],
  ['10.0.0.0/8', { country: { iso_code: 'XX' } }],
]
const RULES = "c: optional(geoip(ip)['country_iso_code'], None)\nn: optional(asn(ip)['number'], None)"

test('addresses are found in databases of both versions', async () => {
  for (const ipVersion of [6, 4] as const) {
    const networks = NETWORKS.filter(([network]) => ipVersion === 6 || !network.includes(':'))
    const databases = [await openDatabase('x.mmdb', buildMmdb({ networks, ipVersion }))]
    const runner = compileRules(RULES, { databases }).createRunner()
    const of = (ip: string) => runner.run({ ip }, '')
    for (const ip of ['81.2.69.160', '::ffff:81.2.69.160']) assert.deepEqual(of(ip), { c: 'GB', n: null })
    const expected = ipVersion === 6 ? { c: 'RU', n: 13238 } : { c: null, n: null }
    assert.deepEqual(of('2a02:6b8::1'), expected)
    for (const ip of ['81.2.70.1', '10.1.1.1', '2001:db8::1', 'x'])
      assert.deepEqual(of(ip), { c: null, n: null })
  }
})

test('another thread compiles the same from the definition, with the same bytes', async () => {
  const bytes = sharedBytes(buildMmdb({ networks: NETWORKS }))
  const { definition } = compileRules(RULES, { databases: [await openDatabase('x.mmdb', bytes)] })
  const sent = structuredClone(definition)
  assert.ok(sent.options.databaseFiles![0]!.bytes.buffer instanceof SharedArrayBuffer, 'they are shared')
  const runner = (await compileDefinition(sent)).createRunner()
  assert.deepEqual(runner.run({ ip: '81.2.69.1' }, ''), { c: 'GB', n: null })
})

test('printed code needs a database that it has not', async () => {
  const { preparedFunction } = await import('../../src/runtime.ts')
  assert.throws(() => preparedFunction(geoip, {}), /^TypeError: geoip needs a database/)
})

test('files that are no databases, or were cut, are refused', async () => {
  const whole = buildMmdb({ networks: NETWORKS })
  for (const bytes of [
    new Uint8Array(),
    Buffer.from('ip,country\n'),
    whole.subarray(0, whole.length / 2),
    buildMmdb({ networks: NETWORKS, metadata: { binary_format_major_version: 3 } }),
    buildMmdb({ networks: NETWORKS, metadata: { node_count: 100_000 } }),
  ])
    await assert.rejects(
      openDatabase('x.mmdb', bytes),
      /^Error: x\.mmdb is not a complete MaxMind database \(\.mmdb\): /,
    )
})
