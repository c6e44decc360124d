import type { BatchNotes } from '../event.ts'

/** The counts, by rule, of the events that have left the pipeline. */
export interface RuleTotals {
  /** Rejected events by the rule that was at fault: an output field, `tap`, `enrich`. */
  readonly rejectedByRule: Readonly<Record<string, number>>
  /** By output field: outputs that an optional rule left it out of. */
  readonly leftOutByRule: Readonly<Record<string, number>>
  /** Fields of the event that rules read, and that no event had. */
  readonly neverPresent: readonly NeverPresent[]
  /** Where there are several rule sets: the events of each, by its name. */
  readonly ruleSets?: Readonly<Record<string, RuleSetCounts>>
}

/** The events that a rule set took. */
interface RuleSetCounts {
  readonly events: number
  readonly written: number
  readonly rejected: number
  readonly dropped: number
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

/** Adds up the notes of the batches of one rule set. */
class NoteTotals {
  readonly leftOut = new Map<string, number>()
  readonly fields = new Map<string, FieldCount>()
  #lastSeen: readonly string[] | undefined

  add({ leftOut, fields }: BatchNotes): void {
    for (const [rule, count] of leftOut ?? []) add(this.leftOut, rule, count)
    if (fields === undefined) return
    for (const field of fields.unseen) this.#field(field).events += fields.events
    // Mostly it is the list of the batch before.
    if (fields.seen === this.#lastSeen) return
    this.#lastSeen = fields.seen
    for (const field of fields.seen) this.#field(field).isPresent = true
  }

  #field(field: string): FieldCount {
    let count = this.fields.get(field)
    if (count === undefined) {
      count = { events: 0, isPresent: false }
      this.fields.set(field, count)
    }
    return count
  }
}

/** The totals of one of several rule sets. */
interface SetTotals {
  events: number
  rejected: number
  dropped: number
  readonly notes: NoteTotals
}

/** Adds up the notes of batches, of all rule sets that have applied and of all threads. */
export class RuleCounts {
  readonly #rejected = new Map<string, number>()
  readonly #notes = new NoteTotals()
  /** A batch of many rule sets has notes of each: names are put together when the totals are asked for. */
  readonly #sets = new Map<string, SetTotals>()

  /** Events were rejected: by the rule that was at fault, and by rule set, how many. */
  reject(byRule: ReadonlyMap<string, number>, bySet?: ReadonlyMap<string, number>): void {
    for (const [rule, count] of byRule) add(this.#rejected, rule, count)
    for (const [name, count] of bySet ?? []) this.#set(name).rejected += count
  }

  /** A batch has left. */
  add(notes: BatchNotes): void {
    for (const [name, ofSet] of notes.sets ?? []) {
      const set = this.#set(name)
      set.events += ofSet.events ?? 0
      set.dropped += ofSet.dropped ?? 0
      set.notes.add(ofSet)
    }
    this.#notes.add(notes)
  }

  #setTotals(): Record<string, RuleSetCounts> {
    return Object.fromEntries(
      Array.from(this.#sets, ([name, { events, rejected, dropped }]) => [
        name,
        { events, written: events - rejected - dropped, rejected, dropped },
      ]),
    )
  }

  #set(name: string): SetTotals {
    let set = this.#sets.get(name)
    if (set === undefined) {
      set = { events: 0, rejected: 0, dropped: 0, notes: new NoteTotals() }
      this.#sets.set(name, set)
    }
    return set
  }

  get totals(): RuleTotals {
    return {
      rejectedByRule: Object.fromEntries(this.#rejected),
      leftOutByRule: Object.fromEntries(this.#all(({ leftOut }) => leftOut)),
      neverPresent: this.neverPresent,
      ...(this.#sets.size > 0 && { ruleSets: this.#setTotals() }),
    }
  }

  get neverPresent(): readonly NeverPresent[] {
    const fields = this.#all((notes) => notes.fields)
    const absent = fields.filter(([, { events, isPresent }]) => events > 0 && !isPresent)
    return absent.map(([field, { events }]) => ({ field, events }))
  }

  /** Counts of all rule sets; those of one of several have its name before theirs. */
  #all<Count>(of: (notes: NoteTotals) => ReadonlyMap<string, Count>): [name: string, count: Count][] {
    const all = [...of(this.#notes)]
    for (const [set, { notes }] of this.#sets) {
      for (const [name, count] of of(notes)) all.push([`${set}: ${name}`, count])
    }
    return all
  }
}

function add(counts: Map<string, number>, name: string, count: number): void {
  counts.set(name, (counts.get(name) ?? 0) + count)
}
