import {
  createServer,
  type IncomingMessage,
  type OutgoingHttpHeaders,
  type Server,
  type ServerResponse,
} from 'node:http'
import { createServer as createTlsServer } from 'node:https'
import type { AddressInfo, Socket } from 'node:net'
import { Server as NetServer } from 'node:net'
import { allAccepted } from './all-accepted.ts'
import { ClientAddresses } from './client-addresses.ts'
import { Exchange } from './exchange.ts'
import { HEALTH_PATHS, OPERATOR_PATHS } from './operator-pages.ts'
import { refuse } from './refuse.ts'
import type { Users, Verdict } from './users.ts'

/** TLS of a server, PEM text or bytes. */
export interface HttpTls {
  readonly cert: string | Buffer
  readonly key: string | Buffer
  /** With it, only clients that show a certificate of this authority are served. */
  readonly ca?: string | Buffer
}

/** The answer to a request whose body is not wanted. */
export interface Refusal {
  /** 400 to 599. */
  readonly status: number
  /** Plain text, with its LF. */
  readonly text: string
  /** More headers. Default: none. */
  readonly headers?: OutgoingHttpHeaders
}

export interface HttpServerOptions {
  readonly host: string
  /** 0 for any free one. */
  readonly port: number
  /**
   * Answers a request that may be answered. It has ended when the promise is settled and the response is sent; a rejection
   * becomes 500, or the end of the connection where the answer has begun.
   */
  readonly handle: (request: IncomingMessage, response: ServerResponse) => Promise<void>
  /**
   * Asked for each request of somebody who may ask, before the body is sent where the client waits for leave to do so. A refusal
   * is the answer, and `handle` is not called. Default: all are handled.
   */
  readonly check?: ((request: IncomingMessage) => Refusal | undefined) | undefined
  /** Default: plain HTTP. */
  readonly tls?: HttpTls | undefined
  /** Addresses and CIDR blocks that may connect. Default: all. */
  readonly allow?: readonly string[] | undefined
  /** Who may ask, by HTTP Basic. Default: everyone. */
  readonly users?: Users | undefined
  /** Connections; one more is closed unheard. Default: 1000. */
  readonly maxConnections?: number | undefined
  /** Requests that are worked on, the operator's pages left out; one more is answered 429. Default: 256. */
  readonly maxInFlight?: number | undefined
  /** Milliseconds for the TLS handshake and the headers of a request. Default: 10,000. */
  readonly headersTimeoutMs?: number | undefined
  /** Milliseconds that a client may send, or take, nothing at all while it is waited for. Default: 30,000. */
  readonly stallTimeoutMs?: number | undefined
  /**
   * Bytes a second that a client has to send, or to take, while it is waited for, counted from `stallTimeoutMs` on: a byte now and
   * then keeps no place. Default: 1024.
   */
  readonly minBytesPerSecond?: number | undefined
  /** Milliseconds that a connection is kept open between two requests. Default: 60,000. */
  readonly idleTimeoutMs?: number | undefined
  /** Milliseconds until `close` gives up what is still going on. Default: 30,000. */
  readonly shutdownTimeoutMs?: number | undefined
}

/** The defaults of {@link HttpServerOptions}. */
const HTTP_DEFAULTS = {
  maxConnections: 1000,
  maxInFlight: 256,
  headersTimeoutMs: 10_000,
  stallTimeoutMs: 30_000,
  minBytesPerSecond: 1024,
  idleTimeoutMs: 60_000,
  shutdownTimeoutMs: 30_000,
} as const

/** Counts of what a server has done. */
interface HttpCounters {
  /** Connections, refused ones included. */
  connections: number
  /** Connections that were closed unheard: by the reason. */
  refusedConnections: { address: number; limit: number; tls: number }
  /** Responses, by their status. */
  readonly byStatus: Map<number, number>
  /** Requests that had no whole response: the client went away, was too slow, or the answer failed. */
  aborted: number
}

/** A client that was sent away comes again after so many seconds. */
const RETRY_AFTER_SECONDS = 1
/** After `close`, connections without a request stay open so long: a request may be on its way. */
const LINGER_MS = 500
/** Looks at slow clients at least so often. */
const LOOK_MS = 1000

const TEXT = { 'content-type': 'text/plain; charset=utf-8' }

/**
 * An HTTP(S) server for hostile clients: it bounds connections, requests in flight, headers and time; knows who may connect
 * (addresses) and who may ask (users); and stops without breaking off an answer. Bodies are the business of `handle`
 * (`boundedBody`).
 *
 *     connection --> address allowed? --> TLS --> headers --> user? --> room? --> handle --> response
 *                      | no: reset                  | slow:      | 401     | 429       | slow: 408, or the end
 *                                                   v 408
 */
export class HttpServer {
  readonly counters: HttpCounters = {
    connections: 0,
    refusedConnections: { address: 0, limit: 0, tls: 0 },
    byStatus: new Map(),
    aborted: 0,
  }
  readonly #options: HttpServerOptions
  readonly #settings: Required<{ [Name in keyof typeof HTTP_DEFAULTS]: number }>
  readonly #server: Server
  readonly #sockets = new Set<Socket>()
  readonly #exchanges = new Set<Exchange>()
  #inFlight = 0
  #isClosing = false
  #look: NodeJS.Timeout | undefined

  /** @throws {RangeError} for a bad block in `allow`; what `node:tls` throws for a bad certificate or key */
  constructor(options: HttpServerOptions) {
    this.#options = options
    const settings: Record<string, number> = { ...HTTP_DEFAULTS }
    for (const name of Object.keys(HTTP_DEFAULTS) as (keyof typeof HTTP_DEFAULTS)[]) {
      settings[name] = options[name] ?? HTTP_DEFAULTS[name]
    }
    this.#settings = settings as { [Name in keyof typeof HTTP_DEFAULTS]: number }
    const allow = options.allow === undefined ? undefined : new ClientAddresses(options.allow)
    this.#server = this.#create()
    this.#server.on('connection', (socket: Socket) => {
      this.counters.connections++
      if (allow?.has(socket.remoteAddress ?? '') === false) {
        this.counters.refusedConnections.address++
        socket.resetAndDestroy()
        return
      }
      this.#sockets.add(socket)
      socket.on('close', () => this.#sockets.delete(socket))
    })
    this.#server.on('drop', () => {
      this.counters.connections++
      this.counters.refusedConnections.limit++
    })
    this.#server.on('tlsClientError', () => {
      this.counters.refusedConnections.tls++
    })
    this.#server.on('request', (request, response) => void this.#enter(request, response))
    // The body of a request that is refused need not be sent.
    this.#server.on('checkContinue', (request, response) => void this.#enter(request, response, true))
    this.#server.on('checkExpectation', (_request, response: ServerResponse) => {
      this.#count(417)
      response.writeHead(417, { ...TEXT, connection: 'close' }).end('the only expectation is 100-continue\n')
    })
  }

  /** Requests that are worked on now. */
  get inFlight(): number {
    return this.#inFlight
  }

  /** Connections that are open now. */
  get connections(): number {
    return this.#sockets.size
  }

  get isListening(): boolean {
    return this.#server.listening && !this.#isClosing
  }

  /** @returns the address on which it listens. Rejects with the error of the system (`EADDRINUSE` ...) */
  listen(): Promise<AddressInfo> {
    return new Promise((resolve, reject) => {
      this.#server.once('error', reject)
      this.#server.listen({ host: this.#options.host, port: this.#options.port }, () => {
        this.#server.off('error', reject)
        const { stallTimeoutMs } = this.#settings
        this.#look = setInterval(() => this.#lookAtSlow(), Math.min(LOOK_MS, stallTimeoutMs / 4)).unref()
        resolve(this.#server.address() as AddressInfo)
      })
    })
  }

  /**
   * Accepts no more connections, answers the requests that have come, and those that are on their way on open connections;
   * what is not finished after `shutdownTimeoutMs` is broken off.
   */
  async close(): Promise<void> {
    if (this.#isClosing) return
    this.#isClosing = true
    for (const exchange of this.#exchanges) exchange.endConnection()
    // Connections that the system has accepted are taken before nobody listens any more.
    await allAccepted(() => this.counters.connections)
    // The one of node:http would cut off connections on which a request may be on its way.
    const ended = new Promise<void>((resolve) => {
      NetServer.prototype.close.call(this.#server, () => resolve())
    })
    const linger = setTimeout(() => this.#closeIdle(), LINGER_MS)
    const limit = setTimeout(() => {
      for (const socket of this.#sockets) socket.destroy()
    }, this.#settings.shutdownTimeoutMs)
    await ended
    clearTimeout(linger)
    clearTimeout(limit)
    clearInterval(this.#look)
    this.#server.close(() => {})
  }

  #create(): Server {
    const { headersTimeoutMs, idleTimeoutMs, maxConnections } = this.#settings
    const times = {
      headersTimeout: headersTimeoutMs,
      // The time for a body depends on its length: see Exchange.
      requestTimeout: 0,
      keepAliveTimeout: idleTimeoutMs,
      connectionsCheckingInterval: Math.min(LOOK_MS, headersTimeoutMs / 4),
    }
    const { tls } = this.#options
    const server =
      tls === undefined
        ? createServer(times)
        : createTlsServer({
            ...times,
            ...tls,
            handshakeTimeout: headersTimeoutMs,
            ...(tls.ca !== undefined && { requestCert: true, rejectUnauthorized: true }),
          })
    server.maxConnections = maxConnections
    return server
  }

  async #enter(request: IncomingMessage, response: ServerResponse, expectsContinue = false): Promise<void> {
    const exchange = new Exchange(request, response, this.#settings)
    this.#exchanges.add(exchange)
    if (this.#isClosing) exchange.endConnection()
    let leave = (): unknown => undefined
    try {
      const path = request.url?.split('?', 1)[0] ?? ''
      const isCounted = !OPERATOR_PATHS.has(path)
      const isBusy = isCounted && this.#inFlight >= this.#settings.maxInFlight
      if (isCounted && !isBusy) {
        this.#inFlight++
        leave = () => this.#inFlight--
      }
      const verdict = isBusy ? 'busy' : await this.#verify(path, request)
      if (verdict !== 'accepted') {
        await this.#refuse(request, response, verdict)
        return
      }
      if (response.destroyed) return
      const refusal = this.#options.check?.(request)
      if (refusal !== undefined) {
        await refuse(request, response, refusal.status, refusal.text, refusal.headers)
        return
      }
      if (expectsContinue) response.writeContinue()
      await this.#options.handle(request, response)
    } catch (error) {
      await this.#fail(request, response, error)
    } finally {
      await exchange.finished()
      leave()
      this.#exchanges.delete(exchange)
      if (response.writableFinished) this.#count(response.statusCode)
      else this.counters.aborted++
    }
  }

  /** A health check has no name and no password. */
  async #verify(path: string, request: IncomingMessage): Promise<Verdict> {
    const { users } = this.#options
    if (users === undefined || HEALTH_PATHS.has(path)) return 'accepted'
    return users.verify(request.headers.authorization)
  }

  #refuse(request: IncomingMessage, response: ServerResponse, verdict: 'refused' | 'busy'): Promise<void> {
    if (verdict === 'busy') {
      const headers = { 'retry-after': String(RETRY_AFTER_SECONDS) }
      return refuse(request, response, 429, 'too many requests at a time: send it again later\n', headers)
    }
    const headers = { 'www-authenticate': 'Basic realm="sluice", charset="UTF-8"' }
    return refuse(request, response, 401, 'a name and a password are needed\n', headers)
  }

  async #fail(request: IncomingMessage, response: ServerResponse, error: unknown): Promise<void> {
    // The client has gone away: there is nobody to tell.
    if (response.destroyed || response.writableEnded) return
    if (response.headersSent) {
      response.destroy()
      return
    }
    const { status = 500, message } = error as { readonly status?: number; readonly message?: string }
    for (const name of response.getHeaderNames()) response.removeHeader(name)
    await refuse(request, response, status, status === 500 ? 'a fault of the server\n' : `${message}\n`)
  }

  #lookAtSlow(): void {
    const now = performance.now()
    for (const exchange of this.#exchanges) exchange.look(now)
  }

  #closeIdle(): void {
    const busy = new Set(Array.from(this.#exchanges, ({ socket }) => socket))
    const isBusy = (socket: Socket): boolean => {
      // Under TLS the requests are those of a socket round this one.
      for (const each of busy) {
        if (
          each === socket ||
          (each.remotePort === socket.remotePort && each.remoteAddress === socket.remoteAddress)
        )
          return true
      }
      return false
    }
    for (const socket of this.#sockets) if (!isBusy(socket)) socket.destroy()
  }

  #count(status: number): void {
    const { byStatus } = this.counters
    byStatus.set(status, (byStatus.get(status) ?? 0) + 1)
  }
}
