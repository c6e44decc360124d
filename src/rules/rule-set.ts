/** A compiled rule file, and what it was compiled from. */

import type { Node } from '../expression/check/checked.ts'
import { children } from '../expression/check/checked.ts'
import type { Problem } from '../expression/diagnostic.ts'
import { isOfEvent } from '../expression/emit/fields.ts'
import type { EventLimits } from '../expression/runtime/meter.ts'
import type { Value } from '../expression/value.ts'
import type { LinePathPlan } from './apply/normalize.ts'
import { planMemberPath } from './apply/plan-members.ts'
import type { CheckedRule, CheckedRules } from './checked-rule.ts'
import type { FileDefinition } from './definition.ts'
import type { EvaluationData } from './evaluable-rules.ts'
import { EvaluableRules } from './evaluable-rules.ts'
import type { SourcedPlan } from './fast/generate.ts'
import { plainReasons, planFastPath } from './fast/generate.ts'
import type { LineRoute } from './fast/generate-routes.ts'
import { planLineRoutes } from './fast/generate-routes.ts'
import type { LineWay } from './fast/routed-line-path.ts'
import type { FunctionTemplates } from './generate/function-templates.ts'
import { generateProgram } from './generate/generate.ts'
import type { Program } from './generate/program.ts'
import type { EnrichSpec } from './load.ts'
import { notedRules } from './noted-rules.ts'
import { type ReadField, readFields } from './read-fields.ts'
import type { RuleNotes } from './rule-notes.ts'
import type { GeneratedFunction, Runner } from './run.ts'

export const DEFAULT_MAX_WHILE_STEPS = 100_000

/** A compiled rule file. It holds no state of events: any number of runners work with it side by side. */
export interface RuleSet {
  readonly file: string
  readonly definition: FileDefinition
  /** Output fields, as written, in the order of the file. */
  readonly writes: readonly string[]
  /** Dotted paths of the event that the rules read; `*` where they use the event as a whole. */
  readonly reads: readonly string[]
  /** The rules as the compiler understood them: what a faster path is made from. */
  readonly rules: readonly CheckedRule[]
  /** The rule set has a `tap`. */
  readonly tap: boolean
  /** The key `meta` of the rule file. */
  readonly meta: Value | undefined
  /** The patterns under `patterns`, by name. */
  readonly patterns: ReadonlyMap<string, string>
  /** The names of the rule file and of those that it includes. */
  readonly files: readonly string[]
  /** The checked rules with everything that goes before them. */
  readonly checked: CheckedRules
  /** The data that evaluation needs beside the programs. */
  readonly data: EvaluationData
  readonly enrich: EnrichSpec | undefined
  /** Notes for the operator on rules that work. */
  readonly warnings: readonly Problem[]
  /** {@link RuleSet.warnings} as a report; '' if there are none. */
  readonly warningText: string
  /** The generated JavaScript. */
  readonly source: string
  /** The generated programs, the same one twice where one is for all events: they can be printed. */
  readonly programs: {
    readonly usual: Program<GeneratedFunction>
    readonly exact: Program<GeneratedFunction>
  }
  /** The way from lines to output without objects in between; undefined where the rules need the event as a whole. */
  readonly fastPath: LinePathPlan | undefined
  /** The plain way of lines without objects of events; undefined where the rules need the event as a whole. */
  readonly memberPath: LinePathPlan | undefined
  /** The fast path for lines of which `when` and `drop` are settled. */
  readonly ownPath: SourcedPlan | undefined
  /** The reasons for which there is no fast path: parts of the rules that need the event as an object. */
  readonly plainReasons: readonly string[]
  /** The fields of the event that the rules read, with the rules that read them. Not those of `tap`. */
  readonly readFields: readonly ReadField[]
  /** Something to note in what becomes of events, for a runner and for a fast path beside it. */
  createNotes(): RuleNotes
  /**
   * Something that evaluates the rules, one event at a time.
   *
   * @param notes what it notes in. Default: nobody asks
   * @param isRouted events have been found to be those of the rule set: `when` is not asked. Default: false
   */
  createRunner(notes?: RuleNotes, isRouted?: boolean): Runner
}

/** The parts of a rule set, checked. */
interface RuleSetParts {
  readonly file: string
  readonly definition: FileDefinition
  readonly checked: CheckedRules
  readonly enrich: EnrichSpec | undefined
  readonly meta: Value | undefined
  readonly patterns: ReadonlyMap<string, string>
  readonly files: readonly string[]
  readonly reads: readonly string[]
  readonly warnings: readonly Problem[]
  readonly warningText: string
  readonly maxWhileSteps: number
  readonly limits: EventLimits
  /** The code that rules have in common with those of other rule sets. */
  readonly templates: FunctionTemplates
}

export function createRuleSet(parts: RuleSetParts): RuleSet {
  const { checked, limits } = parts
  const { rules, taps = [] } = checked
  // Each of the three programs is generated when the first event needs it.
  const exact = lazy(() => generateProgram(checked, true))
  const usual = !makesDicts(checked) ? lazy(() => generateProgram(checked, false)) : exact
  const ownPath = lazy(() => ({ plan: planFastPath(checked, limits, parts.templates) }))
  const conditionalPath = lazy(() => {
    const { plan } = ownPath()
    const routes = plan && ownRoutes(checked, () => plan)
    return { plan: routes && planLineRoutes(routes, limits) }
  })
  const data = evaluationData(checked, parts.maxWhileSteps, limits)
  const memberPath = lazy(() => ({ plan: planMemberPath(checked, data) }))
  const hasConditions = checked.when !== undefined || checked.drop !== undefined
  const evaluable = new EvaluableRules({
    ...data,
    usual: () => usual().evaluate,
    exact: () => exact().evaluate,
    ownPath: () => ownPath().plan,
    memberPath: () => memberPath().plan,
    conditionalPath: hasConditions ? () => conditionalPath().plan : undefined,
  })
  return {
    file: parts.file,
    definition: parts.definition,
    writes: [...new Set(data.noted.names)],
    reads: parts.reads,
    rules,
    tap: taps.length > 0,
    meta: parts.meta,
    patterns: parts.patterns,
    files: parts.files,
    checked,
    data,
    enrich: parts.enrich,
    warnings: parts.warnings,
    warningText: parts.warningText,
    get source() {
      return usual().source
    },
    get programs() {
      return { usual: usual(), exact: exact() }
    },
    get fastPath() {
      return evaluable.fastPath
    },
    get memberPath() {
      return evaluable.memberPath
    },
    get ownPath() {
      return ownPath().plan
    },
    get plainReasons() {
      return plainReasons(checked)
    },
    get readFields() {
      return readFields(rules)
    },
    createNotes: () => evaluable.createNotes(),
    createRunner: (notes, isRouted) => evaluable.createRunner(notes, isRouted),
  }
}

/** tap may put dicts into any event, and so may a list that is computed: every event is evaluated as one that holds some. */
export function makesDicts({ taps = [], split }: CheckedRules): boolean {
  return taps.length > 0 || (split !== undefined && !isOfEvent(split.node))
}

/** The texts of elements are asked for. */
export function readsRaw({ rules, drop, cases = [] }: CheckedRules): boolean {
  return rules.some(({ node }) => hasRaw(node)) || [drop, ...cases.flat()].some((each) => hasRaw(each?.node))
}

/** The ways of lines before the fast path of a rule set without others; undefined where it has no conditions. */
export function ownRoutes({ when, drop }: CheckedRules, target: LineWay['target']): LineRoute[] | undefined {
  if (when === undefined && drop === undefined) return undefined
  const conditions = when === undefined ? [] : [when]
  const dropped = drop && { conditions: [...conditions, drop], target: 'drop' as const, route: 0 }
  return [...(dropped ? [dropped] : []), { conditions, target, route: 0 }]
}

/** The data of checked rules that their evaluation needs. */
function evaluationData(checked: CheckedRules, maxWhileSteps: number, limits: EventLimits): EvaluationData {
  const { rules, taps = [] } = checked
  const tapLabels = taps.map(({ label }) => label)
  return { noted: notedRules(rules), tapLabels, readsRaw: readsRaw(checked), maxWhileSteps, limits }
}

/** `line.raw` is in an expression. */
function hasRaw(node: Node | undefined): boolean {
  return node !== undefined && (node.op === 'raw' || children(node).some(hasRaw))
}

/** Makes a value when it is first asked for. */
function lazy<T extends object>(make: () => T): () => T {
  let made: T | undefined
  return () => {
    made ??= make()
    return made
  }
}
