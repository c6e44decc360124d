/**
 * Committed records of one partition in the answer to a fetch.
 *
 * A fetch with the isolation level `read_committed` ends before the first open transaction, but the records of aborted ones are in
 * it. The answer lists these transactions, each with its producer and the offset of its first record; a control batch, the
 * abort marker, ends each of them in the log:
 *
 * ```
 *   offset    0     1     2     3     4      5     6     7
 *   producer  A     B     A     B     A      A     B     A       ^ abort marker of A, | commit marker
 *   log      [a0]  [b0]  [a1]  [b1]   ^     [a2]   |     |
 *   list                                                         {producer A, first offset 0}
 *   given           b0          b1           a2
 * ```
 *
 * So a producer is aborted from the first offset of its transaction to the next abort marker of it. The transaction may have begun
 * before the fetch, its marker may come after it, and a marker may stand for a transaction without records here. The rules are those
 * of Kafka's own consumer (`CompletedFetch`); `@platformatic/kafka` gives the records of aborted transactions as any others.
 */

/** A transaction that was aborted. */
export interface AbortedTransaction {
  readonly producerId: bigint
  /** Offset of its first record, which may lie before the fetch. */
  readonly firstOffset: bigint
}

/** A record as the client reads it. */
export interface FetchedRecord {
  readonly offsetDelta: number
  readonly timestampDelta: bigint
  readonly key: Uint8Array | null
  readonly value: Uint8Array | null
  readonly headers: readonly (readonly [Uint8Array | null, Uint8Array | null])[]
}

/** A record batch (version 2) as the client reads it. */
export interface FetchedBatch<R extends FetchedRecord = FetchedRecord> {
  readonly firstOffset: bigint
  readonly lastOffsetDelta: number
  /** Bits: 3 the broker gave the time, 4 part of a transaction, 5 control batch. */
  readonly attributes: number
  readonly firstTimestamp: bigint
  readonly maxTimestamp: bigint
  /** -1 without idempotence. */
  readonly producerId: bigint
  readonly records: readonly R[]
}

/** The part of a fetch's answer that is one partition's. */
export interface FetchedPartition<R extends FetchedRecord = FetchedRecord> {
  /** Null: none, as version 2 of the client gives what a broker leaves out. */
  readonly abortedTransactions: readonly AbortedTransaction[] | null
  /** Absent, or null, when nothing has come. */
  readonly records?: readonly FetchedBatch<R>[] | null | undefined
}

/** A record that was committed, or written without a transaction. */
export interface CommittedRecord<R extends FetchedRecord = FetchedRecord> {
  readonly offset: bigint
  /** Milliseconds since 1970: of the producer, or of the broker where the topic says so. */
  readonly timestamp: bigint
  /** Key, value and headers. */
  readonly record: R
}

export interface CommittedRecords<R extends FetchedRecord = FetchedRecord> {
  /** In the order of the log. */
  readonly records: CommittedRecord<R>[]
  /** The offset to fetch from next: behind everything that has come, markers and aborted records too. */
  readonly nextOffset: bigint
}

const LOG_APPEND_TIME = 1 << 3
const TRANSACTIONAL = 1 << 4
const CONTROL = 1 << 5

/** Type of a control record that aborts; the type is the second 16-bit integer of its key. */
const ABORT = 0

/**
 * Returns the committed records of a partition's part of an answer.
 *
 * @param partition the answer of a fetch with `read_committed`
 * @param fetchOffset the offset that was asked for; a batch may begin before it
 */
export function committedRecords<R extends FetchedRecord>(
  { abortedTransactions, records: batches }: FetchedPartition<R>,
  fetchOffset: bigint,
): CommittedRecords<R> {
  const begun =
    abortedTransactions === null || abortedTransactions.length === 0
      ? undefined
      : abortedTransactions.toSorted((one, other) => (one.firstOffset < other.firstOffset ? -1 : 1))
  /** Producers whose records belong to an aborted transaction where the loop stands. */
  const aborted = new Set<bigint>()
  let next = 0
  const records: CommittedRecord<R>[] = []
  let nextOffset = fetchOffset
  for (const batch of batches ?? []) {
    const { firstOffset, attributes, producerId } = batch
    const lastOffset = firstOffset + BigInt(batch.lastOffsetDelta)
    if (lastOffset >= nextOffset) nextOffset = lastOffset + 1n
    if (begun !== undefined) {
      while (next < begun.length && begun[next]!.firstOffset <= lastOffset)
        aborted.add(begun[next++]!.producerId)
    }
    if ((attributes & CONTROL) !== 0) {
      if (aborted.size > 0 && isAbortMarker(batch)) aborted.delete(producerId)
      continue
    }
    if ((attributes & TRANSACTIONAL) !== 0 && aborted.has(producerId)) continue
    const isBrokerTime = (attributes & LOG_APPEND_TIME) !== 0
    for (const record of batch.records) {
      const offset = firstOffset + BigInt(record.offsetDelta)
      if (offset < fetchOffset) continue
      const timestamp = isBrokerTime ? batch.maxTimestamp : batch.firstTimestamp + record.timestampDelta
      records.push({ offset, timestamp, record })
    }
  }
  return { records, nextOffset }
}

function isAbortMarker({ records }: FetchedBatch): boolean {
  const key = records[0]?.key
  // Key: version and type, both 16 bits, big-endian.
  return key != null && key.length >= 4 && ((key[2]! << 8) | key[3]!) === ABORT
}
