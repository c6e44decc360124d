import { EventNormalizer } from '../batches/event-normalizer.ts'
import type { Batch, InputEvent, OutputEvent } from '../event.ts'
import type { RunnerSource } from '../rules/apply/normalize.ts'
import { PacedStage } from './paced-stage.ts'
import { STAGE_OPTIONS } from './stage.ts'

/** An `EventNormalizer` as a stream: batches of events in, batches of outputs out. */
export class NormalizeStage extends PacedStage<Batch<InputEvent>> {
  readonly #normalizer: EventNormalizer

  /** @param stopAtRejected leave alone what follows a rejected event in its batch. Default: false */
  constructor(rules: RunnerSource, stopAtRejected = false) {
    super({ ...STAGE_OPTIONS, objectMode: true })
    this.#normalizer = new EventNormalizer(rules, stopAtRejected)
  }

  /** The next batch is worked on with these rules. */
  replaceRules(rules: RunnerSource): void {
    this.#normalizer.replaceRules(rules)
  }

  protected override pieces(batch: Batch<InputEvent>): Iterable<Batch<OutputEvent>> {
    return this.#normalizer.normalize(batch)
  }
}
