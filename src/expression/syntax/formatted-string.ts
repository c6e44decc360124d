/** F-strings: text and fields in turn. */
import type { Expression, FormattedValue } from './ast.ts'
import { expressionEnd, literalEnd, unclosed } from './formatted-field.ts'
import type { StringToken } from './lex.ts'
import { decodeString } from './string-literal.ts'
import { SyntaxFault } from './syntax-fault.ts'

/** Reads the expression of a field, which stands between two offsets of the text. */
type ReadField = (start: number, end: number) => Expression

/** Parts of an f-string, and the place where reading goes on. */
interface FormattedParts {
  readonly parts: readonly (string | FormattedValue)[]
  readonly end: number
}

/**
 * The parts of an f-string.
 *
 * @param text the text that the string stands in
 * @throws {SyntaxFault} where a field is not closed, is empty or nests too deeply
 */
export function formattedParts(
  text: string,
  string: StringToken,
  readField: ReadField,
): readonly (string | FormattedValue)[] {
  return partsFrom({ text, string, readField }, string.bodyStart, 0).parts
}

/** An f-string inside the text of a rule. */
interface Source {
  readonly text: string
  readonly string: StringToken
  readonly readField: ReadField
}

/**
 * The parts from an offset on: to the string's end, or for a format spec to its closing brace.
 *
 *     f'{host!r:>{width}} up'
 *       ^           ^ of a format spec
 *
 * @param depth 0 for the string itself, 1 for a format spec, which may hold fields but no deeper ones
 */
function partsFrom(source: Source, start: number, depth: number): FormattedParts {
  const { text } = source
  const { raw, bodyEnd: limit } = source.string
  const parts: (string | FormattedValue)[] = []
  let position = start
  for (;;) {
    const end = literalEnd(text, position, limit, raw)
    const brace = text[end]
    const doubled = depth === 0 && end + 1 < limit && text[end + 1] === brace
    const textEnd = doubled ? end + 1 : end
    if (textEnd > position) parts.push(decodeString(text, position, textEnd, raw).value)
    if (end >= limit) return { parts, end }
    if (doubled) {
      position = end + 2
    } else if (brace === '}') {
      if (depth > 0) return { parts, end }
      throw new SyntaxFault("a single '}' in an f-string", end, end + 1, "write '}}' for the character")
    } else {
      const field = fieldAt(source, end, depth)
      parts.push(...field.parts)
      position = field.end
    }
  }
}

/**
 * One field.
 *
 *     f'{host!r:>{width}} up'
 *       ^
 */
function fieldAt(source: Source, open: number, depth: number): FormattedParts {
  const { text } = source
  if (depth > 1) throw new SyntaxFault('an f-string nests too deeply', open, open + 1)
  const limit = source.string.bodyEnd
  const valueEnd = expressionEnd(text, open, limit)
  if (text.slice(open + 1, valueEnd).trim() === '') {
    throw new SyntaxFault('an f-string has an empty field', open, valueEnd + 1)
  }
  const value = source.readField(open + 1, valueEnd)
  let position = valueEnd
  // `{x=}` shows the expression's own text before its value.
  let shown: string | undefined
  if (text[position] === '=') {
    position++
    while (/\s/.test(text[position]!)) position++
    shown = text.slice(open + 1, position)
  }
  let conversion: FormattedValue['conversion']
  if (position < limit && text[position] === '!') {
    const letter = text[position + 1]
    if (position + 1 >= limit || (letter !== 'r' && letter !== 's' && letter !== 'a')) {
      throw new SyntaxFault('a conversion is !r, !s or !a', position, position + 2)
    }
    conversion = letter
    position += 2
  }
  let spec: FormattedValue['spec']
  if (position < limit && text[position] === ':') {
    const format = partsFrom(source, position + 1, depth + 1)
    spec = joinTexts(format.parts)
    position = format.end
  }
  if (position >= limit) throw unclosed(open)
  if (text[position] !== '}') {
    throw new SyntaxFault("expected '}' in the f-string", position, position + 1)
  }
  if (shown !== undefined && conversion === undefined && spec === undefined) conversion = 'r'
  const field: FormattedValue = { value, conversion, spec }
  return { parts: shown === undefined ? [field] : [shown, field], end: position + 1 }
}

/** Neighbouring texts become one. */
export function joinTexts(parts: readonly (string | FormattedValue)[]): (string | FormattedValue)[] {
  const joined: (string | FormattedValue)[] = []
  for (const part of parts) {
    const last = joined.at(-1)
    if (typeof part === 'string' && typeof last === 'string') joined[joined.length - 1] = last + part
    else if (part !== '') joined.push(part)
  }
  return joined
}
