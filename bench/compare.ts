/** The work tree against a revision of it, as processes in turn: did a change make it faster or slower? */
import { execFileSync } from 'node:child_process'
import { readFileSync, symlinkSync } from 'node:fs'
import { join } from 'node:path'
import { isDeepStrictEqual } from 'node:util'
import { writeEvents } from './events.ts'
import type { BenchOptions, Contender, Row } from './harness.ts'
import * as harness from './harness.ts'

const { BENCH, measured, normalizeArgv, race, ratios, ROOT, throughputs } = harness

/** @param revision whatever git understands, such as `HEAD~1` */
export async function compareWith(revision: string, options: BenchOptions): Promise<Row[]> {
  harness.build()
  return harness.withFolder(async (folder) => {
    const tree = join(folder, 'tree')
    git('worktree', 'add', '--detach', '--quiet', tree, revision)
    try {
      install(tree)
      harness.compile(tree)
      return await measure(revision, tree, folder, options)
    } finally {
      git('worktree', 'remove', '--force', tree)
    }
  })
}

/** The packages that are installed here serve a tree that asks for the same ones: then only the code differs. */
function install(tree: string): void {
  if (isDeepStrictEqual(dependencies(ROOT), dependencies(tree))) {
    symlinkSync(join(ROOT, 'node_modules'), join(tree, 'node_modules'), 'junction')
  } else {
    execFileSync('npm', ['ci', '--ignore-scripts'], { cwd: tree, stdio: ['ignore', 'ignore', 'inherit'] })
  }
}

function dependencies(root: string): readonly unknown[] {
  const file = JSON.parse(readFileSync(join(root, 'package.json'), 'utf8'))
  return [file.dependencies, file.devDependencies]
}

async function measure(
  revision: string,
  tree: string,
  folder: string,
  options: BenchOptions,
): Promise<Row[]> {
  const { quick, events = quick ? 20_000 : 200_000, rounds = quick ? 3 : 9 } = options
  const rows: Row[] = []
  for (const kind of ['nested', 'flat'] as const) {
    const input = join(folder, `${kind}.jsonl`)
    await writeEvents(input, kind, events)
    const rules = join(BENCH, kind === 'flat' ? 'rules-flat.yaml' : 'rules.yaml')
    const pair: Contender[] = [
      { name: 'the work tree', argv: normalizeArgv(rules), input, events },
      { name: revision, argv: normalizeArgv(rules, tree), input, events },
    ]
    await harness.assertSameOutput(pair, 'parsed')
    const [ours, theirs] = await raced(pair, rounds)
    rows.push(measured(`${kind} events, work tree against ${revision}`, 'x', ratios(ours!, theirs!)))
  }
  const pair: Contender[] = [undefined, tree].map((root) => ({
    name: root ?? 'the work tree',
    argv: normalizeArgv(join(BENCH, 'rules.yaml'), root),
  }))
  const [ours, theirs] = await raced(pair, quick ? 5 : 15)
  rows.push(measured(`start, work tree against ${revision}`, 'x', ratios(ours!, theirs!)))
  return rows
}

async function raced(pair: readonly Contender[], rounds: number): Promise<number[][]> {
  const times = await race(pair, rounds)
  return pair.map((contender, index) => throughputs(contender, times[index]!))
}

function git(...args: readonly string[]): void {
  execFileSync('git', args, { cwd: ROOT, stdio: ['ignore', 'ignore', 'inherit'] })
}
