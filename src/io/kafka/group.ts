import type { Connection, Consumer, GroupOptions } from '@platformatic/kafka'
import { assignPartitions } from './assign.ts'
import type { KafkaModule, TopicOffsets } from './client.ts'
import { clientOptions, dropConnections, Requests } from './client.ts'
import type { Outage } from './faults.ts'
import { BackOff, hasId, isReplaced, isTimeout } from './faults.ts'
import { metadataOf } from './metadata.ts'
import type { KafkaOptions } from './options.ts'
import { DEFAULT_SESSION_MS } from './options.ts'

/** A generation of the group, and what this member has in it. */
export interface Generation {
  readonly id: number
  readonly memberId: string
  /** Partitions by topic. */
  readonly assigned: ReadonlyMap<string, readonly number[]>
  /** Of the member that has shared them out: the partitions of each topic. It sees to it that new ones are shared out, too. */
  readonly shared: ReadonlyMap<string, number> | undefined
}

/** The user of a membership. */
export interface GroupOwner {
  /** Another generation has begun. Called while no other code runs. */
  onGeneration(generation: Generation): void
  /** The membership is over for good: another process has the instance id. */
  onReplaced(error: Error): void
}

/** In milliseconds. The group knows of a change at the next heartbeat. */
const HEARTBEAT_MS = 3_000
const REBALANCE_MS = 60_000
/** A client that was given up may be heard by the brokers for so long. */
const RENEWED_MS = 30_000
/** A start waits so long for the cluster to have a coordinator of its group. */
const COORDINATOR_MS = 30_000
/** A commit is refused so where the generation or the membership is over: heartbeats tell which. */
const OVER = ['ILLEGAL_GENERATION', 'UNKNOWN_MEMBER_ID', 'REBALANCE_IN_PROGRESS', 'FENCED_INSTANCE_ID']
const NO_COORDINATOR_YET = ['COORDINATOR_NOT_AVAILABLE', 'COORDINATOR_LOAD_IN_PROGRESS', 'NOT_COORDINATOR']

/**
 * A member of a consumer group in the classic protocol, which is the one that goes with transactions. The client joins again by itself
 * where a heartbeat tells it to; everything else that ends a membership is dealt with here:
 *
 *     join --> generation --> heartbeats --.--> rebalance: the client joins again ----> generation
 *       ^                                  `--> any other error of a heartbeat --.
 *       `------------------- with a new client, which finds the coordinator anew <-'
 */
export class GroupMember {
  readonly #kafka: KafkaModule
  readonly #options: KafkaOptions
  readonly #owner: GroupOwner
  readonly #outage: Outage
  readonly #backOff = new BackOff()
  #consumer!: Consumer
  #requests!: Requests
  #generation: Generation | undefined
  #joining: Promise<void> | undefined
  /** Set while partitions are shared out. */
  #shared: ReadonlyMap<string, number> | undefined
  /** When the group was heard of last. */
  #seen = 0
  /** When a client took the place of another one last. */
  #renewed = Number.NEGATIVE_INFINITY
  #isOver = false
  /** Generations after the first one. */
  rebalances = 0

  constructor(kafka: KafkaModule, options: KafkaOptions, owner: GroupOwner, outage: Outage) {
    this.#kafka = kafka
    this.#options = options
    this.#owner = owner
    this.#outage = outage
    this.#open(null)
  }

  /** Undefined: it has not joined yet. */
  get generation(): Generation | undefined {
    return this.#generation
  }

  get requests(): Requests {
    return this.#requests
  }

  get consumer(): Consumer {
    return this.#consumer
  }

  /**
   * Joins the group for the first time. A cluster that has had no group yet makes the topic of offsets for the first one, and has no
   * coordinator until then: that is waited for. So is the end of the session of a member that is gone without a word, as one with an instance id is
   * that was stopped: it holds up all joins, and may last longer than a request.
   *
   * @throws the client's error when that does not work
   */
  async start(): Promise<void> {
    const { sessionTimeoutMs = DEFAULT_SESSION_MS } = this.#options
    const end = performance.now() + COORDINATOR_MS
    const heldEnd = end + Math.max(REBALANCE_MS, sessionTimeoutMs)
    for (;;) {
      try {
        await this.#join()
        this.#backOff.reset()
        return
      } catch (error) {
        const now = performance.now()
        const isSoon = isTimeout(error) ? now < heldEnd : hasId(error, ...NO_COORDINATOR_YET) && now < end
        if (!isSoon || this.#isOver) throw error
        await this.#backOff.wait()
        await this.#renew()
      }
    }
  }

  /**
   * Nothing was heard of the group for as long as a session lasts: this process has stood still, and its partitions are somebody else's by now. It
   * joins again.
   */
  get isDoubtful(): boolean {
    const { sessionTimeoutMs = DEFAULT_SESSION_MS } = this.#options
    const isDoubtful = this.#joining !== undefined || performance.now() - this.#seen > sessionTimeoutMs
    if (isDoubtful) this.#rejoin(undefined)
    return isDoubtful
  }

  /** Joins again: partitions are there that nobody has. */
  rejoin(): void {
    this.#rejoin(undefined)
  }

  /** A connection to the coordinator. */
  async coordinator(): Promise<Connection> {
    const consumer = this.#consumer
    const node = await consumer.findGroupCoordinator()
    const { brokers } = await metadataOf(consumer, this.#options.from)
    const broker = brokers.get(node)
    if (broker === undefined) throw new Error(`there is no broker ${node}, which coordinates the group`)
    return consumer.connections.get(broker)
  }

  /** The committed offsets of partitions; -1 where there is none. Open transactions are waited for, by an error. */
  async committedOffsets(partitions: ReadonlyMap<string, readonly number[]>): Promise<TopicOffsets> {
    const asked = Array.from(partitions, ([topic, ofTopic]) => ({ topic, partitions: ofTopic }))
    return this.#watched(async () =>
      this.#requests.committedOffsets(await this.coordinator(), this.#options.group, asked),
    )
  }

  /**
   * Commits offsets for a generation.
   *
   * The generation is compared first, and the request names it: under the generation after it, as the client's own commit may come, a process that
   * has stood still for long would take the group back to where it was.
   *
   * @returns false when the generation is over: nothing was committed
   */
  async commit(generation: Generation, offsets: TopicOffsets): Promise<boolean> {
    if (this.#generation !== generation || this.#joining !== undefined) return false
    const { group, instanceId = null } = this.#options
    const { id, memberId } = generation
    const member = { groupId: group, generation: id, memberId, instanceId }
    try {
      await this.#watched(async () => this.#requests.commitOffsets(await this.coordinator(), member, offsets))
      return true
    } catch (error) {
      if (hasId(error, ...OVER)) return false
      if (hasId(error, 'NOT_COORDINATOR', 'COORDINATOR_NOT_AVAILABLE')) this.#rejoin(error)
      throw error
    }
  }

  /** Ends the membership. A static member stays in the group until its session is over, so that a restart moves nothing. */
  async end(): Promise<void> {
    this.#isOver = true
    this.#backOff.wake()
    const consumer = this.#consumer
    if (this.#options.instanceId === undefined && this.#generation !== undefined && !this.#outage.isNow) {
      await leave(consumer)
    }
    await this.#closeClient(consumer)
  }

  async #watched<T>(work: () => Promise<T>): Promise<T> {
    try {
      return await work()
    } catch (error) {
      if (isTimeout(error)) dropConnections(this.#consumer.connections)
      throw error
    }
  }

  #open(memberId: string | null): void {
    const { connection, group, from, instanceId } = this.#options
    const consumer = new this.#kafka.Consumer({
      ...clientOptions(connection),
      groupId: group,
      autocommit: false,
      // The newer protocol does not go with transactions.
      groupProtocol: 'classic',
      ...(instanceId !== undefined && { groupInstanceId: instanceId }),
    })
    consumer.memberId = memberId
    consumer.topics.trackAll(...from)
    consumer.on(
      'consumer:group:join',
      ({ generationId = -1, memberId: id, isLeader = false, assignments = [] }) => {
        if (consumer !== this.#consumer || this.#isOver) return
        if (this.#generation !== undefined) this.rebalances++
        this.#seen = performance.now()
        this.#generation = {
          id: generationId,
          memberId: id,
          // With one member the client gives it all there is.
          shared: isLeader
            ? (this.#shared ??
              new Map(assignments.map(({ topic, partitions }) => [topic, partitions.length])))
            : undefined,
          assigned: new Map(assignments.map(({ topic, partitions }) => [topic, partitions])),
        }
        this.#shared = undefined
        this.#owner.onGeneration(this.#generation)
      },
    )
    consumer.on('consumer:heartbeat:end', () => {
      this.#seen = performance.now()
    })
    consumer.on('consumer:heartbeat:error', ({ error }) => {
      if (consumer === this.#consumer) this.#rejoin(error)
    })
    // A join that the client began by itself has failed.
    consumer.on('error', (error) => {
      if (consumer === this.#consumer) this.#rejoin(error)
    })
    this.#consumer = consumer
    this.#requests = new Requests(this.#kafka, consumer)
  }

  async #join(): Promise<void> {
    const { sessionTimeoutMs = DEFAULT_SESSION_MS } = this.#options
    const join = this.#consumer.joinGroup.bind(this.#consumer) as (options: GroupOptions) => Promise<string>
    await join({
      sessionTimeout: sessionTimeoutMs,
      rebalanceTimeout: Math.max(REBALANCE_MS, sessionTimeoutMs),
      heartbeatInterval: Math.min(HEARTBEAT_MS, Math.ceil(sessionTimeoutMs / 4)),
      partitionAssigner: (current, members, topics, metadata) => {
        this.#shared = new Map(
          Array.from(metadata.topics, ([topic, of]) => [topic, of?.partitionsCount ?? 0]),
        )
        return assignPartitions(current, members, topics, metadata)
      },
    })
  }

  #rejoin(error: unknown): void {
    if (this.#isOver || this.#joining !== undefined) return
    this.#joining = this.#joinAgain(error).finally(() => {
      this.#joining = undefined
    })
  }

  async #joinAgain(cause: unknown): Promise<void> {
    let error = cause
    while (!this.#isOver) {
      if (error !== undefined) {
        // A request of a client that was given up may have come behind those of the next one.
        if (isReplaced(error) && performance.now() - this.#renewed > RENEWED_MS) {
          this.#isOver = true
          this.#owner.onReplaced(error as Error)
          return
        }
        this.#outage.failed('stay in the group', error)
        await this.#renew(isReplaced(error))
        if (this.#isOver) return
      }
      try {
        await this.#join()
        this.#backOff.reset()
        this.#outage.worked('stay in the group')
        return
      } catch (fault) {
        error = fault
        await this.#backOff.wait()
      }
    }
  }

  /**
   * Another client takes the place of this one: it has found a coordinator for good, and its connections may be of no use.
   *
   * @param isFenced the group has another member of its name, and refuses the member id for ever: the next client joins as a new member. Default: false
   */
  async #renew(isFenced = false): Promise<void> {
    const before = this.#consumer
    if (!isFenced) this.#renewed = performance.now()
    this.#open(isFenced ? null : before.memberId)
    await this.#closeClient(before)
  }

  /** Closes the connections and does not leave the group, as the consumer's own `close` would. */
  async #closeClient(consumer: Consumer): Promise<void> {
    // One without a member id asks nothing of the group, and its heartbeats end: those of version 2 go on without a connection, and keep the process alive.
    consumer.memberId = null
    await leave(consumer)
    dropConnections(consumer.connections)
    const close = this.#kafka.Base.prototype.close as (this: Consumer, done: () => void) => void
    await new Promise<void>((resolve) => close.call(consumer, resolve))
  }
}

async function leave(consumer: Consumer): Promise<void> {
  const leaveGroup = consumer.leaveGroup.bind(consumer) as (force: boolean) => Promise<void>
  await leaveGroup(false).catch(() => {})
}
