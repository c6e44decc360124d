import { typeError } from '../../failure.ts'
import type { Maybe, Value } from '../../value.ts'
import { ITEM_BYTES } from '../length.ts'
import type { Meter } from '../meter.ts'
import type { KeyFunction } from '../method.ts'
import { toIndex, typeName } from '../numbers/numbers.ts'
import { less } from '../operators.ts'
import { hasSurrogates } from '../text/text.ts'

/*
 * V8's sort is CPython's: stable, and it asks only whether one element is less than another. So a comparison that says
 * "less" or "not less" gives CPython's order even where the elements have none, as with NaN.
 */
type Comparison = (a: Value, b: Value) => number

/**
 * Sorts in place what `sorted` and `list.sort` sort; `reverse` keeps the order of equal elements.
 *
 * @param key what to compare instead of the element: None, or a function that is called once per element
 * @param reverse an int, or not given
 * @returns the array; undefined when the key of an element is absent (the array is unchanged then)
 * @throws {Failure} TYPE_ERROR when two elements cannot be compared
 */
export function sortValues(
  meter: Meter,
  items: Value[],
  key: Maybe<KeyFunction | Value>,
  reverse: Maybe,
): Maybe<Value[]> {
  const descending = reverse !== undefined && toIndex(reverse) !== 0
  if (key === undefined || key === null) {
    if (descending) items.reverse()
    items.sort(comparisonOf(meter, items))
    return descending ? items.reverse() : items
  }
  return sortByKey(meter, items, key, descending)
}

function sortByKey(
  meter: Meter,
  items: Value[],
  keyOf: KeyFunction | Value,
  descending: boolean,
): Maybe<Value[]> {
  const keys: Value[] = []
  for (const item of items) {
    if (typeof keyOf !== 'function') throw typeError(`'${typeName(keyOf)}' object is not callable`)
    meter.read(item)
    const key = keyOf(item)
    if (key === undefined) return undefined
    meter.build(ITEM_BYTES * 4)
    keys.push(key)
  }
  const compare = comparisonOf(meter, keys)
  const order = Array.from(keys.keys())
  if (descending) order.reverse()
  order.sort((a, b) => compare(keys[a]!, keys[b]!))
  if (descending) order.reverse()
  const sorted = order.map((index) => items[index]!)
  for (const [index, item] of sorted.entries()) items[index] = item
  return items
}

/** Units of work for a comparison. */
const COMPARISON = 24

/** The comparison counts itself: how often it is made, only the sort knows. */
function comparisonOf(meter: Meter, values: readonly Value[]): Comparison {
  if (values.every(isNumber)) {
    return (a, b) => {
      meter.touch(COMPARISON)
      return compareDirectly(a as number, b as number)
    }
  }
  for (const value of values) if (typeof value === 'string') meter.touch(value.length)
  if (values.every(isPlainText)) {
    return (a, b) => {
      const left = a as string
      const right = b as string
      meter.touch(COMPARISON + (Math.min(left.length, right.length) >> 2))
      return compareDirectly(left, right)
    }
  }
  return (a, b) => {
    meter.touch(COMPARISON * 2)
    return less(meter, a, b) ? -1 : 0
  }
}

function isNumber(value: Value): boolean {
  return typeof value === 'number'
}

/** Without surrogates the order of UTF-16 units is that of code points. */
function isPlainText(value: Value): boolean {
  return typeof value === 'string' && !hasSurrogates(value)
}

/** Of two numbers or two texts, which JavaScript compares as Python does. */
function compareDirectly<T extends number | string>(a: T, b: T): number {
  return a < b ? -1 : a > b ? 1 : 0
}
