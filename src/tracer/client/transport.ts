import { connect as connectTcp, isIP, type Socket } from 'node:net'
import { type ConnectionOptions, connect as connectTls } from 'node:tls'
import { CLIENT_HEADER } from '../protocol.ts'
import type { Answer } from './cache.ts'
import { BadReply, ReplyReader } from './reply-reader.ts'
import type { Request } from './request.ts'

/** The way to ask a server over HTTP. */
export interface HttpAddress {
  readonly isSecure: boolean
  /** That of its look-ups: `/api/1.1/lookup`. */
  readonly path: string
  /** Default: it asks for nobody. */
  readonly user?: string | undefined
  readonly password?: string | undefined
}

/** The address on which a server listens. */
export interface ServerAddress {
  /** A name or an address; IPv6 without brackets. */
  readonly host: string
  readonly port: number
  /** Default: it speaks the protocol of lines over TCP. */
  readonly http?: HttpAddress | undefined
}

/** The material of a client for TLS: the server's authority, its own certificate and key (PEM). */
export type ClientTls = Pick<ConnectionOptions, 'ca' | 'cert' | 'key' | 'servername' | 'rejectUnauthorized'>

/** The settings of a way to a server. */
export interface TransportSettings {
  /** Time, in milliseconds, that a connection may take to be made. */
  readonly timeoutMs: number
  /** Characters that a reply may have. */
  readonly maxReplyLength: number
  /** Default: no TLS. */
  readonly tls?: ClientTls | undefined
}

/** The user of a transport, which is told of its events. */
export interface TransportOwner {
  /** Requests may be sent. */
  onConnect(): void
  /** The reply to the oldest request. @throws {BadReply} when there is none */
  onReply(detections: Answer): void
  /** All replies that came together were told. */
  onRead(): void
  /**
   * It is over. May be told more than once.
   *
   * @param wasMade there was a connection on which requests can be answered. Default: `onConnect` was called
   */
  onEnd(error: Error, wasMade?: boolean): void
}

/** The way of requests to a server, and of their replies back, in the same order. */
export interface Transport {
  /** Takes a request, which goes with the next `flush`. */
  add(request: Request): void
  /** Sends all that was added since the last one. */
  flush(): void
  /** Nothing more is read. @param isOwed replies are missing: a part of one may be all of it. @returns a fault in that part */
  stop(isOwed: boolean): BadReply | undefined
  destroy(): void
}

/** The protocol of lines, over TCP or TLS. */
export class LineTransport implements Transport {
  readonly #socket: Socket
  readonly #reader: ReplyReader
  /** Lines that go out with the next flush. */
  #unsent: string = CLIENT_HEADER

  constructor(address: ServerAddress, { tls, maxReplyLength }: TransportSettings, owner: TransportOwner) {
    this.#reader = new ReplyReader((detections) => owner.onReply(detections), maxReplyLength)
    this.#socket = openSocket(address, tls)
    this.#socket.setNoDelay(true)
    this.#socket.setKeepAlive(true)
    this.#socket
      .on(tls === undefined ? 'connect' : 'secureConnect', () => owner.onConnect())
      .on('data', (bytes: Buffer) => {
        try {
          this.#reader.feed(bytes)
        } catch (error) {
          if (!(error instanceof BadReply)) throw error
          owner.onEnd(error)
          return
        }
        owner.onRead()
      })
      .on('end', () => owner.onEnd(new Error('the server closed the connection')))
      .on('error', (error: Error) => owner.onEnd(error))
      .on('close', () => owner.onEnd(new Error('the connection was closed')))
  }

  add(request: Request): void {
    this.#unsent += request.line
  }

  flush(): void {
    const text = this.#unsent
    this.#unsent = ''
    // The window bounds the requests that a server does not read, and they time out.
    this.#socket.write(text)
  }

  stop(isOwed: boolean): BadReply | undefined {
    try {
      if (isOwed) this.#reader.end()
      return undefined
    } catch (problem) {
      if (problem instanceof BadReply) return problem
      throw problem
    } finally {
      this.#reader.stop()
    }
  }

  destroy(): void {
    this.#socket.destroy()
  }
}

function openSocket({ host, port }: ServerAddress, tls: ClientTls | undefined): Socket {
  if (tls === undefined) return connectTcp({ host, port })
  const servername = isIP(host) === 0 ? { servername: host } : {}
  return connectTls({ host, port, ...servername, ...tls })
}
