/**
 * The server of the playground: one page, its content for whoever has the token, and saving.
 *
 *     GET  /, /page.js, ...     the page: no secret, the same for everyone
 *     GET  /content             the files and events that it was started with       with the token
 *     POST /save                writes files that it was started with, and no other  with the token
 *
 * The token is in the fragment of the address that is printed: a browser sends it to nobody, and the page hands it over in a header. So
 * another user of the machine cannot read the rules, and a web site can neither read nor write: it has no token (CSRF), its `Origin` is
 * not ours, and a name of its own that leads to this address (DNS rebinding) is not in the list of hosts.
 */
import { createHash, randomBytes, timingSafeEqual } from 'node:crypto'
import { readFileSync, realpathSync, renameSync, rmSync, statSync, writeFileSync } from 'node:fs'
import { createServer, type IncomingMessage, type Server, type ServerResponse } from 'node:http'
import { dirname, join } from 'node:path'
import { ASSETS, pageHtml, pagePolicy, readAsset, WORKER_POLICY } from './assets.ts'
import type { PlaygroundContent, PlaygroundStart } from './content.ts'

export interface PlaygroundServerOptions {
  readonly content: PlaygroundContent
  /** The files that may be written, by their name in the content. */
  readonly saves: ReadonlyMap<string, string>
  readonly notes: readonly string[]
  /** Where it listens; the host is one of those that requests may name. */
  readonly host: string
}

/** A body of a request to save is at most so long. */
const MAX_BODY_BYTES = 16 << 20

/** Headers of every answer. */
const HEADERS = {
  'cache-control': 'no-store',
  'cross-origin-opener-policy': 'same-origin',
  'cross-origin-resource-policy': 'same-origin',
  'referrer-policy': 'no-referrer',
  'x-content-type-options': 'nosniff',
  'x-frame-options': 'DENY',
}

const JSON_TYPE = 'application/json; charset=utf-8'

/** A request that is not answered as it wants. */
class Refused extends Error {
  readonly status: number

  constructor(status: number, message: string) {
    super(message)
    this.status = status
  }
}

export class PlaygroundServer {
  /** Whoever knows it may read the content and save. */
  readonly token = randomBytes(24).toString('base64url')
  readonly #nonce = randomBytes(16).toString('base64')
  readonly #options: PlaygroundServerOptions
  readonly #server: Server
  #hosts: ReadonlySet<string> = new Set()

  constructor(options: PlaygroundServerOptions) {
    this.#options = options
    this.#server = createServer((request, response) => void this.#answer(request, response))
    this.#server.maxHeadersCount = 100
  }

  /**
   * Begins to listen.
   *
   * @returns the port
   * @throws {Error} of Node when the address cannot be had
   */
  async listen(port: number): Promise<number> {
    const { host } = this.#options
    await new Promise<void>((resolve, reject) => {
      this.#server.once('error', reject)
      this.#server.listen(port, host, resolve)
    })
    const { port: actual } = this.#server.address() as { port: number }
    const names =
      host === '127.0.0.1' || host === '::1' || host === 'localhost' ? LOOPBACK : [bracketed(host)]
    this.#hosts = new Set(names.map((name) => `${name}:${actual}`))
    if (actual === 80) this.#hosts = new Set([...this.#hosts, ...names])
    return actual
  }

  /** Ends all connections. */
  async close(): Promise<void> {
    this.#server.closeAllConnections()
    await new Promise<void>((resolve) => this.#server.close(() => resolve()))
  }

  async #answer(request: IncomingMessage, response: ServerResponse): Promise<void> {
    try {
      this.#checkHost(request)
      const path = (request.url ?? '/').replace(/\?.*$/, '')
      if (request.method === 'POST' && path === '/save') await this.#save(request, response)
      else if (request.method !== 'GET' && request.method !== 'HEAD') throw new Refused(405, 'only GET')
      else if (path === '/content') this.#content(request, response)
      else this.#asset(path, response)
    } catch (error) {
      const status = error instanceof Refused ? error.status : 500
      // The rest of a body that is refused is not read.
      if (!request.complete) response.setHeader('connection', 'close')
      send(response, status, JSON_TYPE, JSON.stringify({ error: (error as Error).message }))
    }
  }

  /** The name that the browser believes to ask; a site that lets its name lead here does not get an answer. */
  #checkHost({ headers }: IncomingMessage): void {
    if (!this.#hosts.has(headers.host ?? '')) throw new Refused(421, 'this server has another name')
    const { origin } = headers
    if (origin !== undefined && !this.#isOwn(origin)) throw new Refused(403, 'another site asks')
    const site = headers['sec-fetch-site']
    const isPage = headers['sec-fetch-mode'] === 'navigate' && headers['sec-fetch-dest'] === 'document'
    if (site !== undefined && site !== 'same-origin' && site !== 'none' && !isPage)
      throw new Refused(403, 'another site asks')
  }

  #isOwn(origin: string): boolean {
    return origin.startsWith('http://') && this.#hosts.has(origin.slice('http://'.length))
  }

  #checkToken({ headers }: IncomingMessage): void {
    const given = createHash('sha256').update(String(headers['x-sluice-token'] ?? ''))
    const wanted = createHash('sha256').update(this.token)
    if (!timingSafeEqual(given.digest(), wanted.digest())) {
      throw new Refused(403, 'the token is missing or another one: open the address that the command printed')
    }
  }

  #asset(path: string, response: ServerResponse): void {
    const name = path === '/' ? 'index.html' : path.slice(1)
    const asset = ASSETS.find((each) => each.name === name)
    if (asset === undefined) throw new Refused(404, 'there is nothing here')
    if (name === 'index.html') {
      const policy = `${pagePolicy(this.#nonce, "'self'")}; frame-ancestors 'none'`
      response.setHeader('content-security-policy', policy)
      send(response, 200, asset.type, pageHtml(this.#nonce, undefined, undefined))
      return
    }
    const policy = name === 'worker.js' ? WORKER_POLICY : "default-src 'none'"
    response.setHeader('content-security-policy', policy)
    send(response, 200, asset.type, readAsset(name))
  }

  #content(request: IncomingMessage, response: ServerResponse): void {
    this.#checkToken(request)
    const { content, notes, saves } = this.#options
    const versions: Record<string, string> = {}
    // A page that is loaded again gets the files as they are now.
    const files = content.files.map((file) => {
      const path = saves.get(file.name)
      if (path === undefined) return file
      const text = readFileSync(path, 'utf8')
      versions[file.name] = versionOf(text)
      return { ...file, text }
    })
    const start: PlaygroundStart = { content: { ...content, files }, versions, notes }
    send(response, 200, JSON_TYPE, JSON.stringify(start))
  }

  async #save(request: IncomingMessage, response: ServerResponse): Promise<void> {
    this.#checkToken(request)
    if (request.headers.origin === undefined) throw new Refused(403, 'another program asks')
    if (!/^application\/json\b/.test(request.headers['content-type'] ?? ''))
      throw new Refused(415, 'JSON only')
    const files = savedFiles(await bodyOf(request))
    const { saves } = this.#options
    for (const { name, version, force } of files) {
      const path = saves.get(name)
      if (path === undefined)
        throw new Refused(403, `${name} is none of the files that this was started with`)
      if (!force && versionOf(readFileSync(path, 'utf8')) !== version) {
        throw new Refused(
          409,
          `${name} has changed on the disk since it was read. Save again to write over it`,
        )
      }
    }
    const versions: Record<string, string> = {}
    for (const { name, text } of files) {
      replaceFile(saves.get(name)!, text)
      versions[name] = versionOf(text)
    }
    send(response, 200, JSON_TYPE, JSON.stringify({ versions }))
  }
}

const LOOPBACK = ['127.0.0.1', 'localhost', '[::1]']

function bracketed(host: string): string {
  return host.includes(':') ? `[${host}]` : host
}

function send(response: ServerResponse, status: number, type: string, body: string | Uint8Array): void {
  response.writeHead(status, { ...HEADERS, 'content-type': type, 'content-length': Buffer.byteLength(body) })
  response.end(body)
}

async function bodyOf(request: IncomingMessage): Promise<string> {
  const chunks: Buffer[] = []
  let length = 0
  for await (const chunk of request) {
    chunks.push(chunk as Buffer)
    length += (chunk as Buffer).length
    if (length > MAX_BODY_BYTES) throw new Refused(413, 'the files are too large to be saved')
  }
  return Buffer.concat(chunks).toString('utf8')
}

interface SavedFile {
  readonly name: string
  readonly text: string
  readonly version: string
  readonly force: boolean
}

function savedFiles(body: string): SavedFile[] {
  let value: { files?: unknown }
  try {
    value = JSON.parse(body)
  } catch {
    throw new Refused(400, 'this is no JSON')
  }
  const { files } = value ?? {}
  if (!Array.isArray(files)) throw new Refused(400, 'there are no files')
  return files.map((file) => {
    const { name, text, version, force } = file ?? {}
    if (typeof name !== 'string' || typeof text !== 'string')
      throw new Refused(400, 'a file has a name and a text')
    return { name, text, version: String(version), force: force === true }
  })
}

function versionOf(text: string): string {
  return createHash('sha256').update(text).digest('base64url')
}

/** Writes a file so that it is the old or the new one, whatever happens. A link stays one, and permissions are kept. */
function replaceFile(path: string, text: string): void {
  const target = realpathSync(path)
  const fresh = join(dirname(target), `.${randomBytes(6).toString('hex')}.tmp`)
  try {
    writeFileSync(fresh, text, { mode: statSync(target).mode & 0o777, flag: 'wx' })
    renameSync(fresh, target)
  } finally {
    rmSync(fresh, { force: true })
  }
}
