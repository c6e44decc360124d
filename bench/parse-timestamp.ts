/**
 * The speed of parse_timestamp with a strptime format, against CPython's strptime and luxon's fromFormat.
 *
 * Each reads the same 1000 texts and makes ISO 8601 of them; the results are compared first. Five rounds in turn,
 * medians. Run: `node --import tsx bench/parse-timestamp.ts` (python3 is optional).
 *
 * 2026-11-21, Node 20.20 and CPython 3.11.7, one core of a shared machine:
 *
 *   %Y-%m-%d %H:%M:%S      7.6M/s    luxon 0.08M/s (89x)    CPython 0.18M/s (43x)
 *   %m/%d/%Y %I:%M:%S %p   6.3M/s    luxon 0.07M/s (86x)    CPython 0.17M/s (37x)
 *   %d/%b/%Y:%H:%M:%S %z   3.7M/s    luxon 0.06M/s (60x)    CPython 0.12M/s (31x)
 *
 * Reading: the scanner takes 130 to 270 ns, most of it for making the result's text; 5x CPython and 20x luxon are
 * passed by far. The source's advice to build timestamps from pieces of text does not hold here.
 */
import assert from 'node:assert/strict'
import { spawnSync } from 'node:child_process'
import { DateTime } from 'luxon'
import * as re2js from 're2js'
import type { EventContext, PrepareHost } from '../src/expression/functions/definition.ts'
import { Meter } from '../src/expression/runtime/meter.ts'
import { JSON_CODING } from '../src/json/coding.ts'
import type { BenchOptions, Row } from './harness.ts'
import * as harness from './harness.ts'

const TEXTS = 1000

interface Case {
  readonly format: string
  /** The same for luxon. */
  readonly luxon: string
  readonly write: (moment: DateTime) => string
}

const CASES: readonly Case[] = [
  {
    format: '%Y-%m-%d %H:%M:%S',
    luxon: 'yyyy-MM-dd HH:mm:ss',
    write: (moment) => moment.toFormat('yyyy-MM-dd HH:mm:ss'),
  },
  {
    format: '%m/%d/%Y %I:%M:%S %p',
    luxon: 'MM/dd/yyyy hh:mm:ss a',
    write: (moment) => moment.toFormat('MM/dd/yyyy hh:mm:ss a'),
  },
  {
    format: '%d/%b/%Y:%H:%M:%S %z',
    luxon: 'dd/MMM/yyyy:HH:mm:ss ZZZ',
    write: (moment) => moment.toFormat('dd/MMM/yyyy:HH:mm:ss ZZZ'),
  },
]

const PYTHON = `
import json, sys, time
from datetime import datetime
job = json.load(sys.stdin)
format, texts = job["format"], job["texts"]
strptime = datetime.strptime
results = [strptime(text, format).isoformat() for text in texts]
count, started = 0, time.perf_counter()
while time.perf_counter() - started < job["seconds"]:
    for text in texts:
        strptime(text, format).isoformat()
    count += len(texts)
print(json.dumps({"results": results, "perSecond": count / (time.perf_counter() - started)}))
`

const host: PrepareHost = { table: () => undefined, tables: [], warn() {}, re2: () => re2js }
const context: EventContext = {
  meter: new Meter(),
  json: JSON_CODING,
  field: () => undefined,
  received: 0,
  anomaly() {},
}

export async function run({ quick, rounds = quick ? 3 : 5 }: BenchOptions): Promise<Row[]> {
  harness.build()
  const rows: Row[] = []
  for (const one of CASES) rows.push(...(await compare(one, rounds, quick ? 100 : 300)))
  return rows
}

async function compare({ format, luxon, write }: Case, rounds: number, roundMs: number): Promise<Row[]> {
  const path = 'expression/functions/parse-timestamp.js'
  const { parseTimestamp } =
    await harness.built<typeof import('../src/expression/functions/parse-timestamp.ts')>(path)
  const { implementation } = parseTimestamp
  assert.ok(implementation.kind === 'prepared')
  const parse = implementation.prepare({ formats: [format] }, host)
  const texts = Array.from({ length: TEXTS }, (_, index) =>
    write(DateTime.fromSeconds(1_700_000_000 + index * 86_413, { zone: 'UTC+3', locale: 'en-US' })),
  )
  const zoned = format.includes('%z')
  const ours = () => texts.map((text) => parse(context, text) as string)
  const theirs = () =>
    texts.map((text) =>
      DateTime.fromFormat(text, luxon, { zone: 'utc', setZone: true, locale: 'en-US' }).toISO({
        suppressMilliseconds: true,
        includeOffset: zoned,
      }),
    )
  const expected = ours()
  assert.deepEqual(theirs(), expected)

  const readings = { sluice: [] as number[], luxon: [] as number[], cpython: [] as number[] }
  for (let round = 0; round < rounds; round++) {
    readings.sluice.push((await harness.callsPerSecond(ours, roundMs)) * TEXTS)
    readings.luxon.push((await harness.callsPerSecond(theirs, roundMs)) * TEXTS)
    const answer = askPython({ format, texts, seconds: roundMs / 1000 })
    if (answer === undefined) continue
    assert.deepEqual(answer.results, expected)
    readings.cpython.push(answer.perSecond)
  }
  const what = `parse_timestamp ${format}`
  const against = (peer: readonly number[]) => harness.ratios(readings.sluice.slice(0, peer.length), peer)
  const python = { atLeast: 5 }
  return [
    harness.measured(what, '/s', readings.sluice),
    harness.measured(`${what} against luxon`, 'x', against(readings.luxon), { atLeast: 20 }),
    readings.cpython.length === 0
      ? harness.skipped(`${what} against CPython`, 'python3 is not installed', python)
      : harness.measured(`${what} against CPython`, 'x', against(readings.cpython), python),
  ]
}

function askPython(job: object): { results: string[]; perSecond: number } | undefined {
  const child = spawnSync('python3', ['-c', PYTHON], { input: JSON.stringify(job), encoding: 'utf8' })
  return child.status === 0 ? JSON.parse(child.stdout) : undefined
}

if (harness.isMain(import.meta.url)) await harness.runAsScript(run)
