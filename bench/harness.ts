/**
 * The ground that the benches stand on: whole processes, a file as stdin and the null device as stdout, run in turn
 * (A B A B ...) so that a drift of the machine meets both, and compared pair by pair. The code that is measured is the
 * built one: a copy of dist/, so that who goes on working while a bench runs does not change what it measures.
 */
import assert from 'node:assert/strict'
import { type ChildProcess, spawn, spawnSync } from 'node:child_process'
import { createHash } from 'node:crypto'
import {
  closeSync,
  cpSync,
  existsSync,
  mkdtempSync,
  openSync,
  readFileSync,
  rmSync,
  statSync,
  symlinkSync,
} from 'node:fs'
import { devNull, tmpdir } from 'node:os'
import { delimiter, join } from 'node:path'
import { fileURLToPath, pathToFileURL } from 'node:url'
import { isDeepStrictEqual, parseArgs } from 'node:util'
import { Bench } from 'tinybench'
import { type BenchOptions, type Row, table } from './rows.ts'

export { type BenchOptions, measured, median, type Row, skipped, type Target } from './rows.ts'

/** The project's folder. */
export const ROOT = fileURLToPath(new URL('..', import.meta.url))
/** The folder of the benches. */
export const BENCH = join(ROOT, 'bench')
/** The built project, which is measured, where `build` has put it. */
let builtFolder: string | undefined
/** Folders of this process that are still there. */
const folders = new Set<string>()

/** A process to measure. */
export interface Contender {
  readonly name: string
  /** Program and arguments. */
  readonly argv: readonly string[]
  /** Folder that it is started in. Default: the current one. */
  readonly cwd?: string
  /** File for its stdin. Default: the null device. */
  readonly input?: string
  /** Events in that file; throughputs are made of it. Default: 1. */
  readonly events?: number
}

/** Seconds that each run of each contender took, in the order of the rounds. */
export type Times = readonly (readonly number[])[] & {
  /** The same by processor time, user and system; nothing where the system does not tell it (it is Linux that does). */
  readonly processor?: readonly (readonly number[])[]
}

/** The command as `npm install` would give it, of this build or of another built tree. */
export function normalizeArgv(rules: string, root = builtRoot(), ...more: readonly string[]): string[] {
  return [process.execPath, join(root, 'dist/cli/normalize.js'), '--rules', rules, ...more]
}

/**
 * A module of src, compiled on its own: `await built<typeof import('../src/x.ts')>('x.js')`. In dist/ only the entries are
 * files of their own.
 */
export function built<Module>(path: string): Promise<Module> {
  const folder = join(builtRoot(), 'src')
  if (!existsSync(folder)) {
    const options = ['--emitDeclarationOnly', 'false', '--declaration', 'false', '--outDir', folder]
    spawnSync('npx', ['tsc', '-p', 'tsconfig.build.json', ...options], { cwd: ROOT, stdio: 'inherit' })
  }
  return import(pathToFileURL(join(folder, path)).href)
}

function builtRoot(): string {
  assert.ok(builtFolder !== undefined, 'build first')
  return builtFolder
}

/** Builds the project, once for all benches of this process. */
export function build(): void {
  if (builtFolder !== undefined) return
  compile(ROOT)
  const folder = makeFolder()
  cpSync(join(ROOT, 'dist'), join(folder, 'dist'), { recursive: true })
  cpSync(join(ROOT, 'package.json'), join(folder, 'package.json'))
  symlinkSync(join(ROOT, 'node_modules'), join(folder, 'node_modules'), 'junction')
  builtFolder = folder
}

/** Compiles src to dist. Type errors are shown, but do not keep the compiler from writing, nor us from measuring. */
export function compile(root: string): void {
  const started = Date.now()
  const { status, stdout } = spawnSync('npm', ['run', '--silent', 'build'], { cwd: root, encoding: 'utf8' })
  if (status === 0) return
  process.stderr.write(`the build reports errors:\n${stdout}`)
  const { mtimeMs } = statSync(join(root, 'dist/cli/normalize.js'))
  assert.ok(mtimeMs >= started - 1000, 'the build wrote nothing')
}

/** Calls `task` with a folder that is gone afterwards. */
export async function withFolder<Result>(task: (folder: string) => Promise<Result>): Promise<Result> {
  const folder = makeFolder()
  try {
    return await task(folder)
  } finally {
    removeFolder(folder)
  }
}

/** @returns a new temporary folder, which is gone when this process ends, also by an interrupt */
function makeFolder(): string {
  if (folders.size === 0) removeFoldersAtExit()
  const folder = mkdtempSync(join(tmpdir(), 'sluice-bench-'))
  folders.add(folder)
  return folder
}

function removeFolder(folder: string): void {
  rmSync(folder, { recursive: true, force: true })
  folders.delete(folder)
}

function removeFoldersAtExit(): void {
  if (process.listeners('exit').includes(removeFolders)) return
  process.on('exit', removeFolders)
  process.once('SIGINT', () => process.exit(130))
  process.once('SIGTERM', () => process.exit(143))
}

function removeFolders(): void {
  for (const folder of folders) removeFolder(folder)
}

/** @returns where a program is that PATH knows by one of these names */
export function findProgram(...names: readonly string[]): string | undefined {
  for (const folder of (process.env.PATH ?? '').split(delimiter)) {
    for (const name of names) {
      const path = join(folder, name)
      if (statSync(path, { throwIfNoEntry: false })?.isFile()) return path
    }
  }
  return undefined
}

/** @returns seconds from start to exit */
export async function runOnce(
  { name, argv, cwd, input }: Contender,
  output: string = devNull,
): Promise<number> {
  const stdin = openSync(input ?? devNull, 'r')
  const stdout = openSync(output, 'w')
  try {
    const started = performance.now()
    const child = spawn(argv[0]!, argv.slice(1), { cwd, stdio: [stdin, stdout, 'pipe'] })
    const problem = beginningOf(child.stderr!)
    const { code, ended } = await exit(child)
    assert.equal(code, 0, `${name} failed: ${await problem}`)
    return (ended - started) / 1000
  } finally {
    closeSync(stdin)
    closeSync(stdout)
  }
}

/** Runs them in turn, after a round that does not count. */
export async function race(contenders: readonly Contender[], rounds: number): Promise<Times> {
  const times: number[][] = contenders.map(() => [])
  const processor: number[][] = contenders.map(() => [])
  for (let round = 0; round <= rounds; round++) {
    for (const [index, contender] of contenders.entries()) {
      const before = childrenSeconds()
      const seconds = await runOnce(contender)
      if (round === 0) continue
      times[index]!.push(seconds)
      if (before !== undefined) processor[index]!.push(childrenSeconds()! - before)
    }
  }
  return Object.assign(times, processor[0]?.length === 0 ? {} : { processor })
}

/** Linux counts in hundredths of a second, whatever the kernel's own clock is. */
const TICKS_PER_SECOND = 100

/** @returns the processor time of all processes that this one has started and that have ended; undefined where nobody tells */
function childrenSeconds(): number | undefined {
  if (!existsSync('/proc/self/stat')) return undefined
  const text = readFileSync('/proc/self/stat', 'utf8')
  // The name of the program may hold blanks; it ends with the last parenthesis.
  const fields = text.slice(text.lastIndexOf(')') + 2).split(' ')
  return (Number(fields[13]) + Number(fields[14])) / TICKS_PER_SECOND
}

/** Within this process, by the median call. For parts of the product; the product is measured as a process. */
export async function callsPerSecond(task: () => unknown, milliseconds: number): Promise<number> {
  const bench = new Bench({ time: milliseconds, warmupTime: milliseconds / 3 })
  bench.add('task', task)
  await bench.run()
  const { result } = bench.tasks[0]!
  assert.ok('latency' in result, 'the task failed')
  return 1000 / result.latency.p50
}

/** Events a second of each run. */
export function throughputs({ events = 1 }: Contender, times: readonly number[]): number[] {
  return times.map((seconds) => events / seconds)
}

/** Pair by pair: how many times the throughput of `theirs` is ours? */
export function ratios(ours: readonly number[], theirs: readonly number[]): number[] {
  return ours.map((value, index) => value / theirs[index]!)
}

/**
 * Fails unless all contenders write the same for their inputs: byte by byte, or (`parsed`) the same JSON values line by
 * line, since programs differ in how they order keys and write numbers.
 */
export async function assertSameOutput(
  contenders: readonly Contender[],
  how: 'bytes' | 'parsed' = 'bytes',
): Promise<void> {
  await withFolder(async (folder) => {
    const outputs: Buffer[] = []
    for (const [index, contender] of contenders.entries()) {
      const output = join(folder, `${index}.jsonl`)
      await runOnce(contender, output)
      outputs.push(readFileSync(output))
    }
    for (const [index, output] of outputs.entries()) {
      const difference = findDifference(outputs[0]!, output, how)
      const names = `${contenders[0]!.name} and ${contenders[index]!.name}`
      assert.ok(difference === undefined, `${names} differ ${difference}`)
    }
  })
}

/** As {@link assertSameOutput}, byte by byte, for outputs that are too large to keep: their hashes are compared. */
export async function assertSameHash(contenders: readonly Contender[]): Promise<void> {
  const hashes: string[] = []
  for (const contender of contenders) hashes.push(await hashOfOutput(contender))
  for (const [index, { name }] of contenders.entries()) {
    assert.equal(hashes[index], hashes[0], `${contenders[0]!.name} and ${name} differ`)
  }
}

async function hashOfOutput({ name, argv, cwd, input }: Contender): Promise<string> {
  const stdin = openSync(input ?? devNull, 'r')
  try {
    const child = spawn(argv[0]!, argv.slice(1), { cwd, stdio: [stdin, 'pipe', 'pipe'] })
    const problem = beginningOf(child.stderr!)
    const ended = exit(child)
    const hash = createHash('sha256')
    for await (const chunk of child.stdout!) hash.update(chunk)
    assert.equal((await ended).code, 0, `${name} failed: ${await problem}`)
    return hash.digest('hex')
  } finally {
    closeSync(stdin)
  }
}

function findDifference(one: Buffer, other: Buffer, how: 'bytes' | 'parsed'): string | undefined {
  if (one.equals(other)) return undefined
  const ours = one.toString().split('\n')
  const theirs = other.toString().split('\n')
  if (ours.length !== theirs.length) return `in the number of lines: ${ours.length} and ${theirs.length}`
  const same = (text: string, index: number): boolean =>
    text === theirs[index] ||
    (how === 'parsed' && text !== '' && isDeepStrictEqual(JSON.parse(text), JSON.parse(theirs[index]!)))
  const index = ours.findIndex((text, line) => !same(text, line))
  return index === -1 ? undefined : `in line ${index + 1}:\n${ours[index]}\n${theirs[index]}`
}

/** The most memory that a process has had. @returns megabytes; undefined where the system does not tell */
export function peakMemory(pid: number): number | undefined {
  const file = `/proc/${pid}/status`
  if (!existsSync(file)) return undefined
  return Number(/^VmHWM:\s+(\d+) kB$/m.exec(readFileSync(file, 'utf8'))?.[1]) / 1000
}

/**
 * Reads the standard error of a server that starts, until a part of it has been told; the rest is passed over.
 *
 * @returns the first group of the pattern
 */
export async function told(server: ChildProcess, pattern: RegExp): Promise<string> {
  let text = ''
  for await (const part of server.stderr!.setEncoding('utf8').iterator({ destroyOnReturn: false })) {
    text += part
    const found = pattern.exec(text)?.[1]
    if (found === undefined) continue
    server.stderr!.resume()
    return found
  }
  throw new Error(`the server did not start: ${text}`)
}

/** @returns exit code and the time of the exit; it waits for the child's streams to end as well */
export function exit(child: ChildProcess): Promise<{ code: number | null; ended: number }> {
  return new Promise((resolve, reject) => {
    let ended = 0
    child.on('exit', () => {
      ended = performance.now()
    })
    child.on('close', (code) => resolve({ code, ended }))
    child.on('error', reject)
  })
}

/** The first characters of a stream, which is read to its end. */
async function beginningOf(stream: AsyncIterable<Buffer>): Promise<string> {
  let text = ''
  for await (const chunk of stream) if (text.length < 2000) text += chunk
  return text
}

/** A bench that is run by itself prints its table: `if (isMain(import.meta.url)) await runAsScript(run)`. */
export function isMain(url: string): boolean {
  return url === pathToFileURL(process.argv[1] ?? '').href
}

/** @returns the rows, which have been printed */
export async function runAsScript(run: (options: BenchOptions) => Promise<Row[]>): Promise<Row[]> {
  const rows = await run(readOptions(process.argv.slice(2)).options)
  process.stdout.write(table(rows))
  return rows
}

/**
 * Options of every bench: `--quick --events N --rounds N --gigabytes N --zeek FILE`.
 *
 * @param more options that only one script has
 */
export function readOptions<More extends string>(
  args: readonly string[],
  more: readonly More[] = [],
): { options: BenchOptions; values: Partial<Record<More, string>> } {
  const text = { type: 'string' } as const
  const { values } = parseArgs({
    args: [...args],
    options: {
      quick: { type: 'boolean' },
      events: text,
      rounds: text,
      gigabytes: text,
      zeek: text,
      ...Object.fromEntries(more.map((name) => [name, text])),
    },
  })
  const { quick, events, rounds, gigabytes, zeek = process.env.SLUICE_BENCH_ZEEK } = values
  return {
    options: {
      quick: quick ?? false,
      events: number('events', events),
      rounds: number('rounds', rounds),
      gigabytes: number('gigabytes', gigabytes),
      zeek,
    },
    values: values as Partial<Record<More, string>>,
  }
}

function number(name: string, text: string | undefined): number | undefined {
  if (text === undefined) return undefined
  const value = Number(text)
  assert.ok(value > 0 && Number.isFinite(value), `--${name} has to be a number above 0, not ${text}`)
  return value
}
