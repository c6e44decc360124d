/** The work tree against a revision of it, as processes in turn: did a change make it faster or slower? */
import { execFileSync } from 'node:child_process'
import { readFileSync, symlinkSync } from 'node:fs'
import { join } from 'node:path'
import { isDeepStrictEqual } from 'node:util'
import { withWarmTracer } from './enrich.ts'
import { writeEvents } from './events.ts'
import type { BenchOptions, Contender, Row } from './harness.ts'
import * as harness from './harness.ts'

const { BENCH, measured, normalizeArgv, race, ratios, ROOT } = harness

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
    rows.push(await raced(`${kind} events`, pair, rounds))
  }
  rows.push(await racedWithTracer())
  const pair: Contender[] = [undefined, tree].map((root) => ({
    name: root ?? 'the work tree',
    argv: normalizeArgv(join(BENCH, 'rules.yaml'), root),
  }))
  return [...rows, await raced('start', pair, quick ? 5 : 15)]

  /** @returns the row of a pair, the work tree first */
  async function raced(what: string, contenders: readonly Contender[], times: number): Promise<Row> {
    const seconds = await race(contenders, times)
    const { processor } = seconds
    return measured(
      `${what}, work tree against ${revision}`,
      'x',
      ratios(seconds[1]!, seconds[0]!),
      {},
      processor && ratios(processor[1]!, processor[0]!),
    )
  }

  /** The enrich stage with a warm cache: both ask the server of the work tree. */
  async function racedWithTracer(): Promise<Row> {
    return withWarmTracer(folder, events, async ({ rules, input, events: written, tracer }) => {
      const contenders: Contender[] = [undefined, tree].map((root) => ({
        name: root ?? 'the work tree',
        argv: [...normalizeArgv(rules, root), ...tracer],
        input,
        events: written,
      }))
      await harness.assertSameOutput(contenders, 'parsed')
      return raced('normalize --tracer, warm cache', contenders, rounds)
    })
  }
}

function git(...args: readonly string[]): void {
  execFileSync('git', args, { cwd: ROOT, stdio: ['ignore', 'ignore', 'inherit'] })
}
