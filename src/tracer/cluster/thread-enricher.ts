import { type Backoff, backoffMs } from '../client/backoff.ts'
import type { Enricher, EnricherMetric, Match } from '../enricher.ts'
import { faultMetric, MODULE_FAULT } from '../enrichers/module-faults.ts'
import type { Indicator } from '../protocol.ts'
import type { Log } from '../server/log.ts'
import type { RemoteLookups, RemoteResults } from './messages.ts'
import { RemoteEnricher } from './remote-enricher.ts'

/** A message from the thread of a module to the one that has started it. */
export type FromModuleThread =
  | { readonly kind: 'ready' }
  /** The module cannot be loaded. */
  | { readonly kind: 'failed'; readonly message: string }
  /** It has thrown outside of a look-up, and goes on. */
  | { readonly kind: 'fault'; readonly problem: string }
  | RemoteResults

/** A thread that has a module; a `Worker` of `node:worker_threads` is one. */
interface ModuleThread {
  postMessage(message: RemoteLookups): void
  terminate(): Promise<unknown>
  on(event: 'message', listener: (message: FromModuleThread) => void): unknown
  on(event: 'error', listener: (error: Error) => void): unknown
  on(event: 'exit', listener: (code: number) => void): unknown
}

interface ThreadEnricherOptions {
  /** Its name in logs and metrics. */
  readonly name: string
  /**
   * Starts a thread.
   *
   * @param beat its first element is to change as long as the module gets on: now and then, and with each look-up
   */
  readonly start: (beat: Int32Array) => ModuleThread
  /** Time for one look-up, in milliseconds; the thread has a shorter time-out of its own. */
  readonly timeoutMs: number
  readonly log: Log
  /** A thread without a beat for so many seconds is ended, and another is started. Default: 10. */
  readonly hangingSeconds?: number
  /** Wait between two threads when they end soon. Default: 0.5 s to 30 s. */
  readonly backoff?: Backoff
}

const HANGING_SECONDS = 10
const BACKOFF: Backoff = { minMs: 500, maxMs: 30_000 }
/** A thread that has served for so long is replaced at once. */
const STABLE_MS = 10_000

/**
 * Asks a module of the user's own that has a thread to itself: a busy loop in it, an end of it, or a heap that is full
 * costs the look-ups that wait there, and the thread. Another one is started.
 *
 *     starting ─► serving ─► gone ─► starting ...
 */
export class ThreadEnricher implements Enricher {
  readonly name: string
  readonly #options: ThreadEnricherOptions
  readonly #log: Log
  readonly #beat = new Int32Array(new SharedArrayBuffer(4))
  readonly #watch: NodeJS.Timeout
  #thread: ModuleThread | undefined
  /** The way to the thread that serves. */
  #remote: RemoteEnricher | undefined
  #lastBeat = 0
  #silentSeconds = 0
  #servesSince = 0
  /** Threads in a row that ended soon. */
  #failures = 0
  #restarts = 0
  #faults = 0
  #restart: NodeJS.Timeout | undefined
  #isClosed = false

  constructor(options: ThreadEnricherOptions) {
    this.name = options.name
    this.#options = options
    this.#log = options.log
    this.#watch = setInterval(() => this.#checkBeat(), 1000).unref()
  }

  /** Starts the first thread. @throws Error (as a rejection) when the module cannot be loaded */
  async load(): Promise<void> {
    const problem = await this.#start()
    if (problem !== undefined) throw new Error(problem)
  }

  /** Rejects when the look-up does, when no answer comes in time, and when the thread ends, or is not there. */
  lookup(indicator: Indicator): Promise<readonly Match[]> {
    const remote = this.#remote
    if (remote === undefined) return Promise.reject(new Error('the module is being started again'))
    return remote.lookup(indicator)
  }

  metrics(): readonly EnricherMetric[] {
    return [
      faultMetric(this.name, this.#faults),
      {
        name: 'tracer_enricher_restarts_total',
        help: 'Threads of shared modules that were started for one that had ended or hung',
        type: 'counter',
        labels: { enricher: this.name },
        value: this.#restarts,
      },
    ]
  }

  async close(): Promise<void> {
    this.#isClosed = true
    clearInterval(this.#watch)
    clearTimeout(this.#restart)
    this.#remote?.close('the module is closed')
    await this.#thread?.terminate()
  }

  /** @returns the reason why no thread serves; undefined when one does */
  #start(): Promise<string | undefined> {
    const { timeoutMs, start } = this.#options
    const thread = start(this.#beat)
    this.#thread = thread
    this.#silentSeconds = 0
    return new Promise((resolve) => {
      let problem: string | undefined
      thread.on('message', (message) => {
        if (message.kind === 'results') this.#remote?.onResults(message.results)
        else if (message.kind === 'failed') problem = message.message
        else if (message.kind === 'fault') {
          this.#faults += 1
          this.#log.error({ enricher: this.name, problem: message.problem }, MODULE_FAULT)
        } else {
          this.#servesSince = performance.now()
          const send = (lookups: RemoteLookups) => {
            thread.postMessage(lookups)
            return true
          }
          this.#remote = new RemoteEnricher({ name: this.name, enricher: 0, send, timeoutMs })
          resolve(undefined)
        }
      })
      thread.on('error', (error) => {
        this.#log.error({ enricher: this.name, err: error }, 'the thread of a module has failed')
        problem ??= `${this.name}: ${error.message}`
      })
      thread.on('exit', (code) => {
        const hasServed = this.#remote !== undefined
        this.#thread = undefined
        this.#remote?.close('the module has ended')
        this.#remote = undefined
        if (hasServed) this.#onEnd(code)
        else resolve(problem ?? `${this.name}: ended before it was loaded (exit code ${code})`)
      })
    })
  }

  #onEnd(code: number): void {
    if (this.#isClosed) return
    const isStable = performance.now() - this.#servesSince >= STABLE_MS
    this.#failures = isStable ? 0 : this.#failures + 1
    const restartMs = this.#startAgain()
    this.#log.error({ enricher: this.name, code, restartMs }, 'a module has ended; it is started again')
  }

  /** @returns in how many milliseconds */
  #startAgain(): number {
    const waitMs =
      this.#failures === 0 ? 0 : Math.round(backoffMs(this.#failures, this.#options.backoff ?? BACKOFF))
    this.#restart = setTimeout(async () => {
      const problem = await this.#start()
      if (this.#isClosed) return
      if (problem === undefined) {
        this.#restarts += 1
        this.#log.info({ enricher: this.name }, 'a module was started again')
        return
      }
      this.#failures += 1
      const restartMs = this.#startAgain()
      this.#log.error(
        { enricher: this.name, problem, restartMs },
        'a module cannot be started; it is tried again',
      )
    }, waitMs)
    return waitMs
  }

  /** Counts seconds in which this process ran: one that was stopped, or is busy itself, finds no fault with others. */
  #checkBeat(): void {
    if (this.#thread === undefined) return
    const beat = Atomics.load(this.#beat, 0)
    this.#silentSeconds = beat === this.#lastBeat ? this.#silentSeconds + 1 : 0
    this.#lastBeat = beat
    const { hangingSeconds = HANGING_SECONDS } = this.#options
    if (this.#silentSeconds < hangingSeconds) return
    this.#silentSeconds = 0
    this.#log.error({ enricher: this.name, seconds: hangingSeconds }, 'a module hangs: its thread is ended')
    void this.#thread.terminate()
  }
}
