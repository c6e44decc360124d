import type { Maybe, Value } from '../expression/value.ts'
import { Dict, Tuple, ValueSet } from '../expression/value.ts'

/** Characters of a number, `true` or `null`, about. */
const SCALAR_SIZE = 8

/**
 * The number of characters that an output takes as JSON, about. A series that is only computed when it is written (a range, an
 * iterator) counts as one value: it holds no memory.
 *
 * @param limit the counting stops here: an output may hold the same list a million times
 */
export function outputSize(output: Value | readonly Value[], limit: number): number {
  const open: object[] = []
  let size = sizeOf(output as Value, open)
  for (let next = open.pop(); next !== undefined && size < limit; next = open.pop()) {
    size += partsSize(next, open, limit)
  }
  return size
}

/** The size of a value without its parts. @param open it is added, if it has some */
function sizeOf(value: Maybe, open: object[]): number {
  if (typeof value === 'string') return value.length + 2
  if (typeof value === 'object' && value !== null) open.push(value)
  return SCALAR_SIZE
}

function partsSize(value: object, open: object[], limit: number): number {
  let size = 0
  if (Array.isArray(value)) {
    for (let index = 0; index < value.length && size < limit; index++) size += sizeOf(value[index], open)
  } else if (value instanceof Tuple) {
    size += partsSize(value.items, open, limit)
  } else if (value instanceof ValueSet) {
    for (const item of value.entries.values()) size += sizeOf(item, open)
  } else if (value instanceof Dict) {
    for (const [key, member] of value.entries.values()) size += sizeOf(key, open) + sizeOf(member, open)
  } else if (isPlainObject(value)) {
    // Nothing is inherited but what is not enumerable.
    for (const name in value) size += name.length + sizeOf(value[name], open)
  }
  return size
}

function isPlainObject(value: object): value is Record<string, Maybe> {
  return Object.getPrototypeOf(value) === Object.prototype
}
