import type { Problem } from '../../expression/diagnostic.ts'
import type { EventLimits } from '../../expression/runtime/meter.ts'
import { DEFAULT_LIMITS } from '../../expression/runtime/meter.ts'
import type { LinePathPlan, RunnerSource } from '../apply/normalize.ts'
import type { CheckedExpression } from '../checked-rule.ts'
import type { NoRoute, RoutedDefinition, SentRoutes } from '../definition.ts'
import type { EnrichSpec } from '../enrich-spec.ts'
import type { LineRoute } from '../fast/generate-routes.ts'
import { planLineRoutes } from '../fast/generate-routes.ts'
import type { ReadField } from '../read-fields.ts'
import type { RuleSet } from '../rule-set.ts'
import type { GeneratedFunction } from '../run.ts'
import { generateRoutes } from './route-function.ts'
import type { RoutedNotes, RoutedRunner } from './routed-runner.ts'
import { Routing } from './routed-runner.ts'

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
  /** The limits of an event's cost. */
  readonly limits: EventLimits
  readonly #routing: Routing

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
    this.limits = { ...DEFAULT_LIMITS, ...given(parts.limits) }
    this.#routing = this.#createRouting()
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
    return this.#routing.fastPath
  }

  #createRouting(): Routing {
    const conditions = this.routes.map((route) => route.conditions)
    let made: { readonly plan: LinePathPlan | undefined } | undefined
    return new Routing({
      routes: this.routes,
      noRoute: this.noRoute,
      limits: this.limits,
      usual: () => generateRoutes<GeneratedFunction>(conditions, { exact: false }).evaluate,
      exact: () => generateRoutes<GeneratedFunction>(conditions, { exact: true }).evaluate,
      fastPath: () => {
        made ??= { plan: planLineRoutes(this.lineRoutes(), this.limits) }
        return made.plan
      },
    })
  }

  /** The ways of lines. Where a rule set drops events, those are a way of their own before it. */
  lineRoutes(): LineRoute[] {
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
    return this.#routing.createNotes()
  }

  createRunner(notes?: RoutedNotes): RoutedRunner {
    return this.#routing.createRunner(notes)
  }
}

/** Limits that are given. */
function given({ maxWork, maxBuilt }: RoutedDefinition['options']): Partial<EventLimits> {
  return { ...(maxWork !== undefined && { maxWork }), ...(maxBuilt !== undefined && { maxBuilt }) }
}
