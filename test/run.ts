/**
 * Runs the tests: `node --import tsx test/run.ts [FILTER...] [--NODE-OPTION...]`.
 *
 * A filter is a part of a path below test/ (`stages`, `cli/normalize`); without one every *.test.ts file runs. An option
 * is handed to Node (`--test-name-pattern=watch`).
 *
 * Files of one folder run in one process, one after the other: a process of its own for each of 160 files would spend
 * more time on loading than on testing. Files that start commands or servers get a process each, so that as many of them
 * as there are processors run side by side. Failures are printed as they come, the counts at the end.
 */
import { spawn } from 'node:child_process'
import { existsSync, readdirSync, statSync } from 'node:fs'
import { availableParallelism } from 'node:os'
import { join, relative, sep } from 'node:path'
import process from 'node:process'
import { createInterface } from 'node:readline'
import { fileURLToPath, pathToFileURL } from 'node:url'
import { processorSeconds } from './processor-time.ts'
import type { TestReport } from './reporter.ts'

const root = fileURLToPath(new URL('..', import.meta.url))

/** Folders whose files get a process each. */
const ALONE = ['test/cli', 'test/tracer/cluster', 'test/readme.test.ts']

/** Files that share one broker of Kafka, and so one process. */
const KAFKA = ['test/io/kafka', 'test/cli/kafka']

/** Without the proxies of this machine: tests have servers of their own. */
const env = Object.fromEntries(
  Object.entries(process.env).filter(([name]) => !/^(?:https?|no|all)_proxy$/i.test(name)),
)

/** Groups that the summary names. */
const SHOWN = 8

interface Outcome {
  passed: number
  failed: number
  skipped: number
  readonly skippedTests: string[]
  readonly failures: string[]
  /** Processor time in seconds of each group, by the name of its file or folder. */
  readonly groups: Map<string, number>
}

const options = process.argv.slice(2).filter((argument) => argument.startsWith('--'))
const filters = process.argv.slice(2).filter((argument) => !argument.startsWith('--'))
const files = findFiles(join(root, 'test'), '.test.ts')
  .map((path) => relative(root, path).split(sep).join('/'))
  .filter((path) => filters.length === 0 || filters.some((filter) => matches(path, filter)))

if (files.length === 0) {
  console.error(`no test file matches ${filters.join(' ') || '*.test.ts'}`)
  process.exitCode = 1
} else {
  await buildIfOld()
  process.exitCode = await runAll(grouped(files))
}

/** The tests of commands run what is installed: `dist`, which has to be as new as the sources. */
async function buildIfOld(): Promise<void> {
  const entry = join(root, 'dist', 'cli', 'normalize.js')
  const built = existsSync(entry) ? statSync(entry).mtimeMs : 0
  const isOld = findFiles(join(root, 'src'), '').some((path) => statSync(path).mtimeMs > built)
  if (!isOld) return
  console.log('dist is older than src: it is built')
  const code = await new Promise<number | null>((resolve) => {
    const build = spawn('npm', ['run', '--silent', 'build'], {
      cwd: root,
      stdio: 'inherit',
      shell: process.platform === 'win32',
    })
    build.on('exit', resolve)
  })
  if (code !== 0) process.exit(1)
}

/** Runs groups of files, as many at a time as there are processors; returns the exit code. */
async function runAll(groups: readonly (readonly string[])[]): Promise<number> {
  const started = performance.now()
  const outcome: Outcome = {
    passed: 0,
    failed: 0,
    skipped: 0,
    skippedTests: [],
    failures: [],
    groups: new Map(),
  }
  const waiting = [...groups]
  const lane = async (): Promise<void> => {
    for (let group = waiting.shift(); group !== undefined; group = waiting.shift()) {
      await runGroup(group, outcome)
    }
  }
  await Promise.all(Array.from({ length: Math.min(availableParallelism(), groups.length) }, lane))
  printSummary(outcome, (performance.now() - started) / 1000)
  return outcome.failed === 0 && outcome.failures.length === 0 ? 0 : 1
}

async function runGroup(group: readonly string[], outcome: Outcome): Promise<void> {
  const reporter = pathToFileURL(join(root, 'test', 'reporter.ts')).href
  const argv = [
    ...['--import', 'tsx', `--test-reporter=${reporter}`, '--test-reporter-destination=stdout', ...options],
    ...[join(root, 'test', 'group.ts'), ...group],
  ]
  const child = spawn(process.execPath, argv, { cwd: root, env, stdio: ['ignore', 'pipe', 'pipe'] })
  const errors: string[] = []
  const other: string[] = []
  const failuresBefore = outcome.failures.length
  createInterface({ input: child.stderr }).on('line', (line) => errors.push(line))
  const lines = createInterface({ input: child.stdout })
  lines.on('line', (line) => {
    const report = parseReport(line)
    if (report === undefined) other.push(line)
    else note(report, group, outcome)
  })
  const read = new Promise((resolve) => lines.on('close', resolve))
  const code = await new Promise<number | null>((resolve) => child.on('close', resolve))
  await read
  const failed = outcome.failures.length > failuresBefore
  if (code !== 0 && !failed) {
    // A file that cannot be loaded, or a fault outside of any test.
    outcome.failures.push(group.join(' '))
    outcome.failed += 1
    console.log(`\n✖ ${group.join(' ')}: exit code ${code}`)
  }
  // Output of tests that pass is noise; of a process in which something failed it may say why.
  if (code !== 0) for (const line of [...errors, ...other]) console.log(`  | ${line}`)
}

function note(report: TestReport, group: readonly string[], outcome: Outcome): void {
  const file = report.file ?? group[0]!
  if (report.outcome === 'group') {
    outcome.groups.set(group.length === 1 ? file : groupName(group[0]!), report.seconds)
    return
  }
  outcome[report.outcome] += 1
  const title = `${file}: ${report.names.join(' › ')}`
  if (report.outcome === 'skipped')
    outcome.skippedTests.push(`${title} (${report.reason || 'no reason given'})`)
  if (report.outcome === 'failed') {
    outcome.failures.push(title)
    console.log(`\n✖ ${title}`)
    for (const line of report.error.split('\n')) console.log(`  ${line}`)
  }
}

function printSummary(outcome: Outcome, seconds: number): void {
  const slowest = [...outcome.groups].sort((a, b) => b[1] - a[1])
  console.log('\nmost processor time:')
  for (const [name, used] of slowest.slice(0, SHOWN)) console.log(`  ${used.toFixed(1)} s  ${name}`)
  for (const text of outcome.skippedTests) console.log(`skipped: ${text}`)
  if (outcome.failures.length > 0) console.log(`\nfailed:\n  ${outcome.failures.join('\n  ')}`)
  const used = `${processorSeconds().toFixed(0)} s of processor time`
  console.log(`\nNode ${process.versions.node}, ${files.length} files, ${seconds.toFixed(0)} s, ${used}`)
  console.log(`${outcome.passed} passed, ${outcome.failed} failed, ${outcome.skipped} skipped`)
}

function parseReport(line: string): TestReport | undefined {
  if (!line.startsWith('{"outcome":')) return undefined
  try {
    return JSON.parse(line) as TestReport
  } catch {
    return undefined
  }
}

/** The name of a group of several files. */
function groupName(file: string): string {
  const depth = KAFKA.some((prefix) => file.startsWith(prefix)) ? 3 : 2
  return file.split('/').slice(0, depth).join('/')
}

/** Files that take processes of their own first, since they are the longest; then folder by folder. */
function grouped(paths: readonly string[]): string[][] {
  const beginsWith = (prefixes: readonly string[]) => (path: string) =>
    prefixes.some((prefix) => path.startsWith(prefix))
  const kafka = paths.filter(beginsWith(KAFKA))
  const alone = paths.filter((path) => beginsWith(ALONE)(path) && !kafka.includes(path))
  const folders = new Map<string, string[]>()
  for (const path of paths) {
    if (alone.includes(path) || kafka.includes(path)) continue
    const folder = path.split('/').slice(0, 2).join('/')
    const key = folder.endsWith('.ts') ? 'test' : folder
    folders.set(key, [...(folders.get(key) ?? []), path])
  }
  return [kafka, ...alone.map((path) => [path]), ...folders.values()].filter((group) => group.length > 0)
}

function findFiles(folder: string, ending: string): string[] {
  return readdirSync(folder, { withFileTypes: true })
    .sort((a, b) => (a.name < b.name ? -1 : 1))
    .flatMap((entry) => {
      const path = join(folder, entry.name)
      if (entry.isDirectory()) return findFiles(path, ending)
      return entry.name.endsWith(ending) ? [path] : []
    })
}

/** `path` begins with test/; a filter may or may not, and uses either slash. */
function matches(path: string, filter: string): boolean {
  return path.includes(filter.replaceAll('\\', '/').replace(/^\.\//, ''))
}
