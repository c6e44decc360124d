/** Results as the XML of JUnit, which servers of continuous integration read. */
import type { CaseResult, FileResult, Summary } from '../result.ts'
import { differenceLine } from './plain-text.ts'
import type { Reporter } from './reporter.ts'

export class JunitReporter implements Reporter {
  file(): string {
    return ''
  }

  end(files: readonly FileResult[], summary: Summary): string {
    const tests = summary.passed + summary.failed + summary.skipped + summary.unusable
    const counts = `tests="${tests}" failures="${summary.failed}" errors="${summary.unusable}" skipped="${summary.skipped}"`
    const suites = files.map(suite).join('')
    return `<?xml version="1.0" encoding="UTF-8"?>\n<testsuites ${counts}>\n${suites}</testsuites>\n`
  }
}

function suite({ file, cases, problem, seconds }: FileResult): string {
  const count = (status: CaseResult['status']) => cases.filter((each) => each.status === status).length
  const errors = problem === undefined ? 0 : 1
  const head = `name="${xml(file)}" tests="${cases.length + errors}" failures="${count('failed')}" errors="${errors}" skipped="${count('skipped')}" time="${seconds.toFixed(3)}"`
  const inner =
    problem === undefined
      ? cases.map((each) => testCase(file, each)).join('')
      : `    <testcase classname="${xml(file)}" name="${xml(file)}">\n      <error message="the file cannot be used">${xml(problem)}</error>\n    </testcase>\n`
  return `  <testsuite ${head}>\n${inner}  </testsuite>\n`
}

function testCase(file: string, { name, line, status, skip, differences, more = 0 }: CaseResult): string {
  const place = line === undefined ? '' : ` line="${line}"`
  const head = `    <testcase classname="${xml(file)}" name="${xml(name)}" file="${xml(file)}"${place}`
  if (status === 'passed') return `${head}/>\n`
  if (status === 'skipped')
    return `${head}>\n      <skipped message="${xml(skip ?? '')}"/>\n    </testcase>\n`
  const lines = differences.map(differenceLine)
  if (more > 0) lines.push(`and ${more} more`)
  return `${head}>\n      <failure message="${xml(lines[0] ?? 'failed')}">${xml(lines.join('\n'))}</failure>\n    </testcase>\n`
}

const ENTITIES: Readonly<Record<string, string>> = { '&': '&amp;', '<': '&lt;', '>': '&gt;', '"': '&quot;' }

/** Text of XML 1.0; characters that it cannot hold become U+FFFD. */
function xml(text: string): string {
  return text
    .replace(
      /[\x00-\x08\x0b\x0c\x0e-\x1f\ufffe\uffff]|[\ud800-\udbff](?![\udc00-\udfff])|(?<![\ud800-\udbff])[\udc00-\udfff]/g,
      '\ufffd',
    )
    .replace(/[&<>"]/g, (character) => ENTITIES[character]!)
    .replace(/[\r\n\t]/g, (character) => `&#${character.charCodeAt(0)};`)
}
