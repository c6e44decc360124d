import assert from 'node:assert/strict'
import { Buffer } from 'node:buffer'
import { createServer, type IncomingMessage, type ServerResponse } from 'node:http'
import type { AddressInfo } from 'node:net'
import { describe, type TestContext, test } from 'node:test'
import { hashSync } from 'bcryptjs'
import { Users } from '../../../src/http/users.ts'
import type { ServerAddress, TracerPool, TracerPoolOptions } from '../../../src/tracer/client/pool.ts'
import type { HttpAddress } from '../../../src/tracer/client/transport.ts'
import { TracerHttpServer } from '../../../src/tracer/http/server.ts'
import type { Indicator } from '../../../src/tracer/protocol.ts'
import { freePort, ip, poolFor, url } from '../loopback.ts'
import { RunningServer } from '../running-server.ts'

const OPTIONS = { timeout: 300_000 }
const HTTP: HttpAddress = { isSecure: false, path: '/api/1.1/lookup' }

/** What a request asks, and the way to answer it. */
type Handler = (
  objects: { object: string; type?: string }[],
  response: ServerResponse,
  number: number,
) => void

/** A server that a test plays. */
async function play(t: TestContext, handle: Handler, port = 0): Promise<ServerAddress> {
  let number = 0
  const server = createServer(async (request: IncomingMessage, response) => {
    const body = Buffer.concat(await request.toArray()).toString()
    handle(JSON.parse(body), response, number++)
  })
  await new Promise<void>((resolve) => server.listen(port, '127.0.0.1', resolve))
  t.after(() => {
    server.closeAllConnections()
    return new Promise((resolve) => server.close(resolve))
  })
  return { host: '127.0.0.1', port: (server.address() as AddressInfo).port, http: HTTP }
}

/** What a server says that knows every value that begins with `bad`. */
function answers(objects: readonly { object: string }[]): string {
  return JSON.stringify(
    objects.map(({ object }) => {
      const context = { ioc: object, score: 7, tags: ['a', 'b'], more: { none: null, is: true } }
      const categories = object.startsWith('bad') ? [{ category: 'Test', context }] : []
      return { object, result: 'X', categories }
    }),
  )
}

function pool(
  t: TestContext,
  address: ServerAddress,
  options: Omit<TracerPoolOptions, 'servers'> = {},
): TracerPool {
  return poolFor(t, [address], options)
}

describe('a pool that asks over HTTP', OPTIONS, () => {
  test('gets the answers that it gets over TCP, of a real server that wants a password', async (t) => {
    const running = await RunningServer.start(t)
    const server = new TracerHttpServer({
      host: '127.0.0.1',
      port: 0,
      detector: () => running.server.detector,
      users: new Users(`änn:${hashSync('se:cret', 4)}\n`, 'users'),
    })
    const { port } = await server.listen()
    t.after(() => server.close())
    const http = { ...HTTP, user: 'änn', password: 'se:cret' }
    const overHttp = pool(t, { host: '127.0.0.1', port, http })
    const overTcp = pool(t, { host: '127.0.0.1', port: running.port })
    const asked: Indicator[][] = [
      [url('gmer.com'), ip('192.0.2.1'), url('none')],
      [url('192.0.2.1'), ip('gmer.com'), { type: 'hash', value: 'gmer.com' }],
      [url('пример.рф'), url('a|b"\\\n')],
    ]
    for (const indicators of asked) {
      assert.deepEqual(await overHttp.lookup(indicators), await overTcp.lookup(indicators))
    }
    assert.equal((await overHttp.lookup([url('gmer.com')]))[0]![0]!.category, 'Tracer_URL_enricher')
    assert.equal(server.traffic.connections, 1)
    const stranger = pool(t, { host: '127.0.0.1', port, http: { ...http, password: 'no' } }, { retries: 0 })
    await assert.rejects(
      stranger.lookup([url('a')]),
      /it answered 401 Unauthorized: a name and a password are needed/,
    )
  })

  test('sends together what comes while it waits, and gives each look-up its own answer', async (t) => {
    const bodies: number[] = []
    const address = await play(t, (objects, response) => {
      bodies.push(objects.length)
      setTimeout(() => response.end(answers(objects)), 20)
    })
    const asking = pool(t, address, { window: 50 })
    const results = await Promise.all(
      Array.from({ length: 101 }, (_, i) => asking.lookup([url(`bad${i}`), url(`good${i}`)])),
    )
    for (const [i, [bad, good]] of results.entries()) {
      assert.deepEqual(good, [])
      assert.deepEqual(bad, [
        {
          category: 'Test',
          matched: `bad${i}`,
          fields: [
            ['ioc', `bad${i}`],
            ['score', '7'],
            ['tags', 'a,b'],
            ['more.none', ''],
            ['more.is', 'true'],
          ],
        },
      ])
    }
    // The first one shows that the server answers; then as many go together as the window has.
    assert.equal(bodies[0], 2)
    assert.equal(bodies.length < 10, true, `bodies of ${bodies}`)
    assert.equal(Math.max(...bodies) <= 100, true, `bodies of ${bodies}`)
  })

  test('names a type that a server would not guess', async (t) => {
    let sent: unknown
    const address = await play(t, (objects, response) => {
      sent = objects
      response.end(answers(objects))
    })
    await pool(t, address).lookup([
      url('192.0.2.1'),
      ip('192.0.2.2'),
      { type: 'hash', value: 'x' },
      url('x.example'),
    ])
    assert.deepEqual(sent, [
      { object: '192.0.2.1', type: 'url' },
      { object: '192.0.2.2' },
      { object: 'x', type: 'hash' },
      { object: 'x.example' },
    ])
  })

  test('asks again when the server has too much to do, or breaks off', async (t) => {
    const address = await play(t, (objects, response, number) => {
      if (number === 0) response.writeHead(429, { 'retry-after': '0' }).end()
      else if (number === 1) response.writeHead(425, { 'retry-after': '0' }).end('loading')
      else if (number === 3) response.destroy()
      else if (number === 4) response.writeHead(200).write('[{"obj', () => response.destroy())
      else response.end(answers(objects))
    })
    const asking = pool(t, address)
    assert.equal((await asking.lookup([url('bad1')]))[0]!.length, 1)
    assert.equal((await asking.lookup([url('bad2')]))[0]!.length, 1)
    assert.equal(asking.stats.retries, 2)
  })

  test('takes nothing for an answer that is none', async (t) => {
    const texts = [
      'no JSON',
      '{}',
      '[]',
      '[{"object":"other","categories":[]}]',
      '[null]',
      '[{"object":"bad","categories":{}}]',
      '[{"object":"bad","categories":[{}]}]',
      `[{"object":"bad","categories":[{"category":"a","context":${'{"a":'.repeat(200)}1${'}'.repeat(200)}}]}]`,
      `[${' '.repeat(10_000)}]`,
    ]
    const messages = [
      /it sent no JSON: "no JSON"/,
      /it sent no array of 1 answers/,
      /it sent no array of 1 answers/,
      /it sent no answer for "bad" in its place/,
      /it sent no answer for "bad" in its place/,
      /whose categories are no array/,
      /a detection without a category/,
      /a context that cannot be used: a context nests more than 100 levels/,
      /it sent an answer of more than 8000 bytes/,
    ]
    let text = ''
    const address = await play(t, (_objects, response) => response.end(text))
    for (const [i, message] of messages.entries()) {
      text = texts[i]!
      const asking = pool(t, address, { retries: 0, maxReplyLength: 1000 })
      await assert.rejects(asking.lookup([url('bad')]), message, text.slice(0, 100))
    }
    text =
      '[{"object":"bad","categories":[{"category":"a","context":{"__proto__":{"x":1},"constructor":2}}]}]'
    const [answer] = await pool(t, address).lookup([url('bad')])
    assert.deepEqual(answer![0]!.fields, [
      ['__proto__.x', '1'],
      ['constructor', '2'],
    ])
    assert.equal(Object.hasOwn(Object.prototype, 'x'), false)
  })

  test('gives up a look-up that is not answered in time, and comes back when the server does', async (t) => {
    let isHanging = true
    const address = await play(t, (objects, response) => {
      if (!isHanging) response.end(answers(objects))
    })
    const asking = pool(t, address, { timeoutMs: 200 })
    const lost = new Promise((resolve) => asking.once('lost', resolve))
    await assert.rejects(asking.lookup([url('bad')]), { code: 'timeout' })
    await lost
    isHanging = false
    await new Promise((resolve) => asking.once('back', resolve))
    assert.equal((await asking.lookup([url('bad')]))[0]!.length, 1)
  })

  test('waits for a server that is not there yet, and closes when all is answered', async (t) => {
    const port = await freePort()
    const asking = pool(t, { host: '127.0.0.1', port, http: HTTP }, { waitMs: 60_000, retries: 0 })
    const waiting = asking.lookup([url('bad')])
    await new Promise((resolve) => asking.once('lost', resolve))
    await play(t, (objects, response) => response.end(answers(objects)), port)
    assert.equal((await waiting)[0]!.length, 1)
    const last = asking.lookup([url('bad2')])
    await asking.close()
    assert.equal((await last)[0]!.length, 1)
    await assert.rejects(asking.lookup([url('bad3')]), { code: 'closed' })
  })
})
