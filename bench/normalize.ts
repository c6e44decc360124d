/**
 * The speed of `normalize`, as a whole process from stdin to stdout, against programs that one would use in its place;
 * its start, and the cost of many rules.
 *
 * The bare loop (bench/reference/) is a program written by hand for the one mapping; jq and the other peers run
 * equivalent programs and are passed over where they are not installed. All write the same before they are timed. A
 * slow peer gets as many events as it takes about as long for as normalize for all of them: throughputs are compared.
 * A Zeek DNS log (`--zeek FILE` or SLUICE_BENCH_ZEEK=FILE, also gzipped) is repeated to as many events as the others.
 * The cost of a rule is the difference of a run of N events and one of 2N, so that what comes once (the load, the
 * compilation of generated code) is no part of it. Run: `node --import tsx bench/normalize.ts`.
 *
 * 2026-11-29, Node 20.20, 2 cores shared with other work, by processor time:
 *
 *   against the bare loop     nested 5.4x (5.2 to 6.7)   flat 3.4x (3.3 to 3.7)   Zeek 6.3x
 *   against the orjson loop   nested 3.9x   flat 3.4x   20,000 events 1.2x
 *   against                   VRL 10x   jq 1.6 51x   gojq 0.12 29x
 *   --no-fast-path            nested 1.8x, flat 1.1x the bare loop
 *   start                     2.15 times that of node -e 0
 *   10,000 rules              loaded in 2.0 s
 *
 * Reading: flat events have little that can be skipped, so the fast path gains least there. A short run is mostly the start. The
 * misses, with profiles, are in bench/README.md.
 */
import { spawnSync } from 'node:child_process'
import { createReadStream, createWriteStream, existsSync, readFileSync, writeFileSync } from 'node:fs'
import { tmpdir } from 'node:os'
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
  readonly isQuick: boolean
}

export async function run(options: BenchOptions): Promise<Row[]> {
  harness.build()
  const events = options.events ?? (options.quick ? 20_000 : 400_000)
  const sizes = {
    events,
    sampleEvents: Math.ceil(events / 20),
    rounds: options.rounds ?? (options.quick ? 3 : 7),
    isQuick: options.quick ?? false,
  }
  return harness.withFolder(async (folder) => [
    ...(await againstLoops(folder, sizes)),
    ...(await onShortRuns(folder, sizes)),
    ...(await onZeekLog(folder, sizes, options.zeek)),
    ...(await againstPeers(folder, sizes)),
    await startUp(options.quick ? 5 : 15),
    ...(await howRulesAddUp(folder, options)),
  ])
}

/** Older versions of Node compile the loop's `JSON.parse` and `JSON.stringify` less well. */
const IS_NODE_20 = Number(process.versions.node.split('.')[0]) < 22

interface Wanted {
  readonly loop: Target
  readonly python?: Target
  /** Of the plain way, against the bare loop. */
  readonly plain?: Target
}

/** By the kind of events: how many times the throughput of the bare loop, and of the one in Python, is wanted. */
const WANTED: Readonly<Record<EventKind, Wanted>> = {
  nested: { loop: { atLeast: IS_NODE_20 ? 5 : 4.5 }, python: { atLeast: 3 }, plain: { atLeast: 1.2 } },
  flat: { loop: { atLeast: IS_NODE_20 ? 4 : 3.3 }, python: { atLeast: 3 }, plain: { atLeast: 1.2 } },
  'nested-unique': { loop: { atLeast: 4 } },
  'flat-unique': { loop: { atLeast: 3 } },
}
const KINDS = Object.keys(WANTED) as EventKind[]

async function againstLoops(folder: string, { events, rounds }: Sizes): Promise<Row[]> {
  const rows: Row[] = []
  for (const kind of KINDS) {
    const input = join(folder, `${kind}.jsonl`)
    await writeEvents(input, kind, events)
    rows.push(
      ...(await raceLoops(
        kind,
        `${kind.replace('-unique', '')} events${kind.endsWith('-unique') ? ' that hardly repeat' : ''}`,
        input,
        events,
        rounds,
      )),
    )
  }
  return rows
}

async function raceLoops(
  kind: EventKind,
  what: string,
  input: string,
  events: number,
  rounds: number,
  wanted = WANTED[kind],
): Promise<Row[]> {
  const isFlat = kind.startsWith('flat')
  const suffix = isFlat ? '-flat' : ''
  const rules = isFlat ? FLAT_RULES : RULES
  const contenders: Contender[] = [
    { name: 'normalize', argv: normalizeArgv(rules), input, events },
    {
      name: 'the bare loop',
      argv: [process.execPath, join(REFERENCE, `bare-loop${suffix}.js`)],
      input,
      events,
    },
    {
      name: 'normalize --no-fast-path',
      argv: normalizeArgv(rules, undefined, '--no-fast-path'),
      input,
      events,
    },
  ]
  const python = pythonWithOrjson()
  if (python !== undefined)
    contenders.push({
      name: 'the orjson loop',
      argv: [python, join(REFERENCE, `orjson-loop${suffix}.py`)],
      input,
      events,
    })
  // Of the flat events, normalize copies `2230.0` as it stands, and the bare loop writes `2230`.
  await harness.assertSameOutput(contenders, isFlat ? 'parsed' : 'bytes')
  const times = await race(contenders, rounds)
  const { loop, python: pythonTarget, plain = {} } = wanted
  const compare = (one: number, other: number, target: Target) =>
    measured(
      `${contenders[one]!.name}, ${what}, against ${contenders[other]!.name}`,
      'x',
      ratios(times[other]!, times[one]!),
      target,
      times.processor && ratios(times.processor[other]!, times.processor[one]!),
    )
  const rows = [compare(0, 1, loop), compare(2, 1, plain)]
  if (python !== undefined) rows.push(compare(0, 3, pythonTarget ?? {}))
  else
    rows.push(skipped(`normalize, ${what}, against the orjson loop`, 'no Python with orjson', pythonTarget))
  return [...rows, ...contenders.map((contender, index) => perEvent(contender, what, times, index))]
}

function perEvent({ name, events = 1 }: Contender, what: string, times: Times, index: number): Row {
  const micros = (seconds: readonly number[]) => seconds.map((each) => (each / events) * 1e6)
  const processor = times.processor && micros(times.processor[index]!)
  return measured(`${name}, ${what}: time of one`, 'us', micros(times[index]!), {}, processor)
}

/** @returns a Python that has orjson: the one of SLUICE_BENCH_PYTHON, or of PATH */
function pythonWithOrjson(): string | undefined {
  const named = process.env.SLUICE_BENCH_PYTHON
  return [named, harness.findProgram('python3', 'python')].find(
    (python) => python !== undefined && spawnSync(python, ['-c', 'import orjson']).status === 0,
  )
}

const SHORT_RUN = 20_000

/** The start and the warming up of the code are most of such a run. */
async function onShortRuns(folder: string, { rounds }: Sizes): Promise<Row[]> {
  const rows: Row[] = []
  for (const kind of ['nested', 'flat'] as const) {
    const input = join(folder, `${kind}-short.jsonl`)
    await writeEvents(input, kind, SHORT_RUN)
    const what = `${SHORT_RUN.toLocaleString('en')} ${kind} events`
    rows.push(
      ...(await raceLoops(kind, what, input, SHORT_RUN, rounds, { loop: {}, python: { atLeast: 1 } })),
    )
  }
  return rows
}

/** Real events, which the flat ones are made after. */
async function onZeekLog(folder: string, { events, rounds }: Sizes, log: string | undefined): Promise<Row[]> {
  const what = 'Zeek DNS log'
  if (log === undefined || !existsSync(log)) {
    const why = log === undefined ? 'no file named' : 'no such file'
    return [skipped(`normalize, ${what}, against the bare loop`, why, WANTED.flat.loop)]
  }
  const input = join(folder, 'zeek.jsonl')
  const written = await repeatLines(log, join(folder, 'zeek-once.jsonl'), input, events)
  return raceLoops('flat', what, input, written, rounds)
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
  /** Its program, where it is built for the bench. Default: the first of its names that PATH knows. */
  readonly find?: (isQuick: boolean) => string | undefined
  readonly args: readonly string[]
  readonly target?: Target
}

/** Started in bench/reference. */
const PEERS: readonly Peer[] = [
  { names: ['jq'], args: ['-c', '-f', 'rules.jq'], target: { atLeast: 20 } },
  { names: ['gojq'], args: ['-c', '-f', 'rules.jq'] },
  { names: ['mlr'], args: ['--ijsonl', '--ojsonl', 'put', '-f', 'rules.mlr'] },
  { names: ['jaq'], args: ['-c', '-f', 'rules.jq'] },
  { names: ['redpanda-connect', 'benthos'], args: ['run', 'benthos.yaml'] },
  { names: ['the VRL engine'], find: buildVrlLoop, args: ['rules.vrl'], target: { atLeast: 5 } },
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
  for (const { names, find = () => harness.findProgram(...names), args, target } of PEERS) {
    const program = find(sizes.isQuick)
    const what = `normalize against ${names[0]}`
    if (program === undefined) {
      rows.push(skipped(what, 'not installed', target))
      continue
    }
    const version = versionOf(program)
    const name = `${what}${version}`
    const peer: Contender = {
      name: `${names[0]}${version}`,
      argv: [program, ...args],
      cwd: REFERENCE,
      input: sample,
    }
    const different = await difference({ ...ours, input: sample }, peer)
    if (different !== undefined) {
      // Another version of the peer, most likely.
      process.stderr.write(`${different.message}\n`)
      rows.push(skipped(name, 'its output differs', target))
      continue
    }
    const pair = [ours, await asLongAs(seconds, peer, folder, sizes)]
    const times = await race(pair, Math.min(sizes.rounds, 3))
    const [ourRates, theirRates] = eventRates(pair, times)
    const byProcessor = times.processor && eventRates(pair, times.processor)
    rows.push(
      measured(
        name,
        'x',
        ratios(ourRates!, theirRates!),
        target,
        byProcessor && ratios(byProcessor[0]!, byProcessor[1]!),
      ),
      perEvent(pair[1]!, 'nested events', times, 1),
    )
  }
  return rows
}

/** @returns the engine of VRL with a main of ours, where cargo can build it; it is kept in the system's temporary folder */
function buildVrlLoop(isQuick: boolean): string | undefined {
  const cargo = harness.findProgram('cargo')
  if (cargo === undefined) return undefined
  const target = join(tmpdir(), 'sluice-bench-vrl')
  const program = join(target, 'release', 'vrl-loop')
  // It takes minutes.
  if (isQuick) return existsSync(program) ? program : undefined
  const { status } = spawnSync(cargo, ['build', '--release', '--quiet', '--target-dir', target], {
    cwd: join(REFERENCE, 'vrl-loop'),
    stdio: ['ignore', 'ignore', 'inherit'],
  })
  return status === 0 ? program : undefined
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
  const input = join(folder, `nested-${peer.name.replaceAll(' ', '-')}.jsonl`)
  await writeEvents(input, 'nested', count)
  return { ...peer, input, events: count }
}

async function startUp(rounds: number): Promise<Row> {
  const times = await race(
    [
      { name: 'normalize', argv: normalizeArgv(RULES) },
      { name: 'node -e 0', argv: [process.execPath, '-e', '0'] },
    ],
    rounds,
  )
  const { processor } = times
  return measured(
    'start: time of an empty run against node -e 0',
    'times',
    ratios(times[0]!, times[1]!),
    { atMost: IS_NODE_20 ? 2 : 3 },
    processor && ratios(processor[0]!, processor[1]!),
  )
}

/** Numbers of rules, and of the events of the shorter run; of so many generated code is compiled. */
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
  const perRule = (all: readonly (readonly number[])[]) =>
    sizes.map(({ rules, events }, index) => {
      const [once, twice] = all.slice(1 + 2 * index) as [readonly number[], readonly number[]]
      return twice.map((seconds, round) => ((seconds - once[round]!) / (rules * events)) * 1e9)
    })
  const byClock = perRule(times)
  const byProcessor = times.processor && perRule(times.processor)
  return [
    measured('load of 10,000 rules and 1,000 tables', 's', times[0]!, { atMost: 2 }, times.processor?.[0]),
    measured('one of 100 rules for one event', 'ns', byClock[0]!, {}, byProcessor?.[0]),
    ...sizes.slice(1).map(({ rules }, index) => {
      const what = `one of ${rules.toLocaleString('en')} rules for one event: times that of 100`
      const [few, many] = [byClock[0]!, byClock[index + 1]!]
      const processor = byProcessor && ratios(byProcessor[index + 1]!, byProcessor[0]!)
      return measured(what, 'times', ratios(many, few), { atMost: 2 }, processor)
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
