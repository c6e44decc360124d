import type { Writable } from 'node:stream'
import { pipeline } from 'node:stream/promises'
import type { ChainCounts, StageChain } from './chain.ts'
import { EnrichStage } from './enrich.ts'
import { checkWrites } from './enrich-writes.ts'
import type { PipelineRules, StageOptions } from './pipeline-options.ts'
import type { PlannedStages } from './plan.ts'
import { planStages } from './plan.ts'
import { ParallelStage } from './process/parallel.ts'
import { SerializeStage } from './serialize.ts'
import type { Source } from './source.ts'

/**
 * Stages as streams:
 *
 *     source -> parse -> normalize -> [ enrich ] -> serialize -> output
 *                                                       `-> errors (rejected events)
 *
 * Batches travel, one for each chunk of input, and a stage that has to wait makes all those before it wait: what is in
 * memory at a time is a few batches, whatever the size of the inputs and the pace of the reader.
 */
export class StreamChain implements StageChain {
  readonly #parse: PlannedStages['parse']
  readonly #normalize: PlannedStages['normalize']
  readonly #enrich: EnrichStage | undefined
  readonly #serialize: SerializeStage
  readonly #output: Writable
  readonly #endOutput: boolean
  readonly #workers: number
  #onStop: () => void = () => {}
  /** Output fields of all rules that have applied: of what they wrote, some may still be on its way. */
  #writes: ReadonlySet<string>

  /** @throws {TypeError} when an option is not acceptable */
  constructor(options: StageOptions) {
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
    if (tracer !== undefined) {
      this.#enrich = new EnrichStage({ pool: tracer, enrich: rules.enrich, required: tracerRequired })
    }
    this.#serialize = new SerializeStage({ errors, onError, onStop: () => this.#onStop(), onBatch })
    this.#output = output
    this.#endOutput = options.endOutput ?? true
  }

  async run(source: Source): Promise<void> {
    this.#onStop = () => source.stop()
    // A reader that waits for input does not notice that the stages behind it are gone.
    this.#parse.once('close', () => source.stop())
    const stages = [this.#parse, this.#normalize, this.#enrich, this.#serialize, this.#output]
    const streams = [source, ...stages.filter((stage) => stage !== undefined)]
    // The types of a list know streams only; anything that is iterated can be the first.
    await pipeline(streams as unknown as NodeJS.ReadWriteStream[], { end: this.#endOutput })
  }

  /**
   * @throws {TypeError} when detections go to a member that a rule, of these or of those before, writes into (or to
   *   `event`, or a number)
   */
  replaceRules(rules: PipelineRules): void {
    if (this.#enrich !== undefined && this.#normalize === undefined) {
      this.#writes = checkWrites(rules, this.#writes)
    }
    this.#enrich?.replaceSpec(rules.enrich)
    const stage = this.#normalize ?? this.#parse
    if ('replaceRules' in stage) stage.replaceRules(rules)
  }

  get unread(): PlannedStages['parse']['unread'] {
    return this.#parse.unread
  }

  get workers(): number {
    return this.#parse instanceof ParallelStage ? this.#workers : 1
  }

  get counts(): ChainCounts {
    return {
      ...this.#serialize.counts,
      bytesParsed: this.#parse.bytesRead,
      bytesUnread: this.#parse.unread.bytes,
      ...(this.#enrich === undefined ? {} : { enrichment: this.#enrich.counts }),
    }
  }

  get stopped(): boolean {
    return this.#serialize.stopped
  }
}
