/**
 * Processes of `normalize kafka` while something fails: at least once nothing is lost, exactly once nothing comes twice either.
 *
 * Both kinds of delivery go from one fault to the next side by side, each with the same topics throughout, because starts are dear; each test writes
 * further messages, and looks at all of them. Some faults are tried with one kind of delivery; `KAFKA_FAULTS=all` tries all of them with both.
 * Every process that ends in order has to have counted each message once, as written, rejected, dropped or empty.
 */
import assert from 'node:assert/strict'
import process from 'node:process'
import { after, before, describe, it } from 'node:test'
import { isDeepStrictEqual } from 'node:util'
import { FINISHED } from '../../../src/tracer/protocol.ts'
import { listen } from '../../tracer/loopback.ts'
import type { KafkaBroker } from './broker.ts'
import { FLAWLESS, NUMBERED_RULES, type Reader, type Verdict } from './oracle.ts'
import { type Delivery, Round } from './round.ts'
import { sharedBroker, sharedReader, whyNoKafka } from './shared-broker.ts'

const DELIVERIES: readonly Delivery[] = ['at-least-once', 'exactly-once']

/** Bytes of memory of a process are below this, whatever fails. */
const MOST_MB = 250

describe('normalize kafka outlives', { skip: whyNoKafka(), timeout: 600_000 }, () => {
  let broker: KafkaBroker
  let reader: Reader
  let rounds: readonly Round[] = []

  before(async () => {
    broker = await sharedBroker()
    reader = await sharedReader()
    rounds = DELIVERIES.map((delivery) => new Round(broker, reader, delivery, { delivery }))
    await Promise.all(rounds.map((round) => round.createTopics()))
  })

  after(() => Promise.all(rounds.map((round) => round.end())))

  /** Does something with all kinds of delivery at once. */
  async function all(work: (round: Round) => Promise<unknown>, which = rounds): Promise<void> {
    const done = await Promise.allSettled(which.map(work))
    const failed = done.find(({ status }) => status === 'rejected') as PromiseRejectedResult | undefined
    if (failed !== undefined) throw failed.reason
  }

  it('a process that stands still for longer than its session, and goes on', async () => {
    await all(async (round) => {
      const [one] = await Promise.all([round.join('one'), round.join('two')])
      await round.write(2000)
      await round.more(500)
      one.child.kill('SIGSTOP')
      // The other one takes over, and does all of it.
      const verdict = await round.verdict()
      one.child.kill('SIGCONT')
      check(verdict, round)
      await round.write(1000)
      await hold(round)
    })
  })

  it('kill -9 of one of two processes', async () => {
    await all(async (round) => {
      await round.write(2000)
      await round.more(500)
      await round.members[0]!.kill()
      await hold(round)
    })
  })

  it('a broker that is killed and started again', async () => {
    await all(async (round) => {
      await round.write(3000)
      await round.more(500)
    })
    await broker.kill()
    await broker.start()
    await all(hold)
  })

  it('partitions that are added', async () => {
    await all(async (round) => {
      await round.addPartitions(6)
      await round.write(1000)
      await hold(round)
    })
  })

  it('processes that come and go', async () => {
    await all(
      async (round) => {
        const three = await round.join('three')
        await round.write(1500)
        // One that has not joined yet is killed, one is stopped, and its name comes back.
        const four = round.start('four')
        await round.more(300)
        await Promise.all([three.stop(), four.kill()])
        const again = await round.join('three')
        await round.write(500)
        await round.more(100)
        await again.kill()
        await hold(round)
      },
      rounds.filter(({ delivery }) => isTried('exactly-once', delivery)),
    )
    await all((round) => round.stop())
  })

  for (const delivery of DELIVERIES) {
    const skip = isTried('at-least-once', delivery)
      ? false
      : `tried at-least-once; KAFKA_FAULTS=all tries it ${delivery}, too`

    it(`messages that are poison, ${delivery}`, { skip }, async () => {
      const poisoned = new Round(broker, reader, `poison-${delivery}`, { delivery, partitions: 1 })
      await poisoned.createTopics()
      const long = (length: number) => Buffer.concat([Buffer.from('{"pad":"'), Buffer.alloc(length, 'x')])
      const end = (number: number) => Buffer.from(`","number":${number},"name":"A"}`)
      const values: readonly (Buffer | null)[] = [
        Buffer.from('{"number":0,"name":"A"}'),
        null,
        Buffer.concat([Buffer.from('{"number":2,"name":"'), Buffer.of(0xc3, 0x28, 0xff), Buffer.from('"}')]),
        // Longer than an event may be, and as long as it may be.
        Buffer.concat([long(16 * 1024 * 1024), end(3)]),
        Buffer.concat([long(15 * 1024 * 1024), end(4)]),
        Buffer.from('\n\r\n \n'),
        Buffer.alloc(100, 0),
        Buffer.from('['.repeat(100_000)),
        Buffer.from('{"__proto__":{"number":1},"number":8,"name":"B"}'),
        Buffer.alloc(0),
      ]
      for (const [number, value] of values.entries())
        await broker.produce(poisoned.source, [{ partition: 0, key: Buffer.from(`${number}`), value }])
      try {
        await poisoned.join('one')
        await broker.untilCommitted(poisoned.name, poisoned.source)
        const outputs = await reader.whole(poisoned.sink, poisoned.source)
        const errors = await reader.whole(poisoned.rejects, poisoned.source)
        assert.deepEqual(
          outputs.map(({ key, value }) => [key, value]),
          [
            ['0', '{"number":0,"name":"a"}'],
            ['4', '{"number":4,"name":"a"}'],
            ['8', '{"number":8,"name":"b"}'],
          ],
        )
        assert.deepEqual(
          errors.map(({ key }) => key),
          ['2', '3', '6', '7'],
        )
        await poisoned.stop()
        assert.match(poisoned.story, /10 messages, 3 written, 4 rejected, 0 dropped, 3 empty/)
      } finally {
        await poisoned.end()
      }
    })

    it(`a broker that takes little, and a tracer that is slow, ${delivery}`, { skip }, async (t) => {
      const tracer = await listen(t, (peer) => {
        peer.onLine(() => setTimeout(() => peer.socket.write(`${FINISHED}\n`), 20))
      })
      const slow = new Round(broker, reader, `slow-${delivery}`, {
        delivery,
        partitions: 2,
        rules: `${NUMBERED_RULES}enrich:\n  url: [name]\n`,
        more: [
          ...['--client-id', 'slow', '--tracer', `127.0.0.1:${tracer.address.port}`, '--tracer-window', '4'],
        ],
      })
      await slow.createTopics()
      await slow.write(800)
      // A tenth of what is to be written in a second: what is read meanwhile waits.
      await broker.limitWrites('slow', 10_000)
      try {
        const one = await slow.join('one')
        await slow.more(50)
        assert.ok(one.peakMb < MOST_MB, `${one.peakMb} MB`)
        await one.kill()
        await slow.join('one')
        await hold(slow)
        await slow.stop()
      } finally {
        await broker.limitWrites('slow', undefined)
        await slow.end()
      }
    })
  }
})

/** Some faults are tried with one kind of delivery only, to save minutes. */
function isTried(tried: Delivery, delivery: Delivery): boolean {
  return tried === delivery || process.env.KAFKA_FAULTS === 'all'
}

/** Holds all results of a round against what is promised, when all messages are dealt with. */
async function hold(round: Round): Promise<void> {
  check(await round.verdict(), round)
}

function check(verdict: Verdict, round: Round): void {
  const { delivery } = round
  const { duplicates } = verdict
  const promised = delivery === 'exactly-once' ? FLAWLESS : { ...FLAWLESS, duplicates }
  const story = isDeepStrictEqual(verdict, promised) ? '' : round.story
  assert.deepEqual({ delivery, ...verdict, story }, { delivery, ...promised, story: '' })
}
