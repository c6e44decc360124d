/**
 * Suspicions: expressions that can be evaluated and are hardly meant, such as a subtraction that is a field's name. tree
 * that was parsed is looked through for them; they change nothing of an expression.
 */
import type { Subject } from '../functions/definition.ts'
import type {
  Argument,
  Binary,
  Call,
  Comparison,
  Display,
  Expression,
  Fault,
  Span,
  Statement,
  Target,
} from '../syntax/ast.ts'
import {
  constantNameHint,
  hyphenHint,
  isDate,
  isNull,
  keyPath,
  templateHint,
  unquotedHint,
} from './familiar.ts'

/** The surroundings of the expression. */
export interface SuspicionContext {
  /** The expression's own text: its offsets count in it. */
  readonly text: string
  /** A function or a method has that name. */
  isCallable(name: string): boolean
  /** Which argument of the function is the value that it works on. */
  subject(name: string): Subject
  /** For a rule: names that `tap` assigns for itself, while no member of that name is set. */
  readonly tapNames?: ReadonlySet<string>
}

const AT_NAME = /^@[A-Za-z_][\w.]*$/

/** Warnings for a rule's expression. */
export function suspicionsOf(expression: Expression, context: SuspicionContext): Fault[] {
  const finder = new SuspicionFinder(context)
  finder.result(expression)
  finder.visit(expression)
  return finder.faults
}

/** Warnings for the statements of `tap`. */
export function suspicionsInStatements(statements: readonly Statement[], context: SuspicionContext): Fault[] {
  const finder = new SuspicionFinder(context)
  const { names } = assignmentsOf(statements)
  for (const name of names) finder.bind(name)
  for (const statement of eachStatement(statements)) {
    for (const expression of expressionsOf(statement)) finder.visit(expression)
  }
  return finder.faults
}

/** The names that statements assign. */
interface Assignments {
  /** Names, those of `for` included. */
  readonly names: ReadonlySet<string>
  /** Names that `=` assigns. */
  readonly variables: ReadonlySet<string>
  /** Members of the event that are set; undefined where any can be. */
  readonly members: ReadonlySet<string> | undefined
}

export function assignmentsOf(statements: readonly Statement[]): Assignments {
  const names = new Set<string>()
  const variables = new Set<string>()
  const members = new Set<string>()
  let any = false
  const assigned = (target: Target, isVariable: boolean): void => {
    if (target.kind === 'targets') {
      for (const entry of target.targets) assigned(entry.target, isVariable)
    } else if (target.kind === 'name') {
      names.add(target.name)
      if (isVariable) variables.add(target.name)
    } else {
      const member = isEvent(target) ? undefined : memberOf(target)
      if (member === undefined) any = true
      else members.add(member)
    }
  }
  for (const statement of eachStatement(statements)) {
    if (statement.kind === 'assign') for (const target of statement.targets) assigned(target, true)
    else if (statement.kind === 'augment') assigned(statement.target, true)
    else if (statement.kind === 'for') assigned(statement.target, false)
    for (const expression of expressionsOf(statement)) if (handsOnEvent(expression)) any = true
  }
  return { names, variables, members: any ? undefined : members }
}

/** Members of the event that `tap` sets for every event: whoever reads them later does not read what came. */
export function membersSetBy(statements: readonly Statement[]): string[] {
  return statements.flatMap((statement) => {
    if (statement.kind !== 'assign') return []
    return statement.targets.flatMap((target) => {
      if (target.kind !== 'subscript' && target.kind !== 'attribute') return []
      const name = isEvent(target.object) ? memberOf(target) : undefined
      return name === undefined ? [] : [name]
    })
  })
}

/** The event's member that something inside it belongs to; undefined where that cannot be told. */
function memberOf(target: Expression): string | undefined {
  if (target.kind === 'attribute') {
    return isEvent(target.object) || isName(target.object, 'line') ? target.name : memberOf(target.object)
  }
  if (target.kind !== 'subscript') return undefined
  if (!isEvent(target.object)) return memberOf(target.object)
  const { index } = target
  return index.kind === 'constant' && typeof index.value === 'string' ? index.value : undefined
}

/** `data`, `line.parsed`. */
function isEvent(expression: Expression): boolean {
  if (expression.kind === 'attribute')
    return expression.name === 'parsed' && isName(expression.object, 'line')
  return isName(expression, 'data')
}

function isName(expression: Expression, name: string): boolean {
  return expression.kind === 'name' && expression.name === name
}

/** The event as a whole goes into something that may change it: `data.update(...)`, `d = data`. */
function handsOnEvent(expression: Expression): boolean {
  if (isEvent(expression)) return true
  if (expression.kind === 'subscript' && isEvent(expression.object)) {
    return expression.index.kind !== 'slice' && handsOnEvent(expression.index)
  }
  if (expression.kind === 'attribute') return false
  if (expression.kind === 'call' && expression.callee.kind === 'attribute') {
    const { object, name } = expression.callee
    const changes = isEvent(object) && !/^(?:get|items|keys|values|copy)$/.test(name)
    return changes || expression.args.some((argument) => handsOnEvent(argument.value))
  }
  if (expression.kind === 'comparison') return false
  return partsOf(expression).some(handsOnEvent)
}

class SuspicionFinder {
  readonly faults: Fault[] = []
  readonly #context: SuspicionContext
  readonly #bound = new Set<string>()
  /** Parts of something that was reported as a whole. */
  readonly #reported = new Set<Expression>()

  constructor(context: SuspicionContext) {
    this.#context = context
  }

  /** A name that is not the field of that name. */
  bind(name: string): void {
    this.#bound.add(name)
  }

  #warn({ start, end }: Span, message: string, hint: string): void {
    this.faults.push({ message, start, end, hint, severity: 'warning' })
  }

  #text({ start, end }: Span): string {
    return this.#context.text.slice(start, end)
  }

  /** The value of the rule: texts that are joined, or one that is all there is. */
  result(expression: Expression): void {
    if (expression.kind === 'binary' && expression.operator === '+') {
      this.result(expression.left)
      this.result(expression.right)
      return
    }
    if (expression.kind !== 'constant' || typeof expression.value !== 'string') return
    const hint = templateHint(expression.value)
    if (hint !== undefined) this.#warn(expression, 'nothing is replaced in a text', hint)
    else this.#nameAsText(expression)
  }

  visit(expression: Expression): void {
    switch (expression.kind) {
      case 'name':
        this.#name(expression, expression.name)
        break
      case 'binary':
        this.#binary(expression)
        break
      case 'comparison':
        this.#comparison(expression)
        break
      case 'call':
        this.#call(expression)
        break
      case 'set':
        this.#template(expression)
        break
      case 'subscript':
        this.#bracketedPath(expression)
        break
      case 'comprehension':
        for (const clause of expression.clauses) this.#bindTarget(clause.target)
        break
    }
    for (const part of partsOf(expression)) this.visit(part)
  }

  #bindTarget(target: Target): void {
    if (target.kind === 'name') this.bind(target.name)
    else if (target.kind === 'targets') for (const entry of target.targets) this.#bindTarget(entry.target)
  }

  #name(span: Expression, name: string): void {
    if (this.#bound.has(name) || this.#reported.has(span)) return
    const hint = constantNameHint(name)
    if (hint !== undefined) this.#warn(span, `'${name}' is read as a field of that name`, hint)
    else if (this.#context.tapNames?.has(name)) {
      this.#warn(
        span,
        `'${name}' is the event's own field here: tap assigns it for itself only`,
        `a rule sees what tap sets in the event: data['${name}'] = ${name}`,
      )
    }
  }

  #binary(expression: Binary): void {
    const { operator, left, right } = expression
    if (operator === '-' && !this.#reported.has(expression)) this.#difference(expression)
    if (operator === '//' && (right.kind === 'formatted' || isText(right))) {
      const values = `${this.#text(left)}, ${this.#text(right)}`
      this.#warn(expression, "'//' divides numbers, and a text is none", `write optional(${values})`)
    }
    if (operator === '|') this.#pipe(expression)
  }

  #difference(expression: Binary): void {
    const text = this.#text(expression)
    const report = (message: string, hint: string): void => {
      this.#warn(expression, message, hint)
      for (let part: Expression = expression; part.kind === 'binary'; part = part.left)
        this.#reported.add(part)
    }
    if (isDate(text)) {
      report('this subtracts numbers', unquotedHint(text)!)
      return
    }
    const hint = hyphenHint(text)
    if (hint === undefined || text.split('-').some((name) => this.#bound.has(name.split('.')[0]!))) return
    report(`this subtracts '${this.#text(expression.right)}'`, hint)
  }

  #pipe(expression: Binary): void {
    if (this.#reported.has(expression) || this.#pipedName(expression) === undefined) return
    const names: string[] = []
    let value: Expression = expression
    let first = expression
    while (value.kind === 'binary') {
      const name = this.#pipedName(value)
      if (name === undefined) break
      names.unshift(name)
      this.#reported.add(value)
      first = value
      value = value.left
    }
    const text = names.reduce((inner, name) => `${name}(${inner})`, this.#text(value))
    this.#warn(first.right, "'|' is for integers and sets, and calls no function", `write ${text}`)
  }

  /** The function of `value | function`, or of `value | function()`. */
  #pipedName({ operator, right }: Binary): string | undefined {
    const named = right.kind === 'call' && right.args.length === 0 ? right.callee : right
    if (operator !== '|' || named.kind !== 'name') return undefined
    return !this.#bound.has(named.name) && this.#context.isCallable(named.name) ? named.name : undefined
  }

  #comparison({ first, rest }: Comparison): void {
    const [only] = rest
    if (rest.length !== 1) return
    const { operator, operand } = only!
    if (operand.kind !== 'name' || !isNull(operand.name) || this.#bound.has(operand.name)) return
    const asks = `exists(${this.#text(first)})`
    const hint =
      operator === '==' || operator === 'is'
        ? `write not ${asks}`
        : operator === '!=' || operator === 'is not'
          ? `write ${asks}`
          : undefined
    if (hint === undefined) return
    this.#warn(operand, `'${operand.name}' is read as a field of that name`, hint)
    this.#reported.add(operand)
  }

  #call({ callee, args }: Call): void {
    const [subject, second] = args
    if (callee.kind !== 'name' || subject === undefined) return
    const which = this.#context.subject(callee.name)
    if (which === 'none' || (which === 'only' && second !== undefined)) return
    this.#nameAsText(subject.value)
  }

  #nameAsText(expression: Expression): void {
    if (!isText(expression) || !AT_NAME.test(expression.value)) return
    this.#warn(
      expression,
      `'${expression.value}' is a text, not the field of that name`,
      `write ${keyPath(expression.value)}`,
    )
  }

  /** `{{ field }}`. */
  #template(expression: Display): void {
    const [element] = expression.elements
    if (expression.elements.length !== 1 || element!.value.kind !== 'set') return
    const inner = element!.value
    const hint = templateHint(this.#text(expression)) ?? 'an expression is written without braces round it'
    this.#warn(expression, 'a set cannot be an element of a set', hint)
    this.#reported.add(inner)
  }

  /** `[http][url]`. */
  #bracketedPath(expression: Expression & { kind: 'subscript' }): void {
    if (this.#reported.has(expression)) return
    const names: string[] = []
    let current: Expression = expression
    while (current.kind === 'subscript' && current.index.kind === 'name') {
      names.unshift(current.index.name)
      current = current.object
      this.#reported.add(current)
    }
    if (names.length === 0 || current.kind !== 'list' || current.elements.length !== 1) return
    const { value } = current.elements[0]!
    if (value.kind !== 'name') return
    const all = [value.name, ...names]
    if (all.some((name) => this.#bound.has(name))) return
    this.#warn(
      expression,
      'this takes an element of a list',
      `a field is written with dots: ${all.join('.')}`,
    )
  }
}

function isText(expression: Expression): expression is Expression & { kind: 'constant'; value: string } {
  return expression.kind === 'constant' && typeof expression.value === 'string'
}

/** The expressions directly below one. */
function partsOf(expression: Expression): Expression[] {
  switch (expression.kind) {
    case 'constant':
    case 'name':
      return []
    case 'attribute':
      return [expression.object]
    case 'subscript': {
      const { object, index } = expression
      return index.kind === 'slice'
        ? [object, ...present([index.lower, index.upper, index.step])]
        : [object, index]
    }
    case 'call':
      return [
        ...(expression.callee.kind === 'name' ? [] : [expression.callee]),
        ...expression.args.flatMap(argumentOf),
      ]
    case 'unary':
    case 'cast':
      return [expression.operand]
    case 'binary':
    case 'logical':
      return [expression.left, expression.right]
    case 'comparison':
      return [expression.first, ...expression.rest.map(({ operand }) => operand)]
    case 'conditional':
      return [expression.test, expression.then, expression.otherwise]
    case 'list':
    case 'tuple':
    case 'set':
      return expression.elements.map(({ value }) => value)
    case 'dict':
      return expression.entries.flatMap(({ key, value }) => present([key, value]))
    case 'comprehension':
      return [
        ...expression.clauses.flatMap(({ iterable, conditions }) => [iterable, ...conditions]),
        ...present([expression.key, expression.element]),
      ]
    case 'formatted':
      return formattedParts(expression.parts)
  }
}

/** The function that `key=` names is no field. */
function argumentOf({ name, value }: Argument): Expression[] {
  return name === 'key' && value.kind === 'name' ? [] : [value]
}

function formattedParts(parts: (Expression & { kind: 'formatted' })['parts']): Expression[] {
  return parts.flatMap((part) =>
    typeof part === 'string' ? [] : [part.value, ...formattedParts(part.spec ?? [])],
  )
}

function present(expressions: readonly (Expression | undefined)[]): Expression[] {
  return expressions.filter((expression) => expression !== undefined)
}

function* eachStatement(statements: readonly Statement[]): Generator<Statement> {
  for (const statement of statements) {
    yield statement
    if (statement.kind === 'if') yield* eachStatement(statement.then)
    if (statement.kind === 'for' || statement.kind === 'while') yield* eachStatement(statement.body)
    if ('otherwise' in statement) yield* eachStatement(statement.otherwise)
  }
}

/** The expressions of a statement itself, without its blocks. */
function expressionsOf(statement: Statement): Expression[] {
  switch (statement.kind) {
    case 'assign':
    case 'augment':
    case 'expression':
      return [statement.value]
    case 'if':
    case 'while':
      return [statement.test]
    case 'for':
      return [statement.iterable]
    default:
      return []
  }
}
