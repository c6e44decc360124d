import { valueError } from '../../failure.ts'
import type { Maybe } from '../../value.ts'
import type { Meter } from '../meter.ts'
import { isPair } from '../surrogates.ts'
import type { TextIndex } from '../text-index.ts'
import { unitOf } from '../text-index.ts'
import { TextBuilder } from './text-builder.ts'

/*
 * Text as Python sees it, in strings that JavaScript keeps as UTF-16: one element is a code point, which is one unit
 * or a pair of surrogates. A surrogate without its partner is an element of its own.
 *
 *   'a😀b'      units     0:a  1:\ud83d  2:\ude00  3:b
 *              elements  0:a  1:😀                 2:b
 *
 * Without surrogates both counts are the same, and that is the case that has to be fast. A long text of which an
 * evaluation asks more than once gets an index (text-index.ts): V8 does not tell whether it holds surrogates, and to look
 * through it for each of its elements would take time in the square of its length.
 */

// V8 keeps strings of Latin-1 characters with one byte each, and answers this for them without looking at one.
const SURROGATE = /[\ud800-\udfff]/

/** Up to this distance from an end, walking there costs less than asking whether there are surrogates. */
const NEAR = 16

/** Texts up to this length have no index. */
const SHORT = 256

/** The text holds surrogates, so that its elements are not its UTF-16 units. */
export function hasSurrogates(text: string): boolean {
  return SURROGATE.test(text)
}

/** `len(text)`: code points. */
export function textLength(text: string): number {
  return SURROGATE.test(text) ? text.length - countPairs(text, text.length) : text.length
}

/** The same for a text that may be asked of again and again. */
export function measureText(meter: Meter, text: string): number {
  return indexOf(meter, text)?.length ?? textLength(text)
}

/** The index of a long text; undefined where it is to be looked through. */
function indexOf(meter: Meter, text: string): TextIndex | undefined {
  if (text.length > SHORT) {
    const index = meter.texts.find(text)
    if (index !== undefined) return index
    meter.touch(text.length * 4)
    return meter.texts.wanted ? meter.texts.make(text) : undefined
  }
  meter.touch(text.length)
  return undefined
}

/** The text's elements: one string for each code point. */
export function codePoints(meter: Meter, text: string): string[] {
  meter.touch(text.length * 50)
  meter.build(text.length * 16)
  return SURROGATE.test(text) ? Array.from(text) : text.split('')
}

/**
 * `text[index]`, negative indexes from the end.
 *
 * @param index an integer
 * @returns absence when it is out of range
 */
export function textAt(meter: Meter, text: string, index: number | bigint): Maybe<string> {
  if (typeof index === 'bigint') return undefined
  if (index >= text.length || index < -text.length) return undefined
  if (isFar(index)) {
    const known = indexOf(meter, text)
    if (known !== undefined) return elementAt(text, known, index)
    if (!SURROGATE.test(text)) return text[index < 0 ? index + text.length : index]
  }
  const unit = index < 0 ? unitFromEnd(text, -index) : unitFromStart(text, index)
  if (unit === -1 || unit === text.length) return undefined
  return isPair(text, unit) ? text.slice(unit, unit + 2) : text[unit]
}

function elementAt(text: string, known: TextIndex, index: number): Maybe<string> {
  const element = index < 0 ? index + known.length : index
  if (element < 0 || element >= known.length) return undefined
  const unit = unitOf(text, known, element)
  return isPair(text, unit) ? text.slice(unit, unit + 2) : text[unit]
}

/**
 * `text[start:stop:step]`; null or undefined is a bound that is not given.
 *
 * @throws {Failure} VALUE_ERROR when the step is 0
 */
export function textSlice(
  meter: Meter,
  text: string,
  start: number | bigint | null | undefined,
  stop: number | bigint | null | undefined,
  step: number | bigint | null | undefined,
): string {
  const by = step == null ? 1 : toNumber(step)
  if (by === 0) throw valueError('slice step cannot be zero')
  if (by === 1) {
    const from = start == null ? 0 : unitOffset(meter, text, toNumber(start))
    const to = stop == null ? text.length : unitOffset(meter, text, toNumber(stop))
    // The engine makes a reference to a part of a text, not a copy.
    meter.build(SLICE_BYTES)
    return text.slice(from, to)
  }
  meter.touch(text.length * 100)
  const elements: ArrayLike<string> = SURROGATE.test(text) ? Array.from(text) : text
  const { length } = elements
  const first = by > 0 ? 0 : -1
  const last = by > 0 ? length : length - 1
  const from = start == null ? (by > 0 ? first : last) : clamp(toNumber(start), length, first, last)
  const to = stop == null ? (by > 0 ? last : first) : clamp(toNumber(stop), length, first, last)
  const selected = new TextBuilder()
  if (by > 0) for (let index = from; index < to; index += by) selected.add(elements[index]!)
  else for (let index = from; index > to; index += by) selected.add(elements[index]!)
  meter.build(selected.length)
  return selected.toString()
}

/** Bytes of a part of a text beside the text. */
export const SLICE_BYTES = 32

/** Integers beyond 2**53 are as good as 2**53: no text is that long. */
function toNumber(index: number | bigint): number {
  return typeof index === 'number' ? index : index < 0n ? -Number.MAX_SAFE_INTEGER : Number.MAX_SAFE_INTEGER
}

function clamp(index: number, length: number, first: number, last: number): number {
  return Math.min(Math.max(index < 0 ? index + length : index, first), last)
}

/** The UTF-16 unit at which element `index` begins; the nearest end of the text when it is out of range. */
export function unitOffset(meter: Meter, text: string, index: number): number {
  if (index >= text.length) return text.length
  if (index <= -text.length) return 0
  if (isFar(index)) {
    const known = indexOf(meter, text)
    if (known !== undefined) {
      return unitOf(
        text,
        known,
        Math.min(index < 0 ? Math.max(0, index + known.length) : index, known.length),
      )
    }
    if (!SURROGATE.test(text)) return index < 0 ? index + text.length : index
  }
  return index < 0 ? Math.max(0, unitFromEnd(text, -index)) : unitFromStart(text, index)
}

/** The number of elements that begin before UTF-16 unit `unit`, which is the beginning of one. */
export function elementIndex(text: string, unit: number): number {
  if (unit > NEAR && !SURROGATE.test(text.slice(0, unit))) return unit
  return unit - countPairs(text, unit)
}

function isFar(index: number): boolean {
  return index > NEAR || index < -NEAR
}

/** The unit after `count` elements; the length of the text when it has fewer. */
function unitFromStart(text: string, count: number): number {
  let unit = 0
  for (let left = count; left > 0 && unit < text.length; left--) unit += isPair(text, unit) ? 2 : 1
  return unit
}

/** The unit where the last `count` elements begin; -1 when there are fewer. */
function unitFromEnd(text: string, count: number): number {
  let unit = text.length
  for (let left = count; left > 0; left--) {
    if (unit === 0) return -1
    unit -= unit > 1 && isPair(text, unit - 2) ? 2 : 1
  }
  return unit
}

function countPairs(text: string, end: number): number {
  let pairs = 0
  for (let unit = 0; unit < end - 1; unit++) {
    if (isPair(text, unit)) {
      pairs++
      unit++
    }
  }
  return pairs
}
