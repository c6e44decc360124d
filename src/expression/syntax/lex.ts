/**
 * Text to tokens. Two modes: an expression (a rule's), where a line end is white space as if the whole stood
 * in parentheses, and statements (`tap`), where indentation counts as in Python.
 */

import { characterHint } from '../check/familiar.ts'
import { integerFromOutside } from '../runtime/numbers/huge-integer.ts'
import type { Value } from '../value.ts'
import { MAX_INTEGER } from '../value.ts'
import type { Fault } from './ast.ts'
import { OPERATOR_TEXTS } from './operators.ts'
import { decodeString } from './string-literal.ts'
import { SyntaxFault } from './syntax-fault.ts'

export type TokenKind = 'name' | 'number' | 'string' | 'operator' | 'newline' | 'indent' | 'dedent' | 'end'

export interface Token {
  readonly kind: TokenKind
  /** As written; for a name in NFKC, as Python reads it. */
  readonly text: string
  readonly start: number
  readonly end: number
  /** The number. */
  readonly value?: Value
  /** The string's prefix, quotes and body. */
  readonly string?: StringToken
}

export interface StringToken {
  readonly formatted: boolean
  readonly raw: boolean
  /** Offsets of the body, between the quotes. */
  readonly bodyStart: number
  readonly bodyEnd: number
  /** Value and offsets; undefined for a formatted string, whose parts the parser takes apart. */
  readonly value?: string
  readonly offsets?: readonly number[]
}

const PUNCTUATION = ['...', '->', ':=', '(', ')', '[', ']', '{', '}', ',', ':', '.', ';', '=', '!']

/** The longest first: `**=` is not `**` and `=`. */
const OPERATORS = [...OPERATOR_TEXTS, ...PUNCTUATION].sort((one, other) => other.length - one.length)

const NAME = /[\p{XID_Start}_][\p{XID_Continue}]*/uy
const NUMBER =
  /0[xX](?:_?[0-9a-fA-F])+|0[oO](?:_?[0-7])+|0[bB](?:_?[01])+|(?:\d(?:_?\d)*)?\.\d(?:_?\d)*(?:[eE][+-]?\d(?:_?\d)*)?|\d(?:_?\d)*\.?(?:[eE][+-]?\d(?:_?\d)*)?/y
const STRING_START = /([A-Za-z]{0,2})('''|"""|'|")/y

interface LexOptions {
  readonly mode: 'expression' | 'statements'
  /** Where to begin and end; the whole text by default. */
  readonly start?: number
  readonly end?: number
}

/**
 * @param faults where constructs go that are refused but understood (`b''`), so that reading can go on
 * @throws {SyntaxFault} at the first thing that is no token
 */
export function lex(text: string, options: LexOptions, faults: Fault[]): Token[] {
  return new Lexer(text, options, faults).run()
}

class Lexer {
  readonly #text: string
  readonly #end: number
  readonly #statements: boolean
  readonly #faults: Fault[]
  readonly #tokens: Token[] = []
  readonly #brackets: Token[] = []
  readonly #indents: string[] = ['']
  #position: number

  constructor(text: string, options: LexOptions, faults: Fault[]) {
    this.#text = text
    this.#position = options.start ?? 0
    this.#end = options.end ?? text.length
    this.#statements = options.mode === 'statements'
    this.#faults = faults
  }

  run(): Token[] {
    if (this.#statements) this.#indentation()
    while (this.#position < this.#end) this.#next()
    const bracket = this.#brackets.at(-1)
    if (bracket !== undefined) {
      throw new SyntaxFault(`'${bracket.text}' was never closed`, bracket.start, bracket.end)
    }
    if (this.#statements) {
      if (this.#tokens.length > 0 && this.#tokens.at(-1)!.kind !== 'newline') this.#push('newline', this.#end)
      while (this.#indents.length > 1) {
        this.#indents.pop()
        this.#push('dedent', this.#end)
      }
    }
    this.#push('end', this.#end)
    return this.#tokens
  }

  #next(): void {
    const text = this.#text
    const start = this.#position
    const char = text[start]!
    if (char === '\n' || char === '\r') {
      this.#lineEnd()
      return
    }
    if (char === ' ' || char === '\t' || char === '\f' || char === '\ufeff') {
      this.#position++
      return
    }
    if (char === '#') {
      while (this.#position < this.#end && text[this.#position] !== '\n') this.#position++
      return
    }
    if (char === '\\' && /^\r?\n/.test(text.slice(start + 1, start + 3))) {
      this.#position = text.indexOf('\n', start) + 1
      return
    }
    STRING_START.lastIndex = start
    const opening = STRING_START.exec(text)
    if (opening !== null) {
      this.#string(start, opening[1]!, opening[2]!)
      return
    }
    if ((char >= '0' && char <= '9') || (char === '.' && /\d/.test(text[start + 1] ?? ''))) {
      this.#number(start)
      return
    }
    NAME.lastIndex = start
    const name = NAME.exec(text)
    if (name !== null) {
      this.#push('name', start + name[0].length, name[0].normalize('NFKC'))
      return
    }
    const operator = OPERATORS.find((candidate) => text.startsWith(candidate, start))
    if (operator === undefined) throw this.#unknown(start)
    this.#operator(operator, start)
  }

  #operator(operator: string, start: number): void {
    const end = start + operator.length
    const closes = { ')': '(', ']': '[', '}': '{' }[operator]
    if (closes !== undefined) {
      const open = this.#brackets.pop()
      if (open === undefined) throw new SyntaxFault(`'${operator}' closes nothing`, start, end)
      if (open.text !== closes) {
        throw new SyntaxFault(`'${operator}' does not close '${open.text}'`, start, end)
      }
    }
    this.#push('operator', end, operator)
    if (operator === '(' || operator === '[' || operator === '{') this.#brackets.push(this.#tokens.at(-1)!)
  }

  #lineEnd(): void {
    const start = this.#position
    this.#position += this.#text.startsWith('\r\n', start) ? 2 : 1
    if (!this.#statements || this.#brackets.length > 0) return
    const last = this.#tokens.at(-1)
    if (last !== undefined && last.kind !== 'newline' && last.kind !== 'indent' && last.kind !== 'dedent') {
      this.#tokens.push({ kind: 'newline', text: '\n', start, end: this.#position })
    }
    this.#indentation()
  }

  /** At the start of a line: compares its indentation with the open blocks'. Blank lines do not count. */
  #indentation(): void {
    const text = this.#text
    let end = this.#position
    while (end < this.#end && (text[end] === ' ' || text[end] === '\t')) end++
    const char = text[end]
    if (end >= this.#end || char === '\n' || char === '\r' || char === '#') {
      this.#position = end
      return
    }
    const indent = text.slice(this.#position, end)
    const start = this.#position
    this.#position = end
    const current = this.#indents.at(-1)!
    if (indent === current) return
    if (indent.startsWith(current)) {
      if (this.#tokens.length === 0) throw new SyntaxFault('unexpected indent', start, end)
      this.#indents.push(indent)
      this.#tokens.push({ kind: 'indent', text: indent, start, end })
      return
    }
    while (this.#indents.length > 1 && this.#indents.at(-1) !== indent) {
      this.#indents.pop()
      this.#tokens.push({ kind: 'dedent', text: '', start: end, end })
    }
    if (this.#indents.at(-1) !== indent) {
      const hint = indent.includes('\t') ? 'indent with spaces only' : undefined
      throw new SyntaxFault('this indentation matches no line above', start, end, hint)
    }
  }

  #number(start: number): void {
    NUMBER.lastIndex = start
    const written = NUMBER.exec(this.#text)![0]
    const end = start + written.length
    const next = this.#text.slice(end, end + 1)
    if (/[jJ]/.test(next)) throw new SyntaxFault('complex numbers are not supported', start, end + 1)
    if (/[\p{XID_Continue}]/u.test(next) && !this.#keywordAt(end)) {
      throw new SyntaxFault(`invalid number '${written}${next}'`, start, end + 1)
    }
    if (/^0[\d_]*[1-9]/.test(written) && /^[\d_]+$/.test(written)) {
      const hint = `write ${written.replace(/^[0_]+/, '')}, or 0o${written.replace(/^[0_]+/, '')} for octal`
      throw new SyntaxFault('leading zeros in a number are not allowed', start, end, hint)
    }
    this.#push('number', end, written, numberValue(written.replaceAll('_', '')))
  }

  /** CPython takes `1if x else 2`: a keyword may follow a number at once. */
  #keywordAt(offset: number): boolean {
    return /^(?:and|else|for|if|in|is|not|or)\b/.test(this.#text.slice(offset, offset + 5))
  }

  #string(start: number, prefix: string, quote: string): void {
    const flags = prefix.toLowerCase()
    const bodyStart = start + prefix.length + quote.length
    if (!['', 'r', 'u', 'f', 'rf', 'fr', 'b', 'rb', 'br'].includes(flags)) {
      throw new SyntaxFault(`a string cannot have the prefix '${prefix}'`, start, start + prefix.length)
    }
    if (flags.includes('b')) {
      this.#faults.push({
        message: 'bytes are not supported: an event holds text',
        start,
        end: start + prefix.length,
        hint: `leave out the '${prefix}' before the quote`,
      })
    }
    const bodyEnd = this.#stringEnd(start, bodyStart, quote)
    const formatted = flags.includes('f')
    const raw = flags.includes('r')
    const end = bodyEnd + quote.length
    const decoded = formatted ? undefined : decodeString(this.#text, bodyStart, bodyEnd, raw)
    this.#position = end
    this.#tokens.push({
      kind: 'string',
      text: this.#text.slice(start, end),
      start,
      end,
      string: { formatted, raw, bodyStart, bodyEnd, ...decoded },
    })
  }

  #stringEnd(start: number, bodyStart: number, quote: string): number {
    const text = this.#text
    for (let index = bodyStart; index < this.#end; index++) {
      const char = text[index]
      if (char === '\\') index++
      else if (char === quote[0] && text.startsWith(quote, index)) {
        if (index + quote.length <= this.#end) return index
      } else if (char === '\n' && quote.length === 1) break
    }
    throw new SyntaxFault('the string is not closed', start, bodyStart, `end it with ${quote}`)
  }

  #unknown(start: number): SyntaxFault {
    const char = String.fromCodePoint(this.#text.codePointAt(start)!)
    const end = start + char.length
    if (/[\u2018\u2019\u201c\u201d\u00ab\u00bb]/.test(char)) {
      return new SyntaxFault(`'${char}' is not a quote`, start, end, `write ' or "`)
    }
    return new SyntaxFault(
      `unexpected character '${char}'`,
      start,
      end,
      characterHint(this.#text.slice(0, this.#end), start),
    )
  }

  #push(kind: TokenKind, end: number, text = '', value?: Value): void {
    const start = kind === 'name' || kind === 'number' || kind === 'operator' ? this.#position : end
    this.#tokens.push(value === undefined ? { kind, text, start, end } : { kind, text, start, end, value })
    this.#position = end
  }
}

function numberValue(text: string): Value {
  if (/^(?:0[xXoObB]|\d+$)/.test(text)) {
    const exact = BigInt(text)
    return exact <= BigInt(MAX_INTEGER) ? Number(exact) : integerFromOutside(exact)
  }
  return Number(text)
}
