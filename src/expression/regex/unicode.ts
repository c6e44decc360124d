import type { Ranges } from './ranges.ts'
import { contains, toRanges } from './ranges.ts'

/*
 * The classes of characters of Python's re. Letters, digits and cases are asked of the JavaScript engine, so that these
 * sets and `\p{...}` in a translated pattern agree; its Unicode may be newer than CPython 3.11's 14.0.
 */

export const ASCII_WORD: Ranges = [0x30, 0x39, 0x41, 0x5a, 0x5f, 0x5f, 0x61, 0x7a]
export const ASCII_DIGIT: Ranges = [0x30, 0x39]
export const ASCII_SPACE: Ranges = [0x09, 0x0d, 0x20, 0x20]

/** `\s`: what `str.isspace` accepts. JavaScript's `\s` lacks U+001C to U+001F and U+0085, and has U+FEFF. */
export const SPACE: Ranges = [
  ...[0x09, 0x0d, 0x1c, 0x20, 0x85, 0x85, 0xa0, 0xa0, 0x1680, 0x1680],
  ...[0x2000, 0x200a, 0x2028, 0x2029, 0x202f, 0x202f, 0x205f, 0x205f, 0x3000, 0x3000],
]

/** `\w` and `\d` for a JavaScript character class with the flag `u`. */
export const WORD_SOURCE = '\\p{L}\\p{N}_'
export const DIGIT_SOURCE = '\\p{Nd}'

/** Letters and numbers are in the planes 0 to 3, those with a case and decimal digits in 0 and 1. */
const LAST_LETTER = 0x3ffff
const LAST_CASED = 0x1ffff

/** Decimal digits stand together in tens, from 0 to 9, which Unicode promises for all times. */
const DIGITS = 10

/** Asking costs about 10 ms a table, so a table is made when a pattern first needs it. */
class CharacterTables {
  #word: Ranges | undefined
  #digit: Ranges | undefined
  #cases: ReadonlyMap<number, readonly number[]> | undefined

  /** `\w`: letters, numbers and the underscore. */
  get word(): Ranges {
    this.#word ??= matching(new RegExp(`^[${WORD_SOURCE}]$`, 'u'), LAST_LETTER)
    return this.#word
  }

  /** `\d`: decimal digits of every script. */
  get digit(): Ranges {
    this.#digit ??= runs(new RegExp(`^[${DIGIT_SOURCE}]$`, 'u'), LAST_CASED, DIGITS)
    return this.#digit
  }

  /** Each character that has a case, with all that IGNORECASE takes for the same one, itself included. */
  get cases(): ReadonlyMap<number, readonly number[]> {
    this.#cases ??= caseGroups()
    return this.#cases
  }
}

export const UNICODE = new CharacterTables()

/**
 * Adds what IGNORECASE takes for the same character: CPython compares simple lower-case forms, and takes lower-case
 * letters with the same upper case for one (`s` and `ſ`, `σ` and `ς`, `i` and `ı`).
 */
export function ignoreCase(ranges: Ranges, ascii: boolean): Ranges {
  if (ascii) return ignoreAsciiCase(ranges)
  const pairs = [...ranges]
  if (ranges.length === 2 && ranges[0] === ranges[1]) {
    for (const member of UNICODE.cases.get(ranges[0]!) ?? []) pairs.push(member, member)
  } else {
    for (const [character, group] of UNICODE.cases) {
      if (contains(ranges, character)) for (const member of group) pairs.push(member, member)
    }
  }
  return toRanges(pairs)
}

function ignoreAsciiCase(ranges: Ranges): Ranges {
  const pairs = [...ranges]
  for (let upper = 0x41; upper <= 0x5a; upper++) {
    const lower = upper + 0x20
    if (contains(ranges, upper)) pairs.push(lower, lower)
    if (contains(ranges, lower)) pairs.push(upper, upper)
  }
  return toRanges(pairs)
}

function matching(test: RegExp, last: number): Ranges {
  const ranges: number[] = []
  let inside = false
  for (let codePoint = 0; codePoint <= last; codePoint++) {
    if (test.test(String.fromCodePoint(codePoint)) === inside) continue
    ranges.push(inside ? codePoint - 1 : codePoint)
    inside = !inside
  }
  if (inside) ranges.push(last)
  return ranges
}

/** As `matching`, for characters of which so many at least stand together: only one in so many is asked for. */
function runs(test: RegExp, last: number, least: number): Ranges {
  const holds = (codePoint: number): boolean => test.test(String.fromCodePoint(codePoint))
  const ranges: number[] = []
  for (let codePoint = 0; codePoint <= last; codePoint += least) {
    if (!holds(codePoint)) continue
    let first = codePoint
    while (first > 0 && holds(first - 1)) first--
    while (holds(codePoint + 1)) codePoint++
    ranges.push(first, codePoint)
  }
  return ranges
}

function caseGroups(): Map<number, readonly number[]> {
  const cased = /^[\p{Changes_When_Lowercased}\p{Changes_When_Uppercased}]$/u
  const byUpperCase = new Map<string, number[]>()
  for (let codePoint = 0; codePoint <= LAST_CASED; codePoint++) {
    const character = String.fromCodePoint(codePoint)
    if (!cased.test(character)) continue
    // The simple form of the only letter with a longer lower case (İ, U+0130) is the first character of that.
    const lower = String.fromCodePoint(character.toLowerCase().codePointAt(0)!)
    const upper = lower.toUpperCase()
    const group = byUpperCase.get(upper)
    if (group === undefined) byUpperCase.set(upper, [codePoint])
    else group.push(codePoint)
  }
  const groups = new Map<number, readonly number[]>()
  for (const group of byUpperCase.values()) {
    if (group.length > 1) for (const member of group) groups.set(member, group)
  }
  return groups
}
