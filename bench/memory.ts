/**
 * Does memory stay flat and below 250 MB, whatever the size of the input and the pace of the reader?
 *
 * A gigabyte (`--gigabytes N`) of events, each with values of its own so that a cache without bound would show, goes
 * through the real command by a pipe; five times as much in the first scenario. The reader takes 32 MB at a time, there
 * 128 MB, and then stops for a second: less in the same time than the command would give. The resident memory is read
 * every 200 ms. "Growth" is the median of the last quarter of the readings against that of the second.
 * Run: `node --import tsx bench/memory.ts`; the exit code is 1 when a target is missed.
 *
 * 2026-11-22, Node 20.20:          peak      growth
 *   slow reader, 5 GB              109 MB    24 MB, one step in the second half
 *   all rejected                   101 MB    0.0 MB
 *   one huge JSON array             98 MB    0.0 MB
 *   caches, all values new         122 MB   -0.3 MB
 *
 * Reading: flat, and far below the limit. To see that the bench can fail, it was given a command that keeps what it
 * reads: peak 650 MB, growth 404 MB for 0.6 GB.
 */
import assert from 'node:assert/strict'
import { type ChildProcess, execFileSync, spawn } from 'node:child_process'
import { once } from 'node:events'
import { readFileSync, writeFileSync } from 'node:fs'
import { join } from 'node:path'
import type { Readable, Writable } from 'node:stream'
import { setTimeout as wait } from 'node:timers/promises'
import { eventLines } from './events.ts'
import type { BenchOptions, Row } from './harness.ts'
import * as harness from './harness.ts'

const SAMPLE_MS = 200
const BLOCK_EVENTS = 5000
const MEBIBYTE = 2 ** 20
const PAUSE_MS = 1000
const MAX_RSS_MB = 250
/** A heap that breathes is no leak. */
const MAX_GROWTH_MB = 30

const NEW_LINE = 0x0a
const SPACE = 0x20

/** Rules whose functions remember what they have seen. */
const REMEMBERING_RULES = `
agent: normalize_http_user_agent(agent + ' ' + id)
host: normalize_host(host.name + '-' + id, src.ip)
url: normalize_url('http://' + id + '.example' + '/x')
user: lower(id)
`

interface Scenario {
  readonly what: string
  readonly rules: string
  readonly format: 'jsonl' | 'json'
  /** The input of the slow reader, a line for each event. */
  readonly reads: 'output' | 'errors'
  /** Of the size that was asked for. */
  readonly share: number
  /** Bytes that it takes before it stops for a while. */
  readonly readBeforePause: number
}

const SCENARIOS: readonly Scenario[] = [
  {
    what: 'slow reader',
    rules: '',
    format: 'jsonl',
    reads: 'output',
    share: 5,
    readBeforePause: 128 * MEBIBYTE,
  },
  {
    what: 'all rejected, slow errors reader',
    rules: 'x: no.such.field',
    format: 'jsonl',
    reads: 'errors',
    share: 1,
    readBeforePause: 32 * MEBIBYTE,
  },
  {
    what: 'one huge JSON array, slow reader',
    rules: '',
    format: 'json',
    reads: 'output',
    share: 1,
    readBeforePause: 32 * MEBIBYTE,
  },
  {
    what: 'functions with caches, all values new',
    rules: REMEMBERING_RULES,
    format: 'jsonl',
    reads: 'output',
    share: 1,
    readBeforePause: 32 * MEBIBYTE,
  },
]

export async function run({ quick, gigabytes = quick ? 0.1 : 1 }: BenchOptions): Promise<Row[]> {
  harness.build()
  return harness.withFolder(async (folder) => {
    const rows: Row[] = []
    for (const [index, scenario] of SCENARIOS.entries()) {
      let rules = join(harness.BENCH, 'rules.yaml')
      if (scenario.rules !== '') {
        rules = join(folder, `${index}.yaml`)
        writeFileSync(rules, scenario.rules)
      }
      const bytes = gigabytes * scenario.share * 1e9
      const argv = harness.normalizeArgv(rules, undefined, '--input-format', scenario.format)
      const readings = await watch(argv, scenario, bytes)
      const name = `memory, ${(bytes / 1e9).toFixed(2)} GB, ${scenario.what}`
      rows.push(...memoryRows(name, readings))
    }
    return rows
  })
}

function memoryRows(name: string, megabytes: readonly number[]): Row[] {
  const quarter = megabytes.length / 4
  const second = harness.median(megabytes.slice(quarter, 2 * quarter))
  const last = harness.median(megabytes.slice(3 * quarter))
  return [
    harness.measured(`${name}: peak`, 'MB', [Math.max(...megabytes)], { atMost: MAX_RSS_MB }),
    harness.measured(`${name}: growth`, 'MB', [last - second], { atMost: MAX_GROWTH_MB }),
  ]
}

/** @returns the resident memory over time, in MB */
async function watch(argv: readonly string[], scenario: Scenario, bytes: number): Promise<number[]> {
  const { reads, format, what, readBeforePause } = scenario
  // Rules that cannot be used show here, with a message.
  await harness.runOnce({ name: what, argv })
  const child = spawn(argv[0]!, argv.slice(1), { stdio: 'pipe' })
  const ended = harness.exit(child)
  const [slow, other] = reads === 'output' ? [child.stdout, child.stderr] : [child.stderr, child.stdout]
  const readings: number[] = []
  const sampler = setInterval(() => {
    const megabytes = residentMegabytes(child)
    if (megabytes !== undefined) readings.push(megabytes)
  }, SAMPLE_MS)
  try {
    const [sent, slowLines, otherLines] = await Promise.all([
      writeBlocks(child.stdin, format, bytes),
      countLines(slow, readBeforePause),
      countLines(other),
    ])
    const { code } = await ended
    assert.equal(code, 0, `${what}: exit code ${code}`)
    assert.deepEqual({ slowLines, otherLines }, { slowLines: sent, otherLines: 0 }, 'an event was lost')
    assert.ok(readings.length >= 8, 'too few readings: give it more gigabytes')
  } finally {
    clearInterval(sampler)
    child.kill()
  }
  return readings
}

function residentMegabytes({ pid, exitCode }: ChildProcess): number | undefined {
  if (exitCode !== null) return undefined
  try {
    const kilobytes =
      process.platform === 'linux'
        ? /^VmRSS:\s*(\d+)/m.exec(readFileSync(`/proc/${pid}/status`, 'utf8'))?.[1]
        : execFileSync('ps', ['-o', 'rss=', '-p', String(pid)], { encoding: 'utf8' })
    return kilobytes === undefined ? undefined : Number(kilobytes) / 1000
  } catch {
    // It has ended between the question and the answer.
    return undefined
  }
}

/** @returns the number of lines; after so many bytes it waits */
async function countLines(stream: Readable, readBeforePause = Number.POSITIVE_INFINITY): Promise<number> {
  let lines = 0
  let bytes = 0
  for await (const chunk of stream as AsyncIterable<Buffer>) {
    for (let at = chunk.indexOf(NEW_LINE); at !== -1; at = chunk.indexOf(NEW_LINE, at + 1)) lines++
    bytes += chunk.length
    if (bytes < readBeforePause) continue
    bytes = 0
    await wait(PAUSE_MS)
  }
  return lines
}

/**
 * Writes one block of events again and again, with new ids: making events anew would take longer than normalizing them.
 *
 * @returns the number of events
 */
async function writeBlocks(stream: Writable, format: Scenario['format'], bytes: number): Promise<number> {
  const separator = format === 'json' ? ',\n' : '\n'
  const template = Buffer.from([...eventLines(BLOCK_EVENTS), ''].join(separator))
  const ids = idOffsets(template)
  const blocks = Math.ceil(bytes / template.length)
  if (format === 'json') stream.write('[')
  for (let block = 0; block < blocks; block++) {
    // The stream may still hold the last one.
    const text = Buffer.from(template)
    const prefix = block.toString(16).padStart(8, '0')
    for (const offset of ids) text.write(prefix, offset, 'latin1')
    // A comma after the last event would be wrong.
    if (format === 'json' && block === blocks - 1) text[text.lastIndexOf(',')] = SPACE
    if (!stream.write(text)) await once(stream, 'drain')
  }
  stream.end(format === 'json' ? ']' : '')
  return blocks * BLOCK_EVENTS
}

/** Where the ids, 16 hexadecimal digits each, begin. */
function idOffsets(text: Buffer): number[] {
  const mark = '"id":"'
  const offsets: number[] = []
  for (let at = text.indexOf(mark); at !== -1; at = text.indexOf(mark, at + 1)) offsets.push(at + mark.length)
  return offsets
}

if (harness.isMain(import.meta.url)) {
  const rows = await harness.runAsScript(run)
  if (rows.some(({ verdict }) => verdict === 'missed')) process.exitCode = 1
}
