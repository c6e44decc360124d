/** Results for people. */
import { terminalText } from '../../../tracer/controls.ts'
import {
  type CaseResult,
  type Difference,
  type FileResult,
  pathText,
  type ReadValue,
  type Summary,
} from '../result.ts'
import type { CoverageReport, Reporter } from './reporter.ts'

/** Values are cut behind so many characters. */
const MAX_VALUE = 300

/** Column of the values behind words such as `expected`. */
const WORD = 10

/** Colours for terminals: numbers of ECMA-48's `SGR`. */
const COLOURS = { red: 31, green: 32, yellow: 33, dim: 2, bold: 1 } as const

type Paint = (colour: keyof typeof COLOURS, text: string) => string

/** @param hasColour the text goes to a terminal that shows colours */
export class PrettyReporter implements Reporter {
  readonly #paint: Paint

  constructor(hasColour: boolean) {
    this.#paint = hasColour ? (colour, text) => `\x1b[${COLOURS[colour]}m${text}\x1b[0m` : (_, text) => text
  }

  file({ file: path, cases, problem }: FileResult): string {
    const paint = this.#paint
    const file = terminalText(path)
    if (problem !== undefined)
      return `${paint('red', 'ERROR')} ${file}\n${indented(terminalText(problem).trimEnd(), 2)}\n`
    const failed = cases.filter(({ status }) => status === 'failed')
    const updated = cases.filter((each) => each.updated === true).length
    const count = countText(cases)
    const written = updated === 0 ? '' : paint('yellow', ` (${updated} updated)`)
    if (failed.length === 0) return `${paint('green', 'ok')}    ${file}  ${paint('dim', count)}${written}\n`
    const head = `${paint('red', 'FAIL')}  ${paint('bold', file)}  ${failed.length} of ${count}${written}\n`
    return head + failed.map((each) => this.#case(each, file)).join('')
  }

  end(files: readonly FileResult[], summary: Summary, coverage: CoverageReport | undefined): string {
    const paint = this.#paint
    const parts = [
      paint(summary.failed === 0 ? 'green' : 'dim', `${summary.passed} passed`),
      ...(summary.failed > 0 ? [paint('red', `${summary.failed} failed`)] : []),
      ...(summary.skipped > 0 ? [paint('yellow', `${summary.skipped} skipped`)] : []),
      ...(summary.updated > 0 ? [paint('yellow', `${summary.updated} updated`)] : []),
      ...(summary.unusable > 0 ? [paint('red', `${summary.unusable} unusable`)] : []),
    ]
    const skipped = files.flatMap(({ file, cases }) =>
      cases.filter(({ status }) => status === 'skipped').map((each) => skipText(file, each)),
    )
    const places = files.length === 1 ? '1 file' : `${files.length} files`
    const last = `${skipped.join('')}\n${parts.join(', ')} in ${places}\n`
    if (coverage === undefined) return last
    const problem = coverage.problem === undefined ? '' : `${paint('red', coverage.problem)}\n`
    return `\n${coverage.text}${last}${problem}`
  }

  #case({ name, line, differences, more = 0 }: CaseResult, file: string): string {
    const place = line === undefined ? '' : this.#paint('dim', `  ${file}:${line}`)
    const head = line === undefined ? '' : `\n  ${this.#paint('bold', terminalText(name))}${place}\n`
    const rest = more === 0 ? '' : `    and ${more} more\n`
    return `${head}${differences.map((each) => this.#difference(each)).join('')}${rest}`
  }

  #difference(difference: Difference): string {
    const paint = this.#paint
    const { kind, path, output, expected, got, rule, inputLine } = difference
    const note = difference.note === undefined ? undefined : terminalText(difference.note)
    const where = path.length === 0 ? '' : `${terminalText(pathText(path))}: `
    const of = output === undefined || path.length === 0 ? '' : ` in output ${output + 1}`
    const from = inputLine === undefined ? '' : `, line ${inputLine} of the input`
    const head =
      kind === 'outcome'
        ? `    ${paint('red', note ?? '')}\n`
        : `    ${where}${paint('red', KINDS[kind])}${of}${from}${note === undefined ? '' : `; ${note}`}\n`
    const lines = [
      ...(expected === undefined ? [] : [row('expected', cut(expected))]),
      ...(got === undefined ? [] : [row('got', cut(got))]),
    ]
    if (rule !== undefined) {
      lines.push(row('rule', `${rule.file}:${rule.line}  ${rule.name}: ${rule.expression}`))
      if (rule.reason !== undefined) lines.push(row('reason', rule.reason))
      lines.push(...readRows(rule.reads))
    }
    return head + lines.join('')
  }
}

const KINDS = { differs: 'differs', missing: 'missing', unexpected: 'unexpected', outcome: '' } as const

function row(word: string, text: string): string {
  return `      ${word.padEnd(WORD)}${terminalText(text)}\n`
}

function readRows(reads: readonly ReadValue[]): string[] {
  return reads.map(({ field, value, note }, index) => {
    const text = value === undefined ? `${field} is absent` : `${field} = ${value}`
    return row(index === 0 ? 'read' : '', note === undefined ? text : `${text} (${note})`)
  })
}

function skipText(file: string, { name, line, skip }: CaseResult): string {
  const reason = skip === '' || skip === undefined ? '' : ` (${skip})`
  return terminalText(`skipped: ${file}${line === undefined ? '' : `:${line}`} ${name}${reason}\n`)
}

function countText(cases: readonly CaseResult[]): string {
  const [only] = cases
  if (cases.length === 1 && only!.events !== undefined)
    return only!.events === 1 ? '1 event' : `${only!.events} events`
  return cases.length === 1 ? '1 case' : `${cases.length} cases`
}

function cut(text: string): string {
  return text.length > MAX_VALUE ? `${text.slice(0, MAX_VALUE)}... (${text.length} characters)` : text
}

function indented(text: string, blanks: number): string {
  return text
    .split('\n')
    .map((line) => (line === '' ? '' : ' '.repeat(blanks) + line))
    .join('\n')
}
