/** Rules without an event: what each reads, and may reject an event with; where tables come from; which way events go. */

import type { Node } from '../../expression/check/checked.ts'
import { children } from '../../expression/check/checked.ts'
import { displayed } from '../../expression/excerpt.ts'
import { FUNCTIONS } from '../../expression/functions/index.ts'
import type { CheckedExpression, CheckedRule } from '../../rules/checked-rule.ts'
import type { Origins } from '../../rules/observe/index.ts'
import { fieldsIn } from '../../rules/read-fields.ts'
import { ownReads } from '../../rules/rest-rule.ts'
import type { RuleSet } from '../../rules/rule-set.ts'
import type { RoutedRules } from '../../rules/sets/routed-rules.ts'
import type { Paint } from './paint.ts'
import { PLAIN } from './paint.ts'
import { oneLine } from './values.ts'

/** The description of a rule. */
export interface RuleDescription {
  /** The output field. */
  readonly name: string
  /** The place of its key; undefined for what stands in no file. */
  readonly place: { readonly file: string; readonly line: number; readonly column: number } | undefined
  readonly required: boolean
  /** Fields of the event, as the rule writes them. */
  readonly reads: readonly string[]
  /** Names of the tables that it looks into; `*` where the name is worked out for each event. */
  readonly tables: readonly string[]
  /** Codes with which it may reject an event. The limits of an event's cost are in none of the lists. */
  readonly rejects: readonly string[]
  /** Codes of errors that leave its field out instead, as `on_error` says. */
  readonly omits: readonly string[]
}

export interface TableDescription {
  readonly name: string
  readonly file: string
  readonly line: number
  readonly entries: number
  /** Output fields of the rules that look into it. */
  readonly usedBy: readonly string[]
}

/** The description of a rule set. */
export interface SetDescription {
  /** Its name among several; undefined where there is one. */
  readonly name: string | undefined
  readonly file: string
  /** The files that it includes. */
  readonly includes: readonly string[]
  /** The conditions that hold for its events, as written; those of routes files before its own. Empty: it takes every event. */
  readonly when: readonly string[]
  /** The keys of the file that are evaluated before the rules: `tap`, `split`, `drop`, `cases`. */
  readonly before: readonly string[]
  readonly rules: readonly RuleDescription[]
  readonly tables: readonly TableDescription[]
  /** The reasons for which events go the plain way; empty: they take the fast path. */
  readonly plainReasons: readonly string[]
}

/** Describes every rule set of compiled rules, in their order. @param origins the one that the compiler was given */
export function describeRules(rules: RuleSet | RoutedRules, origins: Origins): SetDescription[] {
  if (!('routes' in rules)) {
    const { when } = rules.checked
    return [describeSet(rules, origins, undefined, when === undefined ? [] : [when])]
  }
  return rules.routes.flatMap(({ name, set, conditions }) =>
    set === undefined ? [] : [describeSet(set, origins, name, conditions)],
  )
}

function describeSet(
  set: RuleSet,
  origins: Origins,
  name: string | undefined,
  conditions: readonly CheckedExpression[],
): SetDescription {
  const { checked, file } = set
  const rules = set.rules.map((rule) => describeRule(rule, origins))
  const { taps = [], split, drop, cases = [] } = checked
  const before = Object.entries({ tap: taps[0], split, drop, cases: cases[0] })
  return {
    name,
    file,
    includes: set.files.filter((each) => each !== file),
    when: conditions.map(({ node }) => origins.of(node)?.source.text.trim() ?? constantText(node)),
    before: before.filter(([, part]) => part !== undefined).map(([key]) => key),
    rules,
    tables: origins.tablesOf(checked).map((table) => ({
      name: table.name,
      file: table.file,
      line: table.place.line,
      entries: table.table.kind === 'list' ? table.table.items.length : table.table.entries.size,
      usedBy: rules.filter(({ tables }) => tables.includes(table.name)).map((rule) => rule.name),
    })),
    plainReasons: set.plainReasons,
  }
}

/** A condition that is `true` or `false` in the file. */
function constantText(node: Node): string {
  return node.op === 'constant' ? String(node.value) : ''
}

function describeRule(rule: CheckedRule, origins: Origins): RuleDescription {
  const { name, required, node, onError } = rule
  const key = origins.keyOf(rule)
  const failures = new Failures()
  failures.visit(node)
  const absences = required ? [...failures.absences].sort() : []
  const errors = [...failures.errors].sort()
  const isKept = onError === 'reject'
  return {
    name,
    place: key && { file: key.file, line: key.line, column: key.column },
    required,
    reads: [...new Set([...[...fieldsIn(node)].map(({ text }) => text), ...ownReads(node), ...wholes(node)])],
    tables: [...new Set(tablesIn(node))],
    rejects: [...absences, ...(isKept ? errors : [])],
    omits: isKept ? [] : errors,
  }
}

/** The event as a whole, its text, and the event that it is an element of. */
function* wholes(node: Node | undefined, isHolder = false): Generator<string> {
  if (node === undefined) return
  if (node.op === 'root' && !isHolder) yield 'data'
  else if (node.op === 'raw') yield 'line.raw'
  else if (node.op === 'rest') yield 'what no rule reads'
  else if (node.op === 'parent') yield 'parent'
  else if (node.op === 'parent-field') yield `parent.${node.path.text}`
  for (const child of children(node)) yield* wholes(child, node.op === 'item' && child === node.object)
}

function* tablesIn(node: Node | undefined): Generator<string> {
  if (node === undefined) return
  if (node.op === 'call' && node.context) {
    const [table] = node.args
    if (node.name === 'lookup' || node.name === 'table') {
      yield table?.op === 'constant' && typeof table.value === 'string' ? table.value : '*'
    } else if (node.name === 'normalize_windows_sid') yield 'windows_sids'
  }
  for (const child of children(node)) yield* tablesIn(child)
}

const DIVISIONS: ReadonlySet<string> = new Set(['/', '//', '%'])

/** Nodes whose operands may have a type that does not fit. */
const TYPED: ReadonlySet<Node['op']> = new Set([
  ...(['unary', 'slice', 'method', 'comprehension', 'search', 'attribute', 'dict'] as const),
])

/** Collects the errors that an expression may end with. */
class Failures {
  readonly errors = new Set<string>()
  readonly absences = new Set<string>()

  visit(node: Node | undefined): void {
    if (node === undefined) return
    switch (node.op) {
      case 'optional': {
        const inner = new Failures()
        inner.visit(node.value)
        if (!node.catches) for (const code of inner.errors) this.errors.add(code)
        this.visit(node.fallback)
        return
      }
      case 'coalesce': {
        const inner = new Failures()
        for (const value of node.values) inner.visit(value)
        for (const code of inner.errors) this.errors.add(code)
        this.absences.add('FIELD_MISSING')
        return
      }
      case 'exists':
        return
      case 'field':
      case 'line-field':
      case 'parent-field':
      case 'variable':
      case 'absent':
        this.absences.add('FIELD_MISSING')
        return
      case 'cond':
        if (node.fallback === undefined) this.absences.add('FIELD_MISSING')
        break
      case 'item':
        this.absences.add('FIELD_MISSING')
        if (node.object.op !== 'root') this.errors.add('TYPE_ERROR')
        break
      case 'binary':
        this.errors.add('TYPE_ERROR')
        if (DIVISIONS.has(node.operator)) this.errors.add('DIVISION_BY_ZERO')
        break
      case 'comparison':
        if (node.rest.some(({ operator }) => /[<>]|in$/.test(operator))) this.errors.add('TYPE_ERROR')
        break
      case 'call':
        this.#call(node)
        break
      default:
        if (TYPED.has(node.op)) this.errors.add('TYPE_ERROR')
    }
    for (const child of children(node)) this.visit(child)
  }

  #call({ name, context, fallback, returns }: Node & { op: 'call' }): void {
    const definition = context ? FUNCTIONS.get(name) : undefined
    if (definition === undefined) {
      if (name === 'str' || name === 'bool' || name === 'repr') return
      this.errors.add('TYPE_ERROR')
      if (name === 'int' || name === 'float') this.errors.add('VALUE_ERROR')
      return
    }
    for (const code of Object.keys(definition.errors)) {
      if (code !== 'FIELD_MISSING' && code !== 'LOOKUP_MISSING') this.errors.add(code)
    }
    if (fallback === undefined && returns.endsWith('?')) {
      this.absences.add('LOOKUP_MISSING' in definition.errors ? 'LOOKUP_MISSING' : 'FIELD_MISSING')
    }
  }
}

interface DescribeOptions {
  /** Output fields, or the beginnings of them. Default: all. */
  readonly fields?: readonly string[]
  readonly paint?: Paint
}

/** The description of rule sets for people. @returns lines, each with its line end */
export function describe(sets: readonly SetDescription[], options: DescribeOptions = {}): string {
  return sets.map((set) => describeText(set, options)).join('\n')
}

function describeText(set: SetDescription, { fields = [], paint = PLAIN }: DescribeOptions): string {
  const rules = set.rules.filter(
    ({ name }) =>
      fields.length === 0 || fields.some((field) => name === field || name.startsWith(`${field}.`)),
  )
  const lines: string[] = []
  const file = oneLine(set.file)
  const title = set.name === undefined ? file : `${oneLine(set.name)} (${file})`
  const { length } = set.rules
  lines.push(`${paint.heading(title)}: ${length} ${length === 1 ? 'rule' : 'rules'}`)
  if (set.includes.length > 0) lines.push(`  includes ${set.includes.map(oneLine).join(', ')}`)
  if (set.when.length > 0) lines.push(`  takes events with ${set.when.map(oneLine).join(' and ')}`)
  if (set.before.length > 0) lines.push(`  before the rules: ${set.before.join(', ')}`)
  if (set.plainReasons.length === 0) lines.push('  events take the fast path')
  else lines.push('  events go the plain way:', ...set.plainReasons.map((reason) => `    ${oneLine(reason)}`))
  lines.push('')
  const rows = rules.map((rule) => [
    oneLine(`${rule.name}${rule.required ? '' : '?'}`),
    oneLine([rule.reads.join(', ') || '-', ...tableTexts(rule)].join('; ')),
    [
      rule.rejects.join(', ') || '-',
      ...(rule.omits.length > 0 ? [`left out for ${rule.omits.join(', ')}`] : []),
    ].join('; '),
  ])
  lines.push(
    ...tableOf(
      ['writes', 'reads', 'may reject with'],
      rows,
      rules.map(({ place }) => place?.line),
      paint,
    ),
  )
  const tables = set.tables.filter(
    ({ usedBy }) => fields.length === 0 || usedBy.some((name) => rules.some((rule) => rule.name === name)),
  )
  if (tables.length > 0) {
    lines.push('')
    const entries = tables.map((table) => [
      oneLine(table.name),
      oneLine(`${table.file}:${table.line}`),
      String(table.entries),
      oneLine(usersOf(table)),
    ])
    lines.push(...tableOf(['table', 'from', 'entries', 'used by'], entries, [], paint))
  }
  return lines.map((line) => `${line.trimEnd()}\n`).join('')
}

/** Users of a table that are named; of more the number is. */
const MAX_USERS = 4

function usersOf({ usedBy }: TableDescription): string {
  if (usedBy.length === 0) return '-'
  if (usedBy.length <= MAX_USERS) return usedBy.join(', ')
  return `${usedBy.slice(0, MAX_USERS - 1).join(', ')} and ${usedBy.length - MAX_USERS + 1} others`
}

function tableTexts({ tables }: RuleDescription): string[] {
  return tables.map((table) => (table === '*' ? 'any table' : `table ${table}`))
}

/** A column is so wide at most; what is longer moves the columns behind it. */
const MAX_COLUMN = 44

function tableOf(
  head: readonly string[],
  rows: readonly (readonly string[])[],
  numbers: readonly (number | undefined)[],
  paint: Paint,
): string[] {
  const widths = head.map((title, column) =>
    Math.min(MAX_COLUMN, Math.max(title.length, ...rows.map((row) => displayed(row[column]!).width))),
  )
  const margin = numbers.length === 0 ? '  ' : '     '
  const line = (
    row: readonly string[],
    number: number | undefined,
    style: (text: string, column: number) => string,
  ) => {
    const before = number === undefined ? margin : `${String(number).padStart(3)}  `
    const cells = row.map((cell, column) => {
      const isLast = column === row.length - 1
      const room = Math.max(0, widths[column]! - displayed(cell).width)
      return style(cell, column) + (isLast ? '' : ' '.repeat(room + 2))
    })
    return paint.dim(before) + cells.join('')
  }
  return [
    line(head, undefined, (text) => paint.dim(text)),
    ...rows.map((row, index) =>
      line(row, numbers[index], (text, column) => (column === 0 ? paint.name(text) : text)),
    ),
  ]
}
