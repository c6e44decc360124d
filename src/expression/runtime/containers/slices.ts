import { typeError, valueError } from '../../failure.ts'
import type { Value } from '../../value.ts'
import { MAX_INTEGER, Range, Tuple } from '../../value.ts'
import { checkLength, ITEM_BYTES, LIST_BYTES } from '../length.ts'
import type { Meter } from '../meter.ts'
import { isInteger, toIndex, typeName } from '../numbers/numbers.ts'
import { textSlice } from '../text/text.ts'
import { toArray } from './iteration.ts'
import { isDict } from './keys.ts'

/** Which elements a slice selects: `count` of them from `start` on, `step` apart, before `stop` is reached. */
interface SliceBounds {
  readonly start: number
  readonly stop: number
  readonly step: number
  readonly count: number
}

/**
 * `slice(start, stop, step).indices(length)`, and how many elements that is.
 *
 * @throws {Failure} TYPE_ERROR when a bound is neither None nor an integer; VALUE_ERROR when the step is 0
 */
function sliceBounds(start: Value, stop: Value, step: Value, length: number): SliceBounds {
  const by = step === null ? 1 : sliceIndex(step)
  if (by === 0) throw valueError('slice step cannot be zero')
  const first = by > 0 ? 0 : -1
  const last = by > 0 ? length : length - 1
  const from = start === null ? (by > 0 ? first : last) : clamp(sliceIndex(start), length, first, last)
  const to = stop === null ? (by > 0 ? last : first) : clamp(sliceIndex(stop), length, first, last)
  return { start: from, stop: to, step: by, count: Math.max(0, Math.ceil((to - from) / by)) }
}

/** Integers beyond 2**53 are as good as 2**53: nothing is that long. */
function sliceIndex(bound: Value): number {
  if (typeof bound === 'number' && Number.isSafeInteger(bound)) return bound
  if (!isInteger(bound)) {
    throw typeError('slice indices must be integers or None or have an __index__ method')
  }
  return clampIndex(toIndex(bound))
}

/** An index as a number; integers beyond 2**53 become 2**53 with their sign. */
export function clampIndex(index: number | bigint): number {
  return typeof index === 'number' ? index : index < 0n ? -MAX_INTEGER : MAX_INTEGER
}

function clamp(index: number, length: number, first: number, last: number): number {
  return Math.min(Math.max(index < 0 ? index + length : index, first), last)
}

/**
 * `container[start:stop:step]`, where null is a bound that is not given. None has no slices, though it has absent items:
 * an item may be a step of a path, a slice never is.
 *
 * @throws {Failure} TYPE_ERROR when the container cannot be sliced or a bound is no integer; VALUE_ERROR for step 0
 */
export function getSlice(meter: Meter, container: Value, start: Value, stop: Value, step: Value): Value {
  if (typeof container === 'string') return sliceText(meter, container, start, stop, step)
  if (Array.isArray(container)) return sliceItems(meter, container, start, stop, step)
  if (container instanceof Tuple) return new Tuple(sliceItems(meter, container.items, start, stop, step))
  if (container instanceof Range) return sliceRange(container, start, stop, step)
  if (isDict(container)) throw typeError("unhashable type: 'slice'")
  throw typeError(`'${typeName(container)}' object is not subscriptable`)
}

function sliceText(meter: Meter, text: string, start: Value, stop: Value, step: Value): string {
  return textSlice(
    meter,
    text,
    start === null ? null : sliceIndex(start),
    stop === null ? null : sliceIndex(stop),
    step === null ? null : sliceIndex(step),
  )
}

function sliceItems(meter: Meter, items: readonly Value[], start: Value, stop: Value, step: Value): Value[] {
  const bounds = sliceBounds(start, stop, step, items.length)
  meter.build(LIST_BYTES + ITEM_BYTES * bounds.count)
  if (bounds.step === 1) return items.slice(bounds.start, bounds.start + bounds.count)
  const selected: Value[] = []
  for (let index = 0; index < bounds.count; index++) selected.push(items[bounds.start + index * bounds.step]!)
  return selected
}

function sliceRange(range: Range, start: Value, stop: Value, step: Value): Range {
  const bounds = sliceBounds(start, stop, step, range.length)
  const at = (index: number) => range.start + index * range.step
  // A step beyond 2**53 selects one element at most, as 2**53 does.
  const by = Math.max(-MAX_INTEGER, Math.min(range.step * bounds.step, MAX_INTEGER))
  return makeRange(at(bounds.start), at(bounds.stop), by)
}

/**
 * A range whose bounds, and the distance between them, are up to 2**53: so its length and elements are exact.
 *
 * @throws {Failure} VALUE_ERROR when they are beyond that, or the step is 0
 */
export function makeRange(start: number, stop: number, step: number): Range {
  if (step === 0) throw valueError('range() arg 3 must not be zero')
  const farthest = Math.max(Math.abs(start), Math.abs(stop), Math.abs(step))
  if (farthest > MAX_INTEGER || stop - MAX_INTEGER > start || start - MAX_INTEGER > stop) {
    throw valueError('a range reaches beyond 2**53')
  }
  return new Range(start, stop, step)
}

/**
 * `list[start:stop:step] = values`.
 *
 * @throws {Failure} TYPE_ERROR when the container is no list or the values are not iterable; VALUE_ERROR when a slice
 *   with a step gets another number of values than it has places
 */
export function setSlice(
  meter: Meter,
  container: Value,
  start: Value,
  stop: Value,
  step: Value,
  values: Value,
): void {
  if (isDict(container)) throw typeError("unhashable type: 'slice'")
  if (!Array.isArray(container)) {
    throw typeError(`'${typeName(container)}' object does not support item assignment`)
  }
  const by = step === null ? 1 : sliceIndex(step)
  const items = assignedItems(meter, values, by === 1)
  const bounds = sliceBounds(start, stop, step, container.length)
  meter.build(ITEM_BYTES * items.length)
  meter.touch(ITEM_BYTES * container.length)
  if (by === 1) {
    replaceItems(container, bounds.start, bounds.count, items)
    return
  }
  if (items.length !== bounds.count) {
    const sizes = `size ${items.length} to extended slice of size ${bounds.count}`
    throw valueError(`attempt to assign sequence of ${sizes}`)
  }
  for (const [index, item] of items.entries()) container[bounds.start + index * bounds.step] = item
}

function assignedItems(meter: Meter, values: Value, simple: boolean): Value[] {
  if (isIterable(values)) return toArray(meter, values)
  throw typeError(simple ? 'can only assign an iterable' : 'must assign iterable to extended slice')
}

function isIterable(value: Value): boolean {
  return typeof value === 'string' || (typeof value === 'object' && value !== null)
}

/** Not `splice(...items)`: the arguments of a call have to fit on the stack. */
function replaceItems(list: Value[], start: number, count: number, items: readonly Value[]): void {
  checkLength(list.length - count + items.length)
  const tail = list.slice(start + count)
  list.length = start
  for (const item of items) list.push(item)
  for (const item of tail) list.push(item)
}

/**
 * `del list[start:stop:step]`.
 *
 * @throws {Failure} TYPE_ERROR when the container is no list
 */
export function deleteSlice(meter: Meter, container: Value, start: Value, stop: Value, step: Value): void {
  if (isDict(container)) throw typeError("unhashable type: 'slice'")
  if (!Array.isArray(container)) {
    throw typeError(`'${typeName(container)}' object doesn't support item deletion`)
  }
  const bounds = sliceBounds(start, stop, step, container.length)
  if (bounds.count === 0) return
  meter.touch(ITEM_BYTES * container.length)
  const by = Math.abs(bounds.step)
  const first = bounds.step > 0 ? bounds.start : bounds.start + (bounds.count - 1) * bounds.step
  if (by === 1) {
    container.splice(first, bounds.count)
    return
  }
  const end = first + bounds.count * by
  let kept = first
  for (let index = first; index < container.length; index++) {
    if (index >= end || (index - first) % by !== 0) container[kept++] = container[index]!
  }
  container.length = kept
}
