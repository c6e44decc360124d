import { Worker } from 'node:worker_threads'
import type {
  Block,
  BlockResult,
  WorkerMessage,
  WorkerReady,
  WorkerRules,
  WorkerSettings,
} from '../../batches/protocol.ts'
import { unplacedSize } from '../../batches/rejected-records.ts'
import { workerEntry } from '../../installed.ts'
import type { RunnerSource } from '../../rules/apply/normalize.ts'
import type { OwnProcessor } from './own-thread.ts'
import { OwnThread } from './own-thread.ts'

/** A worker thread is gone. Its work in hand is lost. */
export class WorkerError extends Error {
  override readonly name = 'WorkerError'
}

export interface WorkerPoolOptions {
  /** Number of threads, with this one where it works as well. Others are started when there is work for them. */
  readonly workers: number
  /** Works on this thread, on blocks that no other thread is free for. Default: it does not. */
  readonly own?: OwnProcessor<RunnerSource> | undefined
  /** Where this thread works as well: no other thread is started before blocks of more than so many bytes have come. Default: 0. */
  readonly startAfterBytes?: number | undefined
  readonly settings: WorkerSettings
  /** Gives the rules. Called once, when the first thread has been started: they are made while it gets ready. */
  readonly rules: () => WorkerRules
  /** The result that is the next one has come. */
  readonly onResult: () => void
  /** A thread is gone, or has failed; the pool is of no use then, and has to be destroyed. */
  readonly onFault: (error: Error) => void
  /** Default: a thread of worker.ts. */
  readonly createWorker?: (settings: WorkerSettings) => Worker
}

/** A block that has been given to the pool, with what the giver wants to know of it at its end. */
interface Entry<Context> {
  /** Undefined when a worker has it. */
  block: Block | undefined
  readonly context: Context
  /** Bytes that it holds, about: of the block until the last result is there, and of the results. */
  size: number
  /** Those that have come and were not taken. */
  readonly results: BlockResult[]
  /** Tells who works on it to go on, so long as that is waited for. */
  goOn: (() => void) | undefined
}

interface Thread<Context> {
  readonly worker: Worker
  /** It has loaded all that it needs. */
  isReady: boolean
  /** The blocks that it works on and that wait in its queue: the oldest first. */
  readonly entries: Entry<Context>[]
}

/** One that it works on, and one to go on with. */
const MAX_POSTED = 2

/** Blocks in the pool have so many bytes at most, or there is only one. */
const MAX_BYTES = 64 * 1024 * 1024

/**
 * As deep as on the main thread may functions call each other: what nests too deep for the one is too deep for the other.
 * In MiB: the 984 KiB that V8 takes there, and what Node keeps back of a worker's stack.
 */
const STACK_SIZE_MB = (984 + 192) / 1024

/**
 * New objects of a thread, in MiB: they live for one line, so that more room for them gains nothing (measured: no difference with
 * this little), and each thread would take up to 48 MiB.
 */
const YOUNG_GENERATION_MB = 3

/**
 * Gives blocks to worker threads, and their results back in the order of the blocks. This thread works as well, if it is told to, on blocks
 * that would have to wait: from the beginning, while the others start.
 *
 *     entries   [ result ][ worker 1 ][ result ][ worker 2 ][ worker 1 ][ waits ][ waits ]
 *                 `-- taken next                                                   `-- dispatched last
 *
 * Of a block that much is made of the results come one at a time: the worker goes on when the one that is there is taken.
 *
 * `2 * workers + 2` blocks are in it at most: one that each worker has in hand, one that it has in its queue, and a few
 * whose results wait for those before them.
 */
export class WorkerPool<Context> {
  readonly #options: WorkerPoolOptions
  readonly #maxEntries: number
  #rules: WorkerRules | undefined
  readonly #threads: Thread<Context>[] = []
  readonly #own: OwnThread<RunnerSource> | undefined
  #entries: Entry<Context>[] = []
  #bytes = 0
  /** Bytes of all blocks that have come. */
  #allBytes = 0
  #isDestroyed = false

  constructor(options: WorkerPoolOptions) {
    this.#options = options
    this.#maxEntries = 2 * options.workers + 2
    const { own } = options
    this.#own = own && new OwnThread(own, (error) => this.#fail(error))
  }

  /** Starts all threads now; else each is started when there is work for it. */
  start(): void {
    while (this.#threads.length < this.#maxThreads) this.#start()
  }

  /** A thread has loaded all that it needs. */
  get isReady(): boolean {
    return this.#threads.some((thread) => thread.isReady)
  }

  /** Number of blocks whose results have not been taken. */
  get size(): number {
    return this.#entries.length
  }

  /** True when another block may come. */
  get hasRoom(): boolean {
    return this.size === 0 || (this.size < this.#maxEntries && this.#bytes < MAX_BYTES)
  }

  /** Hands over a block. Ask {@link WorkerPool.hasRoom} before. */
  dispatch(block: Block, context: Context): void {
    this.#entries.push({ block, context, size: block.size, results: [], goOn: undefined })
    this.#bytes += block.size
    this.#allBytes += block.size
    this.#post()
  }

  /** Puts in a result that no worker is needed for. */
  pass(result: BlockResult, context: Context): void {
    const size = resultSize(result)
    this.#entries.push({ block: undefined, context, size, results: [result], goOn: undefined })
    this.#bytes += size
  }

  /** Takes the next result, if it is there. */
  take(): { result: BlockResult; context: Context } | undefined {
    const [first] = this.#entries
    const result = first?.results.shift()
    if (first === undefined || result === undefined) return undefined
    this.#resize(first, -resultSize(result))
    if (result.isLast) {
      this.#entries.shift()
    } else {
      first.goOn!()
      first.goOn = undefined
    }
    return { result, context: first.context }
  }

  #resize(entry: Entry<Context>, change: number): void {
    entry.size += change
    this.#bytes += change
  }

  /**
   * The blocks that no thread has yet are worked on with these rules.
   *
   * @param compiled the same, for this thread where it works as well
   */
  replaceRules(rules: WorkerRules, compiled?: RunnerSource): void {
    if (compiled !== undefined) this.#own?.replaceRules(compiled)
    this.#rules = rules
    for (const { worker } of this.#threads)
      worker.postMessage({ kind: 'rules', rules } satisfies WorkerMessage)
  }

  /** Ends the threads, whatever they are doing. */
  async destroy(): Promise<void> {
    this.#isDestroyed = true
    this.#entries = []
    this.#own?.stop()
    await Promise.all(this.#threads.map(({ worker }) => worker.terminate()))
  }

  /** Posts what waits to those workers that have least to do. */
  #post(): void {
    for (const entry of this.#entries) {
      const { block } = entry
      if (block === undefined) continue
      const thread = this.#leastBusy()
      if (thread === undefined) return
      entry.block = undefined
      if (thread === 'own') this.#own!.take(block, (result) => this.#receiveOwn(entry, result))
      else {
        thread.entries.push(entry)
        // Where this thread works as well nothing is transferred, for what that does to its own buffers: see worker.ts.
        thread.worker.postMessage(block, this.#own === undefined ? transferList(block) : [])
      }
    }
  }

  /** Threads beside this one, where it works as well. */
  get #maxThreads(): number {
    const { own, workers } = this.#options
    return own === undefined ? workers : workers - 1
  }

  #leastBusy(): Thread<Context> | 'own' | undefined {
    const own = this.#own
    let best: Thread<Context> | undefined
    for (const thread of this.#threads) {
      // Until a thread is ready this one gets on with the work.
      if (own !== undefined && !thread.isReady) continue
      if (best === undefined || thread.entries.length < best.entries.length) best = thread
    }
    if (best?.entries.length === 0) return best
    const { startAfterBytes = 0 } = this.#options
    const isWorth = own === undefined || this.#allBytes > startAfterBytes
    if (isWorth && this.#threads.length < this.#maxThreads) {
      const started = this.#start()
      if (own === undefined) return started
    }
    if (own?.isBusy === false) return 'own'
    return best !== undefined && best.entries.length < MAX_POSTED ? best : undefined
  }

  #start(): Thread<Context> {
    const { createWorker = startWorker, settings, rules } = this.#options
    const worker = createWorker(settings)
    this.#rules ??= rules()
    worker.postMessage({ kind: 'rules', rules: this.#rules } satisfies WorkerMessage)
    const thread: Thread<Context> = { worker, isReady: false, entries: [] }
    worker.on('message', (message: BlockResult | WorkerReady) => {
      if (this.#isDestroyed) return
      if (!('kind' in message)) this.#receive(thread, message)
      else {
        thread.isReady = true
        this.#post()
      }
    })
    worker.on('messageerror', (error) => this.#fail(error))
    worker.on('error', (error) => this.#fail(error))
    worker.on('exit', (code) => {
      this.#fail(new WorkerError(`a worker thread has ended unexpectedly (exit code ${code})`))
    })
    this.#threads.push(thread)
    return thread
  }

  #receive(thread: Thread<Context>, result: BlockResult): void {
    const entry = thread.entries[0]!
    if (result.isLast) thread.entries.shift()
    this.#add(entry, result, () => thread.worker.postMessage({ kind: 'on' } satisfies WorkerMessage))
  }

  #receiveOwn(entry: Entry<Context>, result: BlockResult): void {
    this.#add(entry, result, () => this.#own!.goOn())
  }

  #add(entry: Entry<Context>, result: BlockResult, goOn: () => void): void {
    if (result.isLast) {
      // The results take the place of the block, and may be larger.
      this.#resize(
        entry,
        entry.results.reduce((sum, waiting) => sum + resultSize(waiting), -entry.size),
      )
    } else {
      entry.goOn = goOn
    }
    entry.results.push(result)
    this.#resize(entry, resultSize(result))
    this.#post()
    if (this.#entries[0]!.results.length > 0) this.#options.onResult()
  }

  #fail(error: Error): void {
    if (this.#isDestroyed) return
    const isOutOfMemory = (error as NodeJS.ErrnoException).code === 'ERR_WORKER_OUT_OF_MEMORY'
    const fault = isOutOfMemory
      ? new WorkerError('a worker thread has run out of memory', { cause: error })
      : error
    this.#options.onFault(fault)
  }
}

function resultSize({ bytes, rejected }: BlockResult): number {
  return bytes.length + unplacedSize(rejected)
}

function transferList(block: Block): ArrayBuffer[] {
  if (block.kind !== 'lines') return []
  return block.parts.map(({ buffer }) => buffer).filter((buffer) => buffer instanceof ArrayBuffer)
}

function startWorker(settings: WorkerSettings): Worker {
  const options = {
    workerData: settings,
    resourceLimits: { stackSizeMb: STACK_SIZE_MB, maxYoungGenerationSizeMb: YOUNG_GENERATION_MB },
    // Options of the program (--input-type, say) may not fit the worker.
    execArgv: [],
    name: 'normalize',
  }
  try {
    return new Worker(workerEntry('stages/process/worker', 'stages/process/from-source.mjs'), options)
  } catch (error) {
    throw new WorkerError(`a worker thread cannot be started: ${(error as Error).message}`, { cause: error })
  }
}
