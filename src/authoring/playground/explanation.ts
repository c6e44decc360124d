/** How a value of the output came to be, as plain data for the page. */
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
  /** What became of the rule, in a sentence. */
  readonly outcome: string
  readonly isBad: boolean
  readonly fields: readonly ExplainedValue[]
  /** The parts of the expression that were evaluated, each before the one that contains it. */
  readonly steps: readonly ExplainedValue[]
  readonly tables: readonly ExplainedValue[]
}

export function explain(
  _trial: Trial,
  _event: number,
  _element: number,
  _path: readonly string[] | undefined,
): Explanation | undefined {
  return undefined
}
