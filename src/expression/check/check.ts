/**
 * Syntax tree to checked tree: resolves names, binds arguments, prepares constants, and notes every fault it
 * finds on the way.
 */

import type {
  FunctionDefinition,
  FunctionLibrary,
  LookupTable,
  PreparedFunction,
  PrepareHost,
  SpecialForm,
} from '../functions/definition.ts'
import { ArgumentProblem } from '../functions/definition.ts'
import type { NamedLookupTable, Recipe, Call as RecipeCall } from '../recipe.ts'
import { builtinRecipe, functionRecipe, keyRecipe, preparedRecipe, tableRecipe } from '../recipe.ts'
import { BUILTINS } from '../runtime/builtins.ts'
import { fieldPath } from '../runtime/fields.ts'
import type { Callable } from '../runtime/method.ts'
import { METHOD_NAMES, MUTATING_METHODS } from '../runtime/methods.ts'
import type {
  Argument,
  Call,
  Comprehension,
  Expression,
  Fault,
  FormattedValue,
  Slice,
  Span,
  Statement,
  Target,
} from '../syntax/ast.ts'
import type { Value } from '../value.ts'
import { Tuple } from '../value.ts'
import type { ComprehensionNode, FormattedPart, Node, StatementNode, TapNode, TargetNode } from './checked.ts'
import { children } from './checked.ts'
import { functionHint, pipeHint } from './familiar.ts'
import type { Signature } from './signature.ts'
import { bindArguments, describeSignature, parseSignature } from './signature.ts'
import { suggest } from './suggest.ts'

const TYPE_NAMES = ['str', 'int', 'float', 'bool', 'list', 'tuple', 'dict', 'set']

export type TableRecipes = Map<LookupTable, Recipe<NamedLookupTable>>

/** The fields that a rule set reads: dotted paths, and `*` where it uses the event as a whole. */
type Reads = Set<string>

interface CheckResult<T> {
  readonly node: T
  readonly faults: readonly Fault[]
}

export interface CheckContext {
  /** The text that was parsed: hints repeat parts of it. */
  readonly text: string
  readonly functions: FunctionLibrary
  readonly host: PrepareHost
  readonly reads: Reads
  /** The lookup tables that were asked for: all rules of a file share it. */
  readonly tables: TableRecipes
}

/** A built-in function or a method has that name. */
export function isCallable(name: string): boolean {
  return Object.hasOwn(BUILTINS, name) || METHOD_NAMES.has(name)
}

/** Checks a rule's expression. */
export function checkExpression(expression: Expression, context: CheckContext): CheckResult<Node> {
  const checker = new Checker(context, false)
  return { node: checker.expression(expression), faults: checker.faults }
}

/** Checks the statements of `tap`. `lineOf` gives the line inside tap of an offset, from 1. */
export function checkStatements(
  statements: readonly Statement[],
  context: CheckContext,
  lineOf: (offset: number) => number,
): CheckResult<TapNode> {
  const checker = new Checker(context, true)
  checker.declare(statements)
  const checked = checker.statements(statements, lineOf)
  return { node: { statements: checked, variables: checker.variables }, faults: checker.faults }
}

class Checker {
  readonly faults: Fault[] = []
  readonly #text: string
  readonly #functions: FunctionLibrary
  readonly #host: PrepareHost
  readonly #reads: Reads
  readonly #tap: boolean
  readonly #tables: TableRecipes
  /** Names of comprehensions, innermost last. */
  readonly #scopes: Map<string, number>[] = []
  /** Names that tap assigns. */
  readonly #variables = new Map<string, number>()
  #locals = 0
  /** The value left of the '|' that a call stands right of. */
  #piped: { readonly into: Expression; readonly value: Expression } | undefined

  constructor(context: CheckContext, tap: boolean) {
    this.#text = context.text
    this.#functions = context.functions
    this.#host = context.host
    this.#reads = context.reads
    this.#tap = tap
    this.#tables = context.tables
  }

  /** Number of names that tap assigns; their ids count from 0. */
  get variables(): number {
    return this.#variables.size
  }

  #fault(span: Span, message: string, hint?: string): void {
    const { start, end } = span
    this.faults.push(hint === undefined ? { message, start, end } : { message, start, end, hint })
  }

  // --- names ------------------------------------------------------------------------------------------------

  #local(name: string): number | undefined {
    for (let index = this.#scopes.length - 1; index >= 0; index--) {
      const id = this.#scopes[index]!.get(name)
      if (id !== undefined) return id
    }
    return undefined
  }

  #field(parts: readonly string[]): Node {
    const path = fieldPath(parts)
    this.#reads.add(path.text)
    return { op: 'field', path }
  }

  #root(): Node {
    this.#reads.add('*')
    return { op: 'root' }
  }

  /** The names of `a.b.c`, where the expression is one; undefined where something else is inside. */
  #dotted(expression: Expression): string[] | undefined {
    const parts: string[] = []
    let current = expression
    while (current.kind === 'attribute') {
      parts.unshift(current.name)
      current = current.object
    }
    if (current.kind !== 'name') return undefined
    parts.unshift(current.name)
    return parts
  }

  /** A name, or names with dots between them. */
  #path(parts: readonly string[], span: Span): Node {
    const [first, ...rest] = parts as [string, ...string[]]
    const local = this.#local(first)
    if (local !== undefined) return this.#attributes({ op: 'local', id: local }, rest)
    const id = this.#variables.get(first)
    if (id !== undefined) {
      if (rest.length === 0) return { op: 'variable', name: first, id, field: this.#field(parts) }
      // The whole path is the field's where the name has no value yet.
      const variable: Node = { op: 'variable', name: first, id, field: this.#field([first]) }
      return this.#attributes(variable, rest)
    }
    if (first === 'data') return rest.length === 0 ? this.#root() : this.#field(rest)
    if (first === 'line') return this.#line(rest, span)
    return this.#field(parts)
  }

  #attributes(object: Node, names: readonly string[]): Node {
    return names.reduce<Node>((inner, name) => ({ op: 'attribute', object: inner, name }), object)
  }

  #line(rest: readonly string[], span: Span): Node {
    const [first, ...below] = rest
    if (first === undefined) {
      this.#fault(
        span,
        "'line' alone is not a value",
        'write line.parsed for the event, line.raw for its text',
      )
      return this.#root()
    }
    if (first === 'raw') return this.#attributes({ op: 'raw' }, below)
    if (first === 'parsed') return below.length === 0 ? this.#root() : this.#field(below)
    const path = fieldPath(rest)
    const underLine = fieldPath(['line', ...rest])
    this.#reads.add(path.text)
    this.#reads.add(underLine.text)
    return { op: 'line-field', path, underLine }
  }

  // --- expressions ------------------------------------------------------------------------------------------

  expression(expression: Expression): Node {
    switch (expression.kind) {
      case 'constant':
        return { op: 'constant', value: expression.value }
      case 'name':
        return this.#path([expression.name], expression)
      case 'attribute':
        return this.#attribute(expression)
      case 'subscript':
        return this.#subscript(expression.object, expression.index)
      case 'call':
        return this.#call(expression)
      case 'unary': {
        const operand = this.expression(expression.operand)
        return expression.operator === 'not'
          ? { op: 'not', operand }
          : { op: 'unary', operator: expression.operator, operand }
      }
      case 'binary': {
        const { operator } = expression
        const left = this.expression(expression.left)
        if (operator === '|') this.#piped = { into: expression.right, value: expression.left }
        return { op: 'binary', operator, left, right: this.expression(expression.right) }
      }
      case 'logical':
        return {
          op: 'logical',
          operator: expression.operator,
          left: this.expression(expression.left),
          right: this.expression(expression.right),
        }
      case 'comparison':
        return this.#comparison(expression)
      case 'conditional':
        return {
          op: 'conditional',
          test: this.expression(expression.test),
          then: this.expression(expression.then),
          otherwise: this.expression(expression.otherwise),
        }
      case 'list':
      case 'tuple':
      case 'set':
        return {
          op: 'display',
          result: expression.kind,
          elements: expression.elements.map(({ value, spread }) => ({
            value: this.expression(value),
            spread,
          })),
        }
      case 'dict':
        return {
          op: 'dict',
          entries: expression.entries.map(({ key, value }) => ({
            key: key === undefined ? undefined : this.expression(key),
            value: this.expression(value),
          })),
        }
      case 'comprehension':
        return this.#comprehension(expression)
      case 'formatted':
        return { op: 'formatted', parts: this.#formattedParts(expression.parts) }
      case 'cast':
        return builtinNode(expression.type, BUILTINS[expression.type]!, [this.expression(expression.operand)])
    }
  }

  #attribute(expression: Expression & { kind: 'attribute' }): Node {
    const parts = this.#dotted(expression)
    if (parts !== undefined) return this.#path(parts, expression)
    return { op: 'attribute', object: this.expression(expression.object), name: expression.name }
  }

  #subscript(object: Expression, index: Expression | Slice): Node {
    const inner = this.#subscripted(object)
    if (index.kind === 'slice') {
      const part = (bound: Expression | undefined): Node | undefined =>
        bound === undefined ? undefined : this.expression(bound)
      return {
        op: 'slice',
        object: inner,
        lower: part(index.lower),
        upper: part(index.upper),
        step: part(index.step),
      }
    }
    const key = this.expression(index)
    const text = itemText(inner, key)
    if (inner.op === 'root' && key.op === 'constant' && typeof key.value === 'string') this.#reads.add(text)
    return { op: 'item', object: inner, index: key, text }
  }

  /** The object of a subscript: `data` and `line.parsed` do not read the whole event there. */
  #subscripted(object: Expression): Node {
    const parts = this.#dotted(object)
    const shadowed =
      parts !== undefined && (this.#local(parts[0]!) ?? this.#variables.get(parts[0]!)) !== undefined
    const text = parts?.join('.')
    if (!shadowed && (text === 'data' || text === 'line.parsed')) return { op: 'root' }
    if (!shadowed && text === 'line') {
      this.#fault(object, "'line' has no members to subscript", "write line.parsed['...']")
      return { op: 'root' }
    }
    return this.expression(object)
  }

  #comparison(expression: Expression & { kind: 'comparison' }): Node {
    const [only] = expression.rest
    if (expression.rest.length === 1 && only!.operator === 'in' && isGenerator(only!.operand)) {
      return {
        op: 'search',
        kind: 'in',
        item: this.expression(expression.first),
        generator: this.#comprehension(only!.operand),
      }
    }
    return {
      op: 'comparison',
      first: this.expression(expression.first),
      rest: expression.rest.map(({ operator, operand }) => ({ operator, operand: this.expression(operand) })),
    }
  }

  #comprehension(expression: Comprehension): ComprehensionNode {
    let opened = 0
    const clauses = expression.clauses.map((clause) => {
      // An iterable does not see the names of its own clause.
      const iterable = this.expression(clause.iterable)
      this.#scopes.push(new Map())
      opened++
      const target = this.#comprehensionTarget(clause.target)
      return {
        target,
        iterable,
        conditions: clause.conditions.map((condition) => this.expression(condition)),
      }
    })
    const key = expression.key === undefined ? undefined : this.expression(expression.key)
    const element = this.expression(expression.element)
    this.#scopes.length -= opened
    return { op: 'comprehension', result: expression.result, key, element, clauses }
  }

  #comprehensionTarget(target: Target): TargetNode {
    if (target.kind === 'targets') {
      return {
        op: 'targets',
        targets: target.targets.map((entry) => ({
          target: this.#comprehensionTarget(entry.target),
          starred: entry.starred,
        })),
      }
    }
    if (target.kind !== 'name') {
      this.#fault(target, 'a comprehension can only assign to names')
      return { op: 'local', id: this.#locals++ }
    }
    const scope = this.#scopes.at(-1)!
    const id = scope.get(target.name) ?? this.#locals++
    scope.set(target.name, id)
    return { op: 'local', id }
  }

  #formattedParts(parts: readonly (string | FormattedValue)[]): FormattedPart[] {
    return parts.map((part) =>
      typeof part === 'string'
        ? part
        : {
            value: this.expression(part.value),
            conversion: part.conversion,
            spec: part.spec === undefined ? undefined : this.#formattedParts(part.spec),
          },
    )
  }

  // --- calls ------------------------------------------------------------------------------------------------

  #call(call: Call): Node {
    const { callee } = call
    if (callee.kind === 'attribute') return this.#methodCall(call, callee)
    if (callee.kind !== 'name') {
      this.#fault(callee, 'this cannot be called', 'a call is name(...) or value.method(...)')
      for (const argument of call.args) this.expression(argument.value)
      return { op: 'constant', value: null }
    }
    const definition = this.#functions.get(callee.name)
    if (definition !== undefined) return this.#functionCall(call, definition)
    if (Object.hasOwn(BUILTINS, callee.name))
      return this.#builtinCall(call, callee.name, BUILTINS[callee.name]!)
    this.#unknownFunction(callee.name, callee, call)
    for (const argument of call.args) this.expression(argument.value)
    return { op: 'constant', value: null }
  }

  #written({ start, end }: Span): string {
    return this.#text.slice(start, end)
  }

  #unknownFunction(name: string, span: Span, call?: Call): void {
    const args = (call?.args ?? []).map((argument) => this.#written(argument))
    // First what it is called elsewhere: 'now' is not meant as 'pow'.
    const near = suggest(name, [...this.#functions.names, ...Object.keys(BUILTINS)])
    const hint =
      (call !== undefined && this.#piped?.into === call
        ? pipeHint(this.#written(this.#piped.value), near ?? name, args)
        : functionHint(name, args)) ??
      (near !== undefined
        ? `did you mean '${near}'?`
        : METHOD_NAMES.has(name)
          ? `'${name}' is a method: write value.${name}(...)`
          : "'normalize functions' lists what there is")
    this.#fault(span, `unknown function '${name}'`, hint)
  }

  #methodCall(call: Call, callee: Expression & { kind: 'attribute' }): Node {
    const { name } = callee
    const nameSpan = { start: callee.nameStart, end: callee.end }
    if (!METHOD_NAMES.has(name) && !name.startsWith('_')) {
      const near = suggest(name, METHOD_NAMES)
      const known = this.#functions.names.includes(name) || Object.hasOwn(BUILTINS, name)
      const hint =
        functionHint(name, []) ??
        (near !== undefined
          ? `did you mean '${near}'?`
          : known
            ? `'${name}' is a function: write ${name}(...)`
            : undefined)
      this.#fault(nameSpan, `no type has a method '${name}'`, hint)
    } else if (MUTATING_METHODS.has(name) && !this.#tap) {
      this.#fault(
        nameSpan,
        `'${name}' changes its object, which only tap may do`,
        'build a new value instead, or move this to tap',
      )
    }
    const object = this.#subscripted(callee.object)
    if (object.op === 'root' && name === 'get') {
      const get = this.#rootGet(call)
      if (get !== undefined) return get
    }
    if (object.op === 'root') this.#reads.add('*')
    const names = call.args.map((argument) => argument.name)
    return {
      op: 'method',
      name,
      object,
      args: call.args.map((argument) => this.expression(argument.value)),
      names: names.some((given) => given !== undefined) ? names : undefined,
    }
  }

  /** `data.get('key')` and `data.get('key', fallback)`: they read one member, not the whole event. */
  #rootGet({ args }: Call): Node | undefined {
    const [key, fallback] = args
    if (args.length === 0 || args.length > 2 || args.some((argument) => argument.name !== undefined))
      return undefined
    if (key!.value.kind !== 'constant' || typeof key!.value.value !== 'string') return undefined
    this.#reads.add(key!.value.value)
    return {
      op: 'get',
      key: key!.value.value,
      fallback: fallback === undefined ? { op: 'constant', value: null } : this.expression(fallback.value),
    }
  }

  /** Puts the arguments into the order of the parameters; undefined where they do not fit. */
  #bind(call: Call, name: string, signature: Signature): Bound | undefined {
    const binding = bindArguments(
      signature,
      call.args.map((argument) => argument.name),
    )
    if (typeof binding === 'string') {
      const { parameters, keywords } = signature
      const unknown = call.args.find(
        (argument) =>
          argument.name !== undefined &&
          keywords === undefined &&
          parameters.every((parameter) => parameter.name !== argument.name),
      )
      const usage = `it is called as ${name}(${describeSignature(signature.text)})`
      const near =
        unknown &&
        suggest(
          unknown.name!,
          parameters.map((parameter) => parameter.name),
        )
      const meant =
        unknown && (near === undefined ? this.#meantComparison(unknown) : `did you mean '${near}'?`)
      const hint = meant === undefined ? usage : `${meant}\n${usage}`
      this.#fault(call, `${name} ${binding}`, hint)
      for (const argument of call.args) {
        if (argument.name !== 'key') this.expression(argument.value)
      }
      return undefined
    }
    const args = binding.slots.map((slot) => (slot === -1 ? undefined : call.args[slot]!))
    const named = binding.named.map(([key, index]) => [key, call.args[index]!] as const)
    return { args, rest: binding.rest.map((index) => call.args[index]!), named }
  }

  #builtinCall(call: Call, name: string, builtin: Callable): Node {
    const { special } = builtin
    if (special === 'types' && call.args.length === 2) return this.#isinstance(call, name)
    const quantified = call.args[0]
    if (
      (special === 'any' || special === 'all') &&
      call.args.length === 1 &&
      isGenerator(quantified!.value)
    ) {
      const generator = this.#comprehension(quantified!.value)
      return { op: 'search', kind: special, item: undefined, generator }
    }
    const bound = this.#bind(call, name, builtin.signature)
    if (bound === undefined) return { op: 'constant', value: null }
    const args = bound.args.map((argument) =>
      argument === undefined
        ? undefined
        : argument.name === 'key'
          ? this.#keyFunction(argument)
          : this.expression(argument.value),
    )
    for (const argument of bound.rest) args.push(this.expression(argument.value))
    if (builtin.signature.keywords !== undefined) {
      args.push({
        op: 'dict',
        entries: bound.named.map(([key, argument]) => ({
          key: { op: 'constant', value: key },
          value: this.expression(argument.value),
        })),
      })
    }
    return builtinNode(name, builtin, args)
  }

  #isinstance(call: Call, name: string): Node {
    const types = this.#typeNames(call.args[1]!.value)
    const value = this.expression(call.args[0]!.value)
    return { op: 'isinstance', callee: builtinRecipe(name), value, types: types ?? 'str' }
  }

  #typeNames(expression: Expression): Value | undefined {
    if (expression.kind === 'name' && TYPE_NAMES.includes(expression.name)) return expression.name
    if (expression.kind === 'tuple') {
      const names = expression.elements.map((element) => this.#typeNames(element.value))
      return names.every((name) => name !== undefined) ? new Tuple(names as Value[]) : undefined
    }
    if (expression.kind === 'binary' && expression.operator === '|') {
      const left = this.#typeNames(expression.left)
      const right = this.#typeNames(expression.right)
      return left === undefined || right === undefined ? undefined : new Tuple([left, right])
    }
    this.#fault(
      expression,
      'isinstance needs the name of a type, or a tuple of them',
      `the types are ${TYPE_NAMES.join(', ')}`,
    )
    return undefined
  }

  /** `key=len`, `key=lower`, `key=str.lower`. */
  #keyFunction(argument: Argument): Node {
    const { value } = argument
    if (value.kind === 'constant' && value.value === null) return { op: 'constant', value: null }
    if (
      value.kind === 'attribute' &&
      value.object.kind === 'name' &&
      TYPE_NAMES.includes(value.object.name)
    ) {
      const { name } = value
      if (METHOD_NAMES.has(name) && !MUTATING_METHODS.has(name)) {
        return { op: 'callable', context: false, callee: keyRecipe('methodKey', name) }
      }
    }
    if (value.kind === 'name') {
      const definition = this.#functions.get(value.name)
      if (definition?.implementation.kind === 'plain') {
        const { call } = definition.implementation
        const callee = functionRecipe(definition.name, call)
        return { op: 'callable', context: true, callee, ...this.#ownReads(definition) }
      }
      if (definition === undefined && Object.hasOwn(BUILTINS, value.name)) {
        return { op: 'callable', context: false, callee: keyRecipe('builtinKey', value.name) }
      }
      if (definition === undefined) this.#unknownFunction(value.name, value)
      else this.#fault(value, `${value.name} cannot be used as a key`)
      return { op: 'constant', value: null }
    }
    this.#fault(value, 'key needs the name of a function', 'for example key=len or key=lower')
    return { op: 'constant', value: null }
  }

  #functionCall(call: Call, definition: FunctionDefinition): Node {
    const { name, implementation } = definition
    if (implementation.kind === 'special') return this.#specialForm(call, definition, implementation)
    const bound = this.#bind(call, name, parseSignature(definition.signature))
    if (bound === undefined) return { op: 'constant', value: null }
    const args = bound.args.map((argument) =>
      argument === undefined ? undefined : this.expression(argument.value),
    )
    for (const argument of bound.rest) args.push(this.expression(argument.value))
    const node = { op: 'call', name, context: true, returns: definition.returns } as const
    const own = this.#ownReads(definition)
    if (implementation.kind === 'plain') {
      return { ...node, callee: functionRecipe(name, implementation.call), args, ...own }
    }
    const prepared = this.#prepare(call, definition, implementation, bound)
    if (prepared === undefined) return { op: 'constant', value: null }
    const { absence, countsItself = false } = implementation
    const fallback = implementation.fallback === undefined ? undefined : args.pop()
    return { ...node, callee: prepared, args, ...own, fallback, absence, countsItself }
  }

  #specialForm(call: Call, definition: FunctionDefinition, { form }: SpecialForm): Node {
    switch (form) {
      case 'cond':
        return this.#cond(call, definition)
      case 'optional':
        return this.#optional(call, definition)
      case 'exists':
        return this.#exists(call, definition)
    }
  }

  /** The members of the event that a function reads beside its arguments: noted, and kept with its node. */
  #ownReads({ reads }: FunctionDefinition): { reads: readonly string[] } | undefined {
    if (reads === undefined) return undefined
    for (const member of reads) this.#reads.add(member)
    return { reads }
  }

  #prepare(
    call: Call,
    definition: FunctionDefinition,
    implementation: PreparedFunction,
    bound: Bound,
  ): Recipe<RecipeCall> | undefined {
    const signature = parseSignature(definition.signature)
    const constants: Record<string, Value | readonly Value[] | undefined> = {}
    const written: Record<string, readonly Argument[]> = {}
    let complete = true
    for (const [parameter, description] of Object.entries(implementation.constants)) {
      const variadic = parameter === signature.variadic
      const slot = signature.parameters.findIndex((candidate) => candidate.name === parameter)
      const given = variadic ? bound.rest : bound.args[slot] === undefined ? [] : [bound.args[slot]!]
      written[parameter] = given
      for (const argument of given) {
        if (argument.value.kind === 'constant') continue
        complete = false
        this.#fault(
          argument.value,
          `${definition.name} needs a constant here: ${description} is worked out when the rules are loaded`,
          implementation.names?.includes(parameter) && argument.value.kind === 'name'
            ? `write it in quotes: '${argument.value.name}'`
            : 'write it as a quoted string',
        )
      }
      const values = given.map((argument) =>
        argument.value.kind === 'constant' ? argument.value.value : null,
      )
      constants[parameter] = variadic ? values : values[0]
    }
    if (!complete) return undefined
    try {
      const tables: Recipe<NamedLookupTable>[] = []
      const host: PrepareHost = {
        ...this.#host,
        table: (name) => {
          const table = this.#host.table(name)
          if (table !== undefined) tables.push(this.#table(name, table))
          return table
        },
      }
      return preparedRecipe(definition.name, constants, tables, implementation.prepare(constants, host))
    } catch (error) {
      if (!(error instanceof ArgumentProblem)) throw error
      const argument = written[error.parameter]?.[error.index] ?? bound.args[0]
      this.#fault(
        argument === undefined ? call : problemSpan(argument, error.offset),
        error.message,
        error.hint,
      )
      return undefined
    }
  }

  /** One recipe for a table, however many calls look into it. */
  #table(name: string, table: LookupTable): Recipe<NamedLookupTable> {
    let recipe = this.#tables.get(table)
    if (recipe === undefined) {
      recipe = tableRecipe(name, table)
      this.#tables.set(table, recipe)
    }
    return recipe
  }

  /** `proto = 'TCP'` among the arguments of a function that has no parameter `proto`. */
  #meantComparison({ name, value }: Argument): string {
    return `write '==' to compare: ${name} == ${this.#written(value)}`
  }

  #noKeywords(call: Call, name: string): void {
    for (const argument of call.args) {
      if (argument.name !== undefined)
        this.#fault(argument, `${name} takes no named arguments`, this.#meantComparison(argument))
    }
  }

  #cond(call: Call, { name }: FunctionDefinition): Node {
    this.#noKeywords(call, name)
    if (call.args.length < 2) {
      this.#fault(call, `cond needs a condition and a value, ${call.args.length} given`, COND_HINT)
    }
    const nodes = call.args.map((argument) => this.expression(argument.value))
    const pairs: { test: Node; value: Node }[] = []
    for (let index = 0; index + 1 < nodes.length; index += 2) {
      pairs.push({ test: nodes[index]!, value: nodes[index + 1]! })
    }
    return { op: 'cond', pairs, fallback: nodes.length % 2 === 1 ? nodes.at(-1) : undefined }
  }

  #optional(call: Call, { name, signature }: FunctionDefinition): Node {
    const bound = this.#bind(call, name, parseSignature(signature))
    if (bound === undefined) return { op: 'constant', value: null }
    const value = this.expression(bound.args[0]!.value)
    const fallback = bound.args[1]
    return {
      op: 'optional',
      value,
      fallback: fallback === undefined ? { op: 'constant', value: false } : this.expression(fallback.value),
      fields: fieldsOf(value),
    }
  }

  #exists(call: Call, { name, signature }: FunctionDefinition): Node {
    const bound = this.#bind(call, name, parseSignature(signature))
    if (bound === undefined) return { op: 'constant', value: null }
    const value = this.expression(bound.args[0]!.value)
    if (!isPath(value)) {
      const given = bound.args[0]!.value
      const isText = given.kind === 'constant' && typeof given.value === 'string'
      this.#fault(
        given,
        'exists needs a field',
        isText ? `write exists(data['${given.value}'])` : "for example exists(a.b) or exists(data['a'])",
      )
    }
    return { op: 'exists', value }
  }

  // --- statements -------------------------------------------------------------------------------------------

  /** Notes every name that tap assigns: it is a variable in the whole of tap. */
  declare(statements: readonly Statement[]): void {
    for (const statement of statements) {
      if (statement.kind === 'assign') for (const target of statement.targets) this.#declareTarget(target)
      else if (statement.kind === 'augment') this.#declareTarget(statement.target)
      else if (statement.kind === 'for') this.#declareTarget(statement.target)
      if (statement.kind === 'if') this.declare(statement.then)
      if (statement.kind === 'for' || statement.kind === 'while') this.declare(statement.body)
      if ('otherwise' in statement) this.declare(statement.otherwise)
    }
  }

  #declareTarget(target: Target): void {
    if (target.kind === 'targets') for (const entry of target.targets) this.#declareTarget(entry.target)
    if (target.kind !== 'name') return
    if (target.name === 'data' || target.name === 'line') {
      this.#fault(
        target,
        `'${target.name}' is the event and cannot be assigned`,
        `write ${target.name === 'data' ? 'data' : 'line.parsed'}['...'] = ...`,
      )
    } else if (!this.#variables.has(target.name)) {
      this.#variables.set(target.name, this.#variables.size)
    }
  }

  statements(statements: readonly Statement[], lineOf: (offset: number) => number): StatementNode[] {
    const nodes: StatementNode[] = []
    const inner = (list: readonly Statement[]): StatementNode[] => this.statements(list, lineOf)
    for (const statement of statements) {
      const line = lineOf(statement.start)
      switch (statement.kind) {
        case 'assign': {
          const value = this.expression(statement.value)
          nodes.push({
            line,
            op: 'assign',
            targets: statement.targets.map((target) => this.#target(target)),
            value,
          })
          break
        }
        case 'augment':
          nodes.push({
            line,
            op: 'augment',
            target: this.#target(statement.target),
            operator: statement.operator,
            value: this.expression(statement.value),
          })
          break
        case 'if':
          nodes.push({
            line,
            op: 'if',
            test: this.expression(statement.test),
            then: inner(statement.then),
            otherwise: inner(statement.otherwise),
          })
          break
        case 'for':
          nodes.push({
            line,
            op: 'for',
            target: this.#target(statement.target),
            iterable: this.expression(statement.iterable),
            body: inner(statement.body),
            otherwise: inner(statement.otherwise),
          })
          break
        case 'while':
          nodes.push({
            line,
            op: 'while',
            test: this.expression(statement.test),
            body: inner(statement.body),
            otherwise: inner(statement.otherwise),
          })
          break
        case 'delete':
          nodes.push({ line, op: 'delete', targets: statement.targets.map((target) => this.#target(target)) })
          break
        case 'expression':
          nodes.push({ line, op: 'evaluate', value: this.expression(statement.value) })
          break
        case 'break':
        case 'continue':
          nodes.push({ line, op: statement.kind })
          break
        case 'pass':
          break
      }
    }
    return nodes
  }

  #target(target: Target): TargetNode {
    switch (target.kind) {
      case 'name': {
        const id = this.#variables.get(target.name)
        if (id === undefined) {
          this.#fault(
            target,
            `tap assigns no '${target.name}'`,
            `a field is deleted with del data['${target.name}']`,
          )
        }
        return { op: 'variable', name: target.name, id: id ?? 0, field: this.#field([target.name]) }
      }
      case 'targets':
        return {
          op: 'targets',
          targets: target.targets.map((entry) => ({
            target: this.#target(entry.target),
            starred: entry.starred,
          })),
        }
      case 'subscript': {
        const node = this.#subscript(target.object, target.index)
        return node as TargetNode
      }
      case 'attribute': {
        const parts = this.#dotted(target)
        const [first, second] = parts ?? []
        const shadowed = first !== undefined && this.#variables.has(first)
        if (parts === undefined || shadowed || (first !== 'line' && first !== 'data')) {
          this.#fault(target, 'only attributes of line can be assigned', "write data['...']['...'] = ...")
          return { op: 'path', parts: [target.name], line: false }
        }
        if (first === 'data') return { op: 'path', parts: parts.slice(1), line: false }
        if (second === 'parsed' && parts.length > 2) return { op: 'path', parts: parts.slice(2), line: false }
        if (second === 'parsed' || second === 'raw') {
          const hint = second === 'parsed' ? "assign its members: line.parsed['...'] = ..." : undefined
          this.#fault(target, `line.${second} cannot be assigned`, hint)
        }
        return { op: 'path', parts: parts.slice(1), line: true }
      }
    }
  }
}

const COND_HINT = 'it is called as cond(condition, value, condition, value, ..., default)'

interface Bound {
  readonly args: readonly (Argument | undefined)[]
  readonly rest: readonly Argument[]
  readonly named: readonly (readonly [string, Argument])[]
}

/** A call of a built-in function, which is given the meter. */
function builtinNode(
  name: string,
  { returns, special }: Callable,
  args: readonly (Node | undefined)[],
): Node {
  return {
    op: 'call',
    name,
    callee: builtinRecipe(name),
    context: false,
    args,
    returns,
    keepsText: special === 'text',
  }
}

function isGenerator(expression: Expression): expression is Comprehension {
  return expression.kind === 'comprehension' && expression.result === 'generator'
}

/** Where inside a constant's text a fault lies. */
function problemSpan(argument: Argument, offset: number): Span {
  const { value } = argument
  if (offset === 0 || value.kind !== 'constant' || value.offsets === undefined) return value
  const start = value.offsets[offset]
  return start === undefined ? { start: value.end - 1, end: value.end } : { start, end: start + 1 }
}

/** The path of a chain of constant subscripts, for messages and for what is known of the rule set. */
function itemText(object: Node, key: Node): string {
  const last = key.op === 'constant' && typeof key.value === 'string' ? key.value : undefined
  if (object.op === 'root') return last ?? '*'
  const keyText = key.op === 'constant' ? JSON.stringify(key.value, stringifyBigint) : '...'
  if (object.op === 'item' || object.op === 'field') {
    const outer = object.op === 'item' ? object.text : object.path.text
    return `${outer}[${keyText}]`
  }
  return `[${keyText}]`
}

function stringifyBigint(_key: string, value: unknown): unknown {
  return typeof value === 'bigint' ? value.toString() : value
}

/** The nodes that `exists` may be asked about. */
function isPath(node: Node): boolean {
  switch (node.op) {
    case 'field':
    case 'line-field':
    case 'root':
    case 'local':
    case 'variable':
      return true
    case 'attribute':
    case 'item':
      return isPath(node.object)
    default:
      return false
  }
}

/**
 * The fields that occur in an expression and have to be present before `optional` evaluates it, also those that
 * short-circuiting would not reach. Those inside a nested `exists` or `optional` do not count.
 */
function fieldsOf(node: Node): Node[] {
  const found: Node[] = []
  const visit = (current: Node | undefined): void => {
    if (current === undefined || current.op === 'exists' || current.op === 'optional') return
    if (isFixed(current)) {
      if (current.op !== 'constant' && current.op !== 'root' && current.op !== 'raw') found.push(current)
      return
    }
    for (const child of children(current)) visit(child)
  }
  visit(node)
  return found
}

/** A field whose place does not depend on names of a comprehension: it can be looked at beforehand. */
function isFixed(node: Node): boolean {
  if (node.op === 'item') return isFixed(node.object) && isFixed(node.index)
  if (node.op === 'attribute') return isFixed(node.object)
  return (
    node.op === 'field' ||
    node.op === 'line-field' ||
    node.op === 'root' ||
    node.op === 'raw' ||
    node.op === 'constant' ||
    node.op === 'variable'
  )
}
