import { constants } from 'node:os'
import { SHARE_ENV, Worker } from 'node:worker_threads'

/**
 * A run that is shorter than this does not pay for the thread. It is longer than most runs over a file, and shorter than the time in which somebody
 * who has sent a signal sends another one.
 */
const AFTER_MS = 1000

/**
 * Kills the process at a second signal that JavaScript on the main thread cannot notice, because it evaluates an
 * expression and never comes back to its event loop: neither does the first signal reach it then.
 *
 * A handler that libuv calls on another thread is the only way. Node gives no `process.on('SIGINT')` to worker threads,
 * though what is below it works there: so `signal_wrap` is taken from inside of Node (`--expose-internals`, for this
 * thread alone; `process.binding` had it up to Node 22). In a version of Node without it, the thread ends without a
 * word, and a second signal kills only a process that saw the first one; a test tells.
 *
 * A thread costs as much as a quarter of the start of the command. So it is started when a run lasts, or at once.
 */
export class SecondSignal {
  readonly #signals: readonly NodeJS.Signals[]
  #timer: NodeJS.Timeout | undefined
  #worker: Worker | undefined

  /**
   * @param signals those that end the command
   * @param options `atOnce`: before any event is evaluated. Default: false
   */
  constructor(signals: readonly NodeJS.Signals[], { atOnce = false }: { atOnce?: boolean } = {}) {
    this.#signals = signals
    if (atOnce) this.#start()
    else this.#timer = setTimeout(() => this.#start(), AFTER_MS).unref()
  }

  /** The first signal has been noticed, or the work is over: signals have their own effect again. */
  end(): void {
    clearTimeout(this.#timer)
    void this.#worker?.terminate()
  }

  #start(): void {
    this.#worker = new Worker(THREAD, {
      eval: true,
      env: SHARE_ENV,
      execArgv: ['--expose-internals', '--no-warnings'],
      workerData: this.#signals.map((signal) => constants.signals[signal]),
      resourceLimits: { maxOldGenerationSizeMb: 8, maxYoungGenerationSizeMb: 1 },
    })
    this.#worker.on('error', () => {})
    this.#worker.unref()
  }
}

const THREAD = `
const { Signal } = require('internal/test/binding').internalBinding('signal_wrap')
let seen = 0
for (const signal of require('node:worker_threads').workerData) {
  const handle = new Signal()
  handle.onsignal = () => {
    if (++seen === 2) process.kill(process.pid, 'SIGKILL')
  }
  handle.start(signal)
}
`
