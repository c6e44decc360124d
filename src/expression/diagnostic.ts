import { excerpt } from './excerpt.ts'
import { Lines, type Place } from './syntax/lines.ts'

/** Something in a rule or lookup file that the operator has to know: what, where, and what to do about it. */
export interface Problem {
  readonly message: string
  /** The remedy; several lines are shown one under the other. */
  readonly hint?: string
  /** The owner of the text: the output field, `tap`, or `lookup.<table>`. */
  readonly field?: string
  readonly file: string
  /** Counted from 1. */
  readonly line: number
  /** Counted from 1, in code points. */
  readonly column: number
  /** The column after the last one at fault, on the same line. Default: one column is. */
  readonly endColumn?: number
  readonly severity: 'error' | 'warning'
}

/** A text that was taken out of a file (an expression, statements), and the way back to where it stands there. */
export interface SourceText {
  readonly text: string
  /**
   * Where the character at `offset` (UTF-16 units into `text`) is in the file. The text's length, and anything
   * past it, is the place just after the last character that is not blank.
   */
  locate(offset: number): Place & { readonly file: string }
}

/** A text that is a whole file itself. */
export function wholeFile(text: string, file: string): SourceText {
  const lines = new Lines(text)
  const end = lines.text.trimEnd().length
  return {
    text: lines.text,
    locate: (offset) => ({ file, ...lines.placeAt(offset < lines.text.length ? offset : end) }),
  }
}

/**
 * A problem with a part of a source text.
 *
 * @param span offsets into the text, the end exclusive; what is on further lines is not underlined
 */
export function problemIn(
  source: SourceText,
  span: { readonly start: number; readonly end: number },
  details: Pick<Problem, 'message' | 'hint' | 'field'> & { readonly severity?: Problem['severity'] },
): Problem {
  const start = source.locate(span.start)
  let endColumn = start.column + 1
  for (let end = span.end; end > span.start; end--) {
    const after = source.locate(end)
    if (after.line === start.line) {
      endColumn = Math.max(endColumn, after.column)
      break
    }
    const last = source.locate(end - 1)
    if (last.line === start.line) {
      endColumn = Math.max(endColumn, last.column + (source.text[end - 1] === '\n' ? 0 : 1))
      break
    }
  }
  return { severity: 'error', ...details, ...start, endColumn }
}

/**
 * The report an operator reads, one block for each problem, in the order of files, lines and columns:
 *
 *     rules.yaml:12:10: error: unknown function 'lowr'
 *        in source.user
 *        |
 *     12 |   field: lowr(user)
 *        |          ^^^^
 *        = hint: did you mean 'lower'?
 *
 *     1 error
 *
 * @param sources the files' texts by the name that the problems give; a file that is not there has no excerpts
 * @returns lines that end with a line feed; '' if there are no problems
 */
export function renderProblems(problems: readonly Problem[], sources: ReadonlyMap<string, string>): string {
  if (problems.length === 0) return ''
  const files = new Map<string, Lines>()
  for (const [file, text] of sources) files.set(file, new Lines(text))
  const blocks = [...problems].sort(byPlace).map((problem) => renderProblem(problem, files.get(problem.file)))
  return `${blocks.join('\n')}\n${countProblems(problems)}\n`
}

function byPlace(a: Problem, b: Problem): number {
  if (a.file !== b.file) return a.file < b.file ? -1 : 1
  return a.line - b.line || a.column - b.column
}

function renderProblem(problem: Problem, lines: Lines | undefined): string {
  const { file, line, column, severity, message, field, hint } = problem
  const number = String(line)
  const margin = ' '.repeat(number.length)
  let block = `${file}:${line}:${column}: ${severity}: ${message}\n`
  if (field !== undefined) block += `${margin} in ${field}\n`
  if (lines !== undefined && line <= lines.count) {
    const { text, carets } = excerpt(lines.line(line), column, problem.endColumn ?? column + 1)
    block += `${margin} |\n`
    block += `${number} | ${text}`.trimEnd()
    block += `\n${margin} | ${carets}\n`
  }
  if (hint !== undefined) block += `${margin} = hint: ${hint.replaceAll('\n', `\n${margin}   `)}\n`
  return block
}

function countProblems(problems: readonly Problem[]): string {
  const errors = problems.filter((problem) => problem.severity === 'error').length
  const warnings = problems.length - errors
  const counts: string[] = []
  if (errors > 0) counts.push(errors === 1 ? '1 error' : `${errors} errors`)
  if (warnings > 0) counts.push(warnings === 1 ? '1 warning' : `${warnings} warnings`)
  return counts.join(', ')
}
