import type { BatchResponse, Item, SinkHandlerOptions } from './delivery.ts'
import { deliver, inputOf, RecordNormalizer } from './delivery.ts'

/** The event that Lambda calls a function with for a stream of Kinesis, as far as it is read. */
export interface KinesisEvent {
  readonly Records: readonly {
    /** Shard and sequence number: `shardId-000000000000:4959...`. */
    readonly eventID: string
    readonly kinesis: { readonly data: string; readonly sequenceNumber: string }
  }[]
}

/**
 * A function for an event source mapping of a Kinesis stream, with `ReportBatchItemFailures` among its function response types:
 * without that Lambda does not look at the answer, and what failed is lost.
 *
 * A record is one event or several, as `inputFormat` says, packed by gzip or not, or a message of CloudWatch Logs. Lambda sends again
 * all records from the first failed one on, so nothing behind a failure is begun, and the answer names that one.
 *
 * @param options the rules, the sink, how to read
 * @throws {TypeError} when an option is not acceptable
 */
export function createKinesisHandler(
  options: SinkHandlerOptions,
): (event: KinesisEvent) => Promise<BatchResponse> {
  const normalizer = new RecordNormalizer(options, inputOf(options))
  return async ({ Records }) => {
    const numbers = new Map<Item, string>()
    const items = Records.map(({ eventID, kinesis: { data, sequenceNumber } }) => {
      const item: Item = { source: eventID, parts: () => normalizer.base64(eventID, data) }
      numbers.set(item, sequenceNumber)
      return item
    })
    const [first] = await deliver(items, options, true)
    return { batchItemFailures: first === undefined ? [] : [{ itemIdentifier: numbers.get(first)! }] }
  }
}
