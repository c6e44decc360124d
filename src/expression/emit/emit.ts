/**
 * Checked tree to JavaScript: straight-line code, every step in a constant of its own. Absence is not an
 * exception but a `break` out of a labelled block (an optional rule, `optional`, a condition of `cond`), or, in a
 * required rule, a `return`.
 *
 * Names in generated code are made here (`t1`, `f2`, `rule3`); texts from rules enter it through JSON.stringify.
 */

import type { RejectionCode } from '../../errors.ts'
import type { ComprehensionNode, FormattedPart, Node, StatementNode, TargetNode } from '../check/checked.ts'
import { absenceHint } from '../check/familiar.ts'
import { bigintText, numberText } from '../literal.ts'
import type { Recipe } from '../recipe.ts'
import { listRecipe, pathRecipe, setRecipe, valueRecipe } from '../recipe.ts'
import { mayBeAbsent, resultType } from '../returns.ts'
import type { FieldPath } from '../runtime/fields.ts'
import { ITEM_BYTES, LIST_BYTES } from '../runtime/length.ts'
import type { Meter } from '../runtime/meter.ts'
import type { RUNTIME } from '../runtime/runtime.ts'
import type { BinaryOperator, ComparisonOperator, SignOperator } from '../syntax/operators.ts'
import { BINARY_OPERATORS, COMPARISON_OPERATORS, SIGN_OPERATORS } from '../syntax/operators.ts'
import type { Maybe, Value } from '../value.ts'
import { isJsonNumber, Tuple } from '../value.ts'

/** What is known of a piece of code's value; `json` is a value as JSON.parse gave it. */
type Knowledge = 'string' | 'boolean' | 'json' | 'any'

interface Code {
  /** An expression without effects: a name or a literal. */
  readonly text: string
  readonly known: Knowledge
  /** The value may be absent: undefined. Whoever needs one has to ask. */
  readonly mayBeAbsent?: boolean
  /** How its absence is told, where not by what the node says: a code, and code for the message. */
  readonly absence?: { readonly code: RejectionCode; readonly message: () => string }
}

type Runtime = typeof RUNTIME
type HelperName = keyof Runtime

/** Functions of the runtime that may find nothing, as their types say: a result of `undefined` is absence. */
type FindingName = {
  [Name in HelperName]: undefined extends ReturnType<Runtime[Name]>
    ? ReturnType<Runtime[Name]> extends Maybe
      ? Name
      : never
    : never
}[HelperName]

/** The others: what they give is a value. */
type CertainName = Exclude<HelperName, FindingName>

/** What happens when something is absent. */
type Absence =
  | { readonly kind: 'reject' }
  | { readonly kind: 'break'; readonly label: string; used?: boolean }

/** How code is written for one kind of event. */
export interface EmitOptions {
  /**
   * The event may hold dicts beside plain objects, and numbers with a text of their own: every access asks.
   * Without it the event is what JSON.parse gives.
   */
  readonly exact: boolean
  /** Where fields come from if there is no event object: code for their values. Absence is then `return false`. */
  readonly fields?: FieldSource
}

/** Code that reads the event from elsewhere than an object; the values are those that JSON.parse would give. */
export interface FieldSource {
  /** The value at a dotted path, undefined where it is absent. */
  field(path: FieldPath): string
  /** The event's own member. */
  member(key: string): string
}

/** The compiler refuses an operator whose function the runtime does not have, or may find nothing. */
const BINARY: Readonly<Record<BinaryOperator, { helper: CertainName; inPlace?: CertainName }>> =
  BINARY_OPERATORS
const SIGN: Readonly<Record<SignOperator, { helper: CertainName }>> = SIGN_OPERATORS
const COMPARISON: Readonly<Record<ComparisonOperator, { helper: CertainName }>> = COMPARISON_OPERATORS

/** Functions of the runtime that take the meter first. */
type MeteredName = {
  [Name in HelperName]: Parameters<Runtime[Name]> extends [Meter, ...any] ? Name : never
}[HelperName]

/** The same as values; the compiler refuses a list that is not exactly those. */
const METERED: Readonly<Record<MeteredName, true>> = {
  add: true,
  addInPlace: true,
  ascii: true,
  bitAnd: true,
  bitAndInPlace: true,
  bitOr: true,
  bitOrInPlace: true,
  bitXor: true,
  bitXorInPlace: true,
  callMethod: true,
  collectSet: true,
  contains: true,
  deleteItem: true,
  deletePath: true,
  deleteSlice: true,
  divide: true,
  equals: true,
  finishValue: true,
  floorDivide: true,
  formatValue: true,
  getItem: true,
  getSlice: true,
  greater: true,
  greaterOrEqual: true,
  invert: true,
  iterate: true,
  leftShift: true,
  less: true,
  lessOrEqual: true,
  mergeInto: true,
  missingKey: true,
  modulo: true,
  multiply: true,
  multiplyInPlace: true,
  negate: true,
  power: true,
  putElement: true,
  putEntry: true,
  repr: true,
  rightShift: true,
  same: true,
  setItem: true,
  setPath: true,
  setSlice: true,
  str: true,
  subtract: true,
  subtractInPlace: true,
  toArray: true,
  truth: true,
  unpack: true,
}

/** Units of work for a round of a loop, and for each line of code in it. */
const ROUND = 60
const LINE = 20

/** Names that a plain object inherits: reading them has to ask whether they are its own. */
const INHERITED = new Set(Object.getOwnPropertyNames(Object.prototype))

/** A test for membership in constants is written out up to this many. */
const MAX_WRITTEN_OUT = 8

/** What generated code refers to: functions, paths, tuples. */
export class ConstantPool {
  readonly values: unknown[] = []
  readonly #recipes: Recipe[] = []
  readonly #comments: string[] = []
  readonly #byValue = new Map<unknown, string>()

  /** @returns the name under which generated code knows the constant */
  add(recipe: Recipe, comment: string): string {
    const value = recipe.realize()
    const known = this.#byValue.get(value)
    if (known !== undefined) return known
    const name = `k${this.values.length}`
    this.values.push(value)
    this.#recipes.push(recipe)
    this.#comments.push(commentText(comment).slice(0, 60))
    this.#byValue.set(value, name)
    return name
  }

  /** Declarations for code that is given the values as `k`. */
  declarations(): string[] {
    return this.#comments.map((comment, index) => `const k${index} = k[${index}] // ${comment}`)
  }

  /** Declarations for a module, which makes its constants by itself. */
  printed(): string[] {
    const lines: string[] = []
    const others = new Map<Recipe, string>()
    const refer = (recipe: Recipe): string => {
      const known = others.get(recipe)
      if (known !== undefined) return known
      const code = recipe.print(refer)
      const name = `d${others.size}`
      others.set(recipe, name)
      lines.push(`const ${name} = ${code}`)
      return name
    }
    for (const [index, recipe] of this.#recipes.entries()) {
      const code = recipe.print(refer)
      lines.push(`const k${index} = ${code} // ${this.#comments[index]}`)
    }
    return lines
  }
}

/** Writes the body of one generated function. */
export class Emitter {
  readonly lines: string[] = []
  readonly helpers: Set<string>
  /** Whether the code uses `meter`. */
  metered = false
  readonly #constants: ConstantPool
  readonly #exact: boolean
  readonly #fields: FieldSource | undefined
  /** Fields that were read at the top, by path. */
  readonly #hoisted = new Map<string, string>()
  /** Names of comprehensions' variables: every rule numbers its own from 0. */
  readonly #locals = new Map<number, string>()
  #indent: string
  /** Blocks that are open. */
  #depth = 0
  /** Where the statements of the body begin, those in blocks left out. */
  readonly #statements: number[] = []
  #counter = 0
  /** Conditions of `cond` that reach an absent field are false. */
  #lenient = false
  #absence: Absence = { kind: 'reject' }
  /** The loops that are open, innermost last: `break` has to note that it happened where there is an `else`. */
  readonly #loops: { label: string; broken: string | undefined }[] = []

  constructor(constants: ConstantPool, helpers: Set<string>, options: EmitOptions, indent: string) {
    this.#constants = constants
    this.helpers = helpers
    this.#exact = options.exact
    this.#fields = options.fields
    this.#indent = indent
  }

  // --- writing ----------------------------------------------------------------------------------------------

  line(text: string): void {
    if (this.#depth === 0) this.#statements.push(this.lines.length)
    this.lines.push(this.#indent + text)
  }

  block(head: string, body: () => void, otherwise?: () => void): void {
    this.line(`${head} {`)
    this.#depth++
    this.#indented(body)
    if (otherwise !== undefined) {
      this.line('} else {')
      this.#indented(otherwise)
    }
    this.line('}')
    this.#depth--
  }

  /**
   * The lines in pieces, for a function each. A piece ends where a statement of the body does, never inside a block.
   *
   * @param least lines of a piece; the last one may have fewer
   */
  pieces(least: number): string[][] {
    const pieces: string[][] = []
    let from = 0
    for (const start of [...this.#statements, this.lines.length]) {
      if (start - from < least && start < this.lines.length) continue
      if (start > from) pieces.push(this.lines.slice(from, start))
      from = start
    }
    return pieces
  }

  #indented(body: () => void): void {
    const outer = this.#indent
    this.#indent += '  '
    body()
    this.#indent = outer
  }

  #fresh(prefix: string): string {
    return `${prefix}${this.#counter++}`
  }

  /** A call of the runtime that gives a value, or nothing that anyone asks for. */
  #call(name: CertainName, ...args: string[]): string {
    return this.#helperCall(name, args)
  }

  /** A call of the runtime that may give undefined: the compiler sees to it that it is not taken for a value. */
  #find(name: FindingName, ...args: string[]): string {
    return this.#helperCall(name, args)
  }

  #helperCall(name: HelperName, args: readonly string[]): string {
    this.helpers.add(name)
    const all = Object.hasOwn(METERED, name) ? [this.#meter(), ...args] : args
    return `${name}(${all.join(', ')})`
  }

  /** The meter in generated code: whoever writes the function around it declares it. */
  #meter(): string {
    this.metered = true
    return 'meter'
  }

  /** Counts what the code that follows builds. */
  #build(bytes: number | string): void {
    this.line(`${this.#meter()}.build(${bytes})`)
  }

  /** The rounds of a loop count what their code does; what its functions touch comes on top. */
  #round(body: () => void): void {
    const place = this.lines.length
    this.line('')
    body()
    const units = ROUND + LINE * (this.lines.length - place)
    this.lines[place] = `${this.#indent}${this.#meter()}.touch(${units})`
  }

  #temporary(expression: string, known: Knowledge = 'any'): Code {
    const text = this.#fresh('t')
    this.line(`const ${text} = ${expression}`)
    return { text, known }
  }

  /** The result of something that may find nothing. */
  #found(expression: string, known: Knowledge = 'any'): Code {
    return { ...this.#temporary(expression, known), mayBeAbsent: true }
  }

  /** Writes what happens when a value is absent. */
  #leave(message: string, code = 'FIELD_MISSING'): string {
    if (this.#absence.kind === 'break') {
      this.#absence.used = true
      return `break ${this.#absence.label}`
    }
    if (this.#fields !== undefined) return 'return false'
    return `return run.absent(${JSON.stringify(code)}, ${message})`
  }

  #present(code: Code, message: string): Code {
    this.line(`if (${code.text} === undefined) ${this.#leave(JSON.stringify(message))}`)
    return code
  }

  #withAbsence<T>(absence: Absence, body: () => T): T {
    const outer = this.#absence
    this.#absence = absence
    const result = body()
    this.#absence = outer
    return result
  }

  // --- rules ------------------------------------------------------------------------------------------------

  /** Ends a rule: its value is counted, and noted if it is one that JSON.stringify does not write as it should. */
  finish(name: string): void {
    this.line(`if (!${this.#call('finishValue', name)}) run.plain = false`)
  }

  /** The lines, with the declaration of what they use. */
  body(): readonly string[] {
    return this.metered ? ['  const { meter } = run', ...this.lines] : this.lines
  }

  /** Reads fields once, before the rules that use them. */
  hoist(paths: Iterable<FieldPath>): void {
    for (const path of paths) {
      if (!this.#hoisted.has(path.text)) this.#hoisted.set(path.text, this.#read(path))
    }
  }

  /** The name of a field's value. */
  fieldValue(path: FieldPath): string {
    return this.#field(path)
  }

  /** Code for what stands below these keys; undefined where the way ends. */
  valueBelow(keys: readonly string[]): string {
    const name = this.#fresh('m')
    this.line(`let ${name} = ${this.#member('data', keys[0]!, true)}`)
    for (const key of keys.slice(1)) this.line(`${name} = ${this.#member(name, key, false)}`)
    return name
  }

  /** Code for the value of `line.x.y`. */
  lineFieldValue(path: FieldPath, underLine: FieldPath): string {
    return this.#find('lineField', 'data', this.#path(underLine), this.#path(path))
  }

  /**
   * Evaluates a rule.
   *
   * @param name a variable for the value, undefined where the rule is optional and its value absent
   */
  rule(name: string, node: Node, required: boolean): Knowledge {
    this.#lenient = !required
    if (required) {
      const value = this.#value(node)
      this.line(`const ${name} = ${value.text}`)
      return value.known
    }
    if (node.op === 'field') {
      // Most optional rules copy a field: absent or not, it is the value.
      const value = this.#maybe(node)
      this.line(`const ${name} = ${value.text}`)
      return value.known
    }
    let known: Knowledge = 'any'
    const label = this.#fresh('rule')
    this.line(`let ${name}`)
    this.block(`${label}:`, () => {
      this.#withAbsence({ kind: 'break', label }, () => {
        const value = this.#value(node)
        this.line(`${name} = ${value.text}`)
        known = value.known
      })
    })
    return known
  }

  // --- values -----------------------------------------------------------------------------------------------

  /** Code for a value that is present: absence has left by then. */
  #value(node: Node): Code {
    const code = this.#maybe(node)
    if (code.mayBeAbsent !== true) return code
    const { absence } = code
    if (absence === undefined) return this.#present(code, absentMessage(node))
    const message = absence.message()
    this.line(`if (${code.text} === undefined) ${this.#leave(message, absence.code)}`)
    return code
  }

  /** Code for a node's value, undefined where it is absent itself. What is absent inside it leaves. */
  #maybe(node: Node): Code {
    switch (node.op) {
      case 'constant':
        return this.#constant(node.value)
      case 'field':
        return { text: this.#field(node.path), known: this.#exact ? 'any' : 'json', mayBeAbsent: true }
      case 'line-field':
        return this.#found(this.lineFieldValue(node.path, node.underLine), this.#exact ? 'any' : 'json')
      case 'root':
        return { text: 'data', known: this.#exact ? 'any' : 'json' }
      case 'raw':
        return { text: 'raw', known: 'string' }
      case 'local':
        return { text: this.#local(node.id), known: 'any' }
      case 'variable': {
        const field = this.#maybe(node.field)
        return this.#found(`w${node.id} !== undefined ? w${node.id} : ${field.text}`)
      }
      case 'attribute': {
        const object = this.#value(node.object)
        return this.#found(this.#find('getAttribute', object.text, JSON.stringify(node.name)))
      }
      case 'item':
        return this.#item(node)
      case 'slice': {
        const object = this.#value(node.object)
        return this.#temporary(this.#call('getSlice', object.text, ...this.#bounds(node)))
      }
      case 'call':
        return this.#functionCall(node)
      case 'callable':
        return { text: this.#callable(node), known: 'any' }
      case 'method': {
        const object = this.#value(node.object)
        const args = node.args.map((argument) => this.#value(argument).text)
        const names =
          node.names === undefined
            ? 'undefined'
            : this.#constants.add(listRecipe(node.names), `arguments of ${node.name}`)
        const name = JSON.stringify(node.name)
        return this.#found(this.#find('callMethod', object.text, name, `[${args.join(', ')}]`, names))
      }
      case 'cond':
        return this.#cond(node)
      case 'optional':
        return this.#optional(node)
      case 'exists':
        return this.#exists(node.value)
      case 'get': {
        const name = this.#fresh('t')
        // Python evaluates the fallback in any case; where it meets absence or fails, so does the call.
        const fallback = this.#value(node.fallback)
        this.line(`let ${name} = ${this.#fields?.member(node.key) ?? this.#member('data', node.key, true)}`)
        this.line(`if (${name} === undefined) ${name} = ${fallback.text}`)
        return { text: name, known: 'any' }
      }
      case 'isinstance': {
        const value = this.#value(node.value)
        const types = this.#constant(node.types)
        const call = this.#constants.add(node.callee, 'isinstance')
        return this.#temporary(`${call}(${this.#meter()}, ${value.text}, ${types.text})`, 'boolean')
      }
      case 'not':
        return this.#temporary(`!${this.#test(node.operand)}`, 'boolean')
      case 'unary':
        return this.#temporary(this.#call(SIGN[node.operator].helper, this.#value(node.operand).text))
      case 'binary': {
        const left = this.#value(node.left)
        const right = this.#value(node.right)
        return this.#temporary(this.#call(BINARY[node.operator].helper, left.text, right.text))
      }
      case 'logical':
        return this.#logical(node)
      case 'comparison':
        return this.#comparison(node)
      case 'conditional':
        return this.#conditional(node)
      case 'display':
        return this.#display(node)
      case 'dict':
        return this.#dict(node)
      case 'comprehension':
        return this.#comprehension(node)
      case 'search':
        return this.#search(node)
      case 'formatted':
        return this.#temporary(this.#formatted(node.parts), 'string')
    }
  }

  /** Code that is true or false as JavaScript sees it. */
  #test(node: Node): string {
    const code = this.#value(node)
    return code.known === 'boolean' ? code.text : this.#call('truth', code.text)
  }

  #constant(value: Value): Code {
    if (typeof value === 'string') return { text: JSON.stringify(value), known: 'string' }
    if (typeof value === 'boolean') return { text: String(value), known: 'boolean' }
    if (value === null) return { text: 'null', known: 'json' }
    if (typeof value === 'bigint') return { text: bigintText(value), known: 'any' }
    if (typeof value === 'number')
      return { text: numberText(value), known: isJsonNumber(value) ? 'json' : 'any' }
    return { text: this.#constants.add(valueRecipe(value), 'a constant'), known: 'any' }
  }

  // --- fields -----------------------------------------------------------------------------------------------

  #path(path: FieldPath): string {
    return this.#constants.add(pathRecipe(path), `path ${path.text}`)
  }

  #field(path: FieldPath): string {
    return this.#hoisted.get(path.text) ?? this.#read(path)
  }

  /** Reads a dotted path: the nested walk, the flat key, then what else is left to try. */
  #read(path: FieldPath): string {
    const name = this.#fresh('f')
    const { parts } = path
    if (this.#fields !== undefined) {
      this.line(`const ${name} = ${this.#fields.field(path)} // ${commentText(path.text)}`)
      return name
    }
    this.line(`let ${name} = ${this.#member('data', parts[0]!, true)} // ${commentText(path.text)}`)
    for (const part of parts.slice(1)) this.line(`${name} = ${this.#member(name, part, false)}`)
    if (parts.length > 1) {
      this.line(`if (${name} === undefined) ${name} = ${this.#member('data', path.text, true)}`)
    }
    if (parts.length > 2) {
      this.line(
        `if (${name} === undefined) ${name} = ${this.#find('resolveMixed', 'data', this.#path(path))}`,
      )
    }
    return name
  }

  /** @param object it is known to be a plain object (the event) */
  #member(holder: string, key: string, object: boolean): string {
    const literal = JSON.stringify(key)
    if (this.#exact) return this.#find('step', holder, literal)
    const own = INHERITED.has(key) ? this.#find('ownMember', holder, literal) : `${holder}[${literal}]`
    return object ? own : `${this.#call('isObject', holder)} ? ${own} : undefined`
  }

  #item(node: Node & { op: 'item' }): Code {
    const known = this.#exact || !isOfEvent(node.object) ? 'any' : 'json'
    const { index } = node
    if (node.object.op === 'root' && index.op === 'constant' && typeof index.value === 'string') {
      const member = this.#fields?.member(index.value) ?? this.#member('data', index.value, true)
      return this.#found(member, known)
    }
    const object = this.#value(node.object)
    const key = this.#value(index)
    return this.#found(this.#find('getItem', object.text, key.text), known)
  }

  #bounds({ lower, upper, step }: { lower?: Node; upper?: Node; step?: Node }): string[] {
    return [lower, upper, step].map((bound) => (bound === undefined ? 'null' : this.#value(bound).text))
  }

  // --- calls ------------------------------------------------------------------------------------------------

  #callable(node: Node & { op: 'callable' }): string {
    const call = this.#constants.add(node.callee, 'key function')
    return this.#call('withContext', call, node.context ? 'run' : this.#meter())
  }

  #functionCall(node: Node & { op: 'call' }): Code {
    const args = node.args.map((argument) =>
      argument === undefined ? 'undefined' : this.#value(argument).text,
    )
    while (args.at(-1) === 'undefined') args.pop()
    const call = this.#constants.add(node.callee, node.name)
    const result = `${call}(${[node.context ? 'run' : this.#meter(), ...args].join(', ')})`
    if (node.keepsText === true && args.length === 1) {
      const [only] = args
      return this.#temporary(`typeof ${only} === 'string' ? ${only} : ${result}`, 'string')
    }
    // What a function of the language reads and makes is counted here for all that do not count it themselves.
    const counted = node.context && node.countsItself !== true
    if (counted) {
      for (const [index, argument] of node.args.entries()) {
        if (argument !== undefined && argument.op !== 'constant')
          this.line(`${this.#meter()}.read(${args[index]})`)
      }
    }
    const { fallback } = node
    const name = this.#fresh('t')
    this.line(`${fallback === undefined ? 'const' : 'let'} ${name} = ${result}`)
    if (counted) this.line(`${this.#meter()}.made(${name})`)
    if (fallback === undefined) return this.#result(name, node, args)
    this.block(`if (${name} === undefined)`, () => {
      this.line(`${name} = ${this.#value(fallback).text}`)
    })
    return { text: name, known: 'any' }
  }

  /** What is known of a call's result. A text is `any`: its length is counted where it leaves the rule. */
  #result(text: string, { returns, absence }: Node & { op: 'call' }, args: readonly string[]): Code {
    const known = resultType(returns) === 'boolean' ? 'boolean' : 'any'
    if (!mayBeAbsent(returns)) return { text, known }
    if (absence === undefined) return { text, known, mayBeAbsent: true }
    const message = (): string => this.#call(absence.helper, ...args)
    return { text, known, mayBeAbsent: true, absence: { code: absence.code, message } }
  }

  #cond(node: Node & { op: 'cond' }): Code {
    const name = this.#fresh('t')
    const label = this.#fresh('cond')
    let known: Knowledge | undefined
    const give = (value: Node): void => {
      const code = this.#value(value)
      known = known === undefined || known === code.known ? code.known : 'any'
      this.line(`${name} = ${code.text}`)
    }
    this.line(`let ${name}`)
    this.block(`${label}:`, () => {
      for (const pair of node.pairs) {
        this.block(`if (${this.#condition(pair.test)})`, () => {
          give(pair.value)
          this.line(`break ${label}`)
        })
      }
      if (node.fallback !== undefined) give(node.fallback)
    })
    return { text: name, known: known ?? 'any', mayBeAbsent: node.fallback === undefined }
  }

  /** A condition of `cond`: in an optional rule, one that reaches something absent is false. */
  #condition(test: Node): string {
    if (!this.#lenient) return this.#test(test)
    const name = this.#fresh('c')
    const absence: Absence = { kind: 'break', label: this.#fresh('test') }
    const start = this.lines.length
    let result = ''
    this.line(`let ${name} = false`)
    this.block(`${absence.label}:`, () => {
      result = this.#withAbsence(absence, () => this.#test(test))
      this.line(`${name} = ${result}`)
    })
    if (absence.used === true) return name
    // Nothing in it can be absent: its code can do without the block.
    const written = this.lines.splice(start)
    for (const line of written.slice(2, -2)) this.lines.push(line.slice(2))
    return result
  }

  #optional(node: Node & { op: 'optional' }): Code {
    const name = this.#fresh('t')
    const label = this.#fresh('optional')
    const absent = this.#fresh('absent')
    let known: Knowledge = 'any'
    this.line(`let ${name}`)
    this.block(`${label}:`, () => {
      this.block(`${absent}:`, () => {
        this.#withAbsence({ kind: 'break', label: absent }, () => {
          for (const field of node.fields) this.#value(field)
          const value = this.#value(node.value)
          known = value.known
          this.line(`${name} = ${value.text}`)
          this.line(`break ${label}`)
        })
      })
      const fallback = this.#value(node.fallback)
      if (fallback.known !== known) known = 'any'
      this.line(`${name} = ${fallback.text}`)
    })
    return { text: name, known }
  }

  /** It never fails: whatever does not fit on the way is absent. */
  #exists(node: Node): Code {
    if (node.op === 'field') return this.#temporary(this.#call('isUseful', this.#field(node.path)), 'boolean')
    const name = this.#fresh('t')
    const label = this.#fresh('exists')
    this.line(`let ${name} = false`)
    this.block(`${label}:`, () => {
      this.#withAbsence({ kind: 'break', label }, () => {
        this.line(`${name} = ${this.#call('isUseful', this.#soft(node))}`)
      })
    })
    return { text: name, known: 'boolean' }
  }

  #soft(node: Node): string {
    if (node.op === 'item') {
      if (node.object.op === 'root' && node.index.op === 'constant') return this.#item(node).text
      const object = this.#soft(node.object)
      const key = this.#value(node.index)
      return this.#temporary(this.#find('softItem', object, key.text)).text
    }
    if (node.op === 'attribute') {
      return this.#temporary(this.#find('softItem', this.#soft(node.object), JSON.stringify(node.name))).text
    }
    return this.#maybe(node).text
  }

  // --- operators --------------------------------------------------------------------------------------------

  #logical(node: Node & { op: 'logical' }): Code {
    const left = this.#value(node.left)
    const name = this.#fresh('t')
    let known: Knowledge = 'any'
    this.line(`let ${name} = ${left.text}`)
    const truth = left.known === 'boolean' ? name : this.#call('truth', name)
    this.block(`if (${node.operator === 'and' ? truth : `!${truth}`})`, () => {
      const right = this.#value(node.right)
      known = left.known === right.known ? left.known : 'any'
      this.line(`${name} = ${right.text}`)
    })
    return { text: name, known }
  }

  #comparison(node: Node & { op: 'comparison' }): Code {
    let left = this.#value(node.first)
    const [first, ...others] = node.rest
    let right = this.#value(first!.operand)
    const result = this.#compare(first!.operator, left, right, node.first, first!.operand)
    if (others.length === 0) return this.#temporary(result, 'boolean')
    const name = this.#fresh('t')
    this.line(`let ${name} = ${result}`)
    let previous = first!.operand
    const chain = (index: number): void => {
      const next = others[index]
      if (next === undefined) return
      this.block(`if (${name})`, () => {
        left = right
        right = this.#value(next.operand)
        this.line(`${name} = ${this.#compare(next.operator, left, right, previous, next.operand)}`)
        previous = next.operand
        chain(index + 1)
      })
    }
    chain(0)
    return { text: name, known: 'boolean' }
  }

  #compare(operator: ComparisonOperator, left: Code, right: Code, leftNode: Node, rightNode: Node): string {
    const { kind, negated } = COMPARISON_OPERATORS[operator]
    const { helper } = COMPARISON[operator]
    const not = negated ? '!' : ''
    const isStrict = kind === 'equality' ? hasStrictEquality : kind === 'identity' ? isSingleton : undefined
    if (isStrict !== undefined && (isStrict(leftNode) || isStrict(rightNode)))
      return `${left.text} ${negated ? '!==' : '==='} ${right.text}`
    if (kind !== 'membership') return `${not}${this.#call(helper, left.text, right.text)}`
    const choices = stringChoices(rightNode)
    if (choices !== undefined && choices.length > 0 && choices.length <= MAX_WRITTEN_OUT) {
      const tests = choices.map((choice) => `${left.text} === ${JSON.stringify(choice)}`)
      return `${not}(${tests.join(' || ')})`
    }
    if (choices !== undefined) {
      return `${not}${this.#constants.add(setRecipe(choices), 'a set of texts')}.has(${left.text})`
    }
    return `${not}${this.#call(helper, right.text, left.text)}`
  }

  #conditional(node: Node & { op: 'conditional' }): Code {
    const name = this.#fresh('t')
    const test = this.#test(node.test)
    const known: Knowledge[] = []
    const branch = (value: Node) => (): void => {
      const code = this.#value(value)
      known.push(code.known)
      this.line(`${name} = ${code.text}`)
    }
    this.line(`let ${name}`)
    this.block(`if (${test})`, branch(node.then), branch(node.otherwise))
    return { text: name, known: known[0] === known[1] ? known[0]! : 'any' }
  }

  // --- displays and comprehensions --------------------------------------------------------------------------

  #display(node: Node & { op: 'display' }): Code {
    const spread = node.elements.some((element) => element.spread)
    const items = node.elements.map(({ value, spread: many }) => {
      const { text } = this.#value(value)
      return many ? `...${this.#call('toArray', text)}` : text
    })
    const array = spread ? this.#call('boundedList', `[${items.join(', ')}]`) : `[${items.join(', ')}]`
    if (items.length > 0) this.#build(LIST_BYTES + 2 * ITEM_BYTES * items.length)
    if (node.result === 'list') return this.#temporary(array)
    return this.#temporary(
      node.result === 'tuple' ? this.#call('makeTuple', array) : this.#call('collectSet', array),
    )
  }

  #dict(node: Node & { op: 'dict' }): Code {
    const dict = this.#temporary(this.#call('emptyDict'))
    for (const { key, value } of node.entries) {
      if (key === undefined) {
        this.line(this.#call('mergeInto', dict.text, this.#value(value).text))
      } else {
        const keyCode = this.#value(key)
        this.line(this.#call('putEntry', dict.text, keyCode.text, this.#value(value).text))
      }
    }
    return dict
  }

  #comprehension(node: ComprehensionNode): Code {
    const result = this.#temporary(
      node.result === 'set'
        ? this.#call('collectSet', '[]')
        : node.result === 'dict'
          ? this.#call('emptyDict')
          : '[]',
    )
    this.#clauses(node, 0, () => {
      if (node.result === 'dict') {
        const key = this.#value(node.key!)
        this.line(this.#call('putEntry', result.text, key.text, this.#value(node.element).text))
      } else {
        const element = this.#value(node.element)
        if (node.result === 'set') this.line(this.#call('putElement', result.text, element.text))
        else {
          this.#build(2 * ITEM_BYTES)
          this.line(`${result.text}.push(${element.text})`)
        }
      }
    })
    if (node.result !== 'generator') return result
    return this.#temporary(this.#call('makeGenerator', result.text))
  }

  #clauses(node: ComprehensionNode, index: number, body: () => void): void {
    const clause = node.clauses[index]
    if (clause === undefined) {
      body()
      return
    }
    const iterable = this.#value(clause.iterable)
    this.#declareTarget(clause.target)
    const item = this.#fresh('i')
    this.block(`for (const ${item} of ${this.#call('iterate', iterable.text)})`, () => {
      this.#round(() => {
        this.#assign(clause.target, item)
        for (const condition of clause.conditions) {
          this.line(`if (!${this.#test(condition)}) continue`)
        }
        this.#clauses(node, index + 1, body)
      })
    })
  }

  #local(id: number): string {
    return this.#locals.get(id)!
  }

  #declareTarget(target: TargetNode): void {
    if (target.op === 'local') {
      const name = this.#fresh('x')
      this.#locals.set(target.id, name)
      this.line(`let ${name}`)
    }
    if (target.op === 'targets') for (const entry of target.targets) this.#declareTarget(entry.target)
  }

  #search(node: Node & { op: 'search' }): Code {
    const item = node.item === undefined ? undefined : this.#value(node.item)
    const name = this.#fresh('t')
    const label = this.#fresh('search')
    this.line(`let ${name} = ${node.kind === 'all'}`)
    this.block(`${label}:`, () => {
      this.#clauses(node.generator, 0, () => {
        const { element } = node.generator
        const test =
          node.kind === 'in'
            ? this.#call('same', item!.text, this.#value(element).text)
            : `${node.kind === 'all' ? '!' : ''}${this.#test(element)}`
        this.block(`if (${test})`, () => {
          this.line(`${name} = ${node.kind !== 'all'}`)
          this.line(`break ${label}`)
        })
      })
    })
    return { text: name, known: 'boolean' }
  }

  #formatted(parts: readonly FormattedPart[]): string {
    const pieces = parts.map((part) => {
      if (typeof part === 'string') return JSON.stringify(part)
      const value = this.#value(part.value)
      const converted =
        part.conversion === undefined
          ? value.text
          : this.#call(
              part.conversion === 'r' ? 'repr' : part.conversion === 'a' ? 'ascii' : 'str',
              value.text,
            )
      if (part.spec === undefined || part.spec.length === 0) {
        return part.conversion === undefined ? this.#call('formatValue', converted, '""') : converted
      }
      return this.#call('formatValue', converted, this.#temporary(this.#formatted(part.spec)).text)
    })
    if (pieces.length === 0) return '""'
    if (pieces.length === 1) return pieces[0]!
    const { text } = this.#temporary(pieces.join(' + '))
    this.#build(`${text}.length`)
    return text
  }

  // --- statements -------------------------------------------------------------------------------------------

  statements(statements: readonly StatementNode[]): void {
    for (const statement of statements) {
      this.line(`run.line = ${statement.line}`)
      this.#statement(statement)
    }
  }

  #statement(statement: StatementNode): void {
    switch (statement.op) {
      case 'assign': {
        const value = this.#value(statement.value)
        for (const target of statement.targets) this.#assign(target, value.text)
        return
      }
      case 'augment':
        this.#augment(statement)
        return
      case 'if':
        this.block(
          `if (${this.#test(statement.test)})`,
          () => this.statements(statement.then),
          statement.otherwise.length === 0 ? undefined : () => this.statements(statement.otherwise),
        )
        return
      case 'for':
        this.#for(statement)
        return
      case 'while':
        this.#while(statement)
        return
      case 'delete':
        for (const target of statement.targets) this.#delete(target)
        return
      case 'evaluate':
        this.#value(statement.value)
        return
      case 'break':
      case 'continue': {
        const loop = this.#loops.at(-1)
        if (loop === undefined) return
        if (statement.op === 'break' && loop.broken !== undefined) this.line(`${loop.broken} = true`)
        this.line(`${statement.op} ${loop.label}`)
      }
    }
  }

  #loop(otherwise: readonly StatementNode[], write: (label: string) => void): void {
    const label = this.#fresh('loop')
    const broken = otherwise.length > 0 ? this.#fresh('broken') : undefined
    if (broken !== undefined) this.line(`let ${broken} = false`)
    this.#loops.push({ label, broken })
    write(label)
    this.#loops.pop()
    if (broken !== undefined) this.block(`if (!${broken})`, () => this.statements(otherwise))
  }

  #for(statement: StatementNode & { op: 'for' }): void {
    const iterable = this.#value(statement.iterable)
    this.#loop(statement.otherwise, (label) => {
      const item = this.#fresh('i')
      this.block(`${label}: for (const ${item} of ${this.#call('iterate', iterable.text)})`, () => {
        this.#round(() => {
          this.#assign(statement.target, item)
          this.statements(statement.body)
        })
      })
    })
  }

  #while(statement: StatementNode & { op: 'while' }): void {
    this.#loop(statement.otherwise, (label) => {
      this.block(`${label}: while (true)`, () => {
        this.line(`run.line = ${statement.line}`)
        this.line('run.whileStep()')
        this.#round(() => {
          this.line(`if (!${this.#test(statement.test)}) break`)
          this.statements(statement.body)
        })
      })
    })
  }

  #assign(target: TargetNode, value: string): void {
    switch (target.op) {
      case 'local':
        this.line(`${this.#local(target.id)} = ${value}`)
        return
      case 'variable':
        this.line(`w${target.id} = ${value}`)
        return
      case 'item': {
        const object = this.#value(target.object)
        const key = this.#value(target.index)
        this.#store(target, object.text, key.text, value)
        return
      }
      case 'slice': {
        const object = this.#value(target.object)
        this.line(this.#call('setSlice', object.text, ...this.#bounds(target), value))
        return
      }
      case 'path': {
        const parts = this.#constants.add(listRecipe(target.parts), target.parts.join('.'))
        this.line(this.#call('setPath', 'data', parts, String(target.line), value))
        return
      }
      case 'targets': {
        const star = target.targets.findIndex((entry) => entry.starred)
        const values = this.#temporary(
          this.#call('unpack', value, String(target.targets.length), String(star)),
        )
        for (const [index, entry] of target.targets.entries()) {
          this.#assign(entry.target, `${values.text}[${index}]`)
        }
      }
    }
  }

  /** An index out of range is absence, as it is when it is read. */
  #store(target: TargetNode, object: string, key: string, value: string): void {
    const message = JSON.stringify(absentMessage(target))
    this.line(`if (!${this.#call('setItem', object, key, value)}) ${this.#leave(message)}`)
  }

  #augment(statement: StatementNode & { op: 'augment' }): void {
    const { target, operator } = statement
    const { helper: computed, inPlace: helper = computed } = BINARY[operator]
    const change = (current: string): string => this.#call(helper, current, this.#value(statement.value).text)
    switch (target.op) {
      case 'variable': {
        const current = this.#value(target)
        this.line(`w${target.id} = ${change(current.text)}`)
        return
      }
      case 'item': {
        // Object and key are evaluated once.
        const object = this.#value(target.object)
        const key = this.#value(target.index)
        const current = this.#found(this.#find('getItem', object.text, key.text))
        this.#present(current, absentMessage(target))
        this.#store(target, object.text, key.text, change(current.text))
        return
      }
      case 'slice': {
        const object = this.#value(target.object)
        const bounds = this.#bounds(target)
        const current = this.#temporary(this.#call('getSlice', object.text, ...bounds))
        this.line(this.#call('setSlice', object.text, ...bounds, change(current.text)))
        return
      }
      case 'path': {
        const parts = this.#constants.add(listRecipe(target.parts), target.parts.join('.'))
        const current = this.#found(this.#find('getPath', 'data', parts, String(target.line)))
        this.#present(current, `line.${target.parts.join('.')} is absent`)
        this.line(this.#call('setPath', 'data', parts, String(target.line), change(current.text)))
      }
    }
  }

  #delete(target: TargetNode): void {
    switch (target.op) {
      case 'variable':
        this.line(
          `if (w${target.id} === undefined) ${this.#leave(JSON.stringify(`${target.name} has no value`))}`,
        )
        this.line(`w${target.id} = undefined`)
        return
      case 'item': {
        const object = this.#value(target.object)
        const key = this.#value(target.index)
        const message = JSON.stringify(absentMessage(target))
        this.line(`if (!${this.#call('deleteItem', object.text, key.text)}) ${this.#leave(message)}`)
        return
      }
      case 'slice': {
        const object = this.#value(target.object)
        this.line(this.#call('deleteSlice', object.text, ...this.#bounds(target)))
        return
      }
      case 'path': {
        const parts = this.#constants.add(listRecipe(target.parts), target.parts.join('.'))
        const message = JSON.stringify(`line.${target.parts.join('.')} is absent`)
        this.line(
          `if (!${this.#call('deletePath', 'data', parts, String(target.line))}) ${this.#leave(message)}`,
        )
        return
      }
      case 'targets':
        for (const entry of target.targets) this.#delete(entry.target)
    }
  }
}

/** What is said of an absent value in a required rule. */
function absentMessage(node: Node | TargetNode): string {
  switch (node.op) {
    case 'field':
    case 'line-field':
      return `field ${node.path.text} is absent${absenceHint(node.path.parts)}`
    case 'variable':
      return `${node.name} has no value, and there is no such field`
    case 'attribute':
      return `member ${node.name} is absent${absenceHint(['it', node.name])}`
    case 'item':
      return `${node.text.startsWith('[') ? `index or key ${node.text}` : `field ${node.text}`} is absent`
    case 'method':
    case 'call':
      return `${node.name}() found nothing`
    case 'cond':
      return 'no condition of cond is true, and it has no default'
    default:
      return 'a value is absent'
  }
}

/** Whether `==` with this constant is JavaScript's `===`: nothing of another type equals it. */
function hasStrictEquality(node: Node): boolean {
  if (node.op !== 'constant') return node.op === 'formatted' || node.op === 'raw'
  const { value } = node
  if (value === null || typeof value === 'string') return true
  // 0 and 1 equal False and True.
  return typeof value === 'number' && Number.isSafeInteger(value) && value !== 0 && value !== 1
}

/** Whether the value is one of those that there is only one of. */
export function isSingleton(node: Node): boolean {
  return node.op === 'constant' && (node.value === null || typeof node.value === 'boolean')
}

/** The texts of a constant tuple, list or set display that holds nothing else. */
function stringChoices(node: Node): string[] | undefined {
  let values: readonly (Value | undefined)[]
  if (node.op === 'constant' && node.value instanceof Tuple) values = node.value.items
  else if (node.op === 'display' && node.result !== 'set') {
    values = node.elements.map(({ value, spread }) =>
      value.op === 'constant' && !spread ? value.value : undefined,
    )
  } else return undefined
  return values.every((value) => typeof value === 'string') ? (values as string[]) : undefined
}

/** Whether a value is a part of the event, as it came. */
function isOfEvent(node: Node): boolean {
  if (node.op === 'item' || node.op === 'attribute') return isOfEvent(node.object)
  return node.op === 'field' || node.op === 'line-field' || node.op === 'root'
}

/** A text as it may stand behind `//`. */
export function commentText(text: string): string {
  return text.replace(/[\r\n\u2028\u2029]+/g, ' ')
}
