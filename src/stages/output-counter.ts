import type { RejectedCounts } from '../batches/rejected-records.ts'
import type { RejectionCode } from '../errors.ts'
import type { BatchNotes } from '../event.ts'
import type { RuleTotals } from './rule-counts.ts'
import { RuleCounts } from './rule-counts.ts'

/** Counts of the events and bytes that have left the pipeline. */
export interface OutputCounts extends RuleTotals {
  /** Events that were read, of one that was split its elements: `written`, `rejected` and `dropped` together. */
  readonly events: number
  readonly written: number
  readonly rejected: number
  /** Events that rules drop. */
  readonly dropped: number
  readonly rejectedByCode: Readonly<Partial<Record<RejectionCode, number>>>
  /** Events that were read with U+FFFD in the place of bytes that do not fit the encoding. */
  readonly replaced: number
  /** Bytes of output. */
  readonly bytesWritten: number
}

/** The counts that are asked for after each batch: they take no time. */
export type BatchCounts = Pick<OutputCounter, 'events' | 'rejected'>

/** Output that is counted when it leaves. */
export interface Leaving {
  /** JSON lines; their length is all that counts. */
  readonly bytes: { readonly length: number }
  /** Number of lines. */
  readonly written: number
  readonly rejected: RejectedCounts
  readonly notes?: BatchNotes | undefined
}

/** Adds up what leaves. */
export class OutputCounter {
  #written = 0
  #rejected = 0
  #dropped = 0
  readonly #rejectedByCode: Partial<Record<RejectionCode, number>> = {}
  readonly #rules = new RuleCounts()
  #replaced = 0
  #bytesWritten = 0

  add({ bytes, written, rejected, notes }: Leaving): void {
    this.#written += written
    this.#bytesWritten += bytes.length
    if (rejected.count > 0) this.#reject(rejected)
    if (notes === undefined) return
    this.#dropped += notes.dropped ?? 0
    this.#rules.add(notes)
    this.#replaced += notes.replaced ?? 0
  }

  #reject({ count, byCode, byRule, bySet }: RejectedCounts): void {
    this.#rejected += count
    for (const [code, ofCode] of Object.entries(byCode) as [RejectionCode, number][]) {
      this.#rejectedByCode[code] = (this.#rejectedByCode[code] ?? 0) + ofCode
    }
    this.#rules.reject(byRule, bySet)
  }

  /** Events that have left: written ones, rejected ones, and those that were dropped. */
  get events(): number {
    return this.#written + this.#rejected + this.#dropped
  }

  get rejected(): number {
    return this.#rejected
  }

  get counts(): OutputCounts {
    return {
      events: this.events,
      written: this.#written,
      rejected: this.#rejected,
      dropped: this.#dropped,
      rejectedByCode: { ...this.#rejectedByCode },
      replaced: this.#replaced,
      ...this.#rules.totals,
      bytesWritten: this.#bytesWritten,
    }
  }
}
