import type { Producer } from '@platformatic/kafka'
import type { KafkaModule } from './client.ts'
import { clientOptions, dropConnections, Requests, TRANSACTION_MS } from './client.ts'
import { hasId, isTimeout } from './faults.ts'
import { metadataOf } from './metadata.ts'
import type { KafkaOptions } from './options.ts'
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
  /** Transactions that were given up. */
  aborts = 0

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
      // It is a right of its own, which a process that writes need not have.
      .catch(() => new Map<string, number>())
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

  /** Fences a process that had the same name before, and ends the transaction that it left open. @throws the client's error */
  async fence(): Promise<void> {
    try {
      const transaction = await this.#producer.beginTransaction()
      await transaction.cancel()
    } catch (error) {
      // One that has failed to begin stays in the client's way.
      await this.#replaceProducer()
      throw error
    }
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
    for (const request of requests(messages, this)) {
      await this.#watched(request, () => transaction.send(this.#sending(request)))
    }
    await addOffsets(transaction, producer, this.#requests)
    await transaction.commit()
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
    const { connection, group, instanceId } = this.#options
    if (!this.#isTransactional) {
      return new this.#kafka.Producer({ ...clientOptions(connection), idempotent: false })
    }
    return new this.#kafka.Producer({
      ...clientOptions(connection),
      idempotent: true,
      // No name of an instance has a slash: groups a and a-b have no name in common.
      transactionalId: `${group}/${instanceId}`,
      // None: the client would take those of the first producer of the cluster.
      producerId: -1n,
      producerEpoch: -1,
      // For producers of transactions this is the time that one may be open.
      timeout: TRANSACTION_MS,
      retries: TRANSACTION_ATTEMPTS,
      retryDelay: (_client, _operation, attempt) => SOON_MS * 2 ** attempt,
    })
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
