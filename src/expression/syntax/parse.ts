/**
 * Tokens to tree: recursive descent, with the binary operators' precedence from the table of operators. Constructs that are
 * understood but refused are noted as faults, and reading goes on, so that one load reports them all.
 */

import { tokenHint, unquotedHint } from '../check/familiar.ts'
import { suggest } from '../check/suggest.ts'
import { Tuple } from '../value.ts'
import type {
  Argument,
  CastType,
  Comparison,
  ComprehensionClause,
  Constant,
  Element,
  Expression,
  Fault,
  FormattedString,
  FormattedValue,
  Slice,
  Span,
  Target,
} from './ast.ts'
import { expressionEnd, literalEnd, unclosed } from './formatted-field.ts'
import type { StringToken, Token } from './lex.ts'
import { lex } from './lex.ts'
import type { ComparisonOperator } from './operators.ts'
import { isBinaryOperator, isComparison, isSign, precedenceOf } from './operators.ts'
import { decodeString } from './string-literal.ts'
import { SyntaxFault } from './syntax-fault.ts'

const CAST_TYPES: readonly CastType[] = ['str', 'int', 'float', 'bool']

/** Python's keywords: none of them is a field's name. */
const KEYWORDS: ReadonlySet<string> = new Set(
  (
    'and as assert async await break class continue def del elif else except finally for from global if import ' +
    'in is lambda nonlocal not or pass raise return try while with yield'
  ).split(' '),
)

const LITERALS: ReadonlyMap<string, boolean | null> = new Map([
  ['True', true],
  ['true', true],
  ['False', false],
  ['false', false],
  ['None', null],
  ['null', null],
])

/** An expression may have this many binary operators: checking and generated code recurse as deep. */
const MAX_OPERATORS = 1000

/** Brackets and prefixes may nest this deep; generated code of that depth still compiles. */
const MAX_DEPTH = 100

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

export class Parser {
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

  /** The whole text is one expression; a bare `a, b` is a tuple. */
  whole(): Expression {
    if (this.token.kind === 'end') {
      throw new SyntaxFault('the expression is empty', 0, Math.max(1, this.text.trimEnd().length))
    }
    const expression = this.expressionList()
    if (this.ahead(0)!.kind !== 'end') throw this.unexpected()
    return expression
  }

  // --- tokens -----------------------------------------------------------------------------------------------

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

  #deeper<T>(read: () => T): T {
    if (this.#depth === 0) this.#operators = 0
    if (++this.#depth > MAX_DEPTH) {
      throw new SyntaxFault('the expression nests too deeply', this.token.start, this.token.end)
    }
    const result = read()
    this.#depth--
    return result
  }

  // --- lists and displays -----------------------------------------------------------------------------------

  /** `a`, or `a, b` as a tuple. */
  protected expressionList(): Expression {
    const first = this.#element()
    if (!this.at(',')) return this.#single(first)
    const elements = [first]
    while (this.take(',')) {
      if (!this.#startsElement()) break
      elements.push(this.#element())
    }
    return this.#tuple(elements, first.value.start, this.ahead(-1)!.end)
  }

  #startsElement(): boolean {
    const { kind, text } = this.token
    if (kind === 'end' || kind === 'newline' || kind === 'indent' || kind === 'dedent') return false
    if (kind === 'operator') return ['(', '[', '{', '-', '+', '~', '*'].includes(text)
    return kind !== 'name' || !KEYWORDS.has(text) || text === 'not' || text === 'lambda'
  }

  #element(): Element {
    if (this.at('*')) {
      this.advance()
      return { value: this.binary(1), spread: true }
    }
    return { value: this.expression(), spread: false }
  }

  #single(element: Element): Expression {
    if (element.spread) {
      throw new SyntaxFault("'*' needs a list around it", element.value.start - 1, element.value.end)
    }
    return element.value
  }

  #tuple(elements: readonly Element[], start: number, end: number): Expression {
    if (elements.every(isConstantElement)) {
      const items = elements.map((element) => (element.value as Constant).value)
      return { kind: 'constant', value: new Tuple(items), start, end }
    }
    return { kind: 'tuple', elements, start, end }
  }

  #parenthesized(): Expression {
    const open = this.advance()
    if (this.at(')')) return { kind: 'constant', value: new Tuple([]), ...span(open, this.advance()) }
    const first = this.#element()
    if (this.at('for') || this.at('async')) {
      const clauses = this.#clauses()
      const close = this.expect(')', 'after the generator')
      return {
        kind: 'comprehension',
        result: 'generator',
        key: undefined,
        element: this.#single(first),
        clauses,
        ...span(open, close),
      }
    }
    if (this.at(',')) {
      const elements = this.#rest(first, ')')
      return this.#tuple(elements, open.start, this.expect(')', 'or a comma in the tuple').end)
    }
    this.expect(')', `to close the '('`)
    // The span stays that of the inner expression: carets point at what was meant.
    return this.#single(first)
  }

  #rest(first: Element, close: string): Element[] {
    const elements = [first]
    while (this.take(',')) {
      if (this.at(close)) break
      elements.push(this.#element())
    }
    return elements
  }

  #list(): Expression {
    const open = this.advance()
    if (this.at(']')) return { kind: 'list', elements: [], ...span(open, this.advance()) }
    const first = this.#element()
    if (this.at('for') || this.at('async')) {
      const clauses = this.#clauses()
      const close = this.expect(']', 'after the comprehension')
      return {
        kind: 'comprehension',
        result: 'list',
        key: undefined,
        element: this.#single(first),
        clauses,
        ...span(open, close),
      }
    }
    const elements = this.#rest(first, ']')
    return { kind: 'list', elements, ...span(open, this.expect(']', 'or a comma in the list')) }
  }

  #braces(): Expression {
    const open = this.advance()
    if (this.at('}')) return { kind: 'dict', entries: [], ...span(open, this.advance()) }
    if (this.at('**')) return this.#dict(open, undefined)
    const first = this.#element()
    if (this.at(':') && !first.spread) return this.#dict(open, first.value)
    if (this.at('for') || this.at('async')) {
      const clauses = this.#clauses()
      const close = this.expect('}', 'after the comprehension')
      return {
        kind: 'comprehension',
        result: 'set',
        key: undefined,
        element: this.#single(first),
        clauses,
        ...span(open, close),
      }
    }
    const elements = this.#rest(first, '}')
    return { kind: 'set', elements, ...span(open, this.expect('}', 'or a comma in the set')) }
  }

  #dict(open: Token, firstKey: Expression | undefined): Expression {
    const entries = [this.#entry(firstKey)]
    const first = entries[0]!
    if (first.key !== undefined && (this.at('for') || this.at('async'))) {
      const clauses = this.#clauses()
      const close = this.expect('}', 'after the comprehension')
      return {
        kind: 'comprehension',
        result: 'dict',
        key: first.key,
        element: first.value,
        clauses,
        ...span(open, close),
      }
    }
    while (this.take(',')) {
      if (this.at('}')) break
      entries.push(this.#entry(this.at('**') ? undefined : this.expression()))
    }
    return { kind: 'dict', entries, ...span(open, this.expect('}', 'or a comma in the dict')) }
  }

  #entry(key: Expression | undefined): { key: Expression | undefined; value: Expression } {
    if (key === undefined) {
      this.expect('**', 'in the dict')
      return { key, value: this.binary(1) }
    }
    this.expect(':', 'after a key of the dict')
    return { key, value: this.expression() }
  }

  #clauses(): ComprehensionClause[] {
    const clauses: ComprehensionClause[] = []
    while (this.at('for') || this.at('async')) {
      if (this.at('async')) {
        this.fault(this.advance(), "'async' is not supported")
        if (!this.at('for')) throw this.unexpected("expected 'for'")
      }
      this.advance()
      const target = this.targetList('in')
      this.expect('in', "after the names of 'for'")
      const iterable = this.#disjunction()
      const conditions: Expression[] = []
      while (this.take('if')) conditions.push(this.#disjunction())
      clauses.push({ target, iterable, conditions })
    }
    return clauses
  }

  /** `a`, or `a, (b, *c)`: what `for` and `=` assign to. */
  protected targetList(end: string): Target {
    const first = this.#starredTarget()
    if (!this.at(',')) {
      if (first.starred)
        throw new SyntaxFault("'*' needs a list of names", first.target.start - 1, first.target.end)
      return first.target
    }
    const targets = [first]
    while (this.take(',')) {
      if (this.at(end)) break
      targets.push(this.#starredTarget())
    }
    return { kind: 'targets', targets, start: first.target.start, end: this.ahead(-1)!.end }
  }

  #starredTarget(): { target: Target; starred: boolean } {
    const starred = this.take('*')
    return { target: this.asTarget(this.#power()), starred }
  }

  /** Reads an expression that was parsed as a value as something to assign to. */
  protected asTarget(expression: Expression): Target {
    switch (expression.kind) {
      case 'name':
      case 'attribute':
      case 'subscript':
        return expression
      case 'list':
      case 'tuple':
        return {
          kind: 'targets',
          targets: expression.elements.map((element) => ({
            target: this.asTarget(element.value),
            starred: element.spread,
          })),
          start: expression.start,
          end: expression.end,
        }
      default:
        throw new SyntaxFault('cannot assign to this', expression.start, expression.end)
    }
  }

  // --- expressions, loosest first ---------------------------------------------------------------------------

  protected expression(): Expression {
    return this.#deeper(() => this.#conditional())
  }

  #conditional(): Expression {
    if (this.at('lambda')) return this.#lambda()
    if (this.at('yield')) return this.#refusedPrefix("'yield' is not supported")
    const then = this.#disjunction()
    if (this.at(':=')) {
      const operator = this.advance()
      this.fault(operator, "':=' is not supported", "write '==' to compare")
      this.expression()
      return then
    }
    if (!this.take('if')) return then
    const test = this.#disjunction()
    this.expect('else', "after 'x if c'")
    const otherwise = this.expression()
    return { kind: 'conditional', test, then, otherwise, start: then.start, end: otherwise.end }
  }

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

  #disjunction(): Expression {
    let left = this.#conjunction()
    while (this.at('or')) {
      this.#countedOperator()
      const right = this.#conjunction()
      left = { kind: 'logical', operator: 'or', left, right, start: left.start, end: right.end }
    }
    return left
  }

  #conjunction(): Expression {
    let left = this.#inversion()
    while (this.at('and')) {
      this.#countedOperator()
      const right = this.#inversion()
      left = { kind: 'logical', operator: 'and', left, right, start: left.start, end: right.end }
    }
    return left
  }

  #inversion(): Expression {
    if (!this.at('not')) return this.#comparison()
    const { start } = this.advance()
    const operand = this.#deeper(() => this.#inversion())
    return { kind: 'unary', operator: 'not', operand, start, end: operand.end }
  }

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

  #countedOperator(): Token {
    const operator = this.advance()
    if (++this.#operators > MAX_OPERATORS) {
      const hint = `more than ${MAX_OPERATORS} operators: split it over several rules, or use sum, any, all or a table`
      throw new SyntaxFault('the expression is too long', operator.start, operator.end, hint)
    }
    return operator
  }

  protected binary(least: number): Expression {
    let left = this.#unary()
    for (;;) {
      const { kind, text } = this.token
      const precedence = kind === 'operator' ? precedenceOf(text) : undefined
      if (precedence === undefined || precedence < least) return left
      const operator = this.#countedOperator()
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

  #unary(): Expression {
    const { kind, text } = this.token
    if (kind !== 'operator' || !isSign(text)) return this.#power()
    const { start } = this.advance()
    const operand = this.#deeper(() => this.#unary())
    if (text === '-' && operand.kind === 'constant' && this.#isNumber(operand)) {
      return { kind: 'constant', value: -(operand.value as number), start, end: operand.end }
    }
    return { kind: 'unary', operator: text, operand, start, end: operand.end }
  }

  #isNumber(constant: Constant): boolean {
    return typeof constant.value === 'number' || typeof constant.value === 'bigint'
  }

  #power(): Expression {
    const base = this.#postfix()
    if (!this.at('**')) return base
    this.advance()
    const exponent = this.#deeper(() => this.#unary())
    return {
      kind: 'binary',
      operator: '**',
      left: base,
      right: exponent,
      start: base.start,
      end: exponent.end,
    }
  }

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
    const clauses = this.#clauses()
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
      const index = this.#tuple(elements, first.start, close.start)
      return { kind: 'subscript', object, index, start: object.start, end: close.end }
    }
    const close = this.expect(']', 'to close the subscript')
    return { kind: 'subscript', object, index: first, start: object.start, end: close.end }
  }

  #noSlice(index: Expression | Slice): Expression {
    if (index.kind !== 'slice') return index
    throw new SyntaxFault('a slice cannot stand in a tuple', index.start, index.end)
  }

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
    return (CAST_TYPES as readonly string[]).includes(name.text) || !this.#insideSubscript()
  }

  #insideSubscript(): boolean {
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
        if (token.text === '(') return this.#deeper(() => this.#parenthesized())
        if (token.text === '[') return this.#deeper(() => this.#list())
        if (token.text === '{') return this.#deeper(() => this.#braces())
        if (token.text === '...') throw new SyntaxFault("'...' is not supported", token.start, token.end)
    }
    throw this.unexpected('expected a value')
  }

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

  /** One or more string literals side by side: one string. */
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
    const parts: (string | FormattedValue)[] = []
    for (const { string } of tokens) {
      if (string!.formatted) parts.push(...this.#formatted(string!, string!.bodyStart, 0).parts)
      else parts.push(string!.value!)
    }
    return { kind: 'formatted', parts: joinTexts(parts), start: first.start, end } satisfies FormattedString
  }

  /**
   * The parts of an f-string from an offset on: to the string's end, or for a format spec to its closing brace.
   *
   * @param depth 0 for the string itself, 1 for a format spec, which may hold fields but no deeper ones
   */
  #formatted(string: StringToken, start: number, depth: number): FormattedParts {
    const { raw, bodyEnd: limit } = string
    const parts: (string | FormattedValue)[] = []
    let position = start
    for (;;) {
      const end = literalEnd(this.text, position, limit, raw)
      const brace = this.text[end]
      const doubled = depth === 0 && end + 1 < limit && this.text[end + 1] === brace
      const textEnd = doubled ? end + 1 : end
      if (textEnd > position) parts.push(decodeString(this.text, position, textEnd, raw).value)
      if (end >= limit) return { parts, end }
      if (doubled) {
        position = end + 2
      } else if (brace === '}') {
        if (depth > 0) return { parts, end }
        throw new SyntaxFault("a single '}' in an f-string", end, end + 1, "write '}}' for the character")
      } else {
        const field = this.#formattedField(string, end, depth)
        parts.push(...field.parts)
        position = field.end
      }
    }
  }

  #formattedField(string: StringToken, open: number, depth: number): FormattedParts {
    if (depth > 1) throw new SyntaxFault('an f-string nests too deeply', open, open + 1)
    const limit = string.bodyEnd
    const valueEnd = expressionEnd(this.text, open, limit)
    if (this.text.slice(open + 1, valueEnd).trim() === '') {
      throw new SyntaxFault('an f-string has an empty field', open, valueEnd + 1)
    }
    const tokens = lex(this.text, { mode: 'expression', start: open + 1, end: valueEnd }, this.faults)
    const value = new Parser(this.text, tokens, this.faults).whole()
    let position = valueEnd
    // `{x=}` shows the expression's own text before its value.
    let shown: string | undefined
    if (this.text[position] === '=') {
      position++
      while (/\s/.test(this.text[position]!)) position++
      shown = this.text.slice(open + 1, position)
    }
    let conversion: FormattedValue['conversion']
    if (position < limit && this.text[position] === '!') {
      const letter = this.text[position + 1]
      if (position + 1 >= limit || (letter !== 'r' && letter !== 's' && letter !== 'a')) {
        throw new SyntaxFault('a conversion is !r, !s or !a', position, position + 2)
      }
      conversion = letter
      position += 2
    }
    let spec: FormattedValue['spec']
    if (position < limit && this.text[position] === ':') {
      const format = this.#formatted(string, position + 1, depth + 1)
      spec = joinTexts(format.parts)
      position = format.end
    }
    if (position >= limit) throw unclosed(open)
    if (this.text[position] !== '}') {
      throw new SyntaxFault("expected '}' in the f-string", position, position + 1)
    }
    if (shown !== undefined && conversion === undefined && spec === undefined) conversion = 'r'
    const field: FormattedValue = { value, conversion, spec }
    return { parts: shown === undefined ? [field] : [shown, field], end: position + 1 }
  }
}

/** The parts that were read of an f-string, and the place where reading goes on. */
interface FormattedParts {
  readonly parts: readonly (string | FormattedValue)[]
  readonly end: number
}

function isConstantElement(element: Element): boolean {
  return !element.spread && element.value.kind === 'constant'
}

/** The generator was written without parentheses of its own. */
function isBareGenerator(value: Expression, text: string): boolean {
  return value.kind === 'comprehension' && value.result === 'generator' && text[value.start] !== '('
}

function joinTexts(parts: readonly (string | FormattedValue)[]): (string | FormattedValue)[] {
  const joined: (string | FormattedValue)[] = []
  for (const part of parts) {
    const last = joined.at(-1)
    if (typeof part === 'string' && typeof last === 'string') joined[joined.length - 1] = last + part
    else if (part !== '') joined.push(part)
  }
  return joined
}

function span(from: Span, to: Span): Span {
  return { start: from.start, end: to.end }
}

function quote(text: string): string {
  return text.startsWith("'") ? text : `'${text}'`
}
