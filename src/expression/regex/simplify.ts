import type { RegexNode } from './ast.ts'
import { EMPTY, isEmpty, sequence, walk } from './ast.ts'
import { setKey } from './character-set.ts'

/**
 * A smaller pattern that matches at the start of the same texts.
 *
 * `match` only tells whether some match begins at the start, not where it ends. So what comes last and may take
 * nothing is always content with nothing, and is left out; of a repetition that comes last the least number is
 * enough; and looking ahead from there is the same as going there.
 *
 *   foo.*        foo
 *   \d+(?=px)    \dpx
 *   (?:a+)+      a
 *   (?!x.*)      (?!x)
 *
 * Alternatives that begin with the same characters share them, unless it matters which one is tried first:
 *
 *   get|put|post    get|p(?:ut|ost)
 *
 * Groups are replaced by what is in them, except those that a back-reference needs: these are left as they are.
 */
export function simplify(root: RegexNode): RegexNode {
  const referenced = new Set<number>()
  let ordered = false
  for (const node of walk(root)) {
    if (node.kind === 'backreference') referenced.add(node.group.index)
    if (node.kind === 'atomic') ordered = true
  }
  return new Simplifier(referenced, ordered || referenced.size > 0).pattern(root)
}

class Simplifier {
  readonly #referenced: ReadonlySet<number>
  /** The order of alternatives matters. */
  readonly #ordered: boolean

  constructor(referenced: ReadonlySet<number>, ordered: boolean) {
    this.#referenced = referenced
    this.#ordered = ordered
  }

  pattern(root: RegexNode): RegexNode {
    return this.#trim(this.#reduce(root))
  }

  /** Without groups, sequences in sequences, and what look-aheads need not see. */
  #reduce(node: RegexNode): RegexNode {
    switch (node.kind) {
      case 'sequence':
        return sequence(node.items.map((item) => this.#reduce(item)))
      case 'choice': {
        const branches = node.branches.map((branch) => this.#reduce(branch))
        return this.#ordered ? { kind: 'choice', branches } : shareBeginnings(branches)
      }
      case 'group':
        if (!this.#referenced.has(node.index)) return this.#reduce(node.body)
        return { ...node, body: this.#reduce(node.body) }
      case 'look': {
        const body = this.#reduce(node.body)
        return { ...node, body: node.direction === 'ahead' ? this.#trim(body) : body }
      }
      case 'repeat':
      case 'atomic':
        return { ...node, body: this.#reduce(node.body) }
      default:
        return node
    }
  }

  /** @param node after which the pattern ends */
  #trim(node: RegexNode): RegexNode {
    if (this.#isReferenced(node)) return node
    switch (node.kind) {
      case 'sequence':
        return this.#trimSequence(node.items)
      case 'choice': {
        const branches = node.branches.map((branch) => this.#trim(branch))
        return branches.some(isEmpty) ? EMPTY : { kind: 'choice', branches }
      }
      case 'repeat': {
        if (node.min === 0) return EMPTY
        const last = this.#trim(node.body)
        if (node.min === 1 || isEmpty(last)) return last
        return sequence([{ ...node, min: node.min - 1, max: node.min - 1 }, last])
      }
      case 'atomic':
        return this.#trim(node.body)
      case 'look':
        return node.direction === 'ahead' && !node.negated ? node.body : node
      default:
        return node
    }
  }

  #trimSequence(items: readonly RegexNode[]): RegexNode {
    for (let count = items.length; count > 0; count--) {
      const last = this.#trim(items[count - 1]!)
      if (!isEmpty(last)) return sequence([...items.slice(0, count - 1), last])
    }
    return EMPTY
  }

  #isReferenced(node: RegexNode): boolean {
    if (this.#referenced.size === 0) return false
    for (const inner of walk(node))
      if (inner.kind === 'group' && this.#referenced.has(inner.index)) return true
    return false
  }
}

function shareBeginnings(branches: readonly RegexNode[]): RegexNode {
  const shared = new Map<string, { first: RegexNode; rests: RegexNode[] }>()
  const others: RegexNode[] = []
  for (const branch of branches) {
    const items = branch.kind === 'sequence' ? branch.items : [branch]
    const first = items[0]
    if (first?.kind !== 'set') {
      if (first !== undefined || !others.some(isEmpty)) others.push(branch)
      continue
    }
    const key = setKey(first.set)
    const rest = sequence(items.slice(1))
    const known = shared.get(key)
    if (known === undefined) shared.set(key, { first, rests: [rest] })
    else known.rests.push(rest)
  }
  for (const { first, rests } of shared.values()) {
    others.push(sequence([first, rests.length === 1 ? rests[0]! : shareBeginnings(rests)]))
  }
  return others.length === 1 ? others[0]! : { kind: 'choice', branches: others }
}
