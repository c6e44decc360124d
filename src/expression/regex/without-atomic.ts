import type { Atomic, RegexNode } from './ast.ts'
import { sequence, width } from './ast.ts'

/**
 * The pattern without atomic groups and possessive quantifiers, where that says the same with a look-ahead.
 *
 *   \w++        \w+(?!\w)               as many as there are: another one must not follow
 *   \d{1,3}+    (?:\d{3}|\d{1,2}(?!\d))
 *   (?>\d+?)    \d
 *   (?>a|b)     a|b                     of fixed width: there is one end only
 *
 * Which of several matches was found matters to back-references only; a pattern with such is not for this.
 *
 * @returns the pattern as it is, atomic groups included, where one of them cannot be said in another way
 */
export function withoutAtomic(node: RegexNode): RegexNode {
  switch (node.kind) {
    case 'sequence':
      return sequence(node.items.map(withoutAtomic))
    case 'choice':
      return { kind: 'choice', branches: node.branches.map(withoutAtomic) }
    case 'repeat':
    case 'group':
    case 'look':
      return { ...node, body: withoutAtomic(node.body) }
    case 'atomic':
      return rewritten({ ...node, body: withoutAtomic(node.body) })
    default:
      return node
  }
}

function rewritten(atomic: Atomic): RegexNode {
  const { body } = atomic
  const [least, most] = width(body)
  if (least === most) return body
  if (body.kind === 'sequence') {
    // Up to the last item the end is the same however it is matched, so that only the last one has a choice.
    const last = body.items.at(-1)!
    const isFixed = body.items.slice(0, -1).every((item) => width(item)[0] === width(item)[1])
    if (!isFixed) return atomic
    const rest = rewritten({ ...atomic, body: last })
    return rest.kind === 'atomic' ? atomic : sequence([...body.items.slice(0, -1), rest])
  }
  if (body.kind !== 'repeat' || body.body.kind !== 'set') return atomic
  const { body: set, min, max, lazy, offset } = body
  const times = (from: number, to: number): RegexNode => ({ ...body, min: from, max: to, lazy: false })
  if (lazy) return times(min, min)
  const noMore: RegexNode = { kind: 'look', direction: 'ahead', negated: true, body: set, offset }
  if (max === Number.POSITIVE_INFINITY) return sequence([times(min, max), noMore])
  return { kind: 'choice', branches: [times(max, max), sequence([times(min, max - 1), noMore])] }
}
