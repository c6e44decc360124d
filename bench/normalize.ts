/**
 * How fast is `normalize`, as a whole process from stdin to stdout, against what one would use in its place? How long
 * does it take to start, and what do many rules cost?
 *
 * The bare loop (bench/reference/) is a program written by hand for the one mapping; jq and the other peers run
 * equivalent programs and are passed over where they are not installed. All write the same before they are timed. A
 * slow peer gets as many events as it takes about as long for as normalize for all of them: throughputs are compared.
 * A Zeek DNS log (`--zeek FILE` or SLUICE_BENCH_ZEEK=FILE, also gzipped) is repeated to as many events as the others.
 * What a rule costs is the difference of a run of N events and one of 2N, so that what comes once (the load, the
 * compilation of generated code) is no part of it. Run: `node --import tsx bench/normalize.ts`.
 *
 * 2026-11-22, Node 20.20, 2 cores, load 1.5:
 *
 *   against the bare loop   nested 2.22x (2.06 to 2.33)   flat 1.52x (1.40 to 1.64)
 *   against                 jq 1.6 16.9x    gojq 0.12 7.2x    Miller 6.6 11.2x
 *   start                   3.15 times that of node -e 0
 *   10,000 rules            loaded in 0.89 s
 *
 * Reading: the fast path passes what one would write by hand, with nested events twice, with flat ones not yet. The
 * start is the loading of some 165 modules: of 210 ms of processor time node itself takes 65 and the module loader some
 * 70, half of that for compiling source text; the same code in a few files starts in 165 ms. The row of jq is missed
 * by the start of the process and by what the functions cost.
 */
import { spawnSync } from 'node:child_process'
import { createReadStream, createWriteStream, existsSync, readFileSync, writeFileSync } from 'node:fs'
import { join } from 'node:path'
import { Readable } from 'node:stream'
import { pipeline } from 'node:stream/promises'
import { createGunzip } from 'node:zlib'
import { type EventKind, writeEvents } from './events.ts'
import type { BenchOptions, Contender, Row, Target, Times } from './harness.ts'
import * as harness from './harness.ts'
import { manyFieldsEvents, manyRules } from './many-rules.ts'

const { BENCH, measured, normalizeArgv, race, ratios, skipped, throughputs } = harness

const RULES = join(BENCH, 'rules.yaml')
const FLAT_RULES = join(BENCH, 'rules-flat.yaml')
const REFERENCE = join(BENCH, 'reference')

/** Sizes of a run. */
interface Sizes {
  readonly events: number
  /** To compare the output of peers on, and to see how slow they are. */
  readonly sampleEvents: number
  readonly rounds: number
}

export async function run(options: BenchOptions): Promise<Row[]> {
  harness.build()
  const events = options.events ?? (options.quick ? 20_000 : 400_000)
  const sizes = {
    events,
    sampleEvents: Math.ceil(events / 20),
    rounds: options.rounds ?? (options.quick ? 3 : 7),
  }
  return harness.withFolder(async (folder) => [
    ...(await againstBareLoop(folder, sizes)),
    ...(await onZeekLog(folder, sizes, options.zeek)),
    ...(await againstPeers(folder, sizes)),
    await startUp(options.quick ? 5 : 15),
    ...(await howRulesAddUp(folder, options)),
  ])
}

async function againstBareLoop(folder: string, { events, rounds }: Sizes): Promise<Row[]> {
  const rows: Row[] = []
  for (const kind of ['nested', 'flat'] as const) {
    const input = join(folder, `${kind}.jsonl`)
    await writeEvents(input, kind, events)
    rows.push(...(await raceBareLoop(kind, `${kind} events`, input, events, rounds)))
  }
  return rows
}

const BARE_LOOP: Target = { atLeast: 2, first: 0.9 }

async function raceBareLoop(
  kind: EventKind,
  what: string,
  input: string,
  events: number,
  rounds: number,
): Promise<Row[]> {
  const rules = kind === 'flat' ? FLAT_RULES : RULES
  const loop = join(REFERENCE, kind === 'flat' ? 'bare-loop-flat.js' : 'bare-loop.js')
  const pair: Contender[] = [
    { name: 'normalize', argv: normalizeArgv(rules), input, events },
    { name: 'the bare loop', argv: [process.execPath, loop], input, events },
  ]
  // Of the flat events, normalize copies `2230.0` as it stands, and the bare loop writes `2230`.
  await harness.assertSameOutput(pair, kind === 'flat' ? 'parsed' : 'bytes')
  const [ours, theirs] = eventRates(pair, await race(pair, rounds))
  return [
    measured(`normalize, ${what}, against the bare loop`, 'x', ratios(ours!, theirs!), BARE_LOOP),
    measured(`normalize, ${what}`, 'ev/s', ours!),
    measured(`the bare loop, ${what}`, 'ev/s', theirs!),
  ]
}

/** Real events, which the flat ones are made after. */
async function onZeekLog(folder: string, { events, rounds }: Sizes, log: string | undefined): Promise<Row[]> {
  const what = 'Zeek DNS log'
  if (log === undefined || !existsSync(log)) {
    const why = log === undefined ? 'no file named' : 'no such file'
    return [skipped(`normalize, ${what}, against the bare loop`, why, BARE_LOOP)]
  }
  const input = join(folder, 'zeek.jsonl')
  const written = await repeatLines(log, join(folder, 'zeek-once.jsonl'), input, events)
  return raceBareLoop('flat', what, input, written, rounds)
}

/**
 * Writes the lines of a file, which may be gzipped, whole times over.
 *
 * @param once where the lines go once
 * @returns the number of lines written: about `count`
 */
async function repeatLines(from: string, once: string, to: string, count: number): Promise<number> {
  const unpacked = from.endsWith('.gz') ? [createGunzip()] : []
  await pipeline([createReadStream(from), ...unpacked, createWriteStream(once)])
  const text = readFileSync(once, 'utf8').trimEnd()
  const lines = text.split('\n').length
  const times = Math.max(1, Math.round(count / lines))
  await pipeline(Readable.from(Array.from({ length: times }, () => `${text}\n`)), createWriteStream(to))
  return times * lines
}

interface Peer {
  readonly names: readonly string[]
  readonly args: readonly string[]
  readonly target?: Target
}

/** Started in bench/reference. */
const PEERS: readonly Peer[] = [
  { names: ['jq'], args: ['-c', '-f', 'rules.jq'], target: { atLeast: 20 } },
  { names: ['gojq'], args: ['-c', '-f', 'rules.jq'] },
  { names: ['mlr'], args: ['--ijsonl', '--ojsonl', 'put', '-f', 'rules.mlr'] },
  { names: ['redpanda-connect', 'benthos'], args: ['blobl', '--threads', '1', '--file', 'rules.blobl'] },
  { names: ['vrl'], args: ['--print-object', '--program', 'rules.vrl'] },
  { names: ['vector'], args: ['--quiet', '--config', 'vector.yaml'] },
]

async function againstPeers(folder: string, sizes: Sizes): Promise<Row[]> {
  const rows: Row[] = []
  const sample = join(folder, 'nested-sample.jsonl')
  await writeEvents(sample, 'nested', sizes.sampleEvents)
  const ours: Contender = {
    name: 'normalize',
    argv: normalizeArgv(RULES),
    input: join(folder, 'nested.jsonl'),
    events: sizes.events,
  }
  const seconds = await harness.runOnce(ours)
  for (const { names, args, target } of PEERS) {
    const program = harness.findProgram(...names)
    const what = `normalize against ${names[0]}`
    if (program === undefined) {
      rows.push(skipped(what, 'not installed', target))
      continue
    }
    const name = `${what}${versionOf(program)}`
    const peer: Contender = { name: names[0]!, argv: [program, ...args], cwd: REFERENCE, input: sample }
    const different = await difference({ ...ours, input: sample }, peer)
    if (different !== undefined) {
      // Another version of the peer, most likely.
      process.stderr.write(`${different.message}\n`)
      rows.push(skipped(name, 'its output differs', target))
      continue
    }
    const pair = [ours, await asLongAs(seconds, peer, folder, sizes)]
    const [ourRates, theirRates] = eventRates(pair, await race(pair, Math.min(sizes.rounds, 3)))
    rows.push(measured(name, 'x', ratios(ourRates!, theirRates!), target))
  }
  return rows
}

/** @returns ` 1.6` and its like, or nothing where a program does not tell */
function versionOf(program: string): string {
  const { stdout } = spawnSync(program, ['--version'], { encoding: 'utf8', timeout: 10_000 })
  const version = /\d+(\.\d+)+/.exec(stdout ?? '')?.[0]
  return version === undefined ? '' : ` ${version}`
}

function difference(one: Contender, other: Contender): Promise<Error | undefined> {
  return harness.assertSameOutput([one, other], 'parsed').then(
    () => undefined,
    (error: Error) => error,
  )
}

/** @returns the peer with as many events as it needs those seconds for, by what the sample takes, at most all */
async function asLongAs(
  seconds: number,
  peer: Contender,
  folder: string,
  { events, sampleEvents }: Sizes,
): Promise<Contender> {
  const sampleSeconds = await harness.runOnce(peer)
  const wanted = Number(((sampleEvents * seconds) / sampleSeconds).toPrecision(1))
  const count = Math.min(events, Math.max(1000, wanted))
  const input = join(folder, `nested-${peer.name}.jsonl`)
  await writeEvents(input, 'nested', count)
  return { ...peer, input, events: count }
}

async function startUp(rounds: number): Promise<Row> {
  const [ours, theirs] = await race(
    [
      { name: 'normalize', argv: normalizeArgv(RULES) },
      { name: 'node -e 0', argv: [process.execPath, '-e', '0'] },
    ],
    rounds,
  )
  return measured('start: time of an empty run against node -e 0', 'times', ratios(ours!, theirs!), {
    atMost: 3,
  })
}

/** How many rules, and for how many events they run in the shorter run; of so many generated code is compiled. */
const MANY_RULES = [
  { rules: 100, events: 50_000 },
  { rules: 1000, events: 5000 },
  { rules: 10_000, events: 800 },
] as const

/**
 * Rules of several kinds on events of 100 members; an event of 10,000 rules is read as fast as one of 100, so what is
 * compared is the time for one event, divided by the number of rules. It is that of the second half of a run of twice
 * as many events: the first half, and what a start costs, is subtracted.
 */
async function howRulesAddUp(
  folder: string,
  { quick, rounds = quick ? 2 : 3 }: BenchOptions,
): Promise<Row[]> {
  const sizes = MANY_RULES.map(({ rules, events }) => ({ rules, events: quick ? events / 5 : events }))
  const contenders = sizes.flatMap((size) => onceAndTwice(folder, size))
  const load = { name: 'load of 10,000 rules', argv: normalizeArgv(manyRulesFile(folder, 10_000)) }
  const times = await race([load, ...contenders], rounds)
  const perRule = sizes.map(({ rules, events }, index) => {
    const [once, twice] = times.slice(1 + 2 * index) as [readonly number[], readonly number[]]
    return twice.map((seconds, round) => ((seconds - once[round]!) / (rules * events)) * 1e9)
  })
  const few = perRule[0]!
  return [
    measured('load of 10,000 rules and 1,000 tables', 's', times[0]!, { atMost: 2 }),
    measured('one of 100 rules for one event', 'ns', few),
    ...sizes.slice(1).map(({ rules }, index) => {
      const what = `one of ${rules.toLocaleString('en')} rules for one event: times that of 100`
      return measured(what, 'times', ratios(perRule[index + 1]!, few), { atMost: 1 })
    }),
  ]
}

/** The same events as one file and as two. */
function onceAndTwice(folder: string, { rules, events }: { rules: number; events: number }): Contender[] {
  const file = manyRulesFile(folder, rules)
  const input = join(folder, `many-${rules}.jsonl`)
  writeFileSync(input, manyFieldsEvents(events))
  return [[input], [input, input]].map((inputs) => ({
    name: `${rules} rules, ${inputs.length} times the events`,
    argv: [...normalizeArgv(file), ...inputs],
  }))
}

function manyRulesFile(folder: string, rules: number): string {
  const file = join(folder, `${rules}.yaml`)
  writeFileSync(file, manyRules(rules, Math.min(rules, 1000)))
  return file
}

function eventRates(contenders: readonly Contender[], times: Times): number[][] {
  return contenders.map((contender, index) => throughputs(contender, times[index]!))
}

if (harness.isMain(import.meta.url)) await harness.runAsScript(run)
