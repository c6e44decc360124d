import type { BatchNotes } from '../event.ts'
import type { NotedRules } from './noted-rules.ts'

/** Where no rule has left its field out: with many rule sets most batches have few events of each. */
const NONE: ReadonlyMap<string, number> = new Map()

/**
 * Notes of the evaluation of rules: which fields events had, and which output fields were left out. The generated
 * functions write into it, each in the cheapest way that it has; a stage takes the sums with each batch.
 */
export class RuleNotes {
  /** By rule: how often it left its field out of an output, since the sums were taken. */
  readonly leftOut: Uint32Array
  /** By field that rules read: 1 when an event had it. */
  readonly present: Uint8Array
  /** Some field has not been met yet. */
  isLooking: boolean
  /** Events at which fields were looked for, since the sums were taken. */
  events = 0
  /** Events that were dropped, since the sums were taken. */
  dropped = 0
  readonly #rules: NotedRules
  #seen: readonly string[] = []
  #unseen: readonly string[]

  constructor(rules: NotedRules) {
    this.#rules = rules
    this.leftOut = new Uint32Array(rules.names.length)
    this.present = new Uint8Array(rules.fields.length)
    this.#unseen = rules.fields
    this.isLooking = this.#unseen.length > 0
  }

  /**
   * Counts the rules of an output whose values are absent.
   *
   * @param values by rule
   * @param branches by group of cases the one that applies: rules of the others leave nothing out
   */
  leaveOut(values: readonly unknown[], branches: readonly number[]): void {
    for (const { rule, branch } of this.#rules.optional) {
      if (values[rule] !== undefined) continue
      if (branch === undefined || branches[branch.group] === branch.index) this.leftOut[rule]!++
    }
  }

  /**
   * The sums since they were taken the last time.
   *
   * @param mayHaveLeftOut false: it is known that no field was left out since then. Default: true
   */
  take(mayHaveLeftOut = true): BatchNotes {
    const leftOut = mayHaveLeftOut ? this.#takeLeftOut() : undefined
    if (this.isLooking) this.#sort()
    const { events, dropped } = this
    this.events = 0
    this.dropped = 0
    return { leftOut: leftOut ?? NONE, dropped, fields: { events, seen: this.#seen, unseen: this.#unseen } }
  }

  #takeLeftOut(): Map<string, number> | undefined {
    let leftOut: Map<string, number> | undefined
    const { names } = this.#rules
    for (let rule = 0; rule < this.leftOut.length; rule++) {
      const count = this.leftOut[rule]!
      if (count === 0) continue
      const name = names[rule]!
      leftOut ??= new Map()
      leftOut.set(name, (leftOut.get(name) ?? 0) + count)
      this.leftOut[rule] = 0
    }
    return leftOut
  }

  /** The lists stay the same ones while nothing new is seen: whoever counts notices that. */
  #sort(): void {
    let count = 0
    for (const flag of this.present) count += flag
    if (count === this.#seen.length) return
    const texts = (wanted: number) => this.#rules.fields.filter((_, index) => this.present[index] === wanted)
    this.#seen = texts(1)
    this.#unseen = texts(0)
    this.isLooking = this.#unseen.length > 0
  }
}
