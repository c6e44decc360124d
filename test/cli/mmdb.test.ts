import assert from 'node:assert/strict'
import { readFileSync, writeFileSync } from 'node:fs'
import { dirname, join } from 'node:path'
import { describe, it } from 'node:test'
import { pathToFileURL } from 'node:url'
import { TestRunner } from '../../src/cli/test-runner.ts'
import { openDatabase } from '../../src/handlers/node.ts'
import { buildMmdb } from '../tracer/mmdb/build-mmdb.ts'
import { folderWith, normalize } from './command.ts'

function files(): { rules: string; places: string; networks: string } {
  const folder = folderWith({ 'rules.yaml': 'source.geo?: geoip(src)\nsource.as?: asn(src)\n' })
  const [places, networks] = [join(folder, 'city.mmdb'), join(folder, 'asn.mmdb')]
  writeFileSync(places, buildMmdb({ networks: [['81.2.69.0/24', { country: { iso_code: 'GB' } }]] }))
  const record = { autonomous_system_number: 20712, autonomous_system_organization: 'Andrews & Arnold' }
  writeFileSync(networks, buildMmdb({ networks: [['81.2.64.0/18', record]], databaseType: 'GeoLite2-ASN' }))
  return { rules: join(folder, 'rules.yaml'), places, networks }
}

describe('normalize --mmdb', () => {
  it('tells place and network, on this thread and in workers', async () => {
    const { rules, places, networks } = files()
    for (const way of [[], ['--workers', '2']]) {
      const { stdout, stderr } = await normalize(
        ['--rules', rules, '--mmdb', places, '--mmdb', networks, ...way],
        '{"src":"81.2.69.160"}\n{"src":"10.0.0.1"}\n',
      )
      assert.equal(stderr, '')
      assert.equal(
        stdout,
        '{"source":{"geo":{"country_iso_code":"GB"},"as":{"number":20712,"organization":{"name":"Andrews & Arnold"}}}}\n{}\n',
      )
    }
  })

  it('is needed by no compiled module, which is given the databases where it runs', async () => {
    const { rules, places, networks } = files()
    const output = join(dirname(rules), 'rules.mjs')
    const argv = ['compile', '--rules', rules, '--output', output, '--bundle']
    assert.equal((await normalize(argv)).stderr, '')
    const told = await normalize([...argv, '--mmdb', places])
    assert.equal(told.code, 0)
    assert.match(
      told.stderr,
      /^--mmdb: a module holds no databases of addresses; give them to it where it runs/,
    )
    const { normalizeLines, useDatabases } = await import(pathToFileURL(output).href)
    const given = [places, networks].map((file) => openDatabase(file, readFileSync(file)))
    useDatabases(await Promise.all(given))
    const lines = normalizeLines('{"src":"81.2.69.160"}\n{"src":"10.0.0.1"}\n')
    assert.equal(
      new TextDecoder().decode(lines.output),
      '{"source":{"geo":{"country_iso_code":"GB"},"as":{"number":20712,"organization":{"name":"Andrews & Arnold"}}}}\n{}\n',
    )
  })

  it('is named by a test file, relative to it', async () => {
    const { rules, places } = files()
    const folder = dirname(rules)
    const tests = join(folder, 'rules.test.yaml')
    const write = (mmdb: string): void =>
      writeFileSync(
        tests,
        `mmdb: ${mmdb}\ncases:\n  - event: {src: 81.2.69.160}\n    expect_partial: {source: {geo: {country_iso_code: GB}}}\n`,
      )
    write('[city.mmdb, asn.mmdb]')
    const { code, stdout } = await normalize(['test', folder])
    assert.deepEqual([code, stdout], [0, `ok    ${tests}  1 case\n\n1 passed in 1 file\n`])
    const runner = new TestRunner({ bail: false, update: false })
    const ran = await runner.run({ kind: 'file', path: tests })
    assert.ok(ran?.files.includes(places), 'a watch knows the database')
    write('rules.yaml')
    const wrong = await new TestRunner({ bail: false, update: false }).run({ kind: 'file', path: tests })
    assert.match(
      wrong!.result.problem!,
      /rules\.test\.yaml: mmdb: .*rules\.yaml is not a complete MaxMind database/,
    )
    assert.ok(wrong!.files.includes(rules), 'a watch knows the file that is no database')
  })

  it('is asked for by check, too, and refuses what is no database', async () => {
    const { rules, places } = files()
    const checked = await normalize(['check', rules, '--mmdb', places])
    assert.deepEqual([checked.code, checked.stderr], [0, ''])
    const without = await normalize(['check', rules])
    assert.equal(without.code, 2)
    assert.match(without.stderr, /geoip needs a database of addresses, and none is given/)
    const wrong = await normalize(['--rules', rules, '--mmdb', rules])
    assert.equal(wrong.code, 2)
    assert.match(wrong.stderr, /^--mmdb: .*rules\.yaml is not a complete MaxMind database/)
    const missing = await normalize(['--rules', rules, '--mmdb', `${places}.not`])
    assert.match(missing.stderr, /cannot read .*\.not: no such file/)
  })
})
