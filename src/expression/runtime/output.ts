/** Rules' values become the output object here. */
import { typeError } from '../failure.ts'
import type { JsonObject, Maybe, Value } from '../value.ts'
import { Dict, DictView, isJsonNumber, MAX_LENGTH, Range, Tuple, ValueIterator, ValueSet } from '../value.ts'
import { getMember } from './containers/containers.ts'
import { iterate, toArray } from './containers/iteration.ts'
import { dictSet } from './containers/keys.ts'
import { isMapping } from './fields.ts'
import type { Meter } from './meter.ts'
import { buildInteger, touchInteger } from './numbers/numbers.ts'

/** Sets an own property whatever its name is: `__proto__` is a key like any other. */
export function setOwn(object: JsonObject, key: string, value: unknown): void {
  if (key === '__proto__') {
    Object.defineProperty(object, key, { value, writable: true, enumerable: true, configurable: true })
  } else {
    object[key] = value as Value
  }
}

/**
 * Sets a value below another rule's value, of which a copy is made: that value may be the event's own object.
 *
 * @param target what is there so far
 * @param path keys below it; none: the value itself joins what is there, its members win
 * @param name the rule, for the message
 * @throws {Failure} TYPE_ERROR where a value on the way is not an object
 */
export function assignBelow(target: Maybe, path: readonly string[], value: Value, name: string): Value {
  if (target === undefined && path.length === 0) return value
  if (target !== undefined && !isMapping(target)) {
    throw typeError(`cannot be set: the value above ${name} is not an object`)
  }
  const copy = copyMapping(target)
  if (path.length === 0) {
    if (!isMapping(value))
      throw typeError(`${name} is not an object, but another rule sets a value inside it`)
    for (const [key, member] of entriesOf(value)) put(copy, key, member)
    return copy
  }
  const [key, ...rest] = path as [string, ...string[]]
  put(copy, key, rest.length === 0 ? value : assignBelow(getMember(copy, key), rest, value, name))
  return copy
}

/** Adds values to the lists `event.anomaly.<kind>`. @param anomalies by kind and by a text of each value */
export function addAnomalies(
  output: JsonObject,
  anomalies: ReadonlyMap<string, ReadonlyMap<string, Value>>,
): JsonObject {
  let result: Value = output
  for (const [kind, values] of anomalies) {
    const path = ['event', 'anomaly', kind]
    const existing = path.reduce<Maybe>(
      (holder, key) => (isMapping(holder) ? getMember(holder, key) : undefined),
      result,
    )
    if (existing !== undefined && !Array.isArray(existing)) {
      throw typeError(`event.anomaly.${kind} is not a list, but an anomaly has to be added to it`)
    }
    const list = existing ?? []
    const known = new Set<Value>(list)
    const added = [...list]
    for (const value of values.values()) if (!known.has(value)) added.push(value)
    result = assignBelow(result, path, added, `event.anomaly.${kind}`)
  }
  return result as JsonObject
}

function copyMapping(source: Maybe): JsonObject | Dict {
  if (source instanceof Dict) {
    const copy = new Dict()
    for (const [key, entry] of source.entries) copy.entries.set(key, [entry[0], entry[1]])
    return copy
  }
  const copy: JsonObject = {}
  if (source !== undefined)
    for (const [key, value] of entriesOf(source as JsonObject)) put(copy, key as string, value)
  return copy
}

function entriesOf(source: JsonObject | Dict): Iterable<readonly [Value, Value]> {
  return source instanceof Dict ? source.entries.values() : Object.entries(source)
}

function put(target: JsonObject | Dict, key: Value, value: Value): void {
  if (target instanceof Dict) dictSet(target, key, value)
  else setOwn(target, String(key), value)
}

/**
 * The last step of every value that a rule computes: its text is counted, as long as it will be written (one
 * list may stand in another one a thousand times), and iterators are used up, while there is a meter to count what they
 * give.
 *
 * @param value undefined where the rule has none
 * @returns whether `JSON.stringify` writes the value as it should be written: no big integer, NaN, tuple, set, dict ...
 */
export function finishValue(meter: Meter, value: unknown): boolean {
  switch (typeof value) {
    case 'string':
      meter.write(value.length)
      return true
    case 'number':
      return isJsonNumber(value)
    case 'object':
      return value === null || finishObject(meter, value)
    case 'bigint':
      touchInteger(meter, value)
      meter.write(buildInteger(meter, value).toString(16).length)
      return false
    default:
      return true
  }
}

/** Characters of a member or element, beside those of its key and of a text: a comma, perhaps a digit. */
const MEMBER = 4

function finishObject(meter: Meter, value: object): boolean {
  if (Array.isArray(value)) return finishItems(meter, value)
  if (Object.getPrototypeOf(value) !== Object.prototype) {
    finishOther(meter, value)
    return false
  }
  let plain = true
  let length = 0
  for (const key in value) {
    const member = (value as JsonObject)[key]
    length += MEMBER + key.length
    if (typeof member === 'string') length += member.length
    else if (!finishValue(meter, member)) plain = false
  }
  meter.write(length)
  return plain
}

function finishItems(meter: Meter, items: Iterable<Value>): boolean {
  let plain = true
  let length = 0
  for (const item of items) {
    length += MEMBER
    if (typeof item === 'string') length += item.length
    else if (!finishValue(meter, item)) plain = false
  }
  meter.write(length)
  return plain
}

/** Values that JSON.stringify does not know. */
function finishOther(meter: Meter, value: object): void {
  if (value instanceof Dict) {
    for (const [key, member] of value.entries.values()) {
      meter.write(MEMBER + (typeof key === 'string' ? key.length : 0))
      finishValue(meter, member)
    }
  } else if (value instanceof Range) {
    // It becomes a list as it is written, and a long one is refused then.
    meter.write(MEMBER * Math.min(value.length, MAX_LENGTH))
  } else if (value instanceof ValueIterator) {
    const items = toArray(meter, value)
    value.source = items.values()
    finishItems(meter, items)
  } else if (value instanceof Tuple || value instanceof ValueSet || value instanceof DictView) {
    finishItems(meter, iterate(value))
  }
}
