/**
 * Tokens to tree: recursive descent, with the binary operators' precedence from the table of operators. Constructs that are
 * understood but refused are noted as faults, and reading goes on, so that one load reports them all.
 */

import { unquotedHint } from '../check/familiar.ts'
import { suggest } from '../check/suggest.ts'
import type {
  Argument,
  CastType,
  Comparison,
  Constant,
  Element,
  Expression,
  Fault,
  FormattedString,
  FormattedValue,
  Slice,
} from './ast.ts'
import { formattedParts, joinTexts } from './formatted-string.ts'
import type { Token } from './lex.ts'
import { lex } from './lex.ts'
import type { ComparisonOperator } from './operators.ts'
import { isBinaryOperator, isComparison, isSign, precedenceOf } from './operators.ts'
import { DisplayParser } from './parse-displays.ts'
import { SyntaxFault } from './syntax-fault.ts'
import { KEYWORDS, span } from './token-cursor.ts'

const CAST_TYPES: readonly CastType[] = ['str', 'int', 'float', 'bool']

const LITERALS: ReadonlyMap<string, boolean | null> = new Map([
  ['True', true],
  ['true', true],
  ['False', false],
  ['false', false],
  ['None', null],
  ['null', null],
])

interface Parsed {
  /** Undefined where the text could not be read at all. */
  readonly expression: Expression | undefined
  readonly faults: readonly Fault[]
}

/** Reads a rule's expression. */
export function parseExpression(text: string): Parsed {
  const faults: Fault[] = []
  try {
    const parser = new Parser(text, lex(text, { mode: 'expression' }, faults), faults)
    const expression = parser.whole()
    return { expression, faults: explained(text, faults) }
  } catch (error) {
    if (!(error instanceof SyntaxFault)) throw error
    return { expression: undefined, faults: explained(text, [...faults, error.fault]) }
  }
}

/** Where the whole text is a constant that is not quoted, that is all there is to say. */
function explained(text: string, faults: readonly Fault[]): readonly Fault[] {
  const [first] = faults
  const hint = first && unquotedHint(text)
  return first === undefined || hint === undefined ? faults : [{ ...first, hint }]
}

export class Parser extends DisplayParser {
  /** The whole text is one expression; a bare `a, b` is a tuple. */
  whole(): Expression {
    if (this.token.kind === 'end') {
      throw new SyntaxFault('the expression is empty', 0, Math.max(1, this.text.trimEnd().length))
    }
    const expression = this.expressionList()
    if (this.ahead(0)!.kind !== 'end') throw this.unexpected()
    return expression
  }

  // --- expressions, loosest first ---------------------------------------------------------------------------

  protected override expression(): Expression {
    return this.deeper(() => this.#conditional())
  }

  /**
   *     a if b else c
   *     ^
   */
  #conditional(): Expression {
    if (this.at('lambda')) return this.#lambda()
    if (this.at('yield')) return this.#refusedPrefix("'yield' is not supported")
    const then = this.disjunction()
    if (this.at(':=')) {
      const operator = this.advance()
      this.fault(operator, "':=' is not supported", "write '==' to compare")
      this.expression()
      return then
    }
    if (!this.take('if')) return then
    const test = this.disjunction()
    this.expect('else', "after 'x if c'")
    const otherwise = this.expression()
    return { kind: 'conditional', test, then, otherwise, start: then.start, end: otherwise.end }
  }

  /**
   * Refused, and read on.
   *
   *     lambda x: x
   *     ^
   */
  #lambda(): Expression {
    const keyword = this.advance()
    this.fault(
      keyword,
      "'lambda' is not supported",
      'use a comprehension, or key= with the name of a function',
    )
    while (!this.at(':') && this.token.kind !== 'end' && this.token.kind !== 'newline') this.advance()
    this.expect(':', "after 'lambda'")
    return this.expression()
  }

  #refusedPrefix(message: string): Expression {
    this.fault(this.advance(), message)
    return this.expression()
  }

  /**
   *     a or b and not c
   *     ^
   */
  protected override disjunction(): Expression {
    let left = this.#conjunction()
    while (this.at('or')) {
      this.countedOperator()
      const right = this.#conjunction()
      left = { kind: 'logical', operator: 'or', left, right, start: left.start, end: right.end }
    }
    return left
  }

  /**
   *     a or b and not c
   *          ^
   */
  #conjunction(): Expression {
    let left = this.#inversion()
    while (this.at('and')) {
      this.countedOperator()
      const right = this.#inversion()
      left = { kind: 'logical', operator: 'and', left, right, start: left.start, end: right.end }
    }
    return left
  }

  /**
   *     a or b and not c
   *                ^
   */
  #inversion(): Expression {
    if (!this.at('not')) return this.#comparison()
    const { start } = this.advance()
    const operand = this.deeper(() => this.#inversion())
    return { kind: 'unary', operator: 'not', operand, start, end: operand.end }
  }

  /**
   *     a < b <= c
   *     ^
   */
  #comparison(): Expression {
    const first = this.binary(1)
    const rest: Comparison['rest'][number][] = []
    for (;;) {
      const operator = this.#comparisonOperator()
      if (operator === undefined) break
      rest.push({ operator, operand: this.binary(1) })
    }
    if (rest.length === 0) return first
    return { kind: 'comparison', first, rest, start: first.start, end: rest.at(-1)!.operand.end }
  }

  /**
   *     a < b    a not in b    a is not b
   *       ^        ^             ^
   */
  #comparisonOperator(): ComparisonOperator | undefined {
    const { kind, text } = this.token
    if (kind === 'operator' && isComparison(text)) {
      this.advance()
      return text
    }
    if (this.take('in')) return 'in'
    if (this.at('not') && this.ahead(1)?.text === 'in') {
      this.advance()
      this.advance()
      return 'not in'
    }
    if (this.take('is')) return this.take('not') ? 'is not' : 'is'
    return undefined
  }

  /**
   *     a + b * -c
   *     ^
   *
   * @param least the precedence that operators have to have; `b` above is read with that of `*`
   */
  protected override binary(least: number): Expression {
    let left = this.#unary()
    for (;;) {
      const { kind, text } = this.token
      const precedence = kind === 'operator' ? precedenceOf(text) : undefined
      if (precedence === undefined || precedence < least) return left
      const operator = this.countedOperator()
      const isRefused = !isBinaryOperator(text)
      if (isRefused) this.fault(operator, `no type supports '${text}'`)
      const right = this.binary(precedence + 1)
      left = {
        kind: 'binary',
        operator: isRefused ? '*' : text,
        left,
        right,
        start: left.start,
        end: right.end,
      }
    }
  }

  /**
   *     -a ** b    ~a
   *     ^          ^
   */
  #unary(): Expression {
    const { kind, text } = this.token
    if (kind !== 'operator' || !isSign(text)) return this.power()
    const { start } = this.advance()
    const operand = this.deeper(() => this.#unary())
    if (text === '-' && operand.kind === 'constant' && this.#isNumber(operand)) {
      return { kind: 'constant', value: -(operand.value as number), start, end: operand.end }
    }
    return { kind: 'unary', operator: text, operand, start, end: operand.end }
  }

  #isNumber(constant: Constant): boolean {
    return typeof constant.value === 'number' || typeof constant.value === 'bigint'
  }

  /**
   *     a.b ** -c
   *     ^
   */
  protected override power(): Expression {
    const base = this.#postfix()
    if (!this.at('**')) return base
    this.advance()
    const exponent = this.deeper(() => this.#unary())
    return {
      kind: 'binary',
      operator: '**',
      left: base,
      right: exponent,
      start: base.start,
      end: exponent.end,
    }
  }

  /**
   *     a.b(c)[d]::str
   *     ^
   */
  #postfix(): Expression {
    let expression = this.#atom()
    for (;;) {
      if (this.at('.')) expression = this.#attribute(expression)
      else if (this.at('(')) expression = this.#call(expression)
      else if (this.at('[')) expression = this.#subscript(expression)
      else if (this.#atCast()) expression = this.#cast(expression)
      else return expression
    }
  }

  /**
   *     a.b
   *      ^
   */
  #attribute(object: Expression): Expression {
    this.advance()
    const name = this.token
    if (name.kind !== 'name' || KEYWORDS.has(name.text)) throw this.unexpected("expected a name after '.'")
    this.advance()
    if (name.text.startsWith('_')) {
      this.fault(
        name,
        `a name after a dot may not begin with '_': ${name.text}`,
        `a member of that name is written ...['${name.text}']`,
      )
    }
    return {
      kind: 'attribute',
      object,
      name: name.text,
      nameStart: name.start,
      start: object.start,
      end: name.end,
    }
  }

  /**
   *     a(b, key=c)
   *      ^
   */
  #call(callee: Expression): Expression {
    this.advance()
    const args: Argument[] = []
    while (!this.at(')')) {
      args.push(this.#argument())
      if (!this.take(',')) break
    }
    const close = this.expect(')', 'or a comma between arguments')
    const generator = args.find((argument) => isBareGenerator(argument.value, this.text))
    if (generator !== undefined && args.length > 1) {
      this.fault(generator, 'a generator among other arguments needs parentheses')
    }
    return { kind: 'call', callee, args, start: callee.start, end: close.end }
  }

  /**
   *     a(b, key=c)    a(x for x in b)
   *       ^  ^           ^
   */
  #argument(): Argument {
    const { start } = this.token
    if (this.at('*') || this.at('**')) {
      const star = this.advance()
      this.fault(star, `'${star.text}' arguments are not supported`, 'give the arguments one by one')
      const value = this.expression()
      return { name: undefined, value, start, end: value.end }
    }
    if (this.token.kind === 'name' && this.ahead(1)?.text === '=') {
      const name = this.advance().text
      this.advance()
      const value = this.expression()
      return { name, value, start, end: value.end }
    }
    const element = this.expression()
    if (!this.at('for') && !this.at('async'))
      return { name: undefined, value: element, start, end: element.end }
    const clauses = this.clauses()
    const end = this.ahead(-1)!.end
    const value: Expression = {
      kind: 'comprehension',
      result: 'generator',
      key: undefined,
      element,
      clauses,
      start,
      end,
    }
    return { name: undefined, value, start, end }
  }

  /**
   *     a[b]    a[b:c]    a[b, c]
   *      ^       ^         ^
   */
  #subscript(object: Expression): Expression {
    this.advance()
    const first = this.#sliceOrExpression()
    if (this.at(',')) {
      const elements: Element[] = [{ value: this.#noSlice(first), spread: false }]
      while (this.take(',')) {
        if (this.at(']')) break
        elements.push({ value: this.#noSlice(this.#sliceOrExpression()), spread: false })
      }
      const close = this.expect(']', 'to close the subscript')
      const index = this.tuple(elements, first.start, close.start)
      return { kind: 'subscript', object, index, start: object.start, end: close.end }
    }
    const close = this.expect(']', 'to close the subscript')
    return { kind: 'subscript', object, index: first, start: object.start, end: close.end }
  }

  #noSlice(index: Expression | Slice): Expression {
    if (index.kind !== 'slice') return index
    throw new SyntaxFault('a slice cannot stand in a tuple', index.start, index.end)
  }

  /**
   *     a[b]    a[b:c:d]
   *       ^       ^
   */
  #sliceOrExpression(): Expression | Slice {
    const { start } = this.token
    const lower = this.at(':') ? undefined : this.expression()
    if (!this.at(':')) return lower!
    this.advance()
    const upper = this.at(':') || this.at(']') || this.at(',') ? undefined : this.expression()
    let step: Expression | undefined
    if (this.take(':') && !this.at(']') && !this.at(',')) step = this.expression()
    return { kind: 'slice', lower, upper, step, start, end: this.ahead(-1)!.end }
  }

  /** `::` and a type. In a subscript, `a[x::step]` with any other name is a slice. */
  #atCast(): boolean {
    const second = this.ahead(1)
    if (!this.at(':') || second?.text !== ':' || this.token.end !== second.start) return false
    const name = this.ahead(2)
    if (name?.kind !== 'name') return false
    return (CAST_TYPES as readonly string[]).includes(name.text) || !this.insideSubscript()
  }

  /**
   *     a::str
   *      ^
   */
  #cast(operand: Expression): Expression {
    this.advance()
    this.advance()
    const name = this.advance()
    const type = CAST_TYPES.find((candidate) => candidate === name.text)
    if (type === undefined) {
      const near = suggest(name.text, CAST_TYPES)
      this.fault(
        name,
        `unknown type '${name.text}' in a cast`,
        near === undefined ? 'the types are str, int, float and bool' : `did you mean '${near}'?`,
      )
    }
    return { kind: 'cast', operand, type: type ?? 'str', start: operand.start, end: name.end }
  }

  // --- atoms ------------------------------------------------------------------------------------------------

  /**
   *     1    'text'    name    (a)    [a]    {a}
   *     ^    ^         ^       ^      ^      ^
   */
  #atom(): Expression {
    const token = this.token
    switch (token.kind) {
      case 'number':
        this.advance()
        return { kind: 'constant', value: token.value!, ...span(token, token) }
      case 'string':
        return this.#strings()
      case 'name':
        return this.#name()
      case 'operator':
        if (token.text === '(') return this.deeper(() => this.parenthesized())
        if (token.text === '[') return this.deeper(() => this.list())
        if (token.text === '{') return this.deeper(() => this.braces())
        if (token.text === '...') throw new SyntaxFault("'...' is not supported", token.start, token.end)
    }
    throw this.unexpected('expected a value')
  }

  /**
   *     name    None    True
   *     ^       ^       ^
   */
  #name(): Expression {
    const token = this.token
    if (LITERALS.has(token.text)) {
      this.advance()
      return { kind: 'constant', value: LITERALS.get(token.text)!, ...span(token, token) }
    }
    if (token.text === 'await') return this.#refusedPrefix("'await' is not supported")
    if (KEYWORDS.has(token.text)) throw this.unexpected('expected a value')
    this.advance()
    return { kind: 'name', name: token.text, ...span(token, token) }
  }

  /**
   * String literals side by side are one string.
   *
   *     'a' f'{b}'
   *     ^
   */
  #strings(): Expression {
    const first = this.token
    const tokens: Token[] = []
    while (this.token.kind === 'string') tokens.push(this.advance())
    const end = tokens.at(-1)!.end
    if (tokens.every((token) => !token.string!.formatted)) {
      const value = tokens.map((token) => token.string!.value).join('')
      const offsets = tokens.flatMap((token) => token.string!.offsets!)
      return { kind: 'constant', value, offsets, start: first.start, end }
    }
    const readField = (from: number, to: number): Expression => this.#fieldValue(from, to)
    const parts: (string | FormattedValue)[] = []
    for (const { string } of tokens) {
      if (string!.formatted) parts.push(...formattedParts(this.text, string!, readField))
      else parts.push(string!.value!)
    }
    return { kind: 'formatted', parts: joinTexts(parts), start: first.start, end } satisfies FormattedString
  }

  /** The expression of a field of an f-string: a text of its own within this one. */
  #fieldValue(start: number, end: number): Expression {
    const tokens = lex(this.text, { mode: 'expression', start, end }, this.faults)
    return new Parser(this.text, tokens, this.faults).whole()
  }
}

/** The generator was written without parentheses of its own. */
function isBareGenerator(value: Expression, text: string): boolean {
  return value.kind === 'comprehension' && value.result === 'generator' && text[value.start] !== '('
}
