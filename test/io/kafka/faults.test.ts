/**
 * Processes of `normalize kafka` while something fails: at least once nothing is lost, exactly once nothing comes twice either.
 *
 * A round goes on from one fault to the next, with the same topics, because starts are dear; each test writes further messages, and
 * looks at all of them.
 */
import assert from 'node:assert/strict'
import { after, before, describe, it } from 'node:test'
import type { KafkaBroker } from './broker.ts'
import { FLAWLESS, Reader, type Verdict } from './oracle.ts'
import { type Delivery, type Readers, Round } from './round.ts'
import { sharedBroker, whyNoKafka } from './shared-broker.ts'

describe('faults of Kafka', { skip: whyNoKafka(), timeout: 400_000 }, () => {
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
        await round.write(6000)
        const [one] = await Promise.all([round.join('one'), round.join('two')])
        await round.more(500)
        await one.kill()
        hold(await round.verdict(), delivery)
      })

      it('outlives a process that stands still for longer than its session, and goes on', async () => {
        const one = await round.join('one')
        await round.write(6000)
        await round.more(500)
        one.child.kill('SIGSTOP')
        // The other one takes over, and does all of it.
        const verdict = await round.verdict()
        one.child.kill('SIGCONT')
        hold(verdict, delivery)
        await round.write(2000)
        hold(await round.verdict(), delivery)
      })

      it('outlives a broker that is killed and started again', async () => {
        await round.write(6000)
        await round.more(500)
        await broker.kill()
        await broker.start()
        hold(await round.verdict(), delivery)
      })

      it('takes partitions that are added', async () => {
        await round.addPartitions(6)
        await round.write(2000)
        hold(await round.verdict(), delivery)
      })

      it('outlives processes that come and go', async () => {
        await round.write(10_000)
        for (const instance of ['three', 'four']) {
          const member = await round.join(instance)
          await round.more(300)
          if (instance === 'three') await member.stop()
          else await member.kill()
        }
        hold(await round.verdict(), delivery)
        await round.stop()
      })
    })
  }
})

/** Holds the results against what is promised. */
function hold(verdict: Verdict, delivery: Delivery): void {
  const { duplicates } = verdict
  assert.deepEqual(verdict, delivery === 'exactly-once' ? FLAWLESS : { ...FLAWLESS, duplicates })
}
