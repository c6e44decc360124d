/**
 * Processes of `normalize kafka` while something fails: at least once nothing is lost, exactly once nothing comes twice either.
 *
 * A round goes on from one fault to the next, with the same topics, because starts are dear; each test writes further messages, and
 * looks at all of them. Some faults are tried with one kind of delivery; `KAFKA_FAULTS=all` tries all of them with both.
 */
import assert from 'node:assert/strict'
import process from 'node:process'
import { after, before, describe, it } from 'node:test'
import { FINISHED } from '../../../src/tracer/protocol.ts'
import { listen } from '../../tracer/loopback.ts'
import type { KafkaBroker } from './broker.ts'
import { FLAWLESS, NUMBERED_RULES, Reader, type Verdict } from './oracle.ts'
import { type Delivery, type Readers, Round } from './round.ts'
import { sharedBroker, whyNoKafka } from './shared-broker.ts'

describe('faults of Kafka', { skip: whyNoKafka(), timeout: 600_000 }, () => {
  let broker: KafkaBroker
  let readers: Readers

  before(async () => {
    broker = await sharedBroker()
    readers = { outputs: new Reader(broker, '.*[.]out'), errors: new Reader(broker, '.*[.]errors') }
  })

  after(() => {
    readers?.outputs.close()
    readers?.errors.close()
  })

  for (const delivery of ['at-least-once', 'exactly-once'] as const) {
    describe(delivery, () => {
      let round: Round

      before(async () => {
        round = new Round(broker, readers, delivery, { delivery })
        await round.createTopics()
      })

      after(() => round.end())

      it('outlives kill -9 of one of two processes', async () => {
        await round.write(3000)
        const [one] = await Promise.all([round.join('one'), round.join('two')])
        await round.more(500)
        await one.kill()
        hold(await round.verdict(), delivery)
      })

      it('outlives a process that stands still for longer than its session, and goes on', async () => {
        const one = await round.join('one')
        await round.write(3000)
        await round.more(500)
        one.child.kill('SIGSTOP')
        // The other one takes over, and does all of it.
        const verdict = await round.verdict()
        one.child.kill('SIGCONT')
        hold(verdict, delivery)
        await round.write(1000)
        hold(await round.verdict(), delivery)
      })

      it('outlives a broker that is killed and started again', async () => {
        await round.write(3000)
        await round.more(500)
        await broker.kill()
        await broker.start()
        hold(await round.verdict(), delivery)
      })

      it('takes partitions that are added', { skip: leftOut('exactly-once', delivery) }, async () => {
        await round.addPartitions(6)
        await round.write(1000)
        hold(await round.verdict(), delivery)
      })

      it('outlives processes that come and go', { skip: leftOut('exactly-once', delivery) }, async () => {
        for (const instance of ['three', 'four']) {
          const member = await round.join(instance)
          await round.write(1500)
          await round.more(300)
          if (instance === 'three') await member.stop()
          else await member.kill()
        }
        hold(await round.verdict(), delivery)
        await round.stop()
      })

      it('goes on behind messages that are poison', {
        skip: leftOut('at-least-once', delivery),
      }, async () => {
        const poisoned = new Round(broker, readers, `poison-${delivery}`, { delivery, partitions: 1 })
        await poisoned.createTopics()
        const long = (length: number) => Buffer.concat([Buffer.from('{"pad":"'), Buffer.alloc(length, 'x')])
        const end = (number: number) => Buffer.from(`","number":${number},"name":"A"}`)
        const values: readonly (Buffer | null)[] = [
          Buffer.from('{"number":0,"name":"A"}'),
          null,
          Buffer.concat([
            Buffer.from('{"number":2,"name":"'),
            Buffer.of(0xc3, 0x28, 0xff),
            Buffer.from('"}'),
          ]),
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
          const outputs = await readers.outputs.whole(poisoned.sink, poisoned.source)
          const errors = await readers.errors.whole(poisoned.rejects, poisoned.source)
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

      it('waits while a topic is gone, and goes on when it is there again', {
        skip: leftOut('at-least-once', delivery),
      }, async () => {
        const gone = new Round(broker, readers, `gone-${delivery}`, { delivery, partitions: 2 })
        await gone.createTopics()
        try {
          const one = await gone.join('one')
          await broker.deleteTopics(gone.sink)
          await gone.write(300)
          await one.until(({ stderr }) => /cannot write/.test(stderr))
          await broker.createTopics([gone.sink], 2)
          hold(await gone.verdict(), delivery)
          await one.until(({ stderr }) => /can write again/.test(stderr))
          await gone.stop()
        } finally {
          await gone.end()
        }
      })

      it('waits for a slow tracer', { skip: leftOut('at-least-once', delivery) }, async (t) => {
        const tracer = await listen(t, (peer) => {
          peer.onLine(() => setTimeout(() => peer.socket.write(`${FINISHED}\n`), 20))
        })
        const slow = new Round(broker, readers, `slow-${delivery}`, {
          delivery,
          partitions: 2,
          rules: `${NUMBERED_RULES}enrich:\n  url: [name]\n`,
          more: ['--tracer', `127.0.0.1:${tracer.address.port}`, '--tracer-window', '4'],
        })
        await slow.createTopics()
        await slow.write(600)
        try {
          const one = await slow.join('one')
          await slow.more(50)
          await one.kill()
          await slow.join('one')
          hold(await slow.verdict(), delivery)
          await slow.stop()
        } finally {
          await slow.end()
        }
      })
    })
  }
})

/** A fault that is tried with the one kind of delivery only, to save minutes. */
function leftOut(tried: Delivery, delivery: Delivery): string | false {
  if (tried === delivery || process.env.KAFKA_FAULTS === 'all') return false
  return `tried ${tried}; KAFKA_FAULTS=all tries it ${delivery}, too`
}

/** Holds the results against what is promised. */
function hold(verdict: Verdict, delivery: Delivery): void {
  const { duplicates } = verdict
  assert.deepEqual(verdict, delivery === 'exactly-once' ? FLAWLESS : { ...FLAWLESS, duplicates })
}
