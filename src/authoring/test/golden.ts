/** Golden folders: rules, an input, and the lines that have to come out. */
import type { RejectedEvent } from '../../event.ts'
import { rejectedRecord } from '../../event.ts'
import type { InputFormat } from '../../formats/input-options.ts'
import { JsonProblem } from '../../json/parse.ts'
import { differencesOf, type Found } from './compare.ts'
import { expectedOf } from './expected.ts'
import { parseJson } from './json-value.ts'
import type { Outcome } from './run-input.ts'

/** Files of a golden folder. */
export const GOLDEN = {
  rules: 'rules.yaml',
  expected: 'expected.jsonl',
  errors: 'errors.jsonl',
  options: '_options.yaml',
} as const

/** The format that the ending of an input tells. */
const FORMATS: Readonly<Record<string, InputFormat>> = {
  jsonl: 'jsonl',
  ndjson: 'jsonl',
  json: 'json',
  log: 'text',
  txt: 'text',
  csv: 'csv',
}

/** The format of an input by its name, `input.jsonl` or `input.log.gz`; undefined: it is no input of a golden folder. */
export function inputFormatOf(name: string): InputFormat | undefined {
  const [, ending] = /^input\.([a-z]+)(?:\.gz)?$/.exec(name) ?? []
  return ending !== undefined && Object.hasOwn(FORMATS, ending) ? FORMATS[ending] : undefined
}

/** The lines that a golden folder expects. */
export interface GoldenLines {
  /** Name of the input, as records of rejected events have it. */
  readonly source: string
  readonly expected: readonly string[]
  /** Undefined: no event may be rejected. */
  readonly errors: readonly string[] | undefined
}

/** The lines of a text; the last one need not end. */
export function linesOf(text: string): string[] {
  const lines = text.split(/\r?\n/)
  if (lines.at(-1) === '') lines.pop()
  return lines
}

/** The two outputs of an outcome, as `normalize` writes them. */
export function goldenTexts(
  { outputs, rejected }: Outcome,
  source: string,
): { expected: string; errors: string } {
  const joined = (lines: readonly string[]) => lines.map((line) => `${line}\n`).join('')
  return {
    expected: joined(outputs.map(({ text }) => text)),
    errors: joined(rejected.map((event) => rejectedRecord(source, event))),
  }
}

/** The differences between what came and the lines that are expected: lines are compared as they are written. */
export function judgeGolden(outcome: Outcome, golden: GoldenLines): Found[] {
  const found: Found[] = []
  if (outcome.unread !== undefined) {
    const { line, problem } = outcome.unread
    found.push({
      kind: 'outcome',
      path: [],
      note: `the input cannot be read from line ${line} on: ${problem}`,
    })
  }
  const outputs = outcome.outputs.map(({ text, event }, gotIndex) => ({
    text,
    gotIndex,
    inputLine: event.line,
  }))
  compareLines(golden.expected, outputs, GOLDEN.expected, found)
  if (golden.errors === undefined) {
    for (const event of outcome.rejected) found.push(unexpectedRejection(event))
  } else {
    const records = outcome.rejected.map((event) => ({
      text: rejectedRecord(golden.source, event),
      inputLine: event.line,
      rejection: event.rejection,
    }))
    compareLines(golden.errors, records, GOLDEN.errors, found)
  }
  return found
}

function unexpectedRejection({ line, rejection }: RejectedEvent): Found {
  const note = `the event of line ${line} is rejected, and there is no ${GOLDEN.errors}: ${rejection.code}, ${rejection.message}`
  return { kind: 'outcome', path: [], note, inputLine: line, rejection }
}

type Line = Pick<Found, 'inputLine' | 'rejection' | 'gotIndex'> & { readonly text: string }

/** Lines that are in one list only stand beside each other as far as there are as many; the rest is missing or unexpected. */
function compareLines(expected: readonly string[], got: readonly Line[], file: string, found: Found[]): void {
  for (const { wanted, came, at } of hunks(expected, got)) {
    for (let index = 0; index < Math.max(wanted.length, came.length); index++) {
      const text = wanted[index]
      const line = came[index]
      const where = `${file}:${at + index + 1}`
      const { inputLine, rejection, gotIndex } = line ?? {}
      const more = { inputLine, rejection, gotIndex, output: at + index }
      if (line === undefined) {
        found.push({
          kind: 'outcome',
          path: [],
          note: `${where}: this line did not come`,
          expected: text,
          output: at + index,
        })
      } else if (text === undefined) {
        found.push({
          kind: 'outcome',
          path: [],
          note: `${file}: a line came that is not expected`,
          got: line.text,
          ...more,
        })
      } else
        found.push(
          ...memberDifferences(text, line.text).map((each) => ({
            ...more,
            ...each,
            note: noteAt(where, each.note),
          })),
        )
    }
  }
}

function noteAt(where: string, note: string | undefined): string {
  return note === undefined ? where : `${where}: ${note}`
}

function memberDifferences(expected: string, got: string): Found[] {
  const whole: Found = { kind: 'differs', path: [], expected, got }
  try {
    const wanted = parseJson(expected)
    const differences = differencesOf(expectedOf(wanted.value, wanted.numbers), parseJson(got), false)
    if (differences.length > 0) return differences
    return [
      {
        ...whole,
        note: 'the same members, but another order or another way of writing: lines are compared as they are written',
      },
    ]
  } catch (error) {
    if (!(error instanceof JsonProblem)) throw error
    return [{ ...whole, note: `the expected line is no JSON: ${error.message}` }]
  }
}

interface Hunk {
  readonly wanted: readonly string[]
  readonly came: readonly Line[]
  /** Index of the first expected line. */
  readonly at: number
}

/** Longer parts in which all is different are compared line by line: the table below grows with the product of both lengths. */
const MAX_TABLE = 4_000_000

/** The parts in which two lists of lines are different, by a longest common subsequence. */
function hunks(expected: readonly string[], got: readonly Line[]): Hunk[] {
  let start = 0
  while (start < expected.length && start < got.length && expected[start] === got[start]!.text) start++
  let end = 0
  while (
    end < expected.length - start &&
    end < got.length - start &&
    expected[expected.length - 1 - end] === got[got.length - 1 - end]!.text
  ) {
    end++
  }
  const wanted = expected.slice(start, expected.length - end)
  const came = got.slice(start, got.length - end)
  if (wanted.length + came.length === 0) return []
  if (wanted.length === 0 || came.length === 0 || wanted.length * came.length > MAX_TABLE)
    return [{ wanted, came, at: start }]
  const width = came.length + 1
  const lengths = new Uint32Array((wanted.length + 1) * width)
  for (let i = wanted.length - 1; i >= 0; i--) {
    for (let j = came.length - 1; j >= 0; j--) {
      lengths[i * width + j] =
        wanted[i] === came[j]!.text
          ? lengths[(i + 1) * width + j + 1]! + 1
          : Math.max(lengths[(i + 1) * width + j]!, lengths[i * width + j + 1]!)
    }
  }
  const parts: Hunk[] = []
  let from = { i: 0, j: 0 }
  let i = 0
  let j = 0
  const close = (): void => {
    if (i > from.i || j > from.j) {
      parts.push({ wanted: wanted.slice(from.i, i), came: came.slice(from.j, j), at: start + from.i })
    }
  }
  while (i < wanted.length && j < came.length) {
    if (wanted[i] === came[j]!.text) {
      close()
      i++
      j++
      from = { i, j }
    } else if (lengths[(i + 1) * width + j]! >= lengths[i * width + j + 1]!) i++
    else j++
  }
  i = wanted.length
  j = came.length
  close()
  return parts
}
