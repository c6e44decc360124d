import { outputSize } from '../batches/output-size.ts'
import type { Batch, BatchNotes, OutputEvent, RejectedEvent, Rejection } from '../event.ts'
import { mergeRejected, rejectedEvent } from '../event.ts'
import { Failure } from '../expression/failure.ts'
import type { JsonObject } from '../expression/value.ts'
import { HAND_ON_BYTES } from '../formats/limits.ts'
import type { Answer, LookupHandler, TracerError } from '../tracer/client/pool.ts'
import type { Enrichment, FoundIndicator } from './enrichment.ts'
import { detectionsOf, markUnenriched } from './enrichment.ts'

/** Counts of what the enrich stage has done. */
export interface EnrichCounts {
  /** Events that something was found for. */
  readonly enriched: number
  /** Events whose look-up timed out. */
  readonly timeout: number
  /** Events that no server could be asked for. */
  readonly unavailable: number
  /** Detections that were added to events. */
  readonly detections: number
}

/** The part of their stage that pending batches need. */
export interface BatchOwner {
  /** Reject an event that could not be looked up. */
  readonly required: boolean
  readonly counts: { -readonly [Name in keyof EnrichCounts]: EnrichCounts[Name] }
  /** Characters or bytes that were added to events which have not left yet, about. */
  added: number
  /** Events may leave: all of a batch are settled, or so much was added that some have to. */
  onComplete(): void
  /** A fault of ours. */
  onFault(error: unknown): void
}

/** A batch in the enrich stage. */
export interface PendingWork {
  /** Events, rejected ones included; 1 at least. */
  readonly size: number
  /** Characters of all texts in it, about. */
  readonly textLength: number
  /** Every event has been looked at. */
  readonly isStarted: boolean
  /** Every event is as it leaves. */
  readonly isComplete: boolean
  /** Starts the next event: asks for its indicators, if it has any. @param ask may tell the handler at once */
  start(ask: (found: readonly FoundIndicator[], handler: LookupHandler) => void): void
  /** The events, from the first one on, that are as they leave; undefined: there are none. */
  takePart(): unknown
  /** The rest of the batch, as it leaves. Once, when it is complete. */
  result(): unknown
  /** Copies what others will use again, for a batch that has to wait. */
  keep(): void
}

/** The name of a failure in an event. */
export function failureReason({ code }: TracerError): 'timeout' | 'unavailable' {
  return code === 'timeout' ? 'timeout' : 'unavailable'
}

/**
 * A batch whose events are looked up.
 *
 *     events:  [ left ][ left ][ settled ][ asked ][ settled ][ asked ][ ... ][ ... ]
 *                              `-- from                                `-- next: not started
 */
export class PendingBatch implements PendingWork {
  readonly size: number
  readonly textLength: number
  readonly #batch: Batch<OutputEvent>
  readonly #enrichment: Enrichment
  readonly #owner: BatchOwner
  #from = 0
  #next = 0
  #unsettled: number
  readonly #isSettled: Uint8Array
  /** Characters that were added to events, by their index. */
  readonly #added = new Map<number, number>()
  /** With the first event that has changed: all of them, a rejected one left out. */
  #events: (OutputEvent | undefined)[] | undefined
  /** Those that were rejected before, and here: they have not left. */
  #rejected: readonly RejectedEvent[]
  #refused: RejectedEvent[] = []
  #notes: BatchNotes | undefined

  constructor(batch: Batch<OutputEvent>, enrichment: Enrichment, owner: BatchOwner) {
    const { events, rejected, notes } = batch
    this.#batch = batch
    this.#notes = notes
    this.#enrichment = enrichment
    this.#owner = owner
    this.#unsettled = events.length
    this.#isSettled = new Uint8Array(events.length)
    this.#rejected = rejected
    this.size = Math.max(1, events.length + rejected.length)
    let length = 0
    for (const { text } of events) length += text.length
    for (const { raw } of rejected) length += raw.length
    this.textLength = length
  }

  get isStarted(): boolean {
    return this.#next === this.#batch.events.length
  }

  get isComplete(): boolean {
    return this.isStarted && this.#unsettled === 0
  }

  start(ask: (found: readonly FoundIndicator[], handler: LookupHandler) => void): void {
    const index = this.#next
    this.#next += 1
    const found = this.#enrichment.find(this.#batch.events[index]!.output)
    if (found.length === 0) this.#settle(index)
    else ask(found, new PendingEvent(this, index, found))
  }

  /** Events are objects, which are nobody else's. */
  keep(): void {}

  takePart(): Batch<OutputEvent> | undefined {
    let end = this.#from
    while (end < this.#next && this.#isSettled[end] === 1) end++
    return end === this.#from ? undefined : this.#cut(end)
  }

  result(): Batch<OutputEvent> {
    if (this.#from === 0 && this.#events === undefined) return this.#batch
    return this.#cut(this.#batch.events.length)
  }

  /** The events that have not left, up to this one. */
  #cut(end: number): Batch<OutputEvent> {
    const outputs = this.#events ?? this.#batch.events
    const events = outputs.slice(this.#from, end).filter((event) => event !== undefined)
    for (let index = this.#from; index < end; index++) {
      this.#owner.added -= this.#added.get(index) ?? 0
      // It has left, and need not be in memory for those behind it.
      if (this.#events !== undefined) this.#events[index] = undefined
    }
    this.#from = end
    const nextOrdinal = this.#batch.events[end]?.ordinal ?? Number.POSITIVE_INFINITY
    const refused = mergeRejected(this.#rejected, this.#refused)
    const rejected = refused.filter(({ ordinal }) => ordinal < nextOrdinal)
    this.#rejected = refused.slice(rejected.length)
    this.#refused = []
    // The notes of a batch leave once.
    const notes = this.#notes
    this.#notes = undefined
    return { source: this.#batch.source, events, rejected, notes }
  }

  answer(index: number, found: readonly FoundIndicator[], answers: readonly Answer[]): void {
    const detections = detectionsOf(found, answers)
    if (detections !== undefined) this.#add(index, detections)
    this.#settle(index)
    this.#tell()
  }

  fail(index: number, error: TracerError): void {
    const reason = failureReason(error)
    this.#owner.counts[reason] += 1
    if (this.#owner.required) this.#reject(index, { code: 'ENRICHMENT_FAILED', message: error.message })
    else this.#change(index, markUnenriched(this.#batch.events[index]!, reason))
    this.#settle(index)
    this.#tell()
  }

  #add(index: number, detections: readonly JsonObject[]): void {
    try {
      this.#change(index, this.#enrichment.add(this.#batch.events[index]!, detections))
      this.#owner.counts.enriched += 1
      this.#owner.counts.detections += detections.length
      const size = outputSize(detections, HAND_ON_BYTES)
      this.#added.set(index, size)
      this.#owner.added += size
    } catch (error) {
      if (error instanceof Failure) this.#reject(index, { code: error.code, message: error.message })
      else this.#owner.onFault(error)
    }
  }

  #change(index: number, event: OutputEvent | undefined): void {
    this.#events ??= [...this.#batch.events]
    this.#events[index] = event
  }

  #reject(index: number, { code, message }: Rejection): void {
    const rejection = { code, rule: 'enrich', message: `enrich: ${message}` }
    this.#refused.push(rejectedEvent(this.#batch.events[index]!, rejection))
    this.#change(index, undefined)
  }

  #settle(index: number): void {
    this.#unsettled -= 1
    this.#isSettled[index] = 1
  }

  #tell(): void {
    if (this.isComplete || this.#owner.added >= HAND_ON_BYTES) this.#owner.onComplete()
  }
}

/** One event that waits for its answers. */
class PendingEvent implements LookupHandler {
  readonly #batch: PendingBatch
  readonly #index: number
  readonly #found: readonly FoundIndicator[]

  constructor(batch: PendingBatch, index: number, found: readonly FoundIndicator[]) {
    this.#batch = batch
    this.#index = index
    this.#found = found
  }

  onAnswers(answers: readonly Answer[]): void {
    this.#batch.answer(this.#index, this.#found, answers)
  }

  onFailure(error: TracerError): void {
    this.#batch.fail(this.#index, error)
  }
}
