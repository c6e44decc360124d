import { canEnrichLines } from './enrich-queue.ts'
import type { PipelineRules, StageOptions } from './pipeline-options.ts'

/** True when events may leave the first stage as lines: the enrich stage needs them as objects to reject one, or change it. */
export function canWriteLines(
  { enrich, writes = [] }: PipelineRules,
  { isEnriched, tracerRequired }: { readonly isEnriched: boolean } & Pick<StageOptions, 'tracerRequired'>,
): boolean {
  return !isEnriched || (tracerRequired !== true && canEnrichLines(enrich, writes))
}

/**
 * The output fields of all rules that have applied and of those that apply from now on: outputs of the former are on their way still, and
 * are enriched as the latter want it.
 *
 * @throws {TypeError} when detections go to a member that one of them writes into (or to `event`, or a number)
 */
export function checkWrites(rules: PipelineRules, before: ReadonlySet<string>): ReadonlySet<string> {
  const writes = new Set([...before, ...(rules.writes ?? [])])
  if (canEnrichLines(rules.enrich, [...writes])) return writes
  throw new TypeError(
    "the member that 'enrich' puts detections into is 'event', a number, or one that a rule writes or wrote into: start again",
  )
}
