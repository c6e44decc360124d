/** Expressions that list others: tuples, displays, comprehensions, and the targets that look like them. */
import { Tuple } from '../value.ts'
import type { ComprehensionClause, Constant, Element, Expression, Target } from './ast.ts'
import type { Token } from './lex.ts'
import { SyntaxFault } from './syntax-fault.ts'
import { KEYWORDS, span, TokenCursor } from './token-cursor.ts'

/** The part of the parser that reads lists; the parser of expressions is the other part. */
export abstract class DisplayParser extends TokenCursor {
  protected abstract expression(): Expression

  /** Binary operators that bind as tightly as `least`, or more tightly. */
  protected abstract binary(least: number): Expression

  /** `a or b`, without a conditional expression around it. */
  protected abstract disjunction(): Expression

  /** `a.b[c]`, with an exponent behind it. */
  protected abstract power(): Expression

  /**
   * One expression, or several as a tuple.
   *
   *     a, *b
   *     ^
   */
  protected expressionList(): Expression {
    const first = this.element()
    if (!this.at(',')) return this.single(first)
    const elements = [first]
    while (this.take(',')) {
      if (!this.#startsElement()) break
      elements.push(this.element())
    }
    return this.tuple(elements, first.value.start, this.ahead(-1)!.end)
  }

  #startsElement(): boolean {
    const { kind, text } = this.token
    if (kind === 'end' || kind === 'newline' || kind === 'indent' || kind === 'dedent') return false
    if (kind === 'operator') return ['(', '[', '{', '-', '+', '~', '*'].includes(text)
    return kind !== 'name' || !KEYWORDS.has(text) || text === 'not' || text === 'lambda'
  }

  /**
   *     [a, *b]
   *      ^
   */
  protected element(): Element {
    if (this.at('*')) {
      this.advance()
      return { value: this.binary(1), spread: true }
    }
    return { value: this.expression(), spread: false }
  }

  protected single(element: Element): Expression {
    if (element.spread) {
      throw new SyntaxFault("'*' needs a list around it", element.value.start - 1, element.value.end)
    }
    return element.value
  }

  protected tuple(elements: readonly Element[], start: number, end: number): Expression {
    if (elements.every(isConstantElement)) {
      const items = elements.map((element) => (element.value as Constant).value)
      return { kind: 'constant', value: new Tuple(items), start, end }
    }
    return { kind: 'tuple', elements, start, end }
  }

  /**
   * An expression in parentheses, a tuple, or a generator.
   *
   *     (a, b)
   *     ^
   */
  protected parenthesized(): Expression {
    const open = this.advance()
    if (this.at(')')) return { kind: 'constant', value: new Tuple([]), ...span(open, this.advance()) }
    const first = this.element()
    if (this.at('for') || this.at('async')) {
      const clauses = this.clauses()
      const close = this.expect(')', 'after the generator')
      return {
        kind: 'comprehension',
        result: 'generator',
        key: undefined,
        element: this.single(first),
        clauses,
        ...span(open, close),
      }
    }
    if (this.at(',')) {
      const elements = this.#rest(first, ')')
      return this.tuple(elements, open.start, this.expect(')', 'or a comma in the tuple').end)
    }
    this.expect(')', `to close the '('`)
    // The span stays that of the inner expression: carets point at what was meant.
    return this.single(first)
  }

  /**
   * The elements behind the first one, up to the closing bracket.
   *
   *     [a, b, *c]
   *       ^
   */
  #rest(first: Element, close: string): Element[] {
    const elements = [first]
    while (this.take(',')) {
      if (this.at(close)) break
      elements.push(this.element())
    }
    return elements
  }

  /**
   *     [a, b]    [x for x in a]
   *     ^         ^
   */
  protected list(): Expression {
    const open = this.advance()
    if (this.at(']')) return { kind: 'list', elements: [], ...span(open, this.advance()) }
    const first = this.element()
    if (this.at('for') || this.at('async')) {
      return this.#comprehension('list', open, first, ']')
    }
    const elements = this.#rest(first, ']')
    return { kind: 'list', elements, ...span(open, this.expect(']', 'or a comma in the list')) }
  }

  /**
   *     {a, b}    {'k': v}    {x for x in a}
   *     ^         ^           ^
   */
  protected braces(): Expression {
    const open = this.advance()
    if (this.at('}')) return { kind: 'dict', entries: [], ...span(open, this.advance()) }
    if (this.at('**')) return this.#dict(open, undefined)
    const first = this.element()
    if (this.at(':') && !first.spread) return this.#dict(open, first.value)
    if (this.at('for') || this.at('async')) {
      return this.#comprehension('set', open, first, '}')
    }
    const elements = this.#rest(first, '}')
    return { kind: 'set', elements, ...span(open, this.expect('}', 'or a comma in the set')) }
  }

  /**
   *     [x for x in a]    {x for x in a}
   *        ^                 ^
   */
  #comprehension(result: 'list' | 'set', open: Token, first: Element, closing: ']' | '}'): Expression {
    const clauses = this.clauses()
    const close = this.expect(closing, 'after the comprehension')
    return {
      kind: 'comprehension',
      result,
      key: undefined,
      element: this.single(first),
      clauses,
      ...span(open, close),
    }
  }

  /**
   *     {'k': v, **d}
   *         ^
   *
   * @param firstKey undefined where the first entry is `**d`
   */
  #dict(open: Token, firstKey: Expression | undefined): Expression {
    const entries = [this.#entry(firstKey)]
    const first = entries[0]!
    if (first.key !== undefined && (this.at('for') || this.at('async'))) {
      const clauses = this.clauses()
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

  /**
   *     {'k': v, **d}
   *         ^    ^
   */
  #entry(key: Expression | undefined): { key: Expression | undefined; value: Expression } {
    if (key === undefined) {
      this.expect('**', 'in the dict')
      return { key, value: this.binary(1) }
    }
    this.expect(':', 'after a key of the dict')
    return { key, value: this.expression() }
  }

  /**
   *     [x for x in a if x > 1]
   *        ^
   */
  protected clauses(): ComprehensionClause[] {
    const clauses: ComprehensionClause[] = []
    while (this.at('for') || this.at('async')) {
      if (this.at('async')) {
        this.fault(this.advance(), "'async' is not supported")
        if (!this.at('for')) throw this.unexpected("expected 'for'")
      }
      this.advance()
      const target = this.targetList('in')
      this.expect('in', "after the names of 'for'")
      const iterable = this.disjunction()
      const conditions: Expression[] = []
      while (this.take('if')) conditions.push(this.disjunction())
      clauses.push({ target, iterable, conditions })
    }
    return clauses
  }

  /**
   * Targets of `for` and of comprehensions.
   *
   *     for a, (b, *c) in d:
   *         ^
   *
   * @param end the token that ends the list: a comma may stand before it
   */
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
    return { target: this.asTarget(this.power()), starred }
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
}

function isConstantElement(element: Element): boolean {
  return !element.spread && element.value.kind === 'constant'
}
