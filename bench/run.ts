/**
 * Runs the benches (`npm run bench`) and prints one table. A full run also writes bench/RESULTS.md, each bench as it
 * ends, in the section of its version of Node, and its pictures.
 *
 *     npm run bench                           all of them
 *     npm run bench -- --only NAME[,NAME]     some: bench/NAME.ts; prints only
 *     npm run bench -- --only NAME --write    their parts of bench/RESULTS.md are replaced
 *     npm run bench -- --quick                small sizes, to see that it works; prints only
 *     npm run bench -- --compare REVISION     the work tree against a revision of it; prints only
 *     ... --events N --rounds N --gigabytes N --zeek FILE (or SLUICE_BENCH_ZEEK=FILE)
 *
 * A file is a bench when it exports `run(options): Promise<Row[]>`.
 */
import assert from 'node:assert/strict'
import { readdirSync, readFileSync } from 'node:fs'
import { loadavg } from 'node:os'
import { basename, join } from 'node:path'
import { pathToFileURL } from 'node:url'
import { compareWith } from './compare.ts'
import type { BenchOptions, Row } from './harness.ts'
import { BENCH, readOptions } from './harness.ts'
import { Results } from './results.ts'
import { skipped, table } from './rows.ts'

interface BenchModule {
  readonly run: (options: BenchOptions) => Promise<Row[]>
}

/** The benches that a reader looks for first; the others follow by name. */
const FIRST = ['normalize', 'memory', 'functions']

async function main(): Promise<void> {
  const isWritten = process.argv.includes('--write')
  const args = process.argv.slice(2).filter((arg) => arg !== '--write')
  const { options, values } = readOptions(args, ['only', 'compare'])
  const { only, compare } = values
  if (compare !== undefined) {
    process.stdout.write(table(await compareWith(compare, options)))
    return
  }
  // Read before the benches are a load themselves.
  const load = loadavg()[0]!
  const names = benchNames()
  const wanted = only?.split(',') ?? names
  assert.ok(
    wanted.every((name) => names.includes(name)),
    `there are: ${names.join(', ')}`,
  )
  const results = isWritten || (only === undefined && !options.quick) ? new Results(BENCH, names) : undefined
  const rows: Row[] = []
  for (const name of wanted) {
    process.stderr.write(`${name} ...\n`)
    try {
      const bench: BenchModule = await import(pathToFileURL(join(BENCH, `${name}.ts`)).href)
      const its = await bench.run(options)
      results?.write(name, its, load)
      rows.push(...its)
    } catch (error) {
      // The figures of the others took long; they are worth keeping.
      process.stderr.write(`${error instanceof Error ? error.stack : error}\n`)
      rows.push(skipped(name, 'failed'))
      process.exitCode = 1
    }
  }
  process.stdout.write(table(rows))
}

function benchNames(): string[] {
  const isBench = (file: string) =>
    file.endsWith('.ts') && /^export async function run\(/m.test(readFileSync(join(BENCH, file), 'utf8'))
  const names = readdirSync(BENCH)
    .filter(isBench)
    .map((file) => basename(file, '.ts'))
  return [...FIRST.filter((name) => names.includes(name)), ...names.filter((name) => !FIRST.includes(name))]
}

await main()
