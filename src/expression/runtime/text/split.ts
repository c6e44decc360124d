import { typeError, valueError } from '../../failure.ts'
import type { Value } from '../../value.ts'
import { Tuple } from '../../value.ts'
import { checkLength } from '../length.ts'
import type { Meter } from '../meter.ts'
import { typeName } from '../numbers/numbers.ts'
import { indexOfText, lastIndexOfText } from './search.ts'
import { hasSurrogates, SLICE_BYTES } from './text.ts'

/** The meaning of `isspace()` for one UTF-16 unit: all of Python's white space is in the basic plane. */
function isSpaceUnit(unit: number): boolean {
  if (unit <= 0x20) return unit === 0x20 || (unit >= 0x09 && unit <= 0x0d) || unit >= 0x1c
  if (unit < 0x1680) return unit === 0x85 || unit === 0xa0
  if (unit >= 0x2000 && unit <= 0x200a) return true
  return (
    unit === 0x1680 ||
    unit === 0x2028 ||
    unit === 0x2029 ||
    unit === 0x202f ||
    unit === 0x205f ||
    unit === 0x3000
  )
}

/** Units of work for a character that is looked at. */
const SCAN = 10

/** Bytes of a list's element that is a part of a text. */
const PART_BYTES = SLICE_BYTES + 16

/** `text.strip(characters)`; white space when they are not given. */
export function strip(text: string, characters?: string): string {
  if (characters !== undefined) return stripCharacters(text, characters, true, true)
  return text.slice(spaceEnd(text), spaceStart(text))
}

/** `text.lstrip(characters)`. */
export function stripStart(text: string, characters?: string): string {
  if (characters !== undefined) return stripCharacters(text, characters, true, false)
  return text.slice(spaceEnd(text))
}

/** `text.rstrip(characters)`. */
export function stripEnd(text: string, characters?: string): string {
  if (characters !== undefined) return stripCharacters(text, characters, false, true)
  return text.slice(0, spaceStart(text))
}

/** Where the white space at the beginning ends. */
function spaceEnd(text: string): number {
  let unit = 0
  while (unit < text.length && isSpaceUnit(text.charCodeAt(unit))) unit++
  return unit
}

/** Where the white space at the end begins. In a text of nothing else this is 0. */
function spaceStart(text: string): number {
  let unit = text.length
  while (unit > 0 && isSpaceUnit(text.charCodeAt(unit - 1))) unit--
  return unit
}

/** More characters than this are looked up in a set. */
const FEW_CHARACTERS = 16

function stripCharacters(text: string, characters: string, atStart: boolean, atEnd: boolean): string {
  if (characters.length > FEW_CHARACTERS || hasSurrogates(characters)) {
    return stripSet(text, new Set(characters), atStart, atEnd)
  }
  let start = 0
  let end = text.length
  if (atStart) while (start < end && characters.includes(text[start]!)) start++
  if (atEnd) while (end > start && characters.includes(text[end - 1]!)) end--
  return text.slice(start, end)
}

function stripSet(text: string, characters: ReadonlySet<string>, atStart: boolean, atEnd: boolean): string {
  let start = 0
  let end = text.length
  while (atStart && start < end) {
    const character = String.fromCodePoint(text.codePointAt(start)!)
    if (!characters.has(character)) break
    start += character.length
  }
  while (atEnd && end > start) {
    const isPair = end - start > 1 && text.codePointAt(end - 2)! > 0xffff
    const character = text.slice(isPair ? end - 2 : end - 1, end)
    if (!characters.has(character)) break
    end -= character.length
  }
  return text.slice(start, end)
}

/**
 * `text.split(separator, limit)`.
 *
 * @param separator runs of white space when undefined; the result then has no empty texts
 * @param limit how often to split, from the left; no limit when negative
 * @throws {Failure} VALUE_ERROR when the separator is empty
 */
export function split(meter: Meter, text: string, separator?: string, limit = -1): string[] {
  if (separator === undefined) return splitSpace(meter, text, limit)
  if (separator === '') throw valueError('empty separator')
  const parts: string[] = []
  let done = 0
  let unit = limit === 0 ? -1 : indexOfText(meter, text, separator)
  while (unit !== -1) {
    meter.build(PART_BYTES)
    parts.push(text.slice(done, unit))
    done = unit + separator.length
    unit = parts.length === limit ? -1 : indexOfText(meter, text, separator, done)
  }
  parts.push(done === 0 ? text : text.slice(done))
  return parts
}

function splitSpace(meter: Meter, text: string, limit: number): string[] {
  const parts: string[] = []
  const { length } = text
  meter.touch(length * SCAN)
  let unit = 0
  while (true) {
    while (unit < length && isSpaceUnit(text.charCodeAt(unit))) unit++
    if (unit === length) return parts
    if (parts.length === limit) {
      // The rest keeps the white space at its end.
      meter.build(PART_BYTES)
      parts.push(text.slice(unit))
      return parts
    }
    const start = unit
    while (unit < length && !isSpaceUnit(text.charCodeAt(unit))) unit++
    meter.build(PART_BYTES)
    parts.push(text.slice(start, unit))
  }
}

/** `text.rsplit(separator, limit)`: as `split`, but a limit counts from the right. */
export function splitFromEnd(meter: Meter, text: string, separator?: string, limit = -1): string[] {
  if (separator === undefined) return limit < 0 ? split(meter, text) : splitSpaceFromEnd(meter, text, limit)
  // Occurrences of a longer one may overlap, and then the ends do not see the same ones.
  if (limit < 0 && separator.length === 1) return split(meter, text, separator)
  if (separator === '') throw valueError('empty separator')
  const parts: string[] = []
  let end = text.length
  let unit = limit === 0 ? -1 : lastIndexOfText(meter, text, separator)
  while (unit !== -1) {
    meter.build(PART_BYTES)
    parts.push(text.slice(unit + separator.length, end))
    end = unit
    unit = parts.length === limit ? -1 : lastIndexOfText(meter, text, separator, end)
  }
  parts.push(text.slice(0, end))
  return parts.reverse()
}

function splitSpaceFromEnd(meter: Meter, text: string, limit: number): string[] {
  const parts: string[] = []
  let unit = text.length
  meter.touch(unit * SCAN)
  while (true) {
    while (unit > 0 && isSpaceUnit(text.charCodeAt(unit - 1))) unit--
    if (unit === 0) return parts.reverse()
    if (parts.length === limit) {
      meter.build(PART_BYTES)
      parts.push(text.slice(0, unit))
      return parts.reverse()
    }
    const end = unit
    while (unit > 0 && !isSpaceUnit(text.charCodeAt(unit - 1))) unit--
    meter.build(PART_BYTES)
    parts.push(text.slice(unit, end))
  }
}

/** `text.splitlines(keepEnds)`: Python ends lines at more than line feeds. */
export function splitLines(meter: Meter, text: string, keepEnds = false): string[] {
  const lines: string[] = []
  const { length } = text
  meter.touch(length * SCAN)
  let start = 0
  let unit = 0
  while (unit < length) {
    const code = text.charCodeAt(unit++)
    if (!isLineEnd(code)) continue
    const end = unit - 1
    if (code === 0x0d && text.charCodeAt(unit) === 0x0a) unit++
    meter.build(PART_BYTES)
    lines.push(text.slice(start, keepEnds ? unit : end))
    start = unit
  }
  if (start < length) lines.push(text.slice(start))
  return lines
}

function isLineEnd(unit: number): boolean {
  if (unit < 0x20) return (unit >= 0x0a && unit <= 0x0d) || (unit >= 0x1c && unit <= 0x1e)
  return unit === 0x85 || unit === 0x2028 || unit === 0x2029
}

/**
 * `text.partition(separator)`: what is before the first occurrence, the separator, and what is after it.
 *
 * @throws {Failure} VALUE_ERROR when the separator is empty
 */
export function partition(meter: Meter, text: string, separator: string): Tuple {
  if (separator === '') throw valueError('empty separator')
  const unit = indexOfText(meter, text, separator)
  return unit === -1 ? new Tuple([text, '', '']) : cut(meter, text, separator, unit)
}

/** `text.rpartition(separator)`: the same at the last occurrence. */
export function partitionFromEnd(meter: Meter, text: string, separator: string): Tuple {
  if (separator === '') throw valueError('empty separator')
  const unit = lastIndexOfText(meter, text, separator)
  return unit === -1 ? new Tuple(['', '', text]) : cut(meter, text, separator, unit)
}

function cut(meter: Meter, text: string, separator: string, unit: number): Tuple {
  meter.build(3 * PART_BYTES)
  return new Tuple([text.slice(0, unit), separator, text.slice(unit + separator.length)])
}

/**
 * `separator.join(items)`.
 *
 * @throws {Failure} TYPE_ERROR when an item is no text; VALUE_ERROR when the result would be too long
 */
export function join(meter: Meter, separator: string, items: readonly Value[]): string {
  let length = 0
  meter.touch(items.length * 16)
  for (let index = 0; index < items.length; index++) {
    const item = items[index]!
    if (typeof item !== 'string') {
      throw typeError(`sequence item ${index}: expected str instance, ${typeName(item)} found`)
    }
    length += item.length
  }
  const joined = length + separator.length * Math.max(0, items.length - 1)
  checkLength(joined)
  meter.build(joined)
  return items.join(separator)
}
