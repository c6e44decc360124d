import type { BatchNotes } from '../event.ts'
import type { CheckedRule } from './checked-rule.ts'
import { type ReadField, readFields } from './read-fields.ts'

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
  readonly #names: readonly string[]
  readonly #optional: readonly number[]
  readonly #fields: readonly ReadField[]
  #seen: readonly string[] = []
  #unseen: readonly string[]

  constructor(rules: readonly CheckedRule[]) {
    this.#names = rules.map((rule) => rule.name)
    this.#optional = rules.flatMap((rule, index) => (rule.required ? [] : [index]))
    this.#fields = readFields(rules)
    this.leftOut = new Uint32Array(rules.length)
    this.present = new Uint8Array(this.#fields.length)
    this.#unseen = this.#fields.map((field) => field.text)
    this.isLooking = this.#unseen.length > 0
  }

  /** Counts the optional rules of an output whose values are absent. @param values by rule */
  leaveOut(values: readonly unknown[]): void {
    for (const index of this.#optional) if (values[index] === undefined) this.leftOut[index]!++
  }

  /** The sums since they were taken the last time. */
  take(): BatchNotes {
    const leftOut = new Map<string, number>()
    for (const index of this.#optional) {
      const count = this.leftOut[index]!
      if (count === 0) continue
      leftOut.set(this.#names[index]!, count)
      this.leftOut[index] = 0
    }
    if (this.isLooking) this.#sort()
    const { events } = this
    this.events = 0
    return { leftOut, fields: { events, seen: this.#seen, unseen: this.#unseen } }
  }

  /** The lists stay the same ones while nothing new is seen: whoever counts notices that. */
  #sort(): void {
    let count = 0
    for (const flag of this.present) count += flag
    if (count === this.#seen.length) return
    const texts = (wanted: number) =>
      this.#fields.filter((_, index) => this.present[index] === wanted).map((field) => field.text)
    this.#seen = texts(1)
    this.#unseen = texts(0)
    this.isLooking = this.#unseen.length > 0
  }
}
