/** The types that the value of an expression can have, as far as that can be told without an event. */
import type { Node } from '../expression/check/checked.ts'
import { type ResultType, resultType } from '../expression/returns.ts'
import type { Value } from '../expression/value.ts'
import { Dict, Tuple } from '../expression/value.ts'

/** A tuple or a set is a list here, as in the output. An iterator is none before it is written: it would be used up. */
export type ValueKind = 'a text' | 'a number' | 'a boolean' | 'null' | 'a list' | 'an object' | 'an iterator'

/** Undefined: any. */
type ValueKinds = ReadonlySet<ValueKind> | undefined

const TEXT: ValueKinds = new Set(['a text'])
const NUMBER: ValueKinds = new Set(['a number'])
const BOOLEAN: ValueKinds = new Set(['a boolean'])
const LIST: ValueKinds = new Set(['a list'])
const ITERATOR: ValueKinds = new Set(['an iterator'])
const OBJECT: ValueKinds = new Set(['an object'])

/** By the type that a callable says it returns. */
const OF_RESULT: Readonly<Record<ResultType, ValueKinds>> = {
  any: undefined,
  text: TEXT,
  number: NUMBER,
  boolean: BOOLEAN,
  list: LIST,
  object: OBJECT,
  iterator: ITERATOR,
}

/** The types that a value of this expression can have; undefined where that depends on the event. */
export function kindsOf(node: Node): ValueKinds {
  switch (node.op) {
    case 'constant':
      return new Set([kindOfValue(node.value)])
    case 'absent':
      return new Set()
    case 'raw':
    case 'formatted':
      return TEXT
    case 'root':
    case 'dict':
      return OBJECT
    case 'exists':
    case 'isinstance':
    case 'not':
    case 'comparison':
    case 'search':
      return BOOLEAN
    case 'display':
      return LIST
    case 'comprehension':
      return node.result === 'dict' ? OBJECT : node.result === 'generator' ? ITERATOR : LIST
    case 'call':
      return kindsOfCall(node)
    case 'conditional':
      return either([node.then, node.otherwise])
    case 'logical':
      return either([node.left, node.right])
    case 'cond':
      return either([...node.pairs.map((pair) => pair.value), ...(node.fallback ? [node.fallback] : [])])
    case 'coalesce':
      return either(node.values)
    case 'optional':
      return either([node.value, node.fallback])
    default:
      return undefined
  }
}

function kindsOfCall({ returns, fallback }: Node & { op: 'call' }): ValueKinds {
  const kinds = OF_RESULT[resultType(returns)]
  if (kinds === undefined || fallback === undefined) return kinds
  const others = kindsOf(fallback)
  return others && new Set([...kinds, ...others])
}

function either(nodes: readonly Node[]): ValueKinds {
  const all = new Set<ValueKind>()
  for (const node of nodes) {
    const kinds = kindsOf(node)
    if (kinds === undefined) return undefined
    for (const kind of kinds) all.add(kind)
  }
  return all
}

function kindOfValue(value: Value): ValueKind {
  if (typeof value === 'string') return 'a text'
  if (typeof value === 'boolean') return 'a boolean'
  if (value === null) return 'null'
  if (typeof value === 'number' || typeof value === 'bigint') return 'a number'
  if (value instanceof Dict) return 'an object'
  return Array.isArray(value) || value instanceof Tuple ? 'a list' : 'an object'
}
