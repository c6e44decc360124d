import cluster from 'node:cluster'
import type { Socket } from 'node:net'
import process from 'node:process'
import type { ToPrimary, ToWorker, WorkerLoad } from '../tracer/cluster/messages.ts'
import { DEALT_NEWCOMERS, DEALT_OVERFLOW, Newcomers } from '../tracer/cluster/newcomers.ts'
import { REMOTE_TIMEOUT_MS, RemoteEnricher } from '../tracer/cluster/remote-enricher.ts'
import { LONGEST_TIMER_MS } from '../tracer/durations.ts'
import { createLog, type Log } from '../tracer/server/log.ts'
import { Metrics } from '../tracer/server/metrics.ts'
import { SERVER_DEFAULTS, type TracerServer } from '../tracer/server/server.ts'
import { CommandError, EXIT } from './exit-codes.ts'
import { KEPT_VARIABLE, keptFilesOfWorker } from './kept-files.ts'
import { handleOf, type PassedHandle, sendable, socketOf } from './passed-handle.ts'
import { HTTP_PORT_VARIABLE, isSharedPort } from './scheduling.ts'
import type { SourceArgument, SourceArguments } from './tracer-arguments.ts'
import { createHttp, type HttpFace } from './tracer-http.ts'
import {
  checkUsage,
  close,
  createServer,
  drawnFrom,
  drawnFromServer,
  isDegraded,
  isShared,
  listen,
  listenHttp,
  loadAll,
  nameOf,
  reload,
  type ServeOptions,
  type Sources,
} from './tracer-serve.ts'

/** Interval at which the primary is told of a load that has changed, and interval in any case. */
const LOAD_MS = 100
const SIGN_OF_LIFE_MS = 1000
/** Time that an answer from the primary may need beyond the time-out of the enricher there. */
const WAY_BACK_MS = 5000
/** Connections that are on their way to the primary at a time; beyond that they are served, or refused, here. */
const MOST_LEAVING = 256
/** Time in which the primary says where a new connection goes. One that hangs is not asked again until it speaks. */
const PLACE_MS = 500
/** The same where there is no room here: it would be refused. */
const OVERFLOW_PLACE_MS = 5000
/** A worker whose primary is gone has the time of its clients, and so much more; then it ends the hard way. */
const ALONE_GRACE_MS = 5000

/** The signals of a terminal, or of a service manager, go to all processes of a group; the primary decides. */
const SIGNALS_OF_PRIMARY = ['SIGTERM', 'SIGINT', 'SIGHUP'] as const

/**
 * A worker of `tracer serve --workers`: serves the port until the primary tells it to stop, or is gone. A fault
 * that prevents its start is told to the primary, which reports it once for all workers.
 *
 * @param id its number, from 1
 * @returns the exit code
 */
export async function runWorker(
  id: number,
  options: ServeOptions,
  sources: SourceArguments,
): Promise<number> {
  try {
    await new TracerWorker(options, createLog(options.logLevel).child({ worker: id })).run(sources)
    return 0
  } catch (error) {
    if (!(error instanceof CommandError)) throw error
    const { message, exitCode } = error
    await new Promise<void>((resolve) => send({ kind: 'failed', message, exitCode }, resolve))
    return exitCode
  }
}

class TracerWorker {
  readonly #options: ServeOptions
  readonly #log: Log
  readonly #keptText = process.env[KEPT_VARIABLE]
  readonly #httpPort = process.env[HTTP_PORT_VARIABLE]
  readonly #newcomers = new Newcomers(DEALT_NEWCOMERS)
  /** When there is no room: a flood is refused here, and not by way of the primary. */
  readonly #overflow = new Newcomers(DEALT_OVERFLOW)
  /** Those that live in the primary, at their places there. */
  readonly #remotes: RemoteEnricher[] = []
  /** Functions that close here the connections that are on their way to the primary. */
  readonly #leaving = new Set<() => void>()
  /** New connections of which the primary is asked where they go, from which nothing is read meanwhile. */
  readonly #newcomersAsked = new Map<number, { readonly socket: Socket; readonly timer: NodeJS.Timeout }>()
  #lastNewcomer = 0
  /** It has not answered in time, and has said nothing since. */
  #isPrimarySilent = false
  #isAlone = false
  readonly #port: Promise<number>
  #onPort!: (port: number) => void
  readonly #stopped: Promise<void>
  #onStop!: () => void
  #loaded: Sources = { enrichers: [] }
  #server: TracerServer | undefined
  #http: HttpFace | undefined
  #metrics: Metrics | undefined
  #taken = 0
  #told: WorkerLoad | undefined
  #toldAt = 0
  #isDegraded = false

  constructor(options: ServeOptions, log: Log) {
    this.#options = options
    this.#log = log
    this.#port = new Promise((resolve) => {
      this.#onPort = resolve
    })
    this.#stopped = new Promise((resolve) => {
      this.#onStop = resolve
    })
    // Processes that a module of the user's own starts need not know it.
    delete process.env[KEPT_VARIABLE]
    delete process.env[HTTP_PORT_VARIABLE]
    for (const signal of SIGNALS_OF_PRIMARY) process.on(signal, () => {})
    process.on('message', (message: ToWorker, handle?: PassedHandle) => this.#onMessage(message, handle))
    cluster.worker!.on('disconnect', () => this.#onDisconnect())
    setInterval(() => {
      // Node does not tell of the end of a channel through which a connection is being sent.
      if (!process.connected) this.#onDisconnect()
      else this.#tellLoadIfDue()
    }, LOAD_MS).unref()
  }

  /** @throws {CommandError} when it cannot start */
  async run(sources: SourceArguments): Promise<void> {
    const settings = checkUsage(this.#options, sources)
    const { workers = 1, maxConnections = SERVER_DEFAULTS.maxConnections } = this.#options
    this.#http = createHttp(this.#options, {
      tls: settings.tls,
      detector: () => this.#server?.detector,
      log: this.#log,
      port: this.#httpPort === undefined ? undefined : Number(this.#httpPort),
      workers,
    })
    if (this.#http !== undefined) await listenHttp(this.#http)
    // When it is told to stop before it serves, there is nothing to be finished.
    const standIn = (source: SourceArgument) => (isShared(source) ? this.#remote(source) : undefined)
    const kept = keptFilesOfWorker(this.#keptText, (file, version) => send({ kind: 'file', file, version }))
    const loading = loadAll(this.#options, sources, this.#log, { standIn, kept, serves: true })
    const loaded = await Promise.race([loading, this.#stopped])
    if (loaded === undefined) {
      await this.#http?.close()
      return
    }
    this.#loaded = loaded
    this.#isDegraded = isDegraded(loaded)
    send({ kind: 'loaded' })
    const port = await Promise.race([this.#port, this.#stopped])
    if (port === undefined) {
      await this.#http?.close()
      return
    }
    const asked = { host: this.#options.listen.host, port }
    const server = createServer(
      { ...this.#options, listen: asked, maxConnections: Math.ceil(maxConnections / workers) },
      isSharedPort() ? { ...settings, handOver: (socket) => this.#handOver(socket) } : settings,
      loaded,
      this.#log,
    )
    this.#server = server
    this.#metrics = new Metrics({ ...drawnFromServer(server, this.#http), ...drawnFrom(loaded) })
    const listening = await listen(server, '--listen', asked)
    this.#tellLoad()
    send({ kind: 'listening', ...listening })

    await this.#stopped
    await Promise.all([server.close(), this.#http?.close()])
    await close(loaded)
    await this.#sendMetrics(false)
    await new Promise<void>((resolve) => send({ kind: 'load', ...this.#state }, resolve))
  }

  /** Stands for an enricher that lives in the primary. */
  #remote(source: SourceArgument): RemoteEnricher {
    const remote = new RemoteEnricher({
      name: nameOf(source),
      enricher: this.#remotes.length,
      send,
      timeoutMs: remoteTimeoutMs(source, this.#options),
    })
    this.#remotes.push(remote)
    return remote
  }

  #onMessage(message: ToWorker, handle: PassedHandle | undefined): void {
    this.#isPrimarySilent = false
    if (message.kind === 'results') this.#remotes[message.enricher]!.onResults(message.results)
    else if (message.kind === 'connection') this.#take(handle, message)
    else if (message.kind === 'place') this.#onPlace(message)
    else if (message.kind === 'listen') this.#onPort(message.port)
    else if (message.kind === 'reload') this.#reload()
    else if (message.kind === 'metrics') void this.#sendMetrics(message.isPage)
    else this.#onStop()
  }

  #reload(): void {
    reload(this.#loaded)
    this.#http?.reload()
  }

  /** The primary has died: requests that were read are answered, and nothing more is accepted. */
  #onDisconnect(): void {
    if (this.#isAlone) return
    this.#isAlone = true
    // Else Node ends the process on the spot.
    cluster.worker!.exitedAfterDisconnect = true
    for (const remote of this.#remotes) remote.close()
    for (const close of this.#leaving) close()
    this.#leaving.clear()
    this.#log.error('the primary is gone: stopping')
    this.#onStop()
    // The primary would have killed it.
    const { shutdownTimeout = SERVER_DEFAULTS.shutdownTimeoutMs } = this.#options
    const longestMs = Math.min(LONGEST_TIMER_MS, shutdownTimeout + ALONE_GRACE_MS)
    setTimeout(() => process.exit(EXIT.FAILED), longestMs).unref()
  }

  /**
   * Asks the primary, which knows who has the fewest connections, where a new one goes; where there is no room here,
   * of any. A primary that hangs keeps nobody waiting: then the connection is served here.
   */
  #handOver(socket: Socket): boolean {
    const { hasRoom } = this.#server!
    if ((hasRoom && this.#isPrimarySilent) || !process.connected || handleOf(socket) === undefined)
      return false
    if (this.#leaving.size + this.#newcomersAsked.size >= MOST_LEAVING) return false
    const limit = hasRoom ? this.#newcomers : this.#overflow
    if (!limit.isNextDealt()) return false
    this.#lastNewcomer += 1
    const id = this.#lastNewcomer
    const giveUp = () => {
      this.#newcomersAsked.delete(id)
      this.#isPrimarySilent = true
      // It may have become full while it waited: then another worker may have room.
      const isFullNow = hasRoom && !this.#server!.hasRoom
      if (!isFullNow || !this.#handOver(socket)) this.#server!.serve(socket)
    }
    const timer = setTimeout(giveUp, hasRoom ? PLACE_MS : OVERFLOW_PLACE_MS)
    this.#newcomersAsked.set(id, { socket, timer })
    this.#told = this.#state
    send({ kind: 'newcomer', id, ...this.#told })
    return true
  }

  #onPlace({ id, stays }: { id: number; stays: boolean }): void {
    // Also for one that was not waited for: the primary counts it.
    if (stays) this.#taken += 1
    const asked = this.#newcomersAsked.get(id)
    if (asked === undefined) return
    this.#newcomersAsked.delete(id)
    const { socket, timer } = asked
    clearTimeout(timer)
    const handle = handleOf(socket)
    // It may have become full meanwhile.
    if (handle === undefined || (stays && this.#server!.hasRoom)) this.#server!.serve(socket)
    else this.#leave(handle, 0, () => socket.destroy())
  }

  #leave(handle: PassedHandle, returns: number, close: () => void): void {
    this.#leaving.add(close)
    this.#told = this.#state
    const left = () => {
      if (this.#leaving.delete(close)) close()
    }
    send({ kind: 'connection', returns, ...this.#told }, left, handle)
  }

  #take(handle: PassedHandle | undefined, { returns, isLast }: { returns: number; isLast: boolean }): void {
    this.#taken += 1
    // Without a handle the client was gone before it was here.
    if (handle === undefined || this.#server === undefined) return
    // It has become full while the connection was on its way.
    if (!isLast && !this.#server.hasRoom && process.connected) {
      this.#leave(handle, returns + 1, () => handle.close())
    } else this.#server.serve(socketOf(handle))
  }

  get #state(): WorkerLoad {
    const { connections = 0, counters, hasRoom = true } = this.#server ?? {}
    const requests = counters?.requests ?? 0
    return { connections, taken: this.#taken, requests, isFull: !hasRoom, isDegraded: this.#isDegraded }
  }

  #tellLoadIfDue(): void {
    const isNews = this.#told?.connections !== this.#state.connections
    if (isNews || performance.now() - this.#toldAt >= SIGN_OF_LIFE_MS) this.#tellLoad()
  }

  #tellLoad(): void {
    this.#isDegraded = isDegraded(this.#loaded)
    this.#told = this.#state
    this.#toldAt = performance.now()
    send({ kind: 'load', ...this.#told })
  }

  async #sendMetrics(isPage: boolean): Promise<void> {
    const metrics = await this.#metrics?.snapshot({ isPage })
    if (metrics !== undefined) send({ kind: 'metrics', isPage, metrics })
  }
}

/** Time that a worker waits for an enricher in the primary: longer than that takes to say that it has no answer. */
export function remoteTimeoutMs(
  source: SourceArgument,
  { enricherTimeout = 0, mispTimeout = 0 }: Pick<ServeOptions, 'enricherTimeout' | 'mispTimeout'>,
): number {
  const ownMs = source === 'misp' ? mispTimeout : enricherTimeout
  return Math.min(LONGEST_TIMER_MS, Math.max(REMOTE_TIMEOUT_MS, ownMs + WAY_BACK_MS))
}

/**
 * Tells the primary.
 *
 * @param onSent is called in any case
 * @param handle a connection that goes with the message
 * @returns false when the primary is gone
 */
function send(message: ToPrimary, onSent: () => void = ignore, handle?: PassedHandle): boolean {
  if (!process.connected) {
    onSent()
    return false
  }
  process.send!(message, sendable(handle), undefined, onSent)
  return true
}

function ignore(): void {}
