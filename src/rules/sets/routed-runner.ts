/** Many rule sets as one at run time: each event goes to the one that takes it. */
import type { BatchNotes, Rejection } from '../../event.ts'
import type { EventLimits } from '../../expression/runtime/meter.ts'
import { Meter } from '../../expression/runtime/meter.ts'
import type { Dict, JsonObject, NumberTexts } from '../../expression/value.ts'
import type { ByteWriter } from '../../json/write.ts'
import type { LinePathPlan, RunnerSource } from '../apply/normalize.ts'
import type { NoRoute } from '../definition.ts'
import type { LineNotes } from '../fast/routed-line-path.ts'
import { NO_NOTED_RULES } from '../noted-rules.ts'
import { RuleNotes } from '../rule-notes.ts'
import type { ElementRunner, GeneratedFunction, Runner, SplitEvent } from '../run.ts'
import { lazyPrograms, Run } from '../run.ts'
import { NO_ROUTE } from './no-route.ts'

/** A rule set that events are evaluated with. */
interface EvaluableSet {
  createNotes(): RuleNotes
  createRunner(notes: RuleNotes, isRouted: boolean): Runner
}

/** A way that events may take. */
interface Way {
  /** The rule set's name. */
  readonly name: string
  /** Undefined: events are dropped. */
  readonly set: EvaluableSet | undefined
}

/** Rule sets and what finds the one for an event. */
interface RoutingParts {
  readonly routes: readonly Way[]
  readonly noRoute: NoRoute
  readonly limits: EventLimits
  /** Makes the function that sets `run.route`, for events as JSON.parse gives them. */
  readonly usual: () => GeneratedFunction
  /** The same for any event. */
  readonly exact: () => GeneratedFunction
  /** Gives the fast path of all rule sets that have one, the same one each time. */
  readonly fastPath: () => LinePathPlan | undefined
}

/** The parts of many rule sets that stages need: of those that were compiled here, and of compiled modules. */
export class Routing implements RunnerSource {
  readonly #parts: RoutingParts
  readonly #programs

  constructor(parts: RoutingParts) {
    this.#parts = parts
    this.#programs = lazyPrograms(parts.usual, parts.exact)
  }

  get fastPath(): LinePathPlan | undefined {
    return this.#parts.fastPath()
  }

  createNotes(): RoutedNotes {
    return new RoutedNotes(this.#parts.routes)
  }

  createRunner(notes = this.createNotes()): RoutedRunner {
    const { routes, noRoute, limits } = this.#parts
    const run = new Run(this.#programs, ['route'], 0, {
      notes: notes.ofRoutes,
      meter: new Meter(limits.maxWork, limits.maxBuilt),
    })
    return new RoutedRunner(routes, noRoute, run, notes)
  }
}

/** The notes of all rule sets, and the number of events that each of them took. */
export class RoutedNotes implements LineNotes {
  /** Of events that no rule set takes. */
  readonly ofRoutes = new RuleNotes(NO_NOTED_RULES)
  readonly #routes: readonly Way[]
  readonly #sets: (RuleNotes | undefined)[] = []
  readonly #events: Uint32Array
  /** By route: 1 where it is among the active ones. */
  readonly #isActive: Uint8Array
  /** By route: 1 where a field of its rules may have been left out since the sums were taken. */
  readonly #mayHaveLeftOut: Uint8Array
  /** Those that events went since the sums were taken, each once. */
  #active: number[] = []

  constructor(routes: readonly Way[]) {
    this.#routes = routes
    this.#events = new Uint32Array(routes.length)
    this.#isActive = new Uint8Array(routes.length)
    this.#mayHaveLeftOut = new Uint8Array(routes.length)
  }

  /** The notes of a route. */
  of(route: number): RuleNotes {
    let notes = this.#sets[route]
    if (notes === undefined) {
      notes = this.#routes[route]!.set?.createNotes() ?? new RuleNotes(NO_NOTED_RULES)
      this.#sets[route] = notes
    }
    return notes
  }

  /**
   * Events have gone this way.
   *
   * @param mayHaveLeftOut false: no field was left out of their outputs. Default: true
   */
  count(route: number, events = 1, mayHaveLeftOut = true): void {
    if (mayHaveLeftOut) this.#mayHaveLeftOut[route] = 1
    if (this.#isActive[route] === 0) {
      this.#isActive[route] = 1
      this.#active.push(route)
    }
    this.#events[route]! += events
  }

  /**
   * Brings the notes of routes into the caches of the processor: what is read here does not wait for each other.
   *
   * @returns a sum, never below 0, so that no compiler leaves the reading away
   */
  #touch(routes: readonly number[]): number {
    let sum = 0
    for (const route of routes) sum += this.of(route).events + this.#routes[route]!.name.length
    return sum
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
    const active = this.#active.sort((one, other) => one - other)
    this.#active = []
    if (this.#touch(active) < 0) return { dropped, sets }
    for (const route of active) {
      const { name } = this.#routes[route]!
      const events = this.#events[route]!
      const taken = this.of(route).take(this.#mayHaveLeftOut[route] === 1)
      this.#mayHaveLeftOut[route] = 0
      const droppedHere = taken.dropped!
      this.#events[route] = 0
      this.#isActive[route] = 0
      dropped += droppedHere
      if (events === 0 && droppedHere === 0 && taken.fields!.events === 0) continue
      const other = sets.get(name)
      sets.set(name, {
        leftOut: taken.leftOut!,
        dropped: droppedHere + (other?.dropped ?? 0),
        fields: taken.fields!,
        events: events + (other?.events ?? 0),
      })
    }
    return { dropped, sets }
  }
}

/** Finds the rule set of each event, and evaluates it. */
export class RoutedRunner implements Runner {
  received = Date.now()
  ending: Runner['ending'] = 'rejected'
  rejection: Rejection = { code: 'NO_ROUTE', message: 'no rule set takes the event' }
  plain = true
  writer: ByteWriter | undefined
  numbers: NumberTexts | undefined
  split: SplitEvent | undefined
  /** The name of the rule set that took the event. */
  rules: string | undefined
  readonly #routes: readonly Way[]
  readonly #noRoute: NoRoute
  readonly #run: Run
  readonly #notes: RoutedNotes
  readonly #runners: (Runner | undefined)[] = []
  /** The route of the next event; undefined: the conditions are to be asked. */
  #found: number | undefined
  /** An event that passes as it came. */
  #passed: JsonObject | Dict | undefined

  constructor(routes: readonly Way[], noRoute: NoRoute, run: Run, notes: RoutedNotes) {
    this.#routes = routes
    this.#noRoute = noRoute
    this.#run = run
    this.#notes = notes
  }

  goTo(route: number): void {
    this.#found = route
  }

  find({ data, text, exact, numbers }: Parameters<NonNullable<Runner['find']>>[0]): number | undefined {
    const run = this.#run
    run.route = undefined
    run.received = this.received
    if (exact) run.runExact(data, text, numbers)
    else run.run(data as JsonObject, text)
    return run.route
  }

  run(data: JsonObject, raw: string): JsonObject | undefined {
    if (!this.#isFound()) this.#run.run(data, raw)
    const runner = this.#taken(data, undefined)
    return runner === undefined ? this.#takePassed() : this.#result(runner, runner.run(data, raw))
  }

  runExact(data: JsonObject | Dict, raw: string, numbers: NumberTexts | undefined): JsonObject | undefined {
    if (!this.#isFound()) this.#run.runExact(data, raw, numbers)
    const runner = this.#taken(data, numbers)
    if (runner === undefined) return this.#takePassed()
    return this.#result(runner, runner.runExact(data, raw, numbers))
  }

  /** The event's route is known already. If it is not, the conditions are to be asked now. */
  #isFound(): boolean {
    const found = this.#found
    const run = this.#run
    run.route = found
    if (found !== undefined) {
      this.#found = undefined
      return true
    }
    run.received = this.received
    return false
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
    runner.writer = this.writer
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

function named({ code, message, rule }: Rejection, rules: string): Rejection {
  // Spelled out: a spread takes many times as long.
  return rule === undefined ? { code, message, rules } : { code, message, rule, rules }
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

  set writer(writer: ByteWriter | undefined) {
    this.#runner.writer = writer
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
