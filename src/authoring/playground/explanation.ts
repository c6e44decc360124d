/** The origin of a value of the output: the report of the rule that made it, as plain data for the page. */
import type { ObservedRules, PartReport, Report, Shown } from '../../rules/observe/index.ts'
import { compileObserved } from '../../rules/observe/index.ts'
import { notesOn } from '../explain/values.ts'
import type { Trial } from './trial.ts'

/** A part of an expression, or something that it read, and its value. */
export interface ExplainedValue {
  readonly text: string
  readonly value: string
  readonly isAbsent: boolean
  /** More to know, behind the value. */
  readonly note?: string
}

export interface Explanation {
  /** The output field, or the key of the rule file. */
  readonly name: string
  readonly file: string
  readonly line: number
  readonly column: number
  /** The expression, as it is written. */
  readonly text: string
  /** The part of the text that is at fault. */
  readonly fault: { readonly start: number; readonly end: number } | undefined
  /** The fate of the rule, in a sentence. */
  readonly outcome: string
  readonly isBad: boolean
  readonly fields: readonly ExplainedValue[]
  /** The parts of the expression that were evaluated, each before the one that contains it. */
  readonly steps: readonly ExplainedValue[]
  readonly tables: readonly ExplainedValue[]
}

/** A loop has no more steps than anybody reads. */
const MAX_STEPS = 80

/** Rules are observed as long as the content stays the same. */
const observed = new WeakMap<Trial, ObservedRules>()

/**
 * Explains a value of the output, or a rejection.
 *
 * @param number of the event, counted from 0
 * @param element the number of the result among those of the event: an event that is split has several
 * @param path the output field, and the way into its value; undefined: the event was rejected
 * @returns undefined where no rule is concerned
 */
export function explain(
  trial: Trial,
  number: number,
  element: number,
  path: readonly string[] | undefined,
): Explanation | undefined {
  const event = trial.eventAt(number)
  if (event === undefined || trial.rules === undefined) return undefined
  let rules = observed.get(trial)
  if (rules === undefined) {
    rules = compileObserved(trial.document('').text, trial.compileOptions)
    observed.set(trial, rules)
  }
  let observation = rules.run(event)
  if (observation.outcome.kind === 'split') {
    let index = 0
    for (const each of observation.elements) {
      if (index++ !== element) continue
      observation = each
      break
    }
  }
  const { outcome, reports } = observation
  const report =
    path !== undefined
      ? reportFor(reports, path)
      : outcome.kind === 'rejected'
        ? reports.find(({ section }) => section === outcome.section)
        : undefined
  return report && explanationOf(report)
}

/** The report of the rule that the value at a path is of: the one that writes nearest to it. */
function reportFor(reports: readonly Report[], path: readonly string[]): Report | undefined {
  let best: Report | undefined
  let bestLength = -1
  let below: Report | undefined
  for (const report of reports) {
    const { kind, name } = report.section
    if (kind !== 'rule' || report.outcome !== 'value') continue
    const names = name.split('.')
    const shared = names.findIndex((each, index) => path[index] !== each)
    if (shared === -1 && names.length > bestLength) {
      best = report
      bestLength = names.length
    } else if (shared >= path.length) below ??= report
  }
  return best ?? below
}

function explanationOf({ section, outcome, value, reason, parts, fields }: Report): Explanation {
  const { name, kind, place, text } = section
  const part = reason?.part
  const steps = [...parts]
    .filter(({ part: each }) => each.kind !== 'field')
    .sort((a, b) => a.part.end - b.part.end || b.part.start - a.part.start)
  const readings = fields.map(({ name: field, value: read, isRead, ignored, near }) =>
    explained(
      field,
      isRead ? read : undefined,
      ignored !== undefined
        ? `${ignored.text} counts as absent`
        : near === undefined
          ? undefined
          : `(the event has ${near})`,
    ),
  )
  return {
    name: kind === 'rule' ? name : `${name} (${kind})`,
    file: place.file,
    line: place.line,
    column: place.column,
    text,
    fault: part === undefined ? undefined : { start: part.start, end: part.end },
    outcome: sentence(outcome, value, reason),
    isBad: outcome === 'rejected',
    fields: readings,
    steps: steps.slice(0, MAX_STEPS).map((each) => step(each, fields)),
    tables: parts.flatMap(({ entries }) =>
      entries.map(({ table, key, found }) => ({
        text: `${table}[${JSON.stringify(key)}]`,
        value: found ? 'found' : 'no such key',
        isAbsent: !found,
      })),
    ),
  }
}

function sentence(outcome: Report['outcome'], value: Shown | undefined, reason: Report['reason']): string {
  switch (outcome) {
    case 'value':
      return value === undefined ? 'It ran to its end.' : `The value is ${value.text}`
    case 'absent':
      return `The field is left out: ${reason?.message ?? 'a value is absent'}`
    case 'omitted':
      return `on_error leaves the field out: ${reason?.message ?? 'a value is wrong'}`
    case 'rejected':
      return reason === undefined ? 'It rejects the event.' : `${reason.code}: ${reason.message}`
    case 'other case':
      return 'The rule is in a case that does not apply to this event.'
    case 'not reached':
      return 'The evaluation did not come to this rule.'
  }
}

function step(report: PartReport, fields: Report['fields']): ExplainedValue {
  const { part, values, last, assigned } = report
  const shown = values.length > 0 ? values : assigned
  const rounds = last === undefined ? shown : [...shown, last]
  const notes = notesOn(report, fields)
  const note = notes.length === 0 ? undefined : `(${notes.join('; ')})`
  const text = oneLine(part.text)
  if (rounds.length <= 1) return explained(text, rounds[0], note)
  return {
    text,
    value: rounds.map((value) => value.text).join(', '),
    isAbsent: false,
    ...(note !== undefined && { note }),
  }
}

function explained(text: string, value: Shown | undefined, note: string | undefined): ExplainedValue {
  const isAbsent = value === undefined || value.type === 'absent'
  const shown = value === undefined ? 'not evaluated' : value.text
  return { text, value: shown, isAbsent, ...(note !== undefined && { note }) }
}

function oneLine(text: string): string {
  return text.replace(/\s*\n\s*/g, ' ')
}
