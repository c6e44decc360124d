import type { Failure } from '../../failure.ts'
import { typeError } from '../../failure.ts'
import type { Maybe, Value } from '../../value.ts'
import { Dict, DictView, Range, Tuple, ValueSet } from '../../value.ts'
import { ITEM_BYTES } from '../length.ts'
import type { Meter } from '../meter.ts'
import { isInteger, toIndex, typeName } from '../numbers/numbers.ts'
import { measureText, textAt } from '../text/text.ts'
import { dictDelete, dictGet, dictSize, isDict, isJsonObject, ownMember, putEntry, touchKey } from './keys.ts'
import { clampIndex } from './slices.ts'

export { iterate, iterator, toArray } from './iteration.ts'
export { deleteSlice, getSlice, makeRange, setSlice } from './slices.ts'

/**
 * `len(value)`: elements, code points, entries.
 *
 * @throws {Failure} TYPE_ERROR when the value has no length
 */
export function length(meter: Meter, value: Value): number {
  if (typeof value === 'string') return measureText(meter, value)
  if (Array.isArray(value)) return value.length
  if (value instanceof Tuple) return value.items.length
  if (value instanceof ValueSet) return value.entries.size
  if (value instanceof Range) return value.length
  const dict = value instanceof DictView ? value.source : value
  if (isDict(dict)) {
    return dictSize(meter, dict)
  }
  throw typeError(`object of type '${typeName(value)}' has no len()`)
}

/**
 * `container[key]`: absent when the index is out of range, when there is no such key, and for every key of None (a
 * path whose last step was null goes on as absence).
 *
 * @throws {Failure} TYPE_ERROR when the container has no items, the index is no integer or the key is not hashable
 */
export function getItem(meter: Meter, container: Value, key: Value): Maybe {
  if (Array.isArray(container)) return itemAt(container, position('list', container.length, key))
  if (typeof container === 'string') return textItem(meter, container, key)
  if (container === null) return undefined
  if (isJsonObject(container)) {
    if (typeof key === 'string') return ownMember(container, key)
    touchKey(meter, key)
    return dictGet(container, key)
  }
  if (container instanceof Dict) {
    touchKey(meter, key)
    return dictGet(container, key)
  }
  if (container instanceof Tuple) {
    return itemAt(container.items, position('tuple', container.items.length, key))
  }
  if (container instanceof Range) {
    const index = position('range', container.length, key)
    return index === -1 ? undefined : container.start + index * container.step
  }
  throw typeError(`'${typeName(container)}' object is not subscriptable`)
}

function itemAt(items: readonly Value[], position: number): Maybe {
  return position === -1 ? undefined : items[position]
}

/** Where in a sequence `key` points to; -1 when it is out of range. */
function position(type: 'list' | 'tuple' | 'range', length: number, key: Value): number {
  let index: number
  if (typeof key === 'number' && Number.isSafeInteger(key)) {
    index = key
  } else if (isInteger(key)) {
    index = clampIndex(toIndex(key))
  } else {
    throw typeError(`${type} indices must be integers or slices, not ${typeName(key)}`)
  }
  if (index < 0) index += length
  return index >= 0 && index < length ? index : -1
}

function textItem(meter: Meter, text: string, key: Value): Maybe<string> {
  if (!isInteger(key)) throw typeError(`string indices must be integers, not '${typeName(key)}'`)
  return textAt(meter, text, typeof key === 'number' ? key : clampIndex(toIndex(key)))
}

/**
 * `container[key] = value`. In a JSON object a key that is no string is stored under its JSON text.
 *
 * @returns false when the index is out of range: nothing was stored
 * @throws {Failure} TYPE_ERROR when the container does not take items, or not under that key
 */
export function setItem(meter: Meter, container: Value, key: Value, value: Value): boolean {
  if (Array.isArray(container)) {
    const index = position('list', container.length, key)
    if (index === -1) return false
    container[index] = value
    return true
  }
  if (!isDict(container)) {
    throw typeError(`'${typeName(container)}' object does not support item assignment`)
  }
  putEntry(meter, container, key, value)
  return true
}

/**
 * `del container[key]`.
 *
 * @returns false when there is no such item (or the container is None): nothing was deleted
 * @throws {Failure} TYPE_ERROR when items of the container cannot be deleted
 */
export function deleteItem(meter: Meter, container: Value, key: Value): boolean {
  if (Array.isArray(container)) {
    const index = position('list', container.length, key)
    if (index === -1) return false
    meter.touch(ITEM_BYTES * (container.length - index))
    container.splice(index, 1)
    return true
  }
  if (container === null) return false
  if (isDict(container)) {
    touchKey(meter, key)
    return dictDelete(container, key)
  }
  throw typeError(`'${typeName(container)}' object doesn't support item deletion`)
}

/**
 * `value.name` where it is not the call of a method: the dict's own member; absent when it has none, and for None.
 *
 * @throws {Failure} TYPE_ERROR for all other types
 */
export function getAttribute(value: Value, name: string): Maybe {
  if (value === null) return undefined
  if (isDict(value)) return dictGet(value, name)
  throw noAttribute(value, name)
}

/** CPython's AttributeError. */
export function noAttribute(value: Value, name: string): Failure {
  return typeError(`'${typeName(value)}' object has no attribute '${name}'`)
}

/** The dict's own member of that name; undefined where there is none and for all other values. Never fails. */
export function getMember(value: Maybe, key: string): Maybe {
  return value !== undefined && isDict(value) ? dictGet(value, key) : undefined
}
