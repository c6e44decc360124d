import { type AddressInfo, createServer, type Server, type Socket } from 'node:net'
import { createServer as createTlsServer, type Server as TlsServer } from 'node:tls'
import { allAccepted } from '../../http/all-accepted.ts'
import { ClientAddresses } from '../../http/client-addresses.ts'
import type { Enricher } from '../enricher.ts'
import { Counters, increment, type RefusalReason } from './counters.ts'
import { Detector, type IndicatorSet } from './detector.ts'
import { createLog, type Log, LogLimiter } from './log.ts'
import { Session, type SessionContext, type SessionOptions } from './session.ts'

/** TLS of a server, PEM text or bytes. */
export interface TlsOptions {
  readonly cert: string | Buffer
  readonly key: string | Buffer
  /** With it, only clients that show a certificate of this authority are served. */
  readonly ca?: string | Buffer
}

/** The options of a server. Times are in milliseconds. */
export interface TracerServerOptions extends Partial<SessionOptions> {
  /** Asked in this order. They belong to the caller, who closes them after the server. */
  readonly enrichers: readonly Enricher[]
  /** Indicators that get no detection. Belongs to the caller, too. */
  readonly allowlist?: IndicatorSet
  /** Default 127.0.0.1: another address must be asked for. */
  readonly host?: string
  /** Default 16666, the original's; 0 for any free one. */
  readonly port?: number
  readonly maxConnections?: number
  /** Time that `close` waits for clients before it drops them. */
  readonly shutdownTimeoutMs?: number
  /** Addresses and CIDR blocks that may connect; default all. */
  readonly allow?: readonly string[]
  readonly tls?: TlsOptions
  /**
   * Asked for each new connection that is allowed, and from which nothing was read. True: the connection goes to
   * another process, and the socket is destroyed by whoever sends it there. Default: it is served here.
   */
  readonly handOver?: (socket: Socket) => boolean
  /** Default: warnings and errors, on stderr. */
  readonly log?: Log
}

/** The defaults of `TracerServerOptions`. */
export const SERVER_DEFAULTS = {
  host: '127.0.0.1',
  port: 16666,
  reply: 'header',
  oneShot: false,
  indicatorOrder: 'line',
  maxLineBytes: 64 * 1024,
  idleTimeoutMs: 5 * 60_000,
  drainTimeoutMs: 60_000,
  shutdownTimeoutMs: 30_000,
  maxConnections: 10_000,
} as const

/** Connections that the kernel keeps while the event loop is busy; it takes the smaller of this and `somaxconn`. */
const BACKLOG = 4096
/** Time that a refused client has to close its side after ours. */
const REFUSAL_LINGER_MS = 1000
/** Refused clients that are waited for; those beyond are reset, so that a flood finds a bound. */
const MAX_LINGERING_REFUSALS = 1000

/**
 * A server that answers look-ups: see protocol.ts for what goes over the wire, session.ts for one connection.
 *
 *     connection ─► allowed? ─► [ handed over? ] ─► room? ─► [ TLS ] ─► Session ─► released
 *                      '------------------------------'------- refused
 */
export class TracerServer {
  /** Its counts since it was made. */
  readonly counters = new Counters()
  /** Asks the enrichers, and counts what they say; for other ways to ask than its own. */
  readonly detector: Detector
  readonly #host: string
  readonly #port: number
  readonly #maxConnections: number
  readonly #shutdownTimeoutMs: number
  readonly #allow: ClientAddresses | undefined
  readonly #handOver: ((socket: Socket) => boolean) | undefined
  readonly #log: Log
  readonly #limiter = new LogLimiter()
  readonly #context: SessionContext
  readonly #server: Server
  readonly #tls: TlsServer | undefined
  readonly #sessions = new Set<Session>()
  /** Connections in their TLS handshake, by the client's address and port. */
  readonly #handshaking = new Map<string, Socket>()
  readonly #refused = new Set<Socket>()
  #state: 'new' | 'listening' | 'ending' | 'closing' = 'new'
  #closed: Promise<void> | undefined
  #onReleased: (() => void) | undefined

  /** @throws RangeError for a bad block in `allow`; an OpenSSL error for bad PEM text */
  constructor(options: TracerServerOptions) {
    const settings = { ...SERVER_DEFAULTS, ...withoutUndefined(options) }
    this.#host = settings.host
    this.#port = settings.port
    this.#maxConnections = settings.maxConnections
    this.#shutdownTimeoutMs = settings.shutdownTimeoutMs
    this.#allow = options.allow === undefined ? undefined : new ClientAddresses(options.allow)
    this.#handOver = options.handOver
    this.#log = options.log ?? createLog('warn')
    this.detector = new Detector(options.enrichers, this.counters, this.#log, options.allowlist)
    this.#context = {
      options: settings,
      detector: this.detector,
      counters: this.counters,
      log: this.#log,
      limiter: this.#limiter,
      released: (session) => this.#release(session),
    }
    // Half-open: a client that has ended its side is still owed its replies. Bytes that are read from a socket
    // before it is handed over would be lost.
    const settled = { allowHalfOpen: true, noDelay: true, pauseOnConnect: this.#handOver !== undefined }
    this.#server = createServer(settled, (socket) => {
      // Those that are taken at the end go nowhere else: the others end as well.
      const isElsewhere =
        this.#state === 'listening' && this.#isAllowed(socket) && this.#handOver?.(socket) === true
      if (!isElsewhere) this.serve(socket)
    })
    this.#tls = options.tls === undefined ? undefined : this.#createTls(options.tls, settings.idleTimeoutMs)
  }

  /** Connections that are served. */
  get connections(): number {
    return this.#sessions.size + this.#handshaking.size
  }

  /** One more connection would be served. */
  get hasRoom(): boolean {
    return this.connections < this.#maxConnections
  }

  /** It accepts connections. */
  get isListening(): boolean {
    return this.#state === 'listening'
  }

  /** @returns the address on which it listens. Rejects with the error of the system (`EADDRINUSE`, `EACCES` ...) */
  listen(): Promise<AddressInfo> {
    return new Promise((resolve, reject) => {
      this.#server.once('error', reject)
      this.#server.listen({ host: this.#host, port: this.#port, backlog: BACKLOG }, () => {
        this.#server.off('error', reject)
        // An accept that fails, because the process has no descriptor left for one.
        this.#server.on('error', (error) => {
          this.#limiter.log('accept', (fields) => this.#log.error({ ...fields, err: error }, 'accept failed'))
        })
        this.#state = 'listening'
        resolve(this.#server.address() as AddressInfo)
      })
    })
  }

  /**
   * Takes the connections that the system has accepted, then accepts no more; serves what was read, gives every client its replies, and drops those that have not taken them
   * within `shutdownTimeoutMs`. Never rejects; a second call waits for the same end.
   */
  close(): Promise<void> {
    this.#closed ??= this.#close()
    return this.#closed
  }

  async #close(): Promise<void> {
    const wasListening = this.#state === 'listening'
    this.#state = 'ending'
    const known = new Set([...this.#sessions].filter(({ hasRead }) => hasRead))
    for (const session of known) session.finish()
    // Connections that the system has accepted are taken, and what has come on them is read, before nobody listens any more.
    if (wasListening) await allAccepted(() => this.counters.connections)
    this.#state = 'closing'
    const stopped = wasListening ? new Promise((resolve) => this.#server.close(resolve)) : undefined
    for (const socket of this.#handshaking.values()) socket.destroy()
    for (const socket of this.#refused) socket.destroy()
    const deadline = setTimeout(() => {
      if (this.#sessions.size > 0)
        this.#log.warn({ connections: this.#sessions.size }, 'clients dropped at shutdown')
      for (const session of this.#sessions) session.destroy('shutdown')
    }, this.#shutdownTimeoutMs)
    if (this.#sessions.size > 0) {
      const released = new Promise<void>((resolve) => {
        this.#onReleased = resolve
      })
      for (const session of this.#sessions) if (!known.has(session)) session.finish()
      await released
    }
    clearTimeout(deadline)
    await stopped
  }

  /** Serves a connection that was accepted; also one that came from another process, with `allowHalfOpen`. */
  serve(socket: Socket): void {
    if (this.#state === 'closing') {
      socket.destroy()
      return
    }
    this.counters.connections += 1
    if (!this.#isAllowed(socket)) this.#refuse(socket, 'not-allowed')
    else if (!this.hasRoom) this.#refuse(socket, 'max-connections')
    else if (this.#tls === undefined) this.#open(socket)
    else this.#handshake(socket, this.#tls)
  }

  #isAllowed(socket: Socket): boolean {
    return this.#allow === undefined || this.#allow.has(socket.remoteAddress ?? '')
  }

  #open(socket: Socket): void {
    this.#sessions.add(new Session(socket, this.#context))
    if (socket.isPaused()) socket.resume()
  }

  #release(session: Session): void {
    this.#sessions.delete(session)
    if (this.#sessions.size === 0) this.#onReleased?.()
  }

  #refuse(socket: Socket, reason: RefusalReason): void {
    increment(this.counters.refused, reason)
    this.#limiter.log(reason, (fields) => {
      this.#log.warn({ ...fields, client: socket.remoteAddress, reason }, 'connection refused')
    })
    if (reason === 'not-allowed' || this.#refused.size >= MAX_LINGERING_REFUSALS) {
      socket.on('error', ignore)
      socket.resetAndDestroy()
      return
    }
    // A FIN, and what the client has sent already is read: unread input would turn it into a reset.
    this.#refused.add(socket)
    const linger = setTimeout(() => socket.destroy(), REFUSAL_LINGER_MS)
    socket.on('error', ignore)
    socket.on('close', () => {
      clearTimeout(linger)
      this.#refused.delete(socket)
    })
    socket.end()
    socket.resume()
  }

  #createTls({ cert, key, ca }: TlsOptions, handshakeTimeout: number): TlsServer {
    const server = createTlsServer({
      cert,
      key,
      ...(ca === undefined ? {} : { ca, requestCert: true, rejectUnauthorized: true }),
      ...(handshakeTimeout > 0 ? { handshakeTimeout } : {}),
    })
    server.on('secureConnection', (secured) => {
      this.#handshaking.delete(addressOf(secured))
      secured.allowHalfOpen = true
      this.#open(secured)
    })
    server.on('tlsClientError', (error, secured) => {
      increment(this.counters.refused, 'tls')
      this.#limiter.log('tls', (fields) => {
        this.#log.warn({ ...fields, client: secured.remoteAddress, err: error }, 'TLS handshake failed')
      })
      // After a time-out Node leaves that to us.
      secured.destroy()
    })
    return server
  }

  #handshake(socket: Socket, tls: TlsServer): void {
    const address = addressOf(socket)
    this.#handshaking.set(address, socket)
    socket.on('close', () => {
      if (this.#handshaking.get(address) === socket) this.#handshaking.delete(address)
    })
    // Half-open, a client that leaves during its handshake would not be noticed.
    socket.allowHalfOpen = false
    tls.emit('connection', socket)
  }
}

function addressOf(socket: Socket): string {
  return `${socket.remoteAddress} ${socket.remotePort}`
}

function ignore(): void {}

function withoutUndefined<T extends object>(options: T): T {
  return Object.fromEntries(Object.entries(options).filter(([, value]) => value !== undefined)) as T
}
