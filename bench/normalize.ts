/**
 * How fast is `normalize`, as a whole process from stdin to stdout, against what one would use in its place? How long
 * does it take to start, and what do many rules cost?
 *
 * The bare loop (bench/reference/) is a program written by hand for the one mapping; jq and the other peers run
 * equivalent programs and are passed over where they are not installed. All write the same before they are timed. A
 * slow peer gets fewer events: throughputs are compared. Run: `node --import tsx bench/normalize.ts`.
 *
 * 2026-11-22, Node 20.20, 200,000 events, 2 cores shared with much other work (load 8: trust the ratios, and those no
 * further than their spread):
 *
 *   against the bare loop   nested 1.6x (0.9 to 2.0)   flat 1.3x (0.6 to 1.7)
 *   against                 jq 1.6 13x    gojq 0.12 9x    Miller 6.6 19x
 *   start                   3.5 times that of node -e 0
 *   10,000 rules            loaded in 2.3 s; one of them costs 6 times what one of 100 costs
 *
 * Reading: the fast path passes what one would write by hand. CPU time, which other work disturbs less, says 1.5x for
 * nested and 1.1x for flat events. Files of more than 250 rules go the plain way, which is what makes a rule of theirs
 * dearer; among themselves, 1,000 and 10,000, they cost the same. The start is the loading of some 120 modules.
 */
import { writeFileSync } from 'node:fs'
import { join } from 'node:path'
import { writeEvents } from './events.ts'
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
  /** For peers that are far slower. */
  readonly fewerEvents: number
  readonly rounds: number
}

export async function run(options: BenchOptions): Promise<Row[]> {
  harness.build()
  const events = options.events ?? (options.quick ? 20_000 : 200_000)
  const sizes = {
    events,
    fewerEvents: Math.ceil(events / 10),
    rounds: options.rounds ?? (options.quick ? 3 : 7),
  }
  return harness.withFolder(async (folder) => [
    ...(await againstBareLoop(folder, sizes)),
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
    const rules = kind === 'flat' ? FLAT_RULES : RULES
    const loop = join(REFERENCE, kind === 'flat' ? 'bare-loop-flat.js' : 'bare-loop.js')
    const pair: Contender[] = [
      { name: 'normalize', argv: normalizeArgv(rules), input, events },
      { name: 'the bare loop', argv: [process.execPath, loop], input, events },
    ]
    // Of the flat events, normalize copies `2230.0` as it stands, and the bare loop writes `2230`.
    await harness.assertSameOutput(pair, kind === 'flat' ? 'parsed' : 'bytes')
    const [ours, theirs] = eventRates(pair, await race(pair, rounds))
    const target: Target = { atLeast: 2, first: 0.9 }
    rows.push(
      measured(`normalize, ${kind} events, against the bare loop`, 'x', ratios(ours!, theirs!), target),
      measured(`normalize, ${kind} events`, 'ev/s', ours!),
      measured(`the bare loop, ${kind} events`, 'ev/s', theirs!),
    )
  }
  return rows
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
  const input = join(folder, 'nested.jsonl')
  const sample = join(folder, 'nested-sample.jsonl')
  await writeEvents(sample, 'nested', sizes.fewerEvents)
  const argv = normalizeArgv(RULES)
  for (const { names, args, target } of PEERS) {
    const what = `normalize against ${names[0]}`
    const program = harness.findProgram(...names)
    if (program === undefined) {
      rows.push(skipped(what, 'not installed', target))
      continue
    }
    const peer: Contender = {
      name: names[0]!,
      argv: [program, ...args],
      cwd: REFERENCE,
      input: sample,
      events: sizes.fewerEvents,
    }
    const different = await harness
      .assertSameOutput([{ name: 'normalize', argv, input: sample }, peer], 'parsed')
      .then(
        () => undefined,
        (error: Error) => error,
      )
    if (different !== undefined) {
      // Another version of the peer, most likely.
      process.stderr.write(`${different.message}\n`)
      rows.push(skipped(what, 'its output differs', target))
      continue
    }
    const pair = [{ name: 'normalize', argv, input, events: sizes.events }, peer]
    const [ours, theirs] = eventRates(pair, await race(pair, Math.min(sizes.rounds, 3)))
    rows.push(measured(what, 'x', ratios(ours!, theirs!), target))
  }
  return rows
}

async function startUp(rounds: number): Promise<Row> {
  const [ours, theirs] = await race(
    [
      { name: 'normalize', argv: normalizeArgv(RULES) },
      { name: 'node -e 0', argv: [process.execPath, '-e', '0'] },
    ],
    rounds,
  )
  return measured('start: time of an empty run against node -e 0', 'x', ratios(ours!, theirs!), { atMost: 3 })
}

/**
 * Rules of several kinds on events of 100 members; an event of 10,000 rules is read as fast as one of 100, so what is
 * compared is the time for one event without that for loading, divided by the number of rules.
 */
async function howRulesAddUp(
  folder: string,
  { quick, rounds = quick ? 2 : 3 }: BenchOptions,
): Promise<Row[]> {
  const evaluations = quick ? 1_000_000 : 10_000_000
  const contenders: Contender[] = []
  for (const rules of [100, 1000, 10_000]) {
    const file = join(folder, `${rules}.yaml`)
    writeFileSync(file, manyRules(rules, Math.min(rules, 1000)))
    const events = evaluations / rules
    const input = join(folder, `many-${rules}.jsonl`)
    writeFileSync(input, manyFieldsEvents(events))
    const argv = normalizeArgv(file)
    contenders.push({ name: `load of ${rules} rules`, argv }, { name: `${rules} rules`, argv, input, events })
  }
  const times = await race(contenders, rounds)
  const perRule = (index: number): number[] =>
    times[index + 1]!.map((seconds, round) => ((seconds - times[index]![round]!) / evaluations) * 1e9)
  const few = perRule(0)
  return [
    measured('load of 10,000 rules and 1,000 tables', 's', times[4]!, { atMost: 2 }),
    measured('one of 100 rules for one event', 'ns', few),
    ...[1000, 10_000].map((rules, index) => {
      const what = `one of ${rules.toLocaleString('en')} rules for one event: times that of 100`
      return measured(what, 'times', ratios(perRule(2 * index + 2), few), { atMost: 1 })
    }),
  ]
}

function eventRates(contenders: readonly Contender[], times: Times): number[][] {
  return contenders.map((contender, index) => throughputs(contender, times[index]!))
}

if (harness.isMain(import.meta.url)) await harness.runAsScript(run)
