/** The tokens of a text, and the place where a parser stands among them. */
import { tokenHint } from '../check/familiar.ts'
import type { Fault, Span } from './ast.ts'
import type { Token } from './lex.ts'
import { SyntaxFault } from './syntax-fault.ts'

/** Python's keywords: none of them is a field's name. */
export const KEYWORDS: ReadonlySet<string> = new Set(
  (
    'and as assert async await break class continue def del elif else except finally for from global if import ' +
    'in is lambda nonlocal not or pass raise return try while with yield'
  ).split(' '),
)

/** An expression may have this many binary operators: checking and generated code recurse as deep. */
const MAX_OPERATORS = 1000

/** Brackets and prefixes may nest this deep; generated code of that depth still compiles. */
const MAX_DEPTH = 100

export class TokenCursor {
  protected readonly text: string
  protected readonly faults: Fault[]
  readonly #tokens: readonly Token[]
  #index = 0
  #depth = 0
  #operators = 0

  constructor(text: string, tokens: readonly Token[], faults: Fault[]) {
    this.text = text
    this.faults = faults
    this.#tokens = tokens
  }

  protected get token(): Token {
    return this.#tokens[this.#index]!
  }

  protected ahead(distance: number): Token | undefined {
    return this.#tokens[this.#index + distance]
  }

  protected advance(): Token {
    return this.#tokens[this.#index++]!
  }

  protected at(text: string): boolean {
    const { kind, text: actual } = this.token
    return actual === text && (kind === 'operator' || kind === 'name')
  }

  protected take(text: string): boolean {
    if (!this.at(text)) return false
    this.#index++
    return true
  }

  /** Tokens read so far. */
  protected get position(): number {
    return this.#index
  }

  /** After a fault: brackets that were open are forgotten. */
  protected leaveBrackets(): void {
    this.#depth = 0
  }

  protected expect(text: string, where: string): Token {
    if (!this.at(text)) throw this.unexpected(`expected '${text}' ${where}`)
    return this.advance()
  }

  protected fault(span: Span, message: string, hint?: string): void {
    this.faults.push({
      message,
      start: span.start,
      end: span.end,
      ...(hint === undefined ? undefined : { hint }),
    })
  }

  protected unexpected(expected?: string): SyntaxFault {
    const { kind, text, start, end } = this.token
    const found =
      kind === 'end'
        ? 'the expression ends here'
        : kind === 'newline'
          ? 'the line ends here'
          : kind === 'indent'
            ? 'unexpected indentation'
            : kind === 'dedent'
              ? 'the block ends here'
              : `unexpected ${kind === 'name' && KEYWORDS.has(text) ? 'keyword ' : ''}${quote(text)}`
    const message = expected === undefined ? found : `${expected}, but ${found}`
    return new SyntaxFault(message, start, Math.max(end, start + 1), this.#hint())
  }

  #hint(): string | undefined {
    const isKeyword = (text: string): boolean => KEYWORDS.has(text)
    return tokenHint(this.text, this.ahead(-1), this.token, this.ahead(1), isKeyword)
  }

  /** Reads something inside brackets, or behind a prefix. */
  protected deeper<T>(read: () => T): T {
    if (this.#depth === 0) this.#operators = 0
    if (++this.#depth > MAX_DEPTH) {
      throw new SyntaxFault('the expression nests too deeply', this.token.start, this.token.end)
    }
    const result = read()
    this.#depth--
    return result
  }

  /** Takes an operator that makes the tree deeper. */
  protected countedOperator(): Token {
    const operator = this.advance()
    if (++this.#operators > MAX_OPERATORS) {
      const hint = `more than ${MAX_OPERATORS} operators: split it over several rules, or use sum, any, all or a table`
      throw new SyntaxFault('the expression is too long', operator.start, operator.end, hint)
    }
    return operator
  }

  /** The innermost bracket that is open is a subscript's. */
  protected insideSubscript(): boolean {
    let depth = 0
    for (let index = this.#index - 1; index >= 0; index--) {
      const { kind, text } = this.#tokens[index]!
      if (kind !== 'operator') continue
      if (text === ')' || text === ']' || text === '}') depth++
      else if (text === '(' || text === '[' || text === '{') {
        if (depth === 0) return text === '['
        depth--
      }
    }
    return false
  }
}

/** The place of something that begins with one token and ends with another. */
export function span(from: Span, to: Span): Span {
  return { start: from.start, end: to.end }
}

function quote(text: string): string {
  return text.startsWith("'") ? text : `'${text}'`
}
