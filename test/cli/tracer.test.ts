import assert from 'node:assert/strict'
import { once } from 'node:events'
import { writeFileSync } from 'node:fs'
import { type AddressInfo, createServer } from 'node:net'
import { join } from 'node:path'
import { describe, it } from 'node:test'
import { setTimeout as sleep } from 'node:timers/promises'
import { fileURLToPath } from 'node:url'
import { type Finished, folderWith } from './command.ts'
import { Serving, startTracer, tracer } from './serving.ts'

const FEED = 'ioc,context\ngmer.com,bad_URL\n192.0.2.1,"bad, IP"\n'
const REQUEST = '7f3a|url=gmer.com|\n'
const GMER =
  'Category=Tracer_URL_enricher|MatchedIndicator=gmer.com|ioc=gmer.com|context=bad_URL\nLookupFinished\n'
const ADDRESS =
  'Category=Tracer_IP_enricher|MatchedIndicator=192.0.2.1|ioc=192.0.2.1|context=bad, IP\nLookupFinished\n'

describe('tracer serve', { concurrency: 2, timeout: 900_000 }, () => {
  it('replies byte for byte, and a signal ends it with 0', async (t) => {
    const feed = join(folderWith({ 'feed.csv': FEED }), 'feed.csv')
    const serving = await Serving.start(t, '--feed', feed, '--key', 'ioc')
    assert.equal(await serving.ask(REQUEST), GMER)
    assert.equal(
      await serving.ask(`X-KF-SendFinishedEventX-KF-ReplyBack${REQUEST}b|ip=192.0.2.1|\n`),
      GMER + ADDRESS,
    )
    assert.equal(await serving.ask('X-KF-ReplyBackPING'), 'PONG\n')
    assert.equal(await serving.ask(`X-KF-SendFinishedEvent${REQUEST}`), '')
    const { code, stdout } = await serving.stop()
    assert.equal(code, 0)
    assert.equal(stdout, '')
    assert.deepEqual(
      serving.log.map(({ level, msg }) => [level, msg]).filter(([, msg]) => msg !== 'feed loaded'),
      [
        ['info', 'listening'],
        ['info', 'stopping'],
        ['info', 'stopped'],
      ],
    )
  })

  it('takes its options in groups and its enrichers in their order', async (t) => {
    const folder = folderWith({
      'feed.csv': FEED,
      'other.json': '[{"name": "gmer.com", "list": ["a", "b"], "deep": {"er": null}}]',
      'mine.mjs': 'setInterval(() => {}, 1000)\nexport default async ({ type }) => ({ mine: type })\n',
    })
    const serving = await Serving.start(
      t,
      ...[
        '--enricher',
        'url-decode',
        '--feed',
        join(folder, 'feed.csv'),
        '--key',
        'ioc:url',
        '--category',
        'First',
      ],
      ...['--enricher', join(folder, 'mine.mjs'), '--feed', join(folder, 'other.json'), '--key', 'name'],
      ...['--reply', 'always', '--max-line', '100', '--idle-timeout', '5m', '--drain-timeout', '500ms'],
      ...['--shutdown-timeout', '5', '--max-connections', '10', '--allow', '127.0.0.0/8', '::1'],
      ...['--enricher-timeout', '60s', '--log-level', 'debug'],
    )
    const expected = [
      'Category=Tracer_URL_Decoder|MatchedIndicator=gmer.com|decodedURL=gmer.com',
      'Category=First|MatchedIndicator=gmer.com|ioc=gmer.com|context=bad_URL',
      'Category=Tracer_URL_enricher|MatchedIndicator=gmer.com|name=gmer.com|list=a,b|deep.er=',
      'Category=Tracer_URL_enricher|MatchedIndicator=gmer.com|mine=url',
      'LookupFinished\n',
    ].join('\n')
    assert.equal(await serving.ask(`X-KF-SendFinishedEvent${REQUEST}`), expected)
    assert.equal(await serving.ask(`${'x'.repeat(101)}\n`), '')
    // The timer of the module does not keep the process.
    const { code } = await serving.stop('SIGINT')
    assert.equal(code, 0)
    const messages = serving.log.map(({ msg }) => msg)
    assert.ok(messages.includes('request'))
    assert.ok(messages.includes('line too long: connection closed'))
  })

  it('reads its feeds again on SIGHUP, and keeps the old ones when that fails', async (t) => {
    const folder = folderWith({ 'feed.csv': FEED })
    const feed = join(folder, 'feed.csv')
    const serving = await Serving.start(t, '--feed', feed, '--key', 'ioc', '--metrics', '127.0.0.1:0')
    const metrics = serving.port('metrics are served')
    const page = async (path: string) => (await fetch(`http://127.0.0.1:${metrics}${path}`)).text()
    assert.equal(await page('/readyz'), 'ready\n')
    assert.match(await page('/metrics'), /^tracer_feed_indicators\{file=".*feed\.csv"\} 2$/m)

    const loaded = () => serving.log.filter(({ msg }) => msg === 'feed loaded').length
    const before = loaded()
    writeFileSync(feed, FEED.replace('bad_URL', 'worse_URL'))
    serving.command.child.kill('SIGHUP')
    await serving.command.until(() => loaded() > before)
    assert.equal(await serving.ask(REQUEST), GMER.replace('bad_URL', 'worse_URL'))

    writeFileSync(feed, 'nothing,of,it\n1,2,3\n')
    serving.command.child.kill('SIGHUP')
    await serving.command.until(() => serving.command.stderr.includes('feed not reloaded'))
    assert.equal(await serving.ask(REQUEST), GMER.replace('bad_URL', 'worse_URL'))
    assert.match(
      await page('/metrics'),
      /^tracer_feed_reloads_total\{file=".*feed\.csv",result="failed"\} [1-9]/m,
    )
    assert.match(await page('/metrics'), /^tracer_requests_total 2$/m)
    assert.equal(await page('/healthz'), 'ok\n')
    assert.equal((await serving.stop()).code, 0)
  })

  it('finishes what was read, also towards a slow reader, before it ends', async (t) => {
    const serving = await Serving.start(t, '--enricher', 'url-decode')
    const client = await serving.connect()
    client.socket.pause()
    while (client.socket.writableLength < 256 * 1024) {
      client.send(REQUEST.repeat(2000))
      await new Promise((resolve) => setImmediate(resolve))
    }
    serving.command.child.kill('SIGTERM')
    await serving.command.until(() => serving.command.stderr.includes('"msg":"stopping"'))
    client.send(REQUEST)
    client.socket.resume()
    assert.equal(await client.ended(), 'end')
    client.socket.end()
    const { code } = await serving.command.finished
    assert.equal(code, 0)
    const reply =
      'Category=Tracer_URL_Decoder|MatchedIndicator=gmer.com|decodedURL=gmer.com\nLookupFinished\n'
    const { requests } = serving.log.find(({ msg }) => msg === 'stopped')!
    assert.equal(client.text, reply.repeat(Number(requests)))
  })

  it('ends at once on a second signal', async (t) => {
    const serving = await Serving.start(t, '--enricher', 'url-decode')
    const client = await serving.connect()
    client.socket.pause()
    while (client.socket.writableLength < 256 * 1024) {
      client.send(REQUEST.repeat(2000))
      await new Promise((resolve) => setImmediate(resolve))
    }
    serving.command.child.kill('SIGTERM')
    await serving.command.until(() => serving.command.stderr.includes('"msg":"stopping"'))
    assert.equal((await serving.stop()).signal, 'SIGTERM')
  })

  it('serves TLS, and only those with a certificate', async (t) => {
    const pem = (name: string) => fileURLToPath(new URL(`../tracer/tls/${name}.pem`, import.meta.url))
    const serving = await Serving.start(
      t,
      ...['--enricher', 'url-decode', '--tls-cert', pem('server-cert'), '--tls-key', pem('server-key')],
      ...['--tls-ca', pem('authority-cert')],
    )
    const server = ['--server', `127.0.0.1:${serving.port()}`, '--tls-ca', pem('authority-cert')]
    const stranger = await tracer(['lookup', ...server, '--timeout', '2s', 'gmer.com'])
    assert.equal(stranger.code, 1)
    assert.match(stranger.stderr, /^tracer: 127\.0\.0\.1:\d+: no server answers/)
    const client = ['--tls-cert', pem('client-cert'), '--tls-key', pem('client-key')]
    const { code, stdout } = await tracer(['lookup', ...server, ...client, 'gmer.com'])
    assert.equal(code, 0)
    assert.deepEqual(JSON.parse(stdout).detections, [
      { category: 'Tracer_URL_Decoder', indicator: { decodedURL: 'gmer.com' } },
    ])
  })

  it('says what is in the way of its start, and ends with 1 or 2', async (t) => {
    const folder = folderWith({
      'feed.csv': FEED,
      'other.csv': 'who,why\nx,y\n',
      'empty.mjs': '',
      'text.pem': 'no certificate',
    })
    const feed = join(folder, 'feed.csv')
    const taken = createServer().listen(0, '127.0.0.1')
    t.after(() => taken.close())
    await once(taken, 'listening')
    const { port } = taken.address() as AddressInfo
    const listen = ['--listen', '127.0.0.1:0']
    const pem = join(folder, 'text.pem')
    const cases: [argv: string[], code: number, message: RegExp][] = [
      [['--listen', `127.0.0.1:${port}`], 1, /^tracer: --listen 127\.0\.0\.1:\d+: the port is in use/m],
      [
        [...listen, '--metrics', `127.0.0.1:${port}`],
        1,
        /^tracer: --metrics 127\.0\.0\.1:\d+: the port is in use/m,
      ],
      [
        [...listen, '--strict', '--feed', join(folder, 'none.csv'), '--key', 'ioc'],
        2,
        /^tracer: .*none\.csv/m,
      ],
      [[...listen, '--strict', '--feed', feed, '--key', 'none'], 2, /^tracer: .*feed\.csv.*none/m],
      [
        [...listen, '--strict', '--feed', join(folder, 'other.csv')],
        2,
        /^tracer: --feed .*other\.csv needs a --key/m,
      ],
      [[...listen, '--key', 'ioc', '--feed', feed], 2, /behind the --feed/],
      [[...listen, '--enricher', 'url-decoder'], 2, /^tracer: there is no enricher 'url-decoder'/m],
      [[...listen, '--enricher', join(folder, 'empty.mjs')], 2, /no default export/],
      [[...listen, '--allow', 'localhost'], 2, /^tracer: 'localhost' is no address/m],
      [[...listen, '--tls-cert', pem], 2, /^tracer: TLS needs both/m],
      [[...listen, '--tls-cert', pem, '--tls-key', pem], 2, /^tracer: /m],
      [
        [...listen, '--tls-cert', join(folder, 'none.pem'), '--tls-key', pem],
        2,
        /^tracer: .*none\.pem: cannot be read/m,
      ],
      [['--listen', '16666'], 2, /'16666' is no address/],
      [['--idle-timeout', 'soon'], 2, /'soon' is no duration/],
      [['--reply', 'never'], 2, /Allowed choices are header, always/],
      [['--nonsense'], 2, /unknown option '--nonsense'/],
    ]
    // A few at a time: each is a process of its own.
    while (cases.length > 0) {
      await Promise.all(
        cases.splice(0, 3).map(async ([argv, code, message]) => {
          const finished = await tracer(['serve', ...argv])
          assert.match(finished.stderr, message)
          assert.equal(finished.code, code, finished.stderr)
          assert.equal(finished.stdout, '')
        }),
      )
    }
  })
})

describe('tracer lookup', { concurrency: 2, timeout: 900_000 }, () => {
  it('prints a JSON line for each value, in their order', async (t) => {
    const feed = join(folderWith({ 'feed.csv': FEED }), 'feed.csv')
    const serving = await Serving.start(t, '--feed', feed, '--key', 'ioc')
    const server = ['--server', `127.0.0.1:${serving.port()}`]
    const lines = (finished: Finished) => {
      assert.equal(finished.stderr, '')
      assert.equal(finished.code, 0)
      return finished.stdout.trimEnd().split('\n')
    }
    const hit =
      '"detections":[{"category":"Tracer_URL_enricher","indicator":{"ioc":"gmer.com","context":"bad_URL"}}]}'
    assert.deepEqual(
      lines(await tracer(['lookup', ...server, 'nothing.example', 'gmer.com', '192.0.2.1', 'gmer.com'])),
      [
        '{"type":"url","value":"nothing.example","detections":[]}',
        `{"type":"url","value":"gmer.com",${hit}`,
        '{"type":"ip","value":"192.0.2.1","detections":[{"category":"Tracer_IP_enricher","indicator":{"ioc":"192.0.2.1","context":"bad, IP"}}]}',
        `{"type":"url","value":"gmer.com",${hit}`,
      ],
    )
    assert.deepEqual(
      lines(
        await tracer(['lookup', ...server, 'url=gmer.com', 'hash=gmer.com', '|', '-'], 'a\r\n\n gmer.com\nb'),
      ),
      [
        `{"type":"url","value":"gmer.com",${hit}`,
        '{"type":"hash","value":"gmer.com","detections":[]}',
        '{"type":"url","value":"|","detections":[]}',
        '{"type":"url","value":"a","detections":[]}',
        `{"type":"url","value":"gmer.com",${hit}`,
        '{"type":"url","value":"b","detections":[]}',
      ],
    )
    const values = Array.from({ length: 3000 }, (_, i) => `h${i}.example`)
    const many = lines(await tracer(['lookup', ...server, '-'], values.join('\n')))
    assert.deepEqual(
      many,
      values.map((value) => `{"type":"url","value":"${value}","detections":[]}`),
    )
    assert.deepEqual(lines(await tracer(['lookup', ...server, '-'])), [''])
  })

  it('takes what an indicator is in front of it, and says when it is not that', async (t) => {
    const serving = await Serving.start(t, '--enricher', 'url-decode')
    const server = ['--server', `127.0.0.1:${serving.port()}`]
    const digests = [`md5=${'aB'.repeat(16)}`, `sha1=${'0'.repeat(40)}`, `sha256=${'f'.repeat(64)}`]
    const { code, stdout } = await tracer(['lookup', ...server, 'domain=a.example', ...digests, 'sha512=x'])
    assert.equal(code, 0)
    assert.deepEqual(
      stdout
        .trimEnd()
        .split('\n')
        .map((line) => JSON.parse(line))
        .map(({ type, value }) => [type, value.length]),
      [
        ['url', 9],
        ['hash', 32],
        ['hash', 40],
        ['hash', 64],
        ['url', 8],
      ],
    )
    for (const value of ['md5=abc', `sha1=${'0'.repeat(64)}`, `sha256=${'g'.repeat(64)}`]) {
      const refused = await tracer(['lookup', ...server, value])
      assert.equal(refused.code, 2, value)
      assert.match(refused.stderr, /^tracer: \w+= takes \d+ hexadecimal digits\n$/)
    }
  })

  it('waits for a server that is about to start', async (t) => {
    const free = createServer().listen(0, '127.0.0.1')
    await once(free, 'listening')
    const { port } = free.address() as AddressInfo
    free.close()
    await once(free, 'close')
    const asking = tracer(['lookup', '--server', `127.0.0.1:${port}`, '--timeout', '60s', 'a.example'])
    // It has been refused by now, on any machine that is not very slow; if it has not, it is answered at once.
    await sleep(3000)
    const late = startTracer('serve', '--listen', `127.0.0.1:${port}`, '--enricher', 'url-decode')
    t.after(() => late.child.kill('SIGKILL'))
    const { code, stdout, stderr } = await asking
    assert.deepEqual([code, stderr], [0, ''])
    assert.match(stdout, /^\{"type":"url","value":"a\.example",.*\}\n$/)
  })

  it('ends with 1 when nobody answers, and with 2 when nothing is asked', async () => {
    const free = createServer().listen(0, '127.0.0.1')
    await once(free, 'listening')
    const { port } = free.address() as AddressInfo
    free.close()
    await once(free, 'close')
    const unanswered = await tracer([
      'lookup',
      '--server',
      `127.0.0.1:${port}`,
      '--timeout',
      '1s',
      'gmer.com',
    ])
    assert.equal(unanswered.code, 1)
    assert.match(unanswered.stderr, /^tracer: 127\.0\.0\.1:\d+: no server answers.*ECONNREFUSED/)
    assert.equal(unanswered.stdout, '')
    const unasked = await tracer(['lookup'])
    assert.equal(unasked.code, 2)
    assert.match(unasked.stderr, /missing required argument 'VALUE'/)
    assert.equal((await tracer(['lookup', '--server', 'x', 'y'])).code, 2)
    const nowhere = await tracer(['lookup', '--server', '127.0.0.1:0', 'y'])
    assert.equal(nowhere.code, 2)
    assert.match(nowhere.stderr, /^tracer: 127\.0\.0\.1:0 is not the address of a server/)
    const help = await tracer(['--help'])
    assert.equal(help.code, 0)
    assert.match(help.stdout, /serve .*\n.*lookup/)
    assert.equal((await tracer([])).code, 2)
  })
})
