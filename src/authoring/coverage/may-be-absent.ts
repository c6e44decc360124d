import { children, type Node } from '../../expression/check/checked.ts'
import { mayBeAbsent as returnsAbsent } from '../../expression/returns.ts'

/** True when the value of an expression may be absent for some event; of an optional rule that is one of two fates. */
export function mayBeAbsent(node: Node): boolean {
  switch (node.op) {
    case 'constant':
    case 'callable':
    case 'exists':
    case 'root':
    case 'raw':
    case 'parent':
    case 'local':
      return false
    case 'absent':
    case 'field':
    case 'line-field':
    case 'parent-field':
    case 'rest':
    case 'variable':
    case 'attribute':
    case 'item':
    case 'coalesce':
      return true
    case 'get':
    case 'optional':
      return mayBeAbsent(node.fallback)
    case 'cond':
      return (
        node.fallback === undefined ||
        mayBeAbsent(node.fallback) ||
        node.pairs.some(({ value }) => mayBeAbsent(value))
      )
    case 'call':
      if (node.fallback !== undefined) return mayBeAbsent(node.fallback) || anyOf(node.args)
      return returnsAbsent(node.returns) || anyOf(node.args)
    default:
      return anyOf(children(node))
  }
}

function anyOf(nodes: readonly (Node | undefined)[]): boolean {
  return nodes.some((node) => node !== undefined && mayBeAbsent(node))
}

/** Nodes that read something of the event. */
const READING: ReadonlySet<Node['op']> = new Set([
  ...(['field', 'line-field', 'parent-field', 'rest', 'variable', 'root', 'raw', 'parent', 'get'] as const),
])

/** True when an expression reads the event: else its value is always the same, and it cannot fail for one event alone. */
export function readsEvent(node: Node): boolean {
  if (READING.has(node.op) || (node.op === 'call' && node.reads !== undefined)) return true
  return children(node).some((child) => child !== undefined && readsEvent(child))
}
