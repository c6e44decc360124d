/** Checked rules to the function that writes the output of a line that was scanned. */
import type { Node } from '../../expression/check/checked.ts'
import { children } from '../../expression/check/checked.ts'
import type { Code } from '../../expression/emit/code.ts'
import { _, anyOf, Name } from '../../expression/emit/code.ts'
import { CodeBlock } from '../../expression/emit/code-block.ts'
import { ConstantPool } from '../../expression/emit/constant-pool.ts'
import { isSingleton } from '../../expression/emit/constants.ts'
import { createWriter, emitRule } from '../../expression/emit/emit.ts'
import { hoistFields } from '../../expression/emit/fields.ts'
import type { HelperName } from '../../expression/emit/helpers.ts'
import type { FieldSource, FunctionWriter } from '../../expression/emit/writer.ts'
import { bytesRecipe, listRecipe } from '../../expression/recipe.ts'
import type { FieldPath } from '../../expression/runtime/fields.ts'
import type { EventLimits } from '../../expression/runtime/meter.ts'
import { DEFAULT_LIMITS } from '../../expression/runtime/meter.ts'
import { COMPARISON_OPERATORS } from '../../expression/syntax/operators.ts'
import { isJsonNumber } from '../../expression/value.ts'
import type { TextCoding } from '../../json/text-coding.ts'
import { PORTABLE_CODING } from '../../json/text-coding.ts'
import { MAX_PARTS, WantedMembers } from '../../json/wanted.ts'
import type { CheckedRule, CheckedRules } from '../checked-rule.ts'
import { fieldsOf } from '../generate/generate.ts'
import type { OutputNode } from '../generate/output-tree.ts'
import { outputTree, present } from '../generate/output-tree.ts'
import { createProgram } from '../generate/program.ts'
import { type ReadPlace, readFields } from '../read-fields.ts'
import { RuleNotes } from '../rule-notes.ts'
import type { FastFunction } from './fast-path.ts'
import { FastPath } from './fast-path.ts'

/** Rules in one generated function: V8 optimizes no function without end. */
const GROUP_SIZE = 60

/** Lines that write output in one generated function. */
const GROUP_LINES = 400

/** The parts of a rule set's fast path; they hold no state of lines. */
export interface FastPathPlan {
  readonly source: string
  /** The same as a module that exports `evaluate`. @param runtime the specifier of src/runtime.ts */
  printModule(runtime: string): string
  /**
   * @param notes what it notes in. Default: nobody asks
   * @param coding how text becomes bytes. Default: as it is done everywhere
   * @param generated `evaluate` of the printed module. Default: the function that was generated here
   */
  create(notes?: RuleNotes, coding?: TextCoding, generated?: FastFunction): FastPath
}

/**
 * @param limits what an event may cost in the plain way
 * @returns undefined where the rules need the event as an object: `tap`, `data` used as a whole, `line.raw`, a rule
 * that sets a value inside another one's
 */
export function planFastPath(
  rules: CheckedRules,
  limits: EventLimits = DEFAULT_LIMITS,
): FastPathPlan | undefined {
  if (rules.tap !== undefined) return undefined
  const tree = outputTree(rules.rules.map((rule) => rule.path))
  if (!isSimple(tree) || !rules.rules.every((rule) => readsOnlyFields(rule.node))) return undefined
  return new FastGenerator(rules.rules, tree, limits).plan()
}

/** No rule sets a value inside another one's, and no object needs its keys' order kept by a Dict. */
function isSimple(node: OutputNode): boolean {
  if (node.ordered || (node.rule !== undefined && node.children.length > 0)) return false
  return node.children.every(isSimple)
}

function readsOnlyFields(node: Node | undefined): boolean {
  if (node === undefined) return true
  switch (node.op) {
    case 'root':
    case 'raw':
    case 'line-field':
    case 'variable':
      return false
    case 'field':
      return node.path.parts.length <= MAX_PARTS
    case 'item':
      if (isMember(node)) return true
      break
    case 'comparison':
      if (comparesIdentity(node)) return false
  }
  return children(node).every(readsOnlyFields)
}

/**
 * `is` between two values of the event: here every reading of a list or an object makes a new one, in the plain way
 * there is one of each.
 */
function comparesIdentity({ first, rest }: Node & { op: 'comparison' }): boolean {
  return rest.some(({ operator, operand }, index) => {
    const left = index === 0 ? first : rest[index - 1]!.operand
    return COMPARISON_OPERATORS[operator].kind === 'identity' && !isSingleton(left) && !isSingleton(operand)
  })
}

/** `data['key']`. */
function isMember(node: Node): node is Node & { op: 'item' } {
  return (
    node.op === 'item' &&
    node.object.op === 'root' &&
    node.index.op === 'constant' &&
    typeof node.index.value === 'string'
  )
}

/** The members of the event that the functions in an expression read by themselves. */
function* ownReads(node: Node | undefined): Generator<string> {
  if (node === undefined) return
  if (node.op === 'call' || node.op === 'callable') yield* node.reads ?? []
  for (const child of children(node)) yield* ownReads(child)
}

class FastGenerator {
  readonly #rules: readonly CheckedRule[]
  readonly #tree: OutputNode
  readonly #limits: EventLimits
  readonly #wanted = new WantedMembers()
  readonly #members = new Map<string, number>()
  readonly #constants = new ConstantPool()
  readonly #helpers = new Set<HelperName>()
  /** The functions of the program. */
  readonly #functions = new CodeBlock()
  readonly #fields: FieldSource
  /** Values are kept in arrays, since those who make and those who write them are different functions. */
  readonly #grouped: boolean
  #writer: FunctionWriter
  /** Text that is to be written before anything else is. */
  #pending = ''

  constructor(rules: readonly CheckedRule[], tree: OutputNode, limits: EventLimits) {
    this.#limits = limits
    this.#rules = rules
    this.#tree = tree
    this.#grouped = rules.length > GROUP_SIZE
    this.#fields = {
      field: (path) => this.#field(path),
      member: (key) => _`run.value(${this.#wanted.member([key])})`,
    }
    this.#writer = this.#newWriter()
  }

  #newWriter(): FunctionWriter {
    return createWriter(this.#constants, this.#helpers, { exact: false, fields: this.#fields })
  }

  plan(): FastPathPlan {
    for (const rule of this.#rules) {
      for (const member of ownReads(rule.node)) this.#members.set(member, this.#wanted.member([member]))
    }
    if (this.#grouped) this.#groups()
    else this.#whole()
    const places = readFields(this.#rules).map(({ place }) => this.#places(place))
    this.#wanted.finish()
    const { source, evaluate, printModule } = createProgram<FastFunction>(
      this.#functions,
      this.#constants,
      this.#helpers,
    )
    const sizes = [this.#rules.length, nodeCount(this.#tree)] as const
    return {
      source,
      printModule,
      create: (notes = new RuleNotes(this.#rules), coding = PORTABLE_CODING, generated = evaluate) =>
        new FastPath(
          generated,
          this.#wanted,
          this.#members,
          ...sizes,
          coding,
          { notes, places },
          this.#limits,
        ),
    }
  }

  /** The slots of a field that rules read. */
  #places(place: ReadPlace): readonly number[] {
    if (place.kind === 'path') return this.#wanted.path(place.path)
    if (place.kind === 'keys') return [this.#wanted.member(place.keys)]
    throw new Error('rules with this are left to the plain way')
  }

  /** Counts what is left out of the output, where something may be. */
  #leftOut(): CodeBlock {
    const block = new CodeBlock()
    for (const [index, { node }] of this.#rules.entries()) {
      if (this.#isCertain(index)) continue
      const isAbsent =
        this.#copied(node) === undefined
          ? _`${this.#place('v', index)} === undefined`
          : _`${this.#place('s', index)} === -1`
      block.line(_`if (${isAbsent}) run.notes.leftOut[${index}]++`)
    }
    return block
  }

  #whole(): void {
    this.#values(0, this.#rules.length)
    this.#object(this.#tree)
    this.#flush()
    const leftOut = this.#leftOut()
    if (leftOut.lineCount > 0) {
      this.#writer.line(IF_OVER)
      this.#writer.append(leftOut)
    }
    this.#writer.line(_`return true`)
    this.#functions.define(_`function evaluate(run)`, this.#writer.body())
  }

  /** One function for every group of rules, then some that write: `v`, `s` and `o` are the run's arrays. */
  #groups(): void {
    const evaluate = new CodeBlock()
    evaluate.line(_`const { v, s, o } = run`)
    for (let from = 0; from < this.#rules.length; from += GROUP_SIZE) {
      const to = Math.min(from + GROUP_SIZE, this.#rules.length)
      this.#writer = this.#newWriter()
      this.#values(from, to)
      this.#writer.line(_`return true`)
      const name = new Name(`rules${from}`)
      this.#functions.define(_`function ${name}(run, v, s)`, this.#writer.body())
      evaluate.line(_`if (!${name}(run, v, s)) return false`)
    }
    this.#writer = this.#newWriter()
    this.#object(this.#tree)
    this.#flush()
    for (const [index, piece] of this.#writer.pieces(GROUP_LINES).entries()) {
      const name = new Name(`write${index}`)
      this.#functions.define(_`function ${name}(run, v, s, o)`, piece)
      evaluate.line(_`${name}(run, v, s, o)`)
    }
    const leftOut = this.#leftOut().pieces(GROUP_LINES)
    if (leftOut.length > 0) evaluate.line(IF_OVER)
    for (const [index, piece] of leftOut.entries()) {
      const name = new Name(`leftOut${index}`)
      this.#functions.define(_`function ${name}(run, v, s)`, piece)
      evaluate.line(_`${name}(run, v, s)`)
    }
    evaluate.line(_`return true`)
    this.#functions.define(_`function evaluate(run)`, evaluate)
  }

  /** Code for the slots of a path: the number of the only one, or a list of them. */
  #slots(path: FieldPath): Code {
    const slots = this.#wanted.path(path)
    return slots.length === 1
      ? _`${slots[0]}`
      : this.#constants.add(listRecipe(slots), `places of ${path.text}`)
  }

  #field(path: FieldPath): Code {
    return path.parts.length === 1 ? _`run.value(${this.#slots(path)})` : _`run.first(${this.#slots(path)})`
  }

  /** Where a rule copies from: code for its slot, -1 where the value is absent. */
  #copied(node: Node): Code | undefined {
    if (node.op === 'field') {
      if (node.path.parts.length > 1) return _`run.find(${this.#slots(node.path)})`
      const slot = this.#slots(node.path)
      return _`run.has(${slot}) ? ${slot} : -1`
    }
    if (!isMember(node)) return undefined
    const slot = this.#wanted.member([(node.index as Node & { op: 'constant' }).value as string])
    return _`run.has(${slot}) ? ${slot} : -1`
  }

  /** Evaluates every rule, before anything is written. */
  #values(from: number, to: number): void {
    const writer = this.#writer
    const group = this.#rules.slice(from, to)
    const computed = group.filter((rule) => this.#copied(rule.node) === undefined && !isConstant(rule.node))
    hoistFields(writer, fieldsOf(computed.map((rule) => rule.node)))
    for (const [offset, rule] of group.entries()) {
      const index = from + offset
      if (isConstant(rule.node)) continue
      const copied = this.#copied(rule.node)
      if (copied === undefined) {
        const value = new Name(`v${index}`)
        emitRule(writer, value, rule.node, rule.required)
        if (this.#grouped) writer.line(_`v[${index}] = ${value}`)
      } else {
        const slot = new Name(`s${index}`)
        writer.line(_`const ${slot} = ${copied}`, rule.name)
        if (rule.required) writer.line(_`if (${slot} === -1) return false`)
        if (this.#grouped) writer.line(_`s[${index}] = ${slot}`)
      }
    }
  }

  // --- the output -------------------------------------------------------------------------------------------

  #flush(): void {
    if (this.#pending === '') return
    const bytes = this.#constants.add(bytesRecipe(this.#pending), this.#pending)
    this.#writer.line(_`run.writer.literal(${bytes})`)
    this.#pending = ''
  }

  /** Something below is always there. */
  #certain(node: OutputNode): boolean {
    return present(node).some((index) => this.#isCertain(index))
  }

  #isCertain(index: number): boolean {
    return this.#rules[index]!.required || isConstant(this.#rules[index]!.node)
  }

  /** Code that asks for a value below a node. */
  #presence(node: OutputNode): Code {
    return anyOf(
      present(node).map((index) =>
        this.#copied(this.#rules[index]!.node) === undefined
          ? _`${this.#place('v', index)} !== undefined`
          : _`${this.#place('s', index)} !== -1`,
      ),
    )
  }

  /** A rule's value (`v`) or slot (`s`), or the start of an object (`o`), where it is written. */
  #place(kind: 'v' | 's' | 'o', index: number): Code {
    return this.#grouped ? _`${new Name(kind)}[${index}]` : new Name(`${kind}${index}`)
  }

  /** Writes an object; where its first member may be absent, each member brings its comma and the end mends the first. */
  #object(node: OutputNode): void {
    const [first] = node.children
    if (first === undefined) {
      this.#pending += '{}'
    } else if (this.#certain(first)) {
      this.#pending += '{'
      for (const [index, child] of node.children.entries()) this.#member(child, index > 0)
      this.#pending += '}'
    } else {
      this.#flush()
      const start = this.#place('o', node.id)
      this.#writer.line(
        this.#grouped ? _`${start} = run.writer.length` : _`const ${start} = run.writer.length`,
      )
      for (const child of node.children) this.#member(child, true)
      this.#flush()
      this.#writer.line(_`run.close(${start})`)
    }
  }

  #member(child: OutputNode, comma: boolean): void {
    const key = `${comma ? ',' : ''}${JSON.stringify(child.key)}:`
    if (this.#certain(child)) {
      this.#pending += key
      this.#content(child)
      return
    }
    this.#flush()
    this.#writer.block(_`if (${this.#presence(child)})`, () => {
      this.#pending += key
      this.#content(child)
      this.#flush()
    })
  }

  #content(node: OutputNode): void {
    if (node.rule === undefined) {
      this.#object(node)
      return
    }
    const { node: expression } = this.#rules[node.rule]!
    if (isConstant(expression)) {
      this.#pending += JSON.stringify((expression as Node & { op: 'constant' }).value)
      return
    }
    this.#flush()
    const isCopied = this.#copied(expression) !== undefined
    const place = this.#place(isCopied ? 's' : 'v', node.rule)
    this.#writer.line(isCopied ? _`run.copy(${place})` : _`run.write(${place})`)
  }
}

/** An output that is too long is none. */
const IF_OVER = _`if (run.isOver) return false`

function nodeCount(node: OutputNode): number {
  return node.children.reduce((count, child) => count + nodeCount(child), 1)
}

/** A value that is the same for every event, and that JSON.stringify writes as it should be. */
function isConstant(node: Node): boolean {
  if (node.op !== 'constant') return false
  const { value } = node
  if (typeof value === 'number') return isJsonNumber(value)
  return value === null || typeof value === 'string' || typeof value === 'boolean'
}
