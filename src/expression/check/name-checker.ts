/** The names in expressions: fields, names of comprehensions, variables of `tap`. */
import type { FunctionLibrary, LookupTable, PrepareHost } from '../functions/definition.ts'
import type { Call, NamedLookupTable, Recipe } from '../recipe.ts'
import { fieldPath } from '../runtime/fields.ts'
import type { Expression, Fault, Span, Statement, Target } from '../syntax/ast.ts'
import type { Node, StatementNode } from './checked.ts'

export type TableRecipes = Map<LookupTable, Recipe<NamedLookupTable>>

/** Functions that were prepared, by their name and constants. */
export type PreparedRecipes = Map<string, Recipe<Call>>

/** The fields that a rule set reads: dotted paths, and `*` where it uses the event as a whole. */
type Reads = Set<string>

export interface CheckContext {
  /** The text that was parsed: hints repeat parts of it. */
  readonly text: string
  readonly functions: FunctionLibrary
  readonly host: PrepareHost
  readonly reads: Reads
  /** The lookup tables that were asked for: all rules of a file share it. */
  readonly tables: TableRecipes
  /** `parent` is the event that this one is an element of. Default: false, it is a field. */
  readonly hasParent?: boolean
  /** The functions that were prepared, once for equal constants: all rules of a file share it. Default: none is shared. */
  readonly prepared?: PreparedRecipes
  /** The same of functions that use no table and no pattern of the file: several files share it. Default: none is shared. */
  readonly sharedPrepared?: PreparedRecipes
  /** Is told where each node was written. Default: nobody asks. */
  readonly noteOrigin?: NoteOrigin | undefined
}

/** @param node a node of the checked tree, or a statement */
type NoteOrigin = (node: Node | StatementNode, span: Span) => void

/** The part of the checker that resolves names, and the faults and fields that it notes. */
export class NameChecker {
  readonly faults: Fault[] = []
  protected readonly text: string
  protected readonly functions: FunctionLibrary
  protected readonly host: PrepareHost
  protected readonly reads: Reads
  protected readonly tables: TableRecipes
  readonly #hasParent: boolean
  protected readonly prepared: PreparedRecipes
  protected readonly sharedPrepared: PreparedRecipes
  protected readonly noteOrigin: NoteOrigin | undefined
  /** Names of comprehensions, innermost last. */
  protected readonly scopes: Map<string, number>[] = []
  /** Names that tap assigns, with their numbers from 0. */
  protected readonly variables = new Map<string, number>()
  /** Those of them that a statement before has given a value: to read them is not to read the event. */
  protected readonly assigned = new Set<string>()

  constructor({
    text,
    functions,
    host,
    reads,
    tables,
    hasParent = false,
    prepared = new Map(),
    sharedPrepared = new Map(),
    noteOrigin,
  }: CheckContext) {
    this.text = text
    this.functions = functions
    this.host = host
    this.reads = reads
    this.tables = tables
    this.#hasParent = hasParent
    this.prepared = prepared
    this.sharedPrepared = sharedPrepared
    this.noteOrigin = noteOrigin
  }

  protected fault(span: Span, message: string, hint?: string): void {
    const { start, end } = span
    this.faults.push(hint === undefined ? { message, start, end } : { message, start, end, hint })
  }

  /** The text of a rule at a place. */
  protected written({ start, end }: Span): string {
    return this.text.slice(start, end)
  }

  /** The number of a comprehension's name, undefined where it is none. */
  protected local(name: string): number | undefined {
    for (let index = this.scopes.length - 1; index >= 0; index--) {
      const id = this.scopes[index]!.get(name)
      if (id !== undefined) return id
    }
    return undefined
  }

  protected field(parts: readonly string[]): Node {
    const path = fieldPath(parts)
    this.reads.add(path.text)
    return { op: 'field', path }
  }

  protected root(): Node {
    this.reads.add('*')
    return { op: 'root' }
  }

  /** The names of `a.b.c`, where the expression is one; undefined where something else is inside. */
  protected dotted(expression: Expression): string[] | undefined {
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
  protected path(parts: readonly string[], span: Span): Node {
    const [first, ...rest] = parts as [string, ...string[]]
    const local = this.local(first)
    if (local !== undefined) return this.attributes({ op: 'local', id: local }, rest)
    const id = this.variables.get(first)
    if (id !== undefined) {
      if (rest.length === 0) return { op: 'variable', name: first, id, field: this.#fieldBehind(parts) }
      // The whole path is the field's where the name has no value yet.
      const variable: Node = { op: 'variable', name: first, id, field: this.#fieldBehind([first]) }
      return this.attributes(variable, rest)
    }
    if (first === 'absent' && rest.length === 0) return { op: 'absent' }
    if (first === 'data') return rest.length === 0 ? this.root() : this.field(rest)
    if (first === 'line') return this.#line(rest, span)
    if (first === 'parent' && this.#hasParent) return this.#parent(rest)
    return this.field(parts)
  }

  /** The field that a variable stands for while it has no value. */
  #fieldBehind(parts: readonly string[]): Node {
    return this.assigned.has(parts[0]!) ? { op: 'field', path: fieldPath(parts) } : this.field(parts)
  }

  protected attributes(object: Node, names: readonly string[]): Node {
    return names.reduce<Node>((inner, name) => ({ op: 'attribute', object: inner, name }), object)
  }

  #parent(rest: readonly string[]): Node {
    this.reads.add(rest.length === 0 ? 'parent' : `parent.${rest.join('.')}`)
    return rest.length === 0 ? { op: 'parent' } : { op: 'parent-field', path: fieldPath(rest) }
  }

  #line(rest: readonly string[], span: Span): Node {
    const [first, ...below] = rest
    if (first === undefined) {
      this.fault(
        span,
        "'line' alone is not a value",
        'write line.parsed for the event, line.raw for its text',
      )
      return this.root()
    }
    if (first === 'raw') return this.attributes({ op: 'raw' }, below)
    if (first === 'parsed') return below.length === 0 ? this.root() : this.field(below)
    const path = fieldPath(rest)
    const underLine = fieldPath(['line', ...rest])
    this.reads.add(path.text)
    this.reads.add(underLine.text)
    return { op: 'line-field', path, underLine }
  }

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
    if (target.name === 'absent') {
      this.fault(
        target,
        "'absent' is no name: it stands for no value",
        "a member of that name is data['absent']",
      )
    }
    if (target.name === 'data' || target.name === 'line') {
      this.fault(
        target,
        `'${target.name}' is the event and cannot be assigned`,
        `write ${target.name === 'data' ? 'data' : 'line.parsed'}['...'] = ...`,
      )
    } else if (!this.variables.has(target.name)) {
      this.variables.set(target.name, this.variables.size)
    }
  }
}
