import { readFileSync } from 'node:fs'

/** The results of patterns in CPython's `re`: test/cpython/record_regex.py writes it. */
export interface Recording {
  readonly subjects: readonly string[]
  /** A pattern, and for each subject `1` where it matches at the start. */
  readonly written: readonly (readonly [pattern: string, outcome: string])[]
  readonly generated: readonly (readonly [pattern: string, outcome: string])[]
  /** The position counts characters; null where CPython gives none. */
  readonly errors: readonly { pattern: string; message: string; position: number | null }[]
  readonly warnings: readonly { pattern: string; warnings: readonly string[] }[]
  /** First and last code points of what a class matches. */
  readonly classes: Readonly<Record<'\\w' | '\\d' | '\\s', readonly number[]>>
  /** Characters that IGNORECASE takes for the same. */
  readonly cases: readonly (readonly number[])[]
}

const recorded = new URL('../../cpython/regex.json', import.meta.url)

export const RECORDING = JSON.parse(readFileSync(recorded, 'utf8')) as Recording

export const RECORDED_PATTERNS = [...RECORDING.written, ...RECORDING.generated]

/** The results of a matcher for the recorded subjects, in the form of the recording. */
export function outcomeOf(matches: (subject: string) => boolean): string {
  return RECORDING.subjects.map((subject) => (matches(subject) ? '1' : '0')).join('')
}
