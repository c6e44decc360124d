/**
 * How many events a second does `normalize kafka` take from a topic to a topic, what do two processes give, and what does
 * exactly-once cost?
 *
 * A real broker on this machine, one for all runs; a topic of four partitions is filled with nested events (580 bytes) beforehand. A run starts
 * one or two processes with the bench rules, a new group and new target topics (acks=all, no compression). It is timed from when the processes have
 * joined until the group has committed all offsets, which is asked ten times a second. The figures by processor time are those of
 * the processes alone, without the broker. Kinds of runs take turns. Memory is the most that a process had (VmHWM). Run:
 * `node --import tsx bench/kafka.ts`; needs Java 17 and Maven.
 *
 * 2026-11-29, Node 20.20, two cores that about thirty other processes shared, one reading each. 60,000 events: 18.0k events a second of processor time
 * (2.65k by the clock), exactly-once 1.16x by processor time, two processes 0.97x, 195 MB. `--quick`, 20,000 events: 15.4k (1.90k by the clock), 1.02x, 2.55x, 148 MB.
 * Reading: such runs are mostly the time until the code is compiled (250,000 events: about 40k events a second of processor time), and there was no second
 * core for the second process, whose ratio is a matter of what else ran. Where the time goes: src/io/kafka/README.md.
 *
 * The targets hold for a machine whose broker has processors of its own: where it shares two cores with the processes, as here, the rows by wall time say
 * how fast both together are.
 */
import assert from 'node:assert/strict'
import { readFileSync } from 'node:fs'
import { join } from 'node:path'
import process from 'node:process'
import { setTimeout as sleep } from 'node:timers/promises'
import { KafkaBroker } from '../test/io/kafka/broker.ts'
import { whyNoKafka } from '../test/io/kafka/installation.ts'
import { Member } from '../test/io/kafka/round.ts'
import { eventLines } from './events.ts'
import type { BenchOptions, Row } from './harness.ts'
import * as harness from './harness.ts'

const { BENCH, measured, ratios, skipped } = harness

const PARTITIONS = 4
const SOURCE = 'bench.in'

const ONE = { atLeast: 60_000 }
const EXACTLY = { atLeast: 0.85 }
const TWO = { atLeast: 1.6 }
const MEMORY = { atMost: 250 }

interface Run {
  readonly name: string
  readonly delivery: string
  readonly processes: number
}

const RUNS: readonly Run[] = [
  { name: 'one', delivery: 'at-least-once', processes: 1 },
  { name: 'exactly', delivery: 'exactly-once', processes: 1 },
  { name: 'two', delivery: 'at-least-once', processes: 2 },
]

/** Events a second, by wall time and by the processor time of the processes. */
interface Reading {
  readonly wall: number
  readonly processor: number
}

export async function run(options: BenchOptions): Promise<Row[]> {
  const why = whyNoKafka() ?? (process.platform === 'linux' ? undefined : 'processor times need Linux')
  if (why !== undefined) return [skipped('kafka, one process', why)]
  harness.build()
  const events = options.events ?? (options.quick ? 20_000 : 400_000)
  const rounds = options.rounds ?? (options.quick ? 1 : 3)
  const broker = await KafkaBroker.start({ isLong: true })
  const readings = new Map<string, Reading[]>(RUNS.map(({ name }) => [name, []]))
  let peakMb = 0
  try {
    await broker.createTopics([SOURCE], PARTITIONS)
    await fill(broker, events)
    // The first run warms up the broker, which is measured along.
    for (let round = options.quick ? 1 : 0; round <= rounds; round++) {
      for (const each of RUNS) {
        const { peak, ...reading } = await once(broker, each, `${each.name}-${round}`, events)
        if (round > 0) readings.get(each.name)!.push(reading)
        peakMb = Math.max(peakMb, peak)
      }
    }
  } finally {
    await broker.close()
  }
  const wall = (name: string): number[] => readings.get(name)!.map((reading) => reading.wall)
  const processor = (name: string): number[] => readings.get(name)!.map((reading) => reading.processor)
  return [
    measured('kafka, one process, at-least-once', 'ev/s', wall('one'), ONE, processor('one')),
    measured(
      'kafka, exactly-once against at-least-once',
      'x',
      ratios(wall('exactly'), wall('one')),
      EXACTLY,
      ratios(processor('exactly'), processor('one')),
    ),
    measured('kafka, two processes against one', 'x', ratios(wall('two'), wall('one')), TWO),
    measured('kafka, memory of a process at most', 'MB', [peakMb], MEMORY),
  ]
}

async function fill(broker: KafkaBroker, events: number): Promise<void> {
  let part: { partition: number; value: Buffer }[] = []
  let count = 0
  for (const line of eventLines(events)) {
    part.push({ partition: count++ % PARTITIONS, value: Buffer.from(line) })
    if (part.length < 4000) continue
    await broker.produce(SOURCE, part)
    part = []
  }
  await broker.produce(SOURCE, part)
}

async function once(
  broker: KafkaBroker,
  { delivery, processes }: Run,
  group: string,
  events: number,
): Promise<Reading & { peak: number }> {
  const topics = [`${group}.out`, `${group}.errors`]
  await broker.createTopics(topics, PARTITIONS)
  const members = Array.from(
    { length: processes },
    (_, index) =>
      new Member(`${group}-${index}`, [
        ...['--rules', join(BENCH, 'rules.yaml'), '--brokers', broker.address, '--group', group],
        ...['--from', SOURCE, '--to', topics[0]!, '--errors-to', topics[1]!],
        ...['--delivery', delivery, '--instance-id', `${group}-${index}`],
      ]),
  )
  try {
    await Promise.all(members.map((member) => member.until(({ stderr }) => stderr.includes('as a member'))))
    const started = performance.now()
    const before = members.map(processorSeconds)
    const ends = await broker.endOffsets(SOURCE)
    for (;;) {
      const offsets = await broker.committed(group, SOURCE)
      if (ends.every((end, partition) => offsets[partition]! >= end)) break
      assert.ok(
        members.every(({ isRunning }) => isRunning),
        members.map(({ stderr }) => stderr).join('\n'),
      )
      await sleep(100)
    }
    const seconds = (performance.now() - started) / 1000
    const used = members.map((member, index) => processorSeconds(member) - before[index]!)
    const peak = Math.max(...members.map((member) => member.peakMb))
    for (const member of members) await member.stop()
    return { wall: events / seconds, processor: events / used.reduce((sum, each) => sum + each, 0), peak }
  } finally {
    for (const member of members) await member.kill()
    await broker.deleteTopics(...topics)
  }
}

/** Processor time of a process so far, as Linux tells it. */
function processorSeconds({ child }: Member): number {
  const stat = readFileSync(`/proc/${child.pid}/stat`, 'latin1')
  const fields = stat.slice(stat.lastIndexOf(')') + 2).split(' ')
  return (Number(fields[11]) + Number(fields[12])) / 100
}

if (harness.isMain(import.meta.url)) await harness.runAsScript(run)
