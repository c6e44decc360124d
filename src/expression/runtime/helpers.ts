/**
 * Everything that generated code calls, by the name under which it calls it: this file exports that and nothing else. A module of
 * compiled rules imports what it needs by name.
 */

import { Failure, typeError, valueError } from '../failure.ts'
import type { Dict, JsonObject, Maybe, Value } from '../value.ts'
import { Dict as DictClass, MAX_LENGTH, Tuple, ValueIterator } from '../value.ts'
import { getItem, getMember, iterate as iterateValue } from './containers/containers.ts'
import { putEntry } from './containers/keys.ts'
import type { FieldPath } from './fields.ts'
import { isMapping, resolveField } from './fields.ts'
import { ascii as asciiText, repr as reprText, str as strText } from './format/repr.ts'
import type { Meter } from './meter.ts'
import { typeName } from './numbers/numbers.ts'
import { equals } from './operators.ts'

export { deletePath, getPath, setPath, unpack } from './assign.ts'
export {
  deleteItem,
  deleteSlice,
  getAttribute,
  getItem,
  getSlice,
  setItem,
  setSlice,
  toArray,
} from './containers/containers.ts'
export { collectSet, dictSet, putElement, putEntry } from './containers/keys.ts'
export {
  hasFlatKeys,
  isUseful,
  resolveBelow,
  resolveField,
  resolveMixed,
  softItem,
  step,
  stepTo,
} from './fields.ts'
export { formatValue } from './format/format.ts'
export { callMethod } from './methods.ts'
export {
  add,
  addInPlace,
  bitAnd,
  bitAndInPlace,
  bitOr,
  bitOrInPlace,
  bitXor,
  bitXorInPlace,
  contains,
  divide,
  equals,
  floorDivide,
  greater,
  greaterOrEqual,
  identical,
  invert,
  leftShift,
  less,
  lessOrEqual,
  modulo,
  multiply,
  multiplyInPlace,
  negate,
  positive,
  power,
  rightShift,
  subtract,
  subtractInPlace,
  truth,
} from './operators.ts'
export { addAnomalies, assignBelow, finishValue, setOwn } from './output.ts'

/** A plain object of JSON, into which dots lead. */
export function isObject(value: unknown): boolean {
  return typeof value === 'object' && value !== null && !Array.isArray(value)
}

/** A member whose name plain objects inherit (`constructor`): only the event's own counts. */
export function ownMember(object: JsonObject, key: string): Maybe {
  return Object.hasOwn(object, key) ? object[key] : undefined
}

/** `line.x.y`: below the event's own member `line` where it has one, else the path `x.y`. */
export function lineField(data: JsonObject, underLine: FieldPath, path: FieldPath): Maybe {
  return getMember(data, 'line') === undefined ? resolveField(data, path) : resolveField(data, underLine)
}

export function makeTuple(items: Value[]): Tuple {
  return new Tuple(items)
}

export function emptyDict(): Dict {
  return new DictClass()
}

/** `{**other}`. */
export function mergeInto(meter: Meter, dict: Dict, other: Value): void {
  if (!isMapping(other)) throw typeError(`'${typeName(other)}' object is not a mapping`)
  for (const key of iterate(meter, other)) putEntry(meter, dict, key, getItem(meter, other, key)!)
}

/**
 * `attempt`: an error that the event causes is no more than a value that is missing. The limits of an event stay
 * a bound: an event that has used it up is rejected.
 *
 * @throws {Failure} VALUE_ERROR when the event has cost more than it may
 */
export function recover(meter: Meter, error: unknown): void {
  if (!(error instanceof Failure)) throw error
  meter.touch(0)
  meter.build(0)
}

export function makeGenerator(items: Value[]): ValueIterator {
  return new ValueIterator('generator', items.values())
}

export function boundedList(items: Value[]): Value[] {
  if (items.length > MAX_LENGTH) throw valueError('result too big: the list has too many elements')
  return items
}

/** The comparison of `in`: an object is in a list that holds it, also when it does not equal itself (NaN). */
export function same(meter: Meter, left: Value, right: Value): boolean {
  return equals(meter, left, right) || Object.is(left, right)
}

/** Keys compare by their JSON text: `true` and `null`, as tables spell them. */
export function missingKey(meter: Meter, table: string, key: Value): string {
  const text = key === null || typeof key === 'boolean' ? String(key) : reprText(key, meter)
  return `table '${table}' has no key ${text.length > 200 ? `${text.slice(0, 200)}...` : text}`
}

/** A function as `key=`: one of the language wants the context first, any other the meter. */
export function withContext(
  call: (context: unknown, value: Value) => Maybe,
  context: unknown,
): (value: Value) => Maybe {
  return (value) => call(context, value)
}

/** The values that a loop goes over. */
export function iterate(meter: Meter, value: Value): Iterable<Value> {
  return iterateValue(value, meter)
}

export function str(meter: Meter, value: Value): string {
  return strText(value, meter)
}

export function repr(meter: Meter, value: Value): string {
  return reprText(value, meter)
}

export function ascii(meter: Meter, value: Value): string {
  return asciiText(value, meter)
}
