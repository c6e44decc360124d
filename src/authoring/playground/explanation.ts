/** The origin of a value of the output: the story that `normalize explain` tells, as text for the page. */
import type { Observation, Report } from '../../rules/observe/index.ts'
import { explain as tell } from '../explain/explain.ts'
import { COLOURED } from '../explain/paint.ts'
import type { Trial } from './trial.ts'

export interface Explanation {
  /** The output field, or the key of the rule file; `rejected` where no part of a rule file is at fault. */
  readonly name: string
  /** The place of the rule; undefined: it is none's. */
  readonly place: { readonly file: string; readonly line: number; readonly column: number } | undefined
  /** Lines of `normalize explain`, with the colours of a terminal. */
  readonly story: string
  /** The event is rejected. */
  readonly isBad: boolean
}

/**
 * Explains a value of the output, or a rejection.
 *
 * @param number of the event, counted from 0
 * @param element the number of the result among those of the event: an event that is split has several
 * @param path the output field, and the way into its value; undefined: the event was rejected
 * @param columns characters that a line of the page has room for. Default: 100
 * @returns undefined where no rule is concerned
 */
export function explain(
  trial: Trial,
  number: number,
  element: number,
  path: readonly string[] | undefined,
  columns = 100,
): Explanation | undefined {
  const event = trial.eventAt(number)
  const rules = trial.observed
  if (event === undefined || rules === undefined) return undefined
  const whole = rules.run(event)
  const observation = elementOf(whole, element)
  const options = { columns, paint: COLOURED }
  if (path === undefined) {
    if (observation.outcome.kind !== 'rejected') return undefined
    const { section } = observation.outcome
    return {
      name: section?.name ?? 'rejected',
      place: section?.place,
      story: tell(observation, { ...options, onlyFault: section !== undefined }),
      isBad: true,
    }
  }
  const report = reportFor(observation.reports, path)
  if (report === undefined) return undefined
  const { name, place } = report.section
  return { name, place, story: tell(observation, { ...options, fields: [name] }), isBad: false }
}

/** The element of an event that was split, with the rule set that took the event. */
function elementOf(whole: Observation, element: number): Observation {
  if (whole.outcome.kind !== 'split') return whole
  let index = 0
  for (const each of whole.elements) {
    if (index++ === element) return { ...each, routes: whole.routes, rules: whole.rules }
  }
  return whole
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
