/** Applies rules to events that are parsed. */
import type { Batch, InputEvent, OutputEvent, RejectedEvent, Rejection } from '../../event.ts'
import { mergeRejected, rejectedEvent } from '../../event.ts'
import type { JsonObject } from '../../expression/value.ts'
import type { FastPathPlan } from '../fast/generate.ts'
import type { RuleNotes } from '../rule-notes.ts'
import type { RuleDefinition } from '../rule-set.ts'
import type { Runner } from '../run.ts'

/** The part that stages need of a compiled rule file. */
export interface RunnerSource {
  createRunner(notes?: RuleNotes): Runner
  /** Something to note in what becomes of events. Default: nothing is known of that. */
  createNotes?: (() => RuleNotes) | undefined
  /** How lines become output without objects in between, where the rules allow it. */
  readonly fastPath?: FastPathPlan | undefined
  /** What it was compiled from: worker threads compile their own. */
  readonly definition?: RuleDefinition
}

/**
 * Applies the rules to each event.
 *
 * @param stopAtRejected leave alone what follows the first rejected event. Default: false
 */
export function normalizeBatch(
  batch: Batch<InputEvent>,
  runner: Runner,
  stopAtRejected = false,
): Batch<OutputEvent> {
  const events: OutputEvent[] = []
  const refused: RejectedEvent[] = []
  const end = (stopAtRejected ? batch.rejected[0]?.ordinal : undefined) ?? Number.POSITIVE_INFINITY
  for (const event of batch.events) {
    if (event.ordinal > end || (stopAtRejected && refused.length > 0)) break
    const normalized = normalizeOne(event, runner)
    if ('code' in normalized) refused.push(rejectedEvent(event, normalized))
    else events.push(normalized)
  }
  return { source: batch.source, events, rejected: mergeRejected(batch.rejected, refused) }
}

/** Applies the rules to one event. */
export function normalizeOne(event: InputEvent, runner: Runner): OutputEvent | Rejection {
  const { line, ordinal, text, data, exact } = event
  let output: JsonObject | undefined
  try {
    output = exact ? runner.runExact(data, text, event.numbers) : runner.run(data as JsonObject, text)
  } catch (error) {
    // A stack overflow: the event nests deeper than recursive functions of the rules can follow.
    if (error instanceof RangeError) return TOO_DEEP
    throw error
  }
  if (output === undefined) return runner.rejection
  const { plain, numbers } = runner
  return { line, ordinal, text, output, plain, numbers }
}

const TOO_DEEP: Rejection = { code: 'VALUE_ERROR', message: 'the event nests too deep for the rules' }
