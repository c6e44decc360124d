/**
 * Does `normalize kafka` keep its promises under random faults for long, and in how much memory?
 *
 * Rounds follow one another until the time is up, at-least-once and exactly-once in turn. In each, two processes work on numbered messages
 * that go on coming, while faults drawn at random befall them: `kill -9`, SIGSTOP for longer than the session, an orderly restart, further
 * processes that come and go, a minute of nothing else, partitions that are added, the broker killed and started again. At the end the topics are read with
 * `read_committed` by Kafka's own console consumer, and held against the messages, as multisets and in order by partition.
 *
 * A line for each round: what befell it, messages, lost, duplicates, other faults, the most memory that a process had (VmHWM). It ends with 1 when a
 * promise was broken: something lost, another fault, a duplicate of exactly-once, more than 250 MB. The seed of a round makes the same faults again,
 * though not at the same moments.
 *
 *     node --import tsx bench/kafka-faults.ts [MINUTES] [SEED]      60 minutes by default; needs Java 17 and Maven
 */
import process from 'node:process'
import { setTimeout as sleep } from 'node:timers/promises'
import { KafkaBroker } from '../test/io/kafka/broker.ts'
import { whyNoKafka } from '../test/io/kafka/installation.ts'
import { Reader, type Verdict } from '../test/io/kafka/oracle.ts'
import { type Member, Round } from '../test/io/kafka/round.ts'
import { randomNumbers } from './events.ts'
import { build } from './harness.ts'

const SESSION_MS = 3000
const MOST_MB = 250
const FAULTS_OF_A_ROUND = 4
const STORM_MS = 60_000
const MESSAGES_AT_ONCE = 1500

type Random = () => number

/** Faults by their names; each returns when it is over. */
const FAULTS: Readonly<Record<string, (round: Round, broker: KafkaBroker, random: Random) => Promise<void>>> =
  {
    async 'kill -9'(round, _broker, random) {
      const member = runningOne(round, random)
      await member.kill()
      await sleep(random() * SESSION_MS)
      await round.join(member.instance)
    },
    async 'stop and go on'(round, _broker, random) {
      const { child } = runningOne(round, random)
      child.kill('SIGSTOP')
      await sleep(SESSION_MS * (1 + random()))
      child.kill('SIGCONT')
    },
    async restart(round, _broker, random) {
      const member = runningOne(round, random)
      await member.stop()
      await round.join(member.instance)
    },
    async 'come and go'(round, _broker, random) {
      for (let index = 0; index < 3; index++) {
        const member = round.start(`guest-${index}`)
        await sleep(random() * 4000)
        // Some have not even joined.
        if (random() < 0.5) await member.kill()
        else await member.stop()
      }
    },
    async 'rebalance storm'(round, _broker, random) {
      const until = performance.now() + STORM_MS
      for (let index = 0; performance.now() < until; index++) {
        const member = round.start(`storm-${index % 4}`)
        await round.write(100)
        await sleep(random() * 3000)
        if (random() < 0.5) await member.kill()
        else await member.stop()
      }
    },
    async 'add partitions'(round) {
      if (round.partitions < 12) await round.addPartitions(round.partitions + 1)
    },
    async 'kill broker'(_round, broker, random) {
      await broker.kill()
      await sleep(random() * 3000)
      await broker.start()
    },
  }

function runningOne({ members }: Round, random: Random): Member {
  const running = members.filter(({ isRunning }) => isRunning)
  return running[Math.floor(random() * running.length)]!
}

interface Outcome {
  readonly befell: readonly string[]
  readonly messages: number
  readonly verdict: Verdict
  readonly peakMb: number
}

async function play(round: Round, broker: KafkaBroker, random: Random): Promise<Outcome> {
  const names = Object.keys(FAULTS)
  const befell: string[] = []
  let peakMb = 0
  const watch = setInterval(() => {
    for (const member of round.members) peakMb = Math.max(peakMb, member.peakMb)
  }, 200)
  try {
    await round.createTopics()
    await round.write(MESSAGES_AT_ONCE)
    await Promise.all([round.join('one'), round.join('two')])
    for (let index = 0; index < FAULTS_OF_A_ROUND; index++) {
      await round.write(MESSAGES_AT_ONCE)
      await sleep(random() * 1000)
      const name = names[Math.floor(random() * names.length)]!
      befell.push(name)
      await FAULTS[name]!(round, broker, random)
    }
    await round.write(MESSAGES_AT_ONCE)
    const verdict = await round.verdict()
    await round.stop()
    return { befell, messages: round.messages.length, verdict, peakMb }
  } catch (error) {
    throw new Error(`after ${befell.join(', ')}:\n${round.story}`, { cause: error })
  } finally {
    clearInterval(watch)
    await round.end()
  }
}

async function main([minutes = '60', first = String(Date.now() % 1e6)]: readonly string[]): Promise<void> {
  const why = whyNoKafka()
  if (why !== undefined) throw new Error(why)
  build()
  const until = performance.now() + Number(minutes) * 60_000
  const broker = await KafkaBroker.start({ isLong: true })
  const reader = new Reader(broker)
  const total = { rounds: 0, messages: 0, lost: 0, duplicates: 0, twice: 0, faults: 0, peakMb: 0 }
  try {
    for (let seed = Number(first); performance.now() < until; seed++) {
      const delivery = seed % 2 === 0 ? 'at-least-once' : 'exactly-once'
      const round = new Round(broker, reader, `round-${seed}`, { delivery })
      const { befell, messages, verdict, peakMb } = await play(round, broker, randomNumbers(seed))
      await round.remove()
      const { lost, duplicates, faults, missing } = verdict
      total.rounds++
      total.messages += messages
      total.lost += lost
      total.faults += faults.length
      if (delivery === 'exactly-once') total.twice += duplicates
      else total.duplicates += duplicates
      total.peakMb = Math.max(total.peakMb, peakMb)
      console.log(
        `seed ${seed}, ${delivery}: ${befell.join(', ')}: ${messages} messages, ${lost} lost, ${duplicates} duplicates, ` +
          `${faults.length} other faults, ${peakMb.toFixed(0)} MB`,
      )
      for (const text of [...faults, ...(lost > 0 ? [`lost: ${missing.join(', ')}`] : [])])
        console.log(`  ${text}`)
    }
  } finally {
    reader.close()
    await broker.close()
  }
  console.log(
    `${total.rounds} rounds, ${total.messages} messages: ${total.lost} lost; duplicates: ${total.duplicates} at least once, ` +
      `${total.twice} exactly once; ${total.faults} other faults; ${total.peakMb.toFixed(0)} MB at most`,
  )
  const isBroken = total.lost + total.twice + total.faults > 0 || total.peakMb > MOST_MB
  process.exitCode = isBroken ? 1 : 0
}

await main(process.argv.slice(2))
