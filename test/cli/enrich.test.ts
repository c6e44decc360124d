import assert from 'node:assert/strict'
import { once } from 'node:events'
import { readFileSync } from 'node:fs'
import type { AddressInfo } from 'node:net'
import { join } from 'node:path'
import { describe, it } from 'node:test'
import { createServer as createTlsServer } from 'node:tls'
import { answers, freePort, listen } from '../tracer/loopback.ts'
import { folderWith, normalize, startNormalize } from './command.ts'

const RULES = `
url.original: url
n: n
`
const ENRICHED = `${RULES}
enrich:
  url: [url.original]
`
const EVENTS = '{"url":"bad.example","n":1}\n{"url":"good.example","n":2}\n'
const OUTPUT =
  '{"url":{"original":"bad.example"},"n":1,"threat":{"enrichments":[{"category":"Test_url","matched":' +
  '{"atomic":"bad.example","field":"url.original","type":"url"},"indicator":{"ioc":"bad.example","kind":"url"}}]}}\n' +
  '{"url":{"original":"good.example"},"n":2}\n'
const PLAIN = '{"url":{"original":"bad.example"},"n":1}\n{"url":{"original":"good.example"},"n":2}\n'

describe('normalize --tracer', { timeout: 900_000 }, () => {
  it('adds what the tracer knows', async (t) => {
    const { port } = (await listen(t, answers)).address
    const folder = folderWith({ 'r.yaml': ENRICHED })
    for (const more of [[], ['--no-fast-path'], ['--workers', '2'], ['--tracer-required']]) {
      const argv = [
        '-r',
        join(folder, 'r.yaml'),
        '--tracer',
        `127.0.0.1:${port}`,
        '--tracer-timeout',
        '60s',
        ...more,
      ]
      assert.deepEqual(await normalize(argv, EVENTS), { code: 0, signal: null, stdout: OUTPUT, stderr: '' })
    }
  })

  it('tells in the summary what was looked up', async (t) => {
    const { port } = (await listen(t, answers)).address
    const folder = folderWith({ 'r.yaml': ENRICHED })
    const argv = [
      '-r',
      join(folder, 'r.yaml'),
      '--tracer',
      `127.0.0.1:${port}`,
      '--tracer-timeout',
      '60s',
      '--stats',
    ]
    const { stderr } = await normalize(argv, EVENTS)
    const { enrichment } = JSON.parse(stderr)
    const { enriched, timeout, unavailable, detections, requests, cache_hits, failed_connections } =
      enrichment
    assert.deepEqual(
      { enriched, timeout, unavailable, detections, requests, cache_hits, failed_connections },
      {
        enriched: 1,
        timeout: 0,
        unavailable: 0,
        detections: 1,
        requests: 2,
        cache_hits: 0,
        failed_connections: 0,
      },
    )
  })

  it('counts the detections that the output has, those that its cache gives as well', async (t) => {
    const { port } = (await listen(t, answers)).address
    const folder = folderWith({ 'r.yaml': ENRICHED })
    const argv = [
      '-r',
      join(folder, 'r.yaml'),
      '--tracer',
      `127.0.0.1:${port}`,
      '--tracer-timeout',
      '60s',
      '--stats',
    ]
    for (const way of [[], ['--no-fast-path'], ['--tracer-required']]) {
      const { stdout, stderr } = await normalize([...argv, ...way], EVENTS.repeat(5))
      const { enriched, detections, requests } = JSON.parse(stderr).enrichment
      assert.equal(stdout.match(/"category"/g)!.length, 5)
      assert.deepEqual({ enriched, detections, requests }, { enriched: 5, detections: 5, requests: 2 })
    }
  })

  it('marks events when nobody listens, or rejects them when that is asked for', async () => {
    const folder = folderWith({ 'r.yaml': ENRICHED })
    const argv = ['-r', join(folder, 'r.yaml'), '--tracer', `127.0.0.1:${await freePort()}`]
    const marked = await normalize(argv, EVENTS)
    assert.equal(marked.code, 0)
    assert.equal(
      marked.stdout,
      '{"url":{"original":"bad.example"},"n":1,"event":{"anomaly":{"enrichment":"unavailable"}}}\n' +
        '{"url":{"original":"good.example"},"n":2,"event":{"anomaly":{"enrichment":"unavailable"}}}\n',
    )
    const rejected = await normalize([...argv, '--tracer-required'], EVENTS)
    assert.equal(rejected.code, 0)
    assert.equal(rejected.stdout, '')
    const [note, ...lines] = rejected.stderr.trim().split('\n')
    assert.match(
      note!,
      /^tracer 127\.0\.0\.1:\d+: the connection is refused.*ECONNREFUSED.*; events are rejected$/,
    )
    const records = lines.map((line) => JSON.parse(line))
    assert.deepEqual(
      records.map(({ line, code, raw }) => [line, code, raw]),
      EVENTS.trim()
        .split('\n')
        .map((raw, index) => [index + 1, 'ENRICHMENT_FAILED', raw]),
    )
    const failed = await normalize([...argv, '--tracer-required', '--on-error', 'fail'], EVENTS)
    assert.equal(failed.code, 1)
    assert.equal(failed.stderr.trim().split('\n').length, 2)
  })

  it('says once that enrichment stops and why, and once that it goes on', async (t) => {
    const folder = folderWith({ 'r.yaml': ENRICHED })
    const port = await freePort()
    const command = startNormalize('-r', join(folder, 'r.yaml'), '--tracer', `127.0.0.1:${port}`)
    t.after(() => command.child.kill('SIGKILL'))
    command.child.stdin.write(EVENTS)
    await command.until(({ stdout }) => stdout.split('unavailable').length === 3)
    const stops = `tracer 127.0.0.1:${port}: the connection is refused: no server listens there (connect ECONNREFUSED 127.0.0.1:${port}); events pass without enrichment\n`
    assert.equal(command.stderr, stops)
    await listen(t, answers, port)
    await command.until(({ stderr }) => stderr.includes('again'))
    command.child.stdin.end(EVENTS)
    const { stdout, stderr } = await command.finished
    assert.ok(stdout.endsWith(OUTPUT))
    assert.match(
      stderr.slice(stops.length),
      /^tracer 127\.0\.0\.1:\d+: answers again after [\d.]+ s; events are enriched\n$/,
    )
  })

  it('says that a certificate is not trusted, and that a server does not answer', async (t) => {
    const folder = folderWith({ 'r.yaml': ENRICHED })
    const rules = ['-r', join(folder, 'r.yaml')]
    const pem = (name: string) => readFileSync(new URL(`../tracer/tls/${name}.pem`, import.meta.url))
    const secure = createTlsServer({ cert: pem('server-cert'), key: pem('server-key') })
    secure.on('tlsClientError', () => {}).listen(0, '127.0.0.1')
    t.after(() => secure.close())
    await once(secure, 'listening')
    const { port } = secure.address() as AddressInfo
    const untrusted = await normalize([...rules, '--tracer', `127.0.0.1:${port}`, '--tracer-tls'], EVENTS)
    assert.match(
      untrusted.stderr,
      /^tracer 127\.0\.0\.1:\d+: its certificate is not trusted: --tracer-ca .*; events pass.*\n$/,
    )
    const plain = (await listen(t, answers)).address
    const noTls = await normalize([...rules, '--tracer', `127.0.0.1:${plain.port}`, '--tracer-tls'], EVENTS)
    assert.match(noTls.stderr, /^tracer .*TLS.*; events pass without enrichment\n$/)
    const silent = (await listen(t, () => {})).address
    const argv = [...rules, '--tracer', `127.0.0.1:${silent.port}`, '--tracer-timeout', '200ms']
    const { stderr, stdout } = await normalize(argv, EVENTS)
    assert.match(
      stderr,
      /^tracer 127\.0\.0\.1:\d+: no reply within 200 ms; events pass without enrichment\n$/,
    )
    assert.equal(stdout.split('"timeout"').length, 3)
  })

  it('lets events wait for the server with --tracer-wait, at the start and in an outage, and no longer than that', async (t) => {
    const folder = folderWith({ 'r.yaml': ENRICHED })
    const port = await freePort()
    const argv = [
      '-r',
      join(folder, 'r.yaml'),
      '--tracer',
      `127.0.0.1:${port}`,
      '--tracer-timeout',
      '60s',
      '--tracer-cache',
      '0',
    ]
    const command = startNormalize(...argv, '--tracer-wait', '1h')
    t.after(() => command.child.kill('SIGKILL'))
    command.child.stdin.write(EVENTS)
    await command.until(({ stderr }) => stderr.includes('events wait for it, 3600 s at most'))
    assert.equal(command.stdout, '')
    const first = await listen(t, answers, port)
    await command.until(({ stdout }) => stdout === OUTPUT)
    await first.close()
    command.child.stdin.write(EVENTS)
    await command.until(({ stderr }) => stderr.split('events wait').length === 3)
    assert.equal(command.stdout, OUTPUT)
    await listen(t, answers, port)
    command.child.stdin.end()
    const { code, stdout } = await command.finished
    assert.deepEqual([code, stdout], [0, OUTPUT.repeat(2)])

    const nobody = ['--tracer', `127.0.0.1:${await freePort()}`, '--tracer-wait', '500ms']
    const waited = await normalize(['-r', join(folder, 'r.yaml'), ...nobody], EVENTS)
    assert.equal(waited.stdout.split('"unavailable"').length, 3)
    assert.match(
      waited.stderr,
      /; events wait for it, 0\.5 s at most\ntracer: no server has answered for [\d.]+ s; events pass without enrichment until one does\n$/,
    )
    // Who stops it does not wait for an hour.
    const stopped = startNormalize('-r', join(folder, 'r.yaml'), ...nobody.slice(0, 2), '--tracer-wait', '1h')
    t.after(() => stopped.child.kill('SIGKILL'))
    stopped.child.stdin.write(EVENTS)
    await stopped.until(({ stderr }) => stderr.includes('events wait'))
    stopped.child.kill('SIGTERM')
    const end = await stopped.finished
    assert.equal(end.code, 0)
    assert.equal(end.stdout.split('"unavailable"').length, 3)
  })

  it('asks whichever of several servers is there', async (t) => {
    const { port } = (await listen(t, answers)).address
    const folder = folderWith({ 'r.yaml': ENRICHED })
    const gone = ['--tracer', `127.0.0.1:${await freePort()}`]
    const argv = [
      '-r',
      join(folder, 'r.yaml'),
      ...gone,
      '--tracer',
      `127.0.0.1:${port}`,
      '--tracer-timeout',
      '60s',
    ]
    assert.equal((await normalize(argv, EVENTS)).stdout, OUTPUT)
  })

  it('takes its settings from options', async (t) => {
    let open = 0
    let most = 0
    const server = await listen(t, (peer) => {
      most = Math.max(most, ++open)
      peer.socket.on('close', () => open--)
      answers(peer)
    })
    const folder = folderWith({ 'r.yaml': ENRICHED })
    const settings = ['--tracer-connections', '1', '--tracer-window', '2', '--tracer-rps', '1000']
    const more = ['--tracer-timeout', '30s', '--tracer-cache', '0', '--tracer-cache-ttl', '1m']
    const argv = ['-r', join(folder, 'r.yaml'), '--tracer', `127.0.0.1:${server.address.port}`]
    const { stdout } = await normalize([...argv, ...settings, ...more], EVENTS.repeat(10))
    assert.equal(stdout, OUTPUT.repeat(10))
    assert.equal(most, 1)
  })

  it('says when rules have nothing to look up', async (t) => {
    const { port } = (await listen(t, answers)).address
    const folder = folderWith({ 'r.yaml': RULES })
    const rules = join(folder, 'r.yaml')
    assert.deepEqual(
      await normalize(['-r', rules, '--tracer', `127.0.0.1:${port}`, '--tracer-timeout', '60s'], EVENTS),
      {
        code: 0,
        signal: null,
        stdout: PLAIN,
        stderr: `${rules}: there is no 'enrich' section, so nothing is looked up at --tracer\n`,
      },
    )
  })

  it('says that there is nobody to ask, but not among the records of rejected events', async () => {
    const folder = folderWith({ 'r.yaml': ENRICHED })
    const rules = join(folder, 'r.yaml')
    assert.deepEqual(await normalize(['-r', rules], EVENTS), {
      code: 0,
      signal: null,
      stdout: PLAIN,
      stderr: '',
    })
    const { stdout, stderr } = await normalize(['-r', rules, '--errors', join(folder, 'errors')], EVENTS)
    assert.equal(stdout, PLAIN)
    assert.equal(stderr, `${rules}: the 'enrich' section is not used without --tracer HOST:PORT\n`)
    assert.equal(readFileSync(join(folder, 'errors'), 'utf8'), '')
  })

  for (const [argv, message] of [
    [['--tracer', 'localhost'], "--tracer: 'localhost' is no address"],
    [['--tracer', 'localhost:0'], 'the tracer: localhost:0 is not the address of a server'],
    [['--tracer-required'], 'the --tracer-... options need a server: --tracer HOST:PORT'],
    [['--tracer', 'a:1', '--tracer-connections', 'x'], "--tracer-connections: 'x' is no whole number"],
    [['--tracer', 'a:1', '--tracer-window', '0'], 'the tracer: window has to be a whole number from 1'],
    [['--tracer', 'a:1', '--tracer-rps', '-1'], "--tracer-rps: '-1' is no number"],
    [['--tracer', 'a:1', '--tracer-timeout', 'soon'], "--tracer-timeout: 'soon' is no duration"],
    [
      ['--tracer', 'a:1', '--tracer-ca', 'absent.pem'],
      'absent.pem: cannot be read: no such file or directory',
    ],
  ] as const) {
    it(`refuses ${argv.join(' ')}`, async () => {
      const folder = folderWith({ 'r.yaml': ENRICHED })
      const { code, stdout, stderr } = await normalize(['-r', join(folder, 'r.yaml'), ...argv], EVENTS)
      assert.equal(code, 2)
      assert.equal(stdout, '')
      assert.ok(stderr.startsWith(message), stderr)
    })
  }

  it('finishes what was read when it is told to stop', { skip: process.platform === 'win32' }, async (t) => {
    let isOn = false
    const server = await listen(t, (peer) => {
      if (isOn) answers(peer)
    })
    const folder = folderWith({ 'r.yaml': ENRICHED })
    const rules = ['-r', join(folder, 'r.yaml')]
    const command = startNormalize(...rules, '--tracer', `127.0.0.1:${server.address.port}`)
    command.child.stdin.write(EVENTS)
    const peer = await server.peer(0)
    await peer.until(1)
    command.child.kill('SIGTERM')
    isOn = true
    for (const each of server.peers) answers(each)
    const { code, stdout } = await command.finished
    assert.equal(code, 0)
    assert.equal(stdout, OUTPUT)
    await Promise.all(server.peers.map(({ socket }) => socket.destroyed || once(socket, 'close')))
  })
})
