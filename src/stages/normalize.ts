import { Transform, type TransformCallback } from 'node:stream'
import type { Batch, InputEvent, OutputEvent, RejectedEvent, Rejection } from '../event.ts'
import { mergeRejected } from '../event.ts'
import type { JsonObject } from '../expression/value.ts'
import type { RuleDefinition } from '../rules/compiler.ts'
import type { FastPathPlan } from '../rules/fast/generate.ts'
import type { RuleNotes } from '../rules/rule-notes.ts'
import type { Runner } from '../rules/runner.ts'
import { guard, STAGE_OPTIONS } from './stage.ts'

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
    const { line, ordinal, text } = event
    if (ordinal > end || (stopAtRejected && refused.length > 0)) break
    const output = runEvent(event, runner)
    if (output === undefined) refused.push({ line, ordinal, rejection: runner.rejection, raw: text })
    else if (output === TOO_DEEP) refused.push({ line, ordinal, rejection: TOO_DEEP_REJECTION, raw: text })
    else {
      const { plain, numbers } = runner
      events.push({ line, ordinal, text, output, plain, numbers })
    }
  }
  return { source: batch.source, events, rejected: mergeRejected(batch.rejected, refused) }
}

/** A stack overflow: the event nests deeper than recursive functions of the rules can follow. */
const TOO_DEEP: unique symbol = Symbol('too deep')
const TOO_DEEP_REJECTION: Rejection = {
  code: 'VALUE_ERROR',
  message: 'the event nests too deep for the rules',
}

function runEvent(
  { data, exact, text, numbers }: InputEvent,
  runner: Runner,
): JsonObject | typeof TOO_DEEP | undefined {
  try {
    return exact ? runner.runExact(data, text, numbers) : runner.run(data as JsonObject, text)
  } catch (error) {
    if (error instanceof RangeError) return TOO_DEEP
    throw error
  }
}

/** Batches of events in, batches of outputs out. */
export class NormalizeStage extends Transform {
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

  override _transform(
    batch: Batch<InputEvent>,
    _encoding: BufferEncoding,
    callback: TransformCallback,
  ): void {
    guard(callback, () => {
      const normalized = normalizeBatch(batch, this.#runner, this.#stopAtRejected)
      this.push({ ...normalized, notes: this.#notes?.take() })
      callback()
    })
  }
}
