import assert from 'node:assert/strict'
import { once } from 'node:events'
import { readFileSync } from 'node:fs'
import { request as httpRequest, type IncomingMessage } from 'node:http'
import { request as httpsRequest } from 'node:https'
import { connect, type Socket } from 'node:net'
import { describe, it, type TestContext } from 'node:test'
import { hashSync } from 'bcryptjs'
import { boundedBody, HttpError, readBody } from '../../src/http/body.ts'
import { HttpServer, type HttpServerOptions } from '../../src/http/server.ts'
import { Users } from '../../src/http/users.ts'

const BYTES = 1024 * 1024

async function start(
  t: TestContext,
  options: Partial<HttpServerOptions> = {},
): Promise<{ server: HttpServer; port: number; url: string }> {
  const server = new HttpServer({
    host: '127.0.0.1',
    port: 0,
    handle: async (request, response) => {
      const body = await readBody(request, BYTES)
      response.end(`${request.method} ${body.length}`)
    },
    ...options,
  })
  const { port } = await server.listen()
  t.after(() => server.close())
  return { server, port, url: `http://127.0.0.1:${port}/` }
}

/** A connection to it, and all that came on it when it is closed. */
function open(t: TestContext, port: number): { socket: Socket; ended: Promise<string> } {
  const socket = connect(port, '127.0.0.1')
  t.after(() => socket.destroy())
  let text = ''
  socket.setEncoding('latin1').on('data', (chunk: string) => {
    text += chunk
  })
  socket.on('error', () => {})
  const ended = new Promise<string>((resolve) => socket.on('close', () => resolve(text)))
  return { socket, ended }
}

async function poll(holds: () => boolean): Promise<void> {
  while (!holds()) await new Promise((resolve) => setTimeout(resolve, 5))
}

describe('the HTTP server', () => {
  it('answers requests, and counts them', async (t) => {
    const { server, url } = await start(t)
    assert.equal(await (await fetch(url)).text(), 'GET 0')
    assert.equal(await (await fetch(url, { method: 'POST', body: 'abc' })).text(), 'POST 3')
    await poll(() => server.counters.byStatus.get(200) === 2)
    assert.equal(server.inFlight, 0)
    assert.equal(server.counters.aborted, 0)
  })

  it('refuses a body that is too long with 413, whether its length is told or not', async (t) => {
    const { server, url } = await start(t)
    const told = await fetch(url, { method: 'POST', body: Buffer.alloc(BYTES + 1) })
    assert.equal(told.status, 413)
    assert.match(await told.text(), /more than 1048576 bytes/)
    const chunked = httpRequest(url, { method: 'POST' })
    for (let sent = 0; sent <= BYTES; sent += 65536) chunked.write(Buffer.alloc(65536))
    const [response] = (await once(chunked, 'response')) as [IncomingMessage]
    assert.equal(response.statusCode, 413)
    assert.equal(response.headers.connection, 'close')
    response.resume()
    chunked.on('error', () => {}).end()
    await poll(() => server.counters.byStatus.get(413) === 2)
  })

  it('spares a client that asks for leave the sending of a body that is not wanted', async (t) => {
    const { port } = await start(t, { handle: () => Promise.reject(new HttpError(415, 'not this')) })
    const { socket, ended } = open(t, port)
    socket.write(
      'POST / HTTP/1.1\r\nhost: x\r\ncontent-length: 5\r\nexpect: 100-continue\r\nconnection: close\r\n\r\n',
    )
    // The handler decides after the leave is given, so that one comes; the refusal of a server without room does not.
    assert.match(await ended, /415 Unsupported Media Type/)
    const { port: busy } = await start(t, { maxInFlight: 0 })
    const refused = open(t, busy)
    refused.socket.write('POST / HTTP/1.1\r\nhost: x\r\ncontent-length: 5\r\nexpect: 100-continue\r\n\r\n')
    const text = await refused.ended
    assert.match(text, /^HTTP\/1\.1 429 Too Many Requests\r\n/)
    assert.match(text, /\r\nretry-after: 1\r\n/)
    assert.doesNotMatch(text, /100 Continue/)
  })

  it('asks for a name and a password, but not for the health of the process', async (t) => {
    const users = new Users(`ann:${hashSync('secret', 4)}\n`, 'users')
    const { url } = await start(t, { users })
    const none = await fetch(url, { method: 'POST', body: 'x'.repeat(100_000) })
    assert.equal(none.status, 401)
    assert.equal(none.headers.get('www-authenticate'), 'Basic realm="sluice", charset="UTF-8"')
    const authorization = `Basic ${btoa('ann:secret')}`
    assert.equal((await fetch(url, { headers: { authorization } })).status, 200)
    assert.equal((await fetch(`${url}healthz?x`)).status, 200)
    assert.equal((await fetch(`${url}healthz/../metrics`)).status, 401)
  })

  it('answers 429 when it has too much to do, and goes on when it has less', async (t) => {
    let release = (): void => {}
    const held = new Promise<void>((resolve) => {
      release = resolve
    })
    const { server, url } = await start(t, {
      maxInFlight: 1,
      handle: async (_request, response) => {
        await held
        response.end('done')
      },
    })
    const first = fetch(url)
    await poll(() => server.inFlight === 1)
    const second = await fetch(url)
    assert.equal(second.status, 429)
    assert.equal(second.headers.get('retry-after'), '1')
    release()
    assert.equal(await (await first).text(), 'done')
    await poll(() => server.inFlight === 0)
    assert.equal((await fetch(url)).status, 200)
  })

  it('answers 500 for a fault, and ends the connection where the answer has begun', async (t) => {
    const { server, url } = await start(t, {
      handle: async (request, response) => {
        if (request.url === '/late') response.write('beginning')
        throw new Error('a secret of the server')
      },
    })
    const early = await fetch(url)
    assert.equal(early.status, 500)
    assert.equal(await early.text(), 'a fault of the server\n')
    await assert.rejects(fetch(`${url}late`).then((response) => response.text()))
    await poll(() => server.counters.aborted === 1)
  })

  it('closes connections that come from elsewhere, or are too many', async (t) => {
    const { server, port } = await start(t, { allow: ['192.0.2.0/24'] })
    const { ended } = open(t, port)
    assert.equal(await ended, '')
    assert.equal(server.counters.refusedConnections.address, 1)
    const limited = await start(t, { maxConnections: 1 })
    const first = open(t, limited.port)
    await poll(() => limited.server.connections === 1)
    assert.equal(await open(t, limited.port).ended, '')
    assert.equal(limited.server.counters.refusedConnections.limit, 1)
    first.socket.destroy()
    assert.throws(
      () => new HttpServer({ host: '::1', port: 0, handle: async () => {}, allow: ['x'] }),
      RangeError,
    )
  })

  it('waits neither for headers that do not come nor for a body that stops or drips', async (t) => {
    const options = { headersTimeoutMs: 200, stallTimeoutMs: 200, minBytesPerSecond: 1000 }
    const { port, server } = await start(t, options)
    const silent = open(t, port)
    const headers = open(t, port)
    headers.socket.write('POST / HTTP/1.1\r\nhost')
    const stopped = open(t, port)
    stopped.socket.write('POST / HTTP/1.1\r\nhost: x\r\ncontent-length: 5\r\n\r\nabc')
    const dripping = open(t, port)
    dripping.socket.write('POST / HTTP/1.1\r\nhost: x\r\ncontent-length: 5000\r\n\r\n')
    const drip = setInterval(() => dripping.socket.write('x'), 50)
    t.after(() => clearInterval(drip))
    assert.match(await headers.ended, /^(?:HTTP\/1\.1 408|$)/)
    assert.match(await silent.ended, /^(?:HTTP\/1\.1 408|$)/)
    assert.match(await stopped.ended, /^HTTP\/1\.1 408 Request Timeout\r\n[\s\S]*too slowly/)
    assert.match(await dripping.ended, /^HTTP\/1\.1 408 Request Timeout\r\n/)
    await poll(() => server.connections === 0 && server.inFlight === 0)
  })

  it('waits for no client that does not take its answer, and the answer waits for the client', async (t) => {
    let written = 0
    const { port, server } = await start(t, {
      stallTimeoutMs: 300,
      handle: async (request, response) => {
        request.resume()
        const chunk = Buffer.alloc(65536)
        while (!response.destroyed) {
          written += chunk.length
          if (!response.write(chunk)) {
            await new Promise<void>((resolve) => response.once('drain', resolve).once('close', resolve))
          }
        }
      },
    })
    const { socket } = open(t, port)
    socket.pause()
    socket.write('GET / HTTP/1.1\r\nhost: x\r\n\r\n')
    await poll(() => server.counters.aborted === 1)
    assert.ok(written < 64 * BYTES, `${written} bytes were made for nobody`)
    assert.equal(server.connections, 0)
  })

  it('closes without breaking off an answer, or a request that is on its way', async (t) => {
    let release = (): void => {}
    const held = new Promise<void>((resolve) => {
      release = resolve
    })
    const { server, port, url } = await start(t, {
      handle: async (request, response) => {
        const body = await readBody(request, BYTES)
        await held
        response.end(`took ${body.length}`)
      },
    })
    const kept = open(t, port)
    await poll(() => server.connections === 1)
    const running = fetch(url, { method: 'POST', body: 'abc' })
    await poll(() => server.inFlight === 1)
    const closed = server.close()
    assert.equal(server.isListening, false)
    kept.socket.write('POST / HTTP/1.1\r\nhost: x\r\ncontent-length: 2\r\n\r\nab')
    await poll(() => server.inFlight === 2)
    release()
    assert.equal(await (await running).text(), 'took 3')
    assert.match(await kept.ended, /\r\nconnection: close\r\n[\s\S]*took 2/i)
    await closed
    await assert.rejects(fetch(url))
  })

  it('gives up at last what does not end', async (t) => {
    const { server, url } = await start(t, { shutdownTimeoutMs: 100, handle: () => new Promise(() => {}) })
    const running = fetch(url)
    await poll(() => server.inFlight === 1)
    await server.close()
    await assert.rejects(running)
  })

  it('gives a body to whoever reads it in pieces, and no more than it may have', async (t) => {
    const { url } = await start(t, {
      handle: async (request, response) => {
        let length = 0
        for await (const chunk of boundedBody(request, 10)) length += chunk.length
        response.end(String(length))
      },
    })
    assert.equal(await (await fetch(url, { method: 'POST', body: '0123456789' })).text(), '10')
    assert.equal((await fetch(url, { method: 'POST', body: '0123456789a' })).status, 413)
  })

  it('speaks TLS, and asks for certificates where it has an authority of clients', async (t) => {
    const pem = (name: string) => readFileSync(new URL(`../tracer/tls/${name}.pem`, import.meta.url))
    const ca = pem('authority-cert')
    const tls = { cert: pem('server-cert'), key: pem('server-key'), ca }
    const { server, port } = await start(t, { tls, headersTimeoutMs: 300 })
    const ask = (client: object) =>
      new Promise<string>((resolve, reject) => {
        const options = { host: '127.0.0.1', port, ca, servername: 'localhost', agent: false, ...client }
        httpsRequest(options, (response) => {
          response.setEncoding('utf8').on('data', resolve)
        })
          .on('error', reject)
          .end()
      })
    assert.equal(await ask({ cert: pem('client-cert'), key: pem('client-key') }), 'GET 0')
    await assert.rejects(ask({}))
    await assert.rejects(ask({ cert: pem('stranger-cert'), key: pem('stranger-key') }))
    // One that never shakes hands.
    assert.equal(await open(t, port).ended, '')
    await poll(() => server.counters.refusedConnections.tls >= 1)
    assert.throws(
      () => new HttpServer({ host: '::1', port: 0, handle: async () => {}, tls: { cert: 'x', key: 'y' } }),
    )
  })
})
