import type { BatchNotes, Rejection } from '../../event.ts'
import type { Problem } from '../../expression/diagnostic.ts'
import type { EventLimits } from '../../expression/runtime/meter.ts'
import { DEFAULT_LIMITS, Meter } from '../../expression/runtime/meter.ts'
import type { Dict, JsonObject, NumberTexts } from '../../expression/value.ts'
import type { LinePathPlan, RunnerSource } from '../apply/normalize.ts'
import type { CheckedExpression } from '../checked-rule.ts'
import type { NoRoute, RoutedDefinition, SentRoutes } from '../definition.ts'
import type { EnrichSpec } from '../enrich-spec.ts'
import type { LineRoute } from '../fast/routed-line-path.ts'
import { planLineRoutes } from '../fast/routed-line-path.ts'
import type { ReadField } from '../read-fields.ts'
import { RuleNotes } from '../rule-notes.ts'
import type { RuleSet } from '../rule-set.ts'
import type { ElementRunner, GeneratedFunction, Runner, RunPrograms, SplitEvent } from '../run.ts'
import { Run } from '../run.ts'
import { generateRoutes, NO_ROUTE } from './route-function.ts'

/** A way that events may take. */
interface Route {
  /** The rule set's name. */
  readonly name: string
  /** Undefined: events are dropped. */
  readonly set: RuleSet | undefined
  /** All of them hold for an event that goes this way. */
  readonly conditions: readonly CheckedExpression[]
}

interface RoutedParts {
  readonly label: string
  readonly definition: SentRoutes
  readonly routes: readonly Route[]
  readonly noRoute: NoRoute
  readonly enrich: EnrichSpec | undefined
  readonly conditionReads: readonly string[]
  readonly files: readonly string[]
  readonly warnings: readonly Problem[]
  readonly warningText: string
  readonly limits: RoutedDefinition['options']
}

/** Many rule sets, compiled: what a pipeline takes in the place of one. The code of each is generated when the first event needs it. */
export class RoutedRules implements RunnerSource {
  /** The name of all together, for messages. */
  readonly file: string
  readonly definition: SentRoutes
  readonly routes: readonly Route[]
  readonly noRoute: NoRoute
  readonly enrich: EnrichSpec | undefined
  /** The names of all files but those with lookup tables. */
  readonly files: readonly string[]
  readonly warnings: readonly Problem[]
  readonly warningText: string
  readonly #conditionReads: readonly string[]
  readonly #limits: RoutedDefinition['options']
  #programs: RunPrograms | undefined
  #fastPath: { readonly plan: LinePathPlan | undefined } | undefined

  constructor(parts: RoutedParts) {
    this.file = parts.label
    this.definition = parts.definition
    this.routes = parts.routes
    this.noRoute = parts.noRoute
    this.enrich = parts.enrich
    this.files = parts.files
    this.warnings = parts.warnings
    this.warningText = parts.warningText
    this.#conditionReads = parts.conditionReads
    this.#limits = parts.limits
  }

  /** The output fields of all rule sets. */
  get writes(): readonly string[] {
    return [...new Set(this.#sets.flatMap(({ writes }) => writes))]
  }

  get reads(): readonly string[] {
    return [...new Set([...this.#conditionReads, ...this.#sets.flatMap(({ reads }) => reads)])].sort()
  }

  get tap(): boolean {
    return this.#sets.some(({ tap }) => tap)
  }

  /** As of one rule set; each text has the rule set's name before it. */
  get readFields(): readonly ReadField[] {
    return this.routes.flatMap(({ name, set }) =>
      (set?.readFields ?? []).map((field) => ({ ...field, text: `${name}: ${field.text}`, bare: [] })),
    )
  }

  get #sets(): readonly RuleSet[] {
    return this.routes.flatMap(({ set }) => (set === undefined ? [] : [set]))
  }

  /** The fast path of all rule sets that have one; undefined where conditions need the event as an object. */
  get fastPath(): LinePathPlan | undefined {
    this.#fastPath ??= {
      plan: planLineRoutes(this.#lineRoutes(), { ...DEFAULT_LIMITS, ...given(this.#limits) }),
    }
    return this.#fastPath.plan
  }

  /** Where a rule set drops events, those are a way of their own before it. */
  #lineRoutes(): LineRoute[] {
    return this.routes.flatMap(({ set, conditions }, route): LineRoute[] => {
      if (set === undefined) return [{ conditions, target: 'drop', route }]
      const target = set.plainReasons.length > 0 ? undefined : () => set.ownPath
      const { drop } = set.checked
      if (target === undefined || drop === undefined) return [{ conditions, target, route }]
      return [
        { conditions: [...conditions, drop], target: 'drop', route },
        { conditions, target, route },
      ]
    })
  }

  createNotes(): RoutedNotes {
    return new RoutedNotes(this.routes)
  }

  createRunner(notes = this.createNotes()): RoutedRunner {
    const conditions = this.routes.map((route) => route.conditions)
    this.#programs ??= lazyPrograms(
      () => generateRoutes<GeneratedFunction>(conditions, { exact: false }).evaluate,
      () => generateRoutes<GeneratedFunction>(conditions, { exact: true }).evaluate,
    )
    const { maxWork = DEFAULT_LIMITS.maxWork, maxBuilt = DEFAULT_LIMITS.maxBuilt } = this.#limits
    const run = new Run(this.#programs, ['route'], 0, {
      notes: notes.ofRoutes,
      meter: new Meter(maxWork, maxBuilt),
    })
    return new RoutedRunner(this.routes, this.noRoute, run, notes)
  }
}

/** Limits that are given. */
function given({ maxWork, maxBuilt }: RoutedDefinition['options']): Partial<EventLimits> {
  return { ...(maxWork !== undefined && { maxWork }), ...(maxBuilt !== undefined && { maxBuilt }) }
}

function lazyPrograms(usual: () => GeneratedFunction, exact: () => GeneratedFunction): RunPrograms {
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

/** The notes of all rule sets, and the number of events that each of them took. */
class RoutedNotes {
  /** Of events that no rule set takes. */
  readonly ofRoutes = new RuleNotes([])
  readonly #routes: readonly Route[]
  readonly #sets: (RuleNotes | undefined)[] = []
  readonly #events: Uint32Array
  /** Those that events went since the sums were taken. */
  readonly #active = new Set<number>()

  constructor(routes: readonly Route[]) {
    this.#routes = routes
    this.#events = new Uint32Array(routes.length)
  }

  /** The notes of a route. */
  of(route: number): RuleNotes {
    let notes = this.#sets[route]
    if (notes === undefined) {
      notes = new RuleNotes(this.#routes[route]!.set?.rules ?? [])
      this.#sets[route] = notes
    }
    return notes
  }

  /** Events have gone this way. */
  count(route: number, events = 1): void {
    if (this.#events[route] === 0) this.#active.add(route)
    this.#events[route]! += events
  }

  /** Events that were dropped since the sums were taken. */
  get dropped(): number {
    let sum = this.ofRoutes.dropped
    for (const route of this.#active) sum += this.#sets[route]?.dropped ?? 0
    return sum
  }

  take(): BatchNotes {
    const sets = new Map<string, BatchNotes>()
    let { dropped = 0 } = this.ofRoutes.take()
    const active = [...this.#active].sort((one, other) => one - other)
    this.#active.clear()
    for (const route of active) {
      const notes = this.of(route)
      const { name } = this.#routes[route]!
      const events = this.#events[route]!
      const taken = notes.take()
      this.#events[route] = 0
      dropped += taken.dropped ?? 0
      if (events === 0 && taken.dropped === 0 && taken.fields!.events === 0) continue
      const other = sets.get(name)
      sets.set(name, {
        ...taken,
        events: events + (other?.events ?? 0),
        dropped: (taken.dropped ?? 0) + (other?.dropped ?? 0),
      })
    }
    return { dropped, sets }
  }
}

/** Finds the rule set of each event, and evaluates it. */
class RoutedRunner implements Runner {
  received = Date.now()
  ending: Runner['ending'] = 'rejected'
  rejection: Rejection = { code: 'NO_ROUTE', message: 'no rule set takes the event' }
  plain = true
  numbers: NumberTexts | undefined
  split: SplitEvent | undefined
  /** The name of the rule set that took the event. */
  rules: string | undefined
  readonly #routes: readonly Route[]
  readonly #noRoute: NoRoute
  readonly #run: Run
  readonly #notes: RoutedNotes
  readonly #runners: (Runner | undefined)[] = []
  /** An event that passes as it came. */
  #passed: JsonObject | Dict | undefined

  constructor(routes: readonly Route[], noRoute: NoRoute, run: Run, notes: RoutedNotes) {
    this.#routes = routes
    this.#noRoute = noRoute
    this.#run = run
    this.#notes = notes
  }

  run(data: JsonObject, raw: string): JsonObject | undefined {
    this.#run.route = undefined
    this.#run.received = this.received
    this.#run.run(data, raw)
    const runner = this.#taken(data, undefined)
    return runner === undefined ? this.#takePassed() : this.#result(runner, runner.run(data, raw))
  }

  runExact(data: JsonObject | Dict, raw: string, numbers: NumberTexts | undefined): JsonObject | undefined {
    this.#run.route = undefined
    this.#run.received = this.received
    this.#run.runExact(data, raw, numbers)
    const runner = this.#taken(data, numbers)
    if (runner === undefined) return this.#takePassed()
    return this.#result(runner, runner.runExact(data, raw, numbers))
  }

  /** The runner of the event's rule set; undefined where it has none, and what becomes of it is settled. */
  #taken(data: JsonObject | Dict, numbers: NumberTexts | undefined): Runner | undefined {
    const { route } = this.#run
    this.rules = undefined
    if (route === undefined) {
      this.ending = 'rejected'
      this.rejection = this.#run.rejection
      return undefined
    }
    if (route === NO_ROUTE) {
      this.#leave(data, numbers)
      return undefined
    }
    const { name, set } = this.#routes[route]!
    this.#notes.count(route)
    const notes = this.#notes.of(route)
    if (set === undefined) {
      notes.dropped++
      this.ending = 'dropped'
      return undefined
    }
    this.rules = name
    let runner = this.#runners[route]
    if (runner === undefined) {
      runner = set.createRunner(notes, true)
      this.#runners[route] = runner
    }
    runner.received = this.received
    return runner
  }

  /** No rule set takes the event. */
  #leave(data: JsonObject | Dict, numbers: NumberTexts | undefined): void {
    if (this.#noRoute === 'reject') {
      this.ending = 'rejected'
      this.rejection = NO_RULE_SET
    } else if (this.#noRoute === 'drop') {
      this.#notes.ofRoutes.dropped++
      this.ending = 'dropped'
    } else {
      this.#passed = data
      this.plain = false
      this.numbers = numbers
    }
  }

  /** The event itself, where it passes as it came. */
  #takePassed(): JsonObject | undefined {
    const passed = this.#passed
    this.#passed = undefined
    return passed as JsonObject | undefined
  }

  #result(runner: Runner, output: JsonObject | undefined): JsonObject | undefined {
    this.plain = runner.plain
    this.numbers = runner.numbers
    if (output !== undefined) return output
    this.ending = runner.ending
    if (runner.ending === 'rejected') this.rejection = named(runner.rejection, this.rules!)
    else if (runner.ending === 'split') {
      const split = runner.split!
      this.split = { ...split, runner: new NamedElements(split.runner, this.rules!, this.#counted()) }
    }
    return undefined
  }

  /** Counts the elements of an event; the event itself has been counted as one. */
  #counted(): (events: number) => void {
    const route = this.#run.route!
    this.#notes.count(route, -1)
    return (events) => this.#notes.count(route, events)
  }
}

const NO_RULE_SET: Rejection = { code: 'NO_ROUTE', message: 'no rule set takes the event' }

function named(rejection: Rejection, rules: string): Rejection {
  return { ...rejection, rules }
}

/** Evaluates the elements of an event, and names their rule set. */
class NamedElements implements ElementRunner {
  readonly rules: string
  readonly #runner: ElementRunner
  readonly #count: (events: number) => void

  constructor(runner: ElementRunner, rules: string, count: (events: number) => void) {
    this.#runner = runner
    this.rules = rules
    this.#count = count
  }

  runElement(split: SplitEvent, index: number, textOf: () => string): JsonObject | undefined {
    this.#count(1)
    return this.#runner.runElement(split, index, textOf)
  }

  get rejection(): Rejection {
    return named(this.#runner.rejection, this.rules)
  }

  get plain(): boolean {
    return this.#runner.plain
  }

  get numbers(): NumberTexts | undefined {
    return this.#runner.numbers
  }

  get ending(): ElementRunner['ending'] {
    return this.#runner.ending
  }
}
