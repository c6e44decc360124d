/** Where the parts of an f-string end. CPython 3.11 finds that in the text, before it reads any expression. */
import { SyntaxFault } from './syntax-fault.ts'

const OPENING: Readonly<Record<string, string>> = { ')': '(', ']': '[', '}': '{' }

/** Two characters that end no expression, though the second or the first alone would. */
const COMPARISONS = new Set(['!=', '==', '<=', '>='])

/**
 * Where the literal text of an f-string ends that begins at an offset: at a brace, or at the string's end.
 *
 * @param limit where the string's body ends
 */
export function literalEnd(text: string, start: number, limit: number, raw: boolean): number {
  let position = start
  while (position < limit) {
    let char = text[position]!
    if (!raw && char === '\\' && position + 1 < limit) {
      position++
      char = text[position]!
      if (char === 'N' && text[position + 1] === '{') {
        const close = text.indexOf('}', position)
        position = close === -1 || close >= limit ? limit : close + 1
        continue
      }
    }
    // An escaped brace is a brace: the backslash before it stands for itself.
    if (char === '{' || char === '}') return position
    position++
  }
  return Math.min(position, limit)
}

/**
 * Where the expression of a field ends: at `!`, `:`, `=` or `}` outside brackets and strings.
 *
 * @param open the field's brace; the expression begins behind it
 * @param limit where the string's body ends
 * @throws {SyntaxFault} where it has no end, and for what CPython 3.11 refuses in it: backslashes and comments
 */
export function expressionEnd(text: string, open: number, limit: number): number {
  const brackets: number[] = []
  for (let position = open + 1; position < limit; position++) {
    const char = text[position]!
    if (char === '\\') throw backslash(position)
    if (char === "'" || char === '"') {
      position = stringEnd(text, position, limit)
    } else if (char === '(' || char === '[' || char === '{') {
      brackets.push(position)
    } else if (char === '#') {
      throw new SyntaxFault(
        "'#' cannot stand in a field of an f-string",
        position,
        position + 1,
        'it begins a comment, which would have no end',
      )
    } else if (brackets.length === 0 && '!:}=<>'.includes(char)) {
      if (position + 1 < limit && COMPARISONS.has(text.slice(position, position + 2))) position++
      else if (char !== '<' && char !== '>') return position
    } else if (OPENING[char] !== undefined) {
      const opened = brackets.pop()
      if (opened === undefined) throw new SyntaxFault(`'${char}' closes nothing`, position, position + 1)
      if (text[opened] !== OPENING[char]) {
        throw new SyntaxFault(`'${char}' does not close '${text[opened]}'`, position, position + 1)
      }
    }
  }
  const inner = brackets.at(-1)
  if (inner !== undefined) throw new SyntaxFault(`'${text[inner]}' was never closed`, inner, inner + 1)
  throw unclosed(open)
}

/** The last character of a string inside a field. */
function stringEnd(text: string, start: number, limit: number): number {
  const quote = text[start]!
  const triple = start + 2 < limit && text.startsWith(quote.repeat(3), start)
  const closing = triple ? quote.repeat(3) : quote
  for (let position = start + closing.length; position < limit; position++) {
    if (text[position] === '\\') throw backslash(position)
    if (text.startsWith(closing, position) && position + closing.length <= limit) {
      return position + closing.length - 1
    }
  }
  throw new SyntaxFault('the string is not closed', start, start + closing.length, `end it with ${closing}`)
}

function backslash(position: number): SyntaxFault {
  return new SyntaxFault(
    'a backslash cannot stand in a field of an f-string',
    position,
    position + 1,
    "put the text together with '+', or set it in tap",
  )
}

/** @param open the field's brace */
export function unclosed(open: number): SyntaxFault {
  return new SyntaxFault("'{' in an f-string is not closed", open, open + 1, "write '{{' for the character")
}
