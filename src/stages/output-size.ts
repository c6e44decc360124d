import type { Maybe, Value } from '../expression/value.ts'
import { Dict, NumberText, Tuple, ValueSet } from '../expression/value.ts'

/** Characters of a number, `true` or `null`, about. */
const SCALAR_SIZE = 8

/**
 * The number of characters that an output takes as JSON, about. A series that is only computed when it is written (a range, an
 * iterator) counts as one value: it holds no memory.
 *
 * @param limit the counting stops here: an output may hold the same list a million times
 */
export function outputSize(output: Value | readonly Value[], limit: number): number {
  let size = 0
  const open: Maybe[] = [output as Value]
  while (open.length > 0 && size < limit) {
    const value = open.pop()
    if (typeof value === 'string') size += value.length + 2
    else if (typeof value !== 'object' || value === null || value instanceof NumberText) size += SCALAR_SIZE
    else size += addParts(value, open)
  }
  return size
}

/** Adds what a value is made of. @returns characters that it takes without them */
function addParts(value: Exclude<Value, null | boolean | number | bigint | string>, open: Maybe[]): number {
  if (Array.isArray(value)) return addItems(value, value.length, open)
  if (value instanceof Tuple) return addItems(value.items, value.items.length, open)
  if (value instanceof ValueSet) return addItems(value.entries.values(), value.entries.size, open)
  if (value instanceof Dict) {
    for (const [key, member] of value.entries.values()) open.push(key, member)
    return 2 + value.entries.size
  }
  if (Object.getPrototypeOf(value) !== Object.prototype) return SCALAR_SIZE
  let size = 2
  for (const [name, member] of Object.entries(value as object)) {
    size += name.length + 3
    open.push(member as Maybe)
  }
  return size
}

function addItems(items: Iterable<Maybe>, count: number, open: Maybe[]): number {
  for (const item of items) open.push(item)
  return 2 + count
}
