import assert from 'node:assert/strict'
import { once } from 'node:events'
import { readFileSync, writeFileSync } from 'node:fs'
import { Agent, request as httpRequest, type IncomingMessage } from 'node:http'
import { request as httpsRequest } from 'node:https'
import { join } from 'node:path'
import { describe, it, type TestContext } from 'node:test'
import { fileURLToPath } from 'node:url'
import { hashSync } from 'bcryptjs'
import { answers, listen } from '../tracer/loopback.ts'
import { type Command, folderWith, normalize, startNormalize } from './command.ts'

const RULES = "source.ip: src\ndrop: optional(src, '') == 'drop'\n"
const event = (src: string): string => `${JSON.stringify({ src })}\n`
const out = (ip: string, version = 'source'): string => `${JSON.stringify({ [version]: { ip } })}\n`
const pem = (name: string): string => fileURLToPath(new URL(`../tracer/tls/${name}.pem`, import.meta.url))

async function start(t: TestContext, ...argv: string[]): Promise<{ command: Command; port: number }> {
  const command = startNormalize('serve', '--listen', '127.0.0.1:0', ...argv)
  t.after(() => command.child.kill('SIGKILL'))
  await command.until(() => /listening on \S+\n/.test(command.stderr))
  return { command, port: Number(/listening on \S+:(\d+)\n/.exec(command.stderr)![1]) }
}

/** Sends events on a connection of a pool. */
function post(port: number, body: string, agent: Agent): Promise<{ status: number; text: string }> {
  return new Promise((resolve, reject) => {
    const options = { host: '127.0.0.1', port, method: 'POST', agent }
    const request = httpRequest(options, (response) => {
      let text = ''
      response.setEncoding('utf8').on('data', (chunk: string) => {
        text += chunk
      })
      response.on('end', () => resolve({ status: response.statusCode!, text })).on('error', reject)
    })
    request.on('error', reject).end(body)
  })
}

describe('normalize serve', () => {
  it('answers events, tells its numbers, reloads under load without losing one, and ends what it has begun', async (t) => {
    const folder = folderWith({ 'r.yaml': RULES })
    const rules = join(folder, 'r.yaml')
    const { command, port } = await start(t, '--rules', rules)
    const url = `http://127.0.0.1:${port}/`
    const body = `${event('192.0.2.1')}no JSON\n${event('drop')}`
    const first = await fetch(url, { method: 'POST', body })
    assert.deepEqual([first.status, await first.text()], [200, out('192.0.2.1')])
    const inline = await fetch(`${url}?errors=inline`, { method: 'POST', body })
    assert.match(
      await inline.text(),
      /^\{"source".*\n\{"\$rejected":\{"line":2,"source":"request","code":"JSON_INVALID",.*\}\}\n$/,
    )
    for (const [path, status] of [
      ['', 405],
      ['healthz', 200],
      ['readyz', 200],
      ['x', 404],
    ] as const) {
      assert.equal((await fetch(`${url}${path}`)).status, status, path)
    }
    const metrics = await (await fetch(`${url}metrics`)).text()
    for (const line of [
      `sluice_events_total{rules="${rules}",outcome="written"} 2`,
      `sluice_events_total{rules="${rules}",outcome="rejected"} 2`,
      `sluice_events_total{rules="${rules}",outcome="dropped"} 2`,
      'sluice_rejected_total{code="JSON_INVALID"} 2',
      `sluice_input_bytes_total ${2 * body.length}`,
      `sluice_output_bytes_total ${2 * out('192.0.2.1').length}`,
      'sluice_requests_in_flight 0',
      'sluice_request_duration_seconds_count 3',
      'sluice_requests_total{status="404"} 1',
    ]) {
      assert.ok(metrics.split('\n').includes(line), `${line} is not in\n${metrics}`)
    }

    // 200 connections, each with requests one after the other, and other rules in the middle.
    const agent = new Agent({ keepAlive: true, maxSockets: 200 })
    t.after(() => agent.destroy())
    const changed = command.until(() => command.stderr.includes(`${rules}: reloaded\n`))
    const kinds = new Map<string, number>()
    let sent = 0
    const client = async (index: number): Promise<void> => {
      // Until the new rules have answered everybody.
      for (let last = ''; last !== 'other'; ) {
        if (++sent === 300) writeFileSync(rules, RULES.replace('source', 'other'))
        const { status, text } = await post(port, event(`192.0.2.${index}`), agent)
        assert.equal(status, 200)
        last = text === out(`192.0.2.${index}`) ? 'source' : 'other'
        assert.equal(text, out(`192.0.2.${index}`, last))
        kinds.set(last, (kinds.get(last) ?? 0) + 1)
      }
    }
    await Promise.all([changed, ...Array.from({ length: 200 }, (_, index) => client(index))])
    assert.ok(kinds.get('source')! >= 100 && kinds.get('other') === 200, JSON.stringify([...kinds]))

    // Rules that cannot be used change nothing.
    writeFileSync(rules, 'other.ip: src +\n')
    command.child.kill('SIGHUP')
    await command.until(() => command.stderr.includes('not reloaded, the rules stay as they were'))
    assert.equal((await post(port, event('192.0.2.1'), agent)).text, out('192.0.2.1', 'other'))

    // A request that is half sent when the signal comes is answered whole.
    const half = httpRequest({ host: '127.0.0.1', port, method: 'POST' })
    half.write(event('192.0.2.1'))
    const response = once(half, 'response') as Promise<[IncomingMessage]>
    await fetch(`${url}metrics`)
    command.child.kill('SIGTERM')
    await command.until(() => command.stderr.includes('SIGTERM: stopping\n'))
    half.end(event('192.0.2.2'))
    const [answer] = await response
    let text = ''
    for await (const chunk of answer.setEncoding('utf8')) text += chunk
    assert.equal(text, out('192.0.2.1', 'other') + out('192.0.2.2', 'other'))
    const { code, stdout, stderr } = await command.finished
    assert.deepEqual([code, stdout], [0, ''])
    assert.match(stderr, /\nstopped: \d+ events, \d+ written, 2 rejected, 2 dropped\n$/)
  })

  it('serves known users over TLS, and keeps what is rejected in a file', async (t) => {
    const users = `ann:${hashSync('secret', 4)}\n`
    const folder = folderWith({ 'r.yaml': 'm: message\n', users, 'errors.jsonl': 'kept\n' })
    const [rules, file, errors] = ['r.yaml', 'users', 'errors.jsonl'].map((name) => join(folder, name))
    const { command, port } = await start(
      t,
      ...[
        '--rules',
        rules!,
        '--users',
        file!,
        '--errors',
        errors!,
        '--input-format',
        'text',
        '--max-body',
        '1000',
      ],
      ...['--tls-cert', pem('server-cert'), '--tls-key', pem('server-key')],
    )
    const ask = (password: string, body: string | Uint8Array) =>
      new Promise<{ status: number; text: string }>((resolve, reject) => {
        const options = { host: '127.0.0.1', port, method: 'POST', auth: `ann:${password}`, agent: false }
        const tls = { ca: readFileSync(pem('authority-cert')), servername: 'localhost' }
        const request = httpsRequest({ ...options, ...tls }, (response) => {
          let text = ''
          response.setEncoding('utf8').on('data', (chunk: string) => {
            text += chunk
          })
          response.on('end', () => resolve({ status: response.statusCode!, text }))
        })
        request.on('error', reject).end(body)
      })
    assert.deepEqual(await ask('secret', 'a\nb'), { status: 200, text: '{"m":"a"}\n{"m":"b"}\n' })
    assert.equal((await ask('wrong', 'a')).status, 401)
    assert.equal((await ask('secret', 'a'.repeat(1001))).status, 413)
    assert.equal((await ask('secret', Uint8Array.of(0xff))).status, 200)
    const [kept, record] = readFileSync(errors!, 'utf8').split('\n')
    assert.equal(kept, 'kept')
    assert.equal(JSON.parse(record!).code, 'UTF8_INVALID')
    writeFileSync(file!, `ann:${hashSync('other', 4)}\n`)
    command.child.kill('SIGHUP')
    await command.until(() => command.stderr.includes(`${file}: reloaded\n`))
    assert.equal((await ask('secret', 'a')).status, 401)
    assert.equal((await ask('other', 'a')).status, 200)
    command.child.kill('SIGINT')
    assert.equal((await command.finished).code, 0)
  })

  it('looks up at a tracer what the rules name, and says so where nobody is asked', async (t) => {
    const rules = 'url.original: url\nenrich:\n  url: [url.original]\n'
    const folder = folderWith({ 'r.yaml': rules })
    const file = join(folder, 'r.yaml')
    const { port: tracer } = (await listen(t, answers)).address
    const [asking, alone] = await Promise.all([
      start(t, '--rules', file, '--tracer', `127.0.0.1:${tracer}`, '--tracer-timeout', '60s'),
      start(t, '--rules', file),
    ])
    const body = '{"url":"bad.example"}\n{"url":"good.example"}\n'
    const plain = '{"url":{"original":"bad.example"}}\n{"url":{"original":"good.example"}}\n'
    const found =
      ',"threat":{"enrichments":[{"category":"Test_url","matched":{"atomic":"bad.example","field":"url.original","type":"url"},' +
      '"indicator":{"ioc":"bad.example","kind":"url"}}]}'
    const url = `http://127.0.0.1:${asking.port}/`
    const ask = async (at: string): Promise<string> => (await fetch(at, { method: 'POST', body })).text()
    const expected = plain.replace('}\n', `${found}}\n`)
    assert.deepEqual(await Promise.all([ask(url), ask(url)]), [expected, expected])
    const metrics = await (await fetch(`${url}metrics`)).text()
    for (const line of [
      'sluice_lookups_total{result="enriched"} 2',
      'sluice_detections_total 2',
      'sluice_tracer_requests_total 2',
    ]) {
      assert.ok(metrics.split('\n').includes(line), `${line} is not in\n${metrics}`)
    }
    assert.equal(await ask(`http://127.0.0.1:${alone.port}/`), plain)
    assert.ok(
      alone.command.stderr.includes("the 'enrich' section is not used without --tracer HOST:PORT\n"),
      alone.command.stderr,
    )
    for (const { command } of [asking, alone]) command.child.kill('SIGTERM')
    assert.deepEqual([(await asking.command.finished).code, (await alone.command.finished).code], [0, 0])
  })

  it('says what is wrong with its options', async (t) => {
    const folder = folderWith({ 'r.yaml': RULES, users: 'ann:secret\n' })
    const rules = ['--rules', join(folder, 'r.yaml')]
    const { port } = await start(t, ...rules)
    const cases: readonly (readonly [number, RegExp, readonly string[]])[] = [
      [2, /required option '--listen <host:port>' not specified/, rules],
      [2, /rule file is needed: --rules FILE/, ['--listen', '127.0.0.1:0']],
      [
        2,
        /the --tracer-\.\.\. options need a server: --tracer HOST:PORT/,
        [...rules, '--listen', '127.0.0.1:0', '--tracer-required'],
      ],
      [
        2,
        /users:1: no user with a bcrypt hash: add one with htpasswd -B/,
        [...rules, '--listen', '127.0.0.1:0', '--users', join(folder, 'users')],
      ],
      [
        2,
        /TLS needs both --tls-cert and --tls-key/,
        [...rules, '--listen', '127.0.0.1:0', '--tls-cert', 'x'],
      ],
      [
        1,
        new RegExp(`--listen 127\\.0\\.0\\.1:${port}: the port is in use`),
        [...rules, '--listen', `127.0.0.1:${port}`],
      ],
    ]
    await Promise.all(
      cases.map(async ([code, message, argv]) => {
        const finished = await normalize(['serve', ...argv])
        assert.match(finished.stderr, message)
        assert.equal(finished.code, code, finished.stderr)
      }),
    )
  })
})
