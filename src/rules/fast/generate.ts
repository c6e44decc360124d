/** Checked rules to the template that the output of a line is written by, and the functions of values in it. */
import type { Node } from '../../expression/check/checked.ts'
import { children } from '../../expression/check/checked.ts'
import { emitSoftCondition } from '../../expression/emit/absence.ts'
import type { Code } from '../../expression/emit/code.ts'
import { _, Name } from '../../expression/emit/code.ts'
import { CodeBlock } from '../../expression/emit/code-block.ts'
import { ConstantPool, type Constants } from '../../expression/emit/constant-pool.ts'
import { isSingleton } from '../../expression/emit/constants.ts'
import { createWriter, emitRule } from '../../expression/emit/emit.ts'
import { hoistFields } from '../../expression/emit/fields.ts'
import type { HelperName } from '../../expression/emit/helpers.ts'
import type { FieldSource, FunctionWriter } from '../../expression/emit/writer.ts'
import { listRecipe } from '../../expression/recipe.ts'
import type { EventLimits } from '../../expression/runtime/meter.ts'
import { DEFAULT_LIMITS } from '../../expression/runtime/meter.ts'
import { COMPARISON_OPERATORS } from '../../expression/syntax/operators.ts'
import { isJsonNumber } from '../../expression/value.ts'
import { MAX_PARTS, WantedMembers } from '../../json/wanted.ts'
import type { CheckedExpression, CheckedRule, CheckedRules } from '../checked-rule.ts'
import {
  createTable,
  FunctionTemplates,
  type TableProgram,
  TemplateArguments,
  type TemplateCall,
} from '../generate/function-templates.ts'
import { fieldsOf } from '../generate/generate.ts'
import type { OutputNode } from '../generate/output-tree.ts'
import { outputTree, present } from '../generate/output-tree.ts'
import { isSimple } from '../generate/write-output.ts'
import { notedRules } from '../noted-rules.ts'
import { type ReadPlace, readFields } from '../read-fields.ts'
import { ownReads } from '../rest-rule.ts'
import { decide } from './decide.ts'
import { OTHER_CASE, SHARE } from './fast-path.ts'
import type { Operation, ValueOperation } from './layout.ts'
import { INPUT_SIZE } from './layout.ts'
import type { FastPathParts, FastPathPlan, RuleFunctions } from './plan.ts'
import { createFastPath } from './plan.ts'

/**
 * So many rules that are computed have a function each. V8 optimizes functions one by one, and of more the warm-up would
 * be felt: 0.3 s for a thousand.
 */
const MAX_OWN_FUNCTIONS = 60

/** Rules in one function where there are more. */
const GROUP_SIZE = 10

/** Units of work of a function that changes a text, and for each of its characters. */
const NATIVE_CALL = 400
const NATIVE_CHARACTER = 16

/** The same for `split`, and the bytes that it builds for a character at most. */
const SPLIT_CHARACTER = 250
const SPLIT_BUILT = 64

/** Parts with higher numbers are left to the function. */
const MAX_PART = 1000

/** Functions whose usual values WebAssembly changes by itself. */
const NATIVE: ReadonlyMap<string, ValueOperation['kind']> = new Map([
  ['str', 'str'],
  ['lower', 'lower'],
  ['upper', 'upper'],
  ['normalize_mac_address', 'mac'],
])

/** The fast path of a rule set, generated. */
interface GeneratedFastPath {
  readonly program: TableProgram<RuleFunctions>
  readonly parts: FastPathParts
}

/**
 * @param limits what an event may cost in the plain way
 * @param templates the code that rule sets have in common. Default: there is no other rule set
 * @returns undefined where the rules need the event as an object: `tap`, `data` used as a whole, `line.raw`, a rule
 * that sets a value inside another one's
 */
export function generateFastPath(
  rules: CheckedRules,
  limits: EventLimits = DEFAULT_LIMITS,
  templates = new FunctionTemplates(),
): GeneratedFastPath | undefined {
  if (plainReasons(rules).length > 0) return undefined
  const tree = outputTree(rules.rules.map((rule) => rule.path))
  return new FastGenerator(rules, tree, limits, templates).generate()
}

/** The fast path with its generated JavaScript. */
export interface SourcedPlan extends FastPathPlan {
  readonly source: string
}

/** The same, ready to be used. @returns undefined also where there is no WebAssembly with SIMD */
export function planFastPath(
  rules: CheckedRules,
  limits?: EventLimits,
  templates?: FunctionTemplates,
): SourcedPlan | undefined {
  const generated = generateFastPath(rules, limits, templates)
  if (generated === undefined) return undefined
  const { program, parts } = generated
  const plan = createFastPath(
    notedRules(rules.rules),
    parts,
    () => program.evaluate,
    () => program.withConstants(),
  )
  return (
    plan && {
      ...plan,
      get source() {
        return program.source
      },
    }
  )
}

/** The parts of rules that need the event as an object, for the operator: with one of them there is no fast path. */
export function plainReasons({ rules, taps = [], when, drop, split, cases = [] }: CheckedRules): string[] {
  const reasons: string[] = []
  if (taps.length > 0) reasons.push("'tap' changes the event")
  if (split !== undefined) reasons.push("'split' makes several events of one")
  for (const [name, condition] of Object.entries({ when, drop })) {
    if (condition !== undefined && !readsOnlyFields(condition.node)) {
      reasons.push(`'${name}' reads the event as a whole, or its text`)
    }
  }
  if (!cases.flat().every((condition) => readsOnlyFields(condition?.node))) {
    reasons.push("'cases' read the event as a whole, or its text")
  }
  for (const { name, node } of rules) {
    if (node.op === 'rest') reasons.push("'rest' copies the event")
    else if (!readsOnlyFields(node)) reasons.push(`'${name}' reads the event as a whole, or its text`)
  }
  if (!isSimple(outputTree(rules.map((rule) => rule.path)))) {
    reasons.push('a rule sets a value inside the value of another one, or a name is a number')
  }
  return reasons
}

export function readsOnlyFields(node: Node | undefined): boolean {
  if (node === undefined) return true
  switch (node.op) {
    case 'root':
    case 'raw':
    case 'line-field':
    case 'variable':
    case 'parent':
    case 'parent-field':
    case 'rest':
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

class FastGenerator {
  readonly #rules: readonly CheckedRule[]
  readonly #cases: NonNullable<CheckedRules['cases']>
  /** By output field all rules for it: more than one are of several cases. */
  readonly #sameField: ReadonlyMap<string, readonly number[]>
  readonly #tree: OutputNode
  readonly #limits: EventLimits
  readonly #wanted = new WantedMembers()
  readonly #constants = new ConstantPool()
  readonly #templates: FunctionTemplates
  /** The functions of the runtime that the functions of this rule set alone use. */
  readonly #helpers = new Set<HelperName>()
  /** By the code of a function: how many have it. */
  readonly #counts = new Map<string, number>()
  /** The slots that the code of a rule reads, each list of them once. */
  readonly #read = new Set<string>()
  readonly #operations: Operation[] = []
  /** Text that is to be written before anything else is. */
  #pending = ''

  constructor(
    { rules, cases = [] }: CheckedRules,
    tree: OutputNode,
    limits: EventLimits,
    templates: FunctionTemplates,
  ) {
    this.#templates = templates
    this.#limits = limits
    this.#rules = rules
    this.#cases = cases
    const sameField = new Map<string, number[]>()
    for (const [index, { name }] of rules.entries()) {
      const others = sameField.get(name)
      if (others === undefined) sameField.set(name, [index])
      else others.push(index)
    }
    this.#sameField = sameField
    this.#tree = tree
  }

  generate(): GeneratedFastPath {
    const members = new Map<string, number>()
    const conditions = this.#cases.flat().filter((condition) => condition !== undefined)
    for (const { node } of [...this.#rules, ...conditions]) {
      for (const member of ownReads(node)) members.set(member, this.#wanted.member([member]))
    }
    const { program, slots } = this.#functions()
    this.#object(this.#tree, slots)
    this.#operations.push({ kind: 'end', text: this.#takePending() })
    const places = readFields(this.#rules).map(({ place }) => this.#places(place))
    this.#wanted.finish()
    return {
      program,
      parts: {
        wanted: this.#wanted,
        operations: this.#operations,
        members,
        places,
        nativeLength: this.#nativeLength(),
        limits: this.#limits,
      },
    }
  }

  /** The slots of a field that rules read. */
  #places(place: ReadPlace): readonly number[] {
    if (place.kind === 'path') return this.#wanted.path(place.path)
    if (place.kind === 'keys') return [this.#wanted.member(place.keys)]
    throw new Error('rules with this are left to the plain way')
  }

  /** Bytes of a text that may be changed without counting, whatever the other rules do. */
  #nativeLength(): number {
    return this.#longest(NATIVE_CALL, NATIVE_CHARACTER, 2)
  }

  /**
   * Bytes of a text for which a rule may do so much without counting, whatever the other rules do.
   *
   * @param work units of work for the text, and for each of its characters
   * @param built bytes that are built for each of its characters
   */
  #longest(work: number, characterWork: number, built: number): number {
    const { maxWork, maxBuilt } = this.#limits
    const share = SHARE * this.#rules.length
    const length = Math.min((maxWork / share - work) / characterWork, maxBuilt / share / built)
    return Math.max(0, Math.floor(Math.min(length, INPUT_SIZE)))
  }

  // --- functions --------------------------------------------------------------------------------------------

  /** The functions of rules that are computed; by rule the slots of the only member that its value depends on. */
  #functions(): { program: TableProgram<RuleFunctions>; slots: ReadonlyMap<number, readonly number[]> } {
    const computed = [...this.#rules.keys()].filter((index) => {
      const { node, ignore, branch } = this.#rules[index]!
      if (branch !== undefined) return true
      return !isConstant(node) && (ignore.length > 0 || this.#copied(node) === undefined)
    })
    const block = new CodeBlock()
    const names: Name[] = []
    for (const [group, branches] of this.#cases.entries()) {
      this.#branchFunctions(block, group, branches)
      names.push(casesName(group))
    }
    const slots = new Map<number, readonly number[]>()
    const table = this.#rules.map((): TemplateCall | Name | undefined => undefined)
    if (computed.length <= MAX_OWN_FUNCTIONS) {
      for (const index of computed) table[index] = this.#template(index, slots)
    } else {
      for (let from = 0; from < computed.length; from += GROUP_SIZE) {
        const group = computed.slice(from, from + GROUP_SIZE)
        const name = new Name(`rules${group[0]}`)
        block.define(_`function ${name}(run, rule)`, this.#group(group, slots))
        names.push(name)
        for (const index of group) table[index] = name
      }
    }
    const own = { block, names, helpers: this.#helpers }
    return { program: createTable<RuleFunctions>(own, this.#constants, table, this.#templates), slots }
  }

  /** @param numbers code for numbers of slots */
  #writer(
    constants: Constants = this.#constants,
    helpers = this.#helpers,
    numbers: Numbers = (slots, text) =>
      typeof slots === 'number' ? _`${slots}` : this.#constants.add(listRecipe(slots), `places of ${text}`),
  ): FunctionWriter {
    const fields: FieldSource = {
      field: (path) => this.#readSlots(this.#wanted.path(path), path.text, numbers),
      member: (key) => this.#readSlots([this.#wanted.member([key])], key, numbers),
    }
    return createWriter(constants, helpers, { exact: false, fields })
  }

  /** A function for each condition of a group of cases, and one that gives the case that applies. */
  #branchFunctions(
    functions: CodeBlock,
    group: number,
    branches: readonly (CheckedExpression | undefined)[],
  ): void {
    const find = new CodeBlock()
    let otherwise = -1
    for (const [index, branch] of branches.entries()) {
      if (branch === undefined) {
        otherwise = index
        break
      }
      const writer = this.#writer()
      writer.ignored = branch.ignore
      writer.lenient = true
      hoistFields(writer, fieldsOf([branch.node]))
      const holds = emitSoftCondition(writer, branch.node)
      writer.line(_`return ${holds}`)
      const name = new Name(`case${group}_${index}`)
      functions.define(_`function ${name}(run)`, writer.body())
      find.line(_`if (${name}(run)) return ${index}`)
    }
    find.line(_`return ${otherwise}`)
    functions.define(_`function ${casesName(group)}(run)`, find)
  }

  /** One function for several rules. */
  #group(group: readonly number[], slots: Map<number, readonly number[]>): CodeBlock {
    const writer = this.#writer()
    writer.block(_`switch (rule)`, () => {
      for (const index of group) {
        writer.block(_`case ${index}:`, () => {
          const { branch } = this.#rules[index]!
          if (branch !== undefined) {
            writeBranch(writer, _`${branch.group}`, casesName(branch.group), _`${branch.index}`)
          }
          this.#rule(writer, index, slots, (copied) => _`${copied}`)
        })
      }
    })
    writer.line(_`return false`)
    return writer.body()
  }

  /** A function for one rule, the code of which it may share with rules of other rule sets. */
  #template(index: number, slots: Map<number, readonly number[]>): TemplateCall {
    const given = new TemplateArguments(this.#constants)
    const helpers = new Set<HelperName>()
    const writer = this.#writer(given, helpers, (numbers) => given.numbers(numbers))
    const { branch } = this.#rules[index]!
    if (branch !== undefined) {
      const { group } = branch
      writeBranch(writer, given.numbers(group), given.own(casesName(group)), given.numbers(branch.index))
    }
    this.#rule(writer, index, slots, (copied) => given.numbers(copied))
    const nth = (text: string): number => {
      const count = this.#counts.get(text) ?? 0
      this.#counts.set(text, count + 1)
      return count
    }
    return { template: this.#templates.get(_`function (run)`, writer.body(), given, helpers, nth), given }
  }

  /** Writes what computes a rule, and writes or copies its value. @param listed code for a list of slots */
  #rule(
    writer: FunctionWriter,
    index: number,
    slots: Map<number, readonly number[]>,
    listed: (slots: readonly number[]) => Code,
  ): void {
    const { node, required, ignore, branch } = this.#rules[index]!
    const copied = this.#copied(node)
    this.#read.clear()
    writer.hoisted.clear()
    writer.ignored = ignore
    hoistFields(writer, fieldsOf([node]))
    const value = new Name('value')
    emitRule(writer, value, node, required)
    // A value that is copied has its own text.
    if (copied !== undefined) writer.line(_`if (${value} !== undefined) return run.copy(${listed(copied)})`)
    writer.line(_`return run.put(${value})`)
    const [only] = this.#read
    // The value of a rule of a case depends on what the conditions read, too.
    if (branch === undefined && this.#read.size === 1 && ownReads(node).next().done === true) {
      slots.set(index, JSON.parse(only!) as number[])
    }
  }

  /** Code for the value of the first slot that has one. */
  #readSlots(slots: readonly number[], text: string, numbers: Numbers): Code {
    this.#read.add(JSON.stringify(slots))
    const [first, second] = slots
    if (second === undefined) return _`run.value(${numbers(first!, text)})`
    if (slots.length > 2) return _`run.first(${numbers(slots, text)})`
    return _`run.either(${numbers(first!, text)}, ${numbers(second, text)})`
  }

  // --- the template -----------------------------------------------------------------------------------------

  #takePending(): string {
    const text = this.#pending
    this.#pending = ''
    return text
  }

  #flush(): void {
    if (this.#pending !== '') this.#operations.push({ kind: 'text', text: this.#takePending() })
  }

  /** Something below is always there. */
  #isCertain(node: OutputNode): boolean {
    return present(node).some((index) => {
      const { required, node: value, branch } = this.#rules[index]!
      return branch === undefined && (required || isConstant(value))
    })
  }

  /** Writes an object; where its first member may be absent, each member brings its comma and the end mends the first. */
  #object(node: OutputNode, slots: ReadonlyMap<number, readonly number[]>): void {
    const [first] = node.children
    if (first === undefined) {
      this.#pending += '{}'
    } else if (this.#isCertain(first)) {
      this.#pending += '{'
      for (const [index, child] of node.children.entries()) this.#member(child, index > 0, slots)
      this.#pending += '}'
    } else {
      this.#openObject('', node, 'close-root', slots)
    }
  }

  #openObject(
    text: string,
    node: OutputNode,
    end: 'close' | 'close-root',
    slots: ReadonlyMap<number, readonly number[]>,
  ): void {
    this.#operations.push({ kind: 'open', text: this.#takePending() + text })
    for (const child of node.children) this.#member(child, true, slots)
    this.#flush()
    this.#operations.push({ kind: end, text: '' })
  }

  #member(child: OutputNode, comma: boolean, slots: ReadonlyMap<number, readonly number[]>): void {
    const key = `${comma ? ',' : ''}${JSON.stringify(child.key)}:`
    const { rule } = child
    if (this.#isCertain(child)) {
      this.#pending += key
      if (rule === undefined) this.#object(child, slots)
      else this.#value(rule, slots)
      return
    }
    this.#flush()
    if (rule === undefined) {
      this.#openObject(key, child, 'close', slots)
    } else {
      for (const same of this.#sameField.get(this.#rules[rule]!.name)!) {
        this.#pending = key
        this.#value(same, slots)
      }
    }
  }

  #value(rule: number, slots: ReadonlyMap<number, readonly number[]>): void {
    const { node, required, ignore, branch } = this.#rules[rule]!
    if (branch === undefined && node.op === 'constant' && isConstant(node)) {
      this.#pending += JSON.stringify(node.value)
      return
    }
    const text = this.#takePending()
    this.#operations.push({
      ...(branch === undefined
        ? this.#operation(node, ignore, slots.get(rule) ?? [])
        : { kind: 'compute', slots: [], branch }),
      text,
      rule,
      required,
    })
  }

  #operation(
    node: Node,
    ignore: CheckedRule['ignore'],
    slots: readonly number[],
  ): Omit<ValueOperation, 'text' | 'rule' | 'required'> {
    // The scanner knows nothing of values that count as absent.
    if (ignore.length > 0) return { kind: 'compute', slots }
    const copied = this.#copied(node)
    if (copied !== undefined) return { kind: 'copy', slots: copied }
    const native = node.op === 'call' ? NATIVE.get(node.name) : undefined
    if (native !== undefined) {
      const [value, ...rest] = (node as Node & { op: 'call' }).args
      const changed = value && this.#copied(value)
      // The other arguments say what becomes of values that are not native.
      if (changed !== undefined && rest.every((argument) => argument === undefined || isConstant(argument))) {
        return { kind: native, slots: changed }
      }
    }
    return this.#part(node) ?? this.#decision(node) ?? { kind: 'compute', slots }
  }

  /** `split(member, '.')[2]`, the separator a character of ASCII that JSON writes as it is. */
  #part(node: Node): Omit<ValueOperation, 'text' | 'rule' | 'required'> | undefined {
    if (node.op !== 'item' || node.object.op !== 'call' || node.object.name !== 'split') return undefined
    const [text, separator] = node.object.args
    const slots = text && this.#copied(text)
    if (slots === undefined || separator?.op !== 'constant' || node.index.op !== 'constant') return undefined
    const [{ value: character }, { value: index }] = [separator, node.index]
    if (typeof character !== 'string' || !/^[ !#-[\]-~]$/.test(character)) return undefined
    if (typeof index !== 'number' || !Number.isInteger(index) || Math.abs(index) > MAX_PART) return undefined
    const longest = this.#longest(NATIVE_CALL, SPLIT_CHARACTER, SPLIT_BUILT)
    return { kind: 'part', slots, longest, part: { separator: character, index } }
  }

  #decision(node: Node): Omit<ValueOperation, 'text' | 'rule' | 'required'> | undefined {
    const decision = decide(node, (member) => this.#copied(member))
    if (decision === undefined) return undefined
    const { slots, automaton, work, characterWork, built } = decision
    return { kind: 'decide', slots, longest: this.#longest(work, characterWork, built), automaton }
  }

  /** The slots that a rule copies from. */
  #copied(node: Node): readonly number[] | undefined {
    if (node.op === 'field') return this.#wanted.path(node.path)
    if (!isMember(node)) return undefined
    return [this.#wanted.member([(node.index as Node & { op: 'constant' }).value as string])]
  }
}

/** Code for a slot, or for the slots of a field; the text names it. */
type Numbers = (slots: number | readonly number[], text: string) => Code

/** Leaves a rule of a case that does not apply. */
function writeBranch(writer: FunctionWriter, group: Code, cases: Name, branch: Code): void {
  writer.line(_`if (run.branch(${group}, ${cases}) !== ${branch}) return ${OTHER_CASE}`)
}

/** The function that gives the case of a group that applies. */
function casesName(group: number): Name {
  return new Name(`cases${group}`)
}

/** A value that is the same for every event, and that JSON.stringify writes as it should be. */
function isConstant(node: Node): boolean {
  if (node.op !== 'constant') return false
  const { value } = node
  if (typeof value === 'number') return isJsonNumber(value)
  return value === null || typeof value === 'string' || typeof value === 'boolean'
}
