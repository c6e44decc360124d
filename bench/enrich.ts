/**
 * The cost of enrichment: events a second of an enrich stage that knows nothing yet, and the share of the throughput of
 * `normalize` that is left when it knows everything.
 *
 * Cold: the stage alone, in this process, with written events, each with a URL that no other one has, against our own
 * server in another process, over loopback, with default options; every hundredth event is a hit, or every other one.
 * Warm: the whole command from stdin to stdout, events of which 10,000 are different, with two indicators each and one
 * event in a hundred a hit, against the same command and rules without `--tracer`, in turn, medians. Run:
 * `node --import tsx bench/enrich.ts [--quick] [--events N] [--rounds N]`.
 *
 * 2026-11-22, Node 20.20, 200,000 events, 2 cores shared with other work (load 0.4 to 1.7):
 *
 *   cold    one in 100 a hit   195k events/s (146k to 213k)
 *           every other one     116k events/s (109k to 136k)
 *   warm    against normalize   0.63x (0.49 to 0.79); by CPU time 0.64x with two indicators, 0.72x with one
 *
 * Reading: cold, an event costs this process 4 us, a third of it for the cache that it fills; a hit costs twice as much,
 * for its detection is taken apart, kept and written. The sockets are no limit: all of the window goes out and comes back
 * at once. Half of the time of the first version went into collecting tables of a map that nobody held any longer (see
 * src/tracer/in-flight.ts). Warm, 1.3 us an event are left: finding the values in the written line, and the cache. What
 * keeps the ratio up is that the fast path stays: events become objects again only when they must be changed.
 */
import assert from 'node:assert/strict'
import { type ChildProcess, spawn } from 'node:child_process'
import { once } from 'node:events'
import { appendFileSync, readFileSync, writeFileSync } from 'node:fs'
import { dirname, join } from 'node:path'
import { Writable } from 'node:stream'
import { pipeline } from 'node:stream/promises'
import { NO_RECORDS } from '../src/batches/rejected-records.ts'
import type { WrittenBatch } from '../src/batches/serialize.ts'
import { eventLines } from './events.ts'
import type { BenchOptions, Contender, Row } from './harness.ts'
import * as harness from './harness.ts'

const RULES = join(harness.BENCH, 'rules.yaml')
const ENRICH = '\nenrich:\n  ip: [source.ip, destination.ip]\n'
/** The fields that the stage looks up when it is measured alone. */
const SPEC = { url: ['url.original'], ip: [], hash: [], into: 'threat.enrichments' }
/** Events that are different from each other. */
const DIFFERENT = 10_000
/** Every so many events, the source is a hit. */
const HIT_EVERY = 100
const BATCH_EVENTS = 150
/** So many times as long is the run that a shorter one is taken from, for what known events cost. */
const LONGER = 3

interface Running {
  readonly port: number
  readonly child: ChildProcess
}

export async function run({ quick, events, rounds }: BenchOptions): Promise<Row[]> {
  harness.build()
  const count = events ?? (quick ? 20_000 : 200_000)
  const times = rounds ?? (quick ? 2 : 7)
  return harness.withFolder(async (folder) => [
    ...(await cold(folder, count, HIT_EVERY, times, 250_000)),
    ...(await cold(folder, count, 2, times)),
    ...(await warm(folder, count, times)),
  ])
}

async function cold(
  folder: string,
  count: number,
  hitEvery: number,
  rounds: number,
  atLeast?: number,
): Promise<Row[]> {
  const feed = join(folder, `urls-${hitEvery}.csv`)
  const hits = Array.from({ length: Math.ceil(count / hitEvery) }, (_, hit) => urlOf(hit * hitEvery))
  writeFileSync(feed, `ioc,context\n${hits.map((ioc) => `${ioc},bad_URL\n`).join('')}`)
  const server = await startServer(feed, 'ioc:url')
  try {
    const readings: number[] = []
    for (let round = 0; round <= rounds; round++) {
      const seconds = await enrichAll(server.port, count, hits.length)
      if (round > 0) readings.push(count / seconds)
    }
    const what = `enrich stage, cold cache, one in ${hitEvery} a hit`
    return [harness.measured(what, 'ev/s', readings, { atLeast })]
  } finally {
    server.child.kill()
  }
}

/** @returns the seconds that it took */
async function enrichAll(port: number, count: number, hits: number): Promise<number> {
  const { EnrichStage } = await harness.built<typeof import('../src/stages/enrich.ts')>('stages/enrich.js')
  const { TracerPool } =
    await harness.built<typeof import('../src/tracer/client/pool.ts')>('tracer/client/pool.js')
  const batches = [...writtenBatches(count)]
  const pool = new TracerPool({ servers: [{ host: '127.0.0.1', port }] })
  const stage = new EnrichStage({ pool, enrich: SPEC })
  let bytes = 0
  const sink = new Writable({
    objectMode: true,
    write: (batch: WrittenBatch, _encoding, callback) => {
      bytes += batch.bytes.length
      callback()
    },
  })
  const started = performance.now()
  const done = pipeline(stage, sink)
  for (const batch of batches) if (!stage.write(batch)) await once(stage, 'drain')
  stage.end()
  await done
  const seconds = (performance.now() - started) / 1000
  await pool.close()
  assert.deepEqual(stage.counts, { enriched: hits, timeout: 0, unavailable: 0, detections: hits })
  assert.equal(pool.stats.requests, count)
  assert.ok(bytes > batches.reduce((sum, batch) => sum + batch.bytes.length, 0))
  return seconds
}

function* writtenBatches(count: number): Generator<WrittenBatch> {
  for (let first = 0; first < count; first += BATCH_EVENTS) {
    const written = Math.min(BATCH_EVENTS, count - first)
    let text = ''
    for (let n = first; n < first + written; n++) {
      const event = { url: { original: `http://${urlOf(n)}` }, source: { ip: '192.0.2.1' } }
      text += `{"event":{"id":"${n}","action":"flow/deny"},${JSON.stringify(event).slice(1)}\n`
    }
    yield { source: '-', bytes: Buffer.from(text), written, rejected: NO_RECORDS }
  }
}

function urlOf(n: number): string {
  return `host-${n}.example.com/path/${n % 977}/index.html`
}

/** Events, rules that look two addresses of each up, and the options that name a server which knows one event in a hundred. */
export interface WarmSetting {
  readonly rules: string
  readonly input: string
  /** The number of events of the input; 10,000 of them are different, so most answers are in the cache. */
  readonly events: number
  readonly tracer: readonly string[]
}

/** Starts the server, calls `use`, and stops the server. */
export async function withWarmTracer<T>(
  folder: string,
  count: number,
  use: (setting: WarmSetting) => Promise<T>,
): Promise<T> {
  const lines = [...eventLines(Math.min(DIFFERENT, count))]
  const input = join(folder, 'events.jsonl')
  const block = `${lines.join('\n')}\n`
  writeFileSync(input, block.repeat(Math.ceil(count / lines.length)))
  const events = lines.length * Math.ceil(count / lines.length)
  const sources = lines.filter((_, n) => n % HIT_EVERY === 0).map((line) => JSON.parse(line).src.ip)
  const feed = join(folder, 'ips.csv')
  writeFileSync(feed, `ioc,context\n${[...new Set(sources)].map((ioc) => `${ioc},bad_IP\n`).join('')}`)
  const rules = join(folder, 'rules.yaml')
  writeFileSync(rules, readFileSync(RULES, 'utf8') + ENRICH)
  const server = await startServer(feed, 'ioc:ip')
  try {
    return await use({ rules, input, events, tracer: ['--tracer', `127.0.0.1:${server.port}`] })
  } finally {
    server.child.kill()
  }
}

async function warm(folder: string, count: number, rounds: number): Promise<Row[]> {
  return withWarmTracer(folder, count, async ({ rules, input, events, tracer }) => {
    const argv = [...harness.normalizeArgv(rules), ...tracer]
    const enriching: Contender[] = [
      { name: 'normalize --tracer', argv, input, events },
      { name: 'normalize --tracer --no-fast-path', argv: [...argv, '--no-fast-path'], input, events },
    ]
    await harness.assertSameOutput(enriching)
    const pair: Contender[] = [
      enriching[0]!,
      { name: 'normalize', argv: harness.normalizeArgv(RULES), input, events },
    ]
    const longer = join(folder, 'longer.jsonl')
    writeFileSync(longer, '')
    for (let time = 0; time < LONGER; time++) appendFileSync(longer, readFileSync(input))
    const long = pair.map((each) => ({ ...each, input: longer, events: events * LONGER }))
    const times = await harness.race([...pair, ...long], rounds)
    // The difference of two lengths is made of events that are known: the first pass over them is in both.
    const known = (clock: harness.Times[number][]): number[] => {
      const [ours, theirs] = [0, 1].map((index) =>
        clock[index + 2]!.map((time, round) => time - clock[index]![round]!),
      )
      return harness.ratios(theirs!, ours!)
    }
    const [ours, theirs] = pair.map((contender, index) => harness.throughputs(contender, times[index]!))
    return [
      harness.measured(
        'normalize --tracer, all known, against normalize',
        'x',
        known([...times]),
        {
          atLeast: 0.8,
        },
        times.processor && known([...times.processor]),
      ),
      harness.measured(
        'normalize --tracer, warm cache, against normalize',
        'x',
        harness.ratios(ours!, theirs!),
        { atLeast: 0.8 },
        times.processor && harness.ratios(times.processor[1]!, times.processor[0]!),
      ),
      harness.measured('normalize --tracer, warm cache', 'ev/s', ours!),
    ]
  })
}

async function startServer(feed: string, key: string): Promise<Running> {
  const tracer = join(dirname(harness.normalizeArgv('')[1]!), 'tracer.js')
  const argv = [tracer, 'serve', '--listen', '127.0.0.1:0', '--feed', feed, '--key', key]
  const child = spawn(process.execPath, argv, { stdio: ['ignore', 'ignore', 'pipe'] })
  let text = ''
  for await (const part of child.stderr.setEncoding('utf8').iterator({ destroyOnReturn: false })) {
    text += part
    const port = /"port":(\d+),"msg":"listening"/.exec(text)?.[1]
    if (port !== undefined) {
      child.stderr.resume()
      return { port: Number(port), child }
    }
  }
  throw new Error(`the server did not start: ${text}`)
}

if (harness.isMain(import.meta.url)) await harness.runAsScript(run)
