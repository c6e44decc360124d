import { createSocket, type RemoteInfo, type Socket as UdpSocket } from 'node:dgram'
import { type AddressInfo, createServer, isIPv6, type Server, type Socket } from 'node:net'
import { createServer as createTlsServer } from 'node:tls'
import { allAccepted } from '../../http/all-accepted.ts'
import { ClientAddresses } from '../../http/client-addresses.ts'
import type { InputChunk, Source } from '../../stages/source.ts'
import { InputError } from '../../stages/source.ts'
import { FrameReader } from './framing.ts'
import { kernelDrops } from './kernel-drops.ts'
import { MessageEvents, peerTail, type Transport } from './message-events.ts'

/** A place to listen at. */
export interface SyslogEndpoint {
  readonly transport: Transport
  readonly host: string
  /** 0 for any free one. */
  readonly port: number
}

export interface SyslogOptions {
  readonly endpoints: readonly SyslogEndpoint[]
  /** Certificate and key for endpoints of TLS; with `ca` only devices with a certificate of this authority are heard. PEM. */
  readonly tls?:
    | { readonly cert: string | Buffer; readonly key: string | Buffer; readonly ca?: string | Buffer }
    | undefined
  /** Addresses and CIDR blocks that are heard. Default: all. */
  readonly allow?: readonly string[] | undefined
  /** Connections of all endpoints together; one more is closed unheard. Default: 1000. */
  readonly maxConnections?: number | undefined
  /** Bytes of a message; a longer one is cut off. Default: 65,536. */
  readonly maxMessageBytes?: number | undefined
  /** Milliseconds after which a connection without a message is closed; 0: never. Default: one hour. */
  readonly idleTimeoutMs?: number | undefined
}

/** The defaults of {@link SyslogOptions}. */
export const SYSLOG_DEFAULTS = {
  maxConnections: 1000,
  maxMessageBytes: 65_536,
  idleTimeoutMs: 3_600_000,
} as const

/** Counts of what came, and of what did not. */
export interface SyslogCounts {
  readonly messages: number
  /** Bytes received, of TCP with the framing, under TLS before it was encrypted. */
  readonly bytes: number
  /** Datagrams that were lost: there was no room for them here, or in the buffer of the system. */
  readonly udpDropped: number
  /** Messages that were cut off, because they are too long or their connection ended. */
  readonly truncated: number
  /** Connections, refused ones included. */
  readonly connections: number
  /** Connections that were refused: of another address, too many, or without TLS. */
  readonly refused: number
}

/** With so much waiting, connections are not read; below half of it they are again. */
const PAUSE_BYTES = 4 * 1024 * 1024
/** With so much waiting, datagrams are dropped: nobody can be asked to wait. */
const DROP_BYTES = 16 * 1024 * 1024
/** Asked of the system for datagrams that come while events are evaluated. */
const UDP_BUFFER_BYTES = 4 * 1024 * 1024
const HANDSHAKE_MS = 10_000
/** A device that is gone without a word is noticed after some minutes. */
const KEEP_ALIVE_MS = 60_000
/** At the end, a connection is read until nothing has come for so long, and so long in all. */
const QUIET_MS = 250
const DRAIN_MS = 10_000
/** Senders of datagrams whose line ends are remembered. */
const MOST_TAILS = 4096

const SOURCE = 'syslog'

interface Connection {
  readonly socket: Socket
  readonly reader: FrameReader
  heardAt: number
}

/**
 * Syslog straight from devices, over UDP, TCP (both framings) and TLS, as a source of events: `{message, peer: {ip, port, transport}}`.
 *
 *     connections --bytes--> FrameReader --messages--> MessageEvents --chunks--> pipeline
 *         ^ not read while much waits                    ^     |
 *     datagrams -----------------------------------------'     `-- the rate that the outputs take
 *       `--> dropped, and counted, while very much waits
 *
 * Everything that TCP has accepted is given: at the end no connection is accepted any more, and those that there are are read
 * until they are quiet.
 */
export class SyslogSource implements Source {
  readonly fault: InputError | undefined = undefined
  readonly #options: Required<Omit<SyslogOptions, 'allow' | 'tls'>> & Pick<SyslogOptions, 'tls'>
  readonly #allow: ClientAddresses | undefined
  readonly #events = new MessageEvents()
  readonly #servers: Server[] = []
  readonly #datagrams: UdpSocket[] = []
  readonly #connections = new Map<Socket, Connection>()
  readonly #tails = new Map<string, Uint8Array>()
  #counts = { messages: 0, bytes: 0, udpDropped: 0, truncated: 0, connections: 0, refused: 0 }
  /** Drops of the system, by port, as they were told last. */
  readonly #kernelDrops = new Map<number, number>()
  #isPaused = false
  #isStopping = false
  #hasEnded = false
  #wake: (() => void) | undefined

  /** @throws {RangeError} for a bad block in `allow`; what `node:tls` throws for a bad certificate */
  constructor(options: SyslogOptions) {
    const { allow } = options
    this.#allow = allow === undefined ? undefined : new ClientAddresses(allow)
    this.#options = {
      endpoints: options.endpoints,
      tls: options.tls,
      maxConnections: options.maxConnections ?? SYSLOG_DEFAULTS.maxConnections,
      maxMessageBytes: options.maxMessageBytes ?? SYSLOG_DEFAULTS.maxMessageBytes,
      idleTimeoutMs: options.idleTimeoutMs ?? SYSLOG_DEFAULTS.idleTimeoutMs,
    }
    if (options.endpoints.some(({ transport }) => transport === 'tls') && options.tls === undefined) {
      throw new TypeError('an endpoint of TLS needs a certificate and a key')
    }
  }

  /**
   * Listens at all endpoints. One without a port gets any free one, the same for TCP and UDP of one host where that is possible.
   *
   * @returns the endpoints as they are
   * @throws {InputError} with the error of the system (`EADDRINUSE` ...) as its cause; then nothing listens
   */
  async listen(): Promise<SyslogEndpoint[]> {
    const opened: SyslogEndpoint[] = []
    for (const endpoint of this.#options.endpoints) {
      try {
        const { port } =
          endpoint.transport === 'udp' ? await this.#listenUdp(endpoint) : await this.#listenTcp(endpoint)
        opened.push({ ...endpoint, port })
      } catch (cause) {
        this.#destroy()
        throw new InputError(`cannot listen at ${endpoint.transport}://${endpoint.host}:${endpoint.port}`, {
          cause,
        })
      }
    }
    return opened
  }

  get bytesRead(): number {
    return this.#counts.bytes
  }

  /** The counts so far. Datagrams that the system has dropped are in them as of the last call of `refresh`. */
  get counts(): SyslogCounts {
    let dropped = this.#counts.udpDropped
    for (const drops of this.#kernelDrops.values()) dropped += drops
    return { ...this.#counts, udpDropped: dropped }
  }

  /** Asks the system for the datagrams that it has dropped. */
  async refresh(): Promise<void> {
    for (const socket of this.#datagrams) {
      const { port } = socket.address()
      this.#kernelDrops.set(port, Math.max(this.#kernelDrops.get(port) ?? 0, await kernelDrops(port)))
    }
  }

  async *[Symbol.asyncIterator](): AsyncGenerator<InputChunk> {
    try {
      for (;;) {
        const bytes = this.#events.take()
        if (this.#isPaused && this.#events.length < PAUSE_BYTES / 2) this.#resume()
        if (bytes !== undefined) yield { source: SOURCE, bytes, isOwned: true }
        else if (this.#hasEnded) break
        else {
          await new Promise<void>((resolve) => {
            this.#wake = resolve
          })
        }
      }
      yield { source: SOURCE }
    } finally {
      this.#destroy()
    }
  }

  /** Hears no more: all that has come by now is given, then the source ends. */
  stop(): void {
    if (this.#isStopping) return
    this.#isStopping = true
    void this.#drain()
  }

  async #listenUdp({ host, port }: SyslogEndpoint): Promise<AddressInfo> {
    const socket = createSocket({ type: isIPv6(host) ? 'udp6' : 'udp4', recvBufferSize: UDP_BUFFER_BYTES })
    await new Promise<void>((resolve, reject) => {
      socket.once('error', reject).bind({ address: host, port, exclusive: true }, () => {
        socket.off('error', reject)
        resolve()
      })
    })
    this.#datagrams.push(socket)
    // A fault of one datagram is no fault of the socket.
    socket.on('error', () => {})
    socket.on('message', (message, sender) => this.#takeDatagram(message, sender))
    return socket.address()
  }

  async #listenTcp({ transport, host, port }: SyslogEndpoint): Promise<AddressInfo> {
    const accept = (socket: Socket): void => this.#accept(socket, transport)
    const { tls } = this.#options
    const server =
      transport === 'tcp'
        ? createServer(accept)
        : createTlsServer(
            {
              ...tls,
              handshakeTimeout: HANDSHAKE_MS,
              ...(tls?.ca !== undefined && { requestCert: true, rejectUnauthorized: true }),
            },
            accept,
          )
    if (transport === 'tls') {
      server.on('connection', (socket: Socket) => {
        if (this.#mayConnect(socket)) return
        socket.resetAndDestroy()
      })
      server.on('tlsClientError', () => {
        this.#counts.connections++
        this.#counts.refused++
      })
    }
    await new Promise<void>((resolve, reject) => {
      server.once('error', reject).listen({ host, port, exclusive: true }, () => {
        server.off('error', reject)
        resolve()
      })
    })
    this.#servers.push(server)
    server.on('error', () => {})
    return server.address() as AddressInfo
  }

  #mayConnect({ remoteAddress }: Socket): boolean {
    if (this.#connections.size >= this.#options.maxConnections) return false
    return this.#allow === undefined || this.#allow.has(remoteAddress ?? '')
  }

  #accept(socket: Socket, transport: Transport): void {
    this.#counts.connections++
    socket.on('error', () => {})
    const { remoteAddress, remotePort } = socket
    if (remoteAddress === undefined || !this.#mayConnect(socket)) {
      this.#counts.refused++
      socket.destroy()
      return
    }
    const { maxMessageBytes, idleTimeoutMs } = this.#options
    const tail = peerTail(plain(remoteAddress), remotePort ?? 0, transport)
    const reader = new FrameReader(maxMessageBytes, (message, isTruncated) => {
      this.#take(message, isTruncated, tail)
    })
    const connection = { socket, reader, heardAt: performance.now() }
    this.#connections.set(socket, connection)
    socket.setKeepAlive(true, KEEP_ALIVE_MS)
    socket.setTimeout(idleTimeoutMs, () => {
      // While nothing is read, the silence is ours.
      if (!this.#isPaused) socket.destroy()
    })
    socket.on('data', (chunk: Buffer) => {
      connection.heardAt = performance.now()
      this.#counts.bytes += chunk.length
      reader.push(chunk)
      this.#changed()
      if (!this.#isPaused && this.#events.length >= PAUSE_BYTES) this.#pause()
    })
    socket.on('close', () => {
      this.#connections.delete(socket)
      reader.end()
      this.#changed()
    })
    if (this.#isPaused) socket.pause()
  }

  #takeDatagram(message: Buffer, { address, port }: RemoteInfo): void {
    if (this.#allow !== undefined && !this.#allow.has(address)) {
      this.#counts.refused++
      return
    }
    if (this.#events.length >= DROP_BYTES) {
      this.#counts.udpDropped++
      return
    }
    this.#counts.bytes += message.length
    let end = message.length
    // Some devices end a datagram as a line, or as a text of C.
    while (end > 0 && (message[end - 1] === 0x0a || message[end - 1] === 0x0d || message[end - 1] === 0))
      end--
    if (end === 0) return
    const { maxMessageBytes } = this.#options
    const bytes = message.subarray(0, Math.min(end, maxMessageBytes))
    this.#take(bytes, end > maxMessageBytes, this.#tailOf(address, port))
    this.#changed()
  }

  #tailOf(address: string, port: number): Uint8Array {
    const key = `${address} ${port}`
    let tail = this.#tails.get(key)
    if (tail === undefined) {
      // Senders are counterfeited easily.
      if (this.#tails.size >= MOST_TAILS) this.#tails.clear()
      tail = peerTail(plain(address), port, 'udp')
      this.#tails.set(key, tail)
    }
    return tail
  }

  #take(message: Uint8Array, isTruncated: boolean, tail: Uint8Array): void {
    this.#counts.messages++
    if (isTruncated) this.#counts.truncated++
    this.#events.add(message, isTruncated, tail)
  }

  #changed(): void {
    const wake = this.#wake
    this.#wake = undefined
    wake?.()
  }

  #pause(): void {
    this.#isPaused = true
    for (const socket of this.#connections.keys()) socket.pause()
  }

  #resume(): void {
    this.#isPaused = false
    const now = performance.now()
    for (const connection of this.#connections.values()) {
      connection.heardAt = now
      connection.socket.resume()
    }
  }

  /** Reads what has come, and ends. */
  async #drain(): Promise<void> {
    // Connections that the system has accepted, and datagrams that it has, are taken before nobody listens any more.
    await allAccepted(() => this.#counts.connections)
    for (const server of this.#servers) server.close()
    const until = performance.now() + DRAIN_MS
    const quietFrom = performance.now()
    for (;;) {
      const now = performance.now()
      let isQuiet = !this.#isPaused && now - quietFrom >= QUIET_MS
      for (const { heardAt } of this.#connections.values()) {
        if (now - heardAt < QUIET_MS) isQuiet = false
      }
      // While the outputs take nothing, nothing is read: that is no silence.
      if (isQuiet || (now >= until && !this.#isPaused) || this.#hasEnded) break
      await new Promise((resolve) => setTimeout(resolve, QUIET_MS / 5))
    }
    await this.refresh().catch(() => {})
    for (const { reader } of this.#connections.values()) reader.end()
    this.#destroy()
    this.#hasEnded = true
    this.#changed()
  }

  #destroy(): void {
    this.#hasEnded = true
    for (const server of this.#servers) server.close()
    for (const socket of this.#connections.keys()) socket.destroy()
    for (const socket of this.#datagrams.splice(0)) socket.close()
    this.#changed()
  }
}

/** An IPv4 address in the form of IPv6 (`::ffff:192.0.2.7`) as it is. */
function plain(address: string): string {
  return address.replace(/^::ffff:(?=\d+\.)/i, '')
}
