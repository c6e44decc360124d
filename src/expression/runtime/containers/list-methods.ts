import { typeError, valueError } from '../../failure.ts'
import type { Maybe, Tuple, Value } from '../../value.ts'
import { repr } from '../format/repr.ts'
import { checkLength, ITEM_BYTES, LIST_BYTES } from '../length.ts'
import type { Meter } from '../meter.ts'
import type { CallableTable, KeyFunction } from '../method.ts'
import { callable } from '../method.ts'
import { isInteger, toIndex } from '../numbers/numbers.ts'
import { equals, indexOfString } from '../operators.ts'
import { toArray } from './iteration.ts'
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
  count: callable('value, /', (meter: Meter, tuple: Tuple, value: Value) => count(meter, tuple.items, value)),
  index: callable('value, start=0, stop=9223372036854775807, /', tupleIndex),
}

function append(meter: Meter, list: Value[], item: Value): null {
  checkLength(list.length + 1)
  meter.build(2 * ITEM_BYTES)
  list.push(item)
  return null
}

function clear(_meter: Meter, list: Value[]): null {
  list.length = 0
  return null
}

function copy(meter: Meter, list: Value[]): Value[] {
  meter.build(LIST_BYTES + ITEM_BYTES * list.length)
  return list.slice()
}

function count(meter: Meter, items: readonly Value[], value: Value): number {
  let found = 0
  for (const item of items) if (isSame(meter, item, value)) found++
  return found
}

function extend(meter: Meter, list: Value[], iterable: Value): null {
  const items = toArray(meter, iterable)
  checkLength(list.length + items.length)
  meter.build(ITEM_BYTES * items.length)
  for (const item of items) list.push(item)
  return null
}

function index(meter: Meter, list: readonly Value[], value: Value, start: Maybe, stop: Maybe): number {
  const position = find(meter, list, value, start, stop)
  if (position === -1) throw valueError(`${excerpt(repr(value, meter))} is not in list`)
  return position
}

/** A value from an event may be long, a message is not. */
function excerpt(text: string): string {
  return text.length > 200 ? `${text.slice(0, 200)}...` : text
}

function tupleIndex(meter: Meter, tuple: Tuple, value: Value, start: Maybe, stop: Maybe): number {
  const position = find(meter, tuple.items, value, start, stop)
  if (position === -1) throw valueError('tuple.index(x): x not in tuple')
  return position
}

function insert(meter: Meter, list: Value[], index: Value, item: Value): null {
  checkLength(list.length + 1)
  meter.build(2 * ITEM_BYTES)
  meter.touch(ITEM_BYTES * list.length)
  const position = toPosition(index)
  // `splice` counts from the end and stays within the list, as Python does.
  list.splice(position, 0, item)
  return null
}

function pop(meter: Meter, list: Value[], index: Maybe): Maybe {
  if (index === undefined) return list.pop()
  let position = toPosition(index)
  if (position < 0) position += list.length
  meter.touch(ITEM_BYTES * Math.max(0, list.length - position))
  return position < 0 || position >= list.length ? undefined : list.splice(position, 1)[0]
}

function remove(meter: Meter, list: Value[], value: Value): null {
  const position = find(meter, list, value, undefined, undefined)
  if (position === -1) throw valueError('list.remove(x): x not in list')
  meter.touch(ITEM_BYTES * (list.length - position))
  list.splice(position, 1)
  return null
}

function reverse(meter: Meter, list: Value[]): null {
  meter.touch(ITEM_BYTES * list.length)
  list.reverse()
  return null
}

/** Of a copy: a comparison that fails leaves the list as it was. */
function sort(meter: Meter, list: Value[], key: Maybe<KeyFunction | Value>, descending: Maybe): Maybe<null> {
  const sorted = sortValues(meter, toArray(meter, list), key, descending)
  if (sorted === undefined) return undefined
  for (const [position, item] of sorted.entries()) list[position] = item
  return null
}

/** -1 where there is none. */
function find(meter: Meter, items: readonly Value[], value: Value, start: Maybe, stop: Maybe): number {
  const from = start === undefined ? 0 : searchBound(start, items.length)
  const to = stop === undefined ? items.length : Math.min(searchBound(stop, items.length), items.length)
  if (typeof value === 'string') {
    const position = indexOfString(meter, items, value, from)
    return position < to ? position : -1
  }
  for (let position = from; position < to; position++) {
    if (isSame(meter, items[position]!, value)) return position
  }
  return -1
}

function searchBound(bound: Value, length: number): number {
  if (!isInteger(bound)) throw typeError('slice indices must be integers or have an __index__ method')
  const position = clampIndex(toIndex(bound))
  return position < 0 ? Math.max(0, position + length) : position
}

/** Identical or equal: NaN is found where it is. */
function isSame(meter: Meter, a: Value, b: Value): boolean {
  meter.touch(4 * ITEM_BYTES)
  return equals(meter, a, b) || Object.is(a, b)
}

/** An index that has to fit 64 bits, where CPython asks for that; beyond 2**53 it is as good as 2**53. */
function toPosition(index: Value): number {
  const exact = toIndex(index)
  if (typeof exact === 'bigint' && BigInt.asIntN(64, exact) !== exact) {
    throw valueError('Python int too large to convert to C ssize_t')
  }
  return clampIndex(exact)
}
