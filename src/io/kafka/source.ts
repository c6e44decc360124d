import type { fetchV17 } from '@platformatic/kafka'
import type { FetchedRecord } from './aborted.ts'
import { committedRecords } from './aborted.ts'
import type { FetchTopic, KafkaModule, TopicOffsets } from './client.ts'
import { bearConnectionErrors, clientOptions, dropConnections, TRANSACTION_MS } from './client.ts'
import type { Outage } from './faults.ts'
import { BackOff, hasId, isTimeout } from './faults.ts'
import type { Generation } from './group.ts'
import { GroupMember } from './group.ts'
import { metadataOf } from './metadata.ts'
import type { KafkaOptions } from './options.ts'
import { DEFAULT_BATCH_BYTES, DEFAULT_BATCH_WAIT_MS } from './options.ts'

/**
 * A partition that is this process's. An object stands for the time from when its offset was read from the group until it goes to somebody
 * else or is begun anew: messages that were fetched for an object that is no longer the current one are stale.
 */
export interface OwnedPartition {
  /** `topic/partition`: it is asked for with each message. */
  readonly name: string
  readonly topic: string
  /** The id of the topic, which another one of the same name does not have. Undefined: nothing was fetched yet. */
  topicId: string | undefined
  readonly partition: number
  /** The offset of the message that is next: all before it is dealt with, and durable. */
  position: bigint
  /** The offset that is fetched next. */
  fetchPosition: bigint
  /** The offset that the group knows, -1: none. */
  committed: bigint
  /** The end of the partition, as far as is known. */
  highWatermark: bigint
}

/** A message with its place. */
export interface KafkaMessage {
  readonly owned: OwnedPartition
  readonly offset: bigint
  readonly timestamp: bigint
  readonly key: Buffer | null
  readonly value: Buffer | null
  readonly headers: readonly (readonly [Buffer | null, Buffer | null])[]
}

/** Messages that were fetched together, in the order of each partition. */
export interface MessageBatch {
  readonly messages: readonly KafkaMessage[]
  /** Where each partition stands when they are dealt with. */
  readonly ends: ReadonlyMap<OwnedPartition, bigint>
}

type FetchResponse = fetchV17.FetchResponse
type ClientRecord = FetchedRecord & Pick<KafkaMessage, 'key' | 'value' | 'headers'>

/** An answer of a few bytes only: of the messages of a transaction one by one, say. */
const TRANSACTION_MIN_BYTES = 64 * 1024

/** Partitions are asked for as often as this, where none is ours or none has a leader. In milliseconds. */
const IDLE_MS = 50

/**
 * Messages of the partitions that the group gives to this process. One fetch at a time; the next one may be on its way while its messages are worked
 * on. The records of transactions come when these are settled, and none of aborted ones.
 *
 *     group --> generation --> partitions: kept ones go on where they are, the others begin at the offset that is committed
 *                                 `--> fetch --> messages, until the next generation makes those of lost partitions stale
 */
export class KafkaSource {
  readonly member: GroupMember
  readonly #kafka: KafkaModule
  readonly #options: KafkaOptions
  readonly #outage: Outage
  readonly #say: (line: string) => void
  readonly #backOff = new BackOff()
  readonly #connections: InstanceType<KafkaModule['ConnectionPool']>
  /** By `topic/partition`. */
  #owned = new Map<string, OwnedPartition>()
  /** The generation that {@link KafkaSource.#owned} is of. */
  #generation: Generation | undefined
  /** Resolves when the partitions of the last generation have their offsets. */
  #starting: Promise<void> = Promise.resolve()
  /** Partitions of topics, of which there are more now. */
  #outdated: ReadonlyMap<string, number> | undefined
  #turn = 0
  #isStopped = false
  #replaced: Error | undefined

  /** @param say tells the operator a line */
  constructor(kafka: KafkaModule, options: KafkaOptions, outage: Outage, say: (line: string) => void) {
    this.#kafka = kafka
    this.#options = options
    this.#outage = outage
    this.#say = say
    this.#connections = new kafka.ConnectionPool(
      options.connection.clientId,
      clientOptions(options.connection),
    )
    bearConnectionErrors(this.#connections)
    const owner = {
      onGeneration: (generation: Generation) => this.#begin(generation),
      onReplaced: (error: Error) => {
        this.#replaced = error
      },
    }
    this.member = new GroupMember(kafka, options, owner, outage)
  }

  /** The partitions that are ours now. */
  get owned(): Iterable<OwnedPartition> {
    return this.#owned.values()
  }

  /** The generation of {@link KafkaSource.owned}; undefined: none has begun. */
  get generation(): Generation | undefined {
    return this.#generation
  }

  /** It has joined, and knows where its partitions stand. */
  get isStarted(): boolean {
    return this.#generation !== undefined && this.#generation === this.member.generation
  }

  /** Set when another process has taken this one's place in the group. */
  get replaced(): Error | undefined {
    return this.#replaced
  }

  /** Joins the group. @throws the client's error */
  start(): Promise<void> {
    return this.member.start()
  }

  /** Nothing is fetched any more; who waits for messages gets none. */
  stop(): void {
    this.#isStopped = true
    this.#backOff.wake()
  }

  async end(): Promise<void> {
    this.stop()
    await this.member.end()
    dropConnections(this.#connections)
    await this.#connections.close().catch(() => {})
  }

  /** True for messages of partitions that are ours still, and that were not dealt with. */
  isFresh({ owned, offset }: Pick<KafkaMessage, 'owned' | 'offset'>): boolean {
    return this.isOwned(owned) && offset >= owned.position
  }

  isOwned(owned: OwnedPartition): boolean {
    return this.#owned.get(owned.name) === owned
  }

  /** Fetches, for ever if need be. @returns undefined: it was stopped, or replaced */
  async next(): Promise<MessageBatch | undefined> {
    let failing: number | undefined
    while (!this.#isStopped && this.#replaced === undefined) {
      try {
        await this.#starting
        const batch = await this.#fetch()
        failing = undefined
        this.#backOff.reset()
        this.#outage.worked('fetch')
        if (batch === undefined) await new Promise((resolve) => setTimeout(resolve, IDLE_MS))
        else if (batch.ends.size > 0) return batch
      } catch (error) {
        if (isTimeout(error)) dropConnections(this.#connections)
        // The leader may be another one: the client cannot read the answer of a broker that is none any longer.
        this.member.consumer.clearMetadata()
        failing ??= performance.now()
        const isLong = performance.now() - failing > PASSING_MS
        if (isLong || !isPassing(error)) this.#outage.failed('fetch', error)
        await this.#backOff.wait()
      }
    }
    return undefined
  }

  /** All partitions begin anew at what is committed: what was worked on was given up. */
  restart(): void {
    if (this.member.generation === undefined) return
    this.#owned = new Map()
    this.#starting = this.#start(this.member.generation)
  }

  /**
   * Notes that messages are dealt with.
   */
  advance(ends: ReadonlyMap<OwnedPartition, bigint>): void {
    for (const [owned, end] of ends) if (this.isOwned(owned) && end > owned.position) owned.position = end
  }

  /** The offsets of partitions that are ours where they differ from what the group knows. */
  uncommitted(): readonly OwnedPartition[] {
    return [...this.#owned.values()].filter(({ position, committed }) => position > committed)
  }

  #begin(generation: Generation): void {
    const before = this.#generation
    // Nobody else can have had a partition only if this member was in the generation before.
    const isNext =
      before !== undefined && generation.id === before.id + 1 && generation.memberId === before.memberId
    const kept = new Map<string, OwnedPartition>()
    if (isNext || (before?.id === generation.id && before.memberId === generation.memberId)) {
      for (const [topic, partitions] of generation.assigned) {
        for (const partition of partitions) {
          const owned = this.#owned.get(nameOf({ topic, partition }))
          if (owned !== undefined) kept.set(owned.name, owned)
        }
      }
    }
    this.#owned = kept
    this.#starting = this.#start(generation)
  }

  /** Finds where partitions begin, for ever if need be. */
  async #start(generation: Generation): Promise<void> {
    const isCurrent = () => this.member.generation === generation && !this.#isStopped
    const backOff = new BackOff()
    const since = performance.now()
    while (isCurrent()) {
      try {
        const begun = await this.#offsetsOf(generation)
        if (!isCurrent()) return
        for (const owned of begun) {
          if (!this.#owned.has(owned.name)) this.#owned.set(owned.name, owned)
        }
        this.#generation = generation
        this.#outage.worked('read the committed offsets')
        return
      } catch (error) {
        // Of a transaction that is being ended: the wait is part of the game, up to the time that one may be open.
        if (!hasId(error, 'UNSTABLE_OFFSET_COMMIT')) this.#outage.failed('read the committed offsets', error)
        else if (performance.now() - since > UNSTABLE_MS) {
          this.#outage.failed('read the committed offsets', new UnendedError(this.#options.group))
        }
        await backOff.wait()
      }
    }
  }

  async #offsetsOf(generation: Generation): Promise<OwnedPartition[]> {
    const fresh = new Map<string, number[]>()
    for (const [topic, partitions] of generation.assigned) {
      const missing = partitions.filter((partition) => !this.#owned.has(nameOf({ topic, partition })))
      if (missing.length > 0) fresh.set(topic, missing)
    }
    if (fresh.size === 0) return []
    const begun: OwnedPartition[] = []
    const unknown: OwnedPartition[] = []
    for (const { topic, partitions } of await this.member.committedOffsets(fresh)) {
      for (const { partition, offset } of partitions) {
        const owned = partitionAt(topic, partition, offset)
        begun.push(owned)
        if (offset < 0n) unknown.push(owned)
      }
    }
    if (unknown.length > 0) {
      await this.#moveTo(unknown, this.#options.start ?? 'earliest')
      // Else what comes before the first commit would be lost to one that begins at the end again.
      if (!(await this.member.commit(generation, offsetsOf(unknown)))) {
        throw new Error('the group began another generation')
      }
      for (const owned of unknown) owned.committed = owned.position
    }
    return begun
  }

  /** Moves partitions to their beginning or their end. */
  async #moveTo(partitions: readonly OwnedPartition[], where: 'earliest' | 'latest'): Promise<void> {
    const { EARLIEST, LATEST } = this.#kafka.ListOffsetTimestamps
    const asked: Record<string, number[]> = {}
    for (const { topic, partition } of partitions) {
      asked[topic] ??= []
      asked[topic].push(partition)
    }
    const offsets = await this.member.consumer.listOffsets({
      topics: Object.keys(asked),
      partitions: asked,
      timestamp: where === 'earliest' ? EARLIEST : LATEST,
      isolationLevel: this.#kafka.FetchIsolationLevels.READ_COMMITTED,
    })
    for (const owned of partitions) {
      const offset = offsets.get(owned.topic)?.[owned.partition]
      if (offset === undefined) throw new Error(`there is no offset of ${owned.name}`)
      owned.position = offset
      owned.fetchPosition = offset
      owned.highWatermark = offset
    }
  }

  /** @returns undefined: there is nothing to ask for */
  async #fetch(): Promise<MessageBatch | undefined> {
    const { from } = this.#options
    let owned = [...this.#owned.values()]
    const metadata = await metadataOf(this.member.consumer, from)
    this.#watchPartitions(metadata.topics)
    if (await this.#leaveDeleted(owned, metadata.topics)) owned = [...this.#owned.values()]
    const byLeader = new Map<number, Map<string, OwnedPartition[]>>()
    // Who is asked first has room in the answer: each partition has its turn.
    const first = owned.length === 0 ? 0 : this.#turn++ % owned.length
    for (let index = 0; index < owned.length; index++) {
      const one = owned[(first + index) % owned.length]!
      const topic = metadata.topics.get(one.topic)
      const leader = topic?.partitions[one.partition]?.leader ?? -1
      if (topic === undefined || !metadata.brokers.has(leader)) continue
      let ofLeader = byLeader.get(leader)
      if (ofLeader === undefined) {
        ofLeader = new Map()
        byLeader.set(leader, ofLeader)
      }
      const ofTopic = ofLeader.get(topic.id)
      if (ofTopic === undefined) ofLeader.set(topic.id, [one])
      else ofTopic.push(one)
    }
    if (byLeader.size === 0) {
      if (owned.length > 0) this.member.consumer.clearMetadata()
      return undefined
    }
    const messages: KafkaMessage[] = []
    const ends = new Map<OwnedPartition, bigint>()
    const fetches = Array.from(byLeader, async ([leader, topics]) => {
      const response = await this.#ask(metadata.brokers.get(leader)!, topics, byLeader.size)
      await this.#read(response, topics, messages, ends)
    })
    const faults = (await Promise.allSettled(fetches)).filter(({ status }) => status === 'rejected')
    // What others have answered is not fetched again.
    if (faults.length > 0 && ends.size === 0) throw (faults[0] as PromiseRejectedResult).reason
    return { messages, ends }
  }

  async #ask(
    broker: { host: string; port: number },
    topics: ReadonlyMap<string, readonly OwnedPartition[]>,
    brokers: number,
  ): Promise<FetchResponse> {
    const { batchBytes = DEFAULT_BATCH_BYTES, batchWaitMs = DEFAULT_BATCH_WAIT_MS, delivery } = this.#options
    const asked: FetchTopic[] = Array.from(topics, ([topicId, partitions]) => ({
      topicId,
      partitions: partitions.map(({ partition, fetchPosition }) => ({
        partition,
        fetchOffset: fetchPosition,
      })),
    }))
    const connection = await this.#connections.get(broker)
    const maxBytes = Math.max(1024, Math.floor(batchBytes / brokers))
    try {
      return await this.member.requests.fetch(connection, asked, {
        maxBytes,
        maxWaitMs: batchWaitMs,
        // A transaction costs as much for one message as for a thousand.
        minBytes: delivery === 'exactly-once' ? Math.min(TRANSACTION_MIN_BYTES, maxBytes) : 1,
      })
    } catch (error) {
      // One partition has an error: the answer has the others.
      const { response } = error as { response?: FetchResponse }
      if (response === undefined || (response.errorCode ?? 0) !== 0) throw error
      return response
    }
  }

  async #read(
    { responses }: FetchResponse,
    topics: ReadonlyMap<string, readonly OwnedPartition[]>,
    messages: KafkaMessage[],
    ends: Map<OwnedPartition, bigint>,
  ): Promise<void> {
    let fault: Error | undefined
    for (const { topicId, partitions } of responses) {
      for (const part of partitions) {
        const owned = topics.get(topicId)?.find(({ partition }) => partition === part.partitionIndex)
        if (owned === undefined) continue
        if (part.errorCode !== 0) {
          fault = (await this.#partitionFault(owned, part.errorCode, ends)) ?? fault
          continue
        }
        if (part.highWatermark >= 0n) owned.highWatermark = part.highWatermark
        const { records, nextOffset } = committedRecords(
          part as { abortedTransactions: typeof part.abortedTransactions; records?: never },
          owned.fetchPosition,
        )
        for (const { offset, timestamp, record } of records) {
          const { key, value, headers } = record as ClientRecord
          messages.push({ owned, offset, timestamp, key, value, headers })
        }
        if (nextOffset > owned.fetchPosition) {
          owned.fetchPosition = nextOffset
          ends.set(owned, nextOffset)
        }
      }
    }
    if (fault !== undefined && ends.size === 0) throw fault
  }

  async #partitionFault(
    owned: OwnedPartition,
    code: number,
    ends: Map<OwnedPartition, bigint>,
  ): Promise<Error | undefined> {
    if (code === OFFSET_OUT_OF_RANGE) {
      const { fetchPosition, topic, partition, topicId } = owned
      const begun = { ...partitionAt(topic, partition, -1n), topicId }
      await this.#moveTo([begun], 'earliest')
      const { position } = begun
      if (position > fetchPosition) {
        // Messages that were fetched before stay fresh, because nobody can fetch them again; the end comes behind theirs.
        owned.fetchPosition = position
        ends.set(owned, position)
      } else if (this.isOwned(owned)) {
        // The log was cut: other messages may have the offsets of those that were fetched before.
        this.#owned.set(owned.name, begun)
      }
      this.#say(
        `kafka: ${owned.name} has no offset ${fetchPosition} any longer: it goes on at ${position}, the first one there is`,
      )
      return undefined
    }
    this.member.consumer.clearMetadata()
    return new this.#kafka.ProtocolError(code)
  }

  /**
   * A topic that was deleted and created again has other messages at the same offsets: its partitions begin anew, at their beginning, because nobody has
   * read anything of it. Messages of the topic before that are not written yet are dropped.
   *
   * @returns true when there was one
   */
  async #leaveDeleted(
    owned: readonly OwnedPartition[],
    topics: ReadonlyMap<string, { readonly id: string; readonly partitionsCount: number }>,
  ): Promise<boolean> {
    const deleted: OwnedPartition[] = []
    for (const one of owned) {
      const topic = topics.get(one.topic)
      if (topic === undefined || one.partition >= topic.partitionsCount) continue
      one.topicId ??= topic.id
      if (one.topicId !== topic.id) deleted.push(one)
    }
    if (deleted.length === 0) return false
    const begun = deleted.map(({ topic, partition }) => ({
      ...partitionAt(topic, partition, -1n),
      topicId: topics.get(topic)!.id,
    }))
    await this.#moveTo(begun, 'earliest')
    for (const [index, one] of deleted.entries()) {
      // The group may have given it to another process meanwhile.
      if (this.isOwned(one)) this.#owned.set(one.name, begun[index]!)
    }
    for (const topic of new Set(deleted.map((one) => one.topic))) {
      this.#say(`kafka: ${topic} was deleted and created again: it is read from its beginning`)
    }
    return true
  }

  /** New partitions of a topic are nobody's until the group shares them out: its leader sees to that. */
  #watchPartitions(topics: ReadonlyMap<string, { readonly partitionsCount: number }>): void {
    const shared = this.member.generation?.shared
    if (shared === undefined || shared === this.#outdated) return
    for (const [topic, { partitionsCount }] of topics) {
      if (partitionsCount <= (shared.get(topic) ?? partitionsCount)) continue
      this.#say(`kafka: ${topic} has ${partitionsCount} partitions now: the group shares them out again`)
      this.#outdated = shared
      this.member.rejoin()
      return
    }
  }
}

const OFFSET_OUT_OF_RANGE = 1

/** A transaction that is open for longer ends by itself no more. In milliseconds. */
const UNSTABLE_MS = 2 * TRANSACTION_MS

/** A transaction with offsets of the group has not ended, and nobody seems to end it. */
class UnendedError extends Error {
  override readonly name = 'UnendedError'

  constructor(group: string) {
    super(
      `a transaction with offsets of the group has been open for ${UNSTABLE_MS / 1000} s: the process whose it is ends it when it starts again` +
        ` (its transactional id is ${group}/ and its --instance-id; kafka-transactions.sh find-hanging tells more)`,
    )
  }
}

/** An error that should be over by itself is told of after so long. In milliseconds. */
const PASSING_MS = 10_000

/** The error is over by itself in a moment: a leader is being elected, or the metadata was old. */
function isPassing(error: unknown): boolean {
  return hasId(error, 'NOT_LEADER_OR_FOLLOWER', 'LEADER_NOT_AVAILABLE', 'FENCED_LEADER_EPOCH')
}

/** A partition that begins at an offset, which is the one that the group knows; -1: it knows none. */
export function partitionAt(topic: string, partition: number, offset: bigint): OwnedPartition {
  return {
    name: nameOf({ topic, partition }),
    topic,
    topicId: undefined,
    partition,
    position: offset,
    fetchPosition: offset,
    committed: offset,
    highWatermark: offset,
  }
}

/** `topic/partition` */
export function nameOf({ topic, partition }: { readonly topic: string; readonly partition: number }): string {
  return `${topic}/${partition}`
}

/** The positions of partitions, as offsets to commit. */
export function offsetsOf(
  partitions: Iterable<Pick<OwnedPartition, 'topic' | 'partition' | 'position'>>,
): TopicOffsets {
  const byTopic = new Map<string, { partition: number; offset: bigint }[]>()
  for (const { topic, partition, position } of partitions) {
    const ofTopic = byTopic.get(topic)
    if (ofTopic === undefined) byTopic.set(topic, [{ partition, offset: position }])
    else ofTopic.push({ partition, offset: position })
  }
  return Array.from(byTopic, ([topic, ofTopic]) => ({ topic, partitions: ofTopic }))
}
