/**
 * The body of one generated function while it is written: straight-line code, every step in a constant of its own.
 * Absence is not an exception but a `break` out of a labelled block (an optional rule, `optional`, a condition of `cond`),
 * or, in a required rule, a `return`.
 */
import type { RejectionCode } from '../../errors.ts'
import type { Node } from '../check/checked.ts'
import type { FieldPath } from '../runtime/fields.ts'
import { absentMessage } from './absent-message.ts'
import type { Code, Part } from './code.ts'
import { _, list, Name } from './code.ts'
import { CodeBlock } from './code-block.ts'
import type { Constants } from './constant-pool.ts'
import type { CertainName, FindingName, HelperName } from './helpers.ts'
import { isMetered } from './helpers.ts'
import { type ObservedNumbers, ObservedWriter } from './observed-writer.ts'

/** The type that generated code may take for granted; `json` is a value as JSON.parse gave it. */
export type Knowledge = 'string' | 'boolean' | 'json' | 'any'

/** The code of a node's value. */
export interface Emitted {
  /** An expression without effects: a name or a literal. */
  readonly code: Code
  readonly known: Knowledge
  /** The value may be absent: undefined. Whoever needs one has to ask. */
  readonly mayBeAbsent?: boolean
  /** The report of its absence, where the node does not say it: a code, and code for the message. */
  readonly absence?: { readonly code: RejectionCode; readonly message: () => Code }
}

/** The way out where something is absent. */
type Absence = { readonly kind: 'reject' } | LabelledAbsence

export interface LabelledAbsence {
  readonly kind: 'break'
  readonly label: Name
  /** Some code takes this way. */
  used?: boolean
}

/** The kind of event that code is written for. */
export interface EmitOptions {
  /**
   * The event may hold dicts beside plain objects, and numbers with a text of their own: every access asks.
   * Without it the event is as JSON.parse gives it.
   */
  readonly exact: boolean
  /** Code for fields where there is no event object. Absence is then `return false`. Default: the event is `data`. */
  readonly fields?: FieldSource
  /** Numbers of what the code reports while it is evaluated. Default: it reports nothing. */
  readonly observed?: ObservedNumbers | undefined
}

/** Code that reads the event from elsewhere than an object; the values are those that JSON.parse would give. */
export interface FieldSource {
  /** The value at a dotted path, undefined where it is absent. */
  field(path: FieldPath): Code
  /** The event's own member. */
  member(key: string): Code
}

/** A loop that is open. */
interface Loop {
  readonly label: Name
  /** The variable that notes a `break`, where the loop has an `else`. */
  readonly broken: Name | undefined
}

/** Writes the code of a node with a writer; the value may be absent itself. */
type EmitNode = (writer: FunctionWriter, node: Node) => Emitted

function bigintText(_key: string, value: unknown): unknown {
  return typeof value === 'bigint' ? `${value}n` : value
}

/** Scalars that count as absent where the event has them. */
type Ignored = readonly (string | number | bigint | boolean | null)[]

/** Units of work for a round of a loop, and for each line of code in it. */
const ROUND = 60
const LINE = 20

const METER = new Name('meter')

export class FunctionWriter {
  readonly constants: Constants
  readonly exact: boolean
  readonly fields: FieldSource | undefined
  /** Writes the reports of an observed program; undefined: the program is a usual one. */
  readonly observed: ObservedWriter | undefined
  /** Fields that were read at the top, by path. */
  readonly hoisted = new Map<string, Code>()
  /** The values that hoisted paths lead through, by path. */
  readonly holders = new Map<string, Name>()
  /** The variable that says, once it is asked for, that the event has flat keys. */
  flat: Name | undefined
  /** Values of the event that count as absent. */
  #ignored: Ignored = []
  #ignoredKey = ''
  /** Conditions of `cond` that reach an absent field are false. */
  lenient = false
  readonly #helpers: Set<HelperName>
  readonly #emitNode: EmitNode
  /** Names of comprehensions' variables: every rule numbers its own from 0. */
  readonly #locals = new Map<number, Name>()
  /** The loops that are open, innermost last. */
  readonly #loops: Loop[] = []
  #block = new CodeBlock()
  /** The code uses `meter`. */
  #metered = false
  #counter = 0
  #absence: Absence = { kind: 'reject' }

  /**
   * @param helpers collects the functions of the runtime that the code calls
   * @param emitNode the code of every kind of node
   */
  constructor(
    constants: Constants,
    helpers: Set<HelperName>,
    { exact, fields, observed }: EmitOptions,
    emitNode: EmitNode,
  ) {
    this.constants = constants
    this.exact = exact
    this.fields = fields
    this.#helpers = helpers
    this.#emitNode = emitNode
    this.observed = observed && new ObservedWriter(observed, (code) => this.#block.remark(code))
  }

  /** Values that count as absent in what is written from now on. */
  set ignored(values: Ignored) {
    this.#ignored = values
    this.#ignoredKey = values.length === 0 ? '' : ` ${JSON.stringify(values, bigintText)}`
  }

  get ignored(): Ignored {
    return this.#ignored
  }

  /** The key of a hoisted field: its path, and what counts as absent. */
  hoistKey(path: FieldPath): string {
    return path.text + this.#ignoredKey
  }

  // --- statements -------------------------------------------------------------------------------------------

  /** @param comment any text, written behind the line */
  line(code: Code, comment?: string): void {
    this.#block.line(code, comment)
  }

  /** A block with a head: `if (...)`, `label:`. */
  block(head: Code, body: () => void, otherwise?: () => void): void {
    const written = this.collect(body)
    this.#block.nest(head, written, otherwise && this.collect(otherwise))
  }

  /** The statements that `body` writes, without a place of their own yet. */
  collect(body: () => void): CodeBlock {
    const outer = this.#block
    const inner = new CodeBlock()
    this.#block = inner
    body()
    this.#block = outer
    return inner
  }

  append(block: CodeBlock): void {
    this.#block.append(block)
  }

  /** The rounds of a loop count what their code does; what its functions touch comes on top. */
  round(body: () => void): void {
    const inner = this.collect(body)
    this.line(_`${this.meter()}.touch(${ROUND + LINE * (inner.lineCount + 1)})`)
    this.append(inner)
  }

  /** The whole body, with the declaration of what it uses. */
  body(): CodeBlock {
    const body = new CodeBlock()
    if (this.#metered) body.line(_`const { meter } = run`)
    body.append(this.#block)
    return body
  }

  /** The statements in pieces, for a function each. */
  pieces(least: number): CodeBlock[] {
    return this.#block.pieces(least)
  }

  // --- names ------------------------------------------------------------------------------------------------

  fresh(prefix: string): Name {
    return new Name(`${prefix}${this.#counter++}`)
  }

  /** The name of a comprehension's variable. */
  local(id: number): Name {
    return this.#locals.get(id)!
  }

  declareLocal(id: number): void {
    const name = this.fresh('x')
    this.#locals.set(id, name)
    this.line(_`let ${name}`)
  }

  temporary(value: Code, known: Knowledge = 'any'): Emitted {
    const code = this.fresh('t')
    this.line(_`const ${code} = ${value}`)
    return { code, known }
  }

  /** The result of something that may find nothing. */
  found(value: Code, known: Knowledge = 'any'): Emitted {
    return { ...this.temporary(value, known), mayBeAbsent: true }
  }

  // --- the runtime ------------------------------------------------------------------------------------------

  /** A call of the runtime that gives a value, or nothing that anyone asks for. */
  call(name: CertainName, ...args: Part[]): Code {
    return this.#helperCall(name, args)
  }

  /** A call of the runtime that may give undefined: the compiler sees to it that it is not taken for a value. */
  find(name: FindingName, ...args: Part[]): Code {
    return this.#helperCall(name, args)
  }

  #helperCall(name: HelperName, args: readonly Part[]): Code {
    this.#helpers.add(name)
    return _`${new Name(name)}(${list(isMetered(name) ? [this.meter(), ...args] : args)})`
  }

  /** The meter in generated code; the body declares it. */
  meter(): Name {
    this.#metered = true
    return METER
  }

  /** Counts what the code that follows builds. */
  build(bytes: number | Code): void {
    this.line(_`${this.meter()}.build(${bytes})`)
  }

  // --- values -----------------------------------------------------------------------------------------------

  /** Code for a node's value, undefined where it is absent itself. Where something inside it is absent, the code leaves. */
  maybe(node: Node): Emitted {
    this.observed?.enter(node)
    const emitted = this.#emitNode(this, node)
    this.observed?.value(node, emitted.code)
    return emitted
  }

  /** Code for a value that is present: where it is absent, the code has left by then. */
  value(node: Node): Emitted {
    const emitted = this.maybe(node)
    if (emitted.mayBeAbsent !== true) return emitted
    const { code, absence } = emitted
    if (absence === undefined) this.need(code, absentMessage(node))
    else this.line(_`if (${code} === undefined) ${this.leave(absence.message(), absence.code)}`)
    return emitted
  }

  /** {@link FunctionWriter.value}, where nothing is asked of its type. */
  code(node: Node): Code {
    return this.value(node).code
  }

  /** Code that is true or false as JavaScript sees it. */
  test(node: Node): Code {
    const { code, known } = this.value(node)
    return known === 'boolean' ? code : this.call('truth', code)
  }

  // --- absence ----------------------------------------------------------------------------------------------

  /** Leaves where a value is absent. */
  need(code: Code, message: string): void {
    this.line(_`if (${code} === undefined) ${this.leave(message)}`)
  }

  /** The statement that leaves. @param message of a rejection: a text, or code for one */
  leave(message: string | Code, code: RejectionCode = 'FIELD_MISSING'): Code {
    if (this.#absence.kind === 'break') {
      this.#absence.used = true
      return _`break ${this.#absence.label}`
    }
    if (this.fields !== undefined) return _`return false`
    return _`return run.absent(${code}, ${message})`
  }

  withAbsence<T>(absence: Absence, body: () => T): T {
    const outer = this.#absence
    this.#absence = absence
    const result = body()
    this.#absence = outer
    return result
  }

  // --- loops ------------------------------------------------------------------------------------------------

  get innermostLoop(): Loop | undefined {
    return this.#loops.at(-1)
  }

  /** @param write writes the loop itself */
  insideLoop(loop: Loop, write: () => void): void {
    this.#loops.push(loop)
    write()
    this.#loops.pop()
  }
}
