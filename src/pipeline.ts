import type { PipelineCounts, StageChain } from './stages/chain.ts'
import { canWriteLines } from './stages/enrich-writes.ts'
import type { PipelineRules, StageOptions } from './stages/pipeline-options.ts'
import { canShare, ProcessLoop } from './stages/process/loop.ts'
import type { Source } from './stages/source.ts'
import { InputError } from './stages/source.ts'
import { StreamChain } from './stages/stream-chain.ts'

/**
 * The product:
 *
 *     inputs -> decompress -> parse -> normalize -> [ enrich ] -> serialize -> output
 *                                                                     `-> errors (rejected events)
 *
 * A chain of stages does what stands between the inputs and the outputs: as streams, or as one loop where events need not be objects to be
 * enriched, threads can divide the work by lines if there are several, and the outputs are sinks. Both hold only a few chunks at a time, and make the source wait.
 */
export class Pipeline {
  readonly #source: Source
  readonly #chain: StageChain
  #isStopped = false

  /** @throws {TypeError} when an option is not acceptable */
  constructor(source: Source, options: StageOptions) {
    this.#source = source
    this.#chain = createChain(options)
  }

  /**
   * Processes the inputs to their end. Call it once.
   *
   * @throws {InputError} after everything that could be read has been processed: an input could not be read to its end, or
   *   is a JSON document that cannot be cut into values to its end (the inputs behind such a one are read)
   * @throws what the output or the errors output failed with
   */
  async run(): Promise<PipelineCounts> {
    await this.#chain.run(this.#source)
    if (this.#source.fault !== undefined) throw this.#source.fault
    const { message } = this.#chain.unread
    // An input that we stopped reading may well end inside a value.
    if (message !== undefined && !this.#isStopped) throw new InputError(message)
    return this.counts
  }

  /** Reads no more; what was read is processed, and `run` ends. */
  stop(): void {
    this.#isStopped = true
    this.#source.stop()
  }

  /**
   * From the next batch on these rules apply.
   *
   * @throws {TypeError} when detections go to a member that a rule, of these or of those before, writes into (or to
   *   `event`, or a number): that takes another chain of stages
   */
  replaceRules(rules: PipelineRules): void {
    this.#chain.replaceRules(rules)
  }

  /** Threads that do the work; 1: it is done where the pipeline runs, as it must be when enrichment needs events as objects. */
  get workers(): number {
    return this.#chain.workers
  }

  get counts(): PipelineCounts {
    return { ...this.#chain.counts, bytesRead: this.#source.bytesRead }
  }

  /** True when an event was rejected under `onError: 'fail'`, which ended the reading. */
  get failed(): boolean {
    return this.#chain.stopped
  }
}

function createChain(options: StageOptions): StageChain {
  const { rules, sinks } = options
  if (sinks === undefined || !fitsLoop(options)) return new StreamChain(options)
  return new ProcessLoop(rules, sinks, { ...options, stopAtRejected: options.onError === 'fail' })
}

/**
 * True when events leave the rules as lines, and one thread does all of it, or several can divide lines among them. Where they cannot, and more
 * threads were to start only when much has come, one thread does it. A loop that waits for a chunk makes nothing of what it has read
 * meanwhile: where an event is held until nothing has come for a while, stages are used.
 */
export function fitsLoop(options: StageOptions): boolean {
  const { rules, workers = 1, workersAfterBytes = 0, tracer, tracerRequired, multiline } = options
  if (multiline !== undefined || !canWriteLines(rules, { isEnriched: tracer !== undefined, tracerRequired }))
    return false
  return workers === 1 || workersAfterBytes > 0 || canShare(options)
}
