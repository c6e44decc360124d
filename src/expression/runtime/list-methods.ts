import { typeError, valueError } from '../failure.ts'
import type { Maybe, Tuple, Value } from '../value.ts'
import { toArray } from './iteration.ts'
import { checkLength } from './length.ts'
import type { CallableTable, KeyFunction } from './method.ts'
import { callable } from './method.ts'
import { isInteger, toIndex } from './numbers.ts'
import { equals } from './operators.ts'
import { repr } from './repr.ts'
import { clampIndex } from './slices.ts'
import { sortValues } from './sorting.ts'

/** The methods of `list`. `pop` is absent when the index is out of range. */
export const LIST_METHODS: CallableTable = {
  append: callable('object, /', append, { mutates: true }),
  clear: callable('', clear, { mutates: true }),
  copy: callable('', copy),
  count: callable('value, /', count),
  extend: callable('iterable, /', extend, { mutates: true }),
  index: callable('value, start=0, stop=9223372036854775807, /', index),
  insert: callable('index, object, /', insert, { mutates: true }),
  pop: callable('index=-1, /', pop, { mutates: true }),
  remove: callable('value, /', remove, { mutates: true }),
  reverse: callable('', reverse, { mutates: true }),
  sort: callable('*, key=None, reverse=False', sort, { mutates: true }),
}

/** The methods of `tuple`. */
export const TUPLE_METHODS: CallableTable = {
  count: callable('value, /', (tuple: Tuple, value: Value) => count(tuple.items, value)),
  index: callable('value, start=0, stop=9223372036854775807, /', tupleIndex),
}

function append(list: Value[], item: Value): null {
  checkLength(list.length + 1)
  list.push(item)
  return null
}

function clear(list: Value[]): null {
  list.length = 0
  return null
}

function copy(list: Value[]): Value[] {
  return list.slice()
}

function count(items: readonly Value[], value: Value): number {
  let found = 0
  for (const item of items) if (isSame(item, value)) found++
  return found
}

function extend(list: Value[], iterable: Value): null {
  const items = toArray(iterable)
  checkLength(list.length + items.length)
  for (const item of items) list.push(item)
  return null
}

function index(list: readonly Value[], value: Value, start: Maybe, stop: Maybe): number {
  const position = find(list, value, start, stop)
  if (position === -1) throw valueError(`${excerpt(repr(value))} is not in list`)
  return position
}

/** A value from an event may be long, a message is not. */
function excerpt(text: string): string {
  return text.length > 200 ? `${text.slice(0, 200)}...` : text
}

function tupleIndex(tuple: Tuple, value: Value, start: Maybe, stop: Maybe): number {
  const position = find(tuple.items, value, start, stop)
  if (position === -1) throw valueError('tuple.index(x): x not in tuple')
  return position
}

function insert(list: Value[], index: Value, item: Value): null {
  checkLength(list.length + 1)
  const position = toPosition(index)
  // `splice` counts from the end and stays within the list, as Python does.
  list.splice(position, 0, item)
  return null
}

function pop(list: Value[], index: Maybe): Maybe {
  if (index === undefined) return list.pop()
  let position = toPosition(index)
  if (position < 0) position += list.length
  return position < 0 || position >= list.length ? undefined : list.splice(position, 1)[0]
}

function remove(list: Value[], value: Value): null {
  const position = find(list, value, undefined, undefined)
  if (position === -1) throw valueError('list.remove(x): x not in list')
  list.splice(position, 1)
  return null
}

function reverse(list: Value[]): null {
  list.reverse()
  return null
}

/** Of a copy: a comparison that fails leaves the list as it was. */
function sort(list: Value[], key: Maybe<KeyFunction | Value>, descending: Maybe): Maybe<null> {
  const sorted = sortValues(list.slice(), key, descending)
  if (sorted === undefined) return undefined
  for (const [position, item] of sorted.entries()) list[position] = item
  return null
}

/** -1 where there is none. */
function find(items: readonly Value[], value: Value, start: Maybe, stop: Maybe): number {
  const from = start === undefined ? 0 : searchBound(start, items.length)
  const to = stop === undefined ? items.length : Math.min(searchBound(stop, items.length), items.length)
  for (let position = from; position < to; position++) {
    if (isSame(items[position]!, value)) return position
  }
  return -1
}

function searchBound(bound: Value, length: number): number {
  if (!isInteger(bound)) throw typeError('slice indices must be integers or have an __index__ method')
  const position = clampIndex(toIndex(bound))
  return position < 0 ? Math.max(0, position + length) : position
}

/** Identical or equal: NaN is found where it is. */
function isSame(a: Value, b: Value): boolean {
  return Object.is(a, b) || equals(a, b)
}

/** An index that has to fit 64 bits, where CPython asks for that; beyond 2**53 it is as good as 2**53. */
function toPosition(index: Value): number {
  const exact = toIndex(index)
  if (typeof exact === 'bigint' && BigInt.asIntN(64, exact) !== exact) {
    throw valueError('Python int too large to convert to C ssize_t')
  }
  return clampIndex(exact)
}
