import type { Failure } from '../failure.ts'
import { typeError } from '../failure.ts'
import type { Value } from '../value.ts'
import { Dict, DictView, Range, Tuple, ValueIterator, ValueSet } from '../value.ts'
import { iterate } from './containers/containers.ts'
import type { AnyDict } from './containers/keys.ts'
import { dictGet, dictHas, dictSize, isDict, isJsonObject, setHas, touchKey } from './containers/keys.ts'
import type { Meter } from './meter.ts'
import type { Numeric } from './numbers/numbers.ts'
import { isNumeric, numeric, typeName } from './numbers/numbers.ts'
import { containsText } from './text/search.ts'

/**
 * `bool(value)`: false for None, False, zero and all that is empty. NaN is true.
 */
export function truth(meter: Meter, value: Value): boolean {
  switch (typeof value) {
    case 'boolean':
      return value
    case 'string':
      return value !== ''
    case 'number':
      return value !== 0
    case 'bigint':
      return true
  }
  if (value === null) return false
  if (Array.isArray(value)) return value.length > 0
  if (value instanceof Tuple) return value.items.length > 0
  if (value instanceof ValueSet || value instanceof Dict) return value.entries.size > 0
  if (value instanceof Range) return value.length > 0
  if (value instanceof DictView) return dictSize(meter, value.source) > 0
  if (value instanceof ValueIterator) return true
  return dictSize(meter, value) > 0
}

/**
 * `a == b`. Values of different types are unequal, except that numbers compare exactly by value (`True == 1`), and
 * sets with views of dicts. Dicts are equal whatever the order of their entries.
 */
export function equals(meter: Meter, a: Value, b: Value): boolean {
  if (typeof a === 'string' && typeof b === 'string') return equalTexts(meter, a, b)
  if (a === b) return true
  if (typeof a === 'string' || typeof b === 'string' || a === null || b === null) return false
  if (typeof a === 'object') return typeof b === 'object' && equalObjects(meter, a, b)
  return typeof b !== 'object' && equalNumbers(a, b)
}

/** Texts up to this length are compared in one step. */
const SHORT_TEXT = 64

/** Units of work to compare two containers, beside their elements. */
const CONTAINER = 30

/** Units of work to compare two elements, beside what is in them. */
const ELEMENT = 16

function equalTexts(meter: Meter, a: string, b: string): boolean {
  if (a.length !== b.length) return false
  // The engine compares many characters at a time.
  meter.touch(ELEMENT + (a.length >> 2))
  return a === b
}

function equalNumbers(a: Numeric, b: Numeric): boolean {
  if (typeof a === 'bigint') return typeof b === 'bigint' ? a === b : equalFloat(a, b)
  return typeof b === 'bigint' ? equalFloat(b, a) : Number(a) === Number(b)
}

/** A bigint is equal to no small integer, but may be equal to a float. */
function equalFloat(a: bigint, b: number | boolean): boolean {
  return typeof b === 'number' && Number.isInteger(b) && BigInt(b) === a
}

function equalObjects(meter: Meter, a: Value & object, b: Value & object): boolean {
  meter.touch(CONTAINER)
  if (Array.isArray(a)) return Array.isArray(b) && equalItems(meter, a, b)
  if (a instanceof Tuple) return b instanceof Tuple && equalItems(meter, a.items, b.items)
  if (a instanceof Range) return b instanceof Range && equalRanges(a, b)
  if (isSetLike(a)) return isSetLike(b) && equalSets(meter, a, b)
  return isDict(a) && isDict(b) && equalDicts(meter, a, b)
}

function equalItems(meter: Meter, a: readonly Value[], b: readonly Value[]): boolean {
  if (a.length !== b.length) return false
  for (let index = 0; index < a.length; index++) {
    meter.touch(ELEMENT)
    if (!same(meter, a[index]!, b[index]!)) return false
  }
  return true
}

function equalRanges(a: Range, b: Range): boolean {
  if (a.length !== b.length) return false
  return a.length === 0 || (a.start === b.start && (a.length === 1 || a.step === b.step))
}

function equalDicts(meter: Meter, a: AnyDict, b: AnyDict): boolean {
  if (dictSize(meter, a) !== dictSize(meter, b)) return false
  if (isJsonObject(a)) {
    for (const key of Object.keys(a)) {
      touchKey(meter, key)
      const other = dictGet(b, key)
      if (other === undefined || !same(meter, a[key]!, other)) return false
    }
    return true
  }
  if (isJsonObject(b)) return equalDicts(meter, b, a)
  for (const [hash, [, value]] of (a as Dict).entries) {
    meter.touch(ELEMENT * 4)
    const other = (b as Dict).entries.get(hash)
    if (other === undefined || !same(meter, value, other[1])) return false
  }
  return true
}

/** Containers compare elements so: identical or equal. Hence `[nan] == [nan]` of the same NaN. */
function same(meter: Meter, a: Value, b: Value): boolean {
  return equals(meter, a, b) || identical(a, b)
}

/**
 * `a is b`. None, booleans, numbers and strings are identical when type and value are the same (CPython promises that
 * of None and booleans, and does it for small integers and constants); lists, dicts and the rest when they are one
 * object. NaN is NaN, `()` is `()`.
 */
export function identical(a: Value, b: Value): boolean {
  if (a === b) return true
  if (typeof a === 'number') return Number.isNaN(a) && typeof b === 'number' && Number.isNaN(b)
  return a instanceof Tuple && b instanceof Tuple && a.items.length === 0 && b.items.length === 0
}

type Ordering = '<' | '<=' | '>' | '>='

/** `a < b`. @throws {Failure} TYPE_ERROR when the types have no order */
export function less(meter: Meter, a: Value, b: Value): boolean {
  if (typeof a === 'number' && typeof b === 'number') return a < b
  if (typeof a === 'string' && typeof b === 'string') return compareText(meter, a, b) < 0
  return inOrder(meter, a, b, '<')
}

/** `a <= b`. @throws {Failure} TYPE_ERROR when the types have no order */
export function lessOrEqual(meter: Meter, a: Value, b: Value): boolean {
  if (typeof a === 'number' && typeof b === 'number') return a <= b
  if (typeof a === 'string' && typeof b === 'string') return compareText(meter, a, b) <= 0
  return inOrder(meter, a, b, '<=')
}

/** `a > b`. @throws {Failure} TYPE_ERROR when the types have no order */
export function greater(meter: Meter, a: Value, b: Value): boolean {
  if (typeof a === 'number' && typeof b === 'number') return a > b
  if (typeof a === 'string' && typeof b === 'string') return compareText(meter, a, b) > 0
  return inOrder(meter, a, b, '>')
}

/** `a >= b`. @throws {Failure} TYPE_ERROR when the types have no order */
export function greaterOrEqual(meter: Meter, a: Value, b: Value): boolean {
  if (typeof a === 'number' && typeof b === 'number') return a >= b
  if (typeof a === 'string' && typeof b === 'string') return compareText(meter, a, b) >= 0
  return inOrder(meter, a, b, '>=')
}

/**
 * The order that sorting goes by, from `<` alone as in CPython.
 *
 * @returns negative, 0 or positive
 * @throws {Failure} TYPE_ERROR when the types have no order
 */
export function compare(meter: Meter, a: Value, b: Value): number {
  if (typeof a === 'number' && typeof b === 'number') return a < b ? -1 : a > b ? 1 : 0
  if (typeof a === 'string' && typeof b === 'string') return compareText(meter, a, b)
  if (inOrder(meter, a, b, '<')) return -1
  return inOrder(meter, b, a, '<') ? 1 : 0
}

/**
 * The order of two strings by code points. That of UTF-16 units differs where a surrogate meets a unit above it.
 *
 * @returns negative, 0 or positive
 */
function compareText(meter: Meter, a: string, b: string): number {
  if (equalTexts(meter, a, b)) return 0
  const length = Math.min(a.length, b.length)
  let index = 0
  while (index < length && a.charCodeAt(index) === b.charCodeAt(index)) index++
  meter.touch(index * 5)
  if (index === length) return a.length - b.length
  const left = a.charCodeAt(index)
  const right = b.charCodeAt(index)
  return left < 0xd800 || right < 0xd800 ? left - right : comparePoints(a, b, index)
}

/** The texts differ at `index`, perhaps in the second half of a code point. */
function comparePoints(a: string, b: string, index: number): number {
  const before = index > 0 && isHighSurrogate(a.charCodeAt(index - 1)) ? index - 1 : index
  return a.codePointAt(before)! - b.codePointAt(before)! || a.codePointAt(index)! - b.codePointAt(index)!
}

function isHighSurrogate(unit: number): boolean {
  return unit >= 0xd800 && unit <= 0xdbff
}

function inOrder(meter: Meter, a: Value, b: Value, ordering: Ordering): boolean {
  if (isNumeric(a) && isNumeric(b)) return holds(a, b, ordering)
  if (typeof a === 'string' && typeof b === 'string') return holds(compareText(meter, a, b), 0, ordering)
  const items = sequences(a, b)
  if (items !== undefined) return itemsInOrder(meter, items[0], items[1], ordering) ?? ordering.length === 2
  if (isSetLike(a) && isSetLike(b)) {
    const proper = ordering.length === 1
    return ordering.startsWith('<') ? isSubset(meter, a, b, proper) : isSubset(meter, b, a, proper)
  }
  throw notOrdered(a, b, ordering)
}

/** JavaScript compares numbers, bigints and booleans by their exact values. */
function holds(a: Numeric, b: Numeric, ordering: Ordering): boolean {
  switch (ordering) {
    case '<':
      return a < b
    case '<=':
      return a <= b
    case '>':
      return a > b
    case '>=':
      return a >= b
  }
}

/** The items of two lists or two tuples. */
function sequences(a: Value, b: Value): [readonly Value[], readonly Value[]] | undefined {
  if (Array.isArray(a)) return Array.isArray(b) ? [a, b] : undefined
  return a instanceof Tuple && b instanceof Tuple ? [a.items, b.items] : undefined
}

/**
 * The first items that differ decide. Nested sequences are compared in the same pass: to look for a difference first
 * and to compare then would take time in the square of the depth.
 *
 * @returns undefined when the sequences are equal
 */
function itemsInOrder(
  meter: Meter,
  a: readonly Value[],
  b: readonly Value[],
  ordering: Ordering,
): boolean | undefined {
  const length = Math.min(a.length, b.length)
  for (let index = 0; index < length; index++) {
    const left = a[index]!
    const right = b[index]!
    meter.touch(ELEMENT)
    const nested = left === right ? undefined : sequences(left, right)
    if (nested !== undefined) {
      const result = itemsInOrder(meter, nested[0], nested[1], ordering)
      if (result !== undefined) return result
    } else if (!same(meter, left, right)) {
      return inOrder(meter, left, right, ordering)
    }
  }
  return a.length === b.length ? undefined : holds(a.length, b.length, ordering)
}

function notOrdered(a: Value, b: Value, ordering: Ordering): Failure {
  return typeError(`'${ordering}' not supported between instances of '${typeName(a)}' and '${typeName(b)}'`)
}

/**
 * `item in container`: a part of a string, a key of a dict, an element of all else. An iterator is consumed up to
 * the element.
 *
 * @throws {Failure} TYPE_ERROR when nothing can be in the container, or not an item of that type
 */
export function contains(meter: Meter, container: Value, item: Value): boolean {
  if (typeof container === 'string') {
    if (typeof item === 'string') return containsText(meter, container, item)
    throw typeError(`'in <string>' requires string as left operand, not ${typeName(item)}`)
  }
  if (typeof container !== 'object' || container === null) {
    throw typeError(`argument of type '${typeName(container)}' is not iterable`)
  }
  if (Array.isArray(container)) return hasItem(meter, container, item)
  if (container instanceof Tuple) return hasItem(meter, container.items, item)
  if (container instanceof Range) return inRange(container, item)
  if (container instanceof DictView) return inView(meter, container, item)
  if (container instanceof ValueIterator) return isProduced(meter, container, item)
  touchKey(meter, item)
  return container instanceof ValueSet ? setHas(container, item) : dictHas(container, item)
}

function isProduced(meter: Meter, container: Value, item: Value): boolean {
  for (const element of iterate(container, meter)) {
    meter.touch(ELEMENT * 2)
    if (same(meter, element, item)) return true
  }
  return false
}

/** Where a text is in a list, from an index on; -1 if nowhere. */
export function indexOfString(meter: Meter, items: readonly Value[], item: string, from: number): number {
  const index = items.indexOf(item, from)
  const searched = (index === -1 ? items.length : index + 1) - from
  // Of the same length they may differ in the last character only.
  meter.touch(searched * (ELEMENT + (item.length > SHORT_TEXT ? item.length >> 4 : 0)))
  return index
}

function hasItem(meter: Meter, items: readonly Value[], item: Value): boolean {
  // Most lists hold strings.
  if (typeof item === 'string') {
    return indexOfString(meter, items, item, 0) !== -1
  }
  for (let index = 0; index < items.length; index++) {
    meter.touch(ELEMENT)
    if (same(meter, items[index]!, item)) return true
  }
  return false
}

function inRange({ start, step, length }: Range, item: Value): boolean {
  const n = numeric(item)
  if (typeof n !== 'number' || !Number.isInteger(n)) return false
  const index = (n - start) / step
  return Number.isInteger(index) && index >= 0 && index < length
}

function inView(meter: Meter, view: DictView, item: Value): boolean {
  const { kind, source } = view
  if (kind === 'values') return isProduced(meter, view, item)
  touchKey(meter, kind === 'items' && item instanceof Tuple ? (item.items[0] ?? null) : item)
  if (kind === 'keys') return dictHas(source, item)
  if (!(item instanceof Tuple) || item.items.length !== 2) return false
  const value = dictGet(source, item.items[0]!)
  return value !== undefined && same(meter, value, item.items[1]!)
}

// --- sets, and the views of a dict that are like sets ------------------------------------------------------------

/** The views that `d.keys()` and `d.items()` give. */
export type SetView = DictView & { readonly kind: 'keys' | 'items' }
type SetLike = ValueSet | SetView

function isSetLike(value: Value): value is SetLike {
  return value instanceof ValueSet || isSetView(value)
}

export function isSetView(value: Value): value is SetView {
  return value instanceof DictView && value.kind !== 'values'
}

function size(meter: Meter, value: SetLike): number {
  return value instanceof ValueSet ? value.entries.size : dictSize(meter, value.source)
}

/** Every element of `a` is in `b`; with `proper`, `b` has more. */
function isSubset(meter: Meter, a: SetLike, b: SetLike, proper: boolean): boolean {
  const left = size(meter, a)
  const right = size(meter, b)
  if (proper ? left >= right : left > right) return false
  if (a instanceof ValueSet && b instanceof ValueSet) {
    meter.touch(left * ELEMENT * 4)
    for (const hash of a.entries.keys()) if (!b.entries.has(hash)) return false
    return true
  }
  for (const item of iterate(a, meter)) if (!contains(meter, b, item)) return false
  return true
}

function equalSets(meter: Meter, a: SetLike, b: SetLike): boolean {
  return size(meter, a) === size(meter, b) && isSubset(meter, a, b, false)
}
