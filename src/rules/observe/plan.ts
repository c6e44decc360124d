/**
 * The parts of a rule set that an observed program reports, numbered, with the place where each of them is written.
 *
 *     source.port: cond(proto == 'tcp', port::int)          a section
 *                  ^^^^^^^^^^^^^^^^^^^^^^^^^^^^^^^          its part, of which there are more inside:
 *                       ^^^^^^^^^^^^^^^  ^^^^^^^^^
 *                       ^^^^^   ~~~~~    ^^^^                ~ a constant is a part that is not reported
 */
import type { Node, StatementNode, TapNode, TargetNode } from '../../expression/check/checked.ts'
import { children } from '../../expression/check/checked.ts'
import { absentMessage } from '../../expression/emit/absent-message.ts'
import type { ObservedNumbers } from '../../expression/emit/observed-writer.ts'
import type { Value } from '../../expression/value.ts'
import type { CheckedExpression, CheckedRule, CheckedRules, CheckedTap } from '../checked-rule.ts'
import type { ReadPlace } from '../read-fields.ts'
import { fieldOf } from '../read-fields.ts'
import type { Ignored, OnError } from '../settings.ts'
import type { Origin, Origins } from './origins.ts'
import { show } from './shown.ts'

/** A stretch of a file. Lines and columns count from 1, columns in code points; the end is the place behind the last character. */
export interface Place {
  readonly file: string
  readonly line: number
  readonly column: number
  readonly endLine: number
  readonly endColumn: number
}

export type SectionKind = 'rule' | 'when' | 'tap' | 'split' | 'drop' | 'case'

/** A part of a rule file that is evaluated as a whole: a rule, a condition, a tap. */
export interface Section {
  /** Unique in the rule set, in the order of evaluation, from 0. */
  readonly number: number
  readonly kind: SectionKind
  /** The output field of a rule; `when`, `drop`, `split`, `tap`; `case 1` of the first case. */
  readonly name: string
  /** The key: the output field of a rule, `when`, `drop`; of a tap and of a case, its text. */
  readonly place: Place
  /** The expression or the statements, as the file has them; of a literal (`port: 53`) its value. */
  readonly text: string
  /** An absent value rejects the event. Of rules only; elsewhere true. */
  readonly required: boolean
  readonly onError: OnError
  /** Values that count as absent. */
  readonly ignore: Ignored
  /** The case that the rule is in, or that the condition is of. */
  readonly case: { readonly group: number; readonly index: number } | undefined
  /** The expression; of a tap its statements. Empty for a literal. */
  readonly parts: readonly Part[]
  /** All parts in the order of their places, an outer one before what is in it. */
  readonly allParts: readonly Part[]
}

/** A way on which an evaluation may go on from a part. */
export interface Branch {
  /** As people call it: `status == 200`, `otherwise`, `else`. */
  readonly label: string
  /** The part that is evaluated then; undefined where that is none of its own. */
  readonly part: Part | undefined
}

/** An expression inside an expression, or a statement of a tap. */
export interface Part {
  /** Unique in the rule set, from 0. */
  readonly number: number
  /** The kind of node: `field`, `call`, `cond`, `comparison`, ...; of a statement `assign`, `if`, `for`, ... */
  readonly kind: Node['op'] | StatementNode['op']
  /** As it is written. */
  readonly text: string
  /** Offsets into the section's text, in UTF-16 units; the end is exclusive. */
  readonly start: number
  readonly end: number
  readonly place: Place
  /** The parts directly inside. */
  readonly parts: readonly Part[]
  readonly section: Section
  /** It is reported: it is no constant. */
  readonly isReported: boolean
  /** It stands in a loop or a comprehension. */
  readonly isRepeated: boolean
  /** The field of the event that it reads, as rules write it. */
  readonly field: string | undefined
  /** Where that is found. */
  readonly fieldPlace: ReadPlace | undefined
  /** The name of a function or a method that it calls. */
  readonly callee: string | undefined
  /** `cond`: a branch for each pair, and one for none of them; `if`, `and`, `or`, `optional`, `attempt`, `coalesce` likewise. */
  readonly branches: readonly Branch[]
  /** The report of its absence, in a required rule. */
  readonly absence: string
}

class PlannedPart implements Part {
  readonly number: number
  readonly kind: Part['kind']
  readonly start: number
  readonly end: number
  readonly section: Section
  readonly parts: Part[] = []
  readonly isReported: boolean
  readonly isRepeated: boolean
  readonly field: string | undefined
  readonly fieldPlace: ReadPlace | undefined
  readonly callee: string | undefined
  branches: readonly Branch[] = []
  readonly #node: Node | StatementNode
  readonly #origin: Origin
  #place: Place | undefined

  constructor(
    number: number,
    node: Node | StatementNode,
    origin: Origin,
    section: Section,
    isRepeated: boolean,
  ) {
    this.number = number
    this.kind = node.op
    const { start, end } = balanced(origin)
    this.start = start
    this.end = end
    this.section = section
    this.isRepeated = isRepeated
    this.isReported = node.op !== 'constant' && node.op !== 'absent' && node.op !== 'callable'
    const found = isStatement(node) ? undefined : fieldOf(node)
    this.field = node.op === 'parent-field' ? `parent.${node.path.text}` : found?.text
    this.fieldPlace = found?.place
    this.callee = node.op === 'call' || node.op === 'method' ? node.name : undefined
    this.#node = node
    this.#origin = { source: origin.source, start, end }
  }

  get text(): string {
    return this.#origin.source.text.slice(this.start, this.end)
  }

  get place(): Place {
    this.#place ??= placeOf(this.#origin)
    return this.#place
  }

  get absence(): string {
    return isStatement(this.#node) ? 'a value is absent' : absentMessage(this.#node)
  }
}

/** The sections of a rule set, and the numbers under which generated code reports them. */
export class Plan implements ObservedNumbers {
  readonly sections: Section[] = []
  /** By number. */
  readonly parts: Part[] = []
  readonly #numbers = new Map<object, number>()
  readonly #origins: Origins
  readonly #file: string

  /** @param file the rule file, for what has no place of its own */
  constructor(origins: Origins, file: string) {
    this.#origins = origins
    this.#file = file
  }

  numberOf(thing: object): number | undefined {
    return this.#numbers.get(thing)
  }

  /** Numbers everything that a rule set evaluates, in the order of evaluation. */
  addRules({ when, taps = [], split, drop, cases = [], rules }: CheckedRules): void {
    if (when !== undefined) this.addCondition(when, 'when', 'when')
    for (const tap of taps) this.#addTap(tap)
    if (split !== undefined) this.addCondition(split, 'split', 'split')
    if (drop !== undefined) this.addCondition(drop, 'drop', 'drop')
    for (const [group, branches] of cases.entries()) {
      for (const [index, condition] of branches.entries()) {
        if (condition === undefined) continue
        this.addCondition(condition, 'case', `case ${index + 1}`, { group, index })
      }
    }
    for (const rule of rules) this.#addRule(rule)
  }

  /** Numbers a condition, or the list of a split. */
  addCondition(
    condition: CheckedExpression,
    kind: SectionKind,
    name: string,
    inCase?: Section['case'],
  ): Section {
    const known = this.#numbers.get(condition)
    if (known !== undefined) return this.sections[known]!
    const { node, ignore } = condition
    const section = this.#section(condition, {
      kind,
      name,
      text: this.#textOf(node),
      required: true,
      onError: 'reject',
      ignore,
      case: inCase,
      place: this.#placeOf(condition, node),
    })
    this.#addExpression(section, node)
    return section
  }

  #addRule(rule: CheckedRule): void {
    const { name, required, onError, ignore, branch, node } = rule
    const section = this.#section(rule, {
      kind: 'rule',
      name,
      text: this.#textOf(node),
      required,
      onError,
      ignore,
      case: branch,
      place: this.#placeOf(rule, node),
    })
    this.#addExpression(section, node)
  }

  #addTap(tap: CheckedTap): void {
    const origin = this.#origins.of(tap)
    const section = this.#section(tap, {
      kind: 'tap',
      name: tap.label,
      text: origin?.source.text ?? '',
      required: true,
      onError: 'reject',
      ignore: tap.ignore,
      case: undefined,
      place: this.#placeOf(tap, undefined),
    })
    this.#addStatements(section, section.parts, tap.node, false)
    finish(section)
  }

  #section(thing: object, given: Omit<Section, 'number' | 'parts' | 'allParts'>): PlannedSection {
    const section = { ...given, number: this.sections.length, parts: [], allParts: [] }
    this.#numbers.set(thing, section.number)
    this.sections.push(section)
    return section
  }

  #textOf(node: Node): string {
    const origin = this.#origins.of(node)
    if (origin !== undefined) return origin.source.text
    return node.op === 'constant' ? show(node.value as Value, 100).text : ''
  }

  #placeOf(thing: object, node: Node | undefined): Place {
    const key = this.#origins.keyOf(thing)
    if (key !== undefined) {
      const { file, line, column, endColumn } = key
      return { file, line, column, endLine: line, endColumn }
    }
    const origin = this.#origins.of(node ?? thing)
    if (origin !== undefined) return placeOf(origin)
    return { file: this.#file, line: 1, column: 1, endLine: 1, endColumn: 2 }
  }

  #addExpression(section: PlannedSection, node: Node): void {
    this.#add(section, section.parts, node, false)
    finish(section)
  }

  /** Adds a node, or what is in it where the node itself is not written. @param into the parts of the outer one */
  #add(section: Section, into: Part[], node: Node | undefined, isRepeated: boolean): void {
    if (node === undefined) return
    const part = this.#part(section, node, isRepeated)
    if (part !== undefined) into.push(part)
    const inner = part?.parts ?? into
    if (node.op === 'comprehension') {
      for (const [index, clause] of node.clauses.entries()) {
        this.#add(section, inner, clause.iterable, isRepeated || index > 0)
        for (const condition of clause.conditions) this.#add(section, inner, condition, true)
      }
      this.#add(section, inner, node.key, true)
      this.#add(section, inner, node.element, true)
    } else for (const child of children(node)) this.#add(section, inner, child, isRepeated)
    if (part !== undefined) part.branches = this.#branches(node)
  }

  #part(section: Section, node: Node | StatementNode, isRepeated: boolean): PlannedPart | undefined {
    const origin = this.#origins.of(node)
    if (origin === undefined) return undefined
    const part = new PlannedPart(this.parts.length, node, origin, section, isRepeated)
    this.parts.push(part)
    this.#known.set(node, part)
    if (part.isReported) this.#numbers.set(node, part.number)
    return part
  }

  readonly #known = new Map<object, Part>()

  #branches(node: Node): Branch[] {
    const of = (child: Node): Part | undefined => this.#known.get(child)
    switch (node.op) {
      case 'cond':
        return [
          ...node.pairs.map(({ test, value }) => ({
            label: of(test)?.text ?? 'a condition',
            part: of(value),
          })),
          node.fallback === undefined
            ? { label: 'no condition holds', part: undefined }
            : { label: 'otherwise', part: of(node.fallback) },
        ]
      case 'conditional':
        return [
          { label: of(node.test)?.text ?? 'if', part: of(node.then) },
          { label: 'else', part: of(node.otherwise) },
        ]
      case 'logical':
        return [
          { label: `the left side of '${node.operator}' decides`, part: of(node.left) },
          { label: `the right side of '${node.operator}' decides`, part: of(node.right) },
        ]
      case 'optional':
        return [
          { label: 'the value', part: of(node.value) },
          { label: 'the default', part: of(node.fallback) },
        ]
      case 'coalesce':
        return [
          ...node.values.map((value) => ({ label: of(value)?.text ?? 'a value', part: of(value) })),
          { label: 'no value is useful', part: undefined },
        ]
      default:
        return []
    }
  }

  // --- statements -------------------------------------------------------------------------------------------

  #addStatements(
    section: Section,
    into: Part[],
    { statements }: Pick<TapNode, 'statements'>,
    isRepeated: boolean,
  ): void {
    for (const statement of statements) this.#addStatement(section, into, statement, isRepeated)
  }

  #addStatement(section: Section, into: Part[], statement: StatementNode, isRepeated: boolean): void {
    const part = this.#part(section, statement, isRepeated)
    const inner = part?.parts ?? into
    if (part !== undefined) into.push(part)
    const add = (node: Node | undefined, repeated = isRepeated): void =>
      this.#add(section, inner, node, repeated)
    const target = (node: TargetNode, repeated = isRepeated): void =>
      this.#addTarget(section, inner, node, repeated)
    const body = (statements: readonly StatementNode[], repeated = isRepeated): void =>
      this.#addStatements(section, inner, { statements }, repeated)
    switch (statement.op) {
      case 'assign':
        for (const each of statement.targets) target(each)
        add(statement.value)
        break
      case 'augment':
        target(statement.target)
        add(statement.value)
        break
      case 'if':
        add(statement.test)
        body(statement.then)
        body(statement.otherwise)
        break
      case 'for':
        add(statement.iterable)
        target(statement.target, true)
        body(statement.body, true)
        body(statement.otherwise)
        break
      case 'while':
        add(statement.test, true)
        body(statement.body, true)
        body(statement.otherwise)
        break
      case 'delete':
        for (const each of statement.targets) target(each)
        break
      case 'evaluate':
        add(statement.value)
    }
    if (part !== undefined) part.branches = statementBranches(statement)
  }

  #addTarget(section: Section, into: Part[], target: TargetNode, isRepeated: boolean): void {
    if (target.op === 'targets') {
      for (const entry of target.targets) this.#addTarget(section, into, entry.target, isRepeated)
    } else if (target.op === 'item') {
      this.#add(section, into, target.object, isRepeated)
      this.#add(section, into, target.index, isRepeated)
    } else if (target.op === 'slice') {
      for (const node of [target.object, target.lower, target.upper, target.step]) {
        this.#add(section, into, node, isRepeated)
      }
    }
  }
}

/** A section while its parts are collected. */
interface PlannedSection extends Section {
  readonly parts: Part[]
  readonly allParts: Part[]
}

function finish(section: PlannedSection): void {
  const visit = (part: Part): void => {
    section.allParts.push(part)
    for (const inner of part.parts) visit(inner)
  }
  for (const part of section.parts) visit(part)
  section.allParts.sort((one, other) => one.start - other.start || other.end - one.end)
}

function statementBranches({ op }: StatementNode): Branch[] {
  const branch = (label: string): Branch => ({ label, part: undefined })
  if (op === 'if') return [branch('the condition holds'), branch('the condition does not hold')]
  if (op === 'while') return [branch('another round'), branch('the end')]
  return op === 'for' ? [branch('a round')] : []
}

function isStatement(node: Node | StatementNode): node is StatementNode {
  return 'line' in node
}

/** Strings, which may have brackets in them. */
const STRINGS = /'(?:[^'\\\n]|\\.)*'|"(?:[^"\\\n]|\\.)*"/g

/** A node's own brackets are none of it: `(a + b) * c` begins at `a`. For people they are added. */
function balanced({ source: { text }, start, end }: Origin): {
  readonly start: number
  readonly end: number
} {
  const inner = text.slice(start, end).replace(STRINGS, (string) => '_'.repeat(string.length))
  let depth = 0
  let missing = 0
  for (const character of inner) {
    if (character === '(') depth++
    else if (character === ')' && --depth < -missing) missing++
  }
  let from = start
  let to = end
  for (let left = missing; left > 0; left--) {
    const before = text.slice(0, from).trimEnd()
    if (!before.endsWith('(')) break
    from = before.length - 1
  }
  for (let right = depth + missing; right > 0; right--) {
    const after = /^\s*\)/.exec(text.slice(to))
    if (after === null) break
    to += after[0].length
  }
  return { start: from, end: to }
}

function placeOf({ source, start, end }: Origin): Place {
  const { file, line, column } = source.locate(start)
  // The place behind the last character: in a folded text the next character may be on another line.
  const visible = source.text.slice(start, end).trimEnd().length
  const last = source.locate(start + Math.max(0, visible - 1))
  return { file, line, column, endLine: last.line, endColumn: last.column + 1 }
}
