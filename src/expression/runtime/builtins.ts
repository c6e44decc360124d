import { typeError, valueError } from '../failure.ts'
import type { Maybe, Value } from '../value.ts'
import { Dict, DictView, MAX_INTEGER, Range, Tuple, ValueIterator, ValueSet } from '../value.ts'
import { iterate, iterator, length, makeRange, toArray } from './containers/containers.ts'
import { updateDict } from './containers/dict-methods.ts'
import { PAIR_BYTES } from './containers/iteration.ts'
import { collectSet, isDict } from './containers/keys.ts'
import { sortValues } from './containers/sorting.ts'
import { repr, str } from './format/repr.ts'
import { ITEM_BYTES, LIST_BYTES } from './length.ts'
import type { Meter } from './meter.ts'
import type { CallableTable, KeyFunction } from './method.ts'
import { callable } from './method.ts'
import { NUMBER_BUILTINS } from './numbers/number-builtins.ts'
import { computedInteger, isInteger, toIndex, typeName } from './numbers/numbers.ts'
import { truth } from './operators.ts'

// Each by itself, so that a bundler takes those that rules call.

export const py_all = /* @__PURE__ */ callable('iterable, /', all, { returns: 'boolean', special: 'all' })
export const py_any = /* @__PURE__ */ callable('iterable, /', any, { returns: 'boolean', special: 'any' })
export const py_dict = /* @__PURE__ */ callable('iterable=, /, **names', dict, { returns: 'object' })
export const py_enumerate = /* @__PURE__ */ callable('iterable, start=0', enumerate, { returns: 'iterator' })
export const py_isinstance = /* @__PURE__ */ callable('object, types, /', isInstance, {
  returns: 'boolean',
  special: 'types',
})
export const py_len = /* @__PURE__ */ callable('object, /', length, { returns: 'number' })
export const py_list = /* @__PURE__ */ callable('iterable=(), /', list, { returns: 'list' })
export const py_range = /* @__PURE__ */ callable('start, stop=, step=1, /', range, { returns: 'iterator' })
export const py_repr = /* @__PURE__ */ callable(
  'object, /',
  (meter: Meter, value: Value) => repr(value, meter),
  { returns: 'text' },
)
export const py_reversed = /* @__PURE__ */ callable('sequence, /', reversed, { returns: 'iterator' })
export const py_set = /* @__PURE__ */ callable('iterable=(), /', set, { returns: 'list' })
export const py_sorted = /* @__PURE__ */ callable('iterable, /, *, key=None, reverse=False', sorted, {
  returns: 'list?',
})
export const py_str = /* @__PURE__ */ callable("object='', encoding=, errors=", toText, {
  returns: 'text',
  special: 'text',
})
export const py_tuple = /* @__PURE__ */ callable('iterable=(), /', tuple, { returns: 'list' })
export const py_zip = /* @__PURE__ */ callable('*iterables, strict=False', zip, { returns: 'iterator' })

/** Python's built-in functions, as far as rules may call them. */
export const BUILTINS: CallableTable = {
  ...NUMBER_BUILTINS,
  all: py_all,
  any: py_any,
  dict: py_dict,
  enumerate: py_enumerate,
  isinstance: py_isinstance,
  len: py_len,
  list: py_list,
  range: py_range,
  repr: py_repr,
  reversed: py_reversed,
  set: py_set,
  sorted: py_sorted,
  str: py_str,
  tuple: py_tuple,
  zip: py_zip,
}

/** Units of work for an element that is taken. */
const ELEMENT = 30

/** `encoding` and `errors` are for bytes, which no event has: with an object beside them they are an error, as in CPython. */
function toText(meter: Meter, object: Maybe, encoding: Maybe, errors: Maybe): string {
  if (encoding === undefined && errors === undefined) return object === undefined ? '' : str(object, meter)
  for (const [name, given] of Object.entries({ encoding, errors })) {
    if (given === undefined || typeof given === 'string') continue
    throw typeError(`str() argument '${name}' must be str, not ${given === null ? 'None' : typeName(given)}`)
  }
  if (object === undefined) return ''
  if (typeof object === 'string') throw typeError('decoding str is not supported')
  throw typeError(`decoding to str: need a bytes-like object, ${typeName(object)} found`)
}

function all(meter: Meter, iterable: Value): boolean {
  for (const item of iterate(iterable, meter)) {
    meter.touch(ELEMENT)
    if (!truth(meter, item)) return false
  }
  return true
}

function any(meter: Meter, iterable: Value): boolean {
  for (const item of iterate(iterable, meter)) {
    meter.touch(ELEMENT)
    if (truth(meter, item)) return true
  }
  return false
}

function dict(meter: Meter, other: Maybe, names: Dict | undefined): Dict {
  const result = new Dict()
  updateDict(meter, result, other, names)
  return result
}

function list(meter: Meter, iterable: Maybe): Value[] {
  return iterable === undefined ? [] : toArray(meter, iterable)
}

function tuple(meter: Meter, iterable: Maybe): Tuple {
  return iterable instanceof Tuple ? iterable : new Tuple(list(meter, iterable))
}

function set(meter: Meter, iterable: Maybe): ValueSet {
  return iterable === undefined ? new ValueSet() : collectSet(meter, iterate(iterable, meter))
}

function sorted(
  meter: Meter,
  iterable: Value,
  key: Maybe<KeyFunction | Value>,
  reverse: Maybe,
): Maybe<Value[]> {
  return sortValues(meter, toArray(meter, iterable), key, reverse)
}

function range(_meter: Meter, start: Value, stop: Maybe, step: Maybe): Range {
  if (stop === undefined) return makeRange(0, bound(start), 1)
  return makeRange(bound(start), bound(stop), step === undefined ? 1 : bound(step))
}

function bound(value: Value): number {
  const index = toIndex(value)
  if (typeof index === 'bigint') throw valueError('a range reaches beyond 2**53')
  return index
}

/**
 * `enumerate`, `zip` and `reversed` look at their arguments at once, at the elements only when asked for one. The value
 * that they make of an element is counted then.
 */
function enumerate(meter: Meter, iterable: Value, start: Value = 0): ValueIterator {
  return new ValueIterator('enumerate', numbered(meter, iterate(iterable, meter), toIndex(start)))
}

function* numbered(meter: Meter, items: Iterable<Value>, start: number | bigint): Generator<Value> {
  let count = start
  for (const item of items) {
    meter.build(PAIR_BYTES)
    yield new Tuple([count, item])
    count = typeof count === 'number' && count < MAX_INTEGER ? count + 1 : computedInteger(BigInt(count) + 1n)
  }
}

function zip(meter: Meter, strict: Value = false, ...iterables: Value[]): ValueIterator {
  return new ValueIterator(
    'zip',
    zipped(
      meter,
      iterables.map((iterable) => iterator(iterable, meter)),
      truth(meter, strict),
    ),
  )
}

function* zipped(meter: Meter, sources: readonly Iterator<Value>[], strict: boolean): Generator<Value> {
  if (sources.length === 0) return
  for (;;) {
    meter.build(2 * LIST_BYTES + ITEM_BYTES * sources.length)
    const items: Value[] = []
    for (const source of sources) {
      const step = source.next()
      if (step.done === true) {
        if (strict) checkAllEnded(sources, items.length)
        return
      }
      items.push(step.value)
    }
    yield new Tuple(items)
  }
}

/** @param ended the first source that has no more elements */
function checkAllEnded(sources: readonly Iterator<Value>[], ended: number): void {
  if (ended > 0) throw unequalLengths(ended, 'shorter')
  for (let index = 1; index < sources.length; index++) {
    if (sources[index]!.next().done !== true) throw unequalLengths(index, 'longer')
  }
}

function unequalLengths(index: number, how: 'shorter' | 'longer') {
  const others = index === 1 ? 'argument 1' : `arguments 1-${index}`
  return valueError(`zip() argument ${index + 1} is ${how} than ${others}`)
}

function reversed(meter: Meter, value: Value): ValueIterator {
  if (Array.isArray(value)) return new ValueIterator('list_reverseiterator', reversedItems(value))
  if (typeof value === 'string') return new ValueIterator('reversed', reversedItems(toArray(meter, value)))
  if (value instanceof Tuple) return new ValueIterator('reversed', reversedItems(value.items))
  if (value instanceof Range) return new ValueIterator('range_iterator', iterator(reversedRange(value)))
  if (value instanceof DictView || isDict(value)) {
    const kind = value instanceof DictView ? value.kind : 'keys'
    return new ValueIterator(REVERSE_TYPES[kind], reversedItems(toArray(meter, value)))
  }
  throw typeError(`'${typeName(value)}' object is not reversible`)
}

const REVERSE_TYPES = {
  keys: 'dict_reversekeyiterator',
  values: 'dict_reversevalueiterator',
  items: 'dict_reverseitemiterator',
}

function reversedItems(items: readonly Value[]): Iterator<Value> {
  return backwards(items, items.length - 1)
}

/** The list may change meanwhile; it ends where the list has become too short. */
function* backwards(items: readonly Value[], last: number): Generator<Value> {
  for (let index = last; index >= 0 && index < items.length; index--) yield items[index]!
}

function reversedRange({ start, step, length }: Range): Range {
  return length === 0 ? new Range(0, 0, 1) : new Range(start + (length - 1) * step, start - step, -step)
}

/**
 * @param types the name of a type, or a tuple of such: the compiler puts text for the types' names
 * @throws {Failure} TYPE_ERROR when it is something else
 */
function isInstance(_meter: Meter, value: Value, types: Value): boolean {
  if (types instanceof Tuple) return types.items.some((type) => isInstance(_meter, value, type))
  const test = typeof types === 'string' ? TYPE_TESTS.get(types) : undefined
  if (test === undefined) throw typeError('isinstance() arg 2 must be a type, a tuple of types, or a union')
  return test(value)
}

/** By name: the types that rules can name. A bool is an int; an integral float up to 2**53 is an int, not a float. */
const TYPE_TESTS: ReadonlyMap<string, (value: Value) => boolean> = new Map([
  ['bool', (value: Value) => typeof value === 'boolean'],
  ['dict', isDict],
  ['enumerate', (value: Value) => value instanceof ValueIterator && value.typeName === 'enumerate'],
  ['float', (value: Value) => typeof value === 'number' && !isInteger(value)],
  ['int', isInteger],
  ['list', Array.isArray],
  ['range', (value: Value) => value instanceof Range],
  ['reversed', (value: Value) => value instanceof ValueIterator && value.typeName === 'reversed'],
  ['set', (value: Value) => value instanceof ValueSet],
  ['str', (value: Value) => typeof value === 'string'],
  ['tuple', (value: Value) => value instanceof Tuple],
  ['zip', (value: Value) => value instanceof ValueIterator && value.typeName === 'zip'],
])
