import type { Branch, CheckedRule } from './checked-rule.ts'
import { isCertain } from './checked-rule.ts'
import { readFields } from './read-fields.ts'

/** A rule that may leave its field out of an output. */
interface OptionalRule {
  readonly rule: number
  /** The case in which it applies; undefined: it always does. */
  readonly branch?: Branch | undefined
}

/** The parts of rules that notes are about, as plain data. */
export interface NotedRules {
  /** Output fields, by rule. */
  readonly names: readonly string[]
  /** The rules that may leave their field out. */
  readonly optional: readonly OptionalRule[]
  /** The fields of the event that rules read, as rules write them. */
  readonly fields: readonly string[]
}

/** Rules of which nothing is noted. */
export const NO_NOTED_RULES: NotedRules = { names: [], optional: [], fields: [] }

export function notedRules(rules: readonly CheckedRule[]): NotedRules {
  return {
    names: rules.map(({ name }) => name),
    optional: rules.flatMap((rule, index) =>
      isCertain(rule) ? [] : [{ rule: index, ...(rule.branch && { branch: rule.branch }) }],
    ),
    fields: readFields(rules).map(({ text }) => text),
  }
}
