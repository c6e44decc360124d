import type { RejectionCode } from '../errors.ts'
import type { Rejection } from '../event.ts'
import { Failure, valueError } from '../expression/failure.ts'
import type { EventContext } from '../expression/functions/definition.ts'
import { getMember } from '../expression/runtime/containers/containers.ts'
import type { FieldPath } from '../expression/runtime/fields.ts'
import { locateField, locateItem } from '../expression/runtime/fields.ts'
import type { Meter } from '../expression/runtime/meter.ts'
import { addAnomalies } from '../expression/runtime/output.ts'
import type { Dict, JsonObject, Maybe, NumberTexts, Value } from '../expression/value.ts'
import { NumberText } from '../expression/value.ts'
import { JSON_CODING } from '../json/coding.ts'
import { envelopeHint } from './envelope.ts'
import type { RuleNotes } from './rule-notes.ts'

/** The generated function: the output, or undefined where the event is rejected (the run knows why). */
export type GeneratedFunction = (run: Run, data: JsonObject | Dict, raw: string) => JsonObject | undefined

/** Where a rule stands whose value is a copy of a field: what its number's own text is found by. */
export type CopiedFrom =
  | { readonly kind: 'field'; readonly path: FieldPath }
  | { readonly kind: 'item'; readonly keys: readonly (string | number)[] }

/** Before the first event that is rejected. */
const NEVER_REJECTED: Rejection = { code: 'INTERNAL_ERROR', message: 'no event was rejected' }

/** Bytes of an anomaly beside its text. */
const ANOMALY_BYTES = 96

/** Evaluates a rule set, one event at a time. It holds state, so every stage has its own. */
export interface Runner {
  /**
   * @param data an event as `JSON.parse` gives it, with no number that we would write in another way and no key that
   * JavaScript would put in another order
   * @param raw the event's text
   * @returns the output object, or undefined: `rejection` says why
   */
  run(data: JsonObject, raw: string): JsonObject | undefined
  /** As {@link Runner.run}, for any event; `numbers` are the texts that its numbers have in the input. */
  runExact(data: JsonObject | Dict, raw: string, numbers: NumberTexts | undefined): JsonObject | undefined
  /** When the events that follow were read, in milliseconds since 1970-01-01T00:00:00Z. Set it once for a batch. */
  received: number
  /** After `undefined`: why the event is rejected. */
  readonly rejection: Rejection
  /** After an output: JSON.stringify writes it as it should be. */
  readonly plain: boolean
  /** After an output: the texts of numbers in what it copied from the event. */
  readonly numbers: NumberTexts | undefined
}

/** The generated functions of a rule set. A getter may generate one when it is first asked for. */
export interface RunPrograms {
  /** For events as `JSON.parse` gives them. */
  readonly usual: GeneratedFunction
  /** For any event. */
  readonly exact: GeneratedFunction
}

/**
 * The runner of generated functions: the state of one event's evaluation, used again for the next event. Generated code
 * notes in it where it is, so that a failure anywhere below can be told as "rule: what happened".
 */
export class Run implements EventContext, Runner {
  /** Index of the rule that is being evaluated; -1 is tap. */
  rule = -1
  /** The line inside tap. */
  line = 0
  /** JSON.stringify writes the output as it should be. */
  plain = true
  /** Texts of the event's numbers, where they are not written as we would write them. */
  numbers: NumberTexts | undefined

  /** Counts the cost of the event, and ends its evaluation at the limit. */
  readonly meter: Meter
  readonly json = JSON_CODING

  /** Set by whoever reads batches; before, when this was made. */
  received = Date.now()
  #data: JsonObject | Dict = {}
  #whileSteps = 0
  #anomalies: Map<string, Set<string>> | undefined
  #rejection: Rejection = NEVER_REJECTED
  /** Generated code notes here which fields the events have, and which it leaves out. */
  readonly notes: RuleNotes
  readonly #programs: RunPrograms
  readonly #names: readonly string[]
  readonly #maxWhileSteps: number

  /**
   * @param names the rules' names, for messages
   * @param maxWhileSteps how often `while` in tap may go round for one event
   */
  constructor(
    programs: RunPrograms,
    names: readonly string[],
    maxWhileSteps: number,
    { notes, meter }: { readonly notes: RuleNotes; readonly meter: Meter },
  ) {
    this.notes = notes
    this.#programs = programs
    this.#names = names
    this.meter = meter
    this.#maxWhileSteps = maxWhileSteps
  }

  run(data: JsonObject, raw: string): JsonObject | undefined {
    return this.#evaluate(this.#programs.usual, data, raw)
  }

  runExact(data: JsonObject | Dict, raw: string, numbers: NumberTexts | undefined): JsonObject | undefined {
    return this.#evaluate(this.#programs.exact, data, raw, numbers)
  }

  #evaluate(
    generated: GeneratedFunction,
    data: JsonObject | Dict,
    raw: string,
    numbers?: NumberTexts,
  ): JsonObject | undefined {
    this.#data = data
    this.#anomalies = undefined
    this.meter.begin()
    this.#whileSteps = 0
    this.numbers = numbers
    this.plain = numbers === undefined
    try {
      return generated(this, data, raw)
    } catch (error) {
      this.#fail(error)
      return undefined
    }
  }

  get rejection(): Rejection {
    return this.#rejection
  }

  #fail(error: unknown): void {
    if (error instanceof Failure) this.#reject(error.code, error.message)
    // Too deep, or a string or an array that V8 does not make.
    else if (error instanceof RangeError)
      this.#reject('VALUE_ERROR', `result too big or too deep (${error.message})`)
    else {
      const text = error instanceof Error ? (error.stack ?? error.message) : String(error)
      this.#reject('INTERNAL_ERROR', `please report this: ${text.split('\n').slice(0, 3).join(' ')}`)
    }
  }

  #reject(code: RejectionCode, what: string): undefined {
    if (this.rule === -1) {
      this.#rejection = { code, rule: 'tap', message: `tap, line ${this.line}: ${what}` }
    } else {
      const rule = this.#names[this.rule]!
      this.#rejection = { code, rule, message: `${rule}: ${what}` }
    }
    return undefined
  }

  // --- what generated code calls ----------------------------------------------------------------------------

  /** Something that a required rule needs is absent. */
  absent(code: RejectionCode, what: string): undefined {
    return this.#reject(code, code === 'FIELD_MISSING' ? `${what}${envelopeHint(this.#data, what)}` : what)
  }

  whileStep(): void {
    if (++this.#whileSteps > this.#maxWhileSteps) {
      throw valueError(`more than ${this.#maxWhileSteps} rounds of while for one event`)
    }
  }

  /** A copied number comes out as it was written. */
  copied(value: Maybe, from: CopiedFrom): unknown {
    if (typeof value !== 'number' || this.numbers === undefined) return value
    const place =
      from.kind === 'field' ? locateField(this.#data, from.path) : locateItem(this.#data, from.keys)
    if (place === undefined) return value
    const text = this.numbers.get(place.container)?.get(place.key)
    // tap may have set another value since.
    return text !== undefined && Object.is(Number(text), value) ? new NumberText(text) : value
  }

  finish(output: JsonObject): JsonObject {
    return this.#anomalies === undefined ? output : addAnomalies(output, this.#anomalies)
  }

  // --- what functions of the language call ------------------------------------------------------------------

  field(name: string): Maybe {
    return getMember(this.#data as Value, name)
  }

  anomaly(kind: string, text: string): void {
    this.#anomalies ??= new Map()
    let texts = this.#anomalies.get(kind)
    if (texts === undefined) {
      texts = new Set()
      this.#anomalies.set(kind, texts)
    }
    if (texts.has(text)) return
    this.meter.build(ANOMALY_BYTES + text.length)
    this.meter.write(text.length)
    texts.add(text)
  }
}
