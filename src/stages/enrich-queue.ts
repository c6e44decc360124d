import type { WrittenBatch } from '../batches/serialize.ts'
import type { Batch, OutputEvent } from '../event.ts'
import { HAND_ON_BYTES } from '../formats/limits.ts'
import { NODE_CODING } from '../formats/node-coding.ts'
import type { EnrichSpec } from '../rules/load.ts'
import type { LookupHandler, TracerPool } from '../tracer/client/pool.ts'
import type { FoundIndicator } from './enrichment.ts'
import { Enrichment } from './enrichment.ts'
import type { AnswerSource } from './line-indicators.ts'
import type { BatchOwner, EnrichCounts, PendingWork } from './pending-batch.ts'
import { PendingBatch } from './pending-batch.ts'
import { LineEnrichment, PendingLines } from './pending-lines.ts'

/** A pool of connections to tracers, as far as it is used here. */
export interface LookupPool extends Pick<TracerPool, 'busy' | 'capacity' | 'dispatch'>, AnswerSource {
  once(event: 'drain', listener: () => void): unknown
  off(event: 'drain', listener: () => void): unknown
}

export interface EnrichOptions {
  /** Asked for the indicators. It belongs to the caller, who closes it after the stream. */
  readonly pool: LookupPool
  /** The fields that are looked up. Default: nothing, events pass as they are. */
  readonly enrich?: EnrichSpec | undefined
  /** Reject an event (ENRICHMENT_FAILED) that could not be looked up. Default: mark it, and let it pass. */
  readonly required?: boolean
  /**
   * Events in the stage at a time; with as many, no other batch is taken. Default: twice what the pool can have in
   * flight, and at least 1024.
   */
  readonly maxEvents?: number
  /** Characters of all texts in the stage at a time, about; with as many, no other batch is taken. Default: 8 Mi. */
  readonly maxTextLength?: number
  /** Counted in as well, by several stages together. Default: the stage has counts of its own. */
  readonly counts?: MutableCounts
  /** Whoever takes a batch is done with its bytes before it wants the next one: they may share a buffer. Default: false. */
  readonly isLent?: boolean
}

const MIN_EVENTS = 1024
/** All texts in the stage have about this many characters at most, or belong to one batch. */
const MAX_TEXT_LENGTH = 8 * 1024 * 1024

export type MutableCounts = BatchOwner['counts']

/** Nothing has been looked up yet. */
export function noEnrichCounts(): MutableCounts {
  return { enriched: 0, timeout: 0, unavailable: 0, detections: 0 }
}

/** Events as outputs of the rules, or written ones. */
export type EnrichBatch = Batch<OutputEvent> | WrittenBatch

/** Takes batches that are complete, in their order. */
export interface EnrichTaker {
  /** It takes another one. */
  readonly isWanted: boolean
  give(batch: unknown): void
}

/** The user of a queue, who calls `work` when it is told that something has changed. */
export interface QueueOwner {
  /** There may be more to do. */
  onProgress(): void
  /** A fault of ours. */
  onFault(error: unknown): void
}

/**
 * True when events that are written already can be enriched, in the way of `PendingLines`: no rule writes into the member
 * that detections go to, which may be written without a rule only if it is `event` (anomalies), and that member is the
 * last one of an object: JavaScript puts names that are numbers before all others.
 *
 * @param writes the output fields of the rules
 */
export function canEnrichLines(enrich: EnrichSpec | undefined, writes: readonly string[]): boolean {
  if (enrich === undefined) return true
  const member = firstStep(enrich.into)
  if (member === 'event' || /^\d+$/.test(member)) return false
  return !writes.some((field) => firstStep(field) === member)
}

function firstStep(path: string): string {
  return path.split('.', 1)[0]!
}

/**
 * Looks up the indicators of events and adds what is found. Takes events as outputs of the rules, or written ones; both
 * come out the same. No streams: a stage and the loop use it.
 *
 *     in --> [ batch ][ batch ][ batch ] --> out
 *              |  |      |        `-- being started: an event after the other, until the pool is busy
 *              |  |      `-- all asked, some answers are missing; it may be complete long before the first one
 *              |  `-- asked
 *              `-- answered. The first batch leaves when all its events are, and then those behind it that are complete
 *
 * Batches overlap, so that the pool always has something to ask.
 */
export class EnrichQueue {
  readonly #pool: EnrichOptions['pool']
  readonly #maxEvents: number
  readonly #maxTextLength: number
  readonly #owner: BatchOwner
  readonly #onProgress: () => void
  readonly #isLent: boolean
  #enrichment: Enrichment | undefined
  #lineEnrichment: LineEnrichment | undefined
  /** The oldest first; only the last one may have events that are not started. */
  readonly #batches: PendingWork[] = []
  #events = 0
  #textLength = 0
  #waitsForDrain = false

  constructor(
    {
      pool,
      enrich,
      required = false,
      maxEvents,
      maxTextLength = MAX_TEXT_LENGTH,
      counts = noEnrichCounts(),
      isLent = false,
    }: EnrichOptions,
    owner: QueueOwner,
  ) {
    this.#pool = pool
    this.#maxTextLength = maxTextLength
    this.#isLent = isLent
    this.#maxEvents = maxEvents ?? Math.max(MIN_EVENTS, 2 * pool.capacity)
    this.#onProgress = () => owner.onProgress()
    this.#owner = {
      required,
      counts,
      added: 0,
      onComplete: this.#onProgress,
      onFault: (error) => owner.onFault(error),
    }
    this.replaceSpec(enrich)
  }

  get counts(): EnrichCounts {
    return { ...this.#owner.counts }
  }

  /** The fields of the next batch that are looked up. */
  replaceSpec(enrich: EnrichSpec | undefined): void {
    this.#enrichment = enrich === undefined ? undefined : new Enrichment(enrich)
    this.#lineEnrichment =
      this.#enrichment === undefined
        ? undefined
        : new LineEnrichment(this.#enrichment, NODE_CODING, this.#pool, this.#isLent)
  }

  /** Takes a batch, where there is room for one. Call `work` then. */
  accept(batch: EnrichBatch): void {
    const pending = this.#pending(batch)
    this.#batches.push(pending)
    this.#events += pending.size
    this.#textLength += pending.textLength
  }

  /** The bytes of the batch that came last are used again by others: where it has not left, it gets a copy of them. */
  keepLast(): void {
    this.#batches.at(-1)?.keep()
  }

  /** Nothing is waited for any longer. */
  close(): void {
    this.#pool.off('drain', this.#onDrain)
    this.#batches.length = 0
  }

  #pending(batch: EnrichBatch): PendingWork {
    if (this.#enrichment === undefined) return new PassedBatch(batch)
    return 'bytes' in batch
      ? new PendingLines(batch, this.#lineEnrichment!, this.#owner)
      : new PendingBatch(batch, this.#enrichment, this.#owner)
  }

  /** Goes on with all that can be gone on with, and gives what is finished as long as that is wanted. */
  work(taker: EnrichTaker): void {
    do this.#start()
    while (this.#leave(taker))
  }

  /** Asks for what is not started yet, unless what was found already is so much that it has to leave first. */
  #start(): void {
    const batch = this.#batches.at(-1)
    while (batch?.isStarted === false && this.#owner.added < HAND_ON_BYTES) {
      if (this.#pool.busy) {
        this.#waitForDrain()
        return
      }
      batch.start(this.#ask)
    }
  }

  readonly #ask = (found: readonly FoundIndicator[], handler: LookupHandler): void => {
    this.#pool.dispatch(found, handler)
  }

  /** @returns whether something has left for which others may be started */
  #leave(taker: EnrichTaker): boolean {
    let hasLeft = false
    for (let batch = this.#batches[0]; batch?.isComplete === true; batch = this.#batches[0]) {
      if (!taker.isWanted) return hasLeft
      this.#batches.shift()
      this.#events -= batch.size
      this.#textLength -= batch.textLength
      taker.give(batch.result())
      hasLeft = true
    }
    if (this.#owner.added < HAND_ON_BYTES || !taker.isWanted) return hasLeft
    const part = this.#batches[0]?.takePart()
    if (part === undefined) return hasLeft
    taker.give(part)
    return true
  }

  /** Another batch may come. */
  get hasRoom(): boolean {
    const last = this.#batches.at(-1)
    if (last === undefined) return true
    // The reader takes no more.
    if (this.#batches[0]!.isComplete) return false
    return last.isStarted && this.#events < this.#maxEvents && this.#textLength < this.#maxTextLength
  }

  /** All that has come has left. */
  get isEmpty(): boolean {
    return this.#batches.length === 0
  }

  #waitForDrain(): void {
    if (this.#waitsForDrain) return
    this.#waitsForDrain = true
    this.#pool.once('drain', this.#onDrain)
  }

  readonly #onDrain = (): void => {
    this.#waitsForDrain = false
    this.#onProgress()
  }
}

/** A batch of which nothing is looked up. */
class PassedBatch implements PendingWork {
  readonly size = 1
  readonly textLength = 0
  readonly isStarted = true
  readonly isComplete = true
  #batch: EnrichBatch

  constructor(batch: EnrichBatch) {
    this.#batch = batch
  }

  start(): void {}

  takePart(): undefined {}

  result(): unknown {
    return this.#batch
  }

  keep(): void {
    const batch = this.#batch
    if ('bytes' in batch) this.#batch = { ...batch, bytes: new Uint8Array(batch.bytes) }
  }
}
