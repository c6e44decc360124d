/**
 * The speed of `normalize` with input that is not JSON lines, against programs that one would write in its place. Lines of text are raced
 * against a loop over lines, CSV against a loop over the records of csv-parse, and the list in a document (`--pick`) against a
 * program that reads the document whole. All write the same before they are timed. Run: `node --import tsx bench/input.ts`.
 *
 * 2026-11-29, Node 20.20, 2 cores, load 18, 200,000 events, 5 rounds:
 *
 *   lines of text        0.52x (0.38 to 0.71) of the line loop
 *   CSV                  1.41x (1.10 to 1.56) of csv-parse
 *   a list in a document 0.63x (0.36 to 0.69) of JSON.parse of the whole
 *
 * Reading: the machine was busy, so that only the order of things counts. Of the processor time of a run with text (1.8 s for 150,000
 * lines, the loop 1.2 s) a quarter is the start, a fifth JSON.stringify, a fifth the rules' calls of `split`, which count their work, and
 * 3 % the cutting of lines. A document that is read whole needs memory for all of it, and no end of each event is looked for.
 */
import { createWriteStream } from 'node:fs'
import { join } from 'node:path'
import { Readable } from 'node:stream'
import { pipeline } from 'node:stream/promises'
import type { BenchOptions, Contender, Row } from './harness.ts'
import * as harness from './harness.ts'

const { BENCH, measured, normalizeArgv, race, ratios, throughputs } = harness

interface Race {
  readonly what: string
  readonly rules: string
  readonly argv: readonly string[]
  readonly loop: string
  /** The input: its beginning, an event, what stands between two, its end. */
  readonly parts: readonly [begin: string, event: (index: number) => string, between: string, end: string]
}

const RACES: readonly Race[] = [
  {
    what: 'lines of text, against a line loop',
    rules: 'rules-text.yaml',
    argv: ['--input-format', 'text'],
    loop: 'text-loop.js',
    parts: ['', accessLine, '\n', '\n'],
  },
  {
    what: 'CSV, against csv-parse',
    rules: 'rules-records.yaml',
    argv: ['--input-format', 'csv'],
    loop: 'csv-loop.js',
    parts: ['time,src,dst,sport,dport,proto,user,action,bytes,note\n', csvRecord, '\n', '\n'],
  },
  {
    what: 'a list in a document, against JSON.parse of the whole',
    rules: 'rules-records.yaml',
    argv: ['--input-format', 'json', '--pick', 'Records'],
    loop: 'document-loop.js',
    parts: ['{"count":1,"Records":[', jsonRecord, ',', ']}'],
  },
]

export async function run(options: BenchOptions): Promise<Row[]> {
  harness.build()
  const events = options.events ?? (options.quick ? 20_000 : 400_000)
  const rounds = options.rounds ?? (options.quick ? 3 : 7)
  return harness.withFolder(async (folder) => {
    const rows: Row[] = []
    for (const each of RACES) rows.push(...(await against(folder, each, events, rounds)))
    return rows
  })
}

async function against(
  folder: string,
  { what, rules, argv, loop, parts }: Race,
  events: number,
  rounds: number,
): Promise<Row[]> {
  const input = join(folder, loop)
  await pipeline(Readable.from(chunksOf(parts, events)), createWriteStream(input))
  const pair: Contender[] = [
    { name: 'normalize', argv: [...normalizeArgv(join(BENCH, rules)), ...argv], input, events },
    { name: loop, argv: [process.execPath, join(BENCH, 'reference', loop)], input, events },
  ]
  await harness.assertSameOutput(pair)
  const times = await race(pair, rounds)
  const [ours, theirs] = pair.map((contender, index) => throughputs(contender, times[index]!))
  return [
    measured(`normalize, ${what}`, 'x', ratios(ours!, theirs!)),
    measured(`normalize, ${what.split(',')[0]}`, 'ev/s', ours!),
  ]
}

function* chunksOf([begin, event, between, end]: Race['parts'], events: number): Generator<string> {
  let text = begin
  for (let index = 0; index < events; index++) {
    text += (index === 0 ? '' : between) + event(index)
    if (text.length < 65_536) continue
    yield text
    text = ''
  }
  yield text + end
}

const ADDRESSES = 250
const USERS = 97

function accessLine(index: number): string {
  const second = String(index % 60).padStart(2, '0')
  const path = `/path/${(index * 7919) % 100_003}/index.html`
  return `192.0.2.${index % ADDRESSES} - user${index % USERS} [10/Oct/2023:13:55:${second} +0000] "GET ${path} HTTP/1.1" 200 ${(index * 31) % 50_000} "https://example.com/" "Mozilla/5.0 (X11; Linux x86_64)"`
}

function csvRecord(index: number): string {
  const note = index % 4 === 0 ? '"quoted, ""text"""' : 'plain text'
  return `2024-01-01T00:00:00Z,10.0.0.${index % ADDRESSES},192.0.2.9,${index % 65_536},443,tcp,User${index % USERS},allow,${index * 31},${note}`
}

function jsonRecord(index: number): string {
  return JSON.stringify({
    time: '2024-01-01T00:00:00Z',
    src: `10.0.0.${index % ADDRESSES}`,
    dst: '192.0.2.9',
    request: { sport: index % 65_536, dport: 443, proto: 'tcp' },
    user: `User${index % USERS}`,
    action: 'allow',
    tags: ['a', 'b'],
  })
}

if (harness.isMain(import.meta.url)) await harness.runAsScript(run)
