import type { Writable } from 'node:stream'
import { pipeline } from 'node:stream/promises'
import type { RunnerSource } from './rules/apply/normalize.ts'
import type { EnrichSpec } from './rules/load.ts'
import type { EnrichCounts } from './stages/enrich.ts'
import { canEnrichLines, EnrichStage } from './stages/enrich.ts'
import type { ParseOptions } from './stages/parse.ts'
import type { PlannedStages } from './stages/plan.ts'
import { planStages } from './stages/plan.ts'
import { ParallelStage } from './stages/process/parallel.ts'
import type { OutputCounts, SerializeOptions } from './stages/serialize.ts'
import { SerializeStage } from './stages/serialize.ts'
import type { Source } from './stages/source.ts'
import { InputError } from './stages/source.ts'
import type { TracerPool } from './tracer/client/pool.ts'

/** The part of a compiled rule file that the pipeline needs. */
export interface PipelineRules extends RunnerSource {
  /** The fields that are looked up, and the member for detections. Default: nothing is looked up. */
  readonly enrich?: EnrichSpec | undefined
  /** The output fields. Needed with `enrich`. */
  readonly writes?: readonly string[]
}

/** All but where the bytes come from. */
export interface StageOptions
  extends Pick<ParseOptions, 'inputFormat' | 'maxLineBytes'>,
    Pick<SerializeOptions, 'errors' | 'onError'> {
  /** A rule file that `compileRules` has compiled. */
  readonly rules: PipelineRules
  /** Lines may go from bytes to bytes where the rules allow it; the result is the same. Default: true. */
  readonly fastPath?: boolean
  /**
   * Threads that parse, normalize and serialize; 1: it is done on this one, as it is where the enrich stage needs events
   * as objects. The result is the same. Default: 1.
   */
  readonly workers?: number
  /** Looks up what the rules' `enrich` names. It is the caller's to close. Default: nothing is looked up. */
  readonly tracer?: TracerPool | undefined
  /** Reject events that could not be looked up (ENRICHMENT_FAILED), instead of marking them. Default: false. */
  readonly tracerRequired?: boolean | undefined
  /** Called after each batch that was counted. Default: nobody looks on. */
  readonly onBatch?: ((counts: BatchCounts) => void) | undefined
  /** Where the normalized events go, as JSON lines. */
  readonly output: Writable
  /** End the output after the last event. Default: true. */
  readonly endOutput?: boolean
}

/** The counts that are asked for after each batch: they take no time. */
export type BatchCounts = Pick<SerializeStage, 'events' | 'rejected'>

/** Counts of all that has happened so far. */
export interface PipelineCounts extends OutputCounts {
  /** Bytes read from the inputs, before decompression. */
  readonly bytesRead: number
  /** Bytes parsed, after decompression. */
  readonly bytesParsed: number
  /**
   * Those of them, at the ends of JSON documents, that could not be cut into values: of each such document they are one
   * rejected event.
   */
  readonly bytesUnread: number
  /** With a tracer: what became of the events that were looked up. */
  readonly enrichment?: EnrichCounts
}

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
