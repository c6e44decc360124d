import type { Maybe, Value } from '../value.ts'
import { ValueSet } from '../value.ts'
import { iterate } from './iteration.ts'
import { hashKey, makeSet, setAdd, setDelete } from './keys.ts'
import type { CallableTable } from './method.ts'
import { callable } from './method.ts'

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

function add(set: ValueSet, item: Value): null {
  setAdd(set, item)
  return null
}

function clear(set: ValueSet): null {
  set.entries.clear()
  return null
}

function copySet(set: ValueSet): ValueSet {
  const result = new ValueSet()
  for (const [hash, item] of set.entries) result.entries.set(hash, item)
  return result
}

function difference(set: ValueSet, ...others: Value[]): ValueSet {
  const result = copySet(set)
  for (const other of others) subtract(result, other)
  return result
}

function differenceUpdate(set: ValueSet, ...others: Value[]): null {
  for (const other of others) subtract(set, other)
  return null
}

function subtract(set: ValueSet, other: Value): void {
  if (other === set) set.entries.clear()
  else if (other instanceof ValueSet) for (const hash of other.entries.keys()) set.entries.delete(hash)
  else for (const item of iterate(other)) set.entries.delete(hashKey(item))
}

function discard(set: ValueSet, item: Value): null {
  setDelete(set, item)
  return null
}

function intersection(set: ValueSet, ...others: Value[]): ValueSet {
  const result = copySet(set)
  for (const other of others) {
    const kept = asSet(other).entries
    for (const hash of result.entries.keys()) if (!kept.has(hash)) result.entries.delete(hash)
  }
  return result
}

function intersectionUpdate(set: ValueSet, ...others: Value[]): null {
  replaceItems(set, intersection(set, ...others))
  return null
}

function isDisjoint(set: ValueSet, other: Value): boolean {
  for (const item of iterate(other)) if (set.entries.has(hashKey(item))) return false
  return true
}

function isSubset(set: ValueSet, other: Value): boolean {
  const { entries } = asSet(other)
  for (const hash of set.entries.keys()) if (!entries.has(hash)) return false
  return true
}

function isSuperset(set: ValueSet, other: Value): boolean {
  for (const item of iterate(other)) if (!set.entries.has(hashKey(item))) return false
  return true
}

function pop(set: ValueSet): Maybe {
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

function remove(set: ValueSet, item: Value): Maybe<null> {
  return setDelete(set, item) ? null : undefined
}

function symmetricDifference(set: ValueSet, other: Value): ValueSet {
  const result = new ValueSet()
  const { entries } = asSet(other)
  for (const [hash, item] of set.entries) if (!entries.has(hash)) result.entries.set(hash, item)
  for (const [hash, item] of entries) if (!set.entries.has(hash)) setAdd(result, item)
  return result
}

function symmetricDifferenceUpdate(set: ValueSet, other: Value): null {
  replaceItems(set, symmetricDifference(set, other))
  return null
}

function union(set: ValueSet, ...others: Value[]): ValueSet {
  const result = copySet(set)
  for (const other of others) addAll(result, other)
  return result
}

function update(set: ValueSet, ...others: Value[]): null {
  for (const other of others) addAll(set, other)
  return null
}

function addAll(set: ValueSet, other: Value): void {
  for (const item of iterate(other)) setAdd(set, item)
}

function asSet(other: Value): ValueSet {
  return other instanceof ValueSet ? other : makeSet(iterate(other))
}

function replaceItems(set: ValueSet, items: ValueSet): void {
  set.entries.clear()
  for (const [hash, item] of items.entries) set.entries.set(hash, item)
}
