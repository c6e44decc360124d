import type { Consumer, Producer } from '@platformatic/kafka'
import type { KafkaModule } from './client.ts'
import { askAsClients, clientOptions, dropConnections, Requests, TRANSACTION_MS } from './client.ts'
import { hasId, isTimeout, isUnreachable } from './faults.ts'
import { metadataOf } from './metadata.ts'
import type { KafkaOptions } from './options.ts'
import { transactionalIdOf } from './options.ts'
import type { OutgoingMessage, Topology } from './outgoing.ts'
import { requests } from './outgoing.ts'

type Transaction = NonNullable<Producer['transaction']>

/** Kafka's own limit of a batch, for a topic that does not tell its own. */
const DEFAULT_MAX_BYTES = 1_048_588

/** A limit that a broker has shown to be wrong is halved, down to this. */
const LEAST_MAX_BYTES = 1024

/** Requests of a transaction that come too soon after the one before are made again, first after so many milliseconds. */
const SOON_MS = 5

/** Attempts for a request of a transaction. */
const TRANSACTION_ATTEMPTS = 8

/** Writes records, acknowledged by all replicas that are in step, and knows the topics that they go to. */
export class KafkaWriter implements Topology {
  readonly #kafka: KafkaModule
  readonly #options: KafkaOptions
  readonly #isTransactional: boolean
  #producer: Producer
  #requests: Requests
  readonly #partitions = new Map<string, number>()
  readonly #maxBytes = new Map<string, number>()
  /** Partitions of transactions whose ends may be missing from the topics, by topic. See {@link KafkaWriter.fence}. */
  #unsure = new Map<string, Set<number>>()
  #isDoubtful = false
  /** Transactions that were given up. */
  aborts = 0
  /** Called when a connection is lost on which transactions were made: call {@link KafkaWriter.fence} before the next one. */
  onDoubt: (() => void) | undefined

  constructor(kafka: KafkaModule, options: KafkaOptions) {
    this.#kafka = kafka
    this.#options = options
    this.#isTransactional = options.delivery === 'exactly-once'
    this.#producer = this.#open()
    this.#requests = new Requests(kafka, this.#producer)
  }

  partitions(topic: string): number {
    const count = this.#partitions.get(topic)
    if (count === undefined) throw new Error(`the partitions of ${topic} are not known`)
    return count
  }

  maxBytes(topic: string): number {
    return this.#maxBytes.get(topic) ?? DEFAULT_MAX_BYTES
  }

  /** Learns what is written to topics, before it is. @throws the client's error, also where a topic is not there */
  async look(topics: readonly string[]): Promise<void> {
    const metadata = await metadataOf(this.#producer, topics)
    for (const [topic, { partitionsCount }] of metadata.topics) this.#partitions.set(topic, partitionsCount)
    const unknown = topics.filter((topic) => !this.#maxBytes.has(topic))
    if (unknown.length === 0) return
    const [broker] = metadata.brokers.values()
    const sizes = await this.#producer.connections
      .get(broker!)
      .then((connection) => this.#requests.maxMessageBytes(connection, unknown))
      .catch((error: unknown) => {
        // Limits are learnt once: a connection that was lost must not leave those of no topic.
        if (isUnreachable(error)) throw error
        // It is a right of its own, which a process that writes need not have.
        return new Map<string, number>()
      })
    for (const topic of unknown) this.#maxBytes.set(topic, sizes.get(topic) ?? DEFAULT_MAX_BYTES)
  }

  /** The cluster has the topic. @throws the client's error when it cannot be asked */
  async exists(topic: string): Promise<boolean> {
    try {
      await this.look([topic])
      return true
    } catch (error) {
      if (error instanceof this.#kafka.UserError || hasId(error, 'TOPIC_AUTHORIZATION_FAILED')) return false
      throw error
    }
  }

  /** Hash of a key, as Java's client makes it. */
  hash = (key: Buffer): number => this.#kafka.murmur2(key, false) & 0x7fffffff

  /**
   * Writes records, in one attempt.
   *
   * @param written is told of records that are written, in order: they need not be written again
   * @throws the client's error; a size that a broker does not take is noted for the next attempt
   */
  async write(messages: readonly OutgoingMessage[], written?: (count: number) => void): Promise<void> {
    for (const request of requests(messages, this)) {
      await this.#watched(request, () => this.#producer.send(this.#sending(request)))
      written?.(request.length)
    }
  }

  // --- transactions -----------------------------------------------------------------------------------------

  /** A connection was lost, and {@link KafkaWriter.fence} has not made it good. */
  get isDoubtful(): boolean {
    return this.#isDoubtful
  }

  /**
   * Fences a process that had the same name before, ends the transaction that it left open, and makes good the end of the one before.
   *
   * A transaction is committed when its coordinator says so, and ends in each partition later, by a marker. A coordinator that is killed in between
   * writes the markers when it comes back. Kafka's may lose them (seen with 4.4: its log of transactions says `CompleteCommit`, and there is no marker; it
   * seems to hold transactions of clients that keep their epoch to the rules of those that do not, compare KAFKA-19999). Then readers stand still
   * in front of the records, and the offsets of the group are never to be had. So a transaction without records, in the same partitions and with the group,
   * is committed here: its markers end the lost one too. Nothing else can be open by now: what was not committed has been aborted, with a
   * higher epoch, which no late record of ours passes.
   *
   * @param consumer a member of the group whose offsets are committed
   * @param topics of which all partitions are ended so. Default: those of the last transactions of this writer
   * @throws the client's error
   */
  async fence(consumer: Consumer, topics: readonly string[] = []): Promise<void> {
    for (const topic of topics) this.#doubt(topic, Array(this.partitions(topic)).keys())
    if (this.#isDoubtful) await this.#replaceProducer()
    try {
      const transaction = await this.#producer.beginTransaction()
      await transaction.addConsumer(consumer as never)
      await this.#addUnsure(transaction)
      await transaction.commit()
      this.#unsure.clear()
      this.#isDoubtful = false
    } catch (error) {
      // One that has failed to begin stays in the client's way.
      await this.#replaceProducer()
      throw error
    }
  }

  async #addUnsure(transaction: Transaction): Promise<void> {
    // A topic that was deleted has nothing to be made good.
    for (const topic of this.#unsure.keys()) if (!(await this.exists(topic))) this.#unsure.delete(topic)
    const topics = [...this.#unsure.keys()]
    if (topics.length === 0) return
    const places = topics.flatMap((topic) =>
      Array.from(this.#unsure.get(topic)!, (partition) => ({ topic, partition })),
    )
    await transaction.addPartitions(await this.#producer.metadata({ topics }), places as never)
  }

  #doubt(topic: string, partitions: Iterable<number>): void {
    let ofTopic = this.#unsure.get(topic)
    if (ofTopic === undefined) {
      ofTopic = new Set()
      this.#unsure.set(topic, ofTopic)
    }
    for (const partition of partitions) ofTopic.add(partition)
  }

  /**
   * Writes records and commits offsets in one transaction.
   *
   * @param addOffsets puts the offsets into it
   * @throws the client's error. Then nobody knows how it ended: call {@link KafkaWriter.abandon}, and ask the group for its offsets
   */
  async transact(
    messages: readonly OutgoingMessage[],
    addOffsets: (transaction: Transaction, producer: Producer, requests: Requests) => Promise<void>,
  ): Promise<void> {
    const producer = this.#producer
    const transaction = await producer.beginTransaction()
    const before = this.#unsure
    this.#unsure = partitionsOf(messages)
    for (const [topic, partitions] of before) this.#doubt(topic, partitions)
    for (const request of requests(messages, this)) {
      await this.#watched(request, () => transaction.send(this.#sending(request)))
    }
    await addOffsets(transaction, producer, this.#requests)
    await transaction.commit()
    // The one before has ended for good: this one could not have begun else. A lost connection makes that uncertain.
    if (!this.#isDoubtful) this.#unsure = partitionsOf(messages)
  }

  /** Takes another producer: one with the same name ends the transaction of this one when it begins. */
  async abandon(): Promise<void> {
    this.aborts++
    await this.#replaceProducer()
  }

  async #replaceProducer(): Promise<void> {
    const before = this.#producer
    this.#producer = this.#open()
    this.#requests = new Requests(this.#kafka, this.#producer)
    await this.#close(before)
  }

  async end(): Promise<void> {
    await this.#close(this.#producer)
  }

  async #close(producer: Producer): Promise<void> {
    dropConnections(producer.connections)
    const close = this.#kafka.Base.prototype.close as (this: Producer, done: () => void) => void
    await new Promise<void>((resolve) => close.call(producer, resolve))
  }

  #sending(messages: readonly OutgoingMessage[]) {
    const { compression = 'none' } = this.#options
    return {
      messages: messages as OutgoingMessage[],
      compression,
      ...(!this.#isTransactional && { acks: this.#kafka.ProduceAcks.ALL }),
    }
  }

  #open(): Producer {
    const { connection } = this.#options
    if (!this.#isTransactional) {
      return new this.#kafka.Producer({ ...clientOptions(connection), idempotent: false })
    }
    const producer = new this.#kafka.Producer({
      ...clientOptions(connection),
      idempotent: true,
      transactionalId: transactionalIdOf(this.#options),
      // None: the client would take those of the first producer of the cluster.
      producerId: -1n,
      producerEpoch: -1,
      // For producers of transactions this is the time that one may be open.
      timeout: TRANSACTION_MS,
      retries: TRANSACTION_ATTEMPTS,
      retryDelay: (_client, _operation, attempt) => SOON_MS * 2 ** attempt,
    })
    askAsClients(this.#kafka, producer)
    // The client connects again by itself, without a word.
    producer.on('client:broker:disconnect', () => {
      if (producer !== this.#producer || this.#isDoubtful) return
      this.#isDoubtful = true
      this.onDoubt?.()
    })
    return producer
  }

  async #watched(request: readonly OutgoingMessage[], work: () => Promise<unknown>): Promise<void> {
    try {
      await work()
    } catch (error) {
      if (isTimeout(error)) dropConnections(this.#producer.connections)
      // The leader may be another one: the client cannot read the answer of a broker that is none any longer.
      this.#producer.clearMetadata()
      if (hasId(error, 'MESSAGE_TOO_LARGE', 'RECORD_LIST_TOO_LARGE')) {
        for (const topic of new Set(request.map((message) => message.topic))) {
          this.#maxBytes.set(topic, Math.max(LEAST_MAX_BYTES, Math.floor(this.maxBytes(topic) / 2)))
        }
      }
      throw error
    }
  }
}

/** The partitions that messages go to, by topic. */
function partitionsOf(messages: readonly OutgoingMessage[]): Map<string, Set<number>> {
  const found = new Map<string, Set<number>>()
  let last: OutgoingMessage | undefined
  for (const message of messages) {
    const { topic, partition } = message
    // Messages of one partition follow one another for the most part.
    if (last?.partition === partition && last.topic === topic) continue
    last = message
    const ofTopic = found.get(topic)
    if (ofTopic === undefined) found.set(topic, new Set([partition]))
    else ofTopic.add(partition)
  }
  return found
}
