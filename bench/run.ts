/**
 * Runs the benches (`npm run bench`) and prints one table. A full run also writes it to bench/RESULTS.md, in
 * the section of its version of Node, and its ratios to bench/plot-node-20.svg and its like.
 *
 *     npm run bench                           all of them
 *     npm run bench -- --only NAME            one: bench/NAME.ts; prints only
 *     npm run bench -- --quick                small sizes, to see that it works; prints only
 *     npm run bench -- --compare REVISION     the work tree against a revision of it; prints only
 *     ... --events N --rounds N --gigabytes N --zeek FILE (or SLUICE_BENCH_ZEEK=FILE)
 *
 * A file is a bench when it exports `run(options): Promise<Row[]>`.
 */
import assert from 'node:assert/strict'
import { existsSync, readdirSync, readFileSync, writeFileSync } from 'node:fs'
import { cpus, loadavg, platform } from 'node:os'
import { basename, join } from 'node:path'
import { pathToFileURL } from 'node:url'
import { compareWith } from './compare.ts'
import type { BenchOptions, Row } from './harness.ts'
import { BENCH, readOptions } from './harness.ts'
import { plot } from './plot.ts'
import { skipped, table } from './rows.ts'

interface BenchModule {
  readonly run: (options: BenchOptions) => Promise<Row[]>
}

/** The benches that a reader looks for first; the others follow by name. */
const FIRST = ['normalize', 'memory', 'functions']

async function main(): Promise<void> {
  const { options, values } = readOptions(process.argv.slice(2), ['only', 'compare'])
  const { only, compare } = values
  if (compare !== undefined) {
    process.stdout.write(table(await compareWith(compare, options)))
    return
  }
  const load = loadavg()[0]!
  const names = benchNames()
  assert.ok(only === undefined || names.includes(only), `there are: ${names.join(', ')}`)
  const rows: Row[] = []
  for (const name of only === undefined ? names : [only]) {
    process.stderr.write(`${name} ...\n`)
    try {
      const bench: BenchModule = await import(pathToFileURL(join(BENCH, `${name}.ts`)).href)
      rows.push(...(await bench.run(options)))
    } catch (error) {
      // The figures of the others took long; they are worth keeping.
      process.stderr.write(`${error instanceof Error ? error.stack : error}\n`)
      rows.push(skipped(name, 'failed'))
      process.exitCode = 1
    }
  }
  process.stdout.write(table(rows))
  if (only === undefined && !options.quick) write(rows, load)
}

function benchNames(): string[] {
  const isBench = (file: string) =>
    file.endsWith('.ts') && /^export async function run\(/m.test(readFileSync(join(BENCH, file), 'utf8'))
  const names = readdirSync(BENCH)
    .filter(isBench)
    .map((file) => basename(file, '.ts'))
  return [...FIRST.filter((name) => names.includes(name)), ...names.filter((name) => !FIRST.includes(name))]
}

const RESULTS = join(BENCH, 'RESULTS.md')
const HEAD = [
  '# Results',
  '',
  'Written by `npm run bench`: a section for each version of Node that it was run with, the others are left as they are.',
  'Figures are medians of runs in turn, the spread is from the least to the greatest reading. `x` is how many times',
  'the throughput of the other side ours is, pair by pair. The measured thing, and the way, stand at the head of each',
  'bench.',
]

/** @param loadBefore how busy the machine was with other work: 0 is idle, more than its cores spoils the figures */
function write(rows: readonly Row[], loadBefore: number): void {
  const { model } = cpus()[0]!
  const date = new Date().toISOString().slice(0, 10)
  const load = loadBefore.toFixed(1)
  const node = `Node ${process.versions.node.split('.')[0]}`
  const machine = `${date}, Node ${process.version}, ${cpus().length} x ${model.trim()}, ${platform()}, load ${load}`
  const picture = plot(rows, machine)
  const file = `plot-${node.toLowerCase().replace(' ', '-')}.svg`
  const section = [
    `## ${node}`,
    '',
    `${machine}.`,
    ...(picture === undefined ? [] : ['', `![ratios](${file})`]),
    '',
    table(rows),
  ].join('\n')
  const sections = [...others(node), section].sort()
  writeFileSync(RESULTS, [HEAD.join('\n'), ...sections].join('\n\n').replace(/\n*$/, '\n'))
  if (picture !== undefined) writeFileSync(join(BENCH, file), picture)
}

/** The sections of other versions of Node. */
function others(node: string): string[] {
  const text = existsSync(RESULTS) ? readFileSync(RESULTS, 'utf8') : ''
  return text
    .split(/^(?=## )/m)
    .map((section) => section.trimEnd())
    .filter((section) => section.startsWith('## ') && !section.startsWith(`## ${node}\n`))
}

await main()
