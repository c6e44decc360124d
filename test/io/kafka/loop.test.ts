/** The loop in this process, with a broker: what it reads, writes and commits. Faults of processes have a file of their own. */
import assert from 'node:assert/strict'
import { after, before, describe, it, type TestContext } from 'node:test'
import * as kafka from '@platformatic/kafka'
import { KafkaLoop } from '../../../src/io/kafka/loop.ts'
import type { KafkaOptions } from '../../../src/io/kafka/options.ts'
import { peek } from '../../../src/io/kafka/peek.ts'
import { compileRules } from '../../../src/rules/compile.ts'
import { MessageNormalizer } from '../../../src/stages/process/message-normalizer.ts'
import type { KafkaBroker } from './broker.ts'
import { FLAWLESS, judge, NUMBERED_RULES, numbered, Reader, toWrite } from './oracle.ts'
import { sharedBroker, whyNoKafka } from './shared-broker.ts'

describe('KafkaLoop', { skip: whyNoKafka(), timeout: 600_000 }, () => {
  let broker: KafkaBroker
  let outputs: Reader
  let errors: Reader

  before(async () => {
    broker = await sharedBroker()
    outputs = new Reader(broker, 'loop[.].*[.]out')
    errors = new Reader(broker, 'loop[.].*[.]errors')
  })

  after(() => {
    outputs?.close()
    errors?.close()
  })

  /** A loop on topics of its own, and the lines that it says. */
  function open(t: TestContext, name: string, options: Partial<KafkaOptions> = {}, rules = NUMBERED_RULES) {
    const said: string[] = []
    const loop = new KafkaLoop(
      kafka,
      {
        connection: { brokers: [broker.address], clientId: 'tests' },
        from: [`in.${name}`],
        to: `loop.${name}.out`,
        errorsTo: `loop.${name}.errors`,
        group: `group.${name}`,
        ...options,
      },
      new MessageNormalizer({ rules: compileRules(rules) }),
      { say: (line) => said.push(line) },
    )
    t.after(() => loop.end())
    return { loop, said }
  }

  async function createTopics(name: string, partitions = 2): Promise<void> {
    await broker.createTopics([`in.${name}`, `loop.${name}.out`, `loop.${name}.errors`], partitions)
  }

  /** Runs it until all is committed, and stops it. */
  async function finish(loop: KafkaLoop, name: string): Promise<void> {
    await loop.start()
    const running = loop.run()
    let isGoing = true
    running.then(
      () => {},
      () => {
        isGoing = false
      },
    )
    await broker.untilCommitted(`group.${name}`, `in.${name}`, { isGoing: () => isGoing })
    loop.stop()
    await running
    await loop.end()
  }

  async function verdict(name: string, messages: Parameters<typeof judge>[0]) {
    const written = await outputs.whole(`loop.${name}.out`, `in.${name}`)
    const rejected = await errors.whole(`loop.${name}.errors`, `in.${name}`)
    return judge(messages, written, rejected, `in.${name}`)
  }

  for (const [name, options] of [
    ['alo', { batchBytes: 20_000, compression: 'lz4' }],
    ['eos', { batchBytes: 20_000, delivery: 'exactly-once', instanceId: 'one', compression: 'gzip' }],
  ] as const) {
    it(`deals with every message once when nothing fails (${name}), and counts them`, async (t) => {
      await createTopics(name)
      const messages = numbered(3000, 2)
      await broker.produce(`in.${name}`, toWrite(messages))
      const { loop, said } = open(t, name, options)
      await finish(loop, name)
      assert.deepEqual(await verdict(name, messages), FLAWLESS)
      const { consumed, empty, bytes } = loop.counts
      const { written, rejected, dropped } = loop.counter.counts
      assert.equal(consumed, 3000)
      assert.equal(consumed, written + rejected + dropped + empty, 'nothing is uncounted')
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
      const next = open(t, name, options)
      await finish(next.loop, name)
      assert.equal(next.loop.counts.consumed, 500)
      assert.deepEqual(await verdict(name, [...messages, ...more]), FLAWLESS)
    })
  }

  it('reads nothing of aborted transactions, and commits behind them', async (t) => {
    await createTopics('aborted', 1)
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
    const { loop } = open(t, 'aborted')
    await finish(loop, 'aborted')
    assert.equal(loop.counts.consumed, 16)
    // Each transaction has a marker behind it.
    assert.deepEqual(await broker.committed('group.aborted', 'in.aborted'), [45])
  })

  it('begins at the end where that is asked for, and commits that at once', async (t) => {
    await createTopics('latest', 1)
    const messages = numbered(30, 1)
    await broker.produce('in.latest', toWrite(messages.slice(0, 20)))
    const { loop } = open(t, 'latest', { start: 'latest' })
    await loop.start()
    const running = loop.run()
    await broker.untilCommitted('group.latest', 'in.latest')
    assert.deepEqual(await broker.committed('group.latest', 'in.latest'), [20])
    await broker.produce('in.latest', toWrite(messages.slice(20)))
    await broker.untilCommitted('group.latest', 'in.latest')
    loop.stop()
    await running
    assert.equal(loop.counts.consumed, 10)
  })

  it('goes on behind messages that no topic takes, that are no UTF-8, and that are broken', async (t) => {
    await broker.createTopics(['in.poison'], 1, { 'max.message.bytes': '20000000' })
    await broker.createTopics(['loop.poison.out', 'loop.poison.errors'], 1, {
      'max.message.bytes': '1000000',
    })
    const values = [
      Buffer.from(JSON.stringify({ number: 1, name: 'x'.repeat(4_000_000) })),
      Buffer.from([0xff, 0xfe, 0x7b]),
      Buffer.alloc(3_000_000, '{'),
      null,
      Buffer.from('{"number":2,"name":"A"}'),
    ]
    for (const value of values) await broker.produce('in.poison', [{ partition: 0, value }])
    const { loop } = open(t, 'poison')
    await finish(loop, 'poison')
    const { counts } = loop.counter
    assert.deepEqual({ ...counts.rejectedByCode }, { RECORD_TOO_LARGE: 1, UTF8_INVALID: 1, JSON_INVALID: 1 })
    assert.equal(counts.written, 1)
    const { messages } = await peek(
      kafka,
      {
        connection: { brokers: [broker.address], clientId: 'tests' },
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
    await createTopics('routes', 1)
    await broker.createTopics(['loop.routes.a', 'secret.routes'], 1)
    const datasets = ['loop.routes.a', 'secret.routes', 'loop.routes.none', 'loop.routes.a']
    await broker.produce(
      'in.routes',
      datasets.map((dataset) => ({ partition: 0, value: Buffer.from(JSON.stringify({ dataset })) })),
    )
    const route = { field: 'event.dataset', allow: ['loop.*'] }
    const { loop } = open(t, 'routes', { route }, 'event.dataset: dataset\n')
    await finish(loop, 'routes')
    assert.deepEqual(await broker.endOffsets('loop.routes.a'), [2])
    assert.deepEqual(await broker.endOffsets('loop.routes.out'), [2])
    assert.deepEqual(await broker.endOffsets('secret.routes'), [0])
  })

  it('tells at the start what is not there', async (t) => {
    await createTopics('absent', 1)
    const { loop } = open(t, 'absent', { to: 'loop.absent.nowhere' })
    await assert.rejects(loop.start(), /Unknown topic loop\.absent\.nowhere/)
    await loop.end()
    const closed = open(t, 'absent', { connection: { brokers: ['127.0.0.1:1'], clientId: 'tests' } })
    await assert.rejects(closed.loop.start(), /Cannot connect to any broker|failed/)
    await closed.loop.end()
  })

  it('ends the transaction that its predecessor of the same name has left open', async (t) => {
    await createTopics('fenced', 1)
    const options = { delivery: 'exactly-once', instanceId: 'one' } as const
    const messages = numbered(100, 1)
    const zombie = open(t, 'fenced', options).loop
    await zombie.writer.look(['loop.fenced.out'])
    await zombie.writer.fence()
    const record = {
      topic: 'loop.fenced.out',
      partition: 0,
      key: Buffer.from('zombie'),
      value: Buffer.from('{"number":-1}'),
      headers: new Map(),
      timestamp: 0n,
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
    const { loop } = open(t, 'fenced', options)
    await finish(loop, 'fenced')
    end(new Error('the zombie has seen enough'))
    await assert.rejects(zombie.writer.transact([record], async () => {}))
    assert.deepEqual(await verdict('fenced', messages), FLAWLESS)
  })
})
