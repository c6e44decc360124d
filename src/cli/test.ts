/** `normalize test`: runs the tests of rules. */
import process from 'node:process'
import { JsonReporter } from '../authoring/test/report/json.ts'
import { JunitReporter } from '../authoring/test/report/junit.ts'
import { PrettyReporter } from '../authoring/test/report/pretty.ts'
import type { Reporter, ReportFormat } from '../authoring/test/report/reporter.ts'
import { TapReporter } from '../authoring/test/report/tap.ts'
import { type FileResult, summaryOf } from '../authoring/test/result.ts'
import { CommandError, EXIT } from './exit-codes.ts'
import { discoverTests } from './test-discovery.ts'
import { type RanUnit, TestRunner } from './test-runner.ts'

/** The options of the command line, as commander names them. */
export interface TestOptions {
  readonly filter?: string
  readonly bail?: boolean
  readonly update?: boolean
  readonly watch?: boolean
  readonly format?: ReportFormat
}

/**
 * Runs test files and golden folders, and prints what becomes of them.
 *
 * @param paths files and folders; none: the current folder
 * @returns the exit code: 0 all pass, 1 some fail
 * @throws {CommandError} where there is nothing to run
 */
export async function runTests(paths: readonly string[], options: TestOptions): Promise<number> {
  const { filter, bail = false, update = false, format = 'pretty' } = options
  const { units } = discoverTests(paths)
  const runner = new TestRunner({ filter, bail, update })
  const reporter = createReporter(format)
  const ran: RanUnit[] = []
  for (const unit of units) {
    const each = await runner.run(unit)
    if (each === undefined) continue
    ran.push(each)
    write(reporter.file(each.result))
    if (bail && !passed(each.result)) break
  }
  if (ran.length === 0)
    throw new CommandError(EXIT.USAGE, `no case and no file has '${filter}' in its name (--filter)`)
  const files = ran.map(({ result }) => result)
  const summary = summaryOf(files)
  write(reporter.end(files, summary, undefined))
  if (summary.unusable > 0) return EXIT.USAGE
  return summary.failed > 0 ? EXIT.FAILED : EXIT.OK
}

function passed({ cases, problem }: FileResult): boolean {
  return problem === undefined && cases.every(({ status }) => status !== 'failed')
}

function createReporter(format: ReportFormat): Reporter {
  switch (format) {
    case 'tap':
      return new TapReporter()
    case 'junit':
      return new JunitReporter()
    case 'json':
      return new JsonReporter()
    case 'pretty':
      return new PrettyReporter(process.stdout.isTTY === true && !process.env['NO_COLOR'])
  }
}

function write(text: string): void {
  if (text !== '') process.stdout.write(text)
}
