/** Coverage: which parts of rule files the events of tests have reached. It is counted from the reports of observed rules. */
import type { Observation, ObservedRules, Part, Place, Report, Section } from '../../rules/observe/index.ts'
import type { RuleSet } from '../../rules/rule-set.ts'
import type { RoutedRules } from '../../rules/sets/routed-rules.ts'
import { mayBeAbsent, readsEvent } from './may-be-absent.ts'

/**
 * The kinds of things that are counted.
 *
 *   section    a rule, a condition, a tap was evaluated
 *   fate       an optional rule had a value, or had none; a condition held, or did not
 *   branch     an evaluation went on there: of cond, if, and, or, optional, coalesce, lookup with a default
 *   statement  a statement of a tap ran
 *   entry      an entry of a table in the rule file was looked up
 */
export type PointKind = 'section' | 'fate' | 'branch' | 'statement' | 'entry'

/** A thing that events may reach. */
export interface Point {
  readonly kind: PointKind
  /** In words, for a thing that was not reached: `never absent`. */
  readonly label: string
  readonly place: Place
  /** The rule, condition or tap that it belongs to, or the table. */
  readonly owner: string
  /** The number of times that it was reached. */
  readonly count: number
}

/** A table of a file of lookup tables: its entries are told, and are no part of the percentage. */
export interface TableUse {
  readonly name: string
  readonly file: string
  readonly entries: number
  readonly lookedUp: number
}

export interface FileCoverage {
  readonly file: string
  /** The text; '' where it is not at hand. */
  readonly text: string
  /** In the order of their places. */
  readonly points: readonly Point[]
}

type MutablePoint = { -readonly [Name in keyof Point]: Point[Name] }

/** The counts of the reports of a section. */
interface SectionPoints {
  readonly reached: MutablePoint
  readonly present: MutablePoint | undefined
  readonly missing: MutablePoint | undefined
  readonly parts: ReadonlyMap<Part, PartPoints>
}

interface PartPoints {
  readonly ran: MutablePoint | undefined
  readonly branches: readonly MutablePoint[]
  readonly found: MutablePoint | undefined
  readonly notFound: MutablePoint | undefined
}

interface CountedTable {
  readonly name: string
  readonly file: string
  readonly entries: number
  readonly lookedUp: Set<string>
}

const CONDITIONS: ReadonlySet<string> = new Set(['when', 'drop', 'case'])

const STATEMENTS: ReadonlySet<string> = new Set([
  ...['assign', 'augment', 'if', 'for', 'while', 'delete', 'evaluate', 'break', 'continue', 'pass'],
])

/** Counts what events reach, over any number of rule sets. Rule files that several of them include are counted once. */
export class Coverage {
  readonly #texts = new Map<string, string>()
  readonly #points = new Map<string, MutablePoint>()
  readonly #sections = new Map<Section, SectionPoints>()
  readonly #entries = new Map<ObservedRules, ReadonlyMap<string, (key: string) => void>>()
  readonly #tables = new Map<string, CountedTable>()

  /** Rules whose parts count from now on, reached or not. Once for each. */
  addRules(observed: ObservedRules): void {
    if (this.#entries.has(observed)) return
    const { origins, rules, sections } = observed
    for (const [file, text] of origins.texts) this.#texts.set(file, text)
    const optional = this.#optionalRules(observed)
    for (const section of sections) this.#sections.set(section, this.#sectionPoints(section, optional))
    const entries = new Map<string, (key: string) => void>()
    for (const set of setsOf(rules)) this.#addTables(set, observed, entries)
    this.#entries.set(observed, entries)
  }

  /** Counts an event. @param observed the rules that it was observed with, which were added */
  add(observation: Observation, observed: ObservedRules): void {
    for (const { conditions } of observation.routes)
      for (const report of conditions) this.#count(report, observed)
    for (const report of observation.reports) this.#count(report, observed)
    for (const element of observation.elements) this.add(element, observed)
  }

  /** The files in the order of their names. */
  get files(): readonly FileCoverage[] {
    const files = new Map<string, Point[]>()
    for (const point of this.#points.values()) {
      const { file } = point.place
      const points = files.get(file)
      if (points === undefined) files.set(file, [point])
      else points.push(point)
    }
    return [...files]
      .sort(([one], [other]) => (one < other ? -1 : 1))
      .map(([file, points]) => ({ file, text: this.#texts.get(file) ?? '', points: points.sort(byPlace) }))
  }

  /** Tables of lookup files, in the order of their names. */
  get tables(): readonly TableUse[] {
    return [...this.#tables.values()]
      .map(({ lookedUp, ...table }) => ({ ...table, lookedUp: lookedUp.size }))
      .sort((one, other) => (`${one.file} ${one.name}` < `${other.file} ${other.name}` ? -1 : 1))
  }

  /** The places of optional rules whose value may be absent. */
  #optionalRules({ rules, origins }: ObservedRules): ReadonlySet<string> {
    const places = new Set<string>()
    for (const { checked } of setsOf(rules)) {
      for (const rule of checked.rules) {
        const place = origins.keyOf(rule)
        if (place === undefined || (rule.required && rule.onError === 'reject')) continue
        const isFallible = rule.onError !== 'reject' && readsEvent(rule.node)
        if (isFallible || mayBeAbsent(rule.node)) places.add(placeKey(place))
      }
    }
    return places
  }

  #sectionPoints(section: Section, optional: ReadonlySet<string>): SectionPoints {
    const { place, kind, name, allParts } = section
    const key = `${placeKey(place)} ${kind} ${name}`
    const owner = name
    const point = (suffix: string, of: Omit<Point, 'count' | 'owner'>) =>
      this.#point(`${key} ${suffix}`, { ...of, owner })
    const reached = point('', {
      kind: 'section',
      label: `${kind === 'rule' ? 'the rule' : name} is never evaluated`,
      place,
    })
    let present: MutablePoint | undefined
    let missing: MutablePoint | undefined
    if (CONDITIONS.has(kind)) {
      if (allParts.some(({ isReported }) => isReported)) {
        present = point('true', { kind: 'fate', label: 'the condition never holds', place })
        missing = point('false', { kind: 'fate', label: 'the condition always holds', place })
      }
    } else if (kind === 'rule' && optional.has(placeKey(place))) {
      present = point('present', { kind: 'fate', label: 'never present', place })
      missing = point('absent', { kind: 'fate', label: 'never absent', place })
    }
    const parts = new Map<Part, PartPoints>()
    for (const part of allParts) {
      const at = `${part.start}-${part.end}`
      const ran = STATEMENTS.has(part.kind)
        ? point(`${at} ran`, { kind: 'statement', label: 'never run', place: part.place })
        : undefined
      const branches = part.branches.map((branch, index) =>
        point(`${at} ${index}`, {
          kind: 'branch',
          label: `never taken: ${oneLine(branch.label)}`,
          place: branch.part?.place ?? part.place,
        }),
      )
      const isLookup = part.callee === 'lookup' && part.parts.length > 2
      const found = isLookup
        ? point(`${at} found`, { kind: 'branch', label: 'no key is ever found', place: part.place })
        : undefined
      const notFound = isLookup
        ? point(`${at} default`, {
            kind: 'branch',
            label: 'never taken: the default',
            place: part.parts.at(-1)!.place,
          })
        : undefined
      if (ran !== undefined || branches.length > 0 || isLookup)
        parts.set(part, { ran, branches, found, notFound })
    }
    return { reached, present, missing, parts }
  }

  #addTables(set: RuleSet, { origins }: ObservedRules, entries: Map<string, (key: string) => void>): void {
    for (const { name, table, file, place } of origins.tablesOf(set.checked)) {
      if (table.kind !== 'mapping') continue
      if (set.files.includes(file)) {
        const points = new Map<string, MutablePoint>()
        const whole = { file, ...place, endLine: place.line }
        for (const key of table.entries.keys()) {
          const of = { kind: 'entry', label: key, place: whole, owner: name } as const
          points.set(key, this.#point(`${file} table ${name} ${key}`, of))
        }
        entries.set(name, (key) => {
          const point = points.get(key)
          if (point !== undefined) point.count++
        })
      } else {
        const key = `${file} ${name}`
        const known = this.#tables.get(key) ?? {
          name,
          file,
          entries: table.entries.size,
          lookedUp: new Set<string>(),
        }
        this.#tables.set(key, known)
        entries.set(name, (entry) => known.lookedUp.add(entry))
      }
    }
  }

  #point(key: string, point: Omit<Point, 'count'>): MutablePoint {
    let known = this.#points.get(key)
    if (known === undefined) {
      known = { ...point, count: 0 }
      this.#points.set(key, known)
    }
    return known
  }

  #count({ section, outcome, value, parts }: Report, observed: ObservedRules): void {
    const points = this.#sections.get(section)
    if (points === undefined || outcome === 'other case' || outcome === 'not reached') {
      if (points !== undefined) this.#countParts(points, parts, observed)
      return
    }
    points.reached.count++
    const isPresent = CONDITIONS.has(section.kind) ? value?.text === 'true' : outcome === 'value'
    if (isPresent) increase(points.present)
    else if (outcome !== 'rejected') increase(points.missing)
    this.#countParts(points, parts, observed)
  }

  #countParts(points: SectionPoints, reports: Report['parts'], observed: ObservedRules): void {
    for (const { part, times, branches, entries } of reports) {
      for (const { table, key, found } of entries) if (found) this.#entries.get(observed)?.get(table)?.(key)
      const own = points.parts.get(part)
      if (own === undefined) continue
      if (own.ran !== undefined) own.ran.count += times
      for (const [index, count] of branches.entries()) {
        const branch = own.branches[index]
        if (branch !== undefined) branch.count += count
      }
      for (const { found } of entries) increase(found ? own.found : own.notFound)
    }
  }
}

/** The share of points that were reached, in percent with one digit, rounded down: 100 is all of them. No points: 100. */
export function percentOf(points: readonly Point[]): number {
  if (points.length === 0) return 100
  const reached = points.filter(({ count }) => count > 0).length
  return Math.floor((reached * 1000) / points.length) / 10
}

function setsOf(rules: RuleSet | RoutedRules): readonly RuleSet[] {
  if (!('routes' in rules)) return [rules]
  return [...new Set(rules.routes.flatMap(({ set }) => set ?? []))]
}

function increase(point: MutablePoint | undefined): void {
  if (point !== undefined) point.count++
}

function placeKey({ file, line, column }: Pick<Place, 'file' | 'line' | 'column'>): string {
  return `${file}:${line}:${column}`
}

function byPlace({ place: one }: Point, { place: other }: Point): number {
  return one.line - other.line || one.column - other.column
}

function oneLine(text: string): string {
  return text.replace(/\s+/g, ' ').trim()
}
