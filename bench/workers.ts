/**
 * The gain of `normalize --workers 2` over one thread, and the cost of the threads.
 *
 * Whole processes, side by side: the same events, read ten times over as files, into the null device. A worker takes
 * about 0.3 s until it runs at full speed (its own modules, rules and machine code), so a short input gains little:
 * the row of short runs shows that. The gain needs as many free processors as workers; the main thread takes about an
 * eighth of one. Both sides write the same before they are timed. Run: `node --import tsx bench/workers.ts`.
 *
 * 2026-11-22, Node 20.20, two cores, 2,000,000 events: 1.58x (1.14x to 1.61x), in another run 1.44x (1.41x to
 * 1.75x); 200,000 events: 1.08x.
 * Reading: two single processes at once reach 1.9x on the same machine, so that is what its cores have to give; what is
 * missing is the main thread's share, and the start of the workers, which short inputs do not outlast.
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
