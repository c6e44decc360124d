import type { Value } from '../../value.ts'
import { checkLength } from '../length.ts'
import type { Meter } from '../meter.ts'
import { isHighSurrogate, isLowSurrogate } from '../surrogates.ts'
import { optionalBound } from './arguments.ts'
import { elementIndex, measureText, SLICE_BYTES, textLength, unitOffset } from './text.ts'
import { TextBuilder } from './text-builder.ts'

/*
 * Searching for text in text, in time proportional to their lengths. V8's own search can take the product of the
 * lengths (250,000 `a`, a `b` and 250,000 more in a million of `a`: a minute), and both texts may come from an event.
 */

/** A part of this length at most is always searched quickly by V8: the product is a small multiple of the text. */
const SHORT_PART = 16

/** So is any part where the product of the lengths is not more than this; the backward search compares each place anew. */
const QUICK_WORK = 1 << 16

/** Units of work for a search, whatever it finds, with what its caller does then. */
const FOUND = 80

/** Units of work for a character that is searched. */
const SEARCH = 4

/**
 * Where `part` first occurs in `text` at `from` or later, -1 if nowhere. In UTF-16 units, but never in the middle of a
 * code point.
 */
export function indexOfText(meter: Meter, text: string, part: string, from = 0): number {
  const { length } = part
  const rest = text.length - from
  const quick = length <= SHORT_PART || length * rest <= QUICK_WORK
  if (!quick || mayCutPair(part)) {
    meter.touch(FOUND + (rest + length) * SEARCH * 4)
    return indexOfLong(text, part, from)
  }
  const unit = text.indexOf(part, from)
  const searched = unit === -1 ? rest : unit - from + length
  meter.touch(FOUND + searched * (length <= SHORT_PART ? SEARCH : SEARCH * 4))
  return unit
}

/** Where `part` last occurs in `text` so that it ends at `end` or earlier, -1 if nowhere. */
export function lastIndexOfText(meter: Meter, text: string, part: string, end = text.length): number {
  const { length } = part
  const last = end - length
  if (last < 0) return -1
  const quick = length <= SHORT_PART || length * end <= QUICK_WORK
  if (!quick || mayCutPair(part)) {
    meter.touch(FOUND + (end + length) * SEARCH * 4)
    return lastIndexOfLong(text, part, end)
  }
  const unit = text.lastIndexOf(part, last)
  const searched = unit === -1 ? end : end - unit
  meter.touch(FOUND + searched * (length <= SHORT_PART ? SEARCH : SEARCH * 4))
  return unit
}

/** `part in text`. */
export function containsText(meter: Meter, text: string, part: string): boolean {
  return indexOfText(meter, text, part) !== -1
}

/** An occurrence could begin or end in the middle of a code point. */
function mayCutPair(part: string): boolean {
  return isLowSurrogate(part.charCodeAt(0)) || isHighSurrogate(part.charCodeAt(part.length - 1))
}

/** The place before that unit is in the middle of a code point. */
function isInsidePair(text: string, unit: number): boolean {
  return isLowSurrogate(text.charCodeAt(unit)) && isHighSurrogate(text.charCodeAt(unit - 1))
}

/** Knuth, Morris and Pratt: where a match breaks off, `borders` knows how much of it begins another one. */
function indexOfLong(text: string, part: string, from: number): number {
  const { length } = part
  const borders = new Int32Array(length)
  for (let index = 1, border = 0; index < length; index++) {
    const unit = part.charCodeAt(index)
    while (border > 0 && unit !== part.charCodeAt(border)) border = borders[border - 1]!
    if (unit === part.charCodeAt(border)) border++
    borders[index] = border
  }
  for (let index = from, matched = 0; index < text.length; index++) {
    const unit = text.charCodeAt(index)
    while (matched > 0 && unit !== part.charCodeAt(matched)) matched = borders[matched - 1]!
    if (unit === part.charCodeAt(matched)) matched++
    if (matched < length) continue
    if (!isInsidePair(text, index + 1 - length) && !isInsidePair(text, index + 1)) return index + 1 - length
    matched = borders[length - 1]!
  }
  return -1
}

/** The same from the end. */
function lastIndexOfLong(text: string, part: string, end: number): number {
  const { length } = part
  const last = length - 1
  const borders = new Int32Array(length)
  for (let index = 1, border = 0; index < length; index++) {
    const unit = part.charCodeAt(last - index)
    while (border > 0 && unit !== part.charCodeAt(last - border)) border = borders[border - 1]!
    if (unit === part.charCodeAt(last - border)) border++
    borders[index] = border
  }
  for (let index = end - 1, matched = 0; index >= 0; index--) {
    const unit = text.charCodeAt(index)
    while (matched > 0 && unit !== part.charCodeAt(last - matched)) matched = borders[matched - 1]!
    if (unit === part.charCodeAt(last - matched)) matched++
    if (matched < length) continue
    if (!isInsidePair(text, index) && !isInsidePair(text, index + length)) return index
    matched = borders[last]!
  }
  return -1
}

/** Part of a text that a method is confined to. */
interface Region {
  readonly text: string
  /** Elements before it. */
  readonly start: number
}

/**
 * The part that `start` and `end` of `find`, `count`, `startswith` ... select; undefined when start is after end, where even the
 * empty text is not found.
 */
function region(
  meter: Meter,
  text: string,
  start: Value | undefined,
  end: Value | undefined,
): Region | undefined {
  const length = measureText(meter, text)
  const from = clampBound(optionalBound(start, 0), length)
  const to = Math.min(clampBound(optionalBound(end, length), length), length)
  if (from > to) return undefined
  return { text: text.slice(unitOffset(meter, text, from), unitOffset(meter, text, to)), start: from }
}

function clampBound(bound: number, length: number): number {
  return bound < 0 ? Math.max(0, bound + length) : bound
}

/** `text.find(sought, start, end)`: the index of the first occurrence, -1 if there is none. */
export function find(meter: Meter, text: string, sought: string, start?: Value, end?: Value): number {
  if (start === undefined && end === undefined) {
    const unit = indexOfText(meter, text, sought)
    return unit <= 0 ? unit : elementIndex(text, unit)
  }
  const part = region(meter, text, start, end)
  const unit = part === undefined ? -1 : indexOfText(meter, part.text, sought)
  return unit === -1 ? -1 : part!.start + elementIndex(part!.text, unit)
}

/** `text.rfind(sought, start, end)`. */
export function findLast(meter: Meter, text: string, sought: string, start?: Value, end?: Value): number {
  const part = region(meter, text, start, end)
  const unit = part === undefined ? -1 : lastIndexOfText(meter, part.text, sought)
  if (unit === -1) return -1
  meter.touch(unit * 2)
  return part!.start + elementIndex(part!.text, unit)
}

/** `text.count(sought, start, end)`: occurrences that do not overlap. */
export function count(meter: Meter, text: string, sought: string, start?: Value, end?: Value): number {
  let where = text
  if (start !== undefined || end !== undefined) {
    const part = region(meter, text, start, end)
    if (part === undefined) return 0
    where = part.text
  }
  if (sought === '') {
    meter.touch(where.length * 2)
    return textLength(where) + 1
  }
  let found = 0
  let unit = indexOfText(meter, where, sought)
  while (unit !== -1) {
    found++
    unit = indexOfText(meter, where, sought, unit + sought.length)
  }
  return found
}

/** `text.startswith(prefix, start, end)`. */
export function startsWith(meter: Meter, text: string, prefix: string, start?: Value, end?: Value): boolean {
  if (start === undefined && end === undefined) {
    meter.touch(prefix.length)
    return text.startsWith(prefix) && !isInsidePair(text, prefix.length)
  }
  const part = region(meter, text, start, end)
  return part !== undefined && startsWith(meter, part.text, prefix)
}

/** `text.endswith(suffix, start, end)`. */
export function endsWith(meter: Meter, text: string, suffix: string, start?: Value, end?: Value): boolean {
  if (start === undefined && end === undefined) {
    meter.touch(suffix.length)
    return text.endsWith(suffix) && !isInsidePair(text, text.length - suffix.length)
  }
  const part = region(meter, text, start, end)
  return part !== undefined && endsWith(meter, part.text, suffix)
}

/**
 * `text.replace(old, replacement, limit)`.
 *
 * @param limit how many occurrences, from the left; all when negative
 * @throws {Failure} VALUE_ERROR when the result would be too long
 */
export function replace(meter: Meter, text: string, old: string, replacement: string, limit = -1): string {
  if (old === '') return interleave(meter, text, replacement, limit)
  let unit = limit === 0 ? -1 : indexOfText(meter, text, old)
  if (unit === -1) return text
  let result = ''
  let done = 0
  for (let pieces = 1; unit !== -1; pieces++) {
    result += text.slice(done, unit) + replacement
    checkLength(result.length)
    done = unit + old.length
    if (pieces === FEW) {
      meter.build(result.length)
      return result + replaceMany(meter, text.slice(done), old, replacement, limit - FEW)
    }
    unit = pieces === limit ? -1 : indexOfText(meter, text, old, done)
  }
  result += text.slice(done)
  checkLength(result.length)
  meter.build(result.length)
  return result
}

/** `+` is fastest for so many occurrences; TextBuilder says why it is not used for more. */
const FEW = 64

function replaceMany(meter: Meter, text: string, old: string, replacement: string, limit: number): string {
  const result = new TextBuilder(meter)
  let done = 0
  let unit = limit === 0 ? -1 : indexOfText(meter, text, old)
  for (let left = limit; unit !== -1; left--) {
    result.add(text.slice(done, unit))
    result.add(replacement)
    done = unit + old.length
    unit = left === 1 ? -1 : indexOfText(meter, text, old, done)
  }
  result.add(text.slice(done))
  return result.toString()
}

/** Replaces the empty text: the replacement before each element and at the end. */
function interleave(meter: Meter, text: string, replacement: string, limit: number): string {
  const result = new TextBuilder(meter)
  let left = limit
  for (const element of text) {
    if (left-- !== 0) result.add(replacement)
    else left = 0
    result.add(element)
  }
  if (left !== 0) result.add(replacement)
  return result.toString()
}

/** `text.removeprefix(prefix)`. */
export function removePrefix(meter: Meter, text: string, prefix: string): string {
  if (!startsWith(meter, text, prefix)) return text
  meter.build(SLICE_BYTES)
  return text.slice(prefix.length)
}

/** `text.removesuffix(suffix)`. */
export function removeSuffix(meter: Meter, text: string, suffix: string): string {
  if (!endsWith(meter, text, suffix)) return text
  meter.build(SLICE_BYTES)
  return text.slice(0, text.length - suffix.length)
}
