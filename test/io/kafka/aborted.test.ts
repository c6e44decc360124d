import assert from 'node:assert/strict'
import { describe, it } from 'node:test'
import fc from 'fast-check'
import {
  type AbortedTransaction,
  committedRecords,
  type FetchedBatch,
  type FetchedRecord,
} from '../../../src/io/kafka/aborted.ts'
import { propertyRuns } from '../../property-runs.ts'

const COMMIT_KEY = Uint8Array.of(0, 0, 0, 1)
const ABORT_KEY = Uint8Array.of(0, 0, 0, 0)

function record(offsetDelta: number, text: string, key: Uint8Array | null = null): FetchedRecord {
  return { offsetDelta, timestampDelta: BigInt(offsetDelta), key, value: Buffer.from(text), headers: [] }
}

function batch(
  firstOffset: number,
  texts: readonly string[],
  {
    producer = -1,
    attributes = producer < 0 ? 0 : 16,
    key = null,
  }: { producer?: number; attributes?: number; key?: Uint8Array | null } = {},
): FetchedBatch {
  return {
    firstOffset: BigInt(firstOffset),
    lastOffsetDelta: texts.length - 1,
    attributes,
    firstTimestamp: 1000n,
    maxTimestamp: 5000n,
    producerId: BigInt(producer),
    records: texts.map((text, index) => record(index, text, key)),
  }
}

function marker(offset: number, producer: number, key: Uint8Array): FetchedBatch {
  return batch(offset, [''], { producer, attributes: 48, key })
}

function aborted(producer: number, firstOffset: number): AbortedTransaction {
  return { producerId: BigInt(producer), firstOffset: BigInt(firstOffset) }
}

function texts(
  records: readonly FetchedBatch[],
  abortedTransactions: readonly AbortedTransaction[] | null,
  from = 0,
): { texts: string[]; nextOffset: bigint } {
  const given = committedRecords({ records, abortedTransactions }, BigInt(from))
  return {
    texts: given.records.map(({ record }) => Buffer.from(record.value!).toString()),
    nextOffset: given.nextOffset,
  }
}

describe('committed records of a fetch', () => {
  it('takes everything where no transaction was aborted', () => {
    const log = [batch(0, ['a', 'b']), batch(2, ['c'], { producer: 7 }), marker(3, 7, COMMIT_KEY)]
    assert.deepEqual(texts(log, []), { texts: ['a', 'b', 'c'], nextOffset: 4n })
    assert.deepEqual(texts(log, null), { texts: ['a', 'b', 'c'], nextOffset: 4n })
  })

  it('leaves out an aborted transaction, and takes what its producer writes after the marker', () => {
    const log = [
      batch(0, ['bad'], { producer: 7 }),
      batch(1, ['other'], { producer: 8 }),
      marker(2, 7, ABORT_KEY),
      batch(3, ['good'], { producer: 7 }),
      marker(4, 7, COMMIT_KEY),
      marker(5, 8, COMMIT_KEY),
    ]
    assert.deepEqual(texts(log, [aborted(7, 0)]), { texts: ['other', 'good'], nextOffset: 6n })
  })

  it('takes what a producer committed before its aborted transaction began', () => {
    const log = [
      batch(0, ['good'], { producer: 7 }),
      marker(1, 7, COMMIT_KEY),
      batch(2, ['bad'], { producer: 7 }),
      marker(3, 7, ABORT_KEY),
    ]
    assert.deepEqual(texts(log, [aborted(7, 2)]), { texts: ['good'], nextOffset: 4n })
  })

  it('knows a transaction that began before the fetch, and one whose marker comes after it', () => {
    assert.deepEqual(texts([batch(10, ['bad'], { producer: 7 })], [aborted(7, 3)], 10), {
      texts: [],
      nextOffset: 11n,
    })
  })

  it('reads two aborted transactions of one producer in any order of the list', () => {
    const log = [
      batch(0, ['bad1'], { producer: 7 }),
      marker(1, 7, ABORT_KEY),
      batch(2, ['good'], { producer: 7 }),
      marker(3, 7, COMMIT_KEY),
      batch(4, ['bad2'], { producer: 7 }),
      marker(5, 7, ABORT_KEY),
    ]
    assert.deepEqual(texts(log, [aborted(7, 4), aborted(7, 0)]), { texts: ['good'], nextOffset: 6n })
  })

  it('takes a marker without a transaction for nothing', () => {
    const log = [marker(0, 9, ABORT_KEY), batch(1, ['good'], { producer: 9 }), marker(2, 9, COMMIT_KEY)]
    assert.deepEqual(texts(log, []), { texts: ['good'], nextOffset: 3n })
    assert.deepEqual(texts(log, [aborted(9, 0)]), { texts: ['good'], nextOffset: 3n })
  })

  it('takes records outside of transactions of a producer that has an aborted one', () => {
    const log = [batch(0, ['plain'], { producer: 7, attributes: 0 }), marker(1, 7, ABORT_KEY)]
    assert.deepEqual(texts(log, [aborted(7, 0)]), { texts: ['plain'], nextOffset: 2n })
  })

  it('begins within a batch, and goes on behind one whose last records were compacted away', () => {
    const compacted = { ...batch(0, ['a', 'b', 'c']), lastOffsetDelta: 9 }
    assert.deepEqual(texts([compacted], [], 1), { texts: ['b', 'c'], nextOffset: 10n })
    assert.deepEqual(texts([{ ...compacted, records: [] }], [], 4), { texts: [], nextOffset: 10n })
    for (const nothing of [{}, { records: null }]) {
      const given = committedRecords({ abortedTransactions: [], ...nothing }, 4n)
      assert.deepEqual(given, { records: [], nextOffset: 4n })
    }
  })

  it('gives the time of the producer, or of the broker where the topic has that', () => {
    const times = (attributes: number) =>
      committedRecords(
        { records: [batch(0, ['a', 'b'], { attributes })], abortedTransactions: [] },
        0n,
      ).records.map(({ timestamp }) => timestamp)
    assert.deepEqual(times(0), [1000n, 1001n])
    assert.deepEqual(times(8), [5000n, 5000n])
  })

  it('gives the committed ones of any log, fetched from any offset in any pieces', () => {
    const step = fc.record({
      producer: fc.nat(3),
      act: fc.constantFrom('write', 'write', 'write', 'commit', 'abort', 'plain'),
      size: fc.integer({ min: 1, max: 3 }),
    })
    fc.assert(
      fc.property(
        fc.array(step, { maxLength: 40 }),
        fc.nat(20),
        fc.integer({ min: 1, max: 6 }),
        (steps, from, piece) => {
          const { log, transactions, expected } = written(steps)
          const found: string[] = []
          let offset = BigInt(from)
          // As a broker answers: whole batches from the one that holds the offset, and the aborted transactions among them.
          for (;;) {
            const begin = log.findIndex((each) => each.firstOffset + BigInt(each.lastOffsetDelta) >= offset)
            if (begin < 0) break
            const records = log.slice(begin, begin + piece)
            const last = records.at(-1)!
            const end = last.firstOffset + BigInt(last.lastOffsetDelta)
            const abortedTransactions = transactions.filter(
              ({ firstOffset, marker }) => marker >= offset && firstOffset <= end,
            )
            const given = committedRecords({ records, abortedTransactions }, offset)
            for (const { record } of given.records) found.push(Buffer.from(record.value!).toString())
            assert.equal(given.nextOffset, end + 1n)
            offset = given.nextOffset
          }
          assert.deepEqual(
            found,
            expected.filter((text) => Number(text) >= from),
          )
        },
      ),
      { numRuns: propertyRuns(1000) },
    )
  })
})

/** A log that these steps write; values are their offsets. Transactions that stay open are aborted at the end. */
function written(steps: readonly { producer: number; act: string; size: number }[]): {
  log: FetchedBatch[]
  transactions: (AbortedTransaction & { marker: bigint })[]
  expected: string[]
} {
  const log: FetchedBatch[] = []
  const transactions: (AbortedTransaction & { marker: bigint })[] = []
  const expected: number[] = []
  const open = new Map<number, number[]>()
  let offset = 0
  const end = (producer: number, isCommit: boolean): void => {
    const values = open.get(producer)
    // A broker writes no marker into a partition that has no record of the transaction, except in rare races.
    if (isCommit) expected.push(...(values ?? []))
    else if (values !== undefined) {
      transactions.push({
        producerId: BigInt(producer),
        firstOffset: BigInt(values[0]!),
        marker: BigInt(offset),
      })
    }
    open.delete(producer)
    log.push(marker(offset++, producer, isCommit ? COMMIT_KEY : ABORT_KEY))
  }
  for (const { producer, act, size } of steps) {
    if (act === 'commit' || act === 'abort') {
      end(producer, act === 'commit')
      continue
    }
    const values = Array.from({ length: size }, () => offset++)
    const isPlain = act === 'plain'
    log.push(
      batch(values[0]!, values.map(String), {
        producer: isPlain ? -1 : producer,
        attributes: isPlain ? 0 : 16,
      }),
    )
    if (isPlain) expected.push(...values)
    else open.set(producer, [...(open.get(producer) ?? []), ...values])
  }
  for (const producer of [...open.keys()]) end(producer, false)
  return { log, transactions, expected: expected.sort((one, other) => one - other).map(String) }
}
