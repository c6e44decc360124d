/** Applies rules to events that are parsed. */
import type { Batch, BatchNotes, InputEvent, OutputEvent, RejectedEvent, Rejection } from '../../event.ts'
import { inOrder, rejectedEvent } from '../../event.ts'
import type { JsonObject } from '../../expression/value.ts'
import type { ChunkText } from '../../json/chunk-text.ts'
import type { TextCoding } from '../../json/text-coding.ts'
import type { ByteWriter } from '../../json/write.ts'
import type { RuleDefinition } from '../definition.ts'
import type { WrittenPlaces } from '../fast/written-places.ts'
import type { Runner } from '../run.ts'
import { DROPPED, type Dropped, SplitElements } from './split-elements.ts'

/** Notes on what becomes of events, for whoever takes them with a batch. */
export interface EventNotes {
  /** Events that were dropped since the notes were taken. */
  readonly dropped: number
  take(): BatchNotes
}

/** A way from lines to output without objects in between. */
export interface LinePath {
  /** The output. */
  readonly writer: ByteWriter
  /** As for a {@link Runner}. */
  received: number
  /** The part, at most, of what an event may cost that a line takes. Default: 1/16. */
  readonly share?: number
  /** Lines that were taken by the last call of `lines`. */
  readonly taken: number
  /** Those of them that no output was written for: they were dropped. */
  readonly dropped: number
  /** After a call of `lines` that took none: where the first line is to go, as {@link Runner.goTo} is told. Default: unknown. */
  readonly found?: number | undefined
  /**
   * Processes lines from `start` on, until one is left to the plain way or a good deal was written.
   *
   * @returns where the first line begins that was not processed, or the end of the chunk
   */
  lines(chunk: ChunkText, start: number, most?: number): number
}

/** The parts of such a way that hold no state of lines. */
export interface LinePathPlan {
  /** @param places takes the places of values in lines, as far as they are known. Default: nobody asks */
  create(notes?: EventNotes, coding?: TextCoding, places?: WrittenPlaces): LinePath
}

/** The part that stages need of a compiled rule file. */
export interface RunnerSource {
  createRunner(notes?: EventNotes): Runner
  /** Something to note in what becomes of events. Default: nothing is known of that. */
  createNotes?(): EventNotes
  /** Makes output of lines without objects in between, where the rules allow it. */
  readonly fastPath?: LinePathPlan | undefined
  /** The same for lines that keep to the plain way: the members that rules read are all that is made of a line. */
  readonly memberPath?: LinePathPlan | undefined
  /** The text and the options that it was compiled from: worker threads compile their own. */
  readonly definition?: RuleDefinition
}

/** Ends a part of a batch. */
export interface PartLimit {
  /** An event has gone into the part. */
  add(event: OutputEvent | RejectedEvent | Rejection | Dropped): void
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
    const first = 'data' in event ? normalizeOne(event, runner) : event
    const elements = first instanceof SplitElements ? first : undefined
    let result = first instanceof SplitElements ? first.next() : first
    while (result !== undefined) {
      if ('output' in result) events.push(result)
      else if ('raw' in result) rejected.push(result)
      else if ('code' in result) rejected.push(rejectedEvent(event as InputEvent, result))
      limit.add(result)
      if (stopAtRejected && rejected.length > 0) break
      if (limit.isReached) {
        yield { source, events, rejected }
        events = []
        rejected = []
        limit.restart()
      }
      result = elements?.next()
    }
    if (stopAtRejected && rejected.length > 0) break
  }
  if (events.length + rejected.length > 0) yield { source, events, rejected }
}

/** Applies the rules to one event, or begins with the elements of one that is split. */
export function normalizeOne(
  event: InputEvent,
  runner: Runner,
): OutputEvent | Rejection | Dropped | SplitElements {
  const { line, ordinal, text, data, exact } = event
  let output: JsonObject | undefined
  try {
    output = exact ? runner.runExact(data, text, event.numbers) : runner.run(data as JsonObject, text)
  } catch (error) {
    // A stack overflow: the event nests deeper than recursive functions of the rules can follow.
    if (error instanceof RangeError) return TOO_DEEP
    throw error
  }
  if (output === undefined) {
    if (runner.ending === 'rejected') return runner.rejection
    return runner.ending === 'dropped' ? DROPPED : new SplitElements(event, runner.split!)
  }
  const { plain, numbers, rules } = runner
  return { line, ordinal, text, output, plain, numbers, rules }
}

const TOO_DEEP: Rejection = { code: 'VALUE_ERROR', message: 'the event nests too deep for the rules' }
