/**
 * Checked rules to JavaScript source, and the source to a function. Small rule files become one function that
 * builds the output as it goes; large ones are cut into groups, since V8 optimizes no function without end.
 */
import type { Node, TapNode } from '../../expression/check/checked.ts'
import { children } from '../../expression/check/checked.ts'
import { ConstantPool, commentText, Emitter } from '../../expression/emit/emit.ts'
import { pathRecipe, printPlain, type Recipe } from '../../expression/recipe.ts'
import type { FieldPath } from '../../expression/runtime/fields.ts'
import { fieldsIn, readFields } from '../read-fields.ts'
import type { CopiedFrom, GeneratedFunction } from '../run.ts'
import { type OutputBuilder, outputBuilderOf } from './build-output.ts'
import type { OutputNode } from './output-tree.ts'
import { outputTree, present } from './output-tree.ts'
import { createProgram, type Program } from './program.ts'

export interface CheckedRule {
  readonly name: string
  readonly path: readonly string[]
  readonly required: boolean
  readonly node: Node
}

export interface CheckedRules {
  readonly rules: readonly CheckedRule[]
  readonly tap: TapNode | undefined
}

/** Rules in one generated function. */
const GROUP_SIZE = 40

/**
 * @param exact for events with dicts or with numbers that have a text of their own (and after tap, which may make
 * dicts); else for events as JSON.parse gives them
 */
export function generateProgram(rules: CheckedRules, exact: boolean): Program<GeneratedFunction> {
  return new Generator(rules, exact).generate()
}

class Generator {
  readonly #rules: CheckedRules
  readonly #exact: boolean
  readonly #constants = new ConstantPool()
  readonly #helpers = new Set<string>()
  /** By a field's text: its index in the notes. */
  readonly #noted: ReadonlyMap<string, number>

  constructor(rules: CheckedRules, exact: boolean) {
    this.#rules = rules
    this.#exact = exact
    this.#noted = new Map(readFields(rules.rules).map(({ text }, index) => [text, index]))
  }

  generate(): Program<GeneratedFunction> {
    const { rules, tap } = this.#rules
    const functions: string[] = []
    if (tap !== undefined) functions.push(this.#tap(tap))
    const tree = outputTree(rules.map((rule) => rule.path))
    if (rules.length <= GROUP_SIZE) functions.push(this.#whole(tree))
    else functions.push(...this.#groups(tree))
    return createProgram(functions, this.#constants, this.#helpers)
  }

  #emitter(): Emitter {
    return new Emitter(this.#constants, this.#helpers, { exact: this.#exact }, '  ')
  }

  #tap({ statements, variables }: TapNode): string {
    const emitter = this.#emitter()
    if (variables > 0)
      emitter.line(`let ${Array.from({ length: variables }, (_, id) => `w${id}`).join(', ')}`)
    emitter.statements(statements)
    return ['function tap(run, data, raw) {', ...emitter.body(), '  return true', '}'].join('\n')
  }

  /** `if (!tap(...)) return` at the top of the entry; behind it the event is one that rules see. */
  #entry(): string[] {
    const seen = '  run.notes.events++'
    if (this.#rules.tap === undefined) return [seen]
    return ['  run.rule = -1', '  if (tap(run, data, raw) === undefined) return undefined', seen]
  }

  /** The rules of one function: each value in `v<index>`. */
  #values(emitter: Emitter, from: number, to: number): void {
    const { rules } = this.#rules
    const group = rules.slice(from, to)
    emitter.hoist(fieldsOf(group.map((rule) => rule.node)))
    this.#look(emitter, group)
    for (const [offset, rule] of group.entries()) {
      const index = from + offset
      emitter.line(`run.rule = ${index} // ${commentText(rule.name)}`)
      const copy = this.#exact ? copiedFrom(rule.node) : undefined
      const name = copy === undefined ? `v${index}` : `c${index}`
      const known = emitter.rule(name, rule.node, rule.required)
      if (copy !== undefined) {
        const place = this.#constants.add(copyRecipe(copy), `place of ${rule.name}`)
        emitter.line(`const v${index} = run.copied(${name}, ${place})`)
      }
      if (known === 'any') emitter.finish(`v${index}`)
    }
  }

  /** Notes which fields the event has. They are read for that even where an evaluation will not reach them. */
  #look(emitter: Emitter, group: readonly CheckedRule[]): void {
    const found = group.flatMap((rule) => [...fieldsIn(rule.node)])
    if (found.length === 0) return
    emitter.block('if (run.notes.isLooking)', () => {
      emitter.line('const { present } = run.notes')
      for (const [text, place] of new Map(found.map((field) => [field.text, field.place]))) {
        const flag = `present[${this.#noted.get(text)}]`
        if (place.kind === 'path') {
          emitter.line(`if (${emitter.fieldValue(place.path)} !== undefined) ${flag} = 1`)
        } else {
          emitter.block(`if (${flag} === 0)`, () => {
            const value =
              place.kind === 'keys'
                ? emitter.valueBelow(place.keys)
                : emitter.lineFieldValue(place.path, place.underLine)
            emitter.line(`if (${value} !== undefined) ${flag} = 1`)
          })
        }
      }
    })
  }

  /** Counts what is left out of the output. */
  #leftOut(emitter: Emitter): void {
    for (const [index, { required }] of this.#rules.rules.entries()) {
      if (!required) emitter.line(`if (v${index} === undefined) run.notes.leftOut[${index}]++`)
    }
  }

  #whole(tree: OutputNode): string {
    const emitter = this.#emitter()
    const lines = this.#entry()
    this.#values(emitter, 0, this.#rules.rules.length)
    const output = this.#object(emitter, tree)
    if (this.#rules.rules.every((rule) => rule.required)) emitter.line(`return run.finish(${output})`)
    else {
      // An output that cannot be finished is none.
      emitter.line(`const output = run.finish(${output})`)
      this.#leftOut(emitter)
      emitter.line('return output')
    }
    return ['function evaluate(run, data, raw) {', ...lines, ...emitter.body(), '}'].join('\n')
  }

  #groups(tree: OutputNode): string[] {
    const functions: string[] = []
    const calls: string[] = []
    const { rules } = this.#rules
    for (let from = 0; from < rules.length; from += GROUP_SIZE) {
      const to = Math.min(from + GROUP_SIZE, rules.length)
      const emitter = this.#emitter()
      this.#values(emitter, from, to)
      for (let index = from; index < to; index++) emitter.line(`values[${index}] = v${index}`)
      const name = `rules${from}`
      functions.push(
        [`function ${name}(run, data, raw, values) {`, ...emitter.body(), '  return true', '}'].join('\n'),
      )
      calls.push(`  if (${name}(run, data, raw, values) === undefined) return undefined`)
    }
    const names = rules.map((rule) => rule.name)
    const paths = rules.map((rule) => rule.path)
    const build = this.#constants.add(outputRecipe(tree, paths, names), 'builds the output')
    return [
      ...functions,
      [
        'function evaluate(run, data, raw) {',
        ...this.#entry(),
        `  const values = new Array(${rules.length})`,
        ...calls,
        `  const output = run.finish(${build}(values, run))`,
        '  run.notes.leaveOut(values)',
        '  return output',
        '}',
      ].join('\n'),
    ]
  }

  // --- the output -------------------------------------------------------------------------------------------

  #required(node: OutputNode): boolean {
    return present(node).some((index) => this.#rules.rules[index]!.required)
  }

  /** `v1 !== undefined || ...`: whether there is anything to set. */
  #anyPresent(node: OutputNode): string {
    return present(node)
      .map((index) => `v${index} !== undefined`)
      .join(' || ')
  }

  /** Writes the code that builds an object with everything below a node; returns its name. */
  #object(emitter: Emitter, node: OutputNode): string {
    const name = `o${node.id}`
    if (node.ordered) {
      this.#helpers.add('emptyDict')
      emitter.line('run.plain = false')
      emitter.line(`const ${name} = emptyDict()`)
    } else {
      const literal = this.#literal(node)
      if (literal !== undefined) {
        emitter.line(`const ${name} = ${literal}`)
        return name
      }
      emitter.line(`const ${name} = {}`)
    }
    for (const child of node.children) {
      if (this.#required(child)) this.#member(emitter, name, node, child)
      else emitter.block(`if (${this.#anyPresent(child)})`, () => this.#member(emitter, name, node, child))
    }
    return name
  }

  #member(emitter: Emitter, name: string, parent: OutputNode, child: OutputNode): void {
    const value =
      child.children.length === 0
        ? `v${child.rule}`
        : child.rule === undefined
          ? this.#object(emitter, child)
          : this.#below(emitter, child)
    const key = JSON.stringify(child.key)
    if (parent.ordered) {
      this.#helpers.add('dictSet')
      emitter.line(`dictSet(${name}, ${key}, ${value})`)
    } else if (child.key === '__proto__') {
      this.#helpers.add('setOwn')
      emitter.line(`setOwn(${name}, ${key}, ${value})`)
    } else {
      emitter.line(`${name}[${key}] = ${value}`)
    }
  }

  /** An object whose values are all there, written in one go. */
  #literal(node: OutputNode): string | undefined {
    const members: string[] = []
    for (const child of node.children) {
      if (child.children.length > 0 && child.rule !== undefined) return undefined
      let value: string | undefined
      if (child.rule !== undefined)
        value = this.#rules.rules[child.rule]!.required ? `v${child.rule}` : undefined
      else value = child.ordered ? undefined : this.#literal(child)
      if (value === undefined) return undefined
      const key = JSON.stringify(child.key)
      // Written as a plain key this one would set the prototype.
      members.push(`${child.key === '__proto__' ? `[${key}]` : key}: ${value}`)
    }
    return `{ ${members.join(', ')} }`
  }

  /** Rules `a` and `a.b` both: what is below is set inside a copy of what `a` yields. */
  #below(emitter: Emitter, node: OutputNode): string {
    this.#helpers.add('assignBelow')
    const name = `o${node.id}`
    emitter.line(`let ${name}`)
    for (const { index, path } of node.assignments()) {
      const { name: rule, required } = this.#rules.rules[index]!
      const set = (): void => {
        emitter.line(`run.rule = ${index}`)
        emitter.line(
          `${name} = assignBelow(${name}, ${JSON.stringify(path)}, v${index}, ${JSON.stringify(rule)})`,
        )
      }
      if (required) set()
      else emitter.block(`if (v${index} !== undefined)`, set)
    }
    emitter.finish(name)
    return name
  }
}

/** Where a copied number's own text is found. */
function copyRecipe(copy: CopiedFrom): Recipe<CopiedFrom> {
  return {
    kind: 'path',
    realize: () => copy,
    print: (refer) =>
      copy.kind === 'field'
        ? `{ kind: 'field', path: ${refer(pathRecipe(copy.path))} }`
        : `{ kind: 'item', keys: ${printPlain(copy.keys)} }`,
  }
}

function outputRecipe(
  tree: OutputNode,
  paths: readonly (readonly string[])[],
  names: readonly string[],
): Recipe<OutputBuilder> {
  return {
    kind: 'output',
    realize: () => outputBuilderOf(tree, names),
    print: () => `runtime.outputBuilder(${JSON.stringify(paths)}, ${JSON.stringify(names)})`,
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
