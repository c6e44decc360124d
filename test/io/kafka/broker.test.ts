import assert from 'node:assert/strict'
import { after, before, describe, it } from 'node:test'
import {
  Consumer,
  FetchIsolationLevels,
  type KafkaRecord,
  type MessageToProduce,
  ProduceAcks,
  Producer,
} from '@platformatic/kafka'
import { committedRecords } from '../../../src/io/kafka/aborted.ts'
import type { KafkaBroker } from './broker.ts'
import { FLAWLESS, judge, type Numbered, numbered, type Reader, type ReadRecord, timeOf } from './oracle.ts'
import { sharedBroker, sharedReader, whyNoKafka } from './shared-broker.ts'

describe('the oracle', () => {
  const messages = numbered(500, 2)

  it('has messages of all kinds, and finds no fault with the right results', () => {
    for (const outcome of ['written', 'rejected', 'dropped', 'empty'] as const) {
      assert.ok(
        messages.some((message) => message.outcome === outcome),
        outcome,
      )
    }
    assert.deepEqual(judge(messages, results('written'), results('rejected'), 'in'), FLAWLESS)
  })

  it('notices what is lost, and what comes twice', () => {
    const outputs = results('written')
    const lost = messages.find(({ key }) => key === outputs[3]!.key)!.number
    const verdict = judge(messages, [...outputs.toSpliced(3, 1), outputs[9]!], results('rejected'), 'in')
    assert.deepEqual(verdict, { ...FLAWLESS, lost: 1, missing: [lost], duplicates: 1 })
  })

  it('notices another order, partition, header, key and content', () => {
    const outputs = results('written')
    const partition = outputs.filter((record) => record.partition === 0)
    const swapped = [partition[1]!, partition[0]!, ...outputs.filter((record) => !partition.includes(record))]
    const wrong = (change: Partial<ReadRecord>): readonly string[] => {
      const other = [{ ...outputs[0]!, ...change }, ...outputs.slice(1)]
      return judge(messages, other, results('rejected'), 'in').faults
    }
    assert.match(judge(messages, swapped, [], 'in').faults[0]!, /came after a later one/)
    assert.match(wrong({ partition: 1 })[0]!, /of partition 0 is in 1/)
    assert.match(wrong({ headers: new Map([['number', '0']]) })[0]!, /is from undefined/)
    assert.match(wrong({ headers: new Map([['sluice.source', 'in/0/0']]) })[0]!, /has lost its header/)
    assert.match(wrong({ time: 1 })[0]!, /has the time 1$/)
    assert.match(wrong({ key: 'null' })[0]!, /null is among the written ones/)
    assert.match(wrong({ value: outputs[1]!.value })[0]!, /has become/)
    assert.match(wrong({ value: '{' })[0]!, /has become/)
  })

  it('finds no fault with the order of what was written again, to another partition, after partitions were added', () => {
    const [first, second, ...others] = results('written').filter(({ partition }) => partition === 0)
    const moved = [...results('written').filter(({ partition }) => partition === 1), ...others]
    // The copy of the first one in partition 7 stands behind the second one, and is read before the original.
    const again = [{ ...second!, partition: 7 }, { ...first!, partition: 7 }, first!, ...moved]
    const verdict = judge(messages, again, results('rejected'), 'in', { hasSamePartitions: false })
    assert.deepEqual(verdict, { ...FLAWLESS, duplicates: 1 })
  })

  function results(outcome: Numbered['outcome']): ReadRecord[] {
    return messages
      .filter((message) => message.outcome === outcome)
      .map(({ key, number, partition, offset }, index) => ({
        key,
        time: timeOf(number),
        partition,
        offset: index,
        headers: new Map([
          ['number', String(number)],
          ['sluice.source', `in/${partition}/${offset}`],
        ]),
        value:
          outcome === 'rejected'
            ? '{"code":"VALUE_ERROR","message":"x"}'
            : JSON.stringify({ number, name: `host ${number} ${'é'.repeat(number % 5)}` }),
      }))
  }
})

describe('a broker', { skip: whyNoKafka() }, () => {
  let broker: KafkaBroker
  let reader: Reader
  const producers: Producer<Buffer, Buffer, Buffer, Buffer>[] = []

  before(async () => {
    broker = await sharedBroker()
    reader = await sharedReader()
  })

  after(async () => {
    for (const producer of producers) await producer.close(true)
  })

  function transactional(name: string): Producer<Buffer, Buffer, Buffer, Buffer> {
    const producer = new Producer<Buffer, Buffer, Buffer, Buffer>({
      clientId: name,
      transactionalId: name,
      bootstrapBrokers: [broker.address],
      acks: ProduceAcks.ALL,
      idempotent: true,
      // Nothing is known of an earlier producer of this name; by default the client says that it was the producer 0.
      producerId: -1n,
      producerEpoch: -1,
    })
    producers.push(producer)
    return producer
  }

  function message(text: string): MessageToProduce<Buffer, Buffer, Buffer, Buffer> {
    return { topic: 'aborted.out', partition: 0, key: Buffer.from(text), value: Buffer.from(text) }
  }

  it('gives committed records as its own consumer sees them, from any offset and in any pieces', async () => {
    await broker.createTopics(['aborted.out'])
    const one = transactional('aborted-one')
    const other = transactional('aborted-other')
    const transaction = async (
      texts: readonly string[],
      end: 'commit' | 'abort',
      producer = one,
    ): Promise<void> => {
      const begun = await producer.beginTransaction()
      for (const text of texts) await begun.send({ messages: [message(text)] })
      await begun[end]()
    }
    await transaction(['good1'], 'commit')
    await transaction(['bad1a', 'bad1b'], 'abort')
    await transaction(['good2'], 'commit')
    await transaction(['bad2'], 'abort')
    // One transaction within another's, one outside of any among them.
    const outer = await one.beginTransaction()
    await outer.send({ messages: [message('bad3a')] })
    const inner = await other.beginTransaction()
    await inner.send({ messages: [message('good3a'), message('good3b')] })
    await broker.produce('aborted.out', [
      { partition: 0, key: Buffer.from('plain'), value: Buffer.from('plain') },
    ])
    await outer.send({ messages: [message('bad3b')] })
    await inner.commit()
    await outer.abort()
    // A transaction without an end: the next producer of its name has the broker abort it.
    const left = transactional('aborted-left')
    const unfinished = await left.beginTransaction()
    await unfinished.send({ messages: [message('bad4')] })
    await transaction(['good5'], 'commit', transactional('aborted-left'))
    // One of several batches, and a producer that has more to say after it.
    await transaction(
      Array.from({ length: 6 }, (_, index) => `bad6-${index}`),
      'abort',
      other,
    )
    await transaction(['good7'], 'commit', other)

    const seen = (await reader.whole('aborted.out', '')).map(({ key, offset }) => ({ text: key, offset }))
    assert.deepEqual(
      seen.map(({ text }) => text),
      ['good1', 'good2', 'good3a', 'good3b', 'plain', 'good5', 'good7'],
    )
    const consumer = new Consumer({
      clientId: 'aborted-consumer',
      groupId: 'aborted-consumer',
      bootstrapBrokers: [broker.address],
      autocommit: false,
    })
    try {
      const [end] = await broker.endOffsets('aborted.out')
      for (let from = 0; from < end!; from++) {
        const expected = seen.filter(({ offset }) => offset >= from).map(({ text }) => text)
        assert.deepEqual(await fetched(consumer, from, end!, 1), expected, `one batch at a time from ${from}`)
        assert.deepEqual(await fetched(consumer, from, end!, 1 << 20), expected, `all from ${from}`)
      }
    } finally {
      await consumer.close(true)
    }
  })

  /** The committed records from an offset on; a partition gives at least one batch, however few bytes are asked for. */
  async function fetched(consumer: Consumer, from: number, end: number, bytes: number): Promise<string[]> {
    const { topics } = await consumer.metadata({ topics: ['aborted.out'] })
    const { id, partitions } = topics.get('aborted.out')!
    const texts: string[] = []
    let offset = BigInt(from)
    while (offset < end) {
      const { responses } = await consumer.fetch({
        node: partitions[0]!.leader,
        topics: [
          {
            topicId: id,
            partitions: [
              {
                partition: 0,
                currentLeaderEpoch: -1,
                fetchOffset: offset,
                lastFetchedEpoch: -1,
                partitionMaxBytes: bytes,
              },
            ],
          },
        ],
        maxWaitTime: 100,
        minBytes: 1,
        maxBytes: bytes,
        isolationLevel: FetchIsolationLevels.READ_COMMITTED,
      })
      const { records, nextOffset } = committedRecords<KafkaRecord>(responses[0]!.partitions[0]!, offset)
      texts.push(...records.map(({ record }) => `${record.value}`))
      offset = nextOffset
    }
    // The last message of the oracle is no part of it.
    return texts.filter((text) => !text.startsWith('last-of-'))
  }
})
