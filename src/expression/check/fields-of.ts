/** Fields in checked expressions, for the forms that ask about absence. */
import { mayBeAbsent } from '../returns.ts'
import type { Node } from './checked.ts'
import { children } from './checked.ts'

/** The nodes that `exists` may be asked about: fields, and calls that may find nothing. */
export function mayExist(node: Node): boolean {
  return isPath(node) || node.op === 'coalesce' || (node.op === 'call' && mayBeAbsent(node.returns))
}

/** A field, or an item of something that is, or of the result of a call. */
function isPath(node: Node): boolean {
  switch (node.op) {
    case 'field':
    case 'line-field':
    case 'parent':
    case 'parent-field':
    case 'root':
    case 'local':
    case 'variable':
      return true
    case 'attribute':
    case 'item':
      return isPath(node.object) || node.object.op === 'call' || node.object.op === 'coalesce'
    default:
      return false
  }
}

/**
 * The fields that occur in an expression and have to be present before `optional` evaluates it, also those that
 * short-circuiting would not reach. Those inside a nested form that takes absent fields do not count.
 */
export function fieldsOf(node: Node): Node[] {
  const found: Node[] = []
  const visit = (current: Node | undefined): void => {
    if (current === undefined || isOpen(current)) return
    if (isFixed(current)) {
      if (current.op !== 'constant' && current.op !== 'root' && current.op !== 'raw') found.push(current)
      return
    }
    for (const child of children(current)) visit(child)
  }
  visit(node)
  return found
}

/** A form that takes absent fields. */
function isOpen({ op }: Node): boolean {
  return op === 'exists' || op === 'optional' || op === 'coalesce'
}

/** A field whose place does not depend on names of a comprehension: it can be looked at beforehand. */
function isFixed(node: Node): boolean {
  if (node.op === 'item') return isFixed(node.object) && isFixed(node.index)
  if (node.op === 'attribute') return isFixed(node.object)
  return (
    node.op === 'field' ||
    node.op === 'line-field' ||
    node.op === 'parent' ||
    node.op === 'parent-field' ||
    node.op === 'root' ||
    node.op === 'raw' ||
    node.op === 'constant' ||
    node.op === 'variable'
  )
}
