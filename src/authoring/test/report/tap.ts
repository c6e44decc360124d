/** Results in the Test Anything Protocol, version 14. */
import { terminalText } from '../../../tracer/controls.ts'
import type { CaseResult, FileResult } from '../result.ts'
import { differenceLine } from './plain-text.ts'
import type { CoverageReport, Reporter } from './reporter.ts'

export class TapReporter implements Reporter {
  #number = 0

  file({ file, cases, problem }: FileResult): string {
    const head = this.#number === 0 ? 'TAP version 14\n' : ''
    if (problem === undefined) return head + cases.map((each) => this.#case(file, each)).join('')
    this.#number++
    return `${head}not ok ${this.#number} - ${escaped(file)}\n${diagnostics([['message', problem.trimEnd()]])}`
  }

  end(files: readonly FileResult[], _summary: unknown, coverage: CoverageReport | undefined): string {
    const head = files.length === 0 ? 'TAP version 14\n' : ''
    const remarks = coverage === undefined ? '' : `${coverage.text}${coverage.problem ?? ''}`
    const comments =
      remarks === ''
        ? ''
        : `${remarks
            .trimEnd()
            .split('\n')
            .map((line) => `# ${line}`.trimEnd())
            .join('\n')}\n`
    return `${head}${comments}1..${this.#number}\n`
  }

  #case(file: string, { name, line, status, skip, differences, more = 0 }: CaseResult): string {
    this.#number++
    const title = line === undefined ? escaped(file) : `${escaped(file)}: ${escaped(name)}`
    const point = `${this.#number} - ${title}`
    if (status === 'skipped') return `ok ${point} # SKIP ${escaped(skip ?? '')}`.trimEnd().concat('\n')
    if (status === 'passed') return `ok ${point}\n`
    const lines = differences.map(differenceLine)
    if (more > 0) lines.push(`and ${more} more`)
    return `not ok ${point}\n${diagnostics([
      ['message', lines.join('\n')],
      ['at', line === undefined ? file : `${file}:${line}`],
    ])}`
  }
}

/** `#` begins a directive, and a line end the next test point. */
function escaped(text: string): string {
  return terminalText(text)
    .replace(/[\\#]/g, '\\$&')
    .replace(/[\r\n]+/g, ' ')
}

/** A block of YAML; its texts are JSON, which is YAML. */
function diagnostics(pairs: readonly (readonly [string, string])[]): string {
  return `  ---\n${pairs.map(([name, text]) => `  ${name}: ${JSON.stringify(text)}\n`).join('')}  ...\n`
}
