import assert from 'node:assert/strict'
import { Buffer } from 'node:buffer'
import { once } from 'node:events'
import { readFileSync } from 'node:fs'
import { request as httpRequest, type IncomingMessage } from 'node:http'
import { describe, type TestContext, test } from 'node:test'
import { connect } from 'node:tls'
import { hashSync } from 'bcryptjs'
import { Users } from '../../../src/http/users.ts'
import type { Enricher } from '../../../src/tracer/enricher.ts'
import { type TracerHttpOptions, TracerHttpServer } from '../../../src/tracer/http/server.ts'
import { Counters } from '../../../src/tracer/server/counters.ts'
import { Detector } from '../../../src/tracer/server/detector.ts'
import { createLog } from '../../../src/tracer/server/log.ts'
import { RawClient } from '../raw-client.ts'
import { known, ManualEnricher, poll } from '../running-server.ts'

const OPTIONS = { timeout: 300_000 }
const TLS = { cert: pem('server-cert'), key: pem('server-key') }
const ca = pem('authority-cert')

function pem(name: string): Buffer {
  return readFileSync(new URL(`../tls/${name}.pem`, import.meta.url))
}

interface Started {
  readonly server: TracerHttpServer
  readonly port: number
  readonly url: string
}

async function start(
  t: TestContext,
  options: Partial<TracerHttpOptions> & { readonly enrichers?: readonly Enricher[] } = {},
): Promise<Started> {
  const { enrichers = [known()], ...others } = options
  const detector = new Detector(enrichers, new Counters(), createLog('error'))
  const settings = { detector: () => detector, shutdownTimeoutMs: 500, ...others }
  const server = new TracerHttpServer({ ...settings, host: '127.0.0.1', port: 0 })
  const { port } = await server.listen()
  t.after(() => server.close())
  return { server, port, url: `http://127.0.0.1:${port}` }
}

async function open(t: TestContext, port: number): Promise<RawClient> {
  const client = await RawClient.connect(port)
  t.after(() => client.socket.destroy())
  return client
}

const GMER =
  '{"object":"gmer.com","result":"DETECTED","categories":[{"category":"Tracer_URL_enricher","detected_indicator":"gmer.com","context":{"ioc":"gmer.com","context":"bad_URL"}}]}'
const clean = (object: string): string =>
  `{"object":${JSON.stringify(object)},"result":"CLEAN","categories":[]}`

/** A request as bytes. */
function post(
  body: string,
  headers: readonly string[] = ['Content-Type: application/json'],
  path = '/api/1.1/lookup',
): string {
  const head = [`POST ${path} HTTP/1.1`, 'Host: x', `Content-Length: ${Buffer.byteLength(body)}`, ...headers]
  return `${head.join('\r\n')}\r\n\r\n${body}`
}

/** The answers to requests on one connection that were sent whole, without their dates. */
function answered(...bodies: readonly string[]): string {
  return bodies
    .map((body) => {
      const length = Buffer.byteLength(body)
      return `HTTP/1.1 200 OK\r\ncontent-type: application/json\r\ncontent-length: ${length}\r\nConnection: keep-alive\r\nKeep-Alive: timeout=60\r\n\r\n${body}`
    })
    .join('')
}

const undated = (text: string): string => text.replaceAll(/Date: [^\r]*\r\n/g, '')

describe('the HTTP face', OPTIONS, () => {
  test('answers over TLS byte for byte, cut anywhere, pipelined on one connection', async (t) => {
    const { port, server } = await start(t, { tls: TLS })
    const client = new RawClient(connect({ host: '127.0.0.1', port, ca }))
    t.after(() => client.socket.destroy())
    const first = post('[{"object": "gmer.com"},{"object":"http:\\/\\/пример.рф"}]')
    for (const byte of Buffer.from(first)) await client.sent(Buffer.of(byte))
    const expected = `[${GMER},${clean('http://пример.рф')}]`
    const second = `[${clean('a"b')}]`
    client.send(post('[{"object":"a\\"b"}]').repeat(20))
    await poll(() => client.text.endsWith(second) && client.text.split('HTTP/1.1').length === 22)
    assert.equal(undated(client.text), answered(expected, ...Array<string>(20).fill(second)))
    assert.equal(server.counts.objects, 22)
    assert.equal(server.inFlight, 0)
  })

  test('knows each of the paths, and the words that it was given', async (t) => {
    const { url } = await start(t, { words: { detected: 'DETECT', clean: 'OK' } })
    for (const path of ['1.0/lookup', '1.1/lookup', '1.2/lookup', '1.3/General/lookup?x=1']) {
      const answer = await fetch(`${url}/api/${path}`, {
        method: 'POST',
        headers: {
          'content-type': 'application/json; charset=UTF-8',
          accept: 'text/html, application/*;q=0.5',
        },
        body: '[{"object":"192.0.2.1"},{"object":"none"}]',
      })
      const objects = (await answer.json()) as { result: string; categories: { category: string }[] }[]
      assert.deepEqual(
        objects.map(({ result, categories }) => [result, categories[0]?.category]),
        [
          ['DETECT', 'Tracer_IP_enricher'],
          ['OK', undefined],
        ],
        path,
      )
    }
  })

  test('refuses each thing with its status, before it has been sent where the client waits', async (t) => {
    const { url, port } = await start(t, { maxBodyBytes: 1000 })
    const json = { 'content-type': 'application/json' }
    const asked: [status: number, path: string, init: RequestInit, header?: [string, string]][] = [
      [404, '/', {}],
      [404, '/api/1.4/lookup', { method: 'POST' }],
      [404, '/api/1.3/lookup', { method: 'POST' }],
      [404, '/api/1.1/lookup/', { method: 'POST' }],
      [404, '/metrics', {}],
      [405, '/api/1.1/lookup', {}, ['allow', 'POST']],
      [405, '/api/1.3/x/lookup', { method: 'PUT', body: 'x' }, ['allow', 'POST']],
      [405, '/healthz', { method: 'DELETE' }, ['allow', 'GET, HEAD']],
      [200, '/healthz', {}],
      [200, '/readyz', {}],
      [415, '/api/1.1/lookup', { method: 'POST', body: '[{"object":"a"}]' }],
      [
        415,
        '/api/1.1/lookup',
        { method: 'POST', headers: { 'content-type': 'application/json; charset=latin1' } },
      ],
      [415, '/api/1.1/lookup', { method: 'POST', headers: { ...json, 'content-encoding': 'gzip' } }],
      [406, '/api/1.1/lookup', { method: 'POST', headers: { ...json, accept: 'text/html' } }],
      [406, '/api/1.1/lookup', { method: 'POST', headers: { ...json, accept: 'application/json;q=0, */*' } }],
      [413, '/api/1.1/lookup', { method: 'POST', headers: json, body: `[${' '.repeat(1000)}]` }],
      [400, '/api/1.1/lookup', { method: 'POST', headers: json, body: '[{"object":"a"},{"objec' }],
      [400, '/api/1.1/lookup', { method: 'POST', headers: json, body: '[]' }],
    ]
    for (const [status, path, init, header] of asked) {
      const answer = await fetch(url + path, init)
      const shown = `${init.method ?? 'GET'} ${path} ${JSON.stringify(init.headers)}`
      assert.equal(answer.status, status, shown)
      if (header !== undefined) assert.equal(answer.headers.get(header[0]), header[1], shown)
      await answer.text()
    }
    // A body whose length nobody tells is read as far as it may be long.
    const client = await open(t, port)
    client.send(
      'POST /api/1.1/lookup HTTP/1.1\r\nHost: x\r\nContent-Type: application/json\r\nTransfer-Encoding: chunked\r\n\r\n',
    )
    client.send(`400\r\n[${' '.repeat(1023)}\r\n`)
    assert.match(await client.receiveUntil('requests\n'), /^HTTP\/1\.1 413 /)
    const expecting = await open(t, port)
    expecting.send(
      post('', ['Content-Type: text/plain', 'Expect: 100-continue']).replace('Length: 0', 'Length: 9'),
    )
    assert.match(await expecting.receiveUntil('UTF-8\n'), /^HTTP\/1\.1 415 /)
    const good = await open(t, port)
    const [head, body] = post('[{"object":"a"}]', [
      'Content-Type: application/json',
      'Expect: 100-continue',
    ]).split('\r\n\r\n')
    good.send(`${head}\r\n\r\n`)
    assert.equal(await good.receive('HTTP/1.1 100 Continue\r\n\r\n'), 'HTTP/1.1 100 Continue\r\n\r\n')
    good.send(body!)
    assert.match(await good.receiveUntil('"categories":[]}]'), /\r\n\r\nHTTP\/1\.1 200 OK\r\n/)
  })

  test('asks for a name and a password, but not for its health, and not before the feeds are loaded', async (t) => {
    const users = new Users(`ann:${hashSync('secret', 4)}\n`, 'users')
    let detector: Detector | undefined
    const { url } = await start(t, { users, detector: () => detector })
    const init = (headers: Record<string, string>): RequestInit => ({
      method: 'POST',
      headers: { 'content-type': 'application/json', ...headers },
      body: '[{"object":"a"}]',
    })
    const ann = { authorization: `Basic ${btoa('ann:secret')}` }
    const status = async (headers: Record<string, string>, path = '/api/1.0/lookup'): Promise<number> => {
      const answer = await fetch(url + path, init(headers))
      await answer.text()
      return answer.status
    }
    const none = await fetch(`${url}/api/1.0/lookup`, init({}))
    assert.equal(none.status, 401)
    assert.match(none.headers.get('www-authenticate')!, /^Basic /)
    assert.equal(await status({ authorization: `Basic ${btoa('ann:wrong')}` }), 401)
    assert.equal(await status({}, '/nothing'), 401)
    assert.equal(await status(ann), 425)
    assert.equal((await fetch(`${url}/readyz`)).status, 503)
    assert.equal((await fetch(`${url}/healthz`)).status, 200)
    detector = new Detector([known()], new Counters(), createLog('error'))
    assert.equal(await status(ann), 200)
    assert.equal((await fetch(`${url}/readyz`)).status, 200)
  })

  test('answers in the order of the objects whatever an enricher takes, with a bound of look-ups', async (t) => {
    const manual = new ManualEnricher()
    const { url, server } = await start(t, { enrichers: [known(), manual], maxInFlight: 1 })
    const values = ['gmer.com', ...Array.from({ length: 99 }, (_, i) => `v${i}`)]
    const body = JSON.stringify(values.map((object) => ({ object })))
    const asking = fetch(`${url}/api/1.1/lookup`, {
      method: 'POST',
      headers: { 'content-type': 'application/json' },
      body,
    })
    await poll(() => manual.open.size === 64)
    const busy = await fetch(`${url}/api/1.1/lookup`, { method: 'POST' })
    assert.equal(busy.status, 429)
    assert.equal(busy.headers.get('retry-after'), '1')
    // The last one that is asked is answered first.
    for (let answers = 0; answers < values.length; answers++) {
      await poll(() => manual.open.size > 0)
      await manual.answer([...manual.open.keys()].at(-1)!)
    }
    const objects = (await (await asking).json()) as { object: string; categories: { category: string }[] }[]
    assert.deepEqual(
      objects.map(({ object }) => object),
      values,
    )
    assert.deepEqual(
      objects.slice(0, 2).map(({ categories }) => categories.map(({ category }) => category)),
      [['Tracer_URL_enricher', 'Manual'], ['Manual']],
    )
    assert.equal(manual.most, 64)
    await poll(() => server.inFlight === 0)
  })

  test('answers lines one by one while more of them may come, and says in the last one what is wrong', async (t) => {
    const { url, port } = await start(t)
    const asking = httpRequest(`${url}/api/1.1/lookup`, {
      method: 'POST',
      headers: { 'content-type': 'application/x-ndjson', accept: 'application/x-ndjson' },
    })
    asking.write('{"object":"gmer.com"}\n')
    const [response] = (await once(asking, 'response')) as [IncomingMessage]
    assert.equal(response.headers['content-type'], 'application/x-ndjson')
    response.setEncoding('utf8')
    let text = ''
    response.on('data', (part: string) => {
      text += part
    })
    await poll(() => text === `${GMER}\n`)
    asking.write('{"object":"a"}\n{"object"')
    await poll(() => text === `${GMER}\n${clean('a')}\n`)
    asking.write(':"b"}\n{]\n')
    await once(response, 'end')
    assert.equal(text, `${GMER}\n${clean('a')}\n{"error":"line 4 is no JSON"}\n`)
    asking.on('error', () => {}).destroy()
    const client = await open(t, port)
    client.send(post('{"object":"a"}\n{"object":"b"}', ['Content-Type: application/x-ndjson']))
    const lines = await client.receiveUntil(`${clean('b')}\n`)
    assert.equal(lines.slice(lines.indexOf('\r\n\r\n') + 4), `${clean('a')}\n${clean('b')}\n`)
    const bad = await fetch(`${url}/api/1.1/lookup`, {
      method: 'POST',
      headers: { 'content-type': 'application/x-ndjson' },
      body: '{"object":"a"}\nx',
    })
    assert.equal(bad.status, 400)
    assert.equal(await bad.text(), 'line 2 is no JSON\n')
  })

  test('breaks off an array whose fault comes after much of the answer', async (t) => {
    const { port, server } = await start(t)
    const client = await open(t, port)
    const body = `[${'{"object":"gmer.com"},'.repeat(5000)}x]`
    client.send(post(body))
    await client.ended()
    assert.match(client.text, /^HTTP\/1\.1 200 OK\r\n/)
    assert.doesNotMatch(client.text, /\r\n0\r\n\r\n$/)
    await poll(() => server.traffic.aborted === 1)
  })

  test('waits for a slow reader, and drops one that takes nothing, and one that sends nothing', async (t) => {
    const { port, server } = await start(t, { stallTimeoutMs: 400 })
    const count = 200_000
    const body = `[${'{"object":"gmer.com"},'.repeat(count - 1)}{"object":"gmer.com"}]`
    const slow = await open(t, port)
    slow.socket.pause()
    slow.send(post(body))
    // The answer has 34 MB, and the server has read as much of the request as its answers have found room.
    await poll(() => server.traffic.aborted === 1)
    assert.ok(server.counts.objects < count, `${server.counts.objects} objects were read for nobody`)
    slow.socket.destroy()
    const silent = await open(t, port)
    silent.send(post('[{"object":"a"}]').slice(0, -5))
    assert.match(await silent.receiveUntil('slowly\n'), /^HTTP\/1\.1 408 /)
    await poll(() => server.inFlight === 0)
  })

  test('gives up the request of a client that goes away, and goes on', async (t) => {
    const manual = new ManualEnricher()
    const { port, url, server } = await start(t, { enrichers: [manual] })
    const client = await open(t, port)
    client.send(post('[{"object":"a"},{"object":"b"}]'))
    await poll(() => manual.open.size === 2)
    client.socket.resetAndDestroy()
    await poll(() => server.connections === 0)
    await manual.answer('a')
    await manual.answer('b')
    await poll(() => server.inFlight === 0 && server.traffic.aborted === 1)
    assert.equal((await fetch(`${url}/healthz`)).status, 200)
  })
})
