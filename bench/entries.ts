/**
 * The cost of loading an entry of the library, and the size of the one that a browser loads.
 *
 * Each reading is a process of its own that imports the built entry by its file and tells the processor time that it has
 * taken (user and system), beside one that imports an empty module: the difference is the entry's. The size is that of
 * `sluice/rules` with all that it needs, bundled and minified by esbuild for a browser, before compression.
 * Run: `node --import tsx bench/entries.ts`.
 */
import { spawnSync } from 'node:child_process'
import { join } from 'node:path'
import { pathToFileURL } from 'node:url'
import { build as bundle } from 'esbuild'
import type { BenchOptions, Row } from './harness.ts'
import * as harness from './harness.ts'

const ENTRIES = { sluice: 'index', 'sluice/rules': 'rules/index', 'sluice/client': 'tracer/client/index' }

export async function run({ quick = false, rounds = quick ? 2 : 15 }: BenchOptions): Promise<Row[]> {
  harness.build()
  const readings = new Map<string, number[]>(Object.keys(ENTRIES).map((name) => [name, []]))
  for (let round = 0; round < rounds; round++) {
    const empty = processorTime('data:text/javascript,')
    for (const [name, file] of Object.entries(ENTRIES)) {
      const url = pathToFileURL(join(harness.ROOT, 'dist', `${file}.js`)).href
      readings.get(name)!.push(processorTime(url) - empty)
    }
  }
  const rows = [...readings].map(([name, times]) =>
    harness.measured(`import '${name}', processor time beyond an empty import`, 'ms', times),
  )
  return [...rows, harness.measured('sluice/rules bundled for a browser', 'MB', [await bundledSize()])]
}

/** Milliseconds of processor time of a process that imports this. */
function processorTime(url: string): number {
  const code = `await import(${JSON.stringify(url)}); const { user, system } = process.cpuUsage(); console.log(user + system)`
  const { stdout, status, stderr } = spawnSync(process.execPath, ['--input-type=module', '-e', code], {
    encoding: 'utf8',
  })
  if (status !== 0) throw new Error(stderr)
  return Number(stdout) / 1000
}

async function bundledSize(): Promise<number> {
  const { outputFiles } = await bundle({
    entryPoints: [join(harness.ROOT, 'src/rules/index.ts')],
    bundle: true,
    minify: true,
    platform: 'browser',
    format: 'esm',
    write: false,
  })
  return outputFiles[0]!.contents.length / 1e6
}

if (harness.isMain(import.meta.url)) await harness.runAsScript(run)
