import type { RejectionCode } from '../errors.ts'
import type { InputEvent, Rejection } from '../event.ts'
import { Failure, typeError, valueError } from '../expression/failure.ts'
import type { EventContext } from '../expression/functions/definition.ts'
import { getMember } from '../expression/runtime/containers/containers.ts'
import type { FieldPath } from '../expression/runtime/fields.ts'
import { isMapping, locateField, locateItem } from '../expression/runtime/fields.ts'
import type { Meter } from '../expression/runtime/meter.ts'
import { typeName } from '../expression/runtime/numbers/numbers.ts'
import { addAnomalies } from '../expression/runtime/output.ts'
import type { RestReads } from '../expression/runtime/rest.ts'
import { restOf } from '../expression/runtime/rest.ts'
import type { Dict, JsonObject, Maybe, NumberTexts, Value } from '../expression/value.ts'
import { NumberText } from '../expression/value.ts'
import { JSON_CODING } from '../json/coding.ts'
import type { ByteWriter } from '../json/write.ts'
import { writeUsual } from '../json/write-values.ts'
import type { LineMembers } from './apply/line-members.ts'
import { envelopeHint } from './envelope.ts'
import type { OutputWriter } from './generate/write-output.ts'
import type { RuleNotes } from './rule-notes.ts'

/** A generated function: the output, or undefined where the event is rejected, dropped or split (the run knows which). */
type Evaluate = (run: Run, data: JsonObject | Dict, raw: string) => JsonObject | undefined

/** The entry of a program. Of a rule set that splits events it has a function for their elements. */
export type GeneratedFunction = Evaluate & { readonly element?: Evaluate }

/** Places of a rule file beside rules and `tap`, as numbers of a rule that is at fault. */
export const PLACES = { when: -1001, drop: -1002, split: -1003, cases: -1004 } as const

const PLACE_NAMES = new Map<number, string>(Object.entries(PLACES).map(([name, place]) => [place, name]))

/** The elements of an event that was split, each to be evaluated as an event of its own. */
export interface SplitEvent {
  readonly elements: readonly Value[]
  /** The event that they are of. */
  readonly parent: JsonObject | Dict
  readonly numbers: NumberTexts | undefined
  /** They are evaluated as any event may be. */
  readonly isExact: boolean
  /** The one that evaluates them. */
  readonly runner: ElementRunner
}

export interface ElementRunner
  extends Pick<Runner, 'rejection' | 'plain' | 'numbers' | 'ending' | 'rules' | 'writer'> {
  /**
   * Evaluates the rules for an element.
   *
   * @param textOf gives its text; it is called where rules read it
   * @returns the output, or undefined, as `run` does
   */
  runElement(split: SplitEvent, index: number, textOf: () => string): JsonObject | undefined
}

/** Stands for an output that the runner's writer has got. */
export const WRITTEN: JsonObject = Object.freeze({})

/** Stands for the event where its members are read from the line. */
const NO_EVENT: JsonObject = Object.freeze({})

/** The fate of an event that no output came of. */
export type Ending = 'rejected' | 'dropped' | 'split'

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
  /**
   * Where there are several rule sets: says which one takes the next event, so that no condition is asked for it.
   *
   * @param route its number, -1 for none: whoever has read the event's line has found it
   */
  goTo?(route: number): void
  /** Where there are several rule sets: the number of the one that takes an event, as `goTo` is told; undefined: conditions could not be evaluated. */
  find?(event: Pick<InputEvent, 'data' | 'text' | 'exact' | 'numbers'>): number | undefined
  /** After `undefined`: what became of the event. */
  readonly ending: Ending
  /** After `undefined` and `rejected`: why. */
  readonly rejection: Rejection
  /** After `undefined` and `split`: the elements. */
  readonly split: SplitEvent | undefined
  /** The name of the rule set that took the event, where there are several. */
  readonly rules?: string | undefined
  /**
   * Takes outputs as bytes, without line ends: `run` and its like return `WRITTEN` for those that it got. Some outputs are returned as
   * objects all the same. Default: all are.
   */
  writer?: ByteWriter | undefined
  /** After an output: JSON.stringify writes it as it should be. */
  readonly plain: boolean
  /** After an output: the texts of numbers in what it copied from the event. */
  readonly numbers: NumberTexts | undefined
}

/** The generated functions of a rule set. A getter may generate one when it is first asked for. */
interface RunPrograms {
  /** For events as `JSON.parse` gives them. */
  readonly usual: GeneratedFunction
  /** For any event. */
  readonly exact: GeneratedFunction
}

/** Programs that are made when they are first asked for. */
export function lazyPrograms(usual: () => GeneratedFunction, exact: () => GeneratedFunction): RunPrograms {
  const made: { usual?: GeneratedFunction; exact?: GeneratedFunction } = {}
  return {
    get usual() {
      made.usual ??= usual()
      return made.usual
    },
    get exact() {
      made.exact ??= exact()
      return made.exact
    },
  }
}

/** The parts of a run that rule sets do not share, and what it has to know of them. */
interface RunState {
  readonly notes: RuleNotes
  readonly meter: Meter
  /** The names of several `tap`s, for messages. Default: there is one. */
  readonly tapLabels?: readonly string[]
  /** Rules read the texts of events. Default: true. */
  readonly readsRaw?: boolean
  /** Events have been found to be those of the rule set: its condition is not asked. Default: false. */
  readonly isRouted?: boolean
  /** The members of lines, where programs read them there. Default: events are objects. */
  readonly members?: LineMembers
}

/**
 * The runner of generated functions: the state of one event's evaluation, used again for the next event. Generated code
 * notes in it where it is, so that a failure anywhere below can be told as "rule: what happened".
 */
export class Run implements EventContext, Runner, ElementRunner {
  /** Index of the rule that is being evaluated; -1 is tap. */
  rule = -1
  /** The line inside tap. */
  line = 0
  /** JSON.stringify writes the output as it should be. */
  plain = true
  /** Texts of the event's numbers, where they are not written as we would write them. */
  numbers: NumberTexts | undefined

  writer: ByteWriter | undefined
  /** The members of the line, for a program that reads them there. */
  readonly members: LineMembers | undefined

  /** Counts the cost of the event, and ends its evaluation at the limit. */
  readonly meter: Meter
  readonly json = JSON_CODING

  /** The event that this one is an element of. */
  parent: JsonObject | Dict = {}
  /** By group of cases the one that applies to the event, -1: none. */
  readonly branches: number[] = []
  /** The event has been found to be one of this rule set: its condition is not asked. */
  readonly isRouted: boolean
  /** Set by a program that finds the route of events: which one. */
  route: number | undefined
  ending: Ending = 'rejected'
  split: SplitEvent | undefined

  /** Set by whoever reads batches; before, when this was made. */
  received = Date.now()
  #data: JsonObject | Dict = {}
  #whileSteps = 0
  #anomalies: Map<string, Map<string, Value>> | undefined
  #rejection: Rejection = NEVER_REJECTED
  #isExact = false
  /** Generated code notes here which fields the events have, and which it leaves out. */
  readonly notes: RuleNotes
  readonly #programs: RunPrograms
  /** The programs, once they have been asked for: with many rule sets a look at each getter would be felt. */
  #usual: GeneratedFunction | undefined
  #exact: GeneratedFunction | undefined
  readonly #names: readonly string[]
  readonly #tapLabels: readonly string[]
  readonly #maxWhileSteps: number
  readonly #readsRaw: boolean

  /**
   * @param names the rules' names, for messages
   * @param maxWhileSteps how often `while` in tap may go round for one event
   */
  constructor(
    programs: RunPrograms,
    names: readonly string[],
    maxWhileSteps: number,
    { notes, meter, tapLabels = ['tap'], readsRaw = true, isRouted = false, members }: RunState,
  ) {
    this.notes = notes
    this.#programs = programs
    this.#names = names
    this.#tapLabels = tapLabels
    this.#readsRaw = readsRaw
    this.isRouted = isRouted
    this.members = members
    this.meter = meter
    this.#maxWhileSteps = maxWhileSteps
  }

  run(data: JsonObject, raw: string): JsonObject | undefined {
    this.#isExact = false
    this.#usual ??= this.#programs.usual
    return this.#evaluate(this.#usual, data, raw)
  }

  runExact(data: JsonObject | Dict, raw: string, numbers: NumberTexts | undefined): JsonObject | undefined {
    this.#isExact = true
    this.#exact ??= this.#programs.exact
    return this.#evaluate(this.#exact, data, raw, numbers)
  }

  /**
   * Evaluates the line whose members are known, and writes the output.
   *
   * @returns false where there is none: the event is dropped, or has to be evaluated as an object
   */
  runMembers(): boolean {
    this.#usual ??= this.#programs.usual
    return this.#evaluate(this.#usual, NO_EVENT, '') === WRITTEN
  }

  runElement(
    { elements, parent, numbers, isExact }: SplitEvent,
    index: number,
    textOf: () => string,
  ): JsonObject | undefined {
    const element = elements[index]!
    this.parent = parent
    if (!isMapping(element)) {
      this.rule = PLACES.split
      this.ending = 'rejected'
      return this.#reject('TYPE_ERROR', `element ${index} is no object`)
    }
    const program = isExact ? this.#programs.exact : this.#programs.usual
    return this.#evaluate(program.element!, element, this.#readsRaw ? textOf() : '', numbers)
  }

  #evaluate(
    generated: Evaluate,
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
    this.ending = 'rejected'
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
    this.ending = 'rejected'
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
    const place = PLACE_NAMES.get(this.rule)
    if (place !== undefined) this.#rejection = { code, rule: place, message: `${place}: ${what}` }
    else if (this.rule < 0) {
      const label = this.#tapLabels[-1 - this.rule]!
      this.#rejection = { code, rule: 'tap', message: `${label}, line ${this.line}: ${what}` }
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

  /** The condition of the rule set does not hold. */
  noRoute(): undefined {
    this.#rejection = { code: 'NO_ROUTE', message: 'no rule set takes the event' }
    return undefined
  }

  /** The event is to be dropped. */
  drop(): undefined {
    this.ending = 'dropped'
    this.notes.dropped++
    return undefined
  }

  /** The event becomes several. @param value the list of them */
  divide(value: Value, parent: JsonObject | Dict): undefined {
    if (!Array.isArray(value)) throw typeError(`a list is needed, and this is ${typeName(value)}`)
    this.ending = 'split'
    this.split = { elements: value, parent, numbers: this.numbers, isExact: this.#isExact, runner: this }
    return undefined
  }

  /** `line.parsed = value` */
  replaceEvent(value: Value): JsonObject | Dict {
    if (!isMapping(value)) throw typeError(`an event is a dict, and this is ${typeName(value)}`)
    this.#data = value
    return value
  }

  /** The members of the event that no rule reads; undefined where there are none. */
  rest(data: JsonObject | Dict, reads: RestReads): Maybe {
    return restOf(data, reads, this.branches, this.meter, this.numbers)
  }

  /** Notes the error for which a field is left out. */
  omit({ code, message }: Failure): void {
    const field = this.#names[this.rule]!
    this.#note('rules', `${field} ${code} ${message}`, { field, code, message })
  }

  /**
   * Gives the output to the writer.
   *
   * @param values by rule
   * @returns undefined where it has to be an object first
   */
  write(output: OutputWriter, values: readonly unknown[]): JsonObject | undefined {
    if (this.#anomalies !== undefined) return undefined
    const writer = this.writer!
    const { length } = writer
    if (this.members !== undefined) {
      this.numbers = this.members.numbers
      if (!this.members.plain) this.plain = false
    }
    let isWritten = false
    try {
      isWritten = output.write(writer, values, this)
    } finally {
      if (!isWritten) writer.length = length
    }
    return isWritten ? WRITTEN : undefined
  }

  /** Makes the output of its object: it goes to the writer, if there is one and the output is a usual one. */
  finish(output: JsonObject): JsonObject {
    const finished = this.#anomalies === undefined ? output : addAnomalies(output, this.#anomalies)
    const { writer, members } = this
    if (writer === undefined) return finished
    const { length } = writer
    const own = this.plain ? undefined : this.numbers
    if (writeUsual(writer, finished, members === undefined ? own : members.numbers)) return WRITTEN
    writer.length = length
    // The line is evaluated as a whole then.
    if (members !== undefined) throw valueError('the output is none that is written as bytes')
    return finished
  }

  // --- what functions of the language call ------------------------------------------------------------------

  field(name: string): Maybe {
    return this.members === undefined ? getMember(this.#data as Value, name) : this.members.own(name)
  }

  anomaly(kind: string, text: string): void {
    this.#note(kind, text, text)
  }

  #note(kind: string, text: string, value: Value): void {
    this.#anomalies ??= new Map()
    let values = this.#anomalies.get(kind)
    if (values === undefined) {
      values = new Map()
      this.#anomalies.set(kind, values)
    }
    if (values.has(text)) return
    this.meter.build(ANOMALY_BYTES + text.length)
    this.meter.write(text.length)
    values.set(text, value)
  }
}
