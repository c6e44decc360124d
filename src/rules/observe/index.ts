/**
 * Observed rules: the same compiler, the same language, and a program that reports what it does. It costs some ten times as
 * much as the usual one, so it is for people who look at events one by one: `normalize explain`, tests, coverage, the playground.
 *
 *     const observed = compileObserved("source.ip: src\nuser.name: lower(user)", { file: 'rules.yaml' })
 *     const { outcome, reports } = observed.run('{"src": "192.0.2.7"}')
 *     outcome                           // { kind: 'rejected', rejection: { code: 'FIELD_MISSING', rule: 'user.name', ... }, ... }
 *     reports[0].section.name           // 'source.ip', which stands at reports[0].section.place
 *     reports[0].value?.text            // '"192.0.2.7"'
 *     reports[1].reason?.part?.place    // { file: 'rules.yaml', line: 2, column: 18, ... }: where the caret goes
 *     reports[1].fields[0].value.type   // 'absent'
 *
 * With files that are at hand on a disk, the compiler is given an {@link Origins}, and its result is observed:
 *
 *     const origins = new Origins()
 *     const observed = observe(await loadAndCompile(text, options, origins), origins)
 *
 * Reports of an event have bounds, whatever the event is: values are shown with 200 characters, and of loops the first
 * eight rounds and the last one. Observed rules give the same outputs and rejections as the usual ones, limits of cost included;
 * a property test holds the two together.
 *
 * For coverage: `observed.sections` has all sections with all their parts and branches, and every report refers to these objects.
 * `PartReport.branches` counts by the index in `Part.branches`, `PartReport.entries` has the tables and keys that were looked up,
 * and `origins.tablesOf` gives all tables that rules see, with the places of their names.
 */
import type { InputEvent, OutputEvent, Rejection } from '../../event.ts'
import { DEFAULT_LIMITS } from '../../expression/runtime/meter.ts'
import type { JsonObject } from '../../expression/value.ts'
import { normalizeOne } from '../apply/normalize.ts'
import { outputText } from '../apply/output-text.ts'
import { EventParser } from '../apply/parse-event.ts'
import type { Dropped } from '../apply/split-elements.ts'
import { SplitElements } from '../apply/split-elements.ts'
import { compileRules } from '../compile.ts'
import type { CompileOptions } from '../definition.ts'
import type { RuleSet } from '../rule-set.ts'
import { DEFAULT_MAX_WHILE_STEPS } from '../rule-set.ts'
import { NO_ROUTE } from '../sets/no-route.ts'
import type { RoutedRules } from '../sets/routed-rules.ts'
import { type ObservedRun, observedRoutes, observedRun, type RunSettings } from './observed-run.ts'
import type { ObservationLimits } from './observer.ts'
import { Observer } from './observer.ts'
import { Origins } from './origins.ts'
import type { Part, Section } from './plan.ts'
import { Plan } from './plan.ts'
import type { Fault, Report } from './report.ts'
import { reportOf } from './report.ts'

export type { TableEntry } from './observer.ts'
export type { KeyOrigin } from './origins.ts'
export type { Branch, Part, Place, Section, SectionKind } from './plan.ts'
export type { FieldReading, PartReport, Reason, Report, ReportOutcome } from './report.ts'
export type { Shown } from './shown.ts'
export { Origins }

/** Bounds of what is reported. */
interface ObserveOptions {
  /** Characters of a value that are shown, about. Default: 200. */
  readonly maxText?: number
  /** Rounds of a loop of which values are kept, beside the last one. Default: 8. */
  readonly maxRounds?: number
}

/** The fate of an event. */
export type Outcome =
  /** @property text the output as JSON, as the pipeline writes it, without the line end */
  | { readonly kind: 'output'; readonly text: string }
  /**
   * @property rejection as in the errors output; its message begins with the rule's name
   * @property section the section at fault; undefined where none is: the event is no JSON, no rule set takes it
   * @property part the part of it that failed or was absent: where the caret goes. Undefined: the section as a whole
   */
  | {
      readonly kind: 'rejected'
      readonly rejection: Rejection
      readonly section: Section | undefined
      readonly part: Part | undefined
    }
  | { readonly kind: 'dropped' }
  /** @property count the number of its elements */
  | { readonly kind: 'split'; readonly count: number }

/** The conditions of one rule set among several, in one event. */
export interface RouteReport {
  /** The rule set's name; `drop` where events of the route are dropped. */
  readonly name: string
  /** The rule file; undefined: events are dropped. */
  readonly file: string | undefined
  /** `taken`, `refused`: a condition did not hold, or `not asked`: a route before had taken the event. */
  readonly fate: 'taken' | 'refused' | 'not asked'
  /** Its conditions, the ones of routes files before that of the rule file. Empty: it takes everything. */
  readonly conditions: readonly Report[]
}

/** All that was observed of one event, or of one element of an event that was split. */
export interface Observation {
  /** The name of the rule set that took it, where there are several. */
  readonly rules: string | undefined
  /** Several rule sets, in the order in which they are asked. Empty where there is one, and of an element. */
  readonly routes: readonly RouteReport[]
  /**
   * The sections of the rule set in the order of evaluation: `when`, `tap`, `split`, `drop`, the cases, and the rules in the
   * order of the file. Of an event that was split those up to `split`, of its elements those behind it.
   */
  readonly reports: readonly Report[]
  readonly outcome: Outcome
  /** The elements of an event that was split. Each is evaluated when it is taken: take them before the next `run`. */
  readonly elements: Iterable<Observation>
}

/** Observed rules. They hold the state of one event: whoever works on several at once makes several. */
export interface ObservedRules {
  readonly rules: RuleSet | RoutedRules
  readonly origins: Origins
  /** All sections of all rule sets that reports may be of, each once. */
  readonly sections: readonly Section[]
  /**
   * Evaluates an event.
   *
   * @param event the text of a JSON object, or an event that a reader of other inputs has made; `tap` may change its data
   * @param received when it was read, in milliseconds since 1970-01-01T00:00:00Z. Default: now
   */
  run(event: string | InputEvent, received?: number): Observation
}

/**
 * Compiles a rule file to an observed program.
 *
 * @param text the file's text, YAML
 * @param options the file's name, global lookup tables, limits, and bounds of reports
 * @throws {RuleError} with every problem of the file and of the lookup files
 */
export function compileObserved(text: string, options: CompileOptions & ObserveOptions = {}): ObservedRules {
  const { maxText, maxRounds, ...compile } = options
  const origins = new Origins()
  return observe(compileRules(text, compile, origins), origins, {
    ...(maxText !== undefined && { maxText }),
    ...(maxRounds !== undefined && { maxRounds }),
  })
}

/**
 * Makes observed rules of compiled ones. Their code is generated when the first event needs it.
 *
 * @param origins the one that the compiler was given; without the places in it, nothing is reported
 */
export function observe(
  rules: RuleSet | RoutedRules,
  origins: Origins,
  { maxText = 200, maxRounds = 8 }: ObserveOptions = {},
): ObservedRules {
  const limits = { maxText, maxRounds }
  return 'routes' in rules
    ? new ObservedRoutes(rules, origins, limits)
    : new ObservedSet(rules, origins, limits, undefined)
}

class ObservedSet implements ObservedRules {
  readonly rules: RuleSet
  readonly origins: Origins
  readonly #limits: ObservationLimits
  readonly #name: string | undefined
  readonly #plan: Plan
  readonly #observer: Observer
  readonly #run: ObservedRun

  /** @param name the rule set's name among several; its condition is not asked then */
  constructor(rules: RuleSet, origins: Origins, limits: ObservationLimits, name: string | undefined) {
    this.rules = rules
    this.origins = origins
    this.#limits = limits
    this.#name = name
    const isRouted = name !== undefined
    this.#plan = new Plan(origins, rules.file)
    this.#plan.addRules(isRouted ? { ...rules.checked, when: undefined } : rules.checked)
    this.#observer = new Observer(this.#plan, limits)
    this.#run = observedRun(rules.checked, this.#plan, this.#observer, settingsOf(rules), isRouted)
  }

  get sections(): readonly Section[] {
    return this.#plan.sections
  }

  run(event: string | InputEvent, received = Date.now()): Observation {
    const read = inputEvent(event)
    if ('code' in read) return unread(read)
    return this.runRead(read, received, [])
  }

  runRead(event: InputEvent, received: number, routes: readonly RouteReport[]): Observation {
    const run = this.#run
    this.#observer.start()
    run.isAbsence = false
    run.received = received
    run.branches.length = 0
    const result = normalizeOne(event, run)
    const isSplit = result instanceof SplitElements
    const reports = this.#reports(isSplit ? undefined : result, (section) =>
      this.#isOfEvent(section, isSplit),
    )
    if (!isSplit) return { ...reports, routes, elements: [] }
    const count = run.split!.elements.length
    const elements = this.#elements(result)
    return { ...reports, routes, outcome: { kind: 'split', count }, elements }
  }

  /** Of a rule set that splits, the sections up to `split` are the event's; where the event ends before, all are. */
  #isOfEvent({ kind }: Section, isSplit: boolean): boolean {
    return !isSplit || kind === 'when' || kind === 'tap' || kind === 'split'
  }

  *#elements(elements: SplitElements): Generator<Observation> {
    while (true) {
      this.#observer.start()
      this.#run.isAbsence = false
      this.#run.branches.length = 0
      const result = elements.next()
      if (result === undefined) return
      const made = 'rejection' in result ? result.rejection : result
      const isOfElement = (section: Section) => !this.#isOfEvent(section, true)
      yield { ...this.#reports(made, isOfElement), routes: [], elements: [] }
    }
  }

  #reports(
    result: OutputEvent | Rejection | Dropped | undefined,
    isShown: (section: Section) => boolean,
  ): Pick<Observation, 'rules' | 'reports' | 'outcome'> {
    const outcome: Outcome = result === undefined ? { kind: 'split', count: 0 } : this.#outcome(result)
    const fault =
      outcome.kind === 'rejected' && outcome.section !== undefined ? (outcome as Fault) : undefined
    const reports = this.sections
      .filter(isShown)
      .map((section) => reportOf(section, this.#observer, fault, this.#run.branches, this.#limits))
    return { rules: this.#name, reports, outcome }
  }

  #outcome(result: OutputEvent | Rejection | Dropped): Outcome {
    if ('dropped' in result) return { kind: 'dropped' }
    if ('code' in result) {
      const { current, absent, failing } = this.#observer
      // No condition that does not hold is at fault, and neither is a rule where an output cannot be written.
      const isOfSection = result.rule !== undefined && current !== undefined
      const rejection = this.#named(result)
      if (!isOfSection) return { kind: 'rejected', rejection, section: undefined, part: undefined }
      const part = this.#run.isAbsence ? absent : failing
      return { kind: 'rejected', rejection, section: current, part }
    }
    const text = outputText(result)
    if (typeof text === 'string') return { kind: 'output', text }
    return { kind: 'rejected', rejection: this.#named(text), section: undefined, part: undefined }
  }

  #named(rejection: Rejection): Rejection {
    return this.#name === undefined ? rejection : { ...rejection, rules: this.#name }
  }
}

class ObservedRoutes implements ObservedRules {
  readonly rules: RoutedRules
  readonly origins: Origins
  readonly #limits: ObservationLimits
  readonly #plan: Plan
  readonly #observer: Observer
  readonly #run: ObservedRun
  readonly #conditions: readonly (readonly Section[])[]
  readonly #sets: readonly (ObservedSet | undefined)[]

  constructor(rules: RoutedRules, origins: Origins, limits: ObservationLimits) {
    this.rules = rules
    this.origins = origins
    this.#limits = limits
    this.#plan = new Plan(origins, rules.file)
    this.#conditions = rules.routes.map(({ conditions }) =>
      conditions.map((condition) => this.#plan.addCondition(condition, 'when', 'when')),
    )
    this.#observer = new Observer(this.#plan, limits)
    const conditions = rules.routes.map((route) => route.conditions)
    const { maxWork = DEFAULT_LIMITS.maxWork, maxBuilt = DEFAULT_LIMITS.maxBuilt } = rules.definition.options
    this.#run = observedRoutes(conditions, this.#plan, this.#observer, { maxWork, maxBuilt })
    const sets = new Map<string, ObservedSet>()
    this.#sets = rules.routes.map(({ name, set }) => {
      if (set === undefined) return undefined
      let observed = sets.get(name)
      if (observed === undefined || observed.rules !== set) {
        observed = new ObservedSet(set, origins, limits, name)
        sets.set(name, observed)
      }
      return observed
    })
  }

  get sections(): readonly Section[] {
    const sets = [...new Set(this.#sets)].flatMap((set) => set?.sections ?? [])
    return [...this.#plan.sections, ...sets]
  }

  run(event: string | InputEvent, received = Date.now()): Observation {
    const read = inputEvent(event)
    if ('code' in read) return unread(read)
    const run = this.#run
    this.#observer.start()
    run.route = undefined
    run.received = received
    const result = normalizeOne(read, run)
    const routes = this.#routeReports(run.route)
    const ending = (outcome: Outcome, rules?: string): Observation => {
      return { rules, routes, reports: [], outcome, elements: [] }
    }
    if (run.route === undefined) return ending(rejected(result as Rejection))
    if (run.route === NO_ROUTE) return ending(this.#passed(read))
    const set = this.#sets[run.route]
    return set === undefined ? ending({ kind: 'dropped' }) : set.runRead(read, received, routes)
  }

  #routeReports(taken: number | undefined): RouteReport[] {
    const asked = this.#observer.lastRoute
    return this.rules.routes.map(({ name, set }, route) => ({
      name,
      file: set?.file,
      fate: route === taken ? 'taken' : route <= asked ? 'refused' : 'not asked',
      conditions: this.#conditions[route]!.map((section) =>
        reportOf(section, this.#observer, undefined, [], this.#limits),
      ),
    }))
  }

  /** No rule set takes the event. */
  #passed({ data, numbers }: InputEvent): Outcome {
    switch (this.rules.noRoute) {
      case 'reject':
        return rejected({ code: 'NO_ROUTE', message: 'no rule set takes the event' })
      case 'drop':
        return { kind: 'dropped' }
      case 'pass': {
        const text = outputText({ output: data as JsonObject, plain: false, numbers })
        return typeof text === 'string' ? { kind: 'output', text } : rejected(text)
      }
    }
  }
}

function settingsOf({ definition }: RuleSet): RunSettings {
  const { maxWhileSteps = DEFAULT_MAX_WHILE_STEPS, maxWork, maxBuilt } = definition.options
  return {
    maxWhileSteps,
    maxWork: maxWork ?? DEFAULT_LIMITS.maxWork,
    maxBuilt: maxBuilt ?? DEFAULT_LIMITS.maxBuilt,
  }
}

function inputEvent(event: string | InputEvent): InputEvent | Rejection {
  if (typeof event !== 'string') return event
  return new EventParser().parse({ line: 1, ordinal: 0, text: event })
}

function rejected(rejection: Rejection): Outcome {
  return { kind: 'rejected', rejection, section: undefined, part: undefined }
}

/** An event that no rule saw. */
function unread(rejection: Rejection): Observation {
  return { rules: undefined, routes: [], reports: [], outcome: rejected(rejection), elements: [] }
}
