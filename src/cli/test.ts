/** `normalize test`: runs the tests of rules. */
import { writeFileSync } from 'node:fs'
import process from 'node:process'
import { Coverage, percentOf } from '../authoring/coverage/coverage.ts'
import { lcovOf } from '../authoring/coverage/lcov.ts'
import { coverageJson, coverageSummary, listingOf } from '../authoring/coverage/listing.ts'
import { JsonReporter } from '../authoring/test/report/json.ts'
import { JunitReporter } from '../authoring/test/report/junit.ts'
import { PrettyReporter } from '../authoring/test/report/pretty.ts'
import type { CoverageReport, Reporter, ReportFormat } from '../authoring/test/report/reporter.ts'
import { TapReporter } from '../authoring/test/report/tap.ts'
import { type FileResult, type Summary, summaryOf } from '../authoring/test/result.ts'
import { systemMessage } from '../io/files/system-message.ts'
import { terminalText } from '../tracer/controls.ts'
import { ChangedFiles } from './changed-files.ts'
import { CommandError, EXIT } from './exit-codes.ts'
import { type Discovered, discoverTests, type TestUnit } from './test-discovery.ts'
import { type RanUnit, TestRunner } from './test-runner.ts'
import { watchFiles } from './watch.ts'

/** The options of the command line, as commander names them. */
export interface TestOptions {
  readonly filter?: string
  readonly bail?: boolean
  readonly update?: boolean
  readonly watch?: boolean
  readonly format?: ReportFormat
  readonly coverage?: boolean
  readonly coverageSummary?: boolean
  readonly minCoverage?: number
  readonly lcov?: string
}

/** A timer this long keeps a process that only watches alive. */
const KEEP_ALIVE_MS = 1 << 30

/**
 * Runs test files and golden folders, and prints what becomes of them.
 *
 * @param paths files and folders; none: the current folder
 * @returns the exit code: 0 all pass, 1 some fail, 2 some cannot be used. With `--watch` never
 * @throws {CommandError} where there is nothing to run
 */
export async function runTests(paths: readonly string[], options: TestOptions): Promise<number> {
  const { watch = false, format = 'pretty', update = false } = options
  if (watch && format !== 'pretty') {
    throw new CommandError(
      EXIT.USAGE,
      `--watch tells people of changes: it does not go with --format ${format}`,
    )
  }
  if (watch && update)
    throw new CommandError(EXIT.USAGE, '--watch does not go with --update, which changes what is watched')
  if (update && hasCoverage(options)) {
    throw new CommandError(EXIT.USAGE, '--update does not go with coverage: run the tests once more for it')
  }
  const tests = new TestRun(options)
  const discovered = discoverTests(paths)
  const ran = await tests.run(discovered.units)
  if (watch) await watchTests(paths, discovered, ran, tests)
  if (ran.length === 0) {
    throw new CommandError(EXIT.USAGE, `no case and no file has '${options.filter}' in its name (--filter)`)
  }
  const code = exitCodeOf(summaryOf(ran.map(({ result }) => result)))
  return code === EXIT.OK && tests.isCoverageLow ? EXIT.FAILED : code
}

function hasCoverage({ coverage, coverageSummary, minCoverage, lcov }: TestOptions): boolean {
  return coverage === true || coverageSummary === true || minCoverage !== undefined || lcov !== undefined
}

/** @throws {CommandError} when the file cannot be written */
function writeReport(path: string, text: string): void {
  try {
    writeFileSync(path, text)
  } catch (error) {
    throw new CommandError(EXIT.FAILED, `cannot write ${path}: ${systemMessage(error)}`, { cause: error })
  }
}

function exitCodeOf({ unusable, failed }: Summary): number {
  if (unusable > 0) return EXIT.USAGE
  return failed > 0 ? EXIT.FAILED : EXIT.OK
}

/** Runs of units, each with its report. */
class TestRun {
  readonly #options: TestOptions
  readonly #runner: TestRunner
  #coverage: Coverage | undefined
  /** The last run has reached less than was asked for. */
  isCoverageLow = false

  constructor(options: TestOptions) {
    const { filter, bail = false, update = false } = options
    this.#options = options
    this.#coverage = hasCoverage(options) ? new Coverage() : undefined
    this.#runner = new TestRunner({ filter, bail, update, coverage: () => this.#coverage })
  }

  async run(units: readonly TestUnit[]): Promise<RanUnit[]> {
    const { bail = false, format = 'pretty' } = this.#options
    const reporter = createReporter(format)
    const ran: RanUnit[] = []
    for (const unit of units) {
      const each = await this.#runner.run(unit)
      if (each === undefined) continue
      ran.push(each)
      write(reporter.file(each.result))
      if (bail && !passed(each.result)) break
    }
    if (ran.length === 0) return ran
    const files = ran.map(({ result }) => result)
    write(reporter.end(files, summaryOf(files), this.#coverageReport()))
    return ran
  }

  /** Files may have changed: rules are compiled anew, and coverage is counted from zero. */
  forget(): void {
    this.#runner.forget()
    if (this.#coverage !== undefined) this.#coverage = new Coverage()
  }

  #coverageReport(): CoverageReport | undefined {
    const coverage = this.#coverage
    if (coverage === undefined) return undefined
    const { coverage: hasListing = false, minCoverage, lcov } = this.#options
    const { files } = coverage
    if (lcov !== undefined) writeReport(lcov, lcovOf(files))
    const percent = percentOf(files.flatMap(({ points }) => points))
    this.isCoverageLow = minCoverage !== undefined && percent < minCoverage
    const listing = hasListing ? files.map((file) => `${listingOf(file)}\n`).join('') : ''
    return {
      text: terminalText(`${listing}${coverageSummary(coverage)}`),
      json: coverageJson(coverage),
      problem: this.isCoverageLow
        ? `the coverage is ${percent.toFixed(1)}%, and ${minCoverage}% are asked for (--min-coverage)`
        : undefined,
    }
  }
}

/** Runs what a change concerns, for ever. */
async function watchTests(
  paths: readonly string[],
  first: Discovered,
  ran: readonly RanUnit[],
  tests: TestRun,
): Promise<never> {
  const changedFiles = new ChangedFiles()
  /** By path of a unit, the files that it is made of. */
  const filesByUnit = new Map<string, readonly string[]>()
  let last = Promise.resolve()
  let unwatch = () => {}
  const learn = (units: readonly RanUnit[]): void => {
    for (const { result, files } of units) filesByUnit.set(result.file, files)
    changedFiles.learn(units.flatMap(({ files }) => files))
  }
  const again = async (): Promise<void> => {
    for (;;) {
      // Changes after this are told; those that came while tests ran are found below.
      watchAll(discoverAgain(paths, first).folders)
      const changed = changedFiles.take()
      const concerned = discoverAgain(paths, first).units.filter(({ path }) => {
        const files = filesByUnit.get(path)
        return files === undefined || files.some((file) => changed.has(file))
      })
      if (concerned.length === 0) return
      tests.forget()
      write('\n')
      learn(await tests.run(concerned))
      for (const { path } of concerned) if (!filesByUnit.has(path)) filesByUnit.set(path, [path])
    }
  }
  const watchAll = (folders: readonly string[]): void => {
    unwatch()
    const files = [...new Set([...filesByUnit.values()].flat())]
    unwatch = watchFiles(files, () => (last = last.then(again)), folders)
  }
  learn(ran)
  // Files that the filter left nothing of are looked at again only when they are new.
  for (const { path } of first.units) if (!filesByUnit.has(path)) filesByUnit.set(path, [path])
  watchAll(first.folders)
  write('\nwaiting for changes; Ctrl-C ends it\n')
  return new Promise(() => setInterval(() => {}, KEEP_ALIVE_MS))
}

/** A folder may be gone for a moment. */
function discoverAgain(paths: readonly string[], before: Discovered): Discovered {
  try {
    return discoverTests(paths)
  } catch (error) {
    if (error instanceof CommandError) return { units: [], folders: before.folders }
    throw error
  }
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
