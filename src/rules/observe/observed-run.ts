import type { RejectionCode } from '../../errors.ts'
import { _, Name } from '../../expression/emit/code.ts'
import { CodeBlock } from '../../expression/emit/code-block.ts'
import { ConstantPool } from '../../expression/emit/constant-pool.ts'
import { createWriter } from '../../expression/emit/emit.ts'
import type { HelperName } from '../../expression/emit/helpers.ts'
import type { EventLimits } from '../../expression/runtime/meter.ts'
import { Meter } from '../../expression/runtime/meter.ts'
import type { CheckedExpression, CheckedRules } from '../checked-rule.ts'
import { emitConditionBody, generateProgram } from '../generate/generate.ts'
import { createProgram } from '../generate/program.ts'
import { NO_NOTED_RULES, notedRules } from '../noted-rules.ts'
import { RuleNotes } from '../rule-notes.ts'
import { makesDicts, readsRaw } from '../rule-set.ts'
import type { GeneratedFunction } from '../run.ts'
import { lazyPrograms, Run } from '../run.ts'
import { NO_ROUTE } from '../sets/no-route.ts'
import type { Observer } from './observer.ts'
import type { Plan } from './plan.ts'

/** A run whose generated code reports to an observer. */
export class ObservedRun extends Run {
  readonly observer: Observer
  /** The event was rejected for something absent. */
  isAbsence = false

  constructor(observer: Observer, ...run: ConstructorParameters<typeof Run>) {
    super(...run)
    this.observer = observer
  }

  override absent(code: RejectionCode, what: string): undefined {
    this.isAbsence = true
    return super.absent(code, what)
  }
}

/** The settings of a run that a rule set does not tell. */
export interface RunSettings extends EventLimits {
  readonly maxWhileSteps: number
}

/** A run of observed programs of a rule set. @param isRouted `when` is not asked */
export function observedRun(
  checked: CheckedRules,
  plan: Plan,
  observer: Observer,
  { maxWork, maxBuilt, maxWhileSteps }: RunSettings,
  isRouted: boolean,
): ObservedRun {
  const exact = once(() => generateProgram(checked, true, plan).evaluate)
  const usual = makesDicts(checked) ? exact : once(() => generateProgram(checked, false, plan).evaluate)
  const { rules, taps = [] } = checked
  return new ObservedRun(
    observer,
    lazyPrograms(usual, exact),
    rules.map((rule) => rule.name),
    maxWhileSteps,
    {
      notes: new RuleNotes(notedRules(rules)),
      meter: new Meter(maxWork, maxBuilt),
      tapLabels: taps.map(({ label }) => label),
      readsRaw: readsRaw(checked),
      isRouted,
    },
  )
}

/** A run that finds the route of events: the first one all of whose conditions hold. */
export function observedRoutes(
  routes: readonly (readonly CheckedExpression[])[],
  plan: Plan,
  observer: Observer,
  { maxWork, maxBuilt }: EventLimits,
): ObservedRun {
  const programs = lazyPrograms(
    () => routeProgram(routes, plan, false),
    () => routeProgram(routes, plan, true),
  )
  return new ObservedRun(observer, programs, ['route'], 0, {
    notes: new RuleNotes(NO_NOTED_RULES),
    meter: new Meter(maxWork, maxBuilt),
  })
}

/** Conditions one after the other, as they are written; the usual program looks many of them up at once. */
function routeProgram(
  routes: readonly (readonly CheckedExpression[])[],
  plan: Plan,
  exact: boolean,
): GeneratedFunction {
  const constants = new ConstantPool()
  const helpers = new Set<HelperName>()
  const functions = new CodeBlock()
  const names = new Map<CheckedExpression, Name>()
  const entry = new CodeBlock()
  entry.line(_`run.observer.event(data)`)
  for (const [route, conditions] of routes.entries()) {
    let test = _`true`
    entry.line(_`run.observer.route(${route})`)
    for (const condition of conditions) {
      let name = names.get(condition)
      if (name === undefined) {
        name = new Name(`when${names.size}`)
        names.set(condition, name)
        const writer = createWriter(constants, helpers, { exact, observed: plan })
        emitConditionBody(writer, condition)
        functions.define(_`function ${name}(run, data, raw)`, writer.body())
      }
      test = _`${test} && ${name}(run, data, raw)`
    }
    const taken = new CodeBlock()
    taken.line(_`run.route = ${route}`)
    taken.line(_`return undefined`)
    entry.nest(_`if (${test})`, taken)
  }
  entry.line(_`run.route = ${NO_ROUTE}`)
  entry.line(_`return undefined`)
  functions.define(_`function evaluate(run, data, raw)`, entry)
  return createProgram<GeneratedFunction>(functions, constants, helpers).evaluate
}

function once<T>(make: () => T): () => T {
  let made: { readonly value: T } | undefined
  return () => {
    made ??= { value: make() }
    return made.value
  }
}
