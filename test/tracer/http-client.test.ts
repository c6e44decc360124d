import assert from 'node:assert/strict'
import { execFileSync } from 'node:child_process'
import { once } from 'node:events'
import { readFile } from 'node:fs/promises'
import { createServer, type IncomingMessage, request, type Server } from 'node:http'
import { type AddressInfo, connect, type Socket } from 'node:net'
import { join } from 'node:path'
import { type TestContext, test } from 'node:test'
import { MispEnricher } from '../../src/tracer/enrichers/misp/misp.ts'
import { FetchError, fetchToFile } from '../../src/tracer/feeds/download/fetch.ts'
import { HttpClient } from '../../src/tracer/http-client.ts'
import { temporaryDirectory } from '../temporary.ts'
import { AUTHORITY, FeedServer, tagged } from './feeds/feed-server.ts'
import { attribute, FakeMisp, KEY, pem } from './misp/fake-misp.ts'
import { poll } from './running-server.ts'

const OPTIONS = { timeout: 60_000 }
const FEED = 'ioc,c\ngmer.com,x\n'
const VARIABLES = ['HTTPS_PROXY', 'HTTP_PROXY', 'NO_PROXY'].flatMap((name) => [name, name.toLowerCase()])
const BEFORE = VARIABLES.map((name) => [name, process.env[name]] as const)

/** A proxy as companies have it: forwards requests that name a whole URL, and makes tunnels. */
class TestProxy {
  /** The requests that it got: `CONNECT host:port`, `GET http://host/path`. */
  readonly asked: string[] = []
  readonly headers: IncomingMessage['headers'][] = []
  /** Answers `CONNECT` in a test's own way. */
  onTunnel: ((socket: Socket) => void) | undefined
  readonly #sockets = new Set<Socket>()
  readonly #server: Server

  private constructor() {
    this.#server = createServer((incoming, response) => {
      this.#note(incoming)
      const forwarded = request(incoming.url!, { headers: incoming.headers, agent: false }, (answer) => {
        response.writeHead(answer.statusCode!, answer.headers)
        answer.pipe(response)
      })
      forwarded.end()
    })
    this.#server.on('connect', (incoming: IncomingMessage, socket: Socket) => {
      this.#note(incoming)
      socket.on('error', () => {})
      if (this.onTunnel !== undefined) {
        this.onTunnel(socket)
        return
      }
      const [host, port] = incoming.url!.split(':')
      const server = connect(Number(port), host, () => {
        socket.write('HTTP/1.1 200 OK\r\n\r\n')
        server.pipe(socket).pipe(server)
      })
      server.on('error', () => socket.destroy())
      this.#keep(server)
    })
    this.#server.on('connection', (socket) => this.#keep(socket))
  }

  static async start(t: TestContext): Promise<TestProxy> {
    const proxy = new TestProxy()
    proxy.#server.listen(0, '127.0.0.1')
    await once(proxy.#server, 'listening')
    t.after(() => {
      proxy.#server.close()
      for (const socket of proxy.#sockets) socket.destroy()
    })
    return proxy
  }

  get connections(): number {
    return this.#sockets.size
  }

  url(credentials = ''): string {
    return `http://${credentials}127.0.0.1:${(this.#server.address() as AddressInfo).port}`
  }

  #note(incoming: IncomingMessage): void {
    this.asked.push(`${incoming.method} ${incoming.url}`)
    this.headers.push(incoming.headers)
  }

  #keep(socket: Socket): void {
    this.#sockets.add(socket)
    socket.on('close', () => this.#sockets.delete(socket))
  }
}

/** Sets the variables of proxies until the test is over; all others are unset. */
function environment(t: TestContext, variables: Readonly<Record<string, string>>): void {
  for (const name of VARIABLES) delete process.env[name]
  Object.assign(process.env, variables)
  t.after(() => {
    for (const [name, value] of BEFORE) {
      if (value === undefined) delete process.env[name]
      else process.env[name] = value
    }
  })
}

async function download(
  url: string,
  { stallMs = 10_000, signal = new AbortController().signal, authorization = 'Basic c2VjcmV0' } = {},
): Promise<string> {
  const file = join(temporaryDirectory(), 'feed')
  const ca = await readFile(AUTHORITY)
  await fetchToFile(new URL(url), file, {
    authorization,
    validators: {},
    maxBytes: 1000,
    stallMs,
    ca,
    signal,
  })
  return readFile(file, 'utf8')
}

test('a feed comes through a tunnel over https, and as a forwarded request over http', OPTIONS, async (t) => {
  const proxy = await TestProxy.start(t)
  const secure = await FeedServer.start(t, tagged(FEED), true)
  const plain = await FeedServer.start(t, tagged(FEED))
  environment(t, { HTTPS_PROXY: proxy.url('joe:p%40ss@'), http_proxy: proxy.url() })
  assert.equal(await download(secure.url()), FEED)
  assert.equal(await download(plain.url('/feed.csv?a=b')), FEED)
  assert.deepEqual(proxy.asked, [`CONNECT 127.0.0.1:${secure.port}`, `GET ${plain.url('/feed.csv?a=b')}`])
  // Each of them is told what is meant for it.
  assert.equal(
    proxy.headers[0]!['proxy-authorization'],
    `Basic ${Buffer.from('joe:p@ss').toString('base64')}`,
  )
  assert.equal(proxy.headers[0]!.authorization, undefined)
  assert.equal(secure.requests[0]!.headers.authorization, 'Basic c2VjcmV0')
  assert.equal(secure.requests[0]!.headers['proxy-authorization'], undefined)
  await poll(() => proxy.connections === 0)
})

test('NO_PROXY names who is asked directly', OPTIONS, async (t) => {
  const proxy = await TestProxy.start(t)
  const server = await FeedServer.start(t, tagged(FEED), true)
  for (const [list, isDirect] of [
    ['127.0.0.1', true],
    ['example.org, 127.0.0.1', true],
    [`127.0.0.1:${server.port}`, true],
    ['*', true],
    ['127.0.0.1:1,27.0.0.1,example.org', false],
  ] as const) {
    environment(t, { HTTPS_PROXY: proxy.url(), NO_PROXY: list })
    proxy.asked.length = 0
    assert.equal(await download(server.url()), FEED)
    assert.equal(proxy.asked.length, isDirect ? 0 : 1, list)
  }
})

test('MISP is asked through one tunnel that is kept', OPTIONS, async (t) => {
  const proxy = await TestProxy.start(t)
  const misp = await FakeMisp.start(t)
  misp.attributes.push(attribute(1, 'domain', 'evil.example'))
  environment(t, { HTTPS_PROXY: proxy.url() })
  const enricher = new MispEnricher({ url: misp.url, key: KEY, ca: pem('authority-cert') })
  t.after(() => enricher.close())
  assert.equal((await enricher.lookup({ type: 'url', value: 'evil.example' })).length, 1)
  assert.equal((await enricher.lookup({ type: 'url', value: 'good.example' })).length, 0)
  assert.deepEqual(proxy.asked, [`CONNECT ${new URL(misp.url).host}`])
  assert.equal(misp.connections, 1)
  enricher.close()
  await poll(() => proxy.connections === 0)
})

test('a proxy that makes no tunnel is an error that says so, once', OPTIONS, async (t) => {
  const proxy = await TestProxy.start(t)
  const server = await FeedServer.start(t, tagged(FEED), true)
  environment(t, { HTTPS_PROXY: proxy.url() })
  for (const [answer, message] of [
    ['HTTP/1.1 407 Who\r\n\r\n', /^the proxy refuses the connection \(407\): .*http:\/\/user:password@proxy/],
    ['HTTP/1.1 403 No\r\n\r\n', /^the proxy refuses the connection \(403\)$/],
    ['', /^the proxy closed the connection and made no tunnel$/],
  ] as const) {
    proxy.asked.length = 0
    proxy.onTunnel = (socket) => socket.end(answer)
    await assert.rejects(download(server.url()), (error: FetchError) => {
      assert.ok(error instanceof FetchError)
      assert.match(error.message, message)
      return true
    })
    assert.equal(proxy.asked.length, 1, answer)
  }
  assert.equal(server.requests.length, 0)
})

test('a proxy that never answers is given up, and so is its connection', OPTIONS, async (t) => {
  const proxy = await TestProxy.start(t)
  // Only who reads notices the end.
  proxy.onTunnel = (socket) => socket.resume().on('end', () => socket.end())
  environment(t, { HTTPS_PROXY: proxy.url() })
  await assert.rejects(download('https://feed.example/', { stallMs: 100 }), /nothing has come .* for 0\.1 s/)
  const stop = new AbortController()
  const stopped = download('https://feed.example/', { signal: stop.signal })
  await poll(() => proxy.asked.length === 2)
  stop.abort(new Error('no more'))
  await assert.rejects(stopped, /no more/)
  await poll(() => proxy.connections === 0)
})

test('a variable that is no URL is named, and what it holds is not', OPTIONS, async (t) => {
  environment(t, { HTTPS_PROXY: 'joe:secret@proxy:no' })
  await assert.rejects(download('https://feed.example/'), (error: Error) => {
    assert.match(error.message, /^HTTPS_PROXY or HTTP_PROXY is not the URL of a proxy/)
    assert.doesNotMatch(error.message, /secret/)
    return true
  })
})

test('a client that is closed ends what is on its way, and begins nothing', OPTIONS, async (t) => {
  environment(t, {})
  const server = await FeedServer.start(t, () => {})
  const client = new HttpClient({ connectMs: 10_000 })
  const { signal } = new AbortController()
  const asked = client.request(new URL(server.url()), { headers: {}, signal })
  await server.until(1)
  client.close()
  await assert.rejects(asked)
  await assert.rejects(client.request(new URL(server.url()), { headers: {}, signal }), /closed/)
  assert.equal(server.requests.length, 1)
})

test('undici is not loaded before there is something to ask', OPTIONS, () => {
  const script = `
    const { createRequire } = await import('node:module')
    const isLoaded = () => Object.keys(createRequire(process.cwd() + '/').cache).some((path) => path.includes('undici'))
    await import('./src/tracer/index.ts')
    const { HttpClient } = await import('./src/tracer/http-client.ts')
    const client = new HttpClient({ connectMs: 1000 })
    const before = isLoaded()
    const url = new URL('http://127.0.0.1:9/')
    await client.request(url, { headers: {}, signal: AbortSignal.timeout(1000) }).catch(() => {})
    console.log(before, isLoaded())
    process.exit()`
  const output = execFileSync(
    process.execPath,
    ['--import', 'tsx', '--input-type=module', '--eval', script],
    { encoding: 'utf8' },
  )
  assert.equal(output.trim(), 'false true')
})
