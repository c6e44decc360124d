/** Between the values of a program and those that rules work on. */
import { valueError } from '../../expression/failure.ts'
import { iterate } from '../../expression/runtime/containers/iteration.ts'
import { keyText } from '../../expression/runtime/containers/keys.ts'
import { integerFromOutside, integerIsHuge, isHuge } from '../../expression/runtime/numbers/huge-integer.ts'
import { normalizeInteger } from '../../expression/runtime/numbers/numbers.ts'
import { setOwn } from '../../expression/runtime/output.ts'
import type { JsonObject, Maybe, Value } from '../../expression/value.ts'
import { Dict, isSequence, NumberText, ValueIterator } from '../../expression/value.ts'

/** The values that a program gets: JSON's, integers beyond 2**53 as bigints, and NaN and infinities as numbers. */
export type PlainValue = null | boolean | number | bigint | string | PlainValue[] | PlainObject

export interface PlainObject {
  [key: string]: PlainValue
}

/** As deep as an output may nest. */
const MAX_DEPTH = 2000

/**
 * A result of rules without the types of their language: tuples, sets, ranges, views and iterators become arrays, dicts
 * objects, numbers with a text of their own numbers. Arrays and objects are copied, each once.
 *
 * @throws {Failure} TYPE_ERROR for a dict with a tuple as key; VALUE_ERROR for what nests deeper than 2000 levels, and for an
 *   integer of more than `MAX_INTEGER_BITS` bits
 */
export function toPlain(value: Value): PlainValue {
  return orTooDeep('the output', () => copyPlain(value, new Map(), 0))
}

function copyPlain(value: Value | NumberText, copies: Map<object, PlainValue>, depth: number): PlainValue {
  if (typeof value === 'bigint' && isHuge(value)) throw integerIsHuge()
  if (typeof value !== 'object' || value === null) return value
  if (value instanceof NumberText) return Number(value.text)
  if (depth === MAX_DEPTH) throw new RangeError()
  const known = copies.get(value)
  if (known !== undefined) return known
  const copy = (item: Value) => copyPlain(item, copies, depth + 1)
  let result: PlainValue
  if (Array.isArray(value) || isSequence(value)) {
    result = Array.from(iterate(value), copy)
  } else {
    result = {}
    const entries = value instanceof Dict ? value.entries.values() : Object.entries<Maybe>(value)
    for (const [key, member] of entries) {
      if (member !== undefined) setOwn(result as JsonObject, keyText(key), copy(member))
    }
  }
  // An iterator is used up: where it stands for the second time it gives nothing.
  if (!(value instanceof ValueIterator)) copies.set(value, result)
  return result
}

/**
 * A program's value as JSON would carry it: what has a `toJSON` is what that gives, members that are undefined, functions
 * or symbols are left out (in arrays they are null), NaN and infinities are null. Integers keep their digits.
 *
 * @returns undefined where JSON.stringify returns it
 * @throws {Failure} VALUE_ERROR for what nests deeper than 2000 levels
 */
export function fromPlain(value: unknown): Maybe {
  return orTooDeep('the event', () => convert(value, 0))
}

function convert(value: unknown, depth: number): Maybe {
  switch (typeof value) {
    case 'string':
    case 'boolean':
      return value
    case 'number':
      return Number.isFinite(value) ? value : null
    case 'bigint':
      return normalizeInteger(integerFromOutside(value))
    case 'object':
      return value === null ? null : fromObject(value, depth)
    default:
      return undefined
  }
}

function fromObject(value: object, depth: number): Maybe {
  if (depth === MAX_DEPTH) throw new RangeError()
  if ('toJSON' in value && typeof value.toJSON === 'function') return convert(value.toJSON(), depth + 1)
  if (Array.isArray(value)) return Array.from(value, (item) => convert(item, depth + 1) ?? null)
  const result: JsonObject = {}
  for (const [key, member] of Object.entries(value)) {
    const converted = convert(member, depth + 1)
    if (converted !== undefined) setOwn(result, key, converted)
  }
  return result
}

/** The stack may be used up before the limit is reached: that is the same to whoever asked. */
function orTooDeep<T>(what: string, work: () => T): T {
  try {
    return work()
  } catch (error) {
    if (!(error instanceof RangeError)) throw error
    throw valueError(`${what} nests deeper than ${MAX_DEPTH} levels, or contains itself`)
  }
}
