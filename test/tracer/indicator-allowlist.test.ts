import assert from 'node:assert/strict'
import { rename, writeFile } from 'node:fs/promises'
import { join } from 'node:path'
import { type TestContext, test } from 'node:test'
import { type AllowlistFile, IndicatorAllowlist } from '../../src/tracer/indicator-allowlist.ts'
import { CLIENT_HEADER } from '../../src/tracer/protocol.ts'
import { temporaryDirectory, temporaryFile } from '../temporary.ts'
import { GMER, known, LogLines, ManualEnricher, MISS, poll, RunningServer } from './running-server.ts'

const OPTIONS = { timeout: 900_000 }

async function load(t: TestContext, ...files: AllowlistFile[]): Promise<IndicatorAllowlist> {
  const allowlist = await IndicatorAllowlist.load({ files, watch: false })
  t.after(() => allowlist.close())
  return allowlist
}

test('it matches as feeds do', async (t) => {
  const file = temporaryFile(
    'allow.txt',
    ['example.com', 'cdn.example/*', '.corp.example', '*.test/a', '192.0.2.0/24', 'AB'.repeat(16)].join('\n'),
  )
  const allowlist = await load(t, { file })
  const on = {
    url: [
      'http://www.EXAMPLE.com:80/',
      'example.com/a',
      'cdn.example',
      'cdn.example/a?b',
      'corp.example/x',
      'a.corp.example',
      'x.test/a',
    ],
    ip: ['192.0.2.77', '0xc0.0.2.1'],
    hash: ['ab'.repeat(16)],
  }
  const off = {
    url: ['a.example.com', 'x.cdn.example', 'x.test/b', '192.0.3.7'],
    ip: ['192.0.3.1', 'nonsense'],
    hash: ['ac'.repeat(16)],
  }
  for (const type of ['url', 'ip', 'hash'] as const) {
    for (const value of on[type]) assert.equal(allowlist.has({ type, value }), true, value)
    for (const value of off[type]) assert.equal(allowlist.has({ type, value }), false, value)
  }
})

test('several files of several formats are one list', async (t) => {
  const allowlist = await load(
    t,
    { file: temporaryFile('a.csv', 'n,host\n1,a.example\n'), key: 'host', type: 'url' },
    { file: temporaryFile('b.json', '[{"x": {"ip": ["192.0.2.1"]}}]'), key: 'x/ip' },
    {
      file: temporaryFile('c', '{"name":"N","version":1,"type":"hostname","list":["c.example"]}'),
    },
  )
  assert.equal(allowlist.has({ type: 'url', value: 'a.example' }), true)
  assert.equal(allowlist.has({ type: 'ip', value: '192.0.2.1' }), true)
  assert.equal(allowlist.has({ type: 'url', value: 'x.c.example/y' }), true)
  assert.equal(allowlist.has({ type: 'url', value: 'n' }), false)
  assert.deepEqual(
    allowlist.stats().map(({ indicators }) => indicators),
    [1, 1, 1],
  )
})

test('what is on it gets no detection, is asked of nobody, and is counted', OPTIONS, async (t) => {
  const manual = new ManualEnricher()
  const allowlist = await load(t, { file: temporaryFile('allow', 'gmer.com\n') })
  const running = await RunningServer.start(t, { enrichers: [known(), manual], allowlist })
  const client = await running.connect()
  client.send(`${CLIENT_HEADER}a|url=gmer.com|\nb|url=GMER.com|ip=192.0.2.1|\n`)
  await manual.answer('192.0.2.1', false)
  const second =
    'Category=Tracer_IP_enricher|MatchedIndicator=192.0.2.1|ioc=192.0.2.1|context=bad_IP\nLookupFinished\n'
  await client.receiveUntil(second)
  assert.equal(client.text, MISS + second)
  assert.equal(manual.asked, 1)
  const { counters } = running
  assert.deepEqual(counters.allowlisted, { ip: 0, url: 2, hash: 0, email: 0, text: 0 })
  assert.deepEqual(counters.indicators, { ip: 1, url: 2, hash: 0, email: 0, text: 0 })
  assert.equal(counters.misses, 0)
})

test('a changed file is read again, and a broken one changes nothing', OPTIONS, async (t) => {
  const directory = temporaryDirectory()
  const file = join(directory, 'allow.txt')
  await writeFile(file, '# none\n')
  const logged = new LogLines()
  const allowlist = await IndicatorAllowlist.load({
    files: [{ file }],
    log: logged.log,
    watchTimes: { settleMs: 5, pollMs: 20 },
  })
  t.after(() => allowlist.close())
  const running = await RunningServer.start(t, { allowlist })
  const ask = async () => {
    const client = await running.connect()
    client.socket.end(`${CLIENT_HEADER}a|url=gmer.com|\n`)
    await client.ended()
    return client.text
  }
  assert.equal(await ask(), GMER)
  await writeFile(join(directory, 'new'), 'gmer.com\n')
  await rename(join(directory, 'new'), file)
  await poll(() => allowlist.has({ type: 'url', value: 'gmer.com' }))
  assert.equal(await ask(), MISS)
  await writeFile(file, 'a,b,c\n')
  await poll(() => logged.lines.some(({ msg }) => msg === 'feed not reloaded; the old table stays'))
  assert.equal(await ask(), MISS)
  await writeFile(file, '# none\n')
  await allowlist.reload()
  assert.equal(await ask(), GMER)
})
