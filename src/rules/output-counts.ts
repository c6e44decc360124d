import type { RuleSet } from './rule-set.ts'
import { RoutedRules } from './sets/routed-rules.ts'

/**
 * True when each event that is not rejected has exactly one output: no rule set drops events or splits them. Then outputs and events can be
 * matched by counting.
 */
export function hasOneOutput(rules: RuleSet | RoutedRules): boolean {
  if (!(rules instanceof RoutedRules)) return keepsEvents(rules)
  return rules.noRoute !== 'drop' && rules.routes.every(({ set }) => set !== undefined && keepsEvents(set))
}

function keepsEvents({ checked }: RuleSet): boolean {
  return checked.drop === undefined && checked.split === undefined
}
