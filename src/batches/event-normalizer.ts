import type { Batch, InputEvent, OutputEvent } from '../event.ts'
import { withReplaced } from '../event.ts'
import { HAND_ON_BYTES } from '../formats/limits.ts'
import type { EventNotes, PartLimit, RunnerSource } from '../rules/apply/normalize.ts'
import { normalizeInParts } from '../rules/apply/normalize.ts'
import type { Runner } from '../rules/run.ts'
import { outputSize } from './output-size.ts'
import { Slice } from './slice.ts'

/** The outputs of a batch are handed on when they are large, or took long. */
class Limit implements PartLimit {
  readonly #slice = new Slice()
  #size = 0

  add(event: Parameters<PartLimit['add']>[0]): void {
    this.#slice.count()
    if ('output' in event) this.#size += outputSize(event.output, HAND_ON_BYTES)
  }

  get isReached(): boolean {
    return this.#size >= HAND_ON_BYTES || this.#slice.isOver
  }

  restart(): void {
    this.#slice.restart()
    this.#size = 0
  }
}

/** Batches of events in, batches of outputs as objects out: several for one where the outputs are large. */
export class EventNormalizer {
  readonly #stopAtRejected: boolean
  #runner!: Runner
  #notes: EventNotes | undefined

  /** @param stopAtRejected leave alone what follows a rejected event in its batch. Default: false */
  constructor(rules: RunnerSource, stopAtRejected = false) {
    this.#stopAtRejected = stopAtRejected
    this.replaceRules(rules)
  }

  /** The next batch is worked on with these rules. */
  replaceRules(rules: RunnerSource): void {
    this.#notes = rules.createNotes?.()
    this.#runner = rules.createRunner(this.#notes)
  }

  /** @returns the outputs of a batch, each part made when it is asked for */
  *normalize(batch: Batch<InputEvent>): Iterable<Batch<OutputEvent>> {
    let replaced = batch.notes?.replaced ?? 0
    for (const part of normalizeInParts(batch, this.#runner, this.#stopAtRejected, new Limit())) {
      yield { ...part, notes: withReplaced(this.#notes?.take(), replaced) }
      replaced = 0
    }
    // Nothing may be left of a batch but the number of those that were dropped.
    if ((this.#notes?.dropped ?? 0) > 0) {
      yield { source: batch.source, events: [], rejected: [], notes: this.#notes?.take() }
    }
  }
}
