/** The loop in this process, with a broker: what it reads, writes and commits. Faults of processes have a file of their own. */
import assert from 'node:assert/strict'
import { createHash } from 'node:crypto'
import { before, describe, it } from 'node:test'
import zlib from 'node:zlib'
import * as kafka from '@platformatic/kafka'
import { loadRules, ruleFiles } from '../../../src/cli/rule-files.ts'
import { Requests } from '../../../src/io/kafka/client.ts'
import { peek } from '../../../src/io/kafka/peek.ts'
import { folderWith } from '../../cli/command.ts'
import type { KafkaBroker, Written } from './broker.ts'
import { eventually } from './eventually.ts'
import { produceInJava } from './java-producer.ts'
import { Loops } from './loops.ts'
import { FLAWLESS, numbered, toWrite } from './oracle.ts'
import { sharedBroker, sharedReader, whyNoKafka } from './shared-broker.ts'

describe('KafkaLoop', { skip: whyNoKafka(), timeout: 600_000 }, () => {
  let broker: KafkaBroker
  let loops: Loops

  before(async () => {
    broker = await sharedBroker()
    loops = new Loops(broker, await sharedReader())
  })

  for (const [name, options] of [
    ['alo', { batchBytes: 20_000, compression: 'lz4' }],
    ['eos', { batchBytes: 20_000, delivery: 'exactly-once', instanceId: 'one', compression: 'gzip' }],
  ] as const) {
    it(`deals with every message once when nothing fails (${name}), and counts them`, async (t) => {
      await loops.createTopics(name)
      const messages = numbered(3000, 2)
      await broker.produce(`in.${name}`, toWrite(messages))
      const { loop, said } = loops.open(t, name, options)
      await loops.finish(loop, name)
      assert.deepEqual(await loops.verdict(name, messages), FLAWLESS)
      const { consumed, empty, bytes } = loop.counts
      assert.equal(consumed, 3000)
      assert.equal(empty, messages.filter(({ outcome }) => outcome === 'empty').length)
      assert.equal(
        bytes,
        messages.reduce((sum, { value }) => sum + Buffer.byteLength(value ?? ''), 0),
      )
      assert.equal(loop.writer.aborts, 0)
      assert.deepEqual(said, [])

      // The next process goes on where this one has stopped.
      const more = numbered(500, 2, messages)
      await broker.produce(`in.${name}`, toWrite(more))
      const next = loops.open(t, name, options)
      await loops.finish(next.loop, name)
      assert.equal(next.loop.counts.consumed, 500)
      assert.deepEqual(await loops.verdict(name, [...messages, ...more]), FLAWLESS)
    })
  }

  it('reads what a producer in Java has compressed, in each way that Node can unpack', async (t) => {
    const codecs = (['gzip', 'snappy', 'lz4', 'zstd'] as const).filter(
      (codec) => codec !== 'zstd' || 'zstdDecompressSync' in zlib,
    )
    const topics = codecs.map((codec) => `in.codecs.${codec}`)
    await loops.createTopics('codecs', 1)
    await broker.createTopics(topics, 1)
    // Java's snappy has blocks of 32 KiB: these are several.
    const values = Array.from({ length: 300 }, (_, number) =>
      JSON.stringify({
        number,
        name: `Host ${number}`,
        pad: createHash('sha512').update(`${number}`).digest('hex'),
      }),
    )
    await Promise.all(codecs.map((codec, at) => produceInJava(broker, topics[at]!, codec, values)))
    const unpacked = codecs.map((codec) =>
      t.mock.method(kafka.compressionsAlgorithms[codec], 'decompressSync'),
    )
    // What is written in snappy is read in Java: by the reader.
    const { loop } = loops.open(t, 'codecs', { from: topics, compression: 'snappy' })
    const stop = await loops.run(loop)
    for (const topic of topics) await broker.untilCommitted('group.codecs', topic)
    await stop()
    const expected = values.map((_, number) => `{"number":${number},"name":"host ${number}"}`)
    const reader = await sharedReader()
    for (const [at, codec] of codecs.entries()) {
      const written = await reader.whole('loop.codecs.out', topics[at]!)
      assert.deepEqual(
        written.map(({ value }) => value),
        expected,
        codec,
      )
      assert.ok(unpacked[at]!.mock.callCount() > 0, `${codec} was unpacked`)
    }
    const [stream] = unpacked[codecs.indexOf('snappy')]!.mock.calls[0]!.arguments as [Buffer]
    assert.equal(stream.toString('latin1', 1, 7), 'SNAPPY', 'a stream of blocks')
    assert.ok(stream.readUInt32BE(16) + 20 < stream.length, 'more than one')
  })

  const noZstd = 'zstdDecompressSync' in zlib ? 'this Node can unpack zstd' : false

  it('tells what it cannot unpack, and goes no further', { skip: noZstd }, async (t) => {
    await broker.createTopics(['in.zstd'], 1, { 'compression.type': 'zstd' })
    await broker.createTopics(['loop.zstd.out'])
    await broker.createErrorTopics(['loop.zstd.errors'])
    await broker.produce('in.zstd', toWrite(numbered(3, 1)))
    const { loop, said } = loops.open(t, 'zstd')
    const stop = await loops.run(loop)
    await eventually(
      () => loop.outage.isNow,
      () => 'nothing is wrong',
    )
    await stop()
    assert.match(said[0]!, /^kafka: cannot fetch: .*zstd.*; it is tried again until it works$/)
    assert.equal(loop.counts.consumed, 0)
  })

  it('reads nothing of aborted transactions, and commits behind them', async (t) => {
    await loops.createTopics('aborted', 1)
    const producer = new kafka.Producer({
      clientId: 'tests',
      bootstrapBrokers: [broker.address],
      idempotent: true,
      transactionalId: 'writer.aborted',
      producerId: -1n,
      producerEpoch: -1,
      retries: 20,
      retryDelay: 20,
    })
    t.after(() => producer.close())
    const messages = numbered(40, 1)
    for (const [index, end] of (['commit', 'abort', 'abort', 'commit', 'abort'] as const).entries()) {
      const transaction = await producer.beginTransaction()
      const part = toWrite(messages.slice(index * 8, index * 8 + 8))
      await transaction.send({ messages: part.map((one) => ({ ...one, topic: 'in.aborted' })) as never })
      await transaction[end]()
    }
    const { loop } = loops.open(t, 'aborted')
    await loops.finish(loop, 'aborted')
    assert.equal(loop.counts.consumed, 16)
    // Each transaction has a marker behind it.
    assert.deepEqual(await broker.committed('group.aborted', 'in.aborted'), [45])
  })

  it('begins at the end where that is asked for, and commits that at once', async (t) => {
    await loops.createTopics('latest', 1)
    const messages = numbered(30, 1)
    await broker.produce('in.latest', toWrite(messages.slice(0, 20)))
    const { loop } = loops.open(t, 'latest', { start: 'latest' })
    const stop = await loops.run(loop)
    await loops.untilCommitted('latest')
    assert.deepEqual(await broker.committed('group.latest', 'in.latest'), [20])
    await broker.produce('in.latest', toWrite(messages.slice(20)))
    await loops.untilCommitted('latest')
    await stop()
    assert.equal(loop.counts.consumed, 10)
  })

  it('goes on behind messages that no topic takes, that are no UTF-8, and that are broken', async (t) => {
    await broker.createTopics(['in.poison'], 1, { 'max.message.bytes': '20000000' })
    const limit = { 'max.message.bytes': '1000000' }
    await broker.createTopics(['loop.poison.out'], 1, limit)
    await broker.createErrorTopics(['loop.poison.errors'], 1, limit)
    const values = [
      Buffer.from(JSON.stringify({ number: 1, name: 'x'.repeat(4_000_000) })),
      Buffer.from([0xff, 0xfe, 0x7b]),
      Buffer.alloc(3_000_000, '{'),
      null,
      Buffer.from('{"number":2,"name":"A"}'),
    ]
    for (const value of values) await broker.produce('in.poison', [{ partition: 0, value }])
    const { loop } = loops.open(t, 'poison')
    await loops.finish(loop, 'poison')
    const { counts } = loop.counter
    assert.deepEqual({ ...counts.rejectedByCode }, { RECORD_TOO_LARGE: 1, UTF8_INVALID: 1, JSON_INVALID: 1 })
    assert.equal(counts.written, 1)
    const { messages } = await peek(
      kafka,
      {
        connection: loops.connection,
        from: ['loop.poison.errors'],
        to: 'loop.poison.out',
        errorsTo: 'loop.poison.out',
        group: 'none',
      },
      10,
    )
    const records = messages.map(({ value }) => JSON.parse(value!.toString()))
    assert.deepEqual(
      records.map(({ source, code, raw_truncated }) => [source, code, raw_truncated]),
      [
        ['in.poison/0/0', 'RECORD_TOO_LARGE', true],
        ['in.poison/0/1', 'UTF8_INVALID', undefined],
        ['in.poison/0/2', 'JSON_INVALID', true],
      ],
    )
  })

  it('sends outputs to the topics that they name, as far as these are allowed and there', async (t) => {
    await loops.createTopics('routes', 1)
    await broker.createTopics(['loop.routes.a', 'secret.routes'], 1)
    const datasets = ['loop.routes.a', 'secret.routes', 'loop.routes.none', 'loop.routes.a']
    await broker.produce(
      'in.routes',
      datasets.map((dataset) => ({ partition: 0, value: Buffer.from(JSON.stringify({ dataset })) })),
    )
    const route = { field: 'event.dataset', allow: ['loop.*'] }
    const { loop } = loops.open(t, 'routes', { route }, 'event.dataset: dataset\n')
    await loops.finish(loop, 'routes')
    assert.deepEqual(await broker.endOffsets('loop.routes.a'), [2])
    assert.deepEqual(await broker.endOffsets('loop.routes.out'), [2])
    assert.deepEqual(await broker.endOffsets('secret.routes'), [0])
  })

  it('counts elements of messages that are split, dropped and rejected ones among them', async (t) => {
    await loops.createTopics('split', 1)
    const items = [[1, 2, 3], [], [4, 'no', 5, 'noise'], 'no list', [6]]
    const values = [
      ...items.map((list, index) =>
        JSON.stringify({ id: index, items: Array.isArray(list) ? list.map((n) => ({ n })) : list }),
      ),
      ' ',
      '{',
    ]
    await broker.produce(
      'in.split',
      values.map((value) => ({ partition: 0, value: Buffer.from(value) })),
    )
    const { loop } = loops.open(
      t,
      'split',
      {},
      "split: items\ndrop: n == 'noise'\nn: n::int\nid: parent.id\n",
    )
    // Eight elements of three lists, one list without elements.
    await loops.finish(loop, 'split', 8 - 3 - 1)
    const { written, rejected, dropped, rejectedByCode } = loop.counter.counts
    assert.deepEqual([loop.counts.consumed, loop.counts.empty], [7, 1])
    assert.deepEqual([written, rejected, dropped], [6, 3, 1], JSON.stringify(rejectedByCode))
  })

  it('gives each event to its rule set, and counts it there whatever becomes of it', async (t) => {
    const limit = { 'max.message.bytes': '10000' }
    await broker.createTopics(['in.sets'], 1)
    await broker.createTopics(['loop.sets.out'], 1, limit)
    await broker.createErrorTopics(['loop.sets.errors'], 1, limit)
    const folder = folderWith({
      'a.yaml': "when: kind == 'a'\nn: n::int\n",
      'b.yaml': "when: kind == 'b'\ndrop: n == 2\nm: n\n",
      'c.yaml': "when: kind == 'c'\nsplit: items\nname: name\n",
    })
    const values = [
      '{"kind":"a","n":1}',
      '{"kind":"b","n":2}',
      '{"kind":"a","n":"x"}',
      '{"kind":"b","n":3}',
      '{}',
      '',
      // Written by the rules, and taken by no topic.
      JSON.stringify({ kind: 'b', n: 'x'.repeat(20_000) }),
      JSON.stringify({
        kind: 'c',
        items: [...'abc'].map((name) => ({ name: name.repeat(name === 'b' ? 9 : 20_000) })),
      }),
    ]
    await broker.produce(
      'in.sets',
      values.map((value) => ({ partition: 0, value: Buffer.from(value) })),
    )
    const rules = await loadRules(ruleFiles({ rules: [folder] }))
    const { loop } = loops.open(t, 'sets', {}, rules)
    await loops.finish(loop, 'sets', 2)
    const { written, rejected, dropped, rejectedByCode, ruleSets } = loop.counter.counts
    assert.deepEqual([loop.counts.consumed, loop.counts.empty, written, rejected, dropped], [8, 1, 3, 5, 1])
    assert.deepEqual({ ...rejectedByCode }, { VALUE_ERROR: 1, NO_ROUTE: 1, RECORD_TOO_LARGE: 3 })
    assert.deepEqual(ruleSets, {
      a: { events: 2, written: 1, rejected: 1, dropped: 0 },
      b: { events: 3, written: 1, rejected: 1, dropped: 1 },
      c: { events: 3, written: 1, rejected: 2, dropped: 0 },
    })
  })

  it('waits while topics are gone, and reads one that was created again from its beginning', async (t) => {
    await loops.createTopics('gone', 1)
    const { loop, said } = loops.open(t, 'gone')
    const stop = await loops.run(loop)
    const first = numbered(20, 1)
    await broker.produce('in.gone', toWrite(first))
    await loops.untilCommitted('gone')
    const heard = (pattern: RegExp) =>
      eventually(
        () => said.some((line) => pattern.test(line)),
        () => `${pattern} was not said:\n${said.join('\n')}`,
      )
    await broker.deleteTopics('loop.gone.out')
    await broker.produce('in.gone', toWrite(numbered(10, 1, first)))
    // The broker may refuse the records before the metadata are without the topic.
    await heard(/cannot write: /)
    assert.equal(loop.isReady, false)
    await broker.createTopics(['loop.gone.out'], 1)
    await loops.untilCommitted('gone')
    await heard(/can write again/)
    // More messages than before: the offset that was next is in the middle of the new topic.
    await broker.deleteTopics('in.gone')
    await heard(/cannot fetch/)
    await broker.createTopics(['in.gone'], 1)
    const anew = numbered(40, 1)
    await broker.produce('in.gone', toWrite(anew))
    await loops.untilCommitted('gone')
    await stop()
    assert.ok(
      said.includes('kafka: in.gone was deleted and created again: it is read from its beginning'),
      said.join('\n'),
    )
    assert.equal(loop.counts.consumed, 20 + 10 + 40)
    const { connection } = loops
    const topics = {
      from: ['loop.gone.out'],
      to: 'loop.gone.errors',
      errorsTo: 'loop.gone.errors',
      group: 'none',
    }
    const { messages } = await peek(kafka, { connection, ...topics }, 50)
    const inOrder = messages.toSorted((one, other) => (one.offset < other.offset ? -1 : 1))
    const expected = anew.filter(({ outcome }) => outcome === 'written').map(({ key }) => key)
    assert.deepEqual(
      inOrder.slice(-expected.length).map(({ key }) => `${key}`),
      expected,
    )
  })

  it('tells at the start what is not there', async (t) => {
    await loops.createTopics('absent', 1)
    // The first, the second and the last of three by name: the client itself takes it for the last one.
    for (const to of ['a.nowhere', 'k.nowhere', 'z.nowhere']) {
      const { loop } = loops.open(t, 'absent', { to })
      await assert.rejects(loop.start(), new RegExp(`Unknown topic ${to}`))
      await loop.end()
    }
    const closed = loops.open(t, 'absent', { connection: { brokers: ['127.0.0.1:1'], clientId: 'tests' } })
    await assert.rejects(closed.loop.start(), /Cannot connect to any broker|failed/)
    await closed.loop.end()
  })

  it('ends the transaction that its predecessor of the same name has left open', async (t) => {
    await loops.createTopics('fenced', 1)
    const options = { delivery: 'exactly-once', instanceId: 'one' } as const
    const messages = numbered(100, 1)
    const zombie = loops.open(t, 'fenced', options).loop
    await zombie.writer.look(['loop.fenced.out'])
    await zombie.writer.fence(zombie.source.member.consumer)
    const record = {
      topic: 'loop.fenced.out',
      partition: 0,
      key: Buffer.from('zombie'),
      value: Buffer.from('{"number":-1}'),
      headers: new Map(),
      timestamp: 0n,
      size: 100,
    }
    let end = (_error: Error): void => {}
    const hanging = zombie.writer.transact(
      [record],
      () =>
        new Promise((_resolve, reject) => {
          end = reject
        }),
    )
    hanging.catch(() => {})
    await broker.produce('in.fenced', toWrite(messages))
    const { loop } = loops.open(t, 'fenced', options)
    await loops.finish(loop, 'fenced')
    end(new Error('the zombie has seen enough'))
    await assert.rejects(zombie.writer.transact([record], async () => {}))
    assert.deepEqual(await loops.verdict('fenced', messages), FLAWLESS)
  })

  it('makes good a transaction whose end a broker has lost', async (t) => {
    await loops.createTopics('lost', 1)
    const options = { delivery: 'exactly-once', instanceId: 'one' } as const
    const begun = numbered(50, 1)
    await broker.produce('in.lost', toWrite(begun))
    await loops.finish(loops.open(t, 'lost', options).loop, 'lost')
    const messages = [...begun, ...numbered(50, 1, begun)]
    await broker.produce('in.lost', toWrite(messages.slice(50)))
    const producer = new kafka.Producer({
      clientId: 'tests',
      bootstrapBrokers: [broker.address],
      idempotent: true,
      transactionalId: 'group.lost/one',
      producerId: -1n,
      producerEpoch: -1,
    })
    t.after(() => producer.close(true))
    const { id: transactionalId } = await producer.beginTransaction()
    const { producerId, producerEpoch } = producer as { producerId: bigint; producerEpoch: number }
    const member = { group: 'group.lost', generation: -1, memberId: '', instanceId: null }
    // It has left the result of one message, and the offset behind that. Its coordinator knows nothing of it any longer.
    const { key, timestamp, headers } = toWrite(messages)[50] as Required<Written>
    const record = {
      ...{ topic: 'loop.lost.out', partition: 0, timestamp: timestamp as bigint },
      key: key as Buffer,
      value: Buffer.from('{"number":50,"name":"host 50 "}'),
      headers: new Map([
        ...(headers as Map<Buffer, Buffer>),
        [Buffer.from('sluice.source'), Buffer.from('in.lost/0/50')],
      ]),
    }
    const { brokers } = await producer.metadata({ topics: ['loop.lost.out'] })
    const connection = await producer.connections.get([...brokers.values()][0]!)
    const writer = { compression: 'none', producerId, producerEpoch, transactionalId } as const
    await broker.verifyTransactions(false)
    try {
      const isWritten = () =>
        kafka.produceV11.api
          .async(connection, kafka.ProduceAcks.ALL, 30_000, [record], {
            ...writer,
            sequences: { getWithDefault: () => 0 },
          } as never)
          .then(
            () => true,
            // The broker has not heard of the setting yet.
            () => false,
          )
      await eventually(isWritten, () => 'the broker takes no record outside of a transaction')
      await new Requests(kafka, producer).commitInTransaction(
        connection,
        { transactionalId, producerId, producerEpoch },
        { ...member, groupId: member.group },
        [{ topic: 'in.lost', partitions: [{ partition: 0, offset: 51n }] }],
      )
    } finally {
      await broker.verifyTransactions(true)
    }
    const [[end], [stable]] = [
      await broker.endOffsets('loop.lost.out'),
      await broker.endOffsets('loop.lost.out', true),
    ]
    assert.equal(stable, end! - 1, 'readers stand still before it')
    const { loop } = loops.open(t, 'lost', options)
    await loops.finish(loop, 'lost')
    assert.equal(loop.counts.consumed, 49)
    assert.deepEqual(await loops.verdict('lost', messages), FLAWLESS)
  })
})
