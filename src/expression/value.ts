/**
 * The values that expressions work on: JSON's, and what Python adds to them.
 *
 *   None            null
 *   bool            boolean
 *   int             number where |n| <= 2**53, else bigint (canonical: never a bigint for a small integer)
 *   float           number; one with an integral value up to 2**53 *is* the int of that value
 *   str             string, which Python sees as code points
 *   list            Array
 *   dict            JsonObject (a plain object: what JSON.parse gives, own properties only) or Dict
 *   tuple, set      Tuple, ValueSet
 *   range, dict views, iterators    Range, DictView, ValueIterator: arrays once they leave the rules
 *
 * `undefined` is not a value: it is absence, and every function that can find nothing returns it.
 */
export type Value =
  | null
  | boolean
  | number
  | bigint
  | string
  | Value[]
  | JsonObject
  | Tuple
  | ValueSet
  | Dict
  | Range
  | DictView
  | ValueIterator

/** A plain object: keys are strings, only own properties count. */
export interface JsonObject {
  [key: string]: Value
}

/** A result of evaluation: a value, or absence. */
export type Maybe<T = Value> = T | undefined

/** Integers up to this size are numbers, larger ones are bigints. 2**53. */
export const MAX_INTEGER = 9007199254740992

/**
 * JSON.stringify writes the number as it should be written. NaN and the infinities it does not, nor a float beyond
 * 2**53: CPython gives that an exponent, as digits it would pass for an exact integer.
 */
export function isJsonNumber(value: number): boolean {
  return value <= MAX_INTEGER && value >= -MAX_INTEGER
}

/** A string, list or tuple that an expression builds may have this many elements at most. */
export const MAX_LENGTH = 1 << 26

/** An integer that an expression computes may have this many bits at most (about 315,000 digits). */
export const MAX_INTEGER_BITS = 1 << 20

/**
 * The values that are objects and not JSON's. To ask for this class is much cheaper than to ask for the prototype of an object, which engines answer outside of
 * generated code.
 */
export abstract class OwnValue {}

/** Immutable sequence. */
export class Tuple extends OwnValue {
  readonly items: readonly Value[]

  constructor(items: readonly Value[]) {
    super()
    this.items = items
  }
}

/** The key of an entry in a Dict or ValueSet: values that Python calls equal have equal hash keys. */
export type HashKey = string | number | bigint | null

/** A mapping with keys of any hashable type, in insertion order: what a dict display makes. */
export class Dict extends OwnValue {
  readonly entries = new Map<HashKey, [key: Value, value: Value]>()
}

/** A set in insertion order. */
export class ValueSet extends OwnValue {
  readonly entries = new Map<HashKey, Value>()
}

/** `range(start, stop, step)`; the bounds are safe integers and `step` is not 0. */
export class Range extends OwnValue {
  readonly start: number
  readonly stop: number
  readonly step: number
  readonly length: number

  constructor(start: number, stop: number, step: number) {
    super()
    this.start = start
    this.stop = stop
    this.step = step
    this.length = Math.max(0, Math.ceil((stop - start) / step))
  }
}

/** A live view of `source`, which `d.keys()`, `d.values()` and `d.items()` give. */
export class DictView extends OwnValue {
  readonly kind: 'keys' | 'values' | 'items'
  readonly source: Dict | JsonObject

  constructor(kind: 'keys' | 'values' | 'items', source: Dict | JsonObject) {
    super()
    this.kind = kind
    this.source = source
  }
}

/** An iterator, which `zip`, `enumerate`, `reversed` and a generator expression give: it is consumed once. */
export class ValueIterator extends OwnValue {
  /** CPython's name for the type: `zip`, `enumerate`, `list_reverseiterator`, `generator`, ... */
  readonly typeName: string
  /** Where the elements come from: another iterator once they were looked at before they are written. */
  source: Iterator<Value>

  constructor(typeName: string, source: Iterator<Value>) {
    super()
    this.typeName = typeName
    this.source = source
  }
}

/**
 * A number as the input wrote it, where we would write it in another way (`2230.0`, `1E5`, `-0`). Only outputs
 * hold it: an expression sees the number.
 */
export class NumberText extends OwnValue {
  readonly text: string

  constructor(text: string) {
    super()
    this.text = text
  }
}

/**
 * The texts of an event's numbers that are not written as we would write them, by container and key (an array's
 * keys are its indexes as text).
 */
export type NumberTexts = Map<object, Map<string, string>>

/** The value is a series of others that is no list: JSON has it as an array. */
export function isSequence(value: object): value is Tuple | ValueSet | Range | DictView | ValueIterator {
  return (
    value instanceof Tuple ||
    value instanceof ValueSet ||
    value instanceof Range ||
    value instanceof DictView ||
    value instanceof ValueIterator
  )
}
