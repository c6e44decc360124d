import type { Failure } from '../../expression/failure.ts'
import { keyText } from '../../expression/functions/lookup.ts'
import type { Dict, JsonObject, Maybe, Value } from '../../expression/value.ts'
import type { Part, Plan, Section } from './plan.ts'
import type { Shown } from './shown.ts'
import { show } from './shown.ts'

/** A look into a table. */
export interface TableEntry {
  /** The table's name. */
  readonly table: string
  /** The key as the table would have it. */
  readonly key: string
  /** The table has an entry for it. */
  readonly found: boolean
}

/** An error that was caught: by `attempt`, by a condition, or by `on_error` of a rule. */
interface Caught {
  readonly code: string
  readonly message: string
  /** The part that failed; undefined where none of its own did. */
  readonly part: Part | undefined
}

/** The record of a part in one event. */
export interface PartRecord {
  /** The number of times that it gave a value, or absence. */
  times: number
  /** The values of the first rounds; of a part outside of loops the only one. */
  readonly values: Shown[]
  /** The value of the last round, if it is none of the first. */
  last: Maybe
  hasLast: boolean
  /** By branch, how often the evaluation went on there. */
  branches: number[] | undefined
  entries: TableEntry[] | undefined
  caught: Caught | undefined
  /** Of a statement: values that it gave to its target. */
  assigned: Shown[] | undefined
}

/** The record of a section in one event. */
interface SectionRecord {
  hasEnded: boolean
  value: Maybe
  shown: Shown | undefined
  /** The last part that was absent. */
  absent: Part | undefined
  omitted: Caught | undefined
}

/** Bounds of what is kept of one event. */
export interface ObservationLimits {
  /** Characters of a value that are shown. */
  readonly maxText: number
  /** Rounds of a loop of which values are shown, beside the last one. */
  readonly maxRounds: number
}

/** Collects what an observed program reports of one event. Every method but the first two is called by generated code. */
export class Observer {
  readonly #plan: Plan
  readonly #limits: ObservationLimits
  #sections: (SectionRecord | undefined)[] = []
  #parts: (PartRecord | undefined)[] = []
  /** Numbers of the parts that are being evaluated, the innermost last. */
  readonly #open: number[] = []
  #section = -1
  #absent = -1
  #data: JsonObject | Dict | undefined
  #route = -1

  constructor(plan: Plan, limits: ObservationLimits) {
    this.#plan = plan
    this.#limits = limits
  }

  /** The next event, or the next element of one. */
  start(): void {
    this.#sections = []
    this.#parts = []
    this.#open.length = 0
    this.#section = -1
    this.#absent = -1
    this.#data = undefined
    this.#route = -1
  }

  /** The event as rules see it. */
  get data(): JsonObject | Dict | undefined {
    return this.#data
  }

  /** The route that was asked last, -1: none. */
  get lastRoute(): number {
    return this.#route
  }

  /** The section that is being evaluated, or was the last one. */
  get current(): Section | undefined {
    return this.#plan.sections[this.#section]
  }

  /** The part that is at fault when an evaluation ends with an error. */
  get failing(): Part | undefined {
    const number = this.#open.at(-1)
    return number === undefined ? undefined : this.#plan.parts[number]
  }

  /** The part that was absent last. */
  get absent(): Part | undefined {
    return this.#plan.parts[this.#absent]
  }

  sectionRecord(section: Section): SectionRecord | undefined {
    return this.#sections[section.number]
  }

  partRecord(part: Part): PartRecord | undefined {
    return this.#parts[part.number]
  }

  // --- what generated code calls ----------------------------------------------------------------------------

  event(data: JsonObject | Dict): void {
    this.#data = data
  }

  /** The conditions of a route are asked. */
  route(route: number): void {
    this.#route = route
  }

  begin(section: number): void {
    this.#section = section
    this.#open.length = 0
    this.#absent = -1
    this.#sections[section] = {
      hasEnded: false,
      value: undefined,
      shown: undefined,
      absent: undefined,
      omitted: undefined,
    }
  }

  again(section: number): void {
    this.#section = section
    this.#open.length = 0
  }

  end(section: number, value: Maybe): void {
    const record = this.#sections[section]
    // A rule of another case has not begun.
    if (record === undefined) return
    record.hasEnded = true
    this.#open.length = 0
    if (value === undefined) record.absent = this.absent
    else if (this.#plan.sections[section]!.kind !== 'tap') record.shown = show(value, this.#limits.maxText)
  }

  omitted(error: Failure): void {
    const record = this.#sections[this.#section]
    if (record !== undefined) record.omitted = this.#caught(error)
  }

  enter(part: number): void {
    this.#open.push(part)
  }

  value(part: number, value: Maybe): void {
    this.#close(part)
    if (value === undefined) this.#absent = part
    const record = this.#record(part)
    record.times++
    const { isRepeated } = this.#plan.parts[part]!
    if (!isRepeated) record.values[0] = show(value, this.#limits.maxText)
    else if (record.values.length < this.#limits.maxRounds) {
      record.values.push(show(value, this.#limits.maxText))
    } else {
      record.last = value
      record.hasLast = true
    }
  }

  settle(part: number, value: boolean): void {
    if (this.#open.includes(part)) this.value(part, value)
  }

  branch(part: number, index: number): void {
    const record = this.#record(part)
    record.branches ??= []
    record.branches[index] = (record.branches[index] ?? 0) + 1
  }

  turn(part: number): void {
    this.#record(part).branches![0]!--
    this.branch(part, 1)
  }

  chosen(part: number, test: boolean): boolean {
    this.branch(part, test ? 0 : 1)
    return test
  }

  taken(part: number, test: boolean, index: number): boolean {
    if (test) this.branch(part, index)
    return test
  }

  caught(part: number, error: Failure): void {
    this.#record(part).caught = this.#caught(error)
  }

  entry(part: number, table: Value, key: Value, found: Maybe): void {
    const record = this.#record(part)
    record.entries ??= []
    const text = typeof key === 'string' ? key : keyText(key)
    const { maxText, maxRounds } = this.#limits
    const isCut = text.length > maxText
    if (record.entries.length > maxRounds) record.entries.pop()
    record.entries.push({
      table: String(table),
      // A copy: a slice would keep the whole text in memory.
      key: isCut ? `${[...text.slice(0, maxText)].join('')}…` : text,
      found: found !== undefined,
    })
  }

  statement(statement: number): void {
    this.#open.length = 0
    this.#open.push(statement)
    this.#record(statement).times++
  }

  round(statement: number, item: Value): void {
    this.branch(statement, 0)
    this.assigned(statement, item)
  }

  assigned<T extends Value>(statement: number, value: T): T {
    const record = this.#record(statement)
    record.assigned ??= []
    if (record.assigned.length < this.#limits.maxRounds) {
      record.assigned.push(show(value, this.#limits.maxText))
    }
    return value
  }

  #caught({ code, message }: Failure): Caught {
    return { code, message, part: this.failing }
  }

  #record(part: number): PartRecord {
    let record = this.#parts[part]
    if (record === undefined) {
      record = {
        times: 0,
        values: [],
        last: undefined,
        hasLast: false,
        branches: undefined,
        entries: undefined,
        caught: undefined,
        assigned: undefined,
      }
      this.#parts[part] = record
    }
    return record
  }

  /** The part is evaluated, and everything that was begun inside of it and left. */
  #close(part: number): void {
    const index = this.#open.lastIndexOf(part)
    if (index !== -1) this.#open.length = index
  }
}
