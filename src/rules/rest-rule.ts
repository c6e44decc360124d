import type { Node } from '../expression/check/checked.ts'
import { children } from '../expression/check/checked.ts'
import { restRecipe } from '../expression/recipe.ts'
import type { FieldPath } from '../expression/runtime/fields.ts'
import type { RestPaths, RestReads } from '../expression/runtime/rest.ts'
import type { CheckedExpression, CheckedRule } from './checked-rule.ts'
import { fieldsIn } from './read-fields.ts'
import type { RestEntry } from './sections.ts'

/**
 * The rule that gives the members of the event which no rule reads. Rules of a case read them where the case applies.
 *
 * @param rules all rules of the set
 * @param cases the groups of cases
 */
export function restRule(
  { name, path }: RestEntry,
  rules: readonly CheckedRule[],
  cases: readonly (readonly (CheckedExpression | undefined)[])[],
): CheckedRule {
  const readsOf = (wanted: (rule: CheckedRule) => boolean): RestPaths =>
    restPaths(rules.filter(wanted).map(({ node }) => node))
  const reads: RestReads = {
    always: readsOf(({ branch }) => branch === undefined),
    cases: cases.map((branches, group) =>
      branches.map((_, index) => readsOf(({ branch }) => branch?.group === group && branch.index === index)),
    ),
  }
  const node: Node = { op: 'rest', reads: restRecipe(reads) }
  return { name, path, required: false, onError: 'reject', ignore: [], node }
}

function restPaths(nodes: readonly Node[]): RestPaths {
  const paths = new Map<string, FieldPath>()
  const keys = new Map<string, readonly string[]>()
  for (const node of nodes) {
    for (const { text, place } of fieldsIn(node)) {
      if (place.kind === 'keys') keys.set(text, place.keys)
      else {
        paths.set(place.path.text, place.path)
        if (place.kind === 'line') paths.set(place.underLine.text, place.underLine)
      }
    }
    for (const member of ownReads(node)) keys.set(`data[${member}]`, [member])
  }
  return { paths: [...paths.values()], keys: [...keys.values()] }
}

/** The members of the event that the functions in an expression read by themselves. */
export function* ownReads(node: Node | undefined): Generator<string> {
  if (node === undefined) return
  if (node.op === 'call' || node.op === 'callable') yield* node.reads ?? []
  for (const child of children(node)) yield* ownReads(child)
}
