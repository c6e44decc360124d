import cluster, { type Worker } from 'node:cluster'
import { createServer } from 'node:net'
import { type Backoff, backoffMs } from '../tracer/client/backoff.ts'
import { EnricherHost, type SendResults } from '../tracer/cluster/enricher-host.ts'
import type { RemoteResults, ToPrimary, ToWorker } from '../tracer/cluster/messages.ts'
import type { Enricher } from '../tracer/enricher.ts'
import type { Log } from '../tracer/server/log.ts'
import type { MetricsSnapshot, WorkerCounts } from '../tracer/server/metrics.ts'
import type { Endpoint } from './endpoint.ts'
import { CommandError, EXIT } from './exit-codes.ts'
import { KeptFilesOfPrimary } from './kept-files.ts'
import type { PassedHandle } from './passed-handle.ts'
import { setScheduling, WORKER_VARIABLE } from './scheduling.ts'
import { WorkerSlot } from './worker-slot.ts'

/** A worker that ends is replaced at once, if it had served for so long; else after a wait. */
const STABLE_MS = 10_000
const BACKOFF: Backoff = { minMs: 500, maxMs: 30_000 }
/** A worker that gives no sign of life for so many seconds is killed, and replaced. */
const HANGING_SECONDS = 30
/** Time that a page of metrics waits for workers. */
const METRICS_MS = 1000
/** Interval at which workers are asked for their counts, so that little is lost with one that is killed. */
const SNAPSHOT_MS = 2000
/** Time that a worker has beyond that of its clients, before it is killed. */
const SHUTDOWN_GRACE_MS = 5000

export interface SupervisorOptions {
  readonly workers: number
  readonly listen: Endpoint
  readonly shutdownTimeoutMs: number
  /** Asked by the workers. They belong to the caller. */
  readonly shared: readonly Enricher[]
  readonly log: Log
  /** Variables of the workers' environment. Default: none but their own. */
  readonly environment?: NodeJS.ProcessEnv
  /** Takes the counts of a worker. Unset: nobody asks. */
  readonly metrics?: {
    update(worker: number, snapshot: MetricsSnapshot): void
    retire(worker: number): void
  }
}

/** The address on which the workers listen. */
export interface Listening {
  readonly address: string
  readonly port: number
}

/**
 * Starts the workers of a server, replaces those that end, and deals out connections.
 *
 *     start ─► fork ... ─► all listen ─► serving ─► stop ─► all have ended
 *                 `─ one cannot: rejected
 */
export class Supervisor implements WorkerCounts {
  /** Workers that were started for one that had ended. */
  restarts = 0
  readonly #options: SupervisorOptions
  readonly #log: Log
  readonly #host: EnricherHost
  readonly #slots: readonly WorkerSlot[]
  readonly #kept = new KeptFilesOfPrimary()
  readonly #timers: NodeJS.Timeout[] = []
  #port: Promise<number> | undefined
  /** Requests that workers have answered which have ended. */
  #pastRequests = 0
  #isStopping = false
  /** The server has begun, or cannot. */
  #onStarted: ((where: Listening | CommandError) => void) | undefined
  #onEnded: (() => void) | undefined
  /** A page waits for the metrics of these. */
  #awaited = new Set<WorkerSlot>()
  #onMetrics: (() => void) | undefined
  #refreshing: Promise<void> | undefined

  constructor(options: SupervisorOptions) {
    this.#options = options
    this.#log = options.log
    this.#host = new EnricherHost(options.shared)
    this.#slots = Array.from({ length: options.workers }, (_, i) => new WorkerSlot(i + 1))
  }

  /** Workers that serve now. */
  get listening(): number {
    return this.#slots.filter(({ state }) => state === 'listening').length
  }

  /** A worker that serves lacks a feed. */
  get isDegraded(): boolean {
    return this.#slots.some(({ state, isDegraded }) => state === 'listening' && isDegraded)
  }

  /** The processes of the workers. */
  get pids(): readonly number[] {
    return this.#slots.flatMap(({ pid }) => pid ?? [])
  }

  /** Connections that are served, as far as it is known here. */
  get connections(): number {
    return this.#slots.reduce((sum, { load }) => sum + load, 0)
  }

  /** Requests that all workers have answered, also those that have ended. */
  get requests(): number {
    return this.#slots.reduce((sum, { requests }) => sum + requests, this.#pastRequests)
  }

  /** @returns the address on which all workers listen. Rejects with a `CommandError` when one of them cannot start */
  start(): Promise<Listening> {
    setScheduling()
    this.#timers.push(setInterval(() => this.#checkLives(), 1000))
    if (this.#options.metrics !== undefined) {
      this.#timers.push(setInterval(() => this.#tellAll({ kind: 'metrics', isPage: false }), SNAPSHOT_MS))
    }
    return new Promise((resolve, reject) => {
      this.#onStarted = (outcome) => {
        this.#onStarted = undefined
        if (outcome instanceof CommandError) reject(outcome)
        else resolve(outcome)
      }
      for (const slot of this.#slots) this.#fork(slot)
    })
  }

  /** Lets all workers read their feeds again. */
  reload(): void {
    this.#tellAll({ kind: 'reload' })
  }

  /**
   * Asks for the metrics of all workers; resolves when they are told, or when it takes too long. Others that ask
   * meanwhile wait for the same answers.
   */
  refresh(): Promise<void> {
    this.#refreshing ??= this.#askForMetrics().finally(() => {
      this.#refreshing = undefined
    })
    return this.#refreshing
  }

  #askForMetrics(): Promise<void> {
    this.#awaited = new Set(this.#slots.filter(({ state }) => state === 'listening'))
    if (this.#awaited.size === 0) return Promise.resolve()
    return new Promise((resolve) => {
      const timer = setTimeout(() => this.#onMetrics?.(), METRICS_MS)
      this.#onMetrics = () => {
        this.#onMetrics = undefined
        clearTimeout(timer)
        resolve()
      }
      for (const slot of this.#awaited) slot.tell({ kind: 'metrics', isPage: true })
    })
  }

  /** All workers answer what they have read, and end; those that have not in time are killed. */
  async stop(): Promise<void> {
    this.#isStopping = true
    this.#tellAll({ kind: 'stop' })
    await this.#ended(this.#options.shutdownTimeoutMs + SHUTDOWN_GRACE_MS)
  }

  /** All workers end now. */
  async kill(): Promise<void> {
    await this.#ended(0)
  }

  async #ended(timeoutMs: number): Promise<void> {
    this.#isStopping = true
    for (const slot of this.#slots) slot.cancelRestart()
    const kill = () => {
      for (const { id, pid, worker } of this.#slots) {
        if (worker === undefined) continue
        if (timeoutMs > 0) this.#log.warn({ worker: id, pid }, 'worker does not end: killed')
        worker.process.kill('SIGKILL')
      }
    }
    const timer = setTimeout(kill, timeoutMs)
    await new Promise<void>((resolve) => {
      this.#onEnded = resolve
      this.#checkEnded()
    })
    clearTimeout(timer)
    for (const interval of this.#timers) clearInterval(interval)
  }

  #checkEnded(): void {
    if (this.#slots.every(({ worker }) => worker === undefined)) this.#onEnded?.()
  }

  #fork(slot: WorkerSlot): void {
    let worker: Worker
    try {
      const late = this.#onStarted === undefined ? this.#kept.environment(this.listening === 0) : {}
      worker = cluster.fork({
        ...this.#options.environment,
        [WORKER_VARIABLE]: String(slot.id),
        ...late,
      })
    } catch (error) {
      // The system has no memory for it, or no file descriptors.
      this.#onNotForked(slot, error as Error)
      return
    }
    slot.begin(worker)
    // Its own way back: answers to a worker that has ended are not for the one in its place.
    const answer = (message: RemoteResults) => {
      if (slot.worker === worker) slot.tell(message)
    }
    worker.on('message', (message: ToPrimary, handle?: PassedHandle) => {
      if (slot.worker === worker) this.#onMessage(slot, message, answer)
      if (handle !== undefined) this.#deal(handle, message.kind === 'connection' ? message.returns : 0)
    })
    worker.on('exit', (code, signal) => {
      const end = () => this.#onExit(slot, worker, { code, signal })
      // Its last message may come after it has ended.
      if (worker.isConnected()) worker.once('disconnect', end)
      else end()
    })
    worker.on('error', (error) => {
      this.#log.error({ worker: slot.id, err: error }, 'worker failed')
      // It could not be started: there is no other word of it.
      if (worker.process.pid === undefined) this.#onExit(slot, worker, { code: null, signal: null })
    })
  }

  #onMessage(slot: WorkerSlot, message: ToPrimary, answer: SendResults): void {
    slot.hasSpoken()
    switch (message.kind) {
      case 'loaded':
        this.#tellPort(slot)
        break
      case 'listening':
        this.#onListening(slot, message)
        break
      case 'failed':
        this.#onFailed(slot, message.message, message.exitCode)
        break
      case 'load':
      case 'connection':
        slot.told(message)
        break
      case 'file':
        void this.#kept.onLoaded(message.file, message.version)
        break
      case 'newcomer': {
        slot.told(message)
        const target = this.#freest()
        slot.place(message.id, target === undefined || target === slot)
        break
      }
      case 'metrics':
        this.#options.metrics?.update(slot.id, message.metrics)
        if (message.isPage) this.#onPageMetrics(slot)
        break
      case 'lookups':
        this.#host.onLookups(message, answer)
        break
    }
  }

  /** All workers listen on the same port: where any free one is asked for, it is found once. */
  #tellPort(slot: WorkerSlot): void {
    const { worker } = slot
    this.#port ??= findPort(this.#options.listen)
    const listen = (port: number) => {
      if (slot.worker === worker) slot.tell({ kind: 'listen', port })
    }
    this.#port.then(listen, () => listen(this.#options.listen.port))
  }

  #onListening(slot: WorkerSlot, { address, port }: Listening): void {
    slot.state = 'listening'
    slot.listensSince = performance.now()
    if (this.#onStarted === undefined) this.#log.info({ worker: slot.id, pid: slot.pid }, 'worker listens')
    else if (this.listening === this.#slots.length) this.#onStarted({ address, port })
  }

  #onFailed(slot: WorkerSlot, message: string, exitCode: number): void {
    if (this.#onStarted !== undefined) this.#onStarted(new CommandError(exitCode, message))
    else if (!this.#isStopping) this.#log.error({ worker: slot.id, reason: message }, 'worker cannot start')
  }

  #onExit(slot: WorkerSlot, worker: Worker, how: { code: number | null; signal: string | null }): void {
    if (slot.worker !== worker) return
    const { pid } = slot
    const served = slot.state === 'listening' ? performance.now() - slot.listensSince : 0
    this.#pastRequests += slot.requests
    const handles = slot.end()
    this.#options.metrics?.retire(slot.id)
    this.#onPageMetrics(slot)
    if (this.#isStopping) this.#checkEnded()
    else if (this.#onStarted !== undefined) {
      const end = how.signal ?? `exit code ${how.code}`
      this.#onStarted(
        new CommandError(EXIT.FAILED, `tracer: worker ${slot.id} ended before it served (${end})`),
      )
    } else {
      slot.failures = served >= STABLE_MS ? 0 : slot.failures + 1
      const restartMs = this.#restart(slot)
      this.#log.error({ worker: slot.id, pid, ...how, restartMs }, 'worker ended; another is started')
    }
    for (const handle of handles) this.#deal(handle)
  }

  /** There is no process: as if it had ended before it served. */
  #onNotForked(slot: WorkerSlot, error: Error): void {
    if (this.#onStarted !== undefined) {
      const text = `tracer: worker ${slot.id} cannot be started: ${error.message}`
      this.#onStarted(new CommandError(EXIT.FAILED, text, { cause: error }))
      return
    }
    slot.failures += 1
    const restartMs = this.#restart(slot)
    this.#log.error({ worker: slot.id, err: error, restartMs }, 'worker cannot be started; it is tried again')
  }

  /** @returns in how many milliseconds: at once, or later and later if it fails again and again */
  #restart(slot: WorkerSlot): number {
    const waitMs = slot.failures === 0 ? 0 : Math.round(backoffMs(slot.failures, BACKOFF))
    slot.restartIn(waitMs, () => {
      this.#fork(slot)
      if (slot.worker !== undefined) this.restarts += 1
    })
    return waitMs
  }

  /**
   * A new connection goes to the worker that has the fewest, as far as it is known. One that has become full meanwhile
   * gives it back, until each has had it, or all are known to be full.
   */
  #deal(handle: PassedHandle, returns = 0): void {
    const target = this.#freest()
    if (target === undefined || this.#isStopping) handle.close()
    else target.give(handle, returns, target.isFull || returns >= this.#slots.length)
  }

  /** The worker with the fewest connections. */
  #freest(): WorkerSlot | undefined {
    let best: WorkerSlot | undefined
    for (const slot of this.#slots) {
      if (slot.state === 'listening' && (best === undefined || slot.load < best.load)) best = slot
    }
    return best
  }

  #onPageMetrics(slot: WorkerSlot): void {
    if (this.#awaited.delete(slot) && this.#awaited.size === 0) this.#onMetrics?.()
  }

  #checkLives(): void {
    for (const slot of this.#slots) {
      if (slot.worker === undefined || slot.tickSilence() < HANGING_SECONDS) continue
      this.#log.error({ worker: slot.id, pid: slot.pid, seconds: HANGING_SECONDS }, 'worker hangs: killed')
      slot.worker.process.kill('SIGKILL')
    }
  }

  #tellAll(message: ToWorker): void {
    for (const slot of this.#slots) slot.tell(message)
  }
}

/** The port that is asked for, or for 0 a free one; the system does not give the same one out again soon. */
export function findPort({ host, port }: Endpoint): Promise<number> {
  if (port !== 0) return Promise.resolve(port)
  return new Promise((resolve, reject) => {
    const server = createServer()
    server.on('error', reject)
    server.listen({ host, port: 0 }, () => {
      const found = (server.address() as { port: number }).port
      server.close(() => resolve(found))
    })
  })
}
