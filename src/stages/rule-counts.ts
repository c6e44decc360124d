import type { BatchNotes } from '../event.ts'

/** The counts, by rule, of the events that have left the pipeline. */
export interface RuleTotals {
  /** Rejected events by the rule that was at fault: an output field, `tap`, `enrich`. */
  readonly rejectedByRule: Readonly<Record<string, number>>
  /** By output field: outputs that an optional rule left it out of. */
  readonly leftOutByRule: Readonly<Record<string, number>>
  /** Fields of the event that rules read, and that no event had. */
  readonly neverPresent: readonly NeverPresent[]
}

/** A field that no event had. */
export interface NeverPresent {
  /** As rules write it. */
  readonly field: string
  /** Events at which rules looked for it. */
  readonly events: number
}

interface FieldCount {
  events: number
  isPresent: boolean
}

/** Adds up the notes of batches, of all rule sets that have applied and of all threads. */
export class RuleCounts {
  readonly #rejected = new Map<string, number>()
  readonly #leftOut = new Map<string, number>()
  readonly #fields = new Map<string, FieldCount>()
  #lastSeen: readonly string[] | undefined

  /** Events were rejected: by the rule that was at fault, how many. */
  reject(byRule: ReadonlyMap<string, number>): void {
    for (const [rule, count] of byRule) add(this.#rejected, rule, count)
  }

  /** A batch has left. */
  add({ leftOut, fields }: BatchNotes): void {
    for (const [rule, count] of leftOut ?? []) add(this.#leftOut, rule, count)
    if (fields === undefined) return
    for (const field of fields.unseen) this.#field(field).events += fields.events
    // Mostly it is the list of the batch before.
    if (fields.seen === this.#lastSeen) return
    this.#lastSeen = fields.seen
    for (const field of fields.seen) this.#field(field).isPresent = true
  }

  get totals(): RuleTotals {
    return {
      rejectedByRule: Object.fromEntries(this.#rejected),
      leftOutByRule: Object.fromEntries(this.#leftOut),
      neverPresent: this.neverPresent,
    }
  }

  get neverPresent(): readonly NeverPresent[] {
    const absent = [...this.#fields].filter(([, { events, isPresent }]) => events > 0 && !isPresent)
    return absent.map(([field, { events }]) => ({ field, events }))
  }

  #field(field: string): FieldCount {
    let count = this.#fields.get(field)
    if (count === undefined) {
      count = { events: 0, isPresent: false }
      this.#fields.set(field, count)
    }
    return count
  }
}

function add(counts: Map<string, number>, name: string, count: number): void {
  counts.set(name, (counts.get(name) ?? 0) + count)
}
