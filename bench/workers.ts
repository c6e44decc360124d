/**
 * The gain of `normalize --workers 2` over one thread, and whether `auto` ever loses.
 *
 * Whole processes by the clock, side by side: the same events as one file, and ten times over, into the null device. The gain needs as many free
 * processors as threads: on a machine that does other work as well the figures say nothing. All sides write the same before they are timed.
 * Run: `node --import tsx bench/workers.ts`.
 *
 * Reading: two single processes at once reach 1.9x on two cores, so that is what they have to give. A second thread has a start of
 * its own, and its own machine code to make: short inputs do not outlast that, and `auto` stays on one thread for them. Figures are in
 * bench/README.md.
 */
import { availableParallelism } from 'node:os'
import { join } from 'node:path'
import { writeEvents } from './events.ts'
import type { BenchOptions, Contender, Row, Target } from './harness.ts'
import * as harness from './harness.ts'

const { BENCH, measured, normalizeArgv, race, ratios, skipped, throughputs } = harness

const WORKERS = 2
const REPEATED = 10

export async function run(options: BenchOptions): Promise<Row[]> {
  if (availableParallelism() < WORKERS) return [skipped('--workers 2 against 1', 'one processor')]
  harness.build()
  const events = options.events ?? (options.quick ? 20_000 : 400_000)
  const rounds = options.rounds ?? (options.quick ? 2 : 5)
  return harness.withFolder(async (folder) => {
    const file = join(folder, 'events.jsonl')
    await writeEvents(file, 'nested', events)
    return [
      ...(await compared([file], events, rounds, { atLeast: 1.5 })),
      ...(await compared(Array(REPEATED).fill(file), events * REPEATED, rounds, { atLeast: 1.8 })),
    ]
  })
}

/** All by the clock: processor time is what threads cost, and not what they gain. */
async function compared(
  files: readonly string[],
  events: number,
  rounds: number,
  target: Target,
): Promise<Row[]> {
  const contenders = ['1', `${WORKERS}`, 'auto'].map((workers): Contender => {
    const argv = [...normalizeArgv(join(BENCH, 'rules.yaml')), '--workers', workers, ...files]
    return { name: `--workers ${workers}`, argv, events }
  })
  await harness.assertSameHash(contenders)
  const times = await race(contenders, rounds)
  const [one, two, auto] = contenders.map((contender, index) => throughputs(contender, times[index]!))
  const what = `a run of ${events.toLocaleString('en')} events`
  return [
    measured(`--workers ${WORKERS} against 1, ${what}`, 'x', ratios(two!, one!), target),
    // Never slower, but for what two runs of the same command differ by.
    measured(`--workers auto against 1, ${what}`, 'x', ratios(auto!, one!), { atLeast: 0.97 }),
    measured(`normalize --workers ${WORKERS}, ${what}`, 'ev/s', two!),
  ]
}

if (harness.isMain(import.meta.url)) await harness.runAsScript(run)
