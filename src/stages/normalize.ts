import type { Batch, InputEvent, OutputEvent, RejectedEvent, Rejection } from '../event.ts'
import { inOrder, mergeRejected, rejectedEvent } from '../event.ts'
import type { JsonObject } from '../expression/value.ts'
import { HAND_ON_BYTES } from '../formats/limits.ts'
import type { RuleDefinition } from '../rules/compiler.ts'
import type { FastPathPlan } from '../rules/fast/generate.ts'
import type { RuleNotes } from '../rules/rule-notes.ts'
import type { Runner } from '../rules/runner.ts'
import { outputSize } from './output-size.ts'
import { PacedStage } from './paced-stage.ts'
import { STAGE_OPTIONS } from './stage.ts'

/** What the normalize stage needs of a compiled rule file. */
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

/**
 * The same as `normalizeBatch`, in several batches where the outputs are large.
 *
 * @param stopAtRejected leave alone what follows the first rejected event
 */
function* normalizeInParts(
  batch: Batch<InputEvent>,
  runner: Runner,
  stopAtRejected: boolean,
): Iterable<Batch<OutputEvent>> {
  const { source } = batch
  let part = new Part()
  for (const event of inOrder(batch)) {
    const normalized = 'data' in event ? normalizeOne(event, runner) : undefined
    if (normalized === undefined) {
      part.rejected.push(event as RejectedEvent)
    } else if ('code' in normalized) {
      part.rejected.push(rejectedEvent(event as InputEvent, normalized))
    } else {
      part.events.push(normalized)
      part.size += outputSize(normalized.output, HAND_ON_BYTES)
    }
    if (stopAtRejected && part.rejected.length > 0) break
    if (part.size < HAND_ON_BYTES) continue
    yield { source, events: part.events, rejected: part.rejected }
    part = new Part()
  }
  if (part.events.length + part.rejected.length > 0) {
    yield { source, events: part.events, rejected: part.rejected }
  }
}

class Part {
  readonly events: OutputEvent[] = []
  readonly rejected: RejectedEvent[] = []
  size = 0
}

/** Batches of events in, batches of outputs out: several for one where the outputs are large. */
export class NormalizeStage extends PacedStage<Batch<InputEvent>> {
  readonly #stopAtRejected: boolean
  #runner!: Runner
  #notes: RuleNotes | undefined

  /** @param stopAtRejected leave alone what follows a rejected event in its batch. Default: false */
  constructor(rules: RunnerSource, stopAtRejected = false) {
    super({ ...STAGE_OPTIONS, objectMode: true })
    this.#stopAtRejected = stopAtRejected
    this.replaceRules(rules)
  }

  /** The next batch is worked on with these rules. */
  replaceRules(rules: RunnerSource): void {
    this.#notes = rules.createNotes?.()
    this.#runner = rules.createRunner(this.#notes)
  }

  protected override *pieces(batch: Batch<InputEvent>): Iterable<Batch<OutputEvent>> {
    for (const part of normalizeInParts(batch, this.#runner, this.#stopAtRejected)) {
      yield { ...part, notes: this.#notes?.take() }
    }
  }
}
