import assert from 'node:assert/strict'
import type { Answer } from './cache.ts'
import { Fifo } from './fifo.ts'
import { HttpTransport } from './http-transport.ts'
import { BadReply } from './reply-reader.ts'
import type { Request } from './request.ts'
import {
  LineTransport,
  type ServerAddress,
  type Transport,
  type TransportOwner,
  type TransportSettings,
} from './transport.ts'

export type { ClientTls, ServerAddress } from './transport.ts'

/** Times are in milliseconds. */
export interface ConnectionSettings extends TransportSettings {
  /** Requests that may wait for their replies at a time. */
  readonly window: number
  /** Time that a request waits for its reply, and that a connection may take to be made. */
  readonly timeoutMs: number
  /**
   * A server that closes after its reply does so within this time; a new connection is asked within it, or not needed.
   */
  readonly settleMs: number
}

/** The end of a connection. */
export interface Ending {
  /** Requests that were sent and not answered, the oldest first, without those that are abandoned. */
  readonly unanswered: readonly Request[]
  /** The event, for messages. */
  readonly error: Error
  /** It could not be made, gave no reply to what was asked, or was stalled. */
  readonly isFailure: boolean
  /** It was made. */
  readonly wasMade: boolean
  /** A request had timed out, and its reply had not come. */
  readonly isStalled: boolean
  /** It could not be made in time: TCP has tried several times by then. */
  readonly isConnectTimeout: boolean
}

/** The user of a connection, which is told of its events. */
export interface ConnectionOwner {
  /** It has room for more requests than before. */
  onRoom(connection: Connection): void
  /** The reply to the oldest request; also when that is abandoned. */
  onReply(connection: Connection, request: Request, detections: Answer): void
  /** No reply in time: the request is abandoned. */
  onTimeout(connection: Connection, request: Request): void
  /** It has ended, by itself or by `destroy`. The last call. */
  onClose(connection: Connection, ending: Ending): void
}

/**
 * One connection to a server, from its making to its end. Requests are written together once per turn of the event
 * loop; replies belong to them in their order.
 *
 *     connecting --> trial --reply--> settling --time --> open          any of them --> closed
 *     room: none     one              none                the window
 *
 * The window opens only when the server has kept the connection open past a reply: one that closes after each reply
 * would lose what else was sent. Some of those take whatever they read at once as one request, so the header goes
 * out together with the first one.
 *
 *     requests:  [ abandoned ][ abandoned ][ waiting ][ waiting ]     a reply goes to the first, always
 *                `-- timed out: its reply, when it comes, is dropped
 *
 * While a request is abandoned there is no room: a request that is sent now would wait behind it. If its reply does not
 * come in the same time again, the connection is broken off: nobody can tell what comes after it.
 */
export class Connection {
  readonly address: ServerAddress
  /** Time of its beginning, on the clock of `performance.now()`. */
  readonly startedAt = performance.now()
  readonly #options: ConnectionSettings
  readonly #owner: ConnectionOwner
  readonly #transport: Transport
  readonly #requests = new Fifo<Request>()
  #state: 'connecting' | 'trial' | 'settling' | 'open' | 'closed' = 'connecting'
  #abandoned = 0
  #replies = 0
  #isAsked = false
  #isFlushing = false
  #timer: NodeJS.Timeout | undefined
  #settleTimer: NodeJS.Timeout | undefined
  #isConnectTimeout = false

  constructor(address: ServerAddress, options: ConnectionSettings, owner: ConnectionOwner) {
    this.address = address
    this.#options = options
    this.#owner = owner
    const events: TransportOwner = {
      onConnect: () => this.#connected(),
      onReply: (detections) => this.#reply(detections),
      onRead: () => {
        if (this.room > 0) this.#owner.onRoom(this)
      },
      onEnd: (error, wasMade) => this.#close(error, wasMade),
    }
    this.#transport =
      address.http === undefined
        ? new LineTransport(address, options, events)
        : new HttpTransport(address, options, events)
    this.#timer = setTimeout(() => this.#connectTimeout(), options.timeoutMs)
  }

  /** Number of requests that it takes now. */
  get room(): number {
    if (this.#abandoned > 0) return 0
    if (this.#state === 'open') return this.#options.window - this.#requests.length
    return this.#state === 'trial' ? 1 - this.#requests.length : 0
  }

  /** Requests that wait for their replies. */
  get inFlight(): number {
    return this.#requests.length
  }

  /** Replies that it has given. */
  get replies(): number {
    return this.#replies
  }

  get isConnecting(): boolean {
    return this.#state === 'connecting'
  }

  /** Sends a request. To be called with room for it only. */
  send(request: Request): void {
    assert(this.room > 0, 'a request needs room')
    request.sentAt = performance.now()
    if (!this.#isAsked) {
      this.#isAsked = true
      clearTimeout(this.#timer)
      this.#timer = undefined
    }
    this.#requests.push(request)
    this.#transport.add(request)
    if (!this.#isFlushing) {
      this.#isFlushing = true
      process.nextTick(this.#flush)
    }
  }

  /** Ends the connection and tells the owner. */
  destroy(error: Error): void {
    this.#close(error)
  }

  readonly #flush = (): void => {
    this.#isFlushing = false
    if (this.#state === 'closed') return
    this.#transport.flush()
    this.#timer ??= setTimeout(this.#onTimer, this.#options.timeoutMs)
  }

  #connected(): void {
    if (this.#state !== 'connecting') return
    this.#state = 'trial'
    clearTimeout(this.#timer)
    this.#timer = undefined
    this.#owner.onRoom(this)
    // A server that serves one connection after the other would wait for a request, and let all others wait.
    if (this.#state === 'trial' && !this.#isAsked) {
      this.#timer = setTimeout(
        () => this.#close(new Error('there was nothing to ask')),
        this.#options.settleMs,
      )
    }
  }

  #connectTimeout(): void {
    this.#isConnectTimeout = true
    this.#close(new Error(`no connection within ${this.#options.timeoutMs} ms`))
  }

  #reply(detections: Answer): void {
    const request = this.#requests.shift()
    if (request === undefined) throw new BadReply('it sent a reply that nobody had asked for')
    if (request.abandoned) this.#abandoned -= 1
    this.#replies += 1
    if (this.#state === 'trial') this.#settle()
    this.#owner.onReply(this, request, detections)
  }

  #settle(): void {
    this.#state = 'settling'
    this.#settleTimer = setTimeout(() => {
      if (this.#state !== 'settling') return
      this.#state = 'open'
      this.#owner.onRoom(this)
    }, this.#options.settleMs)
  }

  /** The oldest requests are due, or were so when the timer was set. */
  readonly #onTimer = (): void => {
    this.#timer = undefined
    const { timeoutMs } = this.#options
    // Timers may be early by a part of a millisecond.
    const now = performance.now() + 1
    for (const request of this.#requests) {
      if (request.abandoned) continue
      if (request.sentAt + timeoutMs > now) break
      request.abandoned = true
      this.#abandoned += 1
      this.#owner.onTimeout(this, request)
      if (this.#isClosed) return
    }
    const oldest = this.#requests.first
    if (oldest === undefined) return
    if (oldest.abandoned && oldest.sentAt + 2 * timeoutMs <= now) {
      this.#close(new Error(`no reply within ${2 * timeoutMs} ms`))
    } else {
      this.#timer = setTimeout(this.#onTimer, this.#nextDue() - now)
    }
  }

  /** The time when the next request times out, or the connection is to be broken off. */
  #nextDue(): number {
    const { timeoutMs } = this.#options
    let due = Number.POSITIVE_INFINITY
    for (const { abandoned, sentAt } of this.#requests) {
      due = Math.min(due, sentAt + (abandoned ? 2 * timeoutMs : timeoutMs))
      if (!abandoned) break
    }
    return due
  }

  get #isClosed(): boolean {
    return this.#state === 'closed'
  }

  #close(error: Error, isMade = true): void {
    if (this.#isClosed) return
    const wasMade = this.#state !== 'connecting' && (isMade || this.#replies > 0)
    this.#state = 'closed'
    const problem = this.#transport.stop(this.#requests.length > 0)
    clearTimeout(this.#timer)
    clearTimeout(this.#settleTimer)
    this.#transport.destroy()
    const isStalled = this.#abandoned > 0
    this.#owner.onClose(this, {
      unanswered: this.#requests.clear().filter((request) => !request.abandoned),
      error: error instanceof BadReply || problem === undefined ? error : problem,
      isFailure: !wasMade || isStalled || (this.#isAsked && this.#replies === 0),
      wasMade,
      isStalled,
      isConnectTimeout: this.#isConnectTimeout,
    })
  }
}
