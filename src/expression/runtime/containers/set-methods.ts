import type { HashKey, Maybe, Value } from '../../value.ts'
import { ValueSet } from '../../value.ts'
import type { Meter } from '../meter.ts'
import type { CallableTable } from '../method.ts'
import { callable } from '../method.ts'
import { iterate } from './iteration.ts'
import { collectSet, ELEMENT_BYTES, hashKey, putElement, setAdd, setDelete, touchKey } from './keys.ts'

/**
 * The methods of `set`. Sets keep an order: that of the receiver, then what is new. `pop` takes the first element;
 * `pop` of an empty set and `remove` of what is not there are absent.
 */
export const SET_METHODS: CallableTable = {
  add: callable('elem, /', add, { mutates: true }),
  clear: callable('', clear, { mutates: true }),
  copy: callable('', copySet),
  difference: callable('*others', difference),
  difference_update: callable('*others', differenceUpdate, { mutates: true }),
  discard: callable('elem, /', discard, { mutates: true }),
  intersection: callable('*others', intersection),
  intersection_update: callable('*others', intersectionUpdate, { mutates: true }),
  isdisjoint: callable('other, /', isDisjoint),
  issubset: callable('other, /', isSubset),
  issuperset: callable('other, /', isSuperset),
  pop: callable('', pop, { mutates: true }),
  remove: callable('elem, /', remove, { mutates: true }),
  symmetric_difference: callable('other, /', symmetricDifference),
  symmetric_difference_update: callable('other, /', symmetricDifferenceUpdate, { mutates: true }),
  union: callable('*others', union),
  update: callable('*others', update, { mutates: true }),
}

/*
 * Where the next `pop` of a set begins. A Map keeps deleted entries for a while and every new iterator steps over them:
 * a loop that pops until the set is empty would take quadratic time. An iterator that is kept has only elements behind
 * it that were popped.
 */
const FINGERS = new WeakMap<ValueSet, Iterator<Value>>()

function add(meter: Meter, set: ValueSet, item: Value): null {
  putElement(meter, set, item)
  return null
}

function clear(_meter: Meter, set: ValueSet): null {
  set.entries.clear()
  return null
}

function copySet(meter: Meter, set: ValueSet): ValueSet {
  meter.build(set.entries.size * ELEMENT_BYTES)
  const result = new ValueSet()
  for (const [hash, item] of set.entries) result.entries.set(hash, item)
  return result
}

function difference(meter: Meter, set: ValueSet, ...others: Value[]): ValueSet {
  const result = copySet(meter, set)
  for (const other of others) subtract(meter, result, other)
  return result
}

function differenceUpdate(meter: Meter, set: ValueSet, ...others: Value[]): null {
  for (const other of others) subtract(meter, set, other)
  return null
}

function subtract(meter: Meter, set: ValueSet, other: Value): void {
  if (other === set) set.entries.clear()
  else if (other instanceof ValueSet) {
    meter.touch(other.entries.size * ELEMENT_BYTES)
    for (const hash of other.entries.keys()) set.entries.delete(hash)
  } else {
    for (const item of iterate(other, meter)) set.entries.delete(hashOf(meter, item))
  }
}

function hashOf(meter: Meter, item: Value): HashKey {
  touchKey(meter, item)
  return hashKey(item)
}

function discard(meter: Meter, set: ValueSet, item: Value): null {
  touchKey(meter, item)
  setDelete(set, item)
  return null
}

function intersection(meter: Meter, set: ValueSet, ...others: Value[]): ValueSet {
  const result = copySet(meter, set)
  for (const other of others) {
    const kept = asSet(meter, other).entries
    meter.touch(result.entries.size * ELEMENT_BYTES)
    for (const hash of result.entries.keys()) if (!kept.has(hash)) result.entries.delete(hash)
  }
  return result
}

function intersectionUpdate(meter: Meter, set: ValueSet, ...others: Value[]): null {
  replaceItems(set, intersection(meter, set, ...others))
  return null
}

function isDisjoint(meter: Meter, set: ValueSet, other: Value): boolean {
  for (const item of iterate(other, meter)) if (set.entries.has(hashOf(meter, item))) return false
  return true
}

function isSubset(meter: Meter, set: ValueSet, other: Value): boolean {
  const { entries } = asSet(meter, other)
  meter.touch(set.entries.size * ELEMENT_BYTES)
  for (const hash of set.entries.keys()) if (!entries.has(hash)) return false
  return true
}

function isSuperset(meter: Meter, set: ValueSet, other: Value): boolean {
  for (const item of iterate(other, meter)) if (!set.entries.has(hashOf(meter, item))) return false
  return true
}

function pop(meter: Meter, set: ValueSet): Maybe {
  meter.touch(ELEMENT_BYTES)
  const { entries } = set
  let step = FINGERS.get(set)?.next()
  if (step === undefined || step.done === true) {
    const finger = entries.values()
    FINGERS.set(set, finger)
    step = finger.next()
    if (step.done === true) return undefined
  }
  setDelete(set, step.value)
  return step.value
}

function remove(meter: Meter, set: ValueSet, item: Value): Maybe<null> {
  touchKey(meter, item)
  return setDelete(set, item) ? null : undefined
}

function symmetricDifference(meter: Meter, set: ValueSet, other: Value): ValueSet {
  const result = new ValueSet()
  const { entries } = asSet(meter, other)
  meter.build((set.entries.size + entries.size) * ELEMENT_BYTES)
  for (const [hash, item] of set.entries) if (!entries.has(hash)) result.entries.set(hash, item)
  for (const [hash, item] of entries) if (!set.entries.has(hash)) setAdd(result, item)
  return result
}

function symmetricDifferenceUpdate(meter: Meter, set: ValueSet, other: Value): null {
  replaceItems(set, symmetricDifference(meter, set, other))
  return null
}

function union(meter: Meter, set: ValueSet, ...others: Value[]): ValueSet {
  const result = copySet(meter, set)
  for (const other of others) addAll(meter, result, other)
  return result
}

function update(meter: Meter, set: ValueSet, ...others: Value[]): null {
  for (const other of others) addAll(meter, set, other)
  return null
}

function addAll(meter: Meter, set: ValueSet, other: Value): void {
  for (const item of iterate(other, meter)) putElement(meter, set, item)
}

function asSet(meter: Meter, other: Value): ValueSet {
  return other instanceof ValueSet ? other : collectSet(meter, iterate(other, meter))
}

function replaceItems(set: ValueSet, items: ValueSet): void {
  set.entries.clear()
  for (const [hash, item] of items.entries) set.entries.set(hash, item)
}
