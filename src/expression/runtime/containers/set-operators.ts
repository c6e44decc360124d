/** `- & | ^` of sets, and of the views of a dict that are like sets. */
import type { BinaryOperator } from '../../syntax/operators.ts'
import type { Tuple, Value } from '../../value.ts'
import { DictView, ValueSet } from '../../value.ts'
import { contains, isSetView, type SetView } from '../compare.ts'
import type { Meter } from '../meter.ts'
import { iterate } from './containers.ts'
import { collectSet, ELEMENT_BYTES, putElement, setHas } from './keys.ts'

export type SetOperator = Extract<BinaryOperator, '-' | '&' | '|' | '^'>

/**
 * The new set of a set operator: the left operand's elements in their order, then what is new.
 *
 * @returns undefined where the operator does not take these operands: both have to be sets; a view takes any iterable
 * @throws {Failure} TYPE_ERROR when the other operand of a view is not iterable, or an element is not hashable
 */
export function combineSets(meter: Meter, a: Value, b: Value, operator: SetOperator): ValueSet | undefined {
  if (!(a instanceof ValueSet && b instanceof ValueSet) && !isSetView(a) && !isSetView(b)) return undefined
  if (operator === '&' && isItemsView(a)) return intersectItems(meter, a, b)
  if (operator === '&' && isItemsView(b)) return collectSet(meter, elementsIn(meter, a, b))
  if (operator === '^' && isItemsView(a) && isItemsView(b)) return differingItems(meter, a, b)
  const left = asSet(meter, a)
  const right = asSet(meter, b)
  const result = new ValueSet()
  meter.build(left.entries.size * ELEMENT_BYTES)
  meter.touch(right.entries.size * ELEMENT_BYTES)
  for (const [hash, item] of left.entries) {
    if (operator === '|' || right.entries.has(hash) === (operator === '&')) result.entries.set(hash, item)
  }
  if (operator === '|' || operator === '^') {
    for (const [hash, item] of right.entries) {
      if (!left.entries.has(hash)) putElement(meter, result, item)
    }
  }
  return result
}

/*
 * Values of a dict need not be hashable. Like CPython, the operators that can do without hashing what is in an items
 * view and not in their result do so.
 */

function isItemsView(value: Value): value is SetView {
  return value instanceof DictView && value.kind === 'items'
}

/** The elements of `a` that are in the view `b`. */
function elementsIn(meter: Meter, a: Value, b: SetView): Value[] {
  const common: Value[] = []
  for (const element of iterate(a, meter)) {
    meter.touch(ELEMENT_BYTES)
    if (contains(meter, b, element)) common.push(element)
  }
  return common
}

/** The items of the view `a` that are in `b`. A key has one item: to know the keys is enough. */
function intersectItems(meter: Meter, a: SetView, b: Value): ValueSet {
  const keys = collectSet(
    meter,
    elementsIn(meter, b, a).map((pair) => (pair as Tuple).items[0]!),
  )
  const result = new ValueSet()
  for (const item of iterate(a, meter)) {
    meter.touch(ELEMENT_BYTES)
    if (setHas(keys, (item as Tuple).items[0]!)) putElement(meter, result, item)
  }
  return result
}

function differingItems(meter: Meter, a: SetView, b: SetView): ValueSet {
  const result = new ValueSet()
  for (const item of iterate(a, meter)) if (!contains(meter, b, item)) putElement(meter, result, item)
  for (const item of iterate(b, meter)) if (!contains(meter, a, item)) putElement(meter, result, item)
  return result
}

/**
 * `left op= right`: the set itself changes.
 *
 * @returns false where the operator does not do that with these operands
 */
export function combineSetsInPlace(meter: Meter, left: Value, right: Value, operator: SetOperator): boolean {
  if (!(left instanceof ValueSet && right instanceof ValueSet)) return false
  const { entries } = left
  meter.touch((operator === '&' ? entries.size : right.entries.size) * ELEMENT_BYTES)
  if (operator === '|') {
    for (const item of right.entries.values()) putElement(meter, left, item)
  } else if (operator === '&') {
    for (const hash of entries.keys()) if (!right.entries.has(hash)) entries.delete(hash)
  } else if (left === right) {
    entries.clear()
  } else {
    for (const [hash, item] of right.entries) {
      if (!entries.delete(hash) && operator === '^') putElement(meter, left, item)
    }
  }
  return true
}

function asSet(meter: Meter, value: Value): ValueSet {
  return value instanceof ValueSet ? value : collectSet(meter, iterate(value, meter))
}
