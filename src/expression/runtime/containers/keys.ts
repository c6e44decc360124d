import { typeError, valueError } from '../../failure.ts'
import type { HashKey, JsonObject, Maybe, Value } from '../../value.ts'
import { Dict, MAX_LENGTH, OwnValue, Range, Tuple, ValueSet } from '../../value.ts'
import type { Meter } from '../meter.ts'
import { bitLength } from '../numbers/exact-float.ts'
import { formatNumber, typeName } from '../numbers/numbers.ts'

/*
 * The way in which dicts and sets find their entries. Python asks whether two keys are equal, a Map whether they are the same
 * value, so every key is mapped to a hash key first:
 *
 *   None                         null
 *   bool, int, float             a number for every value that fits 32 bits: True, 1 and 1.0 are one key
 *                                "\0n<text>" for other numbers, "\0i<hexadecimal>" for a bigint beyond doubles
 *   str                          the string; "\0s<string>" if it begins with NUL
 *   tuple                        "\0t" and the keys of its items, each with its type and length in front
 *   range                        "\0r" and what makes ranges equal: length, start, step
 */

/** A dict of either kind. */
export type AnyDict = Dict | JsonObject

/**
 * A dict or set may have this many entries at most: a Map that holds 2**24 entries, deleted ones included,
 * throws when one more is added.
 */
export const MAX_ENTRIES = 1 << 23

const MAX_DEPTH = 500

/*
 * V8 hashes strings with a secret seed, but numbers without one: an event could hold thousands of integers that share
 * one bucket. Multiplying by an odd number maps the 32-bit integers one to one, in a way that no event can foresee.
 */
const MASK = Math.floor(Math.random() * 2 ** 32) | 0
const MULTIPLIER = Math.floor(Math.random() * 2 ** 32) | 1

/**
 * The key by which a Map knows `key`: two values have the same hash key if and only if Python calls them equal. All NaN are one
 * key. Meaningful within this process only.
 *
 * @throws {Failure} TYPE_ERROR for what Python cannot hash: lists, dicts, sets; here also views and iterators
 */
export function hashKey(key: Value): HashKey {
  return typeof key === 'string' ? hashString(key) : hashOther(key, 0)
}

function hashOther(key: Value, depth: number): HashKey {
  if (typeof key === 'string') return hashString(key)
  if (typeof key === 'number') return hashNumber(key)
  if (key === null) return null
  if (typeof key === 'boolean') return hashNumber(key ? 1 : 0)
  if (typeof key === 'bigint') return hashBigInt(key)
  if (key instanceof Tuple) return hashTuple(key, depth)
  if (key instanceof Range) return hashRange(key)
  throw typeError(`unhashable type: '${typeName(key)}'`)
}

function hashString(key: string): string {
  return key.charCodeAt(0) === 0 ? `\0s${key}` : key
}

function hashNumber(key: number): HashKey {
  return key === (key | 0) ? Math.imul(key ^ MASK, MULTIPLIER) : `\0n${key}`
}

/** A float beyond 2**53 may equal the integer: then both have the float's key. */
function hashBigInt(key: bigint): HashKey {
  const float = Number(key)
  if (Number.isFinite(float) && BigInt(float) === key) return hashNumber(float)
  return `\0i${key.toString(16)}`
}

function hashTuple(tuple: Tuple, depth: number): string {
  if (depth === MAX_DEPTH) throw valueError(`a key nests more than ${MAX_DEPTH} tuples`)
  let text = '\0t'
  for (const item of tuple.items) {
    const key = hashOther(item, depth + 1)
    text += typeof key === 'string' ? `s${key.length}:${key}` : key === null ? 'z' : `n${key};`
    if (text.length > MAX_LENGTH) throw valueError('result too big: the text of a tuple as a key')
  }
  return text
}

function hashRange({ length, start, step }: Range): string {
  if (length === 0) return '\0r'
  return length === 1 ? `\0r${start}` : `\0r${start},${step},${length}`
}

/**
 * The member name that stands for `key` in a JSON object: a string is itself, None, booleans and numbers are their
 * JSON text, NaN and infinities as the output spells them.
 *
 * @throws {Failure} TYPE_ERROR for tuples and all that is no scalar
 */
export function keyText(key: Value): string {
  if (typeof key === 'string') return key
  if (key === null || typeof key === 'boolean') return String(key)
  if (typeof key === 'bigint') return formatNumber(key)
  if (typeof key === 'number') return Number.isFinite(key) ? formatNumber(key) : String(key)
  throw typeError(`keys must be str, int, float, bool or None, not ${typeName(key)}`)
}

/** True for a plain JSON object: any object that is none of the runtime's own classes. */
export function isJsonObject(value: Value): value is JsonObject {
  return typeof value === 'object' && value !== null && !Array.isArray(value) && !(value instanceof OwnValue)
}

export function isDict(value: Value): value is AnyDict {
  return value instanceof Dict || isJsonObject(value)
}

/** A dict of these entries; of entries with equal keys the first gives the key, the last the value. */
export function makeDict(entries: Iterable<readonly [key: Value, value: Value]>): Dict {
  const dict = new Dict()
  for (const [key, value] of entries) dictSet(dict, key, value)
  return dict
}

/** A set of these items, in the order of their first occurrence. */
export function makeSet(items: Iterable<Value>): ValueSet {
  const set = new ValueSet()
  for (const item of items) setAdd(set, item)
  return set
}

/**
 * The value of `key`, undefined where there is none. A JSON object has no keys but strings.
 *
 * @throws {Failure} TYPE_ERROR when the key is not hashable
 */
export function dictGet(dict: AnyDict, key: Value): Maybe {
  if (dict instanceof Dict) {
    const entry = dict.entries.get(hashKey(key))
    return entry === undefined ? undefined : entry[1]
  }
  if (typeof key === 'string') return ownMember(dict, key)
  hashKey(key)
  return undefined
}

/** The object's own member, undefined where it has none: what it inherits does not count. */
export function ownMember(object: JsonObject, name: string): Maybe {
  return Object.hasOwn(object, name) ? object[name] : undefined
}

export function dictHas(dict: AnyDict, key: Value): boolean {
  if (dict instanceof Dict) return dict.entries.has(hashKey(key))
  if (typeof key === 'string') return Object.hasOwn(dict, key)
  hashKey(key)
  return false
}

/**
 * Stores an entry: a new one goes to the end, a known one keeps its place and its key. In a JSON object a key that is
 * no string is stored under its JSON text (`keyText`).
 *
 * @throws {Failure} TYPE_ERROR when the key is not hashable, or not to be written as JSON; VALUE_ERROR when full
 */
export function dictSet(dict: AnyDict, key: Value, value: Value): void {
  if (!(dict instanceof Dict)) {
    hashKey(key)
    setMember(dict, keyText(key), value)
    return
  }
  const hash = hashKey(key)
  const entry = dict.entries.get(hash)
  if (entry === undefined && dict.entries.size >= MAX_ENTRIES) throw tooManyEntries()
  // A new pair each time, so that a copy of the dict may share the pairs.
  dict.entries.set(hash, [entry === undefined ? key : entry[0], value])
}

/** Bytes of an entry of a dict, and of one of a set. */
export const ENTRY_BYTES = 96
export const ELEMENT_BYTES = 64

/** A name that is kept: one that was cut out of a text keeps all of that text in memory, unless it is the name of a member. */
export function keptName(name: string): string {
  return Object.keys({ [name]: null })[0]!
}

/** Counts an entry that is stored, or was stored in another way. */
export function countEntry(meter: Meter, key: Value): void {
  touchKey(meter, key)
  meter.build(ENTRY_BYTES)
}

/** As {@link dictSet}, counted. */
export function putEntry(meter: Meter, dict: AnyDict, key: Value, value: Value): void {
  countEntry(meter, key)
  dictSet(dict, key, value)
}

/** As {@link setAdd}, counted. */
export function putElement(meter: Meter, set: ValueSet, item: Value): void {
  touchKey(meter, item)
  meter.build(ELEMENT_BYTES)
  setAdd(set, item)
}

/** As {@link makeSet}, counted. */
export function collectSet(meter: Meter, items: Iterable<Value>): ValueSet {
  const set = new ValueSet()
  for (const item of items) putElement(meter, set, item)
  return set
}

/**
 * Counts what it takes to find a key. A text's hash is computed once and kept with it; long keys of other types are made
 * into texts each time.
 */
export function touchKey(meter: Meter, key: Value): void {
  meter.touch(KEY)
  if (typeof key === 'string') {
    if (key.length > KEY) meter.touch(key.length)
  } else if (key instanceof Tuple) {
    // One tuple may be in another one many times: it is counted as often as it will be written.
    meter.touch(TUPLE)
    for (const item of key.items) touchKey(meter, item)
  } else if (typeof key === 'bigint') {
    meter.touch(bitLength(key))
  }
}

/** Units of work to find an entry, and for a tuple as a key, beside its items. */
const KEY = 32
const TUPLE = 400

/** @returns whether there was such an entry */
export function dictDelete(dict: AnyDict, key: Value): boolean {
  if (dict instanceof Dict) return dict.entries.delete(hashKey(key))
  if (!dictHas(dict, key)) return false
  delete dict[key as string]
  return true
}

/** Units of work for a key of a JSON object: V8 keeps large ones as tables, whose keys it has to sort. */
export const LISTED = 100

/** Number of entries. Takes time in proportion to the size for a JSON object. */
export function dictSize(meter: Meter, dict: AnyDict): number {
  if (dict instanceof Dict) return dict.entries.size
  const { length } = Object.keys(dict)
  meter.touch(LISTED * length)
  return length
}

/** Makes or replaces an own member, whatever its name: a plain `object.__proto__ = v` would set the prototype. */
export function setMember(object: JsonObject, name: string, value: Value): void {
  if (name === '__proto__') {
    Object.defineProperty(object, name, { value, writable: true, enumerable: true, configurable: true })
  } else {
    object[name] = value
  }
}

/** Like CPython, asks about a set without complaint: a set is never an element of one. */
export function setHas(set: ValueSet, item: Value): boolean {
  return !(item instanceof ValueSet) && set.entries.has(hashKey(item))
}

export function setAdd(set: ValueSet, item: Value): void {
  const hash = hashKey(item)
  if (set.entries.has(hash)) return
  if (set.entries.size >= MAX_ENTRIES) throw tooManyEntries()
  set.entries.set(hash, item)
}

/** @returns whether the set had the item */
export function setDelete(set: ValueSet, item: Value): boolean {
  return !(item instanceof ValueSet) && set.entries.delete(hashKey(item))
}

function tooManyEntries() {
  return valueError(`result too big: more than ${MAX_ENTRIES} entries`)
}
