/**
 * A cluster of one broker that is no broker: the classes and requests of the client, as far as the loop uses them, with answers from this process. It
 * is for what a real cluster does too seldom, or too late: generations that begin at a certain moment.
 */
import { EventEmitter } from 'node:events'
import { setTimeout as sleep } from 'node:timers/promises'
import * as kafka from '@platformatic/kafka'
import type { KafkaModule } from '../../../src/io/kafka/client.ts'

type Assigned = Readonly<Record<string, readonly number[]>>

/** A commit as the broker got it; offsets by `topic/partition`. */
export interface StubCommit {
  readonly generation: number
  readonly memberId: string
  readonly instanceId: string | null
  readonly offsets: Readonly<Record<string, number>>
}

/** A transaction as its producer asked for it. */
export interface StubTransaction {
  /** `topic/partition`, of those that were added, in order. */
  readonly partitions: readonly string[]
  readonly records: number
  /** It has the offsets of the group in it. */
  readonly hasGroup: boolean
}

interface Sent {
  readonly topic: string
  readonly partition?: number
  readonly value: Buffer
  readonly headers: ReadonlyMap<Buffer, Buffer>
}

/** Messages of a partition that one fetch brings. */
export const FETCHED = 3

const OFFSET_OUT_OF_RANGE = 1

/** Member ids of the group; each client has the one before it. */
const MEMBER = 'member'

class StubClient extends EventEmitter {
  readonly options: Readonly<Record<string, unknown>>
  readonly connections = new StubPool()
  readonly #cluster: StubCluster

  constructor(cluster: StubCluster, options: Readonly<Record<string, unknown>>) {
    super()
    this.#cluster = cluster
    this.options = options
  }

  async listApis() {
    return ['Fetch', 'OffsetFetch', 'OffsetCommit', 'TxnOffsetCommit', 'DescribeConfigs'].map((name) => ({
      name,
      minVersion: 0,
      maxVersion: 99,
    }))
  }

  async metadata({ topics }: { topics: readonly string[] }) {
    if (this.#cluster.metadataFault !== undefined) throw this.#cluster.metadataFault
    const found = topics.map((topic) => {
      const partitionsCount = this.#cluster.topics[topic]
      if (partitionsCount === undefined) throw new kafka.UserError(`Unknown topic ${topic}.`)
      const partitions = Array.from({ length: partitionsCount }, () => ({ leader: 1 }))
      return [topic, { id: topic, partitionsCount, partitions }] as const
    })
    return { brokers: new Map([[1, { host: 'stub', port: 1 }]]), topics: new Map(found) }
  }

  clearMetadata(): void {}
}

class StubPool extends EventEmitter {
  async get(): Promise<object> {
    return {}
  }

  async close(): Promise<void> {}

  *[Symbol.iterator](): Generator<never> {}
}

/** A client that is, or was, the member. */
export class StubMember extends StubClient {
  memberId: string | null = null
  joins = 0
  /** The member ids with which it has joined. */
  readonly joinedAs: (string | null)[] = []
  readonly topics = { trackAll: (): void => {} }
  readonly #cluster: StubCluster

  constructor(cluster: StubCluster, options: Readonly<Record<string, unknown>>) {
    super(cluster, options)
    this.#cluster = cluster
    cluster.members.push(this)
  }

  async joinGroup(): Promise<string> {
    if (this.#cluster.isTaken && this.memberId !== null) throw new kafka.ProtocolError('FENCED_INSTANCE_ID')
    this.joins++
    this.joinedAs.push(this.memberId)
    this.memberId = MEMBER
    const fault = this.#cluster.joinFaults.shift()
    if (fault !== undefined) throw fault
    this.tell()
    return MEMBER
  }

  /** The member ids with which it has left. */
  readonly left: (string | null)[] = []

  async leaveGroup(): Promise<void> {
    this.left.push(this.memberId)
  }

  async findGroupCoordinator(): Promise<number> {
    await this.#cluster.beforeCoordinator
    return 1
  }

  async listOffsets({ partitions, timestamp }: { partitions: Assigned; timestamp: bigint }) {
    return new Map(
      Object.entries(partitions).map(([topic, numbers]) => {
        const offsets: bigint[] = []
        for (const partition of numbers)
          offsets[partition] = BigInt(
            timestamp === -1n
              ? this.#cluster.end(topic, partition)
              : (this.#cluster.begins.get(`${topic}/${partition}`) ?? 0),
          )
        return [topic, offsets]
      }),
    )
  }

  /** Tells of the generation of the group, as the client does when it has joined. */
  tell(): void {
    const { generation, assigned } = this.#cluster
    const assignments = Object.entries(assigned).map(([topic, partitions]) => ({ topic, partitions }))
    this.emit('consumer:group:join', { generationId: generation, memberId: MEMBER, assignments })
  }
}

class StubProducer extends StubClient {
  readonly #cluster: StubCluster

  constructor(cluster: StubCluster, options: Readonly<Record<string, unknown>>) {
    super(cluster, options)
    this.#cluster = cluster
    cluster.producers.push(this)
  }

  async send({ messages }: { messages: readonly Sent[] }): Promise<void> {
    this.#cluster.sends++
    await this.#cluster.beforeSend
    this.#cluster.sent.push(...messages)
  }

  /** Finds a request, as the client does for itself. */
  [kafka.kGetApi](name: string, done: (error: Error | null, api?: unknown) => void): void {
    done(null, `the latest ${name}`)
  }

  producerId = 1n
  producerEpoch = 0

  async beginTransaction() {
    await this.#cluster.beforeTransaction
    const partitions = new Set<string>()
    const add = (places: readonly Pick<Sent, 'topic' | 'partition'>[]) => {
      for (const { topic, partition } of places) partitions.add(`${topic}/${partition}`)
    }
    let records = 0
    let hasGroup = false
    return {
      id: this.options['transactionalId'],
      addConsumer: async () => {
        hasGroup = true
      },
      addPartitions: async (_metadata: unknown, places: readonly Sent[]) => add(places),
      send: async (request: { messages: readonly Sent[] }) => {
        add(request.messages)
        records += request.messages.length
        await this.send(request)
      },
      commit: async () => {
        this.#cluster.transactions.push({ partitions: [...partitions], records, hasGroup })
        await this.#cluster.beforeCommitted
      },
    }
  }

  /** A connection of it is lost. */
  lose(): void {
    this.emit('client:broker:disconnect', {})
  }
}

export class StubCluster {
  /** Partitions of topics. */
  readonly topics: Record<string, number>
  /** Offsets of partitions before which there is nothing any longer. Default: 0. */
  readonly begins = new Map<string, number>()
  readonly #ends = new Map<string, number>()
  /** Offsets of the group, by `topic/partition`. */
  readonly committed = new Map<string, number>()
  readonly commits: StubCommit[] = []
  /** Thrown to who asks for the offsets of the group. */
  offsetsFault: Error | undefined
  /** Thrown to who joins, one after the other. */
  readonly joinFaults: Error[] = []
  /** Thrown to who asks for the topics. */
  metadataFault: Error | undefined
  /** Thrown to who asks for the configuration of topics. */
  configsFault: Error = new Error('nobody may ask')
  /** Commits of another generation than the group's. */
  readonly refused: StubCommit[] = []
  /** Fetches so far. */
  fetches = 0
  /** Sends that have begun. */
  sends = 0
  readonly sent: Sent[] = []
  readonly members: StubMember[] = []
  readonly producers: StubProducer[] = []
  generation = 1
  assigned: Assigned
  /** The instance id is another member's: who joins with a member id is fenced, who joins without one takes the id. */
  isTaken = false
  /** Who looks for the coordinator waits for this. */
  beforeCoordinator: Promise<unknown> = Promise.resolve()
  /** Who sends waits for this. */
  beforeSend: Promise<unknown> = Promise.resolve()
  /** Who begins a transaction waits for this. */
  beforeTransaction: Promise<unknown> = Promise.resolve()
  /** The answer that a transaction is committed waits for this. */
  beforeCommitted: Promise<unknown> = Promise.resolve()
  /** Those that were committed. */
  readonly transactions: StubTransaction[] = []

  /** @param assigned partitions of the member in the first generation */
  constructor(topics: Record<string, number>, assigned: Assigned) {
    this.topics = topics
    this.assigned = assigned
  }

  get module(): KafkaModule {
    const cluster = this
    const request = (answer: (...values: never[]) => unknown) => ({
      api: { async: async (_connection: unknown, ...values: unknown[]) => answer(...(values as never[])) },
    })
    return {
      ...kafka,
      Base: { prototype: { close: (done: () => void) => done() } },
      ConnectionPool: StubPool,
      Consumer: class extends StubMember {
        constructor(options: Readonly<Record<string, unknown>>) {
          super(cluster, options)
        }
      },
      Producer: class extends StubProducer {
        constructor(options: Readonly<Record<string, unknown>>) {
          super(cluster, options)
        }
      },
      fetchV17: request((_wait, _least, _most, _isolation, _session, _epoch, asked) => this.#fetch(asked)),
      offsetFetchV9: request((groups) => this.#offsets(groups)),
      offsetCommitV9: request((_group, generation, memberId, instanceId, topics) =>
        this.#commit({ generation, memberId, instanceId, offsets: offsetsIn(topics) }),
      ),
      txnOffsetCommitV4: request((_id, _group, _producer, _epoch, generation, memberId, instanceId, topics) =>
        this.#commit({ generation, memberId, instanceId, offsets: offsetsIn(topics) }),
      ),
      describeConfigsV4: request(() => {
        throw cluster.configsFault
      }),
    } as unknown as KafkaModule
  }

  /** The client that writes. */
  get producer(): StubProducer {
    return this.producers.at(-1)!
  }

  /** The client that is the member. */
  get member(): StubMember {
    return this.members.at(-1)!
  }

  end(topic: string, partition: number): number {
    return this.#ends.get(`${topic}/${partition}`) ?? 0
  }

  /** Gives a partition so many messages: all offsets before the end. */
  write(topic: string, partition: number, end: number): void {
    this.#ends.set(`${topic}/${partition}`, end)
  }

  /** Begins a generation, and tells the member. @param generation default: the next one */
  begin(assigned: Assigned, generation = this.generation + 1): void {
    this.generation = generation
    this.assigned = assigned
    this.member.tell()
  }

  async #fetch(
    asked: readonly {
      topicId: string
      partitions: readonly { partition: number; fetchOffset: bigint }[]
    }[],
  ) {
    this.fetches++
    let count = 0
    const responses = asked.map(({ topicId, partitions }) => ({
      topicId,
      partitions: partitions.map(({ partition, fetchOffset }) => {
        const end = this.end(topicId, partition)
        const length = Math.max(0, Math.min(FETCHED, end - Number(fetchOffset)))
        count += length
        const records = Array.from({ length }, (_, offsetDelta) => ({
          offsetDelta,
          timestampDelta: 0n,
          key: null,
          value: Buffer.from(`{"n":${Number(fetchOffset) + offsetDelta}}`),
          headers: [],
        }))
        const batch = {
          firstOffset: fetchOffset,
          lastOffsetDelta: length - 1,
          attributes: 0,
          firstTimestamp: 1n,
          maxTimestamp: 1n,
          producerId: -1n,
          records,
        }
        const begin = this.begins.get(`${topicId}/${partition}`) ?? 0
        if (Number(fetchOffset) > end || Number(fetchOffset) < begin) {
          return { partitionIndex: partition, errorCode: OFFSET_OUT_OF_RANGE }
        }
        return {
          partitionIndex: partition,
          errorCode: 0,
          highWatermark: BigInt(end),
          abortedTransactions: [],
          records: length === 0 ? [] : [batch],
        }
      }),
    }))
    if (count === 0) await sleep(5)
    return { errorCode: 0, responses }
  }

  #offsets([{ topics }]: [{ topics: readonly { name: string; partitionIndexes: readonly number[] }[] }]) {
    if (this.offsetsFault !== undefined) throw this.offsetsFault
    return {
      groups: [
        {
          topics: topics.map(({ name, partitionIndexes }) => ({
            name,
            partitions: partitionIndexes.map((partitionIndex) => ({
              partitionIndex,
              committedOffset: BigInt(this.committed.get(`${name}/${partitionIndex}`) ?? -1),
            })),
          })),
        },
      ],
    }
  }

  #commit(commit: StubCommit): void {
    if (commit.generation !== this.generation) {
      this.refused.push(commit)
      throw new kafka.ProtocolError('ILLEGAL_GENERATION')
    }
    this.commits.push(commit)
    for (const [name, offset] of Object.entries(commit.offsets)) this.committed.set(name, offset)
  }
}

function offsetsIn(
  topics: readonly {
    name: string
    partitions: readonly { partitionIndex: number; committedOffset: bigint }[]
  }[],
): Record<string, number> {
  return Object.fromEntries(
    topics.flatMap(({ name, partitions }) =>
      partitions.map(({ partitionIndex, committedOffset }) => [
        `${name}/${partitionIndex}`,
        Number(committedOffset),
      ]),
    ),
  )
}
