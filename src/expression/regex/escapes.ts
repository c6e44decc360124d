import type { Position } from './ast.ts'
import type { CharacterSet } from './character-set.ts'
import { except, setOf } from './character-set.ts'
import type { PatternError } from './pattern-error.ts'
import type { Tokens } from './tokens.ts'
import { isDigit, isHex, isOctal } from './tokens.ts'
import { ASCII_DIGIT, ASCII_SPACE, ASCII_WORD, SPACE } from './unicode.ts'

/** The meaning of a backslash and the characters behind it. */
type Escape =
  | { readonly kind: 'literal'; readonly codePoint: number }
  | { readonly kind: 'class'; readonly set: CharacterSet }
  | { readonly kind: 'position'; readonly at: Position }
  | { readonly kind: 'boundary'; readonly negated: boolean }
  | { readonly kind: 'group'; readonly index: number; readonly text: string }

const CONTROL_CHARACTERS: ReadonlyMap<string, number> = new Map([
  ['\\a', 0x07],
  ['\\b', 0x08],
  ['\\f', 0x0c],
  ['\\n', 0x0a],
  ['\\r', 0x0d],
  ['\\t', 0x09],
  ['\\v', 0x0b],
  ['\\\\', 0x5c],
])

const UNICODE_CLASSES: ReadonlyMap<string, CharacterSet> = new Map([
  ['\\d', { negated: false, categories: ['digit'], ranges: [] }],
  ['\\D', { negated: true, categories: ['digit'], ranges: [] }],
  ['\\s', setOf(SPACE)],
  ['\\S', except(SPACE)],
  ['\\w', { negated: false, categories: ['word'], ranges: [] }],
  ['\\W', { negated: true, categories: ['word'], ranges: [] }],
])

const ASCII_CLASSES: ReadonlyMap<string, CharacterSet> = new Map([
  ['\\d', setOf(ASCII_DIGIT)],
  ['\\D', except(ASCII_DIGIT)],
  ['\\s', setOf(ASCII_SPACE)],
  ['\\S', except(ASCII_SPACE)],
  ['\\w', setOf(ASCII_WORD)],
  ['\\W', except(ASCII_WORD)],
])

const LARGEST_OCTAL = 0o377
const LARGEST_CODE_POINT = 0x10ffff

/** Habits from other dialects, with Python's way to say it. */
const HINTS: ReadonlyMap<string, string> = new Map([
  ['\\z', 'Python writes the end of the text as \\Z'],
  ['\\p', 'Python has no \\p{...}: write the characters as a set'],
  ['\\P', 'Python has no \\P{...}: write the characters as a set'],
  ['\\h', 'Python has no \\h: write [ \\t]'],
  ['\\R', 'Python has no \\R: write \\r?\\n'],
  ['\\K', 'Python has no \\K'],
  ['\\G', 'Python has no \\G: match() always begins at the start'],
  ['\\e', 'write \\x1b'],
  ['\\k', 'Python refers to a group by name with (?P=name)'],
])

/**
 * Reads what belongs to an escape inside a set.
 *
 * @param token the backslash and the character after it, already taken
 */
export function readSetEscape(tokens: Tokens, token: string, ascii: boolean): Escape {
  const simple = simpleEscape(token, ascii)
  if (simple !== undefined) return simple
  const letter = token.slice(1)
  const coded = codedEscape(tokens, token)
  if (coded !== undefined) return coded
  if (isOctal(letter)) return octal(tokens, token + tokens.getWhile(2, isOctal))
  if (isDigit(letter) || isAsciiLetter(letter)) throw badEscape(tokens, token)
  return { kind: 'literal', codePoint: letter.codePointAt(0)! }
}

/** Reads what belongs to an escape outside a set: `\b` is a boundary there, and `\1` a reference. */
export function readEscape(tokens: Tokens, token: string, ascii: boolean): Escape {
  switch (token) {
    case '\\A':
      return { kind: 'position', at: 'start' }
    case '\\Z':
      return { kind: 'position', at: 'end' }
    case '\\b':
      return { kind: 'boundary', negated: false }
    case '\\B':
      return { kind: 'boundary', negated: true }
  }
  const simple = simpleEscape(token, ascii)
  if (simple !== undefined) return simple
  const letter = token.slice(1)
  const coded = codedEscape(tokens, token)
  if (coded !== undefined) return coded
  if (letter === '0') return octal(tokens, token + tokens.getWhile(2, isOctal))
  if (isDigit(letter)) return octalOrGroup(tokens, token)
  if (isAsciiLetter(letter)) throw badEscape(tokens, token)
  return { kind: 'literal', codePoint: letter.codePointAt(0)! }
}

function simpleEscape(token: string, ascii: boolean): Escape | undefined {
  const control = CONTROL_CHARACTERS.get(token)
  if (control !== undefined) return { kind: 'literal', codePoint: control }
  const set = (ascii ? ASCII_CLASSES : UNICODE_CLASSES).get(token)
  return set === undefined ? undefined : { kind: 'class', set }
}

/** `\xhh`, `\uhhhh`, `\Uhhhhhhhh`. */
function codedEscape(tokens: Tokens, token: string): Escape | undefined {
  const length = token === '\\x' ? 2 : token === '\\u' ? 4 : token === '\\U' ? 8 : 0
  if (length > 0) {
    const digits = tokens.getWhile(length, isHex)
    const written = token + digits
    if (digits.length < length) throw tokens.error(`incomplete escape ${written}`, written.length)
    const codePoint = Number.parseInt(digits, 16)
    if (codePoint > LARGEST_CODE_POINT) throw badEscape(tokens, written)
    return { kind: 'literal', codePoint }
  }
  if (token === '\\N') {
    if (!tokens.accept('{')) throw tokens.error('missing {')
    const name = tokens.getUntil('}', 'character name')
    const hint = 'write the character itself, or its number as \\uhhhh'
    throw tokens.error('character names (\\N{...}) are not supported', name.length + '\\N{}'.length, hint)
  }
  return undefined
}

/** Three octal digits are a character; less, or other digits, refer to a group. */
function octalOrGroup(tokens: Tokens, token: string): Escape {
  let written = token
  if (isDigit(tokens.next)) {
    written += tokens.get()
    if (isOctal(written[1]) && isOctal(written[2]) && isOctal(tokens.next)) {
      return octal(tokens, written + tokens.get())
    }
  }
  return { kind: 'group', index: Number(written.slice(1)), text: written }
}

function octal(tokens: Tokens, written: string): Escape {
  const codePoint = Number.parseInt(written.slice(1), 8)
  if (codePoint > LARGEST_OCTAL) {
    throw tokens.error(`octal escape value ${written} outside of range 0-0o377`, written.length)
  }
  return { kind: 'literal', codePoint }
}

function badEscape(tokens: Tokens, written: string): PatternError {
  return tokens.error(`bad escape ${written}`, written.length, HINTS.get(written))
}

function isAsciiLetter(text: string): boolean {
  return /^[A-Za-z]$/.test(text)
}
