/** Constants of rules, and what is known of them. */
import type { Node } from '../check/checked.ts'
import { valueRecipe } from '../recipe.ts'
import type { Value } from '../value.ts'
import { isJsonNumber, Tuple } from '../value.ts'
import { _ } from './code.ts'
import type { Emitted, FunctionWriter } from './writer.ts'

export function emitConstant(writer: FunctionWriter, value: Value): Emitted {
  if (typeof value === 'string') return { code: writer.constants.literal(value), known: 'string' }
  if (typeof value === 'boolean') return { code: _`${value}`, known: 'boolean' }
  if (value === null) return { code: _`null`, known: 'json' }
  if (typeof value === 'bigint') return { code: _`${value}`, known: 'any' }
  if (typeof value === 'number') {
    return { code: writer.constants.literal(value), known: isJsonNumber(value) ? 'json' : 'any' }
  }
  return { code: writer.constants.add(valueRecipe(value), 'a constant'), known: 'any' }
}

/** `==` with this constant is JavaScript's `===`: nothing of another type equals it. */
export function hasStrictEquality(node: Node): boolean {
  if (node.op !== 'constant') return node.op === 'formatted' || node.op === 'raw'
  const { value } = node
  if (value === null || typeof value === 'string') return true
  // 0 and 1 equal False and True.
  return typeof value === 'number' && Number.isSafeInteger(value) && value !== 0 && value !== 1
}

/** The value is one of those that there is only one of. */
export function isSingleton(node: Node): boolean {
  return node.op === 'constant' && (node.value === null || typeof node.value === 'boolean')
}

/** The texts of a constant tuple, list or set display that holds nothing else. */
export function stringChoices(node: Node): string[] | undefined {
  let values: readonly (Value | undefined)[]
  if (node.op === 'constant' && node.value instanceof Tuple) values = node.value.items
  else if (node.op === 'display' && node.result !== 'set') {
    values = node.elements.map(({ value, spread }) =>
      value.op === 'constant' && !spread ? value.value : undefined,
    )
  } else return undefined
  return values.every((value) => typeof value === 'string') ? (values as string[]) : undefined
}
