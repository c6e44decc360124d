/** Reads what record_containers.py writes: the runtime's values, and back to the recorded form to compare. */
import { Failure } from '../../src/expression/failure.ts'
import { iterate, toArray } from '../../src/expression/runtime/containers/containers.ts'
import { isJsonObject, makeDict, makeSet } from '../../src/expression/runtime/containers/keys.ts'
import { typeName } from '../../src/expression/runtime/numbers/numbers.ts'
import type { JsonObject, Maybe, Value } from '../../src/expression/value.ts'
import { Dict, DictView, Range, Tuple, ValueIterator, ValueSet } from '../../src/expression/value.ts'
import { meter } from '../expression/runtime/unlimited.ts'

/**
 * JSON's own values are themselves. Else an object with a tag: `int` and `float` (a text), `nan`, `inf`, `-inf`, `tuple`,
 * `set`, `dict` (pairs), `range`, `dict_keys` and its like (of a dict), `iterator`, `key` (the name of a function).
 * Results also: `absent`, `self` (the receiver), `error` with the exception's name and its message where it counts.
 */
export type Recorded = null | boolean | number | string | Recorded[] | Tagged

export interface Tagged {
  readonly $: string
  readonly v?: Recorded
  readonly type?: string
  readonly m?: string
}

export function decode(recorded: Recorded): Value {
  if (Array.isArray(recorded)) return recorded.map(decode)
  if (typeof recorded !== 'object' || recorded === null) return recorded
  const { v } = recorded
  switch (recorded.$) {
    case 'int':
      return BigInt(v as string)
    case 'float':
      return Number(v)
    case 'nan':
      return Number.NaN
    case 'inf':
      return Number.POSITIVE_INFINITY
    case '-inf':
      return Number.NEGATIVE_INFINITY
    case 'tuple':
      return new Tuple((v as Recorded[]).map(decode))
    case 'set':
      return makeSet((v as Recorded[]).map(decode))
    case 'dict':
      return makeDict((v as [Recorded, Recorded][]).map(([key, value]) => [decode(key), decode(value)]))
    case 'range':
      return new Range(...(v as [number, number, number]))
    case 'dict_keys':
    case 'dict_values':
    case 'dict_items':
      return new DictView(recorded.$.slice(5) as DictView['kind'], decode(v!) as Dict)
    case 'iterator':
      return new ValueIterator(recorded.type!, (v as Recorded[]).map(decode).values())
  }
  throw new Error(`unknown tag ${recorded.$}`)
}

/** Consumes iterators. */
export function encode(value: Maybe): Recorded {
  if (value === undefined) return { $: 'absent' }
  if (typeof value === 'bigint') return { $: 'int', v: String(value) }
  if (typeof value === 'number') return encodeNumber(value)
  if (Array.isArray(value)) return value.map(encode)
  if (typeof value !== 'object' || value === null) return value
  if (value instanceof Tuple) return { $: 'tuple', v: value.items.map(encode) }
  if (value instanceof ValueSet) return { $: 'set', v: toArray(meter, value).map(encode) }
  if (value instanceof Range) return { $: 'range', v: [value.start, value.stop, value.step] }
  if (value instanceof DictView) return { $: `dict_${value.kind}`, v: encode(value.source) }
  if (value instanceof ValueIterator) {
    return { $: 'iterator', type: typeName(value), v: Array.from(iterate(value), encode) }
  }
  return {
    $: 'dict',
    v: toArray(meter, new DictView('items', value)).map((pair) => [...(pair as Tuple).items].map(encode)),
  }
}

function encodeNumber(n: number): Recorded {
  if (Number.isNaN(n)) return { $: 'nan' }
  if (!Number.isFinite(n)) return { $: n > 0 ? 'inf' : '-inf' }
  return Number.isInteger(n) && Math.abs(n) > 2 ** 53 ? { $: 'float', v: String(n) } : n
}

/** The recorded form of what `evaluate` gives or throws. */
export function outcome(evaluate: () => Maybe): Recorded {
  try {
    return encode(evaluate())
  } catch (error) {
    if (error instanceof Failure) return { $: 'error', v: error.code, m: error.message }
    throw error
  }
}

const CODES: Readonly<Record<string, string>> = {
  TypeError: 'TYPE_ERROR',
  AttributeError: 'TYPE_ERROR',
  ValueError: 'VALUE_ERROR',
  OverflowError: 'VALUE_ERROR',
}

/**
 * Both results in a form that can be compared: error codes for exceptions, messages only where one was recorded, sets in
 * one order (CPython's is arbitrary), floats by value.
 */
export function comparable(actual: Recorded, expected: Recorded): [Recorded, Recorded] {
  if (isTagged(expected) && expected.$ === 'error') {
    const message = expected.m
    const failed: Tagged = { $: 'error', v: CODES[expected.v as string]! }
    if (isTagged(actual) && message === undefined) return [{ $: actual.$, v: actual.v! }, failed]
    return [actual, { ...failed, m: message! }]
  }
  return [normalize(actual), normalize(expected)]
}

function isTagged(recorded: Recorded): recorded is Tagged {
  return typeof recorded === 'object' && recorded !== null && !Array.isArray(recorded)
}

function normalize(recorded: Recorded): Recorded {
  if (Array.isArray(recorded)) return recorded.map(normalize)
  if (!isTagged(recorded) || recorded.v === undefined) return recorded
  if (recorded.$ === 'float') return { $: 'float', v: Number(recorded.v) }
  const v = normalize(recorded.v)
  if (recorded.$ !== 'set') return { ...recorded, v }
  const texts = (v as Recorded[]).map((item) => JSON.stringify(item))
  return { $: 'set', v: texts.sort() }
}

/** The dict as JSON.parse would give it; undefined when a key is not a string. */
export function asJsonObject(value: Value): JsonObject | undefined {
  if (!(value instanceof Dict)) return undefined
  const object: JsonObject = {}
  for (const [key, item] of value.entries.values()) {
    if (typeof key !== 'string') return undefined
    Object.defineProperty(object, key, { value: item, writable: true, enumerable: true, configurable: true })
  }
  return isJsonObject(object) ? object : undefined
}
