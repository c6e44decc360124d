import assert from 'node:assert/strict'
import { join } from 'node:path'
import process from 'node:process'
import { describe, it, type TestContext } from 'node:test'
import { fileURLToPath } from 'node:url'
import { freePort } from '../tracer/loopback.ts'
import { attribute, FakeMisp, KEY, send } from '../tracer/misp/fake-misp.ts'
import { buildMmdb } from '../tracer/mmdb/build-mmdb.ts'
import { RawClient } from '../tracer/raw-client.ts'
import { Command, cliPath, type Finished, folderWith } from './command.ts'

const CA = fileURLToPath(new URL('../tracer/tls/authority-cert.pem', import.meta.url))
const FEED = 'ioc,context\nevil.example,bad_URL\n'
const DATABASE = buildMmdb({
  networks: [['198.51.100.0/24', { country: { iso_code: 'GB', names: { en: 'UK', ru: 'Великобритания' } } }]],
  databaseType: 'GeoLite2-Country',
})
const NUMBERS = buildMmdb({
  networks: [['198.51.100.0/24', { autonomous_system_number: 64496 }]],
  databaseType: 'GeoLite2-ASN',
})

/** `tracer serve` with a key in its environment, if any. */
function serve(argv: readonly string[], key: string | undefined = undefined): Command {
  const before = process.env['MISP_API_KEY']
  if (key === undefined) delete process.env['MISP_API_KEY']
  else process.env['MISP_API_KEY'] = key
  try {
    return new Command([cliPath('tracer'), 'serve', '--listen', '127.0.0.1:0', ...argv])
  } finally {
    if (before === undefined) delete process.env['MISP_API_KEY']
    else process.env['MISP_API_KEY'] = before
  }
}

function logOf(command: Command): Record<string, unknown>[] {
  const whole = command.stderr.slice(0, command.stderr.lastIndexOf('\n') + 1)
  return whole.split('\n').flatMap((line) => (line === '' ? [] : [JSON.parse(line)]))
}

async function started(t: TestContext, argv: readonly string[], key?: string): Promise<Command> {
  const command = serve(argv, key)
  t.after(() => {
    command.child.kill('SIGKILL')
    assert.ok(!command.stderr.includes(KEY), 'the key is in the log')
  })
  await command.until(() => command.stderr.includes('"msg":"listening"'))
  return command
}

function portOf(command: Command, message = 'listening'): number {
  return Number(logOf(command).find(({ msg }) => msg === message)!['port'])
}

async function ask(command: Command, text: string): Promise<string> {
  const client = await RawClient.connect(portOf(command))
  client.socket.end(text)
  await client.ended()
  return client.text
}

async function refused(argv: readonly string[], key?: string): Promise<Finished> {
  const finished = await serve(argv, key).finished
  assert.equal(finished.code, 2, finished.stderr)
  return finished
}

describe('tracer serve --misp', { concurrency: 2, timeout: 900_000 }, () => {
  it('tells what MISP knows, in the order of the options, and asks it for a whole request at once', async (t) => {
    const misp = await FakeMisp.start(t)
    misp.attributes.push(
      attribute(1, 'domain', 'evil.example'),
      attribute(2, 'md5', 'c912705b4bbb14ec7e78fa8b370532c9'),
      attribute(3, 'sha256', 'c912705b4bbb14ec7e78fa8b370532c9', { to_ids: false }),
    )
    const feed = join(folderWith({ 'feed.csv': FEED }), 'feed.csv')
    const command = await started(
      t,
      [
        ...['--misp', misp.url, '--misp-ca', CA, '--feed', feed, '--key', 'ioc', '--metrics', '127.0.0.1:0'],
        ...['--misp-hit-ttl', '5m', '--misp-miss-ttl', '1m', '--misp-cache', '1000', '--misp-timeout', '10s'],
        ...['--misp-rps', '100', '--misp-batch', '50', '--misp-ids-only'],
      ],
      KEY,
    )
    await command.until(() => command.stderr.includes('"msg":"MISP answers"'))
    const request = '7f3a|url=evil.example|hash=C912705B4BBB14EC7E78FA8B370532C9|ip=198.51.100.7|\n'
    const reply = await ask(command, request)
    const context = (id: number) =>
      `.*\\|uuid=00000000-0000-4000-8000-00000000000${id}\\|event\\.id=42\\|.*\n`
    assert.match(
      reply,
      new RegExp(
        `^Category=Tracer_MISP_URL_enricher1\\|MatchedIndicator=evil\\.example\\|value=${context(1)}` +
          'Category=Tracer_URL_enricher\\|MatchedIndicator=evil\\.example\\|ioc=evil\\.example\\|context=bad_URL\n' +
          `Category=Tracer_MISP_HASH_enricher1\\|MatchedIndicator=C912705B4BBB14EC7E78FA8B370532C9\\|value=${context(2)}` +
          'LookupFinished\n$',
      ),
    )
    assert.equal(await ask(command, request), reply)
    // The first one is that of the start.
    assert.equal(misp.searches.length, 2)
    assert.equal(misp.searches[1]!.value.length, 3)
    const page = await (
      await fetch(`http://127.0.0.1:${portOf(command, 'metrics are served')}/metrics`)
    ).text()
    assert.match(page, /^tracer_misp_requests_total\{result="ok"\} 2$/m)
    assert.match(page, /^tracer_misp_cache_lookups_total\{result="found"\} 3$/m)
    assert.match(page, /^tracer_misp_circuit_state 0$/m)
    command.child.kill('SIGTERM')
    assert.equal((await command.finished).code, 0)
  })

  it('asks for a value once, whichever worker is asked for it', async (t) => {
    const misp = await FakeMisp.start(t)
    misp.attributes.push(attribute(1, 'domain', 'evil.example'))
    // A busy machine may take longer than the default of 3 s; then MISP would be taken for away.
    const argv = [
      ...['--workers', '2', '--misp', misp.url, '--misp-ca', CA],
      ...['--misp-timeout', '60s', '--metrics', '127.0.0.1:0'],
    ]
    const command = await started(t, argv, KEY)
    await command.until(() => command.stderr.includes('"msg":"MISP answers"'))
    const replies: string[] = []
    for (let i = 0; i < 6; i++) replies.push(await ask(command, '7f3a|url=evil.example|\n'))
    assert.match(replies[0]!, /^Category=Tracer_MISP_URL_enricher1\|MatchedIndicator=evil\.example\|/)
    assert.deepEqual(replies, Array(6).fill(replies[0]))
    // The first one is that of the start.
    assert.equal(misp.searches.length, 2)
    const page = await (
      await fetch(`http://127.0.0.1:${portOf(command, 'metrics are served')}/metrics`)
    ).text()
    assert.match(page, /^tracer_misp_requests_total\{result="ok"\} 2$/m)
    assert.match(page, /^tracer_hits_total\{category="Tracer_MISP_URL_enricher1"\} 6$/m)
    command.child.kill('SIGTERM')
    assert.equal((await command.finished).code, 0)
  })

  it('starts and answers when MISP is away, or refuses the key, and says so', async (t) => {
    const misp = await FakeMisp.start(t)
    misp.always = (response) => send(response, 403, { message: 'Authentication failed.' })
    const folder = folderWith({ 'feed.csv': FEED, 'key.txt': `${KEY}\n` })
    const feed = [
      '--feed',
      join(folder, 'feed.csv'),
      '--key',
      'ioc',
      '--misp-key-file',
      join(folder, 'key.txt'),
    ]
    const answer =
      'Category=Tracer_URL_enricher|MatchedIndicator=evil.example|ioc=evil.example|context=bad_URL\nLookupFinished\n'
    const [away, refusing] = await Promise.all([
      started(t, [...feed, '--misp', `https://127.0.0.1:${await freePort()}`]),
      started(t, [...feed, '--misp', misp.url, '--misp-ca', CA], 'another'),
    ])
    for (const command of [away, refusing]) {
      await command.until(() => command.stderr.includes('"msg":"MISP does not answer'))
      assert.equal(await ask(command, 'a|url=evil.example|\n'), answer)
    }
    assert.ok(away.stderr.includes('ECONNREFUSED'))
    assert.ok(refusing.stderr.includes('MISP refuses the key (403)'))
    assert.equal(misp.searches.length, 1)
  })

  it('refuses to start with what cannot be right, before it loads anything', async () => {
    const folder = folderWith({ empty: '\n', 'not.pem': 'x' })
    const url = 'https://misp.example.org'
    const cases: [argv: string[], key: string | undefined, message: RegExp][] = [
      [
        ['--misp', url],
        undefined,
        /^tracer: --misp needs a key: set MISP_API_KEY, or give --misp-key-file FILE\n$/,
      ],
      [['--misp', url], ' ', /needs a key/],
      [['--misp', url], 'a b', /the key of MISP/],
      [['--misp', url, '--misp-key-file', join(folder, 'no')], KEY, /--misp-key-file .*no: cannot be read/],
      [['--misp', url, '--misp-key-file', join(folder, 'empty')], KEY, /the file is empty/],
      [['--misp', url, '--misp-ca', join(folder, 'not.pem')], KEY, /no certificate/],
      [['--misp', 'http://misp.example.org'], KEY, /https only/],
      [['--misp', url, '--misp', url], KEY, /one MISP at most/],
      [['--misp-ids-only'], KEY, /^tracer: --misp-ids-only says nothing without --misp URL\n$/],
      [['--misp', url, '--misp-batch', '0'], KEY, /whole number from 1 to 1000/],
      [['--mmdb', join(folder, 'no.mmdb')], undefined, /no\.mmdb: cannot be opened \(ENOENT\)/],
      [['--mmdb', join(folder, 'not.pem')], undefined, /is not a complete MaxMind database/],
    ]
    for (const [argv, key, message] of cases) {
      const { stderr } = await refused(argv, key)
      const own = stderr.split('\n').filter((line) => line !== '' && !line.startsWith('{'))
      assert.match(`${own.join('\n')}\n`, message)
      assert.ok(!stderr.includes(KEY))
    }
  })
})

describe('tracer serve --mmdb', { timeout: 900_000 }, () => {
  it('tells what databases know of an address', async (t) => {
    const folder = folderWith({ 'country.mmdb': DATABASE, 'asn.mmdb': NUMBERS })
    const [country, numbers] = [join(folder, 'country.mmdb'), join(folder, 'asn.mmdb')]
    const command = await started(t, [
      ...['--mmdb', numbers, '--mmdb', country, '--category', 'Mine', '--enricher', 'url-decode'],
      ...['--mmdb-language', 'ru', '--metrics', '127.0.0.1:0'],
    ])
    assert.equal(
      await ask(command, 'a|ip=198.51.100.7|url=198.51.100.7|ip=203.0.113.1|\n'),
      'Category=Tracer_ASN_enricher|MatchedIndicator=198.51.100.7|autonomous_system_number=64496\n' +
        'Category=Mine|MatchedIndicator=198.51.100.7|country.iso_code=GB|country.names.ru=Великобритания\n' +
        'Category=Tracer_URL_Decoder|MatchedIndicator=198.51.100.7|decodedURL=198.51.100.7\n' +
        'LookupFinished\n',
    )
    const page = await (
      await fetch(`http://127.0.0.1:${portOf(command, 'metrics are served')}/metrics`)
    ).text()
    for (const file of [country, numbers]) {
      const label = JSON.stringify(file)
      assert.ok(page.includes(`tracer_mmdb_reloads_total{file=${label},result="ok"} 0\n`), page)
    }
    assert.equal(page.match(/^# TYPE tracer_mmdb_age_seconds gauge$/gm)!.length, 1)
  })
})
