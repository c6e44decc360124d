/** Checked rules to the function that writes the output of a line that was scanned. */
import type { Node } from '../../expression/check/checked.ts'
import { children } from '../../expression/check/checked.ts'
import type { FieldSource } from '../../expression/emit/emit.ts'
import { ConstantPool, commentText, Emitter, isSingleton } from '../../expression/emit/emit.ts'
import { bytesRecipe, listRecipe } from '../../expression/recipe.ts'
import type { FieldPath } from '../../expression/runtime/fields.ts'
import type { EventLimits } from '../../expression/runtime/meter.ts'
import { DEFAULT_LIMITS } from '../../expression/runtime/meter.ts'
import { COMPARISON_OPERATORS } from '../../expression/syntax/operators.ts'
import { isJsonNumber } from '../../expression/value.ts'
import type { TextCoding } from '../../json/text-coding.ts'
import { PORTABLE_CODING } from '../../json/text-coding.ts'
import { MAX_PARTS, WantedMembers } from '../../json/wanted.ts'
import type { CheckedRule, CheckedRules } from '../generate/generate.ts'
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

/** What the fast path of a rule set is made from; it holds no state of lines. */
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
  readonly #helpers = new Set<string>()
  readonly #fields: FieldSource
  /** Values are kept in arrays, since those who make and those who write them are different functions. */
  readonly #grouped: boolean
  #emitter: Emitter
  /** Text that is to be written before anything else is. */
  #pending = ''

  constructor(rules: readonly CheckedRule[], tree: OutputNode, limits: EventLimits) {
    this.#limits = limits
    this.#rules = rules
    this.#tree = tree
    this.#grouped = rules.length > GROUP_SIZE
    this.#fields = {
      field: (path) => this.#field(path),
      member: (key) => `run.value(${this.#wanted.member([key])})`,
    }
    this.#emitter = this.#newEmitter()
  }

  #newEmitter(): Emitter {
    return new Emitter(this.#constants, this.#helpers, { exact: false, fields: this.#fields }, '  ')
  }

  plan(): FastPathPlan {
    for (const rule of this.#rules) {
      for (const member of ownReads(rule.node)) this.#members.set(member, this.#wanted.member([member]))
    }
    const functions = this.#grouped ? this.#groups() : this.#whole()
    const places = readFields(this.#rules).map(({ place }) => this.#places(place))
    this.#wanted.finish()
    const { source, evaluate, printModule } = createProgram<FastFunction>(
      functions,
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

  /** Counts what is left out of the output. */
  #leftOut(): string[] {
    const lines: string[] = []
    for (const [index, { node }] of this.#rules.entries()) {
      if (this.#isCertain(index)) continue
      const isAbsent =
        this.#copied(node) === undefined
          ? `${this.#place('v', index)} === undefined`
          : `${this.#place('s', index)} === -1`
      lines.push(`  if (${isAbsent}) run.notes.leftOut[${index}]++`)
    }
    // An output that is too long is none.
    return lines.length === 0 ? lines : ['  if (run.isOver) return false', ...lines]
  }

  #whole(): string[] {
    this.#values(0, this.#rules.length)
    this.#object(this.#tree)
    this.#flush()
    return ['function evaluate(run) {', ...this.#emitter.body(), ...this.#leftOut(), '  return true', '}']
  }

  /** One function for every group of rules, then some that write: `v`, `s` and `o` are the run's arrays. */
  #groups(): string[] {
    const functions: string[] = []
    const calls: string[] = []
    for (let from = 0; from < this.#rules.length; from += GROUP_SIZE) {
      const to = Math.min(from + GROUP_SIZE, this.#rules.length)
      this.#emitter = this.#newEmitter()
      this.#values(from, to)
      functions.push(`function rules${from}(run, v, s) {`, ...this.#emitter.body(), '  return true', '}')
      calls.push(`  if (!rules${from}(run, v, s)) return false`)
    }
    this.#emitter = this.#newEmitter()
    this.#object(this.#tree)
    this.#flush()
    for (const [index, lines] of this.#emitter.pieces(GROUP_LINES).entries()) {
      functions.push(`function write${index}(run, v, s, o) {`, ...lines, '}')
      calls.push(`  write${index}(run, v, s, o)`)
    }
    const [isOver, ...leftOut] = this.#leftOut()
    if (isOver !== undefined) calls.push(isOver)
    for (let from = 0; from < leftOut.length; from += GROUP_LINES) {
      const name = `leftOut${from / GROUP_LINES}`
      functions.push(`function ${name}(run, v, s) {`, ...leftOut.slice(from, from + GROUP_LINES), '}')
      calls.push(`  ${name}(run, v, s)`)
    }
    return [
      ...functions,
      'function evaluate(run) {',
      '  const { v, s, o } = run',
      ...calls,
      '  return true',
      '}',
    ]
  }

  #slots(path: FieldPath): string {
    const slots = this.#wanted.path(path)
    return slots.length === 1
      ? String(slots[0])
      : this.#constants.add(listRecipe(slots), `places of ${path.text}`)
  }

  #field(path: FieldPath): string {
    return path.parts.length === 1 ? `run.value(${this.#slots(path)})` : `run.first(${this.#slots(path)})`
  }

  /** Where a rule copies from: code for its slot, -1 where the value is absent. */
  #copied(node: Node): string | undefined {
    if (node.op === 'field') {
      if (node.path.parts.length > 1) return `run.find(${this.#slots(node.path)})`
      const slot = this.#slots(node.path)
      return `run.has(${slot}) ? ${slot} : -1`
    }
    if (!isMember(node)) return undefined
    const slot = this.#wanted.member([(node.index as Node & { op: 'constant' }).value as string])
    return `run.has(${slot}) ? ${slot} : -1`
  }

  /** Evaluates every rule, before anything is written. */
  #values(from: number, to: number): void {
    const emitter = this.#emitter
    const group = this.#rules.slice(from, to)
    const computed = group.filter((rule) => this.#copied(rule.node) === undefined && !isConstant(rule.node))
    emitter.hoist(fieldsOf(computed.map((rule) => rule.node)))
    for (const [offset, rule] of group.entries()) {
      const index = from + offset
      if (isConstant(rule.node)) continue
      const slot = this.#copied(rule.node)
      if (slot === undefined) {
        emitter.rule(`v${index}`, rule.node, rule.required)
        if (this.#grouped) emitter.line(`v[${index}] = v${index}`)
      } else {
        emitter.line(`const s${index} = ${slot} // ${commentText(rule.name)}`)
        if (rule.required) emitter.line(`if (s${index} === -1) return false`)
        if (this.#grouped) emitter.line(`s[${index}] = s${index}`)
      }
    }
  }

  // --- the output -------------------------------------------------------------------------------------------

  #flush(): void {
    if (this.#pending === '') return
    const bytes = this.#constants.add(bytesRecipe(this.#pending), this.#pending)
    this.#emitter.line(`run.writer.literal(${bytes})`)
    this.#pending = ''
  }

  /** Whether something below is always there. */
  #certain(node: OutputNode): boolean {
    return present(node).some((index) => this.#isCertain(index))
  }

  #isCertain(index: number): boolean {
    return this.#rules[index]!.required || isConstant(this.#rules[index]!.node)
  }

  #presence(node: OutputNode): string {
    return present(node)
      .map((index) =>
        this.#copied(this.#rules[index]!.node) === undefined
          ? `${this.#place('v', index)} !== undefined`
          : `${this.#place('s', index)} !== -1`,
      )
      .join(' || ')
  }

  /** The name of a rule's value or slot where it is written. */
  #place(kind: 'v' | 's', index: number): string {
    return this.#grouped ? `${kind}[${index}]` : `${kind}${index}`
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
      const start = this.#grouped ? `o[${node.id}]` : `o${node.id}`
      this.#emitter.line(`${this.#grouped ? '' : 'const '}${start} = run.writer.length`)
      for (const child of node.children) this.#member(child, true)
      this.#flush()
      this.#emitter.line(`run.close(${start})`)
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
    this.#emitter.block(`if (${this.#presence(child)})`, () => {
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
    const copied = this.#copied(expression) !== undefined
    const place = this.#place(copied ? 's' : 'v', node.rule)
    this.#emitter.line(copied ? `run.copy(${place})` : `run.write(${place})`)
  }
}

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
