import type { Leaving } from '../../stages/output-counter.ts'
import { OutputCounter } from '../../stages/output-counter.ts'
import type { MessageNormalizer, NormalizedMessages } from '../../stages/process/message-normalizer.ts'
import type { KafkaModule } from './client.ts'
import { BackOff, hasId, Outage, unknownTopic } from './faults.ts'
import type { KafkaOptions } from './options.ts'
import { DEFAULT_BATCH_BYTES } from './options.ts'
import type { Outgoing } from './outgoing.ts'
import { outgoingMessages } from './outgoing.ts'
import { TopicRouter } from './route-topic.ts'
import type { KafkaMessage, MessageBatch, OwnedPartition } from './source.ts'
import { KafkaSource, offsetsOf } from './source.ts'
import { KafkaWriter } from './writer.ts'

/** A limit of 1 MiB that is halved so often is a few bytes: something else is wrong. */
const MOST_HALVINGS = 12

/** The user of the loop. */
export interface LoopOwner {
  /** Tells the operator a line. */
  say(line: string): void
  /** Messages were dealt with, and counted. Default: nobody looks on. */
  onBatch?(): void
}

/** Counts of messages that were dealt with: what became of them is durable. */
export interface MessageCounts {
  /** Messages that were read. */
  readonly consumed: number
  /** Those of them without an event: null, or white space. */
  readonly empty: number
  /** Bytes of their values. */
  readonly bytes: number
  /** Batches that were written. */
  readonly batches: number
}

/** Another process has the instance id of this one. */
export class ReplacedError extends Error {
  override readonly name = 'ReplacedError'
}

/** Messages are worked on in pieces of this many fetches' bytes: what was compressed may be a hundred times as large. */
const PIECE_FETCHES = 4

/** Offsets of a partition without messages (markers of transactions, messages that were dropped) are committed when so much time has gone by. In milliseconds. */
const COMMIT_MS = 1000

/** A stop gives up on brokers that do not answer after so long. In milliseconds. */
const DRAIN_MS = 10_000

/**
 * Messages of topics in, outputs and rejected events to topics, offsets to the group. One batch is worked on, one is fetched
 * ahead.
 *
 *     fetch --> batch --> normalize --> write --> offsets of the batch
 *       `-- the next one meanwhile        `-- exactly once: both in one transaction
 *
 * Messages of partitions that have gone to another process are dropped as long as nothing of them is written. Whatever fails is tried again for
 * ever. A transaction that fails is given up, and all partitions begin anew at their committed offsets.
 */
export class KafkaLoop {
  readonly source: KafkaSource
  readonly writer: KafkaWriter
  readonly outage: Outage
  readonly #options: KafkaOptions
  readonly #normalizer: MessageNormalizer
  readonly #owner: LoopOwner
  readonly #router: TopicRouter | undefined
  readonly #counter = new OutputCounter()
  readonly #backOff = new BackOff()
  readonly #isTransactional: boolean
  #consumed = 0
  #empty = 0
  #bytes = 0
  #batches = 0
  /** Attempts to write that have failed, those of transactions that a rebalance ended included. */
  writeErrors = 0
  /** How long batches took. */
  readonly batchSeconds = new BatchSeconds()
  /** Set while messages are waited for. */
  #onDoubt: (() => void) | undefined
  #isStopped = false
  #stoppedAt = 0
  #committing: Promise<void> | undefined
  #commitTimer: NodeJS.Timeout | undefined
  #committedAt = 0
  /** Writes in a row for which a record was too large. */
  #tooLarge = 0

  /** @throws {TypeError} when options do not fit together */
  constructor(kafka: KafkaModule, options: KafkaOptions, normalizer: MessageNormalizer, owner: LoopOwner) {
    this.#options = options
    this.#normalizer = normalizer
    this.#owner = owner
    this.#isTransactional = options.delivery === 'exactly-once'
    this.#router = options.route && new TopicRouter(options.route, options.to)
    const say = (line: string): void => owner.say(line)
    this.outage = new Outage(say)
    this.writer = new KafkaWriter(kafka, options)
    this.writer.onDoubt = () => this.#onDoubt?.()
    this.source = new KafkaSource(kafka, options, this.outage, say)
  }

  /**
   * Looks at the topics and joins the group.
   *
   * @throws the client's error, for which nothing is tried again: the brokers cannot be reached, a topic is not there, something is not allowed
   */
  async start(): Promise<void> {
    const { from, to, errorsTo } = this.#options
    await this.writer.look([...new Set([...from, to, errorsTo])])
    if (this.#isTransactional)
      await this.writer.fence(this.source.member.consumer, [...new Set([to, errorsTo])])
    await this.source.start()
  }

  /** What it reads and writes goes on, and nothing has failed. */
  get isReady(): boolean {
    return this.source.isStarted && !this.outage.isNow && !this.#isStopped
  }

  get counter(): OutputCounter {
    return this.#counter
  }

  get counts(): MessageCounts {
    return { consumed: this.#consumed, empty: this.#empty, bytes: this.#bytes, batches: this.#batches }
  }

  /** Nothing more is read. The messages that are worked on are dealt with, and `run` ends. */
  stop(): void {
    if (this.#isStopped) return
    this.#isStopped = true
    this.#stoppedAt = performance.now()
    this.source.stop()
    this.#backOff.wake()
  }

  /**
   * Works until it is stopped.
   *
   * @throws {ReplacedError} when another process has taken its place
   * @throws what the normalizer throws
   */
  async run(): Promise<void> {
    let ahead: Promise<MessageBatch | undefined> | undefined
    try {
      while (!this.#isStopped) {
        ahead ??= this.source.next()
        const batch = await this.#untilHere(ahead)
        if (batch === undefined || this.#isStopped) break
        ahead = this.source.next()
        await this.#work(batch)
      }
    } finally {
      this.source.stop()
      await ahead?.catch(() => {})
    }
    const { replaced } = this.source
    if (replaced !== undefined) {
      throw new ReplacedError(
        `another process has the instance id ${this.#options.instanceId} in the group ${this.#options.group}: each needs its own`,
        { cause: replaced },
      )
    }
    if (!this.#isTransactional) await this.#commitLast()
  }

  /** Waits for messages. Meanwhile transactions are made good whose end is uncertain: if no more come, nothing else does. */
  async #untilHere(next: Promise<MessageBatch | undefined>): Promise<MessageBatch | undefined> {
    for (;;) {
      const isHere = new Promise<boolean>((resolve, reject) => {
        this.#onDoubt = () => resolve(false)
        if (this.writer.isDoubtful) resolve(false)
        next.then(() => resolve(true), reject)
      })
      if (await isHere) {
        this.#onDoubt = undefined
        return next
      }
      await this.#mend(() => this.#isStopped)
      if (this.#isStopped) return next
    }
  }

  /** Makes good what a lost connection may have cost the last transactions. @param isGivenUp nothing is tried any more */
  async #mend(isGivenUp: () => boolean): Promise<void> {
    while (this.writer.isDoubtful && !isGivenUp()) {
      try {
        await this.writer.fence(this.source.member.consumer)
        this.#worked('write')
      } catch (error) {
        await this.#failed('write', error)
      }
    }
  }

  /** Leaves the group and closes all connections. */
  async end(): Promise<void> {
    await this.source.end()
    await this.writer.end()
    await this.#normalizer.end()
  }

  async #work(batch: MessageBatch): Promise<void> {
    const started = performance.now()
    for (const piece of piecesOf(batch, PIECE_FETCHES * (this.#options.batchBytes ?? DEFAULT_BATCH_BYTES))) {
      while (!(await this.#deal(piece))) {
        if (this.#isGivenUp) return
      }
    }
    this.#batches++
    this.batchSeconds.observe((performance.now() - started) / 1000)
    this.#owner.onBatch?.()
  }

  /** @returns false: it has to be done again */
  async #deal({ messages, ends }: MessageBatch): Promise<boolean> {
    const fresh = messages.filter((message) => this.source.isFresh(message))
    if (fresh.length === 0) {
      this.source.advance(ends)
      if (!this.#isTransactional) this.#commitSoon()
      // Offsets without messages go with the next transaction, or alone when there is none for a while.
      else if (performance.now() - this.#committedAt > COMMIT_MS) await this.#commit()
      return true
    }
    const normalized = await this.#normalizer.normalize(fresh.map(({ value }) => value))
    if (!(await this.#isCertain())) return false
    if (this.#isTransactional) await this.#mend(() => this.#isGivenUp)
    if (!fresh.every((message) => this.source.isFresh(message))) return false
    return this.#isTransactional
      ? this.#transact(fresh, normalized, ends)
      : this.#write(fresh, normalized, ends)
  }

  /** The group has been heard of. Else a process that stood still would write what others have written meanwhile. */
  async #isCertain(): Promise<boolean> {
    if (!this.source.member.isDoubtful) return true
    await this.#backOff.wait()
    return false
  }

  async #write(
    messages: readonly KafkaMessage[],
    normalized: NormalizedMessages,
    ends: ReadonlyMap<OwnedPartition, bigint>,
  ): Promise<boolean> {
    let written = 0
    for (;;) {
      try {
        const outgoing = await this.#outgoing(messages, normalized)
        await this.writer.write(outgoing.messages.slice(written), (count) => {
          written += count
        })
        this.#worked('write')
        this.source.advance(ends)
        this.#count(messages, normalized, outgoing)
        // One commit is on its way while the next batch is worked on, no more: a crash repeats these two batches.
        await this.#committing
        this.#commitSoon()
        return true
      } catch (error) {
        this.writeErrors++
        await this.#failed('write', error)
        if (this.#isGivenUp) return false
        // Others have the partitions meanwhile: nobody need write this twice.
        if (written === 0 && !messages.every((message) => this.source.isFresh(message))) return false
      }
    }
  }

  async #transact(
    messages: readonly KafkaMessage[],
    normalized: NormalizedMessages,
    ends: ReadonlyMap<OwnedPartition, bigint>,
  ): Promise<boolean> {
    const { member, generation } = this.source
    try {
      const outgoing = await this.#outgoing(messages, normalized)
      const owned = [...ends].filter(([partition]) => this.source.isOwned(partition))
      const offsets = offsetsOf(
        owned.map(([{ topic, partition }, position]) => ({ topic, partition, position })),
      )
      await this.writer.transact(outgoing.messages, async (transaction, producer, requests) => {
        if (generation === undefined || generation !== member.generation) throw new StaleError()
        const { group, instanceId = null } = this.#options
        await transaction.addConsumer(member.consumer as never)
        await requests.commitInTransaction(
          await member.coordinator(),
          {
            transactionalId: transaction.id,
            producerId: producer.producerId!,
            producerEpoch: producer.producerEpoch!,
          },
          { groupId: group, generation: generation.id, memberId: generation.memberId, instanceId },
          offsets,
        )
      })
      this.#worked('write')
      this.source.advance(ends)
      for (const [partition, end] of owned) partition.committed = end
      this.#committedAt = performance.now()
      this.#count(messages, normalized, outgoing)
      return true
    } catch (error) {
      this.writeErrors++
      await this.#giveUp(error)
      return true
    }
  }

  /** A transaction has failed, or nobody knows whether it has. All partitions begin anew at what is committed. */
  async #giveUp(cause: unknown): Promise<void> {
    let error = cause
    while (!this.#isGivenUp) {
      if (!isOfRebalance(error)) await this.#failed('write', error)
      await this.writer.abandon()
      try {
        // Before the offsets are read: as long as the transaction is open they are not to be had.
        await this.writer.fence(this.source.member.consumer)
        break
      } catch (fault) {
        error = fault
        if (isOfRebalance(fault)) await this.#backOff.wait()
      }
    }
    this.source.restart()
  }

  async #outgoing(messages: readonly KafkaMessage[], normalized: NormalizedMessages): Promise<Outgoing> {
    const { to, errorsTo, from } = this.#options
    const { outputs } = normalized
    const topics = await this.#router?.topicsOf(outputs, (topic) => this.writer.exists(topic))
    await this.writer.look([...new Set([...from, to, errorsTo, ...(topics ?? [])])])
    return outgoingMessages(messages, normalized, {
      errorsTo,
      topicOf: topics === undefined ? () => to : (output) => topics[output]!,
      topology: this.writer,
      hash: this.writer.hash,
    })
  }

  #count(
    messages: readonly KafkaMessage[],
    { parts, empty }: NormalizedMessages,
    { tooLarge }: Outgoing,
  ): void {
    for (const part of parts) this.#counter.add(part)
    if (tooLarge.count > 0) {
      const bySet = this.#normalizer.ruleSetsOf(tooLarge.of.map((index) => messages[index]!.value!))
      this.#counter.add(becameRejected(tooLarge, bySet))
    }
    this.#consumed += messages.length
    this.#empty += empty
    for (const { value } of messages) this.#bytes += value?.length ?? 0
  }

  #worked(work: string): void {
    this.#backOff.reset()
    this.#tooLarge = 0
    this.outage.worked(work)
  }

  async #failed(work: string, error: unknown): Promise<void> {
    // The writer has another limit now, with which it works before long.
    const isSize = hasId(error, 'MESSAGE_TOO_LARGE', 'RECORD_LIST_TOO_LARGE')
    if (isSize && ++this.#tooLarge < MOST_HALVINGS) return
    if (unknownTopic(error) !== undefined || hasId(error, 'UNKNOWN_TOPIC_OR_PARTITION'))
      this.#router?.forget()
    this.outage.failed(work, error)
    if (!this.#isStopped) await this.#backOff.wait()
    else await new Promise((resolve) => setTimeout(resolve, 100))
  }

  /** It was stopped, and the brokers do not answer: what is worked on comes again after the next start. */
  get #isGivenUp(): boolean {
    return (
      this.source.replaced !== undefined ||
      (this.#isStopped && performance.now() - this.#stoppedAt > DRAIN_MS)
    )
  }

  // --- commits, at least once -------------------------------------------------------------------------------

  /** Commits what is dealt with, behind the commit that is on its way. */
  #commitSoon(): void {
    if (this.#committing !== undefined) return
    clearTimeout(this.#commitTimer)
    this.#committing = this.#commit().finally(() => {
      this.#committing = undefined
      if (this.#isStopped || this.source.replaced !== undefined) return
      // The group was about to begin another generation, or the brokers were away. If no more messages come, nothing else commits this.
      if (this.source.uncommitted().length > 0) {
        this.#commitTimer = setTimeout(() => this.#commitSoon(), COMMIT_MS).unref()
      }
    })
  }

  async #commit(): Promise<void> {
    const { member, generation } = this.source
    const partitions = this.source.uncommitted()
    if (generation === undefined || partitions.length === 0) return
    const positions = partitions.map(({ position }) => position)
    try {
      if (!(await member.commit(generation, offsetsOf(partitions)))) return
      for (const [index, partition] of partitions.entries()) partition.committed = positions[index]!
      this.#committedAt = performance.now()
      this.outage.worked('commit offsets')
    } catch (error) {
      // The next one commits it, too.
      this.outage.failed('commit offsets', error)
    }
  }

  async #commitLast(): Promise<void> {
    clearTimeout(this.#commitTimer)
    await this.#committing
    for (;;) {
      await this.#commit()
      if (this.source.uncommitted().length === 0 || this.#isGivenUp) return
      await new Promise((resolve) => setTimeout(resolve, 200))
    }
  }
}

/** The generation changed while a transaction was open. */
class StaleError extends Error {
  override readonly name = 'StaleError'
}

/** The group has given partitions to others: nothing is wrong. */
function isOfRebalance(error: unknown): boolean {
  return (
    error instanceof StaleError ||
    // A static member that has joined again meanwhile has another member id.
    hasId(error, 'ILLEGAL_GENERATION', 'UNKNOWN_MEMBER_ID', 'REBALANCE_IN_PROGRESS', 'FENCED_INSTANCE_ID') ||
    hasId(error, 'MESSAGE_TOO_LARGE')
  )
}

/** Counts for outputs that were too large for their topics. @param bySet how many of them each of several rule sets has written */
function becameRejected({ count, bytes }: Outgoing['tooLarge'], bySet: ReadonlyMap<string, number>): Leaving {
  return {
    bytes: { length: -bytes },
    written: -count,
    rejected: { count, byCode: { RECORD_TOO_LARGE: count }, byRule: new Map(), bySet },
  }
}

/** Cuts a batch where its values have many bytes. */
function* piecesOf({ messages, ends }: MessageBatch, most: number): Generator<MessageBatch> {
  let piece: KafkaMessage[] = []
  let size = 0
  for (const message of messages) {
    const length = message.value?.length ?? 0
    if (size > 0 && size + length > most) {
      yield { messages: piece, ends: endsOf(piece) }
      piece = []
      size = 0
    }
    piece.push(message)
    size += length
  }
  yield { messages: piece, ends }
}

function endsOf(messages: readonly KafkaMessage[]): Map<OwnedPartition, bigint> {
  const ends = new Map<OwnedPartition, bigint>()
  for (const { owned, offset } of messages) ends.set(owned, offset + 1n)
  return ends
}

/** How long batches took, as a histogram has it. */
export class BatchSeconds {
  readonly bounds = [0.005, 0.01, 0.025, 0.05, 0.1, 0.25, 0.5, 1, 2.5, 5, 10, 30, 60]
  /** Batches that took no longer than the bound of the same index. */
  readonly counts: number[] = this.bounds.map(() => 0)
  count = 0
  sum = 0

  observe(seconds: number): void {
    this.count++
    this.sum += seconds
    for (const [index, bound] of this.bounds.entries()) if (seconds <= bound) this.counts[index]!++
  }
}
