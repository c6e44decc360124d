/** The state of an expression at a place in it, for texts that are being typed and are mostly no expressions yet. */

/** A call whose brackets are open. */
export interface OpenCall {
  /** The name before the bracket, with dots; '' where there is none. */
  readonly callee: string
  /** Offset of the bracket. */
  readonly start: number
  readonly bracket: '(' | '[' | '{'
  /** Number of arguments before the place. */
  argument: number
}

export interface ScanState {
  readonly state: 'code' | 'string' | 'comment' | 'outside'
  /** In a string: the offset behind its opening quote. */
  readonly stringStart: number
  /** Calls and brackets that are open, the innermost last. */
  readonly open: readonly OpenCall[]
}

/** The quotes of YAML that an expression stands in. */
export type YamlQuote = "'" | '"' | undefined

const NAME_BEFORE = /[\p{XID_Start}_][\p{XID_Continue}.]*$/u
/** A callee longer than this is no name. */
const MAX_NAME = 200

/**
 * Reads an expression from its first character to a place. Quotes of YAML are taken off: in single quotes `''` is a quote, in
 * double quotes `\"` is.
 *
 * @param text the file
 * @param start offset of the first character of the expression
 * @param end the place
 */
export function scanExpression(text: string, start: number, end: number, yamlQuote: YamlQuote): ScanState {
  const open: OpenCall[] = []
  /** Strings that are open: one in a field of an f-string is in another one. */
  const strings: { quote: string; start: number; formatted: boolean; fields: number }[] = []
  let position = start
  while (position < end) {
    const string = strings.at(-1)
    const inText = string !== undefined && string.fields === 0
    const char = text[position]!
    const width = quoteWidth(text, position, yamlQuote)
    if (width === 0) {
      if (!inText) {
        if (char === '#' && yamlQuote === undefined) {
          const lineEnd = text.indexOf('\n', position)
          if (lineEnd === -1 || lineEnd >= end) return { state: 'comment', stringStart: -1, open }
          position = lineEnd
        } else if (char === '(' || char === '[' || char === '{') {
          const before = text.slice(Math.max(start, position - MAX_NAME), position)
          const callee = NAME_BEFORE.exec(before)?.[0] ?? ''
          open.push({ callee, start: position, bracket: char, argument: 0 })
          if (string !== undefined && char === '{') string.fields++
        } else if (char === ')' || char === ']' || char === '}') {
          open.pop()
          if (string !== undefined && char === '}') string.fields--
        } else if (char === ',') {
          const call = open.at(-1)
          if (call !== undefined) call.argument++
        }
      } else if (char === '\\') position += yamlQuote === '"' && text[position + 1] === '\\' ? 2 : 1
      else if (char === '{' && string.formatted) {
        if (text[position + 1] === '{') position++
        else {
          string.fields++
          open.push({ callee: '', start: position, bracket: '{', argument: 0 })
        }
      }
      position++
      continue
    }
    if (width < 0) return { state: 'outside', stringStart: -1, open: [] }
    const quote = yamlQuote === "'" && width === 2 ? "'" : yamlQuote === '"' && width === 2 ? '"' : char
    if (string !== undefined && string.quote[0] === quote && inText) {
      if (string.quote.length === 1 || isTriple(text, position, quote, width)) {
        strings.pop()
        position += width * string.quote.length
      } else position += width
    } else if (!inText) {
      const prefix = /[A-Za-z]{0,2}$/.exec(text.slice(Math.max(start, position - 2), position))![0]
      const triple = isTriple(text, position, quote, width)
      position += triple ? 3 * width : width
      strings.push({
        quote: triple ? quote.repeat(3) : quote,
        start: position,
        formatted: /f/i.test(prefix),
        fields: 0,
      })
    } else position += width
  }
  const string = strings.at(-1)
  if (string !== undefined && string.fields === 0) {
    return { state: 'string', stringStart: string.start, open }
  }
  return { state: 'code', stringStart: -1, open }
}

/** The characters that a quote at a place takes; 0: there is none; -1: the text in YAML's quotes ends. */
function quoteWidth(text: string, position: number, yamlQuote: YamlQuote): number {
  const char = text[position]
  if (yamlQuote === '"' && char === '\\' && text[position + 1] === '"') return 2
  if (char !== "'" && char !== '"') return 0
  if (char !== yamlQuote) return 1
  return yamlQuote === "'" && text[position + 1] === "'" ? 2 : -1
}

function isTriple(text: string, position: number, quote: string, width: number): boolean {
  const one = text.slice(position, position + width)
  return one.endsWith(quote) && text.startsWith(one.repeat(3), position)
}
