/**
 * The text of a strptime format: its pieces, and what is wrong with it. `strptime.ts` makes a parser of the pieces.
 */

/** A directive, a run of blanks, or one character of literal text. */
export type FormatPiece =
  | { readonly kind: 'directive'; readonly letter: string }
  | { readonly kind: 'blanks' }
  | { readonly kind: 'literal'; readonly character: string }

/** A fault of a format, and its place in the text. */
export class FormatProblem {
  readonly message: string
  /** Of the directive at fault, in UTF-16 units. */
  readonly offset: number
  readonly hint: string | undefined

  constructor(message: string, offset: number, hint?: string) {
    this.message = message
    this.offset = offset
    this.hint = hint
  }
}

/** The characters that Python's `\s` takes: more than JavaScript's (U+001C to U+001F, U+0085) and less (not U+FEFF). */
export const BLANKS = '\\t-\\r\\x1c-\\x20\\x85\\xa0\\u1680\\u2000-\\u200a\\u2028\\u2029\\u202f\\u205f\\u3000'

const BLANK_RUN = new RegExp(`[${BLANKS}]+`, 'y')

/** Directives that stand for others, as CPython works them out in the C locale. */
const SHORTHANDS: Readonly<Record<string, string>> = {
  c: '%a %b %d %H:%M:%S %Y',
  x: '%m/%d/%y',
  X: '%H:%M:%S',
}

/** Every directive that strptime knows. */
const LETTERS = 'aAwdbBmyYHIpMSfzZjUWcxX%GuV'

const WEEKDAYS = ['A', 'a', 'w', 'u']

/** Directives of some system's strftime or of another library, with the ones of strptime. */
const REPLACEMENTS: Readonly<Record<string, string>> = {
  D: "write '%m/%d/%y'",
  e: "write '%d': it takes '7', ' 7' and '07'",
  E: "leave out the 'E'",
  F: "write '%Y-%m-%d'",
  h: "write '%b'",
  k: "write '%H': it takes one digit or two",
  l: "write '%I': it takes one digit or two",
  L: "write '%f': it takes one digit to nine",
  n: 'write a blank: it takes any run of blanks, also line ends',
  N: "write '%f': it takes one digit to nine",
  O: "leave out the 'O'",
  P: "write '%p': it takes both cases",
  Q: "write '%f': it takes one digit to nine",
  r: "write '%I:%M:%S %p'",
  R: "write '%H:%M'",
  s: 'seconds since 1970 are what epoch_to_timestamp takes',
  t: 'write a blank: it takes any run of blanks, also tabs',
  T: "write '%H:%M:%S'",
  v: "write '%d-%b-%Y'",
  '-': "leave out the '-': one digit is enough everywhere but in '%Y' and '%y'",
  _: "leave out the '_': one digit is enough everywhere but in '%Y' and '%y'",
}

/** @throws {FormatProblem} */
export function readFormat(format: string): FormatPiece[] {
  const pieces: FormatPiece[] = []
  const offsets = new Map<string, number>()
  let at = 0
  while (at < format.length) {
    BLANK_RUN.lastIndex = at
    if (BLANK_RUN.test(format)) {
      pieces.push({ kind: 'blanks' })
      at = BLANK_RUN.lastIndex
      continue
    }
    const character = String.fromCodePoint(format.codePointAt(at)!)
    if (character !== '%') {
      pieces.push({ kind: 'literal', character })
      at += character.length
      continue
    }
    const letter = directiveAt(format, at)
    if (letter === '%') {
      pieces.push({ kind: 'literal', character: '%' })
    } else {
      const shorthand = SHORTHANDS[letter]
      const expansion = shorthand === undefined ? directive(letter) : readFormat(shorthand)
      for (const piece of expansion) {
        if (piece.kind === 'directive') note(offsets, piece.letter, at, letter)
      }
      pieces.push(...expansion)
    }
    at += 2
  }
  checkWeeks(offsets)
  return pieces
}

function directive(letter: string): FormatPiece[] {
  return [{ kind: 'directive', letter }]
}

function directiveAt(format: string, offset: number): string {
  const codePoint = format.codePointAt(offset + 1)
  if (codePoint === undefined) {
    throw new FormatProblem("the format ends with a stray '%'", offset, "a '%' as such is '%%'")
  }
  const letter = String.fromCodePoint(codePoint)
  if (LETTERS.includes(letter)) return letter
  const hint = Object.hasOwn(REPLACEMENTS, letter)
    ? REPLACEMENTS[letter]
    : `strptime knows ${[...LETTERS].map((known) => `%${known}`).join(' ')}`
  throw new FormatProblem(`'%${letter}' is not a directive of strptime`, offset, hint)
}

function note(offsets: Map<string, number>, letter: string, offset: number, writtenAs: string): void {
  if (offsets.has(letter)) {
    const place = writtenAs === letter ? '' : ` (the second time by '%${writtenAs}')`
    throw new FormatProblem(
      `'%${letter}' is given twice${place}`,
      offset,
      'strptime takes each directive once; give a second format for a second form',
    )
  }
  offsets.set(letter, offset)
}

/** A week of the ISO calendar is a date only together with its year and a weekday. */
function checkWeeks(offsets: ReadonlyMap<string, number>): void {
  const has = (letter: string) => offsets.has(letter)
  const hasWeekday = WEEKDAYS.some(has)
  if (has('G') && !(has('V') && hasWeekday)) {
    throw new FormatProblem(
      "'%G' needs '%V' and a weekday",
      offsets.get('G')!,
      "the weekday is '%A', '%a', '%w' or '%u'; the calendar's year is '%Y'",
    )
  }
  const hasYear = has('Y') || has('y')
  if (has('G') && !hasYear) {
    if (has('j')) {
      throw new FormatProblem("'%j' does not go with '%G'", offsets.get('j')!, "the calendar's year is '%Y'")
    }
  } else if (has('V') && !has('U') && !has('W')) {
    throw hasYear
      ? new FormatProblem("'%V' does not go with '%Y'", offsets.get('V')!, "the year of ISO weeks is '%G'")
      : new FormatProblem("'%V' needs '%G' and a weekday", offsets.get('V')!)
  }
}
