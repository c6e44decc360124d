/**
 * Checked rules to JavaScript source, and the source to a function. Small rule files become one function that
 * builds the output as it goes; large ones are cut into groups, since V8 optimizes no function without end.
 */
import type { Node } from '../../expression/check/checked.ts'
import { children } from '../../expression/check/checked.ts'
import { emitSoftCondition } from '../../expression/emit/absence.ts'
import type { Code } from '../../expression/emit/code.ts'
import { _, anyOf, list, Name, objectOf } from '../../expression/emit/code.ts'
import { CodeBlock } from '../../expression/emit/code-block.ts'
import { ConstantPool } from '../../expression/emit/constant-pool.ts'
import { createWriter, emitFinish, emitRule } from '../../expression/emit/emit.ts'
import { emitPath, hoistFields, lineFieldValue, valueBelow } from '../../expression/emit/fields.ts'
import type { HelperName } from '../../expression/emit/helpers.ts'
import type { ObservedNumbers } from '../../expression/emit/observed-writer.ts'
import { emitStatements } from '../../expression/emit/statements.ts'
import { variableName } from '../../expression/emit/targets.ts'
import type { FieldSource, FunctionWriter } from '../../expression/emit/writer.ts'
import { listRecipe, pathRecipe, type Recipe } from '../../expression/recipe.ts'
import type { FieldPath } from '../../expression/runtime/fields.ts'
import type { WantedMembers } from '../../json/wanted.ts'
import type { CheckedExpression, CheckedRule, CheckedRules, CheckedTap } from '../checked-rule.ts'
import { isCertain } from '../checked-rule.ts'
import { fieldsIn, readFields } from '../read-fields.ts'
import type { CopiedFrom, GeneratedFunction } from '../run.ts'
import { PLACES } from '../run.ts'
import { type OutputBuilder, outputBuilderOf } from './build-output.ts'
import type { OutputNode } from './output-tree.ts'
import { outputTree, present } from './output-tree.ts'
import { createProgram, type Program } from './program.ts'
import { isSimple, OutputWriter } from './write-output.ts'

/** Rules in one generated function. */
const GROUP_SIZE = 40

/**
 * @param exact for events with dicts or with numbers that have a text of their own (and after tap, which may make
 * dicts); else for events as JSON.parse gives them
 * @param observed numbers of what the program reports. Default: it reports nothing
 */
export function generateProgram(
  rules: CheckedRules,
  exact: boolean,
  observed?: ObservedNumbers,
): Program<GeneratedFunction> {
  return new Generator(rules, exact, observed).generate()
}

/** Writes the body of a function that tells if a condition holds. */
export function emitConditionBody(writer: FunctionWriter, condition: CheckedExpression): void {
  const { node, ignore } = condition
  writer.ignored = ignore
  writer.lenient = true
  writer.observed?.begin(condition)
  hoistFields(writer, fieldsOf([node]))
  const holds = emitSoftCondition(writer, node)
  writer.observed?.end(condition, holds)
  writer.line(_`return ${holds}`)
}

/**
 * A program for any event whose members are read from the line (`run.members`). It returns false where something is absent that the output needs.
 *
 * @param wanted gets the members that the rules read
 */
export function generateMemberProgram(
  rules: CheckedRules,
  wanted: WantedMembers,
): Program<GeneratedFunction> {
  return new Generator(rules, true, undefined, wanted).generate()
}

class Generator {
  readonly #rules: CheckedRules
  readonly #exact: boolean
  readonly #observed: ObservedNumbers | undefined
  /** The members of lines; undefined: events are objects. */
  readonly #wanted: WantedMembers | undefined
  /** Outputs can be written as bytes. */
  #isSimple = false
  readonly #constants = new ConstantPool()
  readonly #helpers = new Set<HelperName>()
  /** The functions of the program. */
  readonly #functions = new CodeBlock()
  /** By a field's text: its index in the notes. */
  readonly #noted: ReadonlyMap<string, number>

  constructor(
    rules: CheckedRules,
    exact: boolean,
    observed: ObservedNumbers | undefined,
    wanted?: WantedMembers,
  ) {
    this.#wanted = wanted
    this.#rules = rules
    this.#exact = exact
    this.#observed = observed
    this.#noted = new Map(readFields(rules.rules).map(({ text }, index) => [text, index]))
  }

  generate(): Program<GeneratedFunction> {
    const { rules, taps = [] } = this.#rules
    for (const [index, tap] of taps.entries()) this.#tap(tap, index)
    const tree = outputTree(rules.map((rule) => rule.path))
    this.#isSimple = isSimple(tree)
    if (rules.length <= GROUP_SIZE) this.#whole(tree)
    else this.#groups(tree)
    if (this.#rules.split !== undefined) this.#split(this.#rules.split)
    const entry = this.#rules.split === undefined ? 'evaluate' : 'divideEvent'
    return createProgram(this.#functions, this.#constants, this.#helpers, entry)
  }

  #writer(): FunctionWriter {
    return createWriter(this.#constants, this.#helpers, {
      exact: this.#exact,
      observed: this.#observed,
      ...(this.#wanted && { fields: this.#memberSource(this.#wanted) }),
    })
  }

  /** Code that reads members of a line. */
  #memberSource(wanted: WantedMembers): FieldSource {
    return {
      field: (path) => {
        const slots = wanted.path(path)
        const [first, second] = slots
        if (second === undefined) return _`run.members.value(${first})`
        if (slots.length === 2) return _`run.members.either(${first}, ${second})`
        return _`run.members.first(${this.#list(slots, `places of ${path.text}`)})`
      },
      member: (key) => _`run.members.value(${wanted.member([key])})`,
    }
  }

  /** The rule does nothing but copy a member of a line, whose bytes are written. */
  #isLineCopy({ node, ignore }: CheckedRule): boolean {
    if (this.#wanted === undefined || !this.#isSimple || ignore.length > 0) return false
    const copy = copiedFrom(node)
    return copy !== undefined && (copy.kind === 'field' || copy.keys.length === 1)
  }

  /** The slots that a value, or the member that leads to it, is read from. */
  #slotsOf(copy: CopiedFrom, comment: string): Name {
    const wanted = this.#wanted!
    const slots = copy.kind === 'field' ? wanted.path(copy.path) : [wanted.member([copy.keys[0] as string])]
    return this.#list(slots, comment)
  }

  #list(items: readonly (string | number)[], comment: string): Name {
    return this.#constants.add(listRecipe(items), comment)
  }

  /** Code for a value that is copied: a number keeps its text. */
  #copied(value: Name, copy: CopiedFrom, comment: string): Code {
    if (this.#wanted === undefined) {
      return _`run.copied(${value}, ${this.#constants.add(copyRecipe(copy), comment)})`
    }
    const slots = this.#slotsOf(copy, comment)
    const below = copy.kind === 'field' ? [] : copy.keys.slice(1)
    if (below.length === 0) return _`run.members.copied(${value}, ${slots})`
    return _`run.members.copied(${value}, ${slots}, ${this.#list(below, comment)})`
  }

  #tap(tap: CheckedTap, index: number): void {
    const { statements, variables } = tap.node
    const writer = this.#writer()
    writer.ignored = tap.ignore
    writer.observed?.begin(tap)
    if (variables > 0) {
      const names = Array.from({ length: variables }, (_slot, id) => variableName(id))
      writer.line(_`let ${list(names)}`)
    }
    emitStatements(writer, statements)
    writer.observed?.end(tap, _`data`)
    writer.line(_`return data`)
    this.#functions.define(_`function ${tapName(index)}(run, data, raw)`, writer.body())
  }

  /** A function that tells if a condition holds. @returns its name */
  #condition(name: string, condition: CheckedExpression): Name {
    const writer = this.#writer()
    emitConditionBody(writer, condition)
    this.#functions.define(_`function ${new Name(name)}(run, data, raw)`, writer.body())
    return new Name(name)
  }

  /** The beginning of all: the condition of the rule set, and `tap`, behind which the event is one that rules see. */
  #head(entry: CodeBlock): void {
    const { when, taps = [] } = this.#rules
    if (when !== undefined) {
      entry.line(_`run.rule = ${PLACES.when}`)
      entry.line(
        _`if (!run.isRouted && !${this.#condition('when', when)}(run, data, raw)) return run.noRoute()`,
      )
    }
    for (const index of taps.keys()) {
      entry.line(_`run.rule = ${-1 - index}`)
      entry.line(_`data = ${tapName(index)}(run, data, raw)`)
      entry.line(_`if (data === undefined) return undefined`)
    }
  }

  /** The top of the function that makes an output: an event that is dropped leaves here. */
  #entry(): CodeBlock {
    const entry = new CodeBlock()
    const { split, drop, cases = [] } = this.#rules
    if (split === undefined) this.#head(entry)
    if (this.#observed !== undefined) entry.remark(_`run.observer.event(data)`)
    if (drop !== undefined) {
      entry.line(_`run.rule = ${PLACES.drop}`)
      entry.line(_`if (${this.#condition('drop', drop)}(run, data, raw)) return run.drop()`)
    }
    entry.line(_`run.notes.events++`)
    if (cases.length > 0) entry.line(_`run.rule = ${PLACES.cases}`)
    for (const [group, branches] of cases.entries()) {
      const name = this.#cases(group, branches)
      entry.line(_`run.branches[${group}] = ${name}(run, data, raw)`)
    }
    return entry
  }

  /** A function that gives the case that applies, -1: none. @returns its name */
  #cases(group: number, branches: readonly (CheckedExpression | undefined)[]): Name {
    const block = new CodeBlock()
    let otherwise = -1
    for (const [index, branch] of branches.entries()) {
      if (branch === undefined) {
        otherwise = index
        break
      }
      const condition = this.#condition(`case${group}_${index}`, branch)
      block.line(_`if (${condition}(run, data, raw)) return ${index}`)
    }
    block.line(_`return ${otherwise}`)
    const name = new Name(`cases${group}`)
    this.#functions.define(_`function ${name}(run, data, raw)`, block)
    return name
  }

  /** The entry of a rule set that makes several events of one: what makes an output is called for each element. */
  #split(split: CheckedExpression): void {
    const { node, ignore } = split
    const entry = new CodeBlock()
    this.#head(entry)
    entry.line(_`run.rule = ${PLACES.split}`)
    const writer = this.#writer()
    writer.ignored = ignore
    writer.observed?.begin(split)
    const list = writer.code(node)
    writer.observed?.end(split, list)
    writer.line(_`return run.divide(${list}, data)`)
    entry.append(writer.body())
    this.#functions.define(_`function divideEvent(run, data, raw)`, entry)
    this.#functions.line(_`divideEvent.element = evaluate`)
  }

  /** The rules of one function: each value in `v<index>`. */
  #values(writer: FunctionWriter, from: number, to: number): void {
    const { rules } = this.#rules
    const group = rules.slice(from, to)
    for (const rule of group) {
      if (this.#isLineCopy(rule)) continue
      const { node, ignore } = rule
      writer.ignored = ignore
      hoistFields(writer, fieldsOf([node]))
    }
    writer.ignored = []
    this.#look(writer, group)
    for (const [offset, rule] of group.entries()) {
      const index = from + offset
      writer.ignored = rule.ignore
      if (rule.onError === 'reject' && rule.branch === undefined) this.#value(writer, index, valueName(index))
      else this.#softValue(writer, index, rule)
      writer.observed?.end(rule, valueName(index))
    }
    writer.ignored = []
  }

  /** Writes a rule. @param name a variable that is declared for its value */
  #value(writer: FunctionWriter, index: number, value: Name): void {
    const rule = this.#rules.rules[index]!
    writer.line(_`run.rule = ${index}`, rule.name)
    writer.observed?.begin(rule)
    const copy = this.#exact ? copiedFrom(rule.node) : undefined
    if (copy !== undefined && this.#isLineCopy(rule)) {
      writer.line(_`const ${value} = run.members.copy(${this.#slotsOf(copy, rule.name)})`)
      if (rule.required) writer.line(_`if (${value} === undefined) return false`)
      return
    }
    const name = copy === undefined ? value : new Name(`c${index}`)
    const known = emitRule(writer, name, rule.node, rule.required)
    if (copy !== undefined) {
      writer.line(_`const ${value} = ${this.#copied(name, copy, `place of ${rule.name}`)}`)
    }
    if (known === 'any') emitFinish(writer, value)
  }

  /** Writes a rule of a case, or one that an error leaves out: its variable has no value then. */
  #softValue(writer: FunctionWriter, index: number, { branch, onError }: CheckedRule): void {
    const value = valueName(index)
    const inner = new Name(`r${index}`)
    const evaluate = (): void => {
      this.#value(writer, index, inner)
      writer.line(_`${value} = ${inner}`)
    }
    const guarded = (): void => {
      if (onError === 'reject') {
        evaluate()
        return
      }
      writer.block(_`try`, evaluate)
      writer.block(_`catch (error)`, () => {
        writer.line(writer.call('recover', new Name('error')))
        writer.observed?.omitted(new Name('error'))
        if (onError === 'anomaly') writer.line(_`run.omit(error)`)
      })
    }
    writer.line(_`let ${value}`)
    if (branch === undefined) guarded()
    else writer.block(_`if (run.branches[${branch.group}] === ${branch.index})`, guarded)
  }

  /** Notes which fields the event has. They are read for that even where an evaluation will not reach them. */
  #look(writer: FunctionWriter, group: readonly CheckedRule[]): void {
    const found = group.flatMap((rule) => [...fieldsIn(rule.node)])
    if (found.length === 0) return
    writer.block(_`if (run.notes.isLooking)`, () => {
      writer.line(_`const { present } = run.notes`)
      for (const [text, place] of new Map(found.map((field) => [field.text, field.place]))) {
        const flag = _`present[${this.#noted.get(text)}]`
        const hoisted = place.kind === 'path' && writer.hoisted.get(writer.hoistKey(place.path))
        // The flags are bytes: true is 1.
        if (hoisted) writer.line(_`${flag} ||= ${hoisted} !== undefined`)
        else
          writer.block(_`if (!${flag})`, () => {
            const value =
              place.kind === 'path'
                ? emitPath(writer, place.path)
                : place.kind === 'keys'
                  ? valueBelow(writer, place.keys)
                  : lineFieldValue(writer, place.path, place.underLine)
            writer.line(_`${flag} = ${value} !== undefined`)
          })
      }
    })
  }

  /** Counts what is left out of the output. */
  #leftOut(writer: FunctionWriter): void {
    writer.line(_`const { leftOut } = run.notes`)
    for (const [index, rule] of this.#rules.rules.entries()) {
      if (isCertain(rule)) continue
      const { branch } = rule
      const applies = branch === undefined ? _`` : _` && run.branches[${branch.group}] === ${branch.index}`
      writer.line(_`if (${isAbsent(index)}${applies}) leftOut[${index}]++`)
    }
  }

  #whole(tree: OutputNode): void {
    const writer = this.#writer()
    this.#values(writer, 0, this.#rules.rules.length)
    for (const [index, first] of alternatives(this.#rules.rules)) {
      writer.line(_`if (${isPresent(index)}) ${valueName(first)} = ${valueName(index)}`)
    }
    const written = this.#writes(tree)
    const values = list(this.#rules.rules.map((_rule, index) => valueName(index)))
    if (this.#wanted !== undefined && written !== undefined) {
      writer.line(_`const output = run.write(${written}, [${values}])`)
      writer.line(_`if (output === undefined) return false`)
    } else {
      this.#finished(writer, tree, written, values)
    }
    // An output that cannot be finished is none.
    if (!this.#rules.rules.every(isCertain)) this.#leftOut(writer)
    writer.line(_`return output`)
    const body = this.#entry()
    body.append(writer.body())
    this.#functions.define(_`function evaluate(run, data, raw)`, body)
  }

  /** Writes an output as bytes or builds it as an object. */
  #finished(writer: FunctionWriter, tree: OutputNode, written: Name | undefined, values: Code): void {
    writer.line(_`let output`)
    const build = (): void => writer.line(_`output = run.finish(${this.#object(writer, tree)})`)
    if (written === undefined) build()
    else {
      writer.line(_`if (run.writer !== undefined) output = run.write(${written}, [${values}])`)
      writer.block(_`if (output === undefined)`, build)
    }
  }

  #groups(tree: OutputNode): void {
    const { rules } = this.#rules
    const evaluate = this.#entry()
    evaluate.line(_`const values = new Array(${rules.length})`)
    for (let from = 0; from < rules.length; from += GROUP_SIZE) {
      const to = Math.min(from + GROUP_SIZE, rules.length)
      const writer = this.#writer()
      this.#values(writer, from, to)
      for (let index = from; index < to; index++) writer.line(_`values[${index}] = ${valueName(index)}`)
      writer.line(_`return true`)
      const name = new Name(`rules${from}`)
      this.#functions.define(_`function ${name}(run, data, raw, values)`, writer.body())
      evaluate.line(_`if (${name}(run, data, raw, values) !== true) return undefined`)
    }
    for (const [index, first] of alternatives(rules)) {
      evaluate.line(_`if (values[${index}] !== undefined) values[${first}] = values[${index}]`)
    }
    const names = rules.map((rule) => rule.name)
    const paths = rules.map((rule) => rule.path)
    const written = this.#writes(tree)
    if (this.#wanted !== undefined && written !== undefined) {
      evaluate.line(_`const output = run.write(${written}, values)`)
      evaluate.line(_`if (output === undefined) return false`)
    } else {
      this.#finishedOf(evaluate, written, outputRecipe(tree, paths, names))
    }
    evaluate.line(_`run.notes.leaveOut(values, run.branches)`)
    evaluate.line(_`return output`)
    this.#functions.define(_`function evaluate(run, data, raw)`, evaluate)
  }

  /** The same for values in a list. */
  #finishedOf(evaluate: CodeBlock, written: Name | undefined, builder: Recipe<OutputBuilder>): void {
    const build = this.#constants.add(builder, 'builds the output')
    const finished = _`run.finish(${build}(values, run))`
    if (written === undefined) evaluate.line(_`const output = ${finished}`)
    else {
      const output = _`run.writer === undefined ? undefined : run.write(${written}, values)`
      evaluate.line(_`const output = (${output}) ?? ${finished}`)
    }
  }

  /** The constant that writes outputs as bytes, where whoever runs the program takes bytes; undefined: they are objects in any case. */
  #writes(tree: OutputNode): Name | undefined {
    if (!this.#isSimple) return undefined
    const paths = this.#rules.rules.map((rule) => rule.path)
    return this.#constants.add(writerRecipe(tree, paths), 'writes the output')
  }

  // --- the output -------------------------------------------------------------------------------------------

  #required(node: OutputNode): boolean {
    return present(node).some((index) => isCertain(this.#rules.rules[index]!))
  }

  /** Writes the code that builds an object with everything below a node; returns its name. */
  #object(writer: FunctionWriter, node: OutputNode): Name {
    const name = objectName(node)
    if (node.ordered) {
      writer.line(_`run.plain = false`)
      writer.line(_`const ${name} = ${writer.call('emptyDict')}`)
    } else {
      const literal = this.#literal(node)
      writer.line(_`const ${name} = ${literal ?? _`{}`}`)
      if (literal !== undefined) return name
    }
    for (const child of node.children) {
      if (this.#required(child)) this.#member(writer, name, node, child)
      else {
        const isAnyPresent = anyOf(present(child).map((index) => isPresent(index)))
        writer.block(_`if (${isAnyPresent})`, () => this.#member(writer, name, node, child))
      }
    }
    return name
  }

  #member(writer: FunctionWriter, object: Name, parent: OutputNode, child: OutputNode): void {
    const { key, rule } = child
    const value =
      child.children.length === 0
        ? valueName(rule!)
        : rule === undefined
          ? this.#object(writer, child)
          : this.#below(writer, child)
    if (parent.ordered) writer.line(writer.call('dictSet', object, key, value))
    else if (key === '__proto__') writer.line(writer.call('setOwn', object, key, value))
    else writer.line(_`${object}[${key}] = ${value}`)
  }

  /** An object whose values are all there, written in one go. */
  #literal(node: OutputNode): Code | undefined {
    const members: [key: string, value: Code][] = []
    for (const child of node.children) {
      if (child.children.length > 0 && child.rule !== undefined) return undefined
      let value: Code | undefined
      if (child.rule !== undefined)
        value = isCertain(this.#rules.rules[child.rule]!) ? valueName(child.rule) : undefined
      else value = child.ordered ? undefined : this.#literal(child)
      if (value === undefined) return undefined
      members.push([child.key, value])
    }
    return objectOf(members)
  }

  /** Rules `a` and `a.b` both: values below are set inside a copy of what `a` yields. */
  #below(writer: FunctionWriter, node: OutputNode): Name {
    const name = objectName(node)
    writer.line(_`let ${name}`)
    for (const { index, path } of node.assignments()) {
      const { name: rule } = this.#rules.rules[index]!
      const required = isCertain(this.#rules.rules[index]!)
      const set = (): void => {
        writer.line(_`run.rule = ${index}`)
        writer.observed?.again(this.#rules.rules[index]!)
        writer.line(_`${name} = ${writer.call('assignBelow', name, path, valueName(index), rule)}`)
      }
      if (required) set()
      else writer.block(_`if (${isPresent(index)})`, set)
    }
    emitFinish(writer, name)
    return name
  }
}

/** Rules of cases for an output field that another case has a rule for, before them: which one. */
function alternatives(rules: readonly CheckedRule[]): Map<number, number> {
  const first = new Map<string, number>()
  const found = new Map<number, number>()
  for (const [index, { name }] of rules.entries()) {
    const other = first.get(name)
    if (other === undefined) first.set(name, index)
    else found.set(index, other)
  }
  return found
}

function tapName(index: number): Name {
  return new Name(`tap${index}`)
}

/** The value of a rule. */
function valueName(index: number): Name {
  return new Name(`v${index}`)
}

function isPresent(index: number): Code {
  return _`${valueName(index)} !== undefined`
}

function isAbsent(index: number): Code {
  return _`${valueName(index)} === undefined`
}

/** An object of the output. */
function objectName({ id }: OutputNode): Name {
  return new Name(`o${id}`)
}

/** Where a copied number's own text is found. */
function copyRecipe(copy: CopiedFrom): Recipe<CopiedFrom> {
  return {
    realize: () => copy,
    print: (module) =>
      copy.kind === 'field'
        ? _`{ kind: 'field', path: ${pathRecipe(copy.path).print(module)} }`
        : _`{ kind: 'item', keys: ${copy.keys} }`,
  }
}

function outputRecipe(
  tree: OutputNode,
  paths: readonly (readonly string[])[],
  names: readonly string[],
): Recipe<OutputBuilder> {
  return {
    realize: () => outputBuilderOf(tree, names),
    print: (module) => _`${module.use('outputBuilder')}(${paths}, ${names})`,
  }
}

function writerRecipe(tree: OutputNode, paths: readonly (readonly string[])[]): Recipe<OutputWriter> {
  return {
    realize: () => new OutputWriter(tree),
    print: (module) => _`${module.use('outputWriter')}(${paths})`,
  }
}

/** Every dotted path that nodes read, each once. */
export function fieldsOf(nodes: readonly Node[]): FieldPath[] {
  const paths = new Map<string, FieldPath>()
  const visit = (node: Node | undefined): void => {
    if (node === undefined) return
    if (node.op === 'field') paths.set(node.path.text, node.path)
    for (const child of children(node)) visit(child)
  }
  for (const node of nodes) visit(node)
  return [...paths.values()]
}

/** Where a rule copies from, if that is all it does. */
function copiedFrom(node: Node): CopiedFrom | undefined {
  if (node.op === 'field') return { kind: 'field', path: node.path }
  if (node.op !== 'item') return undefined
  const keys: (string | number)[] = []
  let current: Node = node
  while (current.op === 'item') {
    const { index } = current
    if (index.op !== 'constant' || (typeof index.value !== 'string' && typeof index.value !== 'number')) {
      return undefined
    }
    keys.unshift(index.value)
    current = current.object
  }
  if (current.op === 'root') return { kind: 'item', keys }
  return undefined
}
