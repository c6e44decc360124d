/** Applies rules to events that are parsed. */
import type { Batch, InputEvent, OutputEvent, RejectedEvent, Rejection } from '../../event.ts'
import { inOrder, rejectedEvent } from '../../event.ts'
import type { JsonObject } from '../../expression/value.ts'
import type { RuleSet } from '../rule-set.ts'
import type { Runner } from '../run.ts'

/**
 * A rule set, as far as the stages between bytes and outputs depend on it. Without `createNotes` nothing is noted of
 * events; without `fastPath` each line becomes an object; without `definition` worker threads cannot compile their own.
 */
export type RunnerSource = Pick<RuleSet, 'createRunner'> &
  Partial<Pick<RuleSet, 'createNotes' | 'fastPath' | 'definition'>>

/** Ends a part of a batch. */
export interface PartLimit {
  /** An event has gone into the part. */
  add(event: OutputEvent | RejectedEvent): void
  /** The part is to be handed on. */
  readonly isReached: boolean
  /** It was, and the next one begins. */
  restart(): void
}

const NO_LIMIT: PartLimit = { add: () => {}, isReached: false, restart: () => {} }

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
  const [all] = normalizeInParts(batch, runner, stopAtRejected, NO_LIMIT)
  return all ?? { source: batch.source, events: [], rejected: [] }
}

/** The same in several batches, each of which ends when the limit is reached. An empty batch is none. */
export function* normalizeInParts(
  batch: Batch<InputEvent>,
  runner: Runner,
  stopAtRejected: boolean,
  limit: PartLimit,
): Iterable<Batch<OutputEvent>> {
  const { source } = batch
  runner.received = Date.now()
  let events: OutputEvent[] = []
  let rejected: RejectedEvent[] = []
  for (const event of inOrder(batch)) {
    const result = 'data' in event ? applied(event, runner) : event
    if ('output' in result) events.push(result)
    else rejected.push(result)
    limit.add(result)
    if (stopAtRejected && rejected.length > 0) break
    if (!limit.isReached) continue
    yield { source, events, rejected }
    events = []
    rejected = []
    limit.restart()
  }
  if (events.length + rejected.length > 0) yield { source, events, rejected }
}

function applied(event: InputEvent, runner: Runner): OutputEvent | RejectedEvent {
  const normalized = normalizeOne(event, runner)
  return 'code' in normalized ? rejectedEvent(event, normalized) : normalized
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
