import type { BatchResponse, Item, SinkHandlerOptions } from './delivery.ts'
import { deliver, inputOf, RecordNormalizer } from './delivery.ts'

/** The event that Lambda calls a function with for a queue of SQS, as far as it is read. */
export interface SqsEvent {
  readonly Records: readonly {
    readonly messageId: string
    readonly body: string
    readonly eventSourceARN?: string
  }[]
}

/**
 * A function for an event source mapping of an SQS queue, with `ReportBatchItemFailures` among its function response types: without that
 * Lambda does not look at the answer, and what failed is lost.
 *
 * The body of a message is the text of one event or of several, as `inputFormat` says. The answer names the messages that failed, which
 * come again; the others are done. Of a FIFO queue nothing behind a failure is begun, and all from there on come again in their order.
 *
 * @param options the rules, the sink, how to read
 * @throws {TypeError} when an option is not acceptable
 */
export function createSqsHandler(options: SinkHandlerOptions): (event: SqsEvent) => Promise<BatchResponse> {
  const normalizer = new RecordNormalizer(options, inputOf(options))
  const encoder = new TextEncoder()
  return ({ Records }) =>
    deliverMessages(Records, options, (id, body) => normalizer.record(id, encoder.encode(body)))
}

/** Delivers the messages of a queue. @param parts makes the output of a message */
export async function deliverMessages(
  messages: SqsEvent['Records'],
  options: SinkHandlerOptions,
  parts: (id: string, body: string) => ReturnType<Item['parts']>,
): Promise<BatchResponse> {
  const ids = new Map<Item, string>()
  const items = messages.map(({ messageId, body }) => {
    const item: Item = { source: messageId, parts: () => parts(messageId, body) }
    ids.set(item, messageId)
    return item
  })
  const isFifo = messages.some(({ eventSourceARN }) => eventSourceARN?.endsWith('.fifo') === true)
  let failed = await deliver(items, options, isFifo)
  if (isFifo && failed.length > 0) failed = items.slice(items.indexOf(failed[0]!))
  return { batchItemFailures: failed.map((item) => ({ itemIdentifier: ids.get(item)! })) }
}
