import type { Failure } from '../../failure.ts'
import { typeError, valueError } from '../../failure.ts'
import type { HashKey, JsonObject, Value } from '../../value.ts'
import { Dict, DictView, MAX_LENGTH, Range, Tuple, ValueIterator, ValueSet } from '../../value.ts'
import { checkLength, ITEM_BYTES, LIST_BYTES } from '../length.ts'
import type { Meter } from '../meter.ts'
import { typeName } from '../numbers/numbers.ts'
import { codePoints } from '../text/text.ts'
import { isJsonObject, LISTED } from './keys.ts'

/** A loop over a list ends after this many elements that were added while it ran. */
export const MAX_GROWTH = 100_000

/** A loop over a range ends after this many elements: an event may have named its bounds. */
export const MAX_RANGE_LOOP = 10_000_000

/**
 * The values that `for x in value` goes over: elements, code points, keys of a dict. An iterator is consumed;
 * leaving the loop early keeps the rest for the next one.
 *
 * As in CPython a list may change under the loop; it may grow by at most `MAX_GROWTH` elements then. A dict or a set
 * that changes its size is a VALUE_ERROR (CPython: RuntimeError); for a JSON object it is noticed at the removed key
 * or at the end of the loop. A range gives at most `MAX_RANGE_LOOP` elements, then a VALUE_ERROR.
 *
 * Whoever iterates counts the elements that he takes.
 *
 * @param meter counts what it takes to begin; without one nothing is counted, as where an output is written
 * @throws {Failure} TYPE_ERROR when the value is not iterable
 */
export function iterate(value: Value, meter?: Meter): Iterable<Value> {
  if (Array.isArray(value)) return new ListIterator(value)
  if (typeof value === 'string') return value
  if (typeof value !== 'object' || value === null) throw notIterable(value)
  if (isJsonObject(value)) return objectEntries('keys', value, listKeys(value, meter))
  // Tuples never change: the array's own iterator will do.
  if (value instanceof Tuple) return value.items
  if (value instanceof Dict) return dictEntries('keys', value.entries, value.entries.size)
  if (value instanceof ValueSet) return setItems(value.entries, value.entries.size)
  if (value instanceof Range) return rangeItems(value, MAX_RANGE_LOOP)
  if (value instanceof ValueIterator) return new Rest(value.source)
  return viewItems(value, meter)
}

/** The same as an iterator, for those who take one element of several values at a time. */
export function iterator(value: Value, meter?: Meter): Iterator<Value> {
  return iterate(value, meter)[Symbol.iterator]()
}

/**
 * All elements in a fresh array, as `list(value)` gives them. They are counted as they come, and so are the elements that an iterator
 * makes for them.
 *
 * @throws {Failure} TYPE_ERROR when the value is not iterable; VALUE_ERROR when there are more than `MAX_LENGTH`
 */
export function toArray(meter: Meter, value: Value): Value[] {
  if (typeof value === 'string') return codePoints(meter, value)
  const known = Array.isArray(value) ? value : value instanceof Tuple ? value.items : undefined
  if (known !== undefined) {
    meter.build(LIST_BYTES + ITEM_BYTES * known.length)
    return known.slice()
  }
  if (value instanceof Range) {
    checkLength(value.length)
    meter.build(LIST_BYTES + 2 * ITEM_BYTES * value.length)
    return Array.from(rangeItems(value, MAX_LENGTH))
  }
  const items: Value[] = []
  // A view makes the pairs that it gives.
  const bytes = value instanceof DictView && value.kind === 'items' ? PAIR_BYTES : 2 * ITEM_BYTES
  for (const item of iterate(value, meter)) {
    meter.build(bytes)
    items.push(item)
    checkLength(items.length)
  }
  return items
}

/** Bytes of a tuple of two elements, and of what refers to it. */
export const PAIR_BYTES = 80

function notIterable(value: Value): Failure {
  return typeError(`'${typeName(value)}' object is not iterable`)
}

/** It is its own result: nothing is allocated for an element. */
class ListIterator implements IterableIterator<Value> {
  value: Value | undefined = undefined
  done = false
  readonly #list: readonly Value[]
  readonly #limit: number
  #index = 0

  constructor(list: readonly Value[]) {
    this.#list = list
    this.#limit = list.length + MAX_GROWTH
  }

  [Symbol.iterator](): this {
    return this
  }

  next(): IteratorResult<Value> {
    if (this.#index < this.#list.length && !this.done) {
      if (this.#index === this.#limit) throw valueError('a list grows without end while a loop goes over it')
      this.value = this.#list[this.#index++]
    } else {
      this.value = undefined
      this.done = true
    }
    return this as IteratorResult<Value>
  }
}

/** The rest of an iterator. It has no `return`, so that leaving a loop does not close the source. */
class Rest implements IterableIterator<Value> {
  readonly #source: Iterator<Value>

  constructor(source: Iterator<Value>) {
    this.#source = source
  }

  [Symbol.iterator](): this {
    return this
  }

  next(): IteratorResult<Value> {
    return this.#source.next()
  }
}

/** The keys of a JSON object have to be listed before the first one is known. */
function listKeys(object: JsonObject, meter: Meter | undefined): readonly string[] {
  const keys = Object.keys(object)
  meter?.touch(LISTED * keys.length)
  return keys
}

type ViewKind = DictView['kind']

function viewItems({ kind, source }: DictView, meter: Meter | undefined): Iterable<Value> {
  if (source instanceof Dict) return dictEntries(kind, source.entries, source.entries.size)
  return objectEntries(kind, source, listKeys(source, meter))
}

// A Map's iterator also visits what is added while it runs: without `left`, a loop that replaces keys would not end.
function* dictEntries(kind: ViewKind, entries: Dict['entries'], size: number): Generator<Value> {
  let left = size
  for (const [key, value] of entries.values()) {
    if (entries.size !== size || left-- === 0) throw changedSize('dictionary')
    yield entry(kind, key, value)
  }
  if (entries.size !== size) throw changedSize('dictionary')
}

function* objectEntries(kind: ViewKind, object: JsonObject, keys: readonly string[]): Generator<Value> {
  for (const key of keys) {
    if (!Object.hasOwn(object, key)) throw changedSize('dictionary')
    yield entry(kind, key, object[key]!)
  }
  if (Object.keys(object).length !== keys.length) throw changedSize('dictionary')
}

function entry(kind: ViewKind, key: Value, value: Value): Value {
  return kind === 'keys' ? key : kind === 'values' ? value : new Tuple([key, value])
}

function* setItems(entries: ReadonlyMap<HashKey, Value>, size: number): Generator<Value> {
  let left = size
  for (const item of entries.values()) {
    if (entries.size !== size || left-- === 0) throw changedSize('Set')
    yield item
  }
  if (entries.size !== size) throw changedSize('Set')
}

function* rangeItems({ start, step, length }: Range, limit: number): Generator<Value> {
  const count = Math.min(length, limit)
  for (let index = 0; index < count; index++) yield start + index * step
  if (count < length) throw valueError(`a loop over a range ends after ${limit} elements`)
}

function changedSize(what: string): Failure {
  return valueError(`${what} changed size during iteration`)
}
