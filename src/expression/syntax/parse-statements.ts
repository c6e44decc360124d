/** The statements of `tap`: Python's simple and compound ones that work on data. */
import type { Expression, Fault, Statement, Target } from './ast.ts'
import type { TokenKind } from './lex.ts'
import { lex } from './lex.ts'
import { AUGMENTED, isBinaryOperator } from './operators.ts'
import { Parser } from './parse.ts'
import { SyntaxFault } from './syntax-fault.ts'

/** Statements that Python has and `tap` has not. */
const REFUSED = new Map([
  ['import', 'nothing can be imported'],
  ['from', 'nothing can be imported'],
  ['def', 'write the statements where they are needed'],
  ['class', 'there are no classes'],
  ['try', "ask first: 'x' in data, data.get('x')"],
  ['with', 'there is nothing to open'],
  ['global', 'every name is local to tap'],
  ['nonlocal', 'every name is local to tap'],
  ['raise', 'an event is rejected by a required rule'],
  ['assert', "write 'if', or leave it to a required rule"],
  ['return', "write 'if' around what follows"],
  ['yield', 'a tap has no result'],
  ['async', 'nothing runs asynchronously'],
  ['await', 'nothing runs asynchronously'],
])

/** Where a line's tokens end. */
const LINE_ENDS: ReadonlySet<TokenKind> = new Set(['newline', 'indent', 'dedent', 'end'])

/** Lines that belong to the compound statement above them. */
const CONTINUATIONS = new Set(['elif', 'else', 'except', 'finally'])

interface ParsedStatements {
  /** Undefined where the text could not be read at all. */
  readonly statements: readonly Statement[] | undefined
  readonly faults: readonly Fault[]
}

/** Reads the text of a `tap`. */
export function parseStatements(text: string): ParsedStatements {
  const faults: Fault[] = []
  try {
    const parser = new StatementParser(text, lex(text, { mode: 'statements' }, faults), faults)
    return { statements: parser.program(), faults }
  } catch (error) {
    if (!(error instanceof SyntaxFault)) throw error
    faults.push(error.fault)
    return { statements: undefined, faults }
  }
}

class StatementParser extends Parser {
  #loops = 0
  #blocks = 0

  program(): Statement[] {
    const statements: Statement[] = []
    while (this.token.kind !== 'end') statements.push(...this.#statement())
    return statements
  }

  /** One line, or a statement with its blocks. Where it cannot be read, reading goes on with the next one. */
  #statement(): Statement[] {
    const [loops, blocks, start] = [this.#loops, this.#blocks, this.position]
    try {
      return this.#readStatement()
    } catch (error) {
      if (!(error instanceof SyntaxFault)) throw error
      this.faults.push(error.fault)
      this.#loops = loops
      this.#blocks = blocks
      this.leaveBrackets()
      this.#skipStatement(start)
      return []
    }
  }

  /** Goes to the end of a statement that could not be read: its line, its block, and what continues it. */
  #skipStatement(start: number): void {
    const previous = this.ahead(-1)?.kind
    if (this.position > start && (previous === 'newline' || previous === 'dedent')) return
    do {
      while (!LINE_ENDS.has(this.token.kind)) this.advance()
      if (this.token.kind === 'newline') this.advance()
      this.#skipBlock()
    } while (this.token.kind === 'name' && CONTINUATIONS.has(this.token.text))
    if (this.position === start && this.token.kind !== 'end') this.advance()
  }

  #skipBlock(): void {
    if (this.token.kind !== 'indent') return
    let depth = 0
    // Every indent has its dedent, also at the end of the text.
    do {
      const { kind } = this.advance()
      if (kind === 'indent') depth++
      else if (kind === 'dedent') depth--
    } while (depth > 0)
  }

  #readStatement(): Statement[] {
    const { kind, text } = this.token
    if (kind === 'indent') throw new SyntaxFault('unexpected indent', this.token.start, this.token.end)
    if (kind === 'name') {
      if (text === 'if') return [this.#if()]
      if (text === 'for') return [this.#for()]
      if (text === 'while') return [this.#while()]
    }
    return this.#simpleLine()
  }

  /**
   *     a = 1; del b
   *     ^
   */
  #simpleLine(): Statement[] {
    const statements = [this.#simple()]
    while (this.take(';')) {
      if (this.token.kind === 'newline') break
      statements.push(this.#simple())
    }
    if (this.token.kind !== 'newline') throw this.unexpected('expected the end of the line')
    this.advance()
    return statements
  }

  /**
   *     a = b = 1    a += 1    del a    pass
   *     ^            ^         ^        ^
   */
  #simple(): Statement {
    const token = this.token
    const { start, end, text } = token
    if (token.kind === 'name') {
      const refused = REFUSED.get(text)
      if (refused !== undefined && !(text === 'await' || text === 'yield')) {
        throw new SyntaxFault(`'${text}' is not supported in tap`, start, end, refused)
      }
      if (text === 'pass' || text === 'break' || text === 'continue') {
        this.advance()
        if (text !== 'pass' && this.#loops === 0) this.fault(token, `'${text}' outside a loop`)
        return { kind: text, start, end }
      }
      if (text === 'del') return this.#delete()
    }
    const value = this.expressionList()
    if (this.token.kind === 'operator' && AUGMENTED.has(this.token.text)) return this.#augmented(value)
    if (this.at(':')) throw new SyntaxFault('annotations are not supported', this.token.start, this.token.end)
    if (!this.at('=')) return { kind: 'expression', value, start, end: value.end }
    const targets: Target[] = []
    let last: Expression = value
    while (this.take('=')) {
      targets.push(this.#assignable(last))
      last = this.expressionList()
    }
    return { kind: 'assign', targets, value: last, start, end: last.end }
  }

  /**
   *     a += 1
   *       ^
   */
  #augmented(written: Expression): Statement {
    const target = this.#assignable(written)
    const operator = this.advance()
    const text = operator.text.slice(0, -1)
    const isRefused = !isBinaryOperator(text)
    if (isRefused) this.fault(operator, `no type supports '${text}'`)
    if (target.kind === 'targets') {
      throw new SyntaxFault('an augmented assignment needs one target', target.start, target.end)
    }
    const value = this.expressionList()
    return {
      kind: 'augment',
      target,
      operator: isRefused ? '*' : text,
      value,
      start: target.start,
      end: value.end,
    }
  }

  /**
   *     del a, b['c']
   *     ^
   */
  #delete(): Statement {
    const { start } = this.advance()
    const target = this.#assignable(this.expressionList())
    const targets = target.kind === 'targets' ? target.targets.map((entry) => entry.target) : [target]
    return { kind: 'delete', targets, start, end: target.end }
  }

  #assignable(expression: Expression): Target {
    const target = this.asTarget(expression)
    this.#checkStars(target)
    return target
  }

  #checkStars(target: Target): void {
    if (target.kind !== 'targets') return
    const starred = target.targets.filter((entry) => entry.starred)
    if (starred.length > 1) this.fault(starred[1]!.target, "only one '*' in an assignment")
    for (const entry of target.targets) this.#checkStars(entry.target)
  }

  /**
   *     if a:    elif a:
   *     ^        ^
   */
  #if(): Statement {
    const { start } = this.advance()
    const test = this.expression()
    const then = this.#block("after the condition of 'if'")
    let otherwise: Statement[] = []
    if (this.at('elif')) otherwise = [this.#if()]
    else if (this.take('else')) otherwise = this.#block("after 'else'")
    return { kind: 'if', test, then, otherwise, start, end: test.end }
  }

  /**
   *     for a in b:
   *     ^
   */
  #for(): Statement {
    const { start } = this.advance()
    const target = this.targetList('in')
    this.#checkStars(target)
    this.expect('in', "after the names of 'for'")
    const iterable = this.expressionList()
    const body = this.#loopBody("after the values of 'for'")
    const otherwise = this.take('else') ? this.#block("after 'else'") : []
    return { kind: 'for', target, iterable, body, otherwise, start, end: iterable.end }
  }

  /**
   *     while a:
   *     ^
   */
  #while(): Statement {
    const { start } = this.advance()
    const test = this.expression()
    const body = this.#loopBody("after the condition of 'while'")
    const otherwise = this.take('else') ? this.#block("after 'else'") : []
    return { kind: 'while', test, body, otherwise, start, end: test.end }
  }

  #loopBody(where: string): Statement[] {
    this.#loops++
    const body = this.#block(where)
    this.#loops--
    return body
  }

  /**
   * The statements of a block, on the same line or on lines of their own.
   *
   *     if a: b = 1
   *         ^
   */
  #block(where: string): Statement[] {
    this.expect(':', where)
    if (++this.#blocks > 50) {
      throw new SyntaxFault('the blocks nest too deeply', this.token.start, this.token.end)
    }
    const statements = this.token.kind === 'newline' ? this.#indented() : this.#simpleLine()
    this.#blocks--
    return statements
  }

  #indented(): Statement[] {
    this.advance()
    if (this.token.kind !== 'indent') throw this.unexpected('expected an indented block')
    this.advance()
    const statements: Statement[] = []
    while (!this.#blockEnds()) statements.push(...this.#statement())
    if (this.ahead(0)!.kind === 'dedent') this.advance()
    return statements
  }

  #blockEnds(): boolean {
    const { kind } = this.token
    return kind === 'dedent' || kind === 'end'
  }
}
