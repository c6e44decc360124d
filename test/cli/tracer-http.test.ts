import assert from 'node:assert/strict'
import { once } from 'node:events'
import { readFileSync, writeFileSync } from 'node:fs'
import { request } from 'node:http'
import { join } from 'node:path'
import { describe, type TestContext, test } from 'node:test'
import { fileURLToPath } from 'node:url'
import { hashSync } from 'bcryptjs'
import { RawClient } from '../tracer/raw-client.ts'
import { poll } from '../tracer/running-server.ts'
import { Command, cliPath, type Finished, folderWith } from './command.ts'
import { Serving, tracer } from './serving.ts'

const OPTIONS = { timeout: 300_000 }
const HTTP = ['--http', '127.0.0.1:0']
const FEED = [
  '--feed',
  fileURLToPath(new URL('../../fixtures/feeds/indicators.csv', import.meta.url)),
  '--key',
  'ioc',
]
const MEBIBYTE = 1024 * 1024
const LINUX = { skip: process.platform !== 'linux' && 'no other system tells the memory of a process so' }

interface Answered {
  readonly object: string
  readonly result: string
  readonly categories: readonly { readonly category: string; readonly context: Record<string, unknown> }[]
}

/** The address of the HTTP face. */
function urlOf(serving: Serving): string {
  return `http://127.0.0.1:${serving.port('HTTP is served')}`
}

async function ask(serving: Serving, objects: readonly string[], headers = {}): Promise<readonly Answered[]> {
  const answer = await fetch(`${urlOf(serving)}/api/1.1/lookup`, {
    method: 'POST',
    headers: { 'content-type': 'application/json', ...headers },
    body: JSON.stringify(objects.map((object) => ({ object }))),
  })
  assert.equal(answer.status, 200)
  return (await answer.json()) as readonly Answered[]
}

/** Megabytes that a process has in memory, as the system tells it. */
function residentMegabytes(pid: number): number {
  return Number(/^VmRSS:\s+(\d+) kB$/m.exec(readFileSync(`/proc/${pid}/status`, 'utf8'))?.[1]) / 1024
}

/** Sends a body of 64 MiB, and reads the answer meanwhile. @returns its objects and the most memory of the server */
async function streamed(t: TestContext, serving: Serving): Promise<{ objects: number; most: number }> {
  const note = JSON.stringify('n'.repeat(400))
  const part = `{"object":"gmer.com","note":${note}},{"note":${note},"object":"a.example"},`.repeat(100)
  const sending = request(`${urlOf(serving)}/api/1.1/lookup`, {
    method: 'POST',
    headers: { 'content-type': 'application/json' },
  })
  t.after(() => sending.destroy())
  let objects = 0
  let tail = ''
  const answered = once(sending, 'response').then(async ([response]) => {
    assert.equal(response.statusCode, 200)
    for await (const chunk of response.setEncoding('latin1')) {
      const text = tail + chunk
      objects += text.split('{"object":').length - 1
      // No object is counted twice.
      tail = text.slice(text.lastIndexOf('{') + 1).slice(-10)
    }
  })
  let most = 0
  let length = 1
  sending.write('[')
  for (let parts = 0; length + part.length + 30 < 64 * MEBIBYTE; parts++) {
    if (!sending.write(part)) await once(sending, 'drain')
    length += part.length
    if (parts % 50 === 0) most = Math.max(most, residentMegabytes(serving.command.child.pid!))
  }
  sending.end('{"object":"gmer.com"}]')
  await answered
  assert.equal(tail.endsWith(']'), true, 'the answer is whole')
  return { objects, most }
}

/** Rules, events and users, as files. */
function prepare(): { folder: string; files: Record<'users' | 'password' | 'rules' | 'events', string> } {
  const values = ['gmer.com', 'none.example', '192.0.2.1', 'http://gmer.com/']
  const event = (i: number) =>
    JSON.stringify({ url: values[i % 4], src: i % 8 < 4 ? '198.51.100.23' : 'no address', i })
  const contents = {
    users: `ann:${hashSync('se:cret', 4)}\n`,
    password: 'se:cret\n',
    rules: 'url.original: url\nsource.ip: src\nid: i\nenrich:\n  url: [url.original]\n  ip: [source.ip]\n',
    events: Array.from({ length: 200 }, (_, i) => `${event(i)}\n`).join(''),
  }
  const folder = folderWith(contents)
  const path = (name: keyof typeof contents) => join(folder, name)
  return {
    folder,
    files: { users: path('users'), password: path('password'), rules: path('rules'), events: path('events') },
  }
}

function certificate(name: string): string {
  return fileURLToPath(new URL(`../tracer/tls/${name}.pem`, import.meta.url))
}

function normalize(argv: readonly string[]): Promise<Finished> {
  return new Command([cliPath('normalize'), ...argv]).finished
}

describe('tracer serve --http', OPTIONS, () => {
  test('answers beside TCP, with the same counts and its own, and stops like it', async (t) => {
    const serving = await Serving.start(t, ...HTTP, ...FEED, '--metrics', '127.0.0.1:0')
    const answers = await ask(serving, ['http://www.GMER.com:80/', 'www.example.com'])
    assert.deepEqual(answers, [
      {
        object: 'http://www.GMER.com:80/',
        result: 'DETECTED',
        categories: [
          {
            category: 'Tracer_URL_enricher',
            detected_indicator: 'http://www.GMER.com:80/',
            context: { ioc: 'gmer.com', context: 'bad_URL' },
          },
        ],
      },
      { object: 'www.example.com', result: 'CLEAN', categories: [] },
    ])
    assert.match(await serving.ask('7f|url=gmer.com|\n'), /^Category=Tracer_URL_enricher\|/)
    const page = await serving.page('/metrics')
    for (const sample of [
      'tracer_http_requests_total{status="200"} 1',
      'tracer_http_objects_total 2',
      'tracer_http_request_duration_seconds_count 1',
      'tracer_http_requests_in_flight 0',
      'tracer_indicators_total{type="url"} 3',
      'tracer_misses_total 1',
      'tracer_requests_total 1',
    ])
      assert.equal(page.split('\n').includes(sample), true, sample)
    // A request of which the end is on its way is answered, and then the process ends.
    const client = await RawClient.connect(serving.port('HTTP is served'))
    t.after(() => client.socket.destroy())
    const body = '[{"object":"gmer.com"}]'
    client.send(
      `POST /api/1.1/lookup HTTP/1.1\r\nHost: x\r\nContent-Type: application/json\r\nContent-Length: ${body.length}\r\n\r\n[`,
    )
    await poll(() => client.socket.bytesWritten > 0)
    const metric = async () => serving.metric('tracer_http_requests_in_flight')
    while ((await metric()) === 0);
    const stopped = serving.stop()
    await serving.logged('stopping')
    client.send(body.slice(1))
    await client.ended()
    assert.match(client.text, /^HTTP\/1\.1 200 OK\r\n[\s\S]*connection: close[\s\S]*"result":"DETECTED"/i)
    assert.equal((await stopped).code, 0)
  })

  test('takes 64 MiB in a memory that stays flat', { ...OPTIONS, ...LINUX }, async (t) => {
    const serving = await Serving.start(t, ...HTTP, ...FEED)
    await ask(serving, Array<string>(5000).fill('gmer.com'))
    const before = residentMegabytes(serving.command.child.pid!)
    const { objects, most } = await streamed(t, serving)
    assert.equal(objects > 150_000, true, `${objects} objects`)
    t.diagnostic(`${before.toFixed(0)} MB before, ${most.toFixed(0)} MB at most`)
    assert.equal(most - before < 60, true, `${before} MB before, ${most} MB at most`)
  })

  test('serves one port from all workers, who know the users again after SIGHUP', async (t) => {
    const folder = folderWith({ users: `ann:${hashSync('old', 4)}\n` })
    const users = join(folder, 'users')
    const options = ['--workers', '2', '--http-users', users, '--metrics', '127.0.0.1:0']
    const serving = await Serving.start(t, ...HTTP, ...FEED, ...options)
    const basic = (password: string) => ({ authorization: `Basic ${btoa(`ann:${password}`)}` })
    const answers = await Promise.all(
      Array.from({ length: 20 }, () => ask(serving, ['gmer.com', 'none.example'], basic('old'))),
    )
    for (const answer of answers)
      assert.deepEqual(
        answer.map(({ result }) => result),
        ['DETECTED', 'CLEAN'],
      )
    assert.equal(await serving.metric('tracer_http_objects_total'), 40)
    const refused = await fetch(`${urlOf(serving)}/api/1.1/lookup`, { method: 'POST', headers: basic('new') })
    assert.equal(refused.status, 401)
    assert.equal((await fetch(`${urlOf(serving)}/healthz`)).status, 200)
    writeFileSync(users, `ann:${hashSync('new', 4)}\n`)
    serving.command.child.kill('SIGHUP')
    await serving.logged('users reloaded', 2)
    assert.equal((await ask(serving, ['gmer.com'], basic('new'))).length, 1)
    const [pid] = serving.pids
    process.kill(pid!, 'SIGKILL')
    await serving.logged('worker listens')
    assert.equal((await ask(serving, ['gmer.com'], basic('new'))).length, 1)
    assert.equal((await serving.stop()).code, 0)
  })

  test('is asked by normalize, and by lookup, with the outcome of TCP, over HTTPS and with a password', async (t) => {
    const { folder, files } = prepare()
    const secure = ['--tls-cert', certificate('server-cert'), '--tls-key', certificate('server-key')]
    const serving = await Serving.start(t, ...HTTP, ...FEED, ...secure, '--http-users', files.users)
    const url = `https://ann@127.0.0.1:${serving.port('HTTP is served')}`
    const ca = certificate('authority-cert')
    const tcp = ['--tracer', `127.0.0.1:${serving.port()}`, '--tracer-ca', ca]
    const http = ['--tracer', url, '--tracer-ca', ca, '--tracer-password-file', files.password]
    const rules = ['--rules', files.rules, files.events, '--tracer-timeout', '60s']
    const overTcp = await normalize([...rules, ...tcp])
    const overHttp = await normalize([...rules, ...http])
    assert.equal(overTcp.stdout.split('Tracer_URL_enricher').length, 101)
    assert.equal(overHttp.stdout, overTcp.stdout)
    assert.equal(overHttp.stderr, overTcp.stderr)
    const asked = await tracer([
      'lookup',
      '--server',
      url,
      '--tls-ca',
      ca,
      '--password-file',
      files.password,
      'gmer.com',
    ])
    assert.equal(asked.code, 0, asked.stderr)
    assert.match(asked.stdout, /"category":"Tracer_URL_enricher"/)
    writeFileSync(join(folder, 'wrong'), 'wrong')
    const wrong = await normalize([...rules, ...http.slice(0, -1), join(folder, 'wrong')])
    assert.match(wrong.stderr, /^tracer 127\.0\.0\.1:\d+: it refuses the user, or the password/m)
    assert.equal(wrong.stdout.split('"enrichment":"unavailable"').length, 201)
  })

  test('adds and removes indicators of the lists, and says what is wrong with others', async (t) => {
    const serving = await Serving.start(
      t,
      ...HTTP,
      ...FEED,
      '--feed-cache',
      join(folderWith({ x: '' }), 'cache'),
    )
    const change = async (method: string, list: string, body: unknown, headers = {}) => {
      const answer = await fetch(`${urlOf(serving)}/api/1.2/suppliers/${list}/indicators`, {
        method,
        headers: { 'content-type': 'application/json', ...headers },
        ...(method === 'GET' ? {} : { body: JSON.stringify(body) }),
      })
      return `${answer.status} ${await answer.text()}`
    }
    const resultOf = async (value: string) => (await ask(serving, [value]))[0]!.result
    const until = async (value: string, result: string) => {
      while ((await resultOf(value)) !== result) await new Promise((resolve) => setTimeout(resolve, 50))
    }
    assert.equal(await resultOf('new.example'), 'CLEAN')
    const added = {
      indicators: ['new.example', { value: '192.0.2.66', type: 'ip', context: { case: 7 } }],
      ttl: 60,
    }
    assert.equal(await change('PUT', 'InternalTI', added), '200 {"added":2,"updated":0}')
    await until('new.example', 'DETECTED')
    assert.equal(
      await change('PUT', 'FalsePositive', { indicators: ['gmer.com'] }),
      '200 {"added":1,"updated":0}',
    )
    await until('gmer.com', 'CLEAN')
    const removed = await change('DELETE', 'InternalTI', { indicators: ['NEW.example', 'none.example'] })
    assert.equal(removed, '200 {"removed":1,"absent":1}')
    await until('new.example', 'CLEAN')
    const cases: [expected: RegExp, method: string, list: string, body: unknown, headers?: object][] = [
      [/^404 there is no list "Nothing"/, 'PUT', 'Nothing', { indicators: ['a.example'] }],
      [/^404 there is no list "__proto__"/, 'PUT', '__proto__', { indicators: ['a.example'] }],
      [/^405 /, 'GET', 'InternalTI', undefined],
      [/^415 /, 'PUT', 'InternalTI', {}, { 'content-type': 'text/plain' }],
      [/^400 the body has no indicators/, 'PUT', 'InternalTI', []],
      [
        /^400 indicator 2: "not one" is no address/,
        'PUT',
        'InternalTI',
        { indicators: ['a.example', 'not one'] },
      ],
      [/^400 indicator 1 is no text/, 'DELETE', 'InternalTI', { indicators: [7] }],
      [/^400 indicator 1 has no type of/, 'PUT', 'InternalTI', { indicators: [{ value: 'a', type: 'x' }] }],
      [/^400 the ttl is no number/, 'PUT', 'InternalTI', { indicators: ['a.example'], ttl: 'soon' }],
      [/^400 the time to live/, 'PUT', 'InternalTI', { indicators: ['a.example'], ttl: -1 }],
      [/^413 /, 'PUT', 'InternalTI', { indicators: ['a'.repeat(5 * MEBIBYTE)] }],
    ]
    for (const [expected, method, list, body, headers] of cases) {
      assert.match(await change(method, list, body, headers), expected)
    }
    assert.equal((await serving.stop()).code, 0)
  })

  test('is refused to everybody on an address that others reach, and with options that cannot be used', async () => {
    const cases: [argv: string[], message: RegExp][] = [
      [
        ['--http', '0.0.0.0:0'],
        /--http 0\.0\.0\.0:0: everybody who reaches this address could ask: name users/,
      ],
      [['--http', '[::]:0'], /--http \[::\]:0: everybody/],
      [['--http-users', 'x'], /--http-users says nothing without --http HOST:PORT/],
      [[...HTTP, '--http-users', 'no such file'], /--http-users no such file: cannot be read/],
      [[...HTTP, '--http-result-words', 'BAD'], /two words with a comma between them/],
    ]
    await Promise.all(
      cases.map(async ([argv, message]) => {
        const { code, stderr } = await tracer(['serve', '--listen', '127.0.0.1:0', ...argv])
        assert.equal(code, 2, stderr)
        assert.match(stderr, message)
      }),
    )
  })
})
