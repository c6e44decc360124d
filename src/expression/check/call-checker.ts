/** Calls: of functions of the language, of Python's built-ins and of methods. */
import type {
  FunctionDefinition,
  LookupTable,
  PreparedFunction,
  PrepareHost,
  SpecialForm,
} from '../functions/definition.ts'
import { ArgumentProblem } from '../functions/definition.ts'
import { NO_PATTERNS } from '../grok/expand.ts'
import type { Constants, NamedLookupTable, Recipe, Call as RecipeCall } from '../recipe.ts'
import { builtinRecipe, functionRecipe, keyRecipe, preparedRecipe, tableRecipe } from '../recipe.ts'
import { BUILTINS } from '../runtime/builtins.ts'
import type { Callable } from '../runtime/method.ts'
import { METHOD_NAMES, MUTATING_METHODS } from '../runtime/methods.ts'
import type { Argument, Call, Comprehension, Expression, Span } from '../syntax/ast.ts'
import type { Value } from '../value.ts'
import { Tuple } from '../value.ts'
import type { ComprehensionNode, Node } from './checked.ts'
import { functionHint, pipeHint } from './familiar.ts'
import { fieldsOf, mayExist } from './fields-of.ts'
import { NameChecker } from './name-checker.ts'
import type { Signature } from './signature.ts'
import { bindArguments, describeSignature, parseSignature } from './signature.ts'
import { suggest } from './suggest.ts'

const TYPE_NAMES = ['str', 'int', 'float', 'bool', 'list', 'tuple', 'dict', 'set']

const COND_HINT = 'it is called as cond(condition, value, condition, value, ..., default)'

/** A built-in function or a method has that name. */
export function isCallable(name: string): boolean {
  return Object.hasOwn(BUILTINS, name) || METHOD_NAMES.has(name)
}

/** The part of the checker that binds arguments and prepares functions. */
export abstract class CallChecker extends NameChecker {
  /** Methods that change their object may be called: in `tap`. */
  protected abstract readonly mayMutate: boolean

  abstract expression(expression: Expression, piped?: Expression): Node

  protected abstract comprehension(expression: Comprehension): ComprehensionNode

  /** The object of a subscript or of a method. */
  protected abstract subscripted(object: Expression): Node

  /** @param piped the value left of a `|` that the call stands right of */
  protected call(call: Call, piped?: Expression): Node {
    const { callee } = call
    if (callee.kind === 'attribute') return this.#methodCall(call, callee)
    if (callee.kind !== 'name') {
      this.fault(callee, 'this cannot be called', 'a call is name(...) or value.method(...)')
      for (const argument of call.args) this.expression(argument.value)
      return { op: 'constant', value: null }
    }
    const definition = this.functions.get(callee.name)
    if (definition !== undefined) return this.#functionCall(call, definition)
    if (Object.hasOwn(BUILTINS, callee.name))
      return this.#builtinCall(call, callee.name, BUILTINS[callee.name]!)
    this.#unknownFunction(callee.name, callee, call, piped)
    for (const argument of call.args) this.expression(argument.value)
    return { op: 'constant', value: null }
  }

  #unknownFunction(name: string, span: Span, call?: Call, piped?: Expression): void {
    const args = (call?.args ?? []).map((argument) => this.written(argument))
    // First what it is called elsewhere: 'now' is not meant as 'pow'.
    const near = suggest(name, [...this.functions.names, ...Object.keys(BUILTINS)])
    const hint =
      (piped === undefined ? functionHint(name, args) : pipeHint(this.written(piped), near ?? name, args)) ??
      (near !== undefined
        ? `did you mean '${near}'?`
        : METHOD_NAMES.has(name)
          ? `'${name}' is a method: write value.${name}(...)`
          : "'normalize functions' lists what there is")
    this.fault(span, `unknown function '${name}'`, hint)
  }

  #methodCall(call: Call, callee: Expression & { kind: 'attribute' }): Node {
    const { name } = callee
    const nameSpan = { start: callee.nameStart, end: callee.end }
    if (!METHOD_NAMES.has(name) && !name.startsWith('_')) {
      const near = suggest(name, METHOD_NAMES)
      const known = this.functions.names.includes(name) || Object.hasOwn(BUILTINS, name)
      const hint =
        functionHint(name, []) ??
        (near !== undefined
          ? `did you mean '${near}'?`
          : known
            ? `'${name}' is a function: write ${name}(...)`
            : undefined)
      this.fault(nameSpan, `no type has a method '${name}'`, hint)
    } else if (MUTATING_METHODS.has(name) && !this.mayMutate) {
      this.fault(
        nameSpan,
        `'${name}' changes its object, which only tap may do`,
        'build a new value instead, or move this to tap',
      )
    }
    const object = this.subscripted(callee.object)
    if (object.op === 'root' && name === 'get') {
      const get = this.#rootGet(call)
      if (get !== undefined) return get
    }
    if (object.op === 'root') this.reads.add('*')
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
    this.reads.add(key!.value.value)
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
      this.fault(call, `${name} ${binding}`, hint)
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
      const generator = this.comprehension(quantified!.value)
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
    this.fault(
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
      const definition = this.functions.get(value.name)
      if (definition?.implementation.kind === 'direct') {
        const { call } = definition.implementation
        const callee = functionRecipe(definition.name, call)
        return { op: 'callable', context: true, callee, ...this.#ownReads(definition) }
      }
      if (definition === undefined && Object.hasOwn(BUILTINS, value.name)) {
        return { op: 'callable', context: false, callee: keyRecipe('builtinKey', value.name) }
      }
      if (definition === undefined) this.#unknownFunction(value.name, value)
      else this.fault(value, `${value.name} cannot be used as a key`)
      return { op: 'constant', value: null }
    }
    this.fault(value, 'key needs the name of a function', 'for example key=len or key=lower')
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
    if (implementation.kind === 'direct') {
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
        return this.#optional(call, definition, false)
      case 'attempt':
        return this.#optional(call, definition, true)
      case 'coalesce':
        return this.#coalesce(call, definition)
      case 'exists':
        return this.#exists(call, definition)
    }
  }

  /** The members of the event that a function reads beside its arguments: noted, and kept with its node. */
  #ownReads({ reads }: FunctionDefinition): { reads: readonly string[] } | undefined {
    if (reads === undefined) return undefined
    for (const member of reads) this.reads.add(member)
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
    /** Of a parameter that is a lookup: the places in the table. */
    let places: readonly string[] | undefined
    for (const [parameter, description] of Object.entries(implementation.constants)) {
      const variadic = parameter === signature.variadic
      const slot = signature.parameters.findIndex((candidate) => candidate.name === parameter)
      const given = variadic ? bound.rest : bound.args[slot] === undefined ? [] : [bound.args[slot]!]
      written[parameter] = given
      const tabled = implementation.tabled?.includes(parameter) ? this.#tabled(given[0]) : undefined
      if (tabled !== undefined) {
        if (tabled === 'unknown') return undefined
        constants[parameter] = tabled.map(({ text }) => text)
        places = tabled.map(({ place }) => place)
        continue
      }
      for (const argument of given) {
        if (argument.value.kind === 'constant') continue
        complete = false
        this.fault(
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
    for (const parameter of implementation.checked ?? []) {
      const argument = bound.args[signature.parameters.findIndex(({ name }) => name === parameter)]
      if (argument === undefined) continue
      const { value } = argument
      if (value.kind === 'name' && implementation.names?.includes(parameter)) {
        // The name of a table without quotes was not meant as a field.
        if (this.host.tables.some(({ name }) => name === value.name)) {
          this.fault(
            value,
            `'${value.name}' is a field here, and there is a table of that name`,
            `write it in quotes: '${value.name}'`,
          )
          return undefined
        }
      }
      if (value.kind !== 'constant') continue
      written[parameter] = [argument]
      constants[parameter] = value.value
    }
    const key = constantsKey(definition.name, constants)
    const known = key === undefined ? undefined : (this.prepared.get(key) ?? this.sharedPrepared.get(key))
    if (known !== undefined) return known
    try {
      let hasWarned = false
      let usesRe2 = false
      let usesDatabases = false
      let usesFile = false
      const { databases, tables: namedTables } = this.host
      const tables: Recipe<NamedLookupTable>[] = []
      const patterns = new Map<string, string>()
      const own = this.host.patterns ?? NO_PATTERNS
      const host: PrepareHost = {
        ...this.host,
        warn: (message) => {
          hasWarned = true
          this.host.warn(message)
        },
        table: (name) => {
          usesFile = true
          const table = this.host.table(name)
          if (table !== undefined) tables.push(this.#table(name, table))
          return table
        },
        get tables() {
          usesFile = true
          return namedTables
        },
        re2: () => {
          usesRe2 = true
          return this.host.re2()
        },
        get databases() {
          usesDatabases = true
          return databases
        },
        patterns: {
          get names() {
            usesFile = true
            return own.names
          },
          get: (name) => {
            usesFile = true
            const pattern = own.get(name)
            if (pattern !== undefined) patterns.set(name, pattern)
            return pattern
          },
        },
      }
      const prepared = implementation.prepare(constants, host)
      const recipe = preparedRecipe(
        definition.name,
        constants,
        { tables, patterns, usesRe2, usesDatabases },
        prepared,
      )
      // A warning is repeated for each place that it applies to.
      if (key !== undefined && !hasWarned) {
        const known = usesFile ? this.prepared : this.sharedPrepared
        known.set(key, recipe)
      }
      return recipe
    } catch (error) {
      if (!(error instanceof ArgumentProblem)) throw error
      const given = written[error.parameter]
      const argument = given?.[error.index] ?? given?.[0] ?? bound.args[0]
      const place = places?.[error.index]
      this.fault(
        argument === undefined ? call : problemSpan(argument, error.offset),
        place === undefined ? error.message : `${place}: ${error.message}`,
        error.hint,
      )
      return undefined
    }
  }

  /**
   * The texts that an argument may be, where it is a `lookup` in a table: those of the table, and the default.
   *
   * @returns 'unknown' where the lookup has a fault of its own, undefined where the argument is something else
   */
  #tabled(argument: Argument | undefined): readonly TabledText[] | 'unknown' | undefined {
    const call = argument?.value
    if (call?.kind !== 'call' || call.callee.kind !== 'name' || call.callee.name !== 'lookup')
      return undefined
    const definition = this.functions.get('lookup')
    if (definition === undefined) return undefined
    const binding = bindArguments(
      parseSignature(definition.signature),
      call.args.map(({ name }) => name),
    )
    if (typeof binding === 'string') return 'unknown'
    const [name, , fallback] = binding.slots.map((slot) => (slot === -1 ? undefined : call.args[slot]!.value))
    if (name?.kind !== 'constant' || typeof name.value !== 'string') {
      this.fault(
        name ?? call,
        'the name of the table is a constant here: its texts are worked out when the rules are loaded',
      )
      return 'unknown'
    }
    const table = this.host.table(name.value)
    if (table?.kind !== 'mapping') return 'unknown'
    const texts: TabledText[] = [...table.entries].map(([key, text]) => ({
      text,
      place: `table '${name.value}', key '${key}'`,
    }))
    if (fallback !== undefined) {
      if (fallback.kind !== 'constant') {
        this.fault(fallback, 'the default is a constant here: it is worked out when the rules are loaded')
        return 'unknown'
      }
      texts.push({ text: fallback.value, place: 'the default' })
    }
    if (texts.length === 0) {
      this.fault(call, `table '${name.value}' is empty`)
      return 'unknown'
    }
    return texts
  }

  /** One recipe for a table, however many calls look into it. */
  #table(name: string, table: LookupTable): Recipe<NamedLookupTable> {
    let recipe = this.tables.get(table)
    if (recipe === undefined) {
      recipe = tableRecipe(name, table)
      this.tables.set(table, recipe)
    }
    return recipe
  }

  /** `proto = 'TCP'` among the arguments of a function that has no parameter `proto`. */
  #meantComparison({ name, value }: Argument): string {
    return `write '==' to compare: ${name} == ${this.written(value)}`
  }

  #noKeywords(call: Call, name: string): void {
    for (const argument of call.args) {
      if (argument.name !== undefined)
        this.fault(argument, `${name} takes no named arguments`, this.#meantComparison(argument))
    }
  }

  #cond(call: Call, { name }: FunctionDefinition): Node {
    this.#noKeywords(call, name)
    if (call.args.length < 2) {
      this.fault(call, `cond needs a condition and a value, ${call.args.length} given`, COND_HINT)
    }
    const nodes = call.args.map((argument) => this.expression(argument.value))
    const pairs: { test: Node; value: Node }[] = []
    for (let index = 0; index + 1 < nodes.length; index += 2) {
      pairs.push({ test: nodes[index]!, value: nodes[index + 1]! })
    }
    return { op: 'cond', pairs, fallback: nodes.length % 2 === 1 ? nodes.at(-1) : undefined }
  }

  /** @param catches errors lead to the default, too */
  #optional(call: Call, { name, signature }: FunctionDefinition, catches: boolean): Node {
    const bound = this.#bind(call, name, parseSignature(signature))
    if (bound === undefined) return { op: 'constant', value: null }
    const value = this.expression(bound.args[0]!.value)
    const fallback = bound.args[1]
    return {
      op: 'optional',
      value,
      fallback: fallback === undefined ? { op: 'constant', value: false } : this.expression(fallback.value),
      fields: fieldsOf(value),
      catches,
    }
  }

  #coalesce(call: Call, { name }: FunctionDefinition): Node {
    this.#noKeywords(call, name)
    if (call.args.length === 0) this.fault(call, 'coalesce needs a value', 'for example coalesce(a, b)')
    return { op: 'coalesce', values: call.args.map((argument) => this.expression(argument.value)) }
  }

  #exists(call: Call, { name, signature }: FunctionDefinition): Node {
    const bound = this.#bind(call, name, parseSignature(signature))
    if (bound === undefined) return { op: 'constant', value: null }
    const value = this.expression(bound.args[0]!.value)
    if (!mayExist(value)) {
      const given = bound.args[0]!.value
      const isText = given.kind === 'constant' && typeof given.value === 'string'
      this.fault(
        given,
        'exists needs a field',
        isText ? `write exists(data['${given.value}'])` : "for example exists(a.b) or exists(data['a'])",
      )
    }
    return { op: 'exists', value }
  }
}

/** A text that a lookup may find. */
interface TabledText {
  readonly text: Value
  /** Where it is written, for messages. */
  readonly place: string
}

/** The arguments of a call, in the order of the parameters. */
interface Bound {
  readonly args: readonly (Argument | undefined)[]
  readonly rest: readonly Argument[]
  readonly named: readonly (readonly [string, Argument])[]
}

/** A call of a built-in function, which is given the meter. */
export function builtinNode(
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

export function isGenerator(expression: Expression): expression is Comprehension {
  return expression.kind === 'comprehension' && expression.result === 'generator'
}

/** Equal for a function with equal constants; undefined where they are not told apart by their JSON. */
function constantsKey(name: string, constants: Constants): string | undefined {
  const isSimple = (value: unknown): boolean =>
    value === undefined ||
    value === null ||
    typeof value === 'string' ||
    typeof value === 'boolean' ||
    (Array.isArray(value) && value.every((item) => item !== undefined && isSimple(item)))
  const values = Object.values(constants)
  if (!values.every(isSimple)) return undefined
  return JSON.stringify([name, ...values.map((value) => (value === undefined ? [] : [value]))])
}

/** The place of a fault inside a constant's text. */
function problemSpan(argument: Argument, offset: number): Span {
  const { value } = argument
  if (offset === 0 || value.kind !== 'constant' || value.offsets === undefined) return value
  const start = value.offsets[offset]
  return start === undefined ? { start: value.end - 1, end: value.end } : { start, end: start + 1 }
}
