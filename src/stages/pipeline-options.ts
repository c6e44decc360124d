import type { Writable } from 'node:stream'
import type { InputOptions } from '../formats/input-options.ts'
import type { RunnerSource } from '../rules/apply/normalize.ts'
import type { RuleSet } from '../rules/rule-set.ts'
import type { TracerPool } from '../tracer/client/pool.ts'
import type { BatchCounts } from './output-counter.ts'
import type { SerializeOptions } from './serialize.ts'
import type { Sinks } from './sink.ts'

/**
 * A rule set, as far as the pipeline depends on it. Without `enrich` nothing is looked up; `writes`, the output fields, is
 * needed with it.
 */
export type PipelineRules = RunnerSource & Partial<Pick<RuleSet, 'enrich' | 'writes'>>

/** All but where the bytes come from. */
export interface StageOptions extends InputOptions, Pick<SerializeOptions, 'errors' | 'onError'> {
  /** A rule file that `compileRules` has compiled. */
  readonly rules: PipelineRules
  /** Lines may go from bytes to bytes where the rules allow it; the result is the same. Default: true. */
  readonly fastPath?: boolean
  /**
   * Threads that parse, normalize and serialize; 1: it is done on this one, as it is where the enrich stage needs events
   * as objects. The result is the same. Default: 1.
   */
  readonly workers?: number
  /**
   * With several threads: this one works alone until more than so many bytes of input have come, since a thread's start costs more than it gains for
   * less than about 150 MiB. With `sinks` it does so, too, until they come faster than it works, and always where lines cannot be divided: with a tracer, and
   * for input that is not lines of UTF-8. Default: 0.
   */
  readonly workersAfterBytes?: number | undefined
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
  /**
   * The places of `output` and `errors` themselves. Where one thread does all the work they are written to without the
   * streams, which the caller ends. Default: the streams are used.
   */
  readonly sinks?: Sinks | undefined
}
