import cluster from 'node:cluster'
import { Socket, type SocketConstructorOpts } from 'node:net'
import process from 'node:process'
import type { ToPrimary, ToWorker, WorkerLoad } from '../tracer/cluster/messages.ts'
import { Newcomers } from '../tracer/cluster/newcomers.ts'
import { RemoteEnricher } from '../tracer/cluster/remote-enricher.ts'
import { createLog, type Log } from '../tracer/log.ts'
import { Metrics } from '../tracer/metrics.ts'
import { SERVER_DEFAULTS, type TracerServer } from '../tracer/server.ts'
import { CommandError } from './exit-codes.ts'
import { isSharedPort } from './scheduling.ts'
import type { SourceArgument, SourceArguments } from './tracer-arguments.ts'
import {
  checkUsage,
  close,
  createServer,
  drawnFrom,
  drawnFromServer,
  isShared,
  listen,
  loadAll,
  nameOf,
  reload,
  type ServeOptions,
  type Sources,
} from './tracer-serve.ts'

/** How often the primary is told how busy the worker is, if that has changed, and how often in any case. */
const LOAD_MS = 100
const SIGN_OF_LIFE_MS = 1000

/** The signals of a terminal, or of a service manager, go to all processes of a group; the primary decides. */
const SIGNALS_OF_PRIMARY = ['SIGTERM', 'SIGINT', 'SIGHUP'] as const

/**
 * A worker of `tracer serve --workers`: serves the port until the primary tells it to stop, or is gone. What prevents
 * its start is told to the primary, which reports it once for all workers.
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
  readonly #newcomers = new Newcomers()
  /** Those that live in the primary, at their places there. */
  readonly #remotes: RemoteEnricher[] = []
  /** Connections that are on their way to the primary. */
  readonly #leaving = new Set<Socket>()
  readonly #port: Promise<number>
  #onPort!: (port: number) => void
  readonly #stopped: Promise<void>
  #onStop!: () => void
  #loaded: Sources = { enrichers: [] }
  #server: TracerServer | undefined
  #metrics: Metrics | undefined
  #taken = 0
  #told: WorkerLoad | undefined
  #toldAt = 0

  constructor(options: ServeOptions, log: Log) {
    this.#options = options
    this.#log = log
    this.#port = new Promise((resolve) => {
      this.#onPort = resolve
    })
    this.#stopped = new Promise((resolve) => {
      this.#onStop = resolve
    })
    for (const signal of SIGNALS_OF_PRIMARY) process.on(signal, () => {})
    process.on('message', (message: ToWorker, handle?: unknown) => this.#onMessage(message, handle))
    cluster.worker!.on('disconnect', () => this.#onDisconnect())
    setInterval(() => this.#tellLoadIfDue(), LOAD_MS).unref()
  }

  /** @throws {CommandError} when it cannot start */
  async run(sources: SourceArguments): Promise<void> {
    const settings = checkUsage(this.#options, sources)
    // When it is told to stop before it serves, there is nothing to be finished.
    const standIn = (source: SourceArgument) => (isShared(source) ? this.#remote(nameOf(source)) : undefined)
    const loading = loadAll(this.#options, sources, this.#log, { standIn })
    const loaded = await Promise.race([loading, this.#stopped])
    if (loaded === undefined) return
    this.#loaded = loaded
    send({ kind: 'loaded' })
    const port = await Promise.race([this.#port, this.#stopped])
    if (port === undefined) return
    const { workers = 1, maxConnections = SERVER_DEFAULTS.maxConnections } = this.#options
    const asked = { host: this.#options.listen.host, port }
    const server = createServer(
      { ...this.#options, listen: asked, maxConnections: Math.ceil(maxConnections / workers) },
      isSharedPort() ? { ...settings, handOver: (socket) => this.#handOver(socket) } : settings,
      loaded,
      this.#log,
    )
    this.#server = server
    this.#metrics = new Metrics({ ...drawnFromServer(server), ...drawnFrom(loaded) })
    send({ kind: 'listening', ...(await listen(server, '--listen', asked)) })

    await this.#stopped
    await server.close()
    await close(loaded)
    await this.#sendMetrics(false)
    await new Promise<void>((resolve) => send({ kind: 'load', ...this.#state }, resolve))
  }

  /** Stands for an enricher that lives in the primary. */
  #remote(name: string): RemoteEnricher {
    const remote = new RemoteEnricher({ name, enricher: this.#remotes.length, send })
    this.#remotes.push(remote)
    return remote
  }

  #onMessage(message: ToWorker, handle: unknown): void {
    if (message.kind === 'answers') this.#remotes[message.enricher]!.onAnswers(message.answers)
    else if (message.kind === 'connection') this.#take(handle)
    else if (message.kind === 'listen') this.#onPort(message.port)
    else if (message.kind === 'reload') reload(this.#loaded)
    else if (message.kind === 'metrics') void this.#sendMetrics(message.isPage)
    else this.#onStop()
  }

  /** The primary has died: what was read is answered, and nothing more is accepted. */
  #onDisconnect(): void {
    // Else Node ends the process on the spot.
    cluster.worker!.exitedAfterDisconnect = true
    for (const remote of this.#remotes) remote.close()
    for (const socket of this.#leaving) socket.destroy()
    this.#log.error('the primary is gone: stopping')
    this.#onStop()
  }

  /** Gives a new connection to the primary, which knows who has the fewest. */
  #handOver(socket: Socket): boolean {
    const handle = handleOf(socket)
    if (handle === undefined || !process.connected || !this.#newcomers.isNextDealt()) return false
    this.#leaving.add(socket)
    const leave = () => {
      this.#leaving.delete(socket)
      socket.destroy()
    }
    send({ kind: 'connection', ...this.#state }, leave, handle)
    return true
  }

  #take(handle: unknown): void {
    this.#taken += 1
    // Without a handle the client was gone before it was here.
    if (handle !== undefined && this.#server !== undefined) this.#server.serve(socketOf(handle))
  }

  get #state(): WorkerLoad {
    const { connections = 0, counters } = this.#server ?? {}
    return { connections, taken: this.#taken, requests: counters?.requests ?? 0 }
  }

  #tellLoadIfDue(): void {
    const isNews = this.#told?.connections !== this.#state.connections
    if (isNews || performance.now() - this.#toldAt >= SIGN_OF_LIFE_MS) this.#tellLoad()
  }

  #tellLoad(): void {
    this.#told = this.#state
    this.#toldAt = performance.now()
    send({ kind: 'load', ...this.#told })
  }

  async #sendMetrics(isPage: boolean): Promise<void> {
    const metrics = await this.#metrics?.snapshot({ isPage })
    if (metrics !== undefined) send({ kind: 'metrics', isPage, metrics })
  }
}

/**
 * Tells the primary.
 *
 * @param onSent is called in any case
 * @param handle a connection that goes with the message
 * @returns false when the primary is gone
 */
function send(message: ToPrimary, onSent: () => void = ignore, handle?: Socket): boolean {
  if (!process.connected) {
    onSent()
    return false
  }
  process.send!(message, handle, undefined, onSent)
  return true
}

function ignore(): void {}

/**
 * What is sent is the handle, as Node's own round robin does it. Node reads from a socket that was sent as such as soon
 * as it is received, and what was read is lost when it is sent on.
 */
function handleOf(socket: Socket): Socket | undefined {
  return (socket as Socket & { _handle?: Socket })._handle ?? undefined
}

function socketOf(handle: unknown): Socket {
  const options: SocketConstructorOpts & { handle: unknown } = { handle, allowHalfOpen: true }
  return new Socket(options)
}
