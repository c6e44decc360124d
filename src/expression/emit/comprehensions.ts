/** Comprehensions, and searches that stop where the answer is known. */
import type { ComprehensionNode, Node } from '../check/checked.ts'
import { ITEM_BYTES } from '../runtime/length.ts'
import { _ } from './code.ts'
import { declareTarget, emitAssignment } from './targets.ts'
import type { Emitted, FunctionWriter } from './writer.ts'

const EMPTY_LIST = _`[]`

export function emitComprehension(writer: FunctionWriter, node: ComprehensionNode): Emitted {
  const { result, element } = node
  const container =
    result === 'set'
      ? writer.call('collectSet', EMPTY_LIST)
      : result === 'dict'
        ? writer.call('emptyDict')
        : EMPTY_LIST
  const collected = writer.temporary(container)
  emitClauses(writer, node, 0, () => {
    if (result === 'dict') {
      const key = writer.code(node.key!)
      writer.line(writer.call('putEntry', collected.code, key, writer.code(element)))
      return
    }
    const item = writer.code(element)
    if (result === 'set') {
      writer.line(writer.call('putElement', collected.code, item))
    } else {
      writer.build(2 * ITEM_BYTES)
      writer.line(_`${collected.code}.push(${item})`)
    }
  })
  if (result !== 'generator') return collected
  return writer.temporary(writer.call('makeGenerator', collected.code))
}

/** `any(...)`, `all(...)`, `x in (...)` of a generator. */
export function emitSearch(writer: FunctionWriter, node: Node & { op: 'search' }): Emitted {
  const { kind, generator } = node
  const item = node.item && writer.code(node.item)
  const name = writer.fresh('t')
  const label = writer.fresh('search')
  const isAll = kind === 'all'
  writer.line(_`let ${name} = ${isAll}`)
  writer.block(_`${label}:`, () => {
    emitClauses(writer, generator, 0, () => {
      const { element } = generator
      const test = kind === 'in' ? writer.call('same', item, writer.code(element)) : writer.test(element)
      writer.block(_`if (${isAll ? _`!${test}` : test})`, () => {
        writer.line(_`${name} = ${!isAll}`)
        writer.line(_`break ${label}`)
      })
    })
  })
  return { code: name, known: 'boolean' }
}

function emitClauses(writer: FunctionWriter, node: ComprehensionNode, index: number, body: () => void): void {
  const clause = node.clauses[index]
  if (clause === undefined) {
    body()
    return
  }
  const iterable = writer.code(clause.iterable)
  declareTarget(writer, clause.target)
  const item = writer.fresh('i')
  writer.block(_`for (const ${item} of ${writer.call('iterate', iterable)})`, () => {
    writer.round(() => {
      emitAssignment(writer, clause.target, item)
      for (const condition of clause.conditions) {
        writer.line(_`if (!${writer.test(condition)}) continue`)
      }
      emitClauses(writer, node, index + 1, body)
    })
  })
}
