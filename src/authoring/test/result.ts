/** Results of tests, as the reports take them. */
import type { Place } from '../../expression/syntax/lines.ts'

/** A step into an output: the name of a member, or the index of an element. */
export type Step = string | number

/** The kinds of differences. `outcome`: the event met another fate, such as being rejected. */
export type DifferenceKind = 'differs' | 'missing' | 'unexpected' | 'outcome'

/** A value that the rule at fault has read. */
export interface ReadValue {
  /** The field, as the rule writes it. */
  readonly field: string
  /** Its JSON text, cut where it is long; undefined: the field is absent. */
  readonly value: string | undefined
  /** A remark, such as a field of a similar name that the event has. */
  readonly note?: string | undefined
}

/** The rule that made a member, or did not. */
export interface RuleAtFault {
  readonly name: string
  readonly file: string
  readonly line: number
  readonly column: number
  /** The expression, on one line, cut where it is long. */
  readonly expression: string
  /** Fields that it read for this event. */
  readonly reads: readonly ReadValue[]
  /** The reason why it has no value, if it has none. */
  readonly reason?: string | undefined
}

/** One thing in which a result is another one than expected. */
export interface Difference {
  readonly kind: DifferenceKind
  /** Path in the output; empty: the whole. */
  readonly path: readonly Step[]
  /** Index of the output among those of the case; undefined: no output is concerned. */
  readonly output?: number | undefined
  /** JSON text, or the label of a matcher. */
  readonly expected?: string | undefined
  /** JSON text. */
  readonly got?: string | undefined
  /** One sentence on what is not obvious. */
  readonly note?: string | undefined
  /** The place of the expected value in its file. */
  readonly place?: Place | undefined
  /** Of a golden folder: the line of the input with the event. */
  readonly inputLine?: number | undefined
  /** The rule whose value it is. */
  readonly rule?: RuleAtFault | undefined
}

/** The result of one case, or of one golden folder. */
export interface CaseResult {
  readonly name: string
  readonly status: 'passed' | 'failed' | 'skipped'
  /** Line of the test file; undefined for a golden folder. */
  readonly line?: number | undefined
  /** Why it was not run. */
  readonly skip?: string | undefined
  /** Events that went in, of a golden folder. */
  readonly events?: number | undefined
  readonly differences: readonly Difference[]
  /** Differences beyond those that are told. */
  readonly more?: number | undefined
  /** `--update` has written what came out. */
  readonly updated?: boolean | undefined
}

/** The result of a test file or golden folder. */
export interface FileResult {
  /** Path of the test file or the folder. */
  readonly file: string
  readonly cases: readonly CaseResult[]
  /** The report of why it cannot be used; undefined: it can. */
  readonly problem?: string | undefined
  /** Seconds that it took. */
  readonly seconds: number
}

/** Counts of a run. */
export interface Summary {
  readonly files: number
  readonly passed: number
  readonly failed: number
  readonly skipped: number
  readonly updated: number
  /** Files that cannot be used. */
  readonly unusable: number
}

/** Differences of one case that are told at most. */
export const MAX_DIFFERENCES = 20

/** A path as people write it: `a.b[0]."x y"`. */
export function pathText(path: readonly Step[]): string {
  let text = ''
  for (const step of path) {
    if (typeof step === 'number') text += `[${step}]`
    else text += `${text === '' ? '' : '.'}${/^[\w@-]+$/.test(step) ? step : JSON.stringify(step)}`
  }
  return text
}

export function summaryOf(files: readonly FileResult[]): Summary {
  const counts = { files: files.length, passed: 0, failed: 0, skipped: 0, updated: 0, unusable: 0 }
  for (const { cases, problem } of files) {
    if (problem !== undefined) counts.unusable++
    for (const { status, updated } of cases) {
      counts[status]++
      if (updated === true) counts.updated++
    }
  }
  return counts
}
