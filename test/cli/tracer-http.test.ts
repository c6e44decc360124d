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
import { folderWith } from './command.ts'
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
