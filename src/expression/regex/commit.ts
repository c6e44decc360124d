import type { RegexNode, Repeat } from './ast.ts'
import { sequence, walk, width } from './ast.ts'
import { resolve } from './character-set.ts'
import { isSubset } from './ranges.ts'

/**
 * Makes patterns of the form `.*foo.*bar` linear: once the first `foo` is found, looking for another one is useless,
 * because the second `.*` goes over everything that the first one could. So the part up to `foo` becomes an atomic
 * group that takes as little as possible.
 *
 *   x.*foo.*bar.*baz     (?>x.*?foo)(?>.*?bar).*baz
 *   .*foo\d*x            as it is: the second foo may be the one with digits behind it
 *
 * In general: a part of fixed width, then a set repeated without bound, then another part of fixed width, and then a
 * repeated set that includes all characters of the first set and of what was looked for. That width is fixed
 * makes the first place found the one that ends first, and whatever matches after a later one matches after it, too.
 *
 * @param root simplified, or with groups whose texts are wanted
 * @param keepsGroups the groups have to hold what they would otherwise: only parts that take as little as possible by themselves
 *   are committed
 * @returns the same when there is nothing to gain, and for patterns with back-references: to them it matters which
 *   of several places was found
 */
export function commit(root: RegexNode, keepsGroups = false): RegexNode {
  if (root.kind !== 'sequence') return root
  for (const node of walk(root)) if (node.kind === 'backreference') return root
  const parts: RegexNode[] = []
  /** Where the open part begins in the items, and in it the unbounded repetition. */
  let start = 0
  let search = -1
  for (const [index, item] of root.items.entries()) {
    const loop = unbounded(item)
    if (loop === undefined) {
      if (!isFixed(item)) return sequence([...parts, ...root.items.slice(start)])
      continue
    }
    const isFound = search !== -1 && goesOver(loop, root.items.slice(search, index))
    if (isFound && (!keepsGroups || unbounded(root.items[search]!)?.lazy === true)) {
      const before = root.items.slice(start, search)
      const found = root.items.slice(search + 1, index)
      const searched = root.items[search]!
      const lazy: RegexNode = keepsGroups ? searched : { ...(searched as Repeat), lazy: true }
      parts.push({ kind: 'atomic', body: sequence([...before, lazy, ...found]), offset: 0 })
      start = index
    } else if (search !== -1) {
      return sequence([...parts, ...root.items.slice(start)])
    }
    search = index
  }
  return sequence([...parts, ...root.items.slice(start)])
}

/** A set repeated without bound, in a group or not. */
function unbounded(node: RegexNode): Repeat | undefined {
  if (node.kind === 'group') return unbounded(node.body)
  const isLoop = node.kind === 'repeat' && node.max === Number.POSITIVE_INFINITY
  return isLoop && node.body.kind === 'set' ? node : undefined
}

function isFixed(node: RegexNode): boolean {
  const [least, most] = width(node)
  if (least !== most) return false
  for (const inner of walk(node)) {
    if (inner.kind === 'look' || inner.kind === 'atomic' || inner.kind === 'backreference') return false
  }
  return true
}

/** The loop takes every character that the nodes may take. */
function goesOver(loop: Repeat, nodes: readonly RegexNode[]): boolean {
  if (loop.body.kind !== 'set') return false
  const taken = resolve(loop.body.set)
  for (const node of nodes) {
    for (const inner of walk(node)) {
      if (inner.kind === 'set' && !isSubset(resolve(inner.set), taken)) return false
    }
  }
  return true
}
