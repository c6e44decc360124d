import { committedRecords } from './aborted.ts'
import type { KafkaModule } from './client.ts'
import { clientOptions, dropConnections, Requests } from './client.ts'
import { metadataOf } from './metadata.ts'
import type { KafkaOptions } from './options.ts'
import type { KafkaMessage } from './source.ts'
import { partitionAt } from './source.ts'

/** A topic as it is at the moment. */
export interface TopicState {
  readonly topic: string
  readonly partitions: number
  /** Offsets of its partitions, from the first to the last: messages, and markers of transactions. */
  readonly offsets: bigint
}

/** The cluster as a process that does not belong to a group sees it. */
export interface Peek {
  readonly brokers: number
  readonly topics: readonly TopicState[]
  /** The last messages of the source topics, the oldest first. */
  readonly messages: readonly KafkaMessage[]
}

/** Offsets before the end of a partition that are asked for: markers of transactions are none of the messages. */
const OFFSETS = 50n

const BYTES = 4 * 1024 * 1024

/**
 * Looks at the topics, and reads the last messages of the source topics. It joins no group, and commits nothing.
 *
 * @param count messages at most
 * @throws the client's error when brokers cannot be reached, a topic is not there, or something is not allowed
 */
export async function peek(kafka: KafkaModule, options: KafkaOptions, count: number): Promise<Peek> {
  const { connection, from, to, errorsTo, group } = options
  const consumer = new kafka.Consumer({ ...clientOptions(connection), groupId: group, autocommit: false })
  // The client sorts the lists that it is given.
  const names = [...new Set([...from, to, errorsTo])]
  try {
    const requests = new Requests(kafka, consumer)
    const metadata = await metadataOf(consumer, names)
    const { EARLIEST, LATEST } = kafka.ListOffsetTimestamps
    const isolationLevel = kafka.FetchIsolationLevels.READ_COMMITTED
    const first = await consumer.listOffsets({ topics: [...names], timestamp: EARLIEST, isolationLevel })
    const last = await consumer.listOffsets({ topics: [...names], timestamp: LATEST, isolationLevel })
    const topics = names.map((topic) => {
      const ends = last.get(topic) ?? []
      const starts = first.get(topic) ?? []
      const offsets = ends.reduce((sum, end, partition) => sum + end - (starts[partition] ?? 0n), 0n)
      return { topic, partitions: metadata.topics.get(topic)!.partitionsCount, offsets }
    })
    const messages: KafkaMessage[] = []
    for (const topic of from) {
      const { id, partitions } = metadata.topics.get(topic)!
      for (const [partition, { leader }] of partitions.entries()) {
        const end = last.get(topic)?.[partition] ?? 0n
        const start = first.get(topic)?.[partition] ?? 0n
        if (end <= start) continue
        const fetchOffset = end - OFFSETS > start ? end - OFFSETS : start
        const broker = metadata.brokers.get(leader)
        if (broker === undefined) continue
        const asked = [{ topicId: id, partitions: [{ partition, fetchOffset }] }]
        const limits = { maxBytes: BYTES, maxWaitMs: 100, minBytes: 1 }
        const { responses } = await requests.fetch(await consumer.connections.get(broker), asked, limits)
        const part = responses[0]?.partitions[0]
        if (part === undefined) continue
        const owned = partitionAt(topic, partition, fetchOffset)
        const { records } = committedRecords(
          part as { abortedTransactions: typeof part.abortedTransactions; records?: never },
          fetchOffset,
        )
        for (const { offset, timestamp, record } of records.slice(-count)) {
          messages.push({
            owned,
            offset,
            timestamp,
            ...(record as Pick<KafkaMessage, 'key' | 'value' | 'headers'>),
          })
        }
      }
    }
    messages.sort((a, b) => (a.timestamp === b.timestamp ? 0 : a.timestamp < b.timestamp ? -1 : 1))
    return { brokers: metadata.brokers.size, topics, messages: messages.slice(-count) }
  } finally {
    dropConnections(consumer.connections)
    const close = consumer.close.bind(consumer) as (force: boolean) => Promise<void>
    await close(true).catch(() => {})
  }
}
