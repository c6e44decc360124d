import type { Writable } from 'node:stream'
import { pipeline } from 'node:stream/promises'
import { canEnrichLines, EnrichStage } from './stages/enrich.ts'
import type { PipelineCounts, PipelineRules, StageOptions } from './stages/pipeline-options.ts'
import type { PlannedStages } from './stages/plan.ts'
import { planStages } from './stages/plan.ts'
import { ParallelStage } from './stages/process/parallel.ts'
import { SerializeStage } from './stages/serialize.ts'
import type { Source } from './stages/source.ts'
import { InputError } from './stages/source.ts'

/**
 * The product:
 *
 *     inputs -> decompress -> parse -> normalize -> [ enrich ] -> serialize -> output
 *                                                                     `-> errors (rejected events)
 *
 * Batches travel, one for each chunk of input, and a stage that has to wait makes all those before it wait: what is in
 * memory at a time is a few batches, whatever the size of the inputs and the pace of the reader.
 */
export class Pipeline {
  readonly #source: Source
  readonly #parse: PlannedStages['parse']
  readonly #normalize: PlannedStages['normalize']
  readonly #enrich: EnrichStage | undefined
  readonly #serialize: SerializeStage
  readonly #output: Writable
  readonly #endOutput: boolean
  readonly #workers: number
  #isStopped = false
  /** Output fields of all rules that have applied: of what they wrote, some may still be on its way. */
  #writes: ReadonlySet<string>

  /** @throws {TypeError} when an option is not acceptable */
  constructor(source: Source, options: StageOptions) {
    const { rules, output, errors, onError, workers = 1, tracer, tracerRequired, onBatch } = options
    const stopAtRejected = onError === 'fail'
    const { parse, normalize } = planStages(rules, {
      ...options,
      stopAtRejected,
      isEnriched: tracer !== undefined,
    })
    this.#parse = parse
    this.#normalize = normalize
    this.#workers = workers
    this.#writes = new Set(rules.writes)
    this.#source = source
    if (tracer !== undefined) {
      this.#enrich = new EnrichStage({ pool: tracer, enrich: rules.enrich, required: tracerRequired })
    }
    this.#serialize = new SerializeStage({ errors, onError, onStop: () => this.stop(), onBatch })
    this.#output = output
    this.#endOutput = options.endOutput ?? true
  }

  /**
   * Processes the inputs to their end. Call it once.
   *
   * @throws {InputError} after everything that could be read has been processed: an input could not be read to its end, or
   *   is a JSON document that cannot be cut into values to its end (the inputs behind such a one are read)
   * @throws what the output or the errors output failed with
   */
  async run(): Promise<PipelineCounts> {
    // A reader that waits for input does not notice that the stages behind it are gone.
    this.#parse.once('close', () => this.#source.stop())
    const stages = [this.#parse, this.#normalize, this.#enrich, this.#serialize, this.#output]
    const streams = [this.#source, ...stages.filter((stage) => stage !== undefined)]
    // The types of a list know streams only; anything that is iterated can be the first.
    await pipeline(streams as unknown as NodeJS.ReadWriteStream[], { end: this.#endOutput })
    if (this.#source.fault !== undefined) throw this.#source.fault
    const { message } = this.#parse.unread
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
    const writesLines = this.#normalize === undefined
    // Outputs of the old rules are on their way still, and are enriched as the new ones want it.
    const writes = new Set([...this.#writes, ...(rules.writes ?? [])])
    if (this.#enrich !== undefined && writesLines && !canEnrichLines(rules.enrich, [...writes])) {
      throw new TypeError(
        "the member that 'enrich' puts detections into is 'event', a number, or one that a rule writes or wrote into: start again",
      )
    }
    this.#writes = writes
    this.#enrich?.replaceSpec(rules.enrich)
    const stage = this.#normalize ?? this.#parse
    if ('replaceRules' in stage) stage.replaceRules(rules)
  }

  /** Threads that do the work; 1: it is done where the pipeline runs, as it must be when enrichment needs events as objects. */
  get workers(): number {
    return this.#parse instanceof ParallelStage ? this.#workers : 1
  }

  get counts(): PipelineCounts {
    return {
      ...this.#serialize.counts,
      bytesRead: this.#source.bytesRead,
      bytesParsed: this.#parse.bytesRead,
      bytesUnread: this.#parse.unread.bytes,
      ...(this.#enrich === undefined ? {} : { enrichment: this.#enrich.counts }),
    }
  }

  /** True when an event was rejected under `onError: 'fail'`, which ended the reading. */
  get failed(): boolean {
    return this.#serialize.stopped
  }
}
