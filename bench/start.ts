/**
 * The cost of a start, and of the answer to the first event.
 *
 * Whole processes, by the processor time that they take (user and system, as bash's `time` tells it: Linux), beside `node -e 0` in the
 * same round: the ratio is made pair by pair. On this version of Node, and with SLUICE_BENCH_NODE=/path/to/node on that one as
 * well. The handler imports forty plain rules that were compiled and bundled, and gives one event to them. The first round fills Node's
 * compile cache, which the command uses where Node has one, and does not count. From 20 rounds on, which is the long check, the same module also
 * answers a request in workerd, the runtime of Cloudflare Workers, where npm gives it.
 * Run: `node --import tsx bench/start.ts`.
 */
import assert from 'node:assert/strict'
import { execFileSync, spawn, spawnSync } from 'node:child_process'
import { once } from 'node:events'
import { statSync, writeFileSync } from 'node:fs'
import { createServer } from 'node:net'
import { join } from 'node:path'
import type { BenchOptions, Row } from './harness.ts'
import * as harness from './harness.ts'

const RULES = Array.from({ length: 10 }, (_, index) =>
  [
    `source.f${index}: src${index}`,
    `user.n${index}: {field: lower(user${index}), required: false}`,
    `event.o${index}: {field: 'n${index}::int > 400', required: false}`,
    `host.h${index}: {field: "cond(exists(h${index}), f'{h${index}}-x', 'none')", required: false}`,
  ].join('\n'),
).join('\n')

const EVENT = JSON.stringify(
  Object.fromEntries(
    Array.from({ length: 10 }, (_, index) => [
      [`src${index}`, '192.0.2.1'],
      [`user${index}`, 'Anna'],
      [`n${index}`, 400 + index],
      [`h${index}`, 'ws1'],
    ]).flat(),
  ),
)

/** Targets as times of `node -e 0`, by version of Node. */
const TARGETS: Readonly<Record<string, Readonly<Record<string, number>>>> = {
  20: { 'normalize < /dev/null': 2, normalize: 1.5, normalizeLines: 1.5 },
  24: { 'normalize < /dev/null': 3, normalize: 2, normalizeLines: 2 },
}

/** Kilobytes of forty plain rules, bundled. */
const MOST_KILOBYTES = 150

/** Rounds from which `workerd` is asked as well. */
const LONG = 20

export async function run({ quick = false, rounds = quick ? 2 : 15 }: BenchOptions): Promise<Row[]> {
  harness.build()
  return harness.withFolder(async (folder) => {
    const rules = join(folder, 'rules.yaml')
    writeFileSync(rules, RULES)
    const [node, command, ...options] = harness.normalizeArgv(rules)
    const module = join(folder, 'rules.mjs')
    execFileSync(node!, [command!, 'compile', ...options, '--output', module, '--bundle'])
    const handler = (name: string) => {
      const file = join(folder, `${name}.mjs`)
      writeFileSync(file, `import { ${name} } from './rules.mjs'\n${name}(${JSON.stringify(EVENT)})\n`)
      return [file]
    }
    const contenders: Record<string, readonly string[]> = {
      'normalize < /dev/null': [command!, ...options],
      normalize: handler('normalize'),
      normalizeLines: handler('normalizeLines'),
    }
    const rows: Row[] = []
    const { SLUICE_BENCH_NODE: other } = process.env
    for (const binary of [process.execPath, ...(other === undefined ? [] : [other])]) {
      const { stdout } = spawnSync(binary, ['-p', 'process.versions.node'], { encoding: 'utf8' })
      const major = stdout.split('.')[0]!
      rows.push(...measure(binary, major, contenders, rounds))
    }
    const kilobytes = statSync(module).size / 1000
    const size = { atMost: MOST_KILOBYTES }
    rows.push(harness.measured('40 plain rules, compiled and bundled', 'KB', [kilobytes], size))
    if (rounds >= LONG) rows.push(await askWorkerd(folder))
    return rows
  })
}

function measure(
  node: string,
  major: string,
  contenders: Readonly<Record<string, readonly string[]>>,
  rounds: number,
): Row[] {
  const ratios = new Map<string, number[]>(Object.keys(contenders).map((name) => [name, []]))
  for (let round = 0; round <= rounds; round++) {
    const bare = processorTime(node, ['-e', '0'])
    for (const [name, argv] of Object.entries(contenders)) {
      const ratio = processorTime(node, argv) / bare
      // The first round fills caches.
      if (round > 0) ratios.get(name)!.push(ratio)
    }
  }
  return [...ratios].map(([name, values]) => {
    const title = name.includes('<') ? name : `handler, first event by ${name}`
    const atMost = TARGETS[major]?.[name]
    const target = atMost === undefined ? {} : { atMost }
    return harness.measured(`${title}, Node ${major}, beside node -e 0`, 'times', values, target)
  })
}

/** Seconds of processor time of a process with an empty input. */
function processorTime(node: string, argv: readonly string[]): number {
  const script = 'TIMEFORMAT="%U %S"; time "$@" < /dev/null > /dev/null'
  const { stderr, status } = spawnSync('bash', ['-c', script, 'bash', node, ...argv], { encoding: 'utf8' })
  assert.equal(status, 0, stderr)
  const [user, system] = stderr.trim().split(' ').map(Number)
  return user! + system!
}

const WORKER = `import { normalize } from './rules.mjs'
export default { fetch: async (request) => Response.json(normalize(await request.text())) }
`

/** Starts workerd with the module, and has it answer one event. */
async function askWorkerd(folder: string): Promise<Row> {
  const what = 'compiled module in workerd, until the first answer'
  writeFileSync(join(folder, 'worker.mjs'), WORKER)
  const port = await freePort()
  writeFileSync(
    join(folder, 'config.capnp'),
    `using Workerd = import "/workerd/workerd.capnp";
const config :Workerd.Config = (
  services = [(name = "main", worker = .main)],
  sockets = [(name = "http", address = "127.0.0.1:${port}", http = (), service = "main")]
);
const main :Workerd.Worker = (
  modules = [
    (name = "worker.mjs", esModule = embed "worker.mjs"),
    (name = "rules.mjs", esModule = embed "rules.mjs")
  ],
  compatibilityDate = "2024-09-23"
);
`,
  )
  // Installed before its start is measured.
  const { status } = spawnSync('npx', ['-y', 'workerd', '--version'], { cwd: folder })
  if (status !== 0) return harness.skipped(what, 'npm does not give it')
  const started = performance.now()
  const child = spawn('npx', ['-y', 'workerd', 'serve', 'config.capnp'], { cwd: folder, detached: true })
  try {
    const answer = await firstAnswer(`http://127.0.0.1:${port}/`)
    const { output } = JSON.parse(answer)
    assert.equal(output.source.f0, '192.0.2.1', answer)
    return harness.measured(what, 'ms', [performance.now() - started])
  } finally {
    process.kill(-child.pid!)
  }
}

async function firstAnswer(url: string): Promise<string> {
  const until = Date.now() + 60_000
  for (;;) {
    try {
      const response = await fetch(url, { method: 'POST', body: EVENT })
      return await response.text()
    } catch (error) {
      if (Date.now() > until) throw error
      await new Promise((resolve) => setTimeout(resolve, 20))
    }
  }
}

async function freePort(): Promise<number> {
  const server = createServer().listen(0, '127.0.0.1')
  await once(server, 'listening')
  const { port } = server.address() as { port: number }
  server.close()
  return port
}

if (harness.isMain(import.meta.url)) await harness.runAsScript(run)
