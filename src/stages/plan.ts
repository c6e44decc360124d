import type { InputOptions } from '../formats/input-options.ts'
import { canWriteLines } from './enrich-writes.ts'
import { NormalizeStage } from './normalize.ts'
import { ParseStage } from './parse.ts'
import type { PipelineRules } from './pipeline-options.ts'
import { FusedStage } from './process/fused.ts'
import { checkWorkers, ParallelStage } from './process/parallel.ts'

/** The options, as far as the choice of stages depends on them. */
export interface PlanOptions extends InputOptions {
  readonly fastPath?: boolean | undefined
  readonly workers?: number | undefined
  readonly workersAfterBytes?: number | undefined
  readonly stopAtRejected: boolean
  readonly tracerRequired?: boolean | undefined
  readonly isEnriched: boolean
}

/** The stages before those that enrich and serialize. */
export interface PlannedStages {
  readonly parse: ParseStage | FusedStage | ParallelStage
  /** Without one, events leave `parse` as lines. */
  readonly normalize?: NormalizeStage
}

interface Way {
  fits(rules: PipelineRules, options: PlanOptions): boolean
  create(rules: PipelineRules, options: PlanOptions): PlannedStages
}

/** The ways from bytes to outputs; the first one that fits is taken. */
const WAYS: readonly Way[] = [
  {
    fits: (rules, options) => (options.workers ?? 1) > 1 && canWriteLines(rules, options),
    create: (rules, { workers = 1, ...options }) => ({
      parse: new ParallelStage(rules, { ...options, workers }),
    }),
  },
  {
    fits: canWriteLines,
    create: (rules, options) => ({ parse: new FusedStage(rules, options) }),
  },
  {
    fits: () => true,
    create: (rules, options) => ({
      parse: new ParseStage(options),
      normalize: new NormalizeStage(rules, options.stopAtRejected),
    }),
  },
]

/**
 * The stages that make outputs of bytes.
 *
 * @throws {TypeError} when an option is not acceptable
 */
export function planStages(rules: PipelineRules, options: PlanOptions): PlannedStages {
  checkWorkers(options.workers ?? 1)
  return WAYS.find((way) => way.fits(rules, options))!.create(rules, options)
}
