/** Conditions of routes to the function that finds the way of a line. */
import type { Code } from '../../expression/emit/code.ts'
import { _ } from '../../expression/emit/code.ts'
import type { FieldPath } from '../../expression/runtime/fields.ts'
import type { EventLimits } from '../../expression/runtime/meter.ts'
import { WantedMembers } from '../../json/wanted.ts'
import type { LinePathPlan } from '../apply/normalize.ts'
import type { CheckedExpression } from '../checked-rule.ts'
import type { Program } from '../generate/program.ts'
import { ownReads } from '../rest-rule.ts'
import { generateRoutes } from '../sets/route-function.ts'
import type { RuleFunction } from './fast-path.ts'
import { readsOnlyFields } from './generate.ts'
import type { LineRouterParts, LineWay } from './routed-line-path.ts'
import { createLineRoutes } from './routed-line-path.ts'

/** A way that lines take for which all conditions hold. */
export interface LineRoute extends LineWay {
  readonly conditions: readonly CheckedExpression[]
}

interface GeneratedRouter {
  readonly program: Program<RuleFunction>
  readonly parts: LineRouterParts
}

/** @returns undefined where conditions need the event as an object, or no rule set has a fast path */
export function generateLineRoutes(
  routes: readonly LineRoute[],
  limits: EventLimits,
): GeneratedRouter | undefined {
  if (routes.every(({ target }) => target === undefined)) return undefined
  const nodes = routes.flatMap(({ conditions }) => conditions.map(({ node }) => node))
  if (!nodes.every(readsOnlyFields)) return undefined
  const wanted = new WantedMembers()
  const members = new Map<string, number>()
  for (const node of nodes) {
    for (const member of ownReads(node)) members.set(member, wanted.member([member]))
  }
  const read = (slots: readonly number[]): Code =>
    slots.length === 1 ? _`run.value(${slots[0]})` : _`run.first(${slots})`
  const fields = {
    field: (path: FieldPath) => read(wanted.path(path)),
    member: (key: string) => read([wanted.member([key])]),
  }
  const conditions = routes.map((route) => route.conditions)
  const program = generateRoutes<RuleFunction>(conditions, { exact: false, fields })
  wanted.finish()
  return { program, parts: { wanted, members, limits } }
}

/** The same, ready to be used. @returns undefined also where there is no WebAssembly with SIMD */
export function planLineRoutes(routes: readonly LineRoute[], limits: EventLimits): LinePathPlan | undefined {
  const generated = generateLineRoutes(routes, limits)
  if (generated === undefined) return undefined
  const { program, parts } = generated
  return createLineRoutes(routes, parts, () => program.evaluate)
}
