import type { Batch, InputEvent, OutputEvent, RejectedEvent } from '../event.ts'
import { inOrder, rejectedEvent } from '../event.ts'
import { HAND_ON_BYTES } from '../formats/limits.ts'
import type { RunnerSource } from '../rules/apply/normalize.ts'
import { normalizeOne } from '../rules/apply/normalize.ts'
import type { RuleNotes } from '../rules/rule-notes.ts'
import type { Runner } from '../rules/run.ts'
import { outputSize } from './output-size.ts'
import { PacedStage } from './paced-stage.ts'
import { STAGE_OPTIONS } from './stage.ts'

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
