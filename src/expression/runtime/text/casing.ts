import type { Meter } from '../meter.ts'
import { caseOf, isAscii } from './predicates.ts'
import { TextBuilder } from './text-builder.ts'
import { isUnassigned } from './unassigned.ts'

/*
 * Case as CPython 3.11 maps it. The engine does the same, only with a newer Unicode: it gives a case to characters
 * that Python leaves alone. Texts where that is possible go the long way, character by character.
 */

/**
 * Letters that have got another case since Unicode 14.0, and where letters with case have been or may be added: the high
 * surrogates are those of the planes for scripts. For lower case also the sigma, whose form depends on what is around
 * it, and that may be such a character.
 */
const UPPER_MAY_DIFFER = /[\u019b\u0264\u1c80-\u1c8f\u2c60-\u2c7f\ua7c0-\ua7f7\uab60-\uab6f\ud800-\ud83a]/
const LOWER_MAY_DIFFER = /[\u03a3\u1c80-\u1c8f\u2c60-\u2c7f\ua7c0-\ua7f7\uab60-\uab6f\ud800-\ud83a]/

const CASE_IGNORABLE = /[\p{Case_Ignorable}\u{1171e}]/u

/** Units of work for a character that is mapped by itself. */
const BY_CHARACTER = 400
const ASCII_TITLE = 60

/** The same for folding, which may give several characters. */
const FOLDED = 2000

/**
 * `text.lower()`.
 *
 * @param meter counts texts that take long, as it does for the other functions here
 */
export function lower(text: string, meter?: Meter): string {
  return LOWER_MAY_DIFFER.test(text) ? lowerByCharacter(text, meter) : text.toLowerCase()
}

/** `text.upper()`. */
export function upper(text: string, meter?: Meter): string {
  return UPPER_MAY_DIFFER.test(text) ? mapCharacters(text, upperCharacter, meter) : text.toUpperCase()
}

/** Beyond these (Latin without µ, ß and ŉ, and Cyrillic) folding may be more than lower case. */
const NOT_FOLDED_BY_LOWER = /[^\0-\xb4\xb6-\xde\xe0-\u0148\u0400-\u052f]/

/** `text.casefold()`: for comparisons that disregard case, Unicode's full case folding. */
export function casefold(text: string, meter?: Meter): string {
  return NOT_FOLDED_BY_LOWER.test(text)
    ? mapCharacters(text, foldCharacter, meter, FOLDED)
    : text.toLowerCase()
}

/** `text.capitalize()`. */
export function capitalize(text: string, meter?: Meter): string {
  if (text === '') return text
  const first = String.fromCodePoint(text.codePointAt(0)!)
  // Cut from the whole: whether a sigma is final depends on what stands before it.
  return titleCharacter(first) + lower(text, meter).slice(lower(first).length)
}

const ASCII_WORD = /[a-z]+/g

function capitalized(word: string): string {
  return word[0]!.toUpperCase() + word.slice(1)
}

/** `text.title()`: every word, that is, run of cased characters, begins with a capital. */
export function title(text: string, meter?: Meter): string {
  if (isAscii(text)) {
    meter?.touch(text.length * ASCII_TITLE)
    return text.toLowerCase().replace(ASCII_WORD, capitalized)
  }
  meter?.touch(text.length * BY_CHARACTER)
  const result = new TextBuilder()
  let unit = 0
  let insideWord = false
  for (const character of text) {
    result.add(insideWord ? lowerAt(text, unit, character) : titleCharacter(character))
    insideWord = caseOf(character) !== undefined
    unit += character.length
  }
  return result.toString()
}

/** `text.swapcase()`. */
export function swapCase(text: string, meter?: Meter): string {
  meter?.touch(text.length * BY_CHARACTER)
  const result = new TextBuilder()
  let unit = 0
  for (const character of text) {
    const kase = caseOf(character)
    if (kase === 'upper') result.add(lowerAt(text, unit, character))
    else result.add(kase === 'lower' ? upperCharacter(character) : character)
    unit += character.length
  }
  return result.toString()
}

function mapCharacters(
  text: string,
  map: (character: string) => string,
  meter: Meter | undefined,
  work = BY_CHARACTER,
): string {
  meter?.touch(text.length * work)
  const result = new TextBuilder()
  for (const character of text) result.add(map(character))
  return result.toString()
}

function lowerByCharacter(text: string, meter: Meter | undefined): string {
  meter?.touch(text.length * BY_CHARACTER)
  const result = new TextBuilder()
  let unit = 0
  for (const character of text) {
    result.add(lowerAt(text, unit, character))
    unit += character.length
  }
  return result.toString()
}

/** The lower case of the character at that place of the text: a sigma that ends a word has its own. */
function lowerAt(text: string, unit: number, character: string): string {
  if (character !== '\u03a3') return lowerCharacter(character)
  return isCased(characterBefore(text, unit)) && !isCased(characterAfter(text, unit + 1))
    ? '\u03c2'
    : '\u03c3'
}

function isCased(character: string | undefined): boolean {
  return character !== undefined && caseOf(character) !== undefined
}

/** The nearest character before that place that is not ignored when words are told apart (an apostrophe is). */
function characterBefore(text: string, unit: number): string | undefined {
  let end = unit
  while (end > 0) {
    const isPair = end > 1 && text.codePointAt(end - 2)! > 0xffff
    const character = text.slice(isPair ? end - 2 : end - 1, end)
    if (!isCaseIgnorable(character)) return character
    end -= character.length
  }
  return undefined
}

function characterAfter(text: string, unit: number): string | undefined {
  let start = unit
  while (start < text.length) {
    const character = String.fromCodePoint(text.codePointAt(start)!)
    if (!isCaseIgnorable(character)) return character
    start += character.length
  }
  return undefined
}

function isCaseIgnorable(character: string): boolean {
  return CASE_IGNORABLE.test(character) && !isUnassigned(character.codePointAt(0)!)
}

function lowerCharacter(character: string): string {
  return known(character, character.toLowerCase())
}

function upperCharacter(character: string): string {
  return known(character, character.toUpperCase())
}

/** The mapped character; the character itself where Unicode 14.0 did not have one of the two. */
function known(character: string, mapped: string): string {
  if (mapped === character) return character
  return isUnassigned(character.codePointAt(0)!) || isUnassigned(mapped.codePointAt(0)!) ? character : mapped
}

const CHEROKEE = /[\u13a0-\u13fd\uab70-\uabbf]/

function foldCharacter(character: string): string {
  // The dotless i is no i. Cherokee folds to its older letters, the capitals. For ß only the capital knows "ss".
  if (character === '\u0131') return character
  if (character === '\u1e9e') return 'ss'
  const capital = upperCharacter(character)
  return CHEROKEE.test(character) ? capital : Array.from(capital, lowerCharacter).join('')
}

/** Digraphs, in threes: both capital, one capital (the title's form), both small. */
const DIGRAPHS = '\u01c4\u01c5\u01c6\u01c7\u01c8\u01c9\u01ca\u01cb\u01cc\u01f1\u01f2\u01f3'

/** Georgian has capitals, but no word begins with one. */
const GEORGIAN = /[\u10d0-\u10ff]/

/** Greek vowels with breathing and iota subscript: the capital is 8 code points further. */
const GREEK_BREATHING = /[\u1f80-\u1faf]/

/** Characters beside those that do not begin with their upper case: the iota stays a subscript (U+0345). */
const OTHER_TITLES: ReadonlyMap<string, string> = new Map([
  ['\u0149', '\u02bcN'],
  ['\u1fb2', '\u1fba\u0345'],
  ['\u1fb3', '\u1fbc'],
  ['\u1fb4', '\u0386\u0345'],
  ['\u1fb7', '\u0391\u0342\u0345'],
  ['\u1fbc', '\u1fbc'],
  ['\u1fc2', '\u1fca\u0345'],
  ['\u1fc3', '\u1fcc'],
  ['\u1fc4', '\u0389\u0345'],
  ['\u1fc7', '\u0397\u0342\u0345'],
  ['\u1fcc', '\u1fcc'],
  ['\u1ff2', '\u1ffa\u0345'],
  ['\u1ff3', '\u1ffc'],
  ['\u1ff4', '\u038f\u0345'],
  ['\u1ff7', '\u03a9\u0342\u0345'],
  ['\u1ffc', '\u1ffc'],
])

/** The form at the beginning of a word. */
function titleCharacter(character: string): string {
  if (character <= '\x7f') return character.toUpperCase()
  const digraph = DIGRAPHS.indexOf(character)
  if (digraph !== -1) return DIGRAPHS[digraph - (digraph % 3) + 1]!
  if (GEORGIAN.test(character)) return character
  if (GREEK_BREATHING.test(character)) return String.fromCharCode(character.charCodeAt(0) | 8)
  const special = OTHER_TITLES.get(character)
  if (special !== undefined) return special
  // ß gives SS: what follows the first letter is lower case again.
  const capital = upperCharacter(character)
  const first = String.fromCodePoint(capital.codePointAt(0)!)
  return first + capital.slice(first.length).toLowerCase()
}
