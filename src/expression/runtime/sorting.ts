import { typeError } from '../failure.ts'
import type { Maybe, Value } from '../value.ts'
import type { KeyFunction } from './method.ts'
import { toIndex, typeName } from './numbers.ts'
import { less } from './operators.ts'
import { hasSurrogates } from './text.ts'

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
export function sortValues(items: Value[], key: Maybe<KeyFunction | Value>, reverse: Maybe): Maybe<Value[]> {
  const descending = reverse !== undefined && toIndex(reverse) !== 0
  if (key === undefined || key === null) {
    if (descending) items.reverse()
    items.sort(comparisonOf(items))
    return descending ? items.reverse() : items
  }
  return sortByKey(items, key, descending)
}

function sortByKey(items: Value[], keyOf: KeyFunction | Value, descending: boolean): Maybe<Value[]> {
  const keys: Value[] = []
  for (const item of items) {
    if (typeof keyOf !== 'function') throw typeError(`'${typeName(keyOf)}' object is not callable`)
    const key = keyOf(item)
    if (key === undefined) return undefined
    keys.push(key)
  }
  const compare = comparisonOf(keys)
  const order = Array.from(keys.keys())
  if (descending) order.reverse()
  order.sort((a, b) => compare(keys[a]!, keys[b]!))
  if (descending) order.reverse()
  const sorted = order.map((index) => items[index]!)
  for (const [index, item] of sorted.entries()) items[index] = item
  return items
}

function comparisonOf(values: readonly Value[]): Comparison {
  if (values.every(isNumber)) return compareDirectly
  return values.every(isPlainText) ? compareDirectly : compareValues
}

function isNumber(value: Value): boolean {
  return typeof value === 'number'
}

/** Without surrogates the order of UTF-16 units is that of code points. */
function isPlainText(value: Value): boolean {
  return typeof value === 'string' && !hasSurrogates(value)
}

/** Of two numbers or two texts, which JavaScript compares as Python does. */
function compareDirectly(a: Value, b: Value): number {
  const left = a as number
  const right = b as number
  return left < right ? -1 : left > right ? 1 : 0
}

function compareValues(a: Value, b: Value): number {
  return less(a, b) ? -1 : 0
}
