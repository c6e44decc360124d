import { type Backoff, backoffMs } from './backoff.ts'
import type { Answer } from './cache.ts'
import {
  Connection,
  type ConnectionOwner,
  type ConnectionSettings,
  type Ending,
  type ServerAddress,
} from './connection.ts'
import type { Request } from './request.ts'

interface UpstreamSettings extends ConnectionSettings {
  /** Connections to this server. */
  readonly connections: number
  /** Number of further attempts to connect before the server is lost; twice as many if a connection breaks later. */
  readonly retries: number
  readonly backoff: Backoff
}

/** The user of a server, which is told of its events. */
export interface UpstreamOwner {
  /** Also with the reply of an abandoned request. */
  onAnswer(request: Request, detections: Answer): void
  /** @param isSilent nothing else was answered since it was sent, either: the server may be hanging */
  onTimeout(request: Request, isSilent: boolean): void
  /** Requests come back that were sent and not answered, the oldest first. */
  onReturned(requests: readonly Request[]): void
  /** There may be room that was not there before. */
  onRoom(): void
  onConnect(upstream: Upstream): void
  /** A connection could not be made, or was of no use. */
  onFailure(upstream: Upstream, error: Error): void
  /** The server is lost: requests that wait only for it need not wait. */
  onLost(upstream: Upstream, error: Error): void
  /** It answers again. */
  onBack(upstream: Upstream): void
  /** A request that waits, or the last that has failed, if there is one. */
  readonly sample: Request | undefined
}

/** The reason why a server is lost: it cannot be reached, or it takes requests and does not answer. */
type Loss = 'unavailable' | 'timeout'

/**
 * One server: its connections, and whether it is there.
 *
 *              too many failed connections in a row,
 *              or a request timed out and no other was answered since it was sent
 *        up  ---------------------------------------------------------------------->  lost
 *            <----------------------------------------------------------------------
 *              a reply
 *
 * After a failed connection (it could not be made, or gave no reply) no other is begun until the back-off is over.
 * While the server is lost it takes no requests; one connection after the other asks a probe, the request that
 * failed last, so that nobody waits for a server that may be hanging, and none is asked again and again that breaks it.
 */
export class Upstream implements ConnectionOwner {
  readonly address: ServerAddress
  readonly #settings: UpstreamSettings
  readonly #owner: UpstreamOwner
  readonly #connections: Connection[] = []
  /** Failed connections in a row, with no reply between them. */
  #failures = 0
  /** Connections begun before this moment do not count again: they belong to the same failure. */
  #failedAt = Number.NEGATIVE_INFINITY
  /** Runs from a failure until the next attempt. */
  #timer: NodeJS.Timeout | undefined
  #replies = 0
  #loss: Loss | undefined
  /** While the server is lost: where it is asked whether it answers. */
  #probing: Connection | undefined
  #isDestroyed = false

  constructor(address: ServerAddress, settings: UpstreamSettings, owner: UpstreamOwner) {
    this.address = address
    this.#settings = settings
    this.#owner = owner
  }

  /** The reason why it is not there; undefined: it is, as far as is known. */
  get loss(): Loss | undefined {
    return this.#loss
  }

  /** The most room that a connection has. */
  get room(): number {
    return this.#roomiest()?.room ?? 0
  }

  /** Sends a request, if there is room for it. @returns true when there was */
  send(request: Request): boolean {
    const connection = this.#roomiest()
    if (connection === undefined) return false
    this.#sendOn(connection, request)
    return true
  }

  /** Begins connections for so many requests that have found no room, as far as there may be more. */
  makeRoom(waiting: number): void {
    if (this.#loss !== undefined || this.#timer !== undefined) return
    let connecting = 0
    for (const connection of this.#connections) if (connection.isConnecting) connecting += 1
    while (connecting < waiting && this.#connections.length < this.#settings.connections) {
      this.#connect()
      connecting += 1
    }
  }

  /** Ends all connections, and makes no other. */
  destroy(error: Error): void {
    this.#isDestroyed = true
    clearTimeout(this.#timer)
    for (const connection of [...this.#connections]) connection.destroy(error)
  }

  onRoom(connection: Connection): void {
    if (this.#loss === undefined) this.#owner.onRoom()
    else this.#ask(connection)
  }

  onReply(_connection: Connection, request: Request, detections: Answer): void {
    this.#replies += 1
    this.#failures = 0
    if (this.#loss !== undefined) this.#recover()
    if (!request.isProbe) this.#owner.onAnswer(request, detections)
  }

  onTimeout(connection: Connection, request: Request): void {
    const error = new Error(`no reply within ${this.#settings.timeoutMs} ms`)
    if (request.isProbe) {
      connection.destroy(error)
      return
    }
    const isSilent = request.repliesBefore === this.#replies
    this.#owner.onTimeout(request, isSilent)
    if (isSilent) this.#lose('timeout', error)
  }

  onClose(connection: Connection, ending: Ending): void {
    this.#connections.splice(this.#connections.indexOf(connection), 1)
    if (this.#probing === connection) this.#probing = undefined
    if (this.#isDestroyed) return
    const returned = ending.unanswered.filter((request) => !request.isProbe)
    const head = returned[0]
    // It may have broken the connection. On one that had served others the server has just gone away, or the request
    // will be the first on a new connection soon: then it shows.
    if (head !== undefined && ending.wasMade && connection.replies === 0) head.failures += 1
    if (ending.isFailure) this.#fail(connection, ending, head !== undefined)
    else if (this.#loss !== undefined) this.#backOff()
    this.#owner.onReturned(returned)
  }

  #roomiest(): Connection | undefined {
    if (this.#loss !== undefined) return undefined
    let best: Connection | undefined
    let most = 0
    for (const connection of this.#connections) {
      const { room } = connection
      if (room > most) {
        most = room
        best = connection
      }
    }
    return best
  }

  #sendOn(connection: Connection, request: Request): void {
    request.repliesBefore = this.#replies
    connection.send(request)
  }

  #connect(): void {
    this.#connections.push(new Connection(this.address, this.#settings, this))
    this.#owner.onConnect(this)
  }

  /** @param isAsked somebody waits for what was sent on it */
  #fail(connection: Connection, ending: Ending, isAsked: boolean): void {
    const { error, wasMade, isStalled, isConnectTimeout } = ending
    const { retries } = this.#settings
    if (connection.startedAt >= this.#failedAt) {
      this.#failures += 1
      this.#failedAt = performance.now()
    }
    this.#backOff()
    this.#owner.onFailure(this, error)
    // A request may have broken the connections, and it has failed by then.
    const limit = wasMade ? 2 * (retries + 1) : retries
    // A connection that could not be made in time has been tried several times by TCP.
    if (isConnectTimeout || this.#failures > limit) {
      this.#lose(isStalled ? 'timeout' : 'unavailable', error, isAsked)
    }
  }

  #backOff(): void {
    const wait = backoffMs(Math.max(1, this.#failures), this.#settings.backoff)
    this.#timer ??= setTimeout(() => {
      this.#timer = undefined
      if (this.#loss === undefined) this.#owner.onRoom()
      else if (this.#connections.length < this.#settings.connections) this.#connect()
    }, wait)
  }

  #lose(loss: Loss, error: Error, isAsked = false): void {
    const isNew = this.#loss === undefined
    // Nobody asks: the next one who does will see.
    if (!isAsked && this.#owner.sample === undefined) return
    this.#loss = loss
    if (isNew) this.#owner.onLost(this, error)
  }

  #recover(): void {
    this.#loss = undefined
    this.#probing = undefined
    clearTimeout(this.#timer)
    this.#timer = undefined
    this.#owner.onBack(this)
  }

  #ask(connection: Connection): void {
    const { sample } = this.#owner
    if (this.#probing !== undefined || sample === undefined || connection.room === 0) return
    this.#probing = connection
    this.#sendOn(connection, sample.toProbe())
  }
}
