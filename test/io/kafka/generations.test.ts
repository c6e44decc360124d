/** Generations of the group, at any moment: what is read, written and committed in them. No broker takes part. */
import assert from 'node:assert/strict'
import { describe, it, type TestContext } from 'node:test'
import { setTimeout as sleep, setImmediate as turn } from 'node:timers/promises'
import { kGetApi, NetworkError, ProtocolError, ResponseError, TimeoutError } from '@platformatic/kafka'
import { Outage } from '../../../src/io/kafka/faults.ts'
import { KafkaLoop } from '../../../src/io/kafka/loop.ts'
import type { KafkaOptions } from '../../../src/io/kafka/options.ts'
import { KafkaSource, type MessageBatch, nameOf, offsetsOf } from '../../../src/io/kafka/source.ts'
import { KafkaWriter } from '../../../src/io/kafka/writer.ts'
import { compileRules } from '../../../src/rules/compile.ts'
import { MessageNormalizer, type NormalizedMessages } from '../../../src/stages/process/message-normalizer.ts'
import { eventually } from './eventually.ts'
import { StubCluster } from './stub-cluster.ts'

const OPTIONS: KafkaOptions = {
  connection: { brokers: ['stub:1'], clientId: 'tests' },
  from: ['in'],
  to: 'out',
  errorsTo: 'errors',
  group: 'g',
  instanceId: 'one',
}

/** A cluster with 20 messages in each of two partitions, of which the group has 5 and 7. */
function clusterOf(...assigned: number[]): StubCluster {
  const cluster = new StubCluster({ in: 2, out: 2, errors: 2 }, { in: assigned })
  for (const partition of [0, 1]) cluster.write('in', partition, 20)
  cluster.committed.set('in/0', 5)
  cluster.committed.set('in/1', 7)
  return cluster
}

async function open(
  t: TestContext,
  cluster: StubCluster,
  options: Partial<KafkaOptions> = {},
): Promise<{ source: KafkaSource; said: string[] }> {
  const said: string[] = []
  const say = (line: string) => said.push(line)
  const source = new KafkaSource(cluster.module, { ...OPTIONS, ...options }, new Outage(say), say)
  t.after(() => source.end())
  await source.start()
  return { source, said }
}

/** The offsets of a batch, by partition. */
function offsets(batch: MessageBatch | undefined): Record<string, number[]> {
  const found: Record<string, number[]> = {}
  for (const { owned, offset } of batch!.messages) {
    found[nameOf(owned)] ??= []
    found[nameOf(owned)]!.push(Number(offset))
  }
  return found
}

/** The partitions of a batch of which no message is stale. */
function freshOf(source: KafkaSource, batch: MessageBatch | undefined): string[] {
  const stale = new Set(
    batch!.messages.filter((one) => !source.isFresh(one)).map(({ owned }) => nameOf(owned)),
  )
  return Object.keys(offsets(batch)).filter((name) => !stale.has(name))
}

function until(holds: () => boolean): Promise<void> {
  return eventually(holds, () => 'it never comes', 2)
}

describe('KafkaSource', () => {
  it('goes on where kept partitions are, begins others at the committed offset, and knows what is stale', async (t) => {
    const cluster = clusterOf(0)
    const { source } = await open(t, cluster)
    const first = await source.next()
    assert.deepEqual(offsets(first), { 'in/0': [5, 6, 7] })
    cluster.begin({ in: [0, 1] })
    const second = await source.next()
    assert.deepEqual(offsets(second), { 'in/0': [8, 9, 10], 'in/1': [7, 8, 9] })
    assert.deepEqual(freshOf(source, first), ['in/0'], 'it is worked on in the next generation as before')
    cluster.begin({ in: [1] })
    assert.deepEqual([freshOf(source, first), freshOf(source, second)], [[], ['in/1']])
    await turn()
    // Another member has come to 12.
    cluster.committed.set('in/0', 12)
    cluster.begin({ in: [0, 1] })
    assert.deepEqual(offsets(await source.next()), { 'in/0': [12, 13, 14], 'in/1': [10, 11, 12] })
    assert.deepEqual(freshOf(source, second), ['in/1'])
  })

  it('begins all partitions anew after generations that it was no member of', async (t) => {
    const cluster = clusterOf(0)
    const { source } = await open(t, cluster)
    const first = await source.next()
    cluster.committed.set('in/0', 9)
    cluster.begin({ in: [0] }, 3)
    assert.deepEqual(freshOf(source, first), [])
    assert.deepEqual(offsets(await source.next()), { 'in/0': [9, 10, 11] })
  })

  it('waits for transactions with offsets of the group, and says so when one is open for too long', async (t) => {
    const cluster = clusterOf(0)
    cluster.offsetsFault = new ProtocolError('UNSTABLE_OFFSET_COMMIT')
    const { source, said } = await open(t, cluster)
    const next = source.next()
    await sleep(200)
    assert.deepEqual(said, [])
    const now = performance.now.bind(performance)
    t.mock.method(performance, 'now', () => now() + 60_000)
    await until(() => said.length > 0)
    assert.match(
      said[0]!,
      /^kafka: cannot read the committed offsets: a transaction .* open for 60 s: .* id is g\/ and its --instance-id;.*find-hanging/,
    )
    cluster.offsetsFault = undefined
    assert.deepEqual(offsets(await next), { 'in/0': [5, 6, 7] })
    assert.match(said[1]!, /^kafka: can read the committed offsets again/)
    assert.equal(said.length, 2)
  })

  it('commits the beginning of a partition without a committed offset at once', async (t) => {
    const cluster = clusterOf(0, 1)
    cluster.committed.delete('in/0')
    const { source } = await open(t, cluster, { start: 'latest' })
    assert.deepEqual(offsets(await source.next()), { 'in/1': [7, 8, 9] })
    assert.deepEqual(
      cluster.commits.map((commit) => commit.offsets),
      [{ 'in/0': 20 }],
    )
    cluster.write('in', 0, 22)
    assert.deepEqual(offsets(await source.next())['in/0'], [20, 21])
  })
})

describe('a partition whose next offset is not there', () => {
  it('goes on at the first one there is, behind what was fetched before', async (t) => {
    const cluster = clusterOf(0)
    const { source, said } = await open(t, cluster)
    const first = await source.next()
    cluster.begins.set('in/0', 15)
    const second = await source.next()
    assert.deepEqual([offsets(second), [...second!.ends.values()]], [{}, [15n]])
    // Retention has removed these, so that nobody else can deal with them.
    assert.deepEqual(freshOf(source, first), ['in/0'])
    for (const { ends } of [first!, second!]) source.advance(ends)
    assert.deepEqual(
      source.uncommitted().map(({ position }) => position),
      [15n],
    )
    assert.deepEqual(offsets(await source.next()), { 'in/0': [15, 16, 17] })
    assert.deepEqual(said, [
      'kafka: in/0 has no offset 8 any longer: it goes on at 15, the first one there is',
    ])
  })

  it('begins anew where the log was cut, and drops what was fetched before', async (t) => {
    const cluster = clusterOf(0)
    const { source } = await open(t, cluster)
    const first = await source.next()
    cluster.write('in', 0, 4)
    assert.deepEqual(offsets(await source.next()), { 'in/0': [0, 1, 2] })
    assert.deepEqual(freshOf(source, first), [])
    source.advance(first!.ends)
    assert.deepEqual(
      [...source.owned].map(({ position }) => position),
      [0n],
    )
  })
})

describe('a fault that should be over by itself', () => {
  it('is told of when it lasts', async (t) => {
    const cluster = clusterOf(0)
    const { source, said } = await open(t, cluster)
    await source.next()
    cluster.metadataFault = new ProtocolError('LEADER_NOT_AVAILABLE')
    const next = source.next()
    await sleep(100)
    assert.deepEqual(said, [])
    const now = performance.now.bind(performance)
    t.mock.method(performance, 'now', () => now() + 60_000)
    await until(() => said.length > 0)
    assert.match(said[0]!, /^kafka: cannot fetch: .*\(LEADER_NOT_AVAILABLE\)/)
    cluster.metadataFault = undefined
    assert.deepEqual(offsets(await next), { 'in/0': [8, 9, 10] })
    assert.match(said[1]!, /^kafka: can fetch again/)
  })
})

describe('KafkaWriter', () => {
  it('knows the limits of topics that it may ask of, whatever it may not ask, and asks again when it was cut off', async () => {
    const cluster = clusterOf(0)
    const writer = new KafkaWriter(cluster.module, OPTIONS)
    cluster.configsFault = new NetworkError('Connection closed')
    await assert.rejects(writer.look(['in', 'out']), /Connection closed/)
    const results = [
      { resourceName: 'in', configs: [] },
      { resourceName: 'out', configs: [{ name: 'max.message.bytes', value: '8000000' }] },
    ]
    cluster.configsFault = new ResponseError(32, 4, { '/results/0': [29, null] }, { results })
    await writer.look(['in', 'out'])
    assert.deepEqual([writer.maxBytes('in'), writer.maxBytes('out')], [1_048_588, 8_000_000])
  })

  it('adds partitions to transactions as clients do, which rights of producers are enough for', () => {
    const cluster = clusterOf(0)
    new KafkaWriter(cluster.module, { ...OPTIONS, delivery: 'exactly-once' })
    const found: unknown[] = []
    for (const name of ['AddPartitionsToTxn', 'EndTxn'])
      cluster.producer[kGetApi](name, (_error, api) => found.push(api))
    const [adding, ending] = found as [{ key: number; version: number }, string]
    assert.deepEqual([adding.key, adding.version, ending], [24, 3, 'the latest EndTxn'])
  })
})

describe('GroupMember', () => {
  it('commits for the generation in which the offsets were read, and for no other', async (t) => {
    const cluster = clusterOf(0)
    const { source } = await open(t, cluster)
    await source.next()
    const { member } = source
    const to = (position: bigint) => offsetsOf([{ topic: 'in', partition: 0, position }])
    const one = source.generation!
    assert.equal(await member.commit(one, to(6n)), true)
    assert.deepEqual(cluster.commits, [
      { generation: 1, memberId: 'member', instanceId: 'one', offsets: { 'in/0': 6 } },
    ])
    cluster.begin({ in: [0] })
    assert.equal(await member.commit(one, to(7n)), false)
    assert.equal(cluster.refused.length, 0, 'nobody was asked')
    // The next generation begins while the commit is on its way.
    const two = member.generation!
    let found = (_value: unknown): void => {}
    cluster.beforeCoordinator = new Promise((resolve) => {
      found = resolve
    })
    const committing = member.commit(two, to(8n))
    cluster.begin({ in: [0] })
    found(undefined)
    assert.equal(await committing, false)
    assert.deepEqual(
      cluster.refused.map(({ generation }) => generation),
      [2],
    )
    assert.equal(cluster.committed.get('in/0'), 6)
  })

  it('waits at the start for a join that a member which is gone holds up, and keeps its place in it', async (t) => {
    const cluster = clusterOf(0)
    cluster.joinFaults.push(new TimeoutError('Request timed out'), new TimeoutError('Request timed out'))
    const { source } = await open(t, cluster)
    assert.equal(cluster.members.length, 3)
    assert.deepEqual(cluster.members[1]!.joinedAs, ['member'], 'not as one more that others wait for')
    assert.deepEqual(offsets(await source.next()), { 'in/0': [5, 6, 7] })
    cluster.joinFaults.push(new ProtocolError('GROUP_AUTHORIZATION_FAILED'))
    await assert.rejects(open(t, cluster), /GROUP_AUTHORIZATION_FAILED|authoriz/i)
  })

  it('joins again with another client when a heartbeat fails', async (t) => {
    const cluster = clusterOf(0)
    const { source, said } = await open(t, cluster)
    await source.next()
    const error = new ProtocolError('COORDINATOR_NOT_AVAILABLE')
    cluster.member.emit('consumer:heartbeat:error', { error })
    await until(() => cluster.members.length === 2 && cluster.member.joins === 1)
    // It stays a member, and the client before it has no heartbeats any longer.
    assert.deepEqual(cluster.members[0]!.left, [null])
    await until(() => said.length === 2)
    assert.match(said[0]!, /^kafka: cannot stay in the group: .*COORDINATOR_NOT_AVAILABLE/)
    assert.match(said[1]!, /^kafka: can stay in the group again/)
    // One that was given up has nothing to say any longer.
    cluster.members[0]!.emit('consumer:heartbeat:error', { error })
    await turn()
    assert.equal(cluster.members.length, 2)
    assert.deepEqual(offsets(await source.next()), { 'in/0': [8, 9, 10] }, 'the generation is the same')
  })

  it('leaves the group when it ends, unless it has a name there', async (t) => {
    for (const [instanceId, left] of [
      ['one', [null]],
      [undefined, ['member', null]],
    ] as const) {
      const cluster = clusterOf(0)
      const { source } = await open(t, cluster, { instanceId })
      await source.end()
      assert.deepEqual(cluster.member.left, left)
    }
  })

  it('is over when another process has its name', async (t) => {
    const cluster = clusterOf(0)
    const { source } = await open(t, cluster)
    cluster.member.emit('consumer:heartbeat:error', { error: new ProtocolError('FENCED_INSTANCE_ID') })
    await until(() => source.replaced !== undefined)
    assert.equal(await source.next(), undefined)
    assert.equal(cluster.members.length, 1)
  })
})

describe('a member whose client was given up a moment ago', () => {
  it('takes its name again where that client may have it, and is over where it loses it once more', async (t) => {
    const cluster = clusterOf(0)
    const { source, said } = await open(t, cluster)
    const failed = (id: string) =>
      cluster.member.emit('consumer:heartbeat:error', { error: new ProtocolError(id) })
    failed('COORDINATOR_NOT_AVAILABLE')
    await until(() => cluster.members.length === 2 && cluster.member.joins === 1)
    // A request of the first client has come behind that of the second one.
    cluster.isTaken = true
    failed('FENCED_INSTANCE_ID')
    await until(() => cluster.members.length > 2 && cluster.member.joins === 1)
    assert.equal(cluster.members.length, 3, 'the first attempt works')
    assert.deepEqual(
      said.map((line) => /(cannot|can) stay/.exec(line)?.[1]),
      ['cannot', 'can', 'cannot', 'can'],
    )
    assert.equal(source.replaced, undefined)
    // No request is on its way for so long: it is another process.
    const { now } = performance
    t.mock.method(performance, 'now', () => now.call(performance) + 60_000)
    failed('FENCED_INSTANCE_ID')
    await until(() => source.replaced !== undefined)
    assert.equal(cluster.members.length, 3)
  })
})

describe('names in a cluster', () => {
  it('are those of the group and of the process, and the same after a restart', async (t) => {
    const cluster = clusterOf(0)
    await open(t, cluster)
    const names = (group: string, instanceId: string) => {
      new KafkaWriter(cluster.module, { ...OPTIONS, group, instanceId, delivery: 'exactly-once' })
      return cluster.producers.at(-1)!.options['transactionalId']
    }
    assert.deepEqual([names('a', 'b-c'), names('a', 'b-c'), names('a-b', 'c')], ['a/b-c', 'a/b-c', 'a-b/c'])
    const { groupId, groupInstanceId, groupProtocol } = cluster.member.options
    assert.deepEqual([groupId, groupInstanceId, groupProtocol], ['g', 'one', 'classic'])
  })
})

/** A normalizer that waits for leave to begin. */
class HeldNormalizer extends MessageNormalizer {
  held: Promise<unknown> = Promise.resolve()
  begun = 0

  override async normalize(values: readonly (Uint8Array | null)[]): Promise<NormalizedMessages> {
    this.begun++
    await this.held
    return super.normalize(values)
  }
}

describe('KafkaLoop', () => {
  async function run(
    t: TestContext,
    cluster: StubCluster,
    options: Partial<KafkaOptions> = {},
    rules = 'n: n\n',
  ) {
    const normalizer = new HeldNormalizer({ rules: compileRules(rules) })
    const loop = new KafkaLoop(cluster.module, { ...OPTIONS, ...options }, normalizer, { say: () => {} })
    t.after(() => loop.end())
    let running: Promise<void> = Promise.resolve()
    const start = async () => {
      await loop.start()
      running = loop.run()
    }
    const stop = async () => {
      loop.stop()
      await running
    }
    return { loop, normalizer, start, stop }
  }

  const places = ({ sent }: StubCluster) =>
    sent.map(({ headers }) => [...headers].find(([name]) => `${name}` === 'sluice.source')![1].toString())

  it('fetches one batch ahead of the one that is being written, and no more', async (t) => {
    const cluster = clusterOf(0)
    let acknowledge = (_value: unknown): void => {}
    cluster.beforeSend = new Promise((resolve) => {
      acknowledge = resolve
    })
    const { loop, start, stop } = await run(t, cluster)
    await start()
    await until(() => cluster.sends === 1)
    await sleep(20)
    assert.deepEqual([cluster.fetches, cluster.sends], [2, 1])
    acknowledge(undefined)
    await until(() => cluster.committed.get('in/0') === 20)
    await stop()
    assert.equal(loop.counts.consumed, 15)
  })

  it('writes nothing of a partition that was lost while its messages were worked on', async (t) => {
    const cluster = clusterOf(0, 1)
    const { normalizer, loop, start, stop } = await run(t, cluster)
    let go = (_value: unknown): void => {}
    normalizer.held = new Promise((resolve) => {
      go = resolve
    })
    await start()
    await until(() => normalizer.begun === 1)
    cluster.begin({ in: [1] })
    go(undefined)
    await until(() => cluster.committed.get('in/1') === 20)
    await stop()
    const expected = Array.from({ length: 13 }, (_, index) => `in/1/${index + 7}`)
    assert.deepEqual(places(cluster), expected)
    assert.equal(cluster.committed.get('in/0'), 5)
    assert.equal(loop.counts.consumed, 13)
  })

  it('commits under the next generation what the one before refused, also when no more messages come', async (t) => {
    const cluster = clusterOf(0)
    const { loop, start, stop } = await run(t, cluster)
    await start()
    // The group has begun another generation, and the member does not know yet.
    cluster.generation++
    await until(() => loop.counts.consumed === 15 && cluster.refused.length > 0)
    assert.equal(cluster.committed.get('in/0'), 5)
    cluster.begin({ in: [0] }, cluster.generation)
    await until(() => cluster.committed.get('in/0') === 20)
    await stop()
    assert.equal(loop.counts.consumed, 15)
  })

  it('writes to the other topic when one that events have chosen is gone', async (t) => {
    const cluster = clusterOf(0)
    cluster.topics['chosen'] = 2
    const route = { field: 'topic', allow: ['chosen'] }
    const { start, stop } = await run(t, cluster, { route }, `n: n\ntopic: "'chosen'"\n`)
    await start()
    await until(() => cluster.committed.get('in/0') === 20)
    delete cluster.topics['chosen']
    cluster.write('in', 0, 23)
    await until(() => cluster.committed.get('in/0') === 23)
    await stop()
    const topics = cluster.sent.map(({ topic }) => topic)
    assert.deepEqual(
      [topics.slice(0, 15), topics.slice(15)],
      [new Array(15).fill('chosen'), ['out', 'out', 'out']],
    )
  })

  describe('makes good the ends of transactions', () => {
    const exactly = { delivery: 'exactly-once' } as const
    const all = ['out/0', 'out/1', 'errors/0', 'errors/1']
    const mended = (...partitions: string[]) => ({ partitions, records: 0, hasGroup: true })
    const worked = (...partitions: string[]) => ({ partitions, records: 3, hasGroup: true })

    it('in all partitions when it starts', async (t) => {
      const cluster = clusterOf(0)
      const { start, stop } = await run(t, cluster, exactly)
      await start()
      await until(() => cluster.committed.get('in/0') === 20)
      await stop()
      assert.deepEqual(cluster.transactions, [mended(...all), ...new Array(5).fill(worked('out/0'))])
      assert.equal(cluster.producers.length, 1)
    })

    it('when a connection is lost, in the partitions of the last one, while nothing is to be done', async (t) => {
      const cluster = clusterOf(0)
      const { loop, start, stop } = await run(t, cluster, exactly)
      await start()
      await until(() => cluster.committed.get('in/0') === 20)
      await until(() => loop.counts.consumed === 15)
      const before = cluster.transactions.length
      cluster.producer.lose()
      await until(() => cluster.transactions.length > before)
      assert.deepEqual(cluster.transactions.slice(before), [mended('out/0')])
      assert.equal(cluster.producers.length, 2, 'a producer that has begun anew fences the one before')
      // One that was given up has nothing to say any longer.
      cluster.producers[0]!.lose()
      cluster.write('in', 0, 23)
      await until(() => cluster.committed.get('in/0') === 23)
      await stop()
      assert.deepEqual(cluster.transactions.slice(before + 1), [worked('out/0')])
    })

    it('before the next one begins, and in the partitions of both between which it was lost', async (t) => {
      const cluster = clusterOf(0, 1)
      cluster.write('in', 0, 8)
      cluster.write('in', 1, 7)
      const { loop, start, stop } = await run(t, cluster, exactly)
      await start()
      await until(() => loop.counts.consumed === 3)
      // The second one is under way when the loss is heard of: the markers of the first one are uncertain, too.
      let answer = (_value: unknown): void => {}
      cluster.beforeCommitted = new Promise((resolve) => {
        answer = resolve
      })
      cluster.write('in', 1, 13)
      await until(() => cluster.transactions.length === 3)
      cluster.producer.lose()
      answer(undefined)
      await until(() => cluster.committed.get('in/1') === 13)
      await stop()
      assert.deepEqual(cluster.transactions, [
        mended(...all),
        worked('out/0'),
        worked('out/1'),
        mended('out/1', 'out/0'),
        worked('out/1'),
      ])
      assert.equal(loop.counts.consumed, 9)
    })

    it('again and again until it works, and not behind a stop', async (t) => {
      const cluster = clusterOf(0)
      const { loop, start, stop } = await run(t, cluster, exactly)
      await start()
      await until(() => loop.counts.consumed === 15)
      const before = cluster.transactions.length
      const refused = Promise.reject(new ProtocolError('COORDINATOR_NOT_AVAILABLE'))
      refused.catch(() => {})
      cluster.beforeTransaction = refused
      cluster.producer.lose()
      await until(() => cluster.producers.length > 4)
      assert.equal(loop.isReady, false)
      cluster.beforeTransaction = Promise.resolve()
      await until(() => cluster.transactions.length > before && loop.isReady)
      assert.deepEqual(cluster.transactions.slice(before), [mended('out/0')])
      cluster.beforeTransaction = refused
      cluster.producer.lose()
      await stop()
    })
  })
})
