/** Reports: what became of each section of a rule file in one event, with the values of its parts. */
import type { Rejection } from '../../event.ts'
import { suggest } from '../../expression/check/suggest.ts'
import { getMember } from '../../expression/runtime/containers/containers.ts'
import { isMapping, resolveField, step } from '../../expression/runtime/fields.ts'
import type { Dict, JsonObject, Maybe } from '../../expression/value.ts'
import { Dict as DictClass } from '../../expression/value.ts'
import type { ReadPlace } from '../read-fields.ts'
import type { ObservationLimits, Observer, PartRecord, TableEntry } from './observer.ts'
import type { Part, Section } from './plan.ts'
import { ABSENT, type Shown, show } from './shown.ts'

/**
 * The fate of a section.
 *
 *   value          it has a value; of a condition true or false; of a tap: it ran to its end
 *   absent         an optional rule whose value is absent: the field is left out
 *   omitted        `on_error` left the field out after an error
 *   rejected       it rejected the event
 *   other case     a rule of a case that does not apply to the event
 *   not reached    the event had been rejected or dropped before
 */
export type ReportOutcome = 'value' | 'absent' | 'omitted' | 'rejected' | 'other case' | 'not reached'

/** The reason for a rejection, or for a field that is left out. */
export interface Reason {
  /** A code of rejections; of an absence `FIELD_MISSING` or `LOOKUP_MISSING`. */
  readonly code: string
  /** In the words of the errors output, without the rule's name. */
  readonly message: string
  /** The part at fault; undefined where it is the section as a whole. */
  readonly part: Part | undefined
}

/** The values of one part in one event. Parts that were not evaluated have no report. */
export interface PartReport {
  readonly part: Part
  /** The number of times that it was evaluated to an end. 0: its evaluation failed, or was left for something absent inside. */
  readonly times: number
  /** The values of the first rounds of a loop; outside of loops, the one value. */
  readonly values: readonly Shown[]
  /** The value of the last round, where that is none of the first ones. */
  readonly last: Shown | undefined
  /** By branch of the part, how often the evaluation went on there. Empty: it has no branches. */
  readonly branches: readonly number[]
  /** The looks into tables, those of the first rounds and the last one. */
  readonly entries: readonly TableEntry[]
  /** The error that was caught here, and led to a default or to false. */
  readonly caught: Reason | undefined
  /** Of a statement: the first values that it assigned, where these are those of no part. */
  readonly assigned: readonly Shown[]
}

/** The reading of a field. */
export interface FieldReading {
  /** The field as rules write it: `src.ip`, `data['any key']`, `parent.id`. */
  readonly name: string
  readonly part: Part
  /** False: the evaluation did not come to it. */
  readonly isRead: boolean
  /** The value; `absent` also where it was not read. */
  readonly value: Shown
  /** The value that the event has, where it counts as absent because of `ignore`. */
  readonly ignored: Shown | undefined
  /** A field that the event has and whose name differs by a letter or two, where this one is absent. */
  readonly near: string | undefined
}

/** A section in one event. */
export interface Report {
  readonly section: Section
  readonly outcome: ReportOutcome
  /** The value; undefined where there is none, and of a tap. */
  readonly value: Shown | undefined
  /** Set for `absent`, `omitted` and `rejected`. */
  readonly reason: Reason | undefined
  /** The parts that were evaluated, in the order of their places. */
  readonly parts: readonly PartReport[]
  /** The fields that the section names, in the order of their places, each once. */
  readonly fields: readonly FieldReading[]
}

/** An ending of the evaluation that a section brought about. */
export interface Fault {
  readonly section: Section
  readonly rejection: Rejection
  readonly part: Part | undefined
}

/** The beginning of a message of tap. */
const TAP = /^tap(?: of [^:]*)?, line (\d+): /

/** Members of the event among which a similar name is looked for. */
const MAX_CANDIDATES = 500

/** Makes the report of a section. @param branches by group of cases the one that applies */
export function reportOf(
  section: Section,
  observer: Observer,
  fault: Fault | undefined,
  branches: readonly number[],
  limits: ObservationLimits,
): Report {
  const record = observer.sectionRecord(section)
  const parts: PartReport[] = []
  for (const part of section.allParts) {
    const partRecord = observer.partRecord(part)
    if (partRecord !== undefined) parts.push(partReport(part, partRecord, limits))
  }
  const fields = fieldReadings(section, observer, limits)
  const base = { section, value: undefined, reason: undefined, parts, fields }
  if (fault?.section === section) {
    const { code, message } = fault.rejection
    const start = section.kind === 'case' ? 'cases: ' : `${section.name}: `
    // Of tap the line is told: the part at fault may be none.
    const isTap = section.kind === 'tap'
    const text = message.startsWith(start)
      ? message.slice(start.length)
      : isTap
        ? message.replace(TAP, 'line $1 of tap: ')
        : message
    return { ...base, outcome: 'rejected', reason: { code, message: text, part: fault.part } }
  }
  if (record === undefined) {
    const { case: branch, kind } = section
    const isOther = kind === 'rule' && branch !== undefined && isDecided(observer, branches, branch)
    return { ...base, outcome: isOther ? 'other case' : 'not reached' }
  }
  if (record.shown !== undefined || section.kind === 'tap') {
    return { ...base, outcome: record.hasEnded ? 'value' : 'not reached', value: record.shown }
  }
  if (record.omitted !== undefined) return { ...base, outcome: 'omitted', reason: record.omitted }
  return { ...base, outcome: 'absent', reason: absenceOf(section, record.absent, observer) }
}

/** The rules of the event's case have been told apart from those of others: the evaluation came so far. */
function isDecided(
  observer: Observer,
  branches: readonly number[],
  { group, index }: { readonly group: number; readonly index: number },
): boolean {
  return observer.data !== undefined && branches[group] !== undefined && branches[group] !== index
}

function absenceOf(section: Section, part: Part | undefined, observer: Observer): Reason {
  if (part === undefined)
    return { code: 'FIELD_MISSING', message: 'a value is absent', part: section.parts[0] }
  const entry = observer.partRecord(part)?.entries?.at(-1)
  if (entry !== undefined && !entry.found) {
    const message = `table '${entry.table}' has no key ${JSON.stringify(entry.key)}`
    return { code: 'LOOKUP_MISSING', message, part }
  }
  const taken = observer.partRecord(part)?.branches?.findIndex((count) => count > 0) ?? -1
  const isLiteral = part.branches[taken]?.part?.kind === 'absent'
  return { code: 'FIELD_MISSING', message: isLiteral ? "the value is 'absent'" : part.absence, part }
}

function partReport(part: Part, record: PartRecord, { maxText }: ObservationLimits): PartReport {
  return {
    part,
    times: record.times,
    values: record.values,
    last: record.hasLast ? show(record.last, maxText) : undefined,
    branches: part.branches.map((_branch, index) => record.branches?.[index] ?? 0),
    entries: record.entries ?? [],
    caught: record.caught,
    assigned: record.assigned ?? [],
  }
}

function fieldReadings(section: Section, observer: Observer, limits: ObservationLimits): FieldReading[] {
  const readings = new Map<string, FieldReading>()
  for (const part of section.allParts) {
    const { field } = part
    if (field === undefined) continue
    const record = observer.partRecord(part)
    const known = readings.get(field)
    if (known?.isRead === true || (known !== undefined && record === undefined)) continue
    const value = record?.values[0] ?? ABSENT
    const isAbsent = record !== undefined && value.type === 'absent'
    readings.set(field, {
      name: field,
      part,
      isRead: record !== undefined,
      value,
      ignored: isAbsent && section.ignore.length > 0 ? ignoredValue(part, observer, limits) : undefined,
      near: isAbsent ? similar(part.fieldPlace, observer.data) : undefined,
    })
  }
  return [...readings.values()]
}

/** The value at an absent field: there is one if it is ignored. */
function ignoredValue(
  { fieldPlace }: Part,
  { data }: Observer,
  { maxText }: ObservationLimits,
): Shown | undefined {
  if (data === undefined || fieldPlace === undefined) return undefined
  const value = valueAt(fieldPlace, data)
  return value === undefined ? undefined : show(value, maxText)
}

function valueAt(place: ReadPlace, data: JsonObject | Dict): Maybe {
  switch (place.kind) {
    case 'path':
      return resolveField(data, place.path)
    case 'keys':
      return place.keys.reduce<Maybe>(step, data)
    case 'line':
      return resolveField(data, getMember(data, 'line') === undefined ? place.path : place.underLine)
  }
}

/** Letters of a name that is short. */
const SHORT_NAME = 3

/** A name in the event that the writer of a rule may have meant. */
function similar(place: ReadPlace | undefined, data: JsonObject | Dict | undefined): string | undefined {
  if (place === undefined || place.kind === 'line' || data === undefined) return undefined
  const parts = place.kind === 'path' ? place.path.parts : place.keys
  let holder: Maybe = data
  for (const part of parts.slice(0, -1)) holder = step(holder, part)
  if (!isMapping(holder)) return undefined
  const name = parts.at(-1)!
  const names = [...namesIn(holder)]
  // Among short names two letters make no likeness: 'usr' is like 'user', but neither 'dst' nor 'dsts' is like 'ts'.
  const likely = names.filter(
    (other) =>
      Math.min(name.length, other.length) > SHORT_NAME ||
      isWithin(name, other) ||
      (name.length - other.length < 2 && isWithin(other, name)),
  )
  const near = suggest(name, likely)
  return near === undefined ? undefined : [...parts.slice(0, -1), near].join('.')
}

/** The letters of a name are those of another one, in their order, with others between. */
function isWithin(name: string, other: string): boolean {
  let at = 0
  for (const letter of other.toLowerCase()) if (letter === name[at]?.toLowerCase()) at++
  return at === name.length
}

function* namesIn(holder: JsonObject | Dict): Generator<string> {
  let count = 0
  const names = holder instanceof DictClass ? holder.entries.keys() : Object.keys(holder)
  for (const name of names) {
    if (typeof name === 'string') yield name
    if (++count === MAX_CANDIDATES) return
  }
}
