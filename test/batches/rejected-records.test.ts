import assert from 'node:assert/strict'
import { Buffer } from 'node:buffer'
import { describe, it } from 'node:test'
import fc from 'fast-check'
import {
  placeRecords,
  RecordWriter,
  UnplacedRecordWriter,
  unplacedSize,
} from '../../src/batches/rejected-records.ts'
import { REJECTION_CODES, type RejectionCode } from '../../src/errors.ts'
import type { RejectedEvent } from '../../src/event.ts'
import { rejectedRecord } from '../../src/event.ts'

const text = fc.oneof(fc.string({ unit: 'binary' }), fc.constantFrom('', '"\\\u0000\ud800', 'x'.repeat(300)))

const event: fc.Arbitrary<RejectedEvent> = fc
  .record({
    line: fc.integer({ min: 1, max: 2 ** 31 }),
    code: fc.constantFrom(...(Object.keys(REJECTION_CODES) as RejectionCode[])),
    rules: fc.option(fc.constantFrom('a', 'b"', 'ü'), { nil: undefined }),
    rule: fc.option(fc.oneof(text, fc.constant('r')), { nil: undefined }),
    message: fc.oneof(text, fc.constant('the same')),
    raw: fc.oneof(text, fc.uint8Array()),
    truncated: fc.boolean(),
  })
  .map(({ line, code, rules, rule, message, raw, truncated }) => ({
    line,
    ordinal: 0,
    rejection: {
      code,
      message,
      ...(rule === undefined ? {} : { rule }),
      ...(rules === undefined ? {} : { rules }),
    },
    raw,
    truncated,
  }))

/** Some come several times in a row, as the same object or as an equal one. */
const events: fc.Arbitrary<RejectedEvent[]> = fc
  .array(fc.tuple(event, fc.integer({ min: 1, max: 4 }), fc.boolean()), { maxLength: 10 })
  .map((some) =>
    some.flatMap(([one, times, isSame]) =>
      Array.from({ length: times }, () =>
        isSame ? one : { ...one, raw: 'another', rejection: { ...one.rejection } },
      ),
    ),
  )

function lines(source: string, rejected: readonly RejectedEvent[]): string {
  return rejected.map((one) => `${rejectedRecord(source, one)}\n`).join('')
}

describe('RecordWriter', () => {
  it('writes what rejectedRecord does, and counts by code', () => {
    fc.assert(
      fc.property(text, events, (source, rejected) => {
        const writer = new RecordWriter(source)
        for (const one of rejected) writer.add(one)
        const { bytes, count, byCode } = writer.take()
        assert.equal(Buffer.from(bytes).toString(), Buffer.from(lines(source, rejected)).toString())
        assert.equal(count, rejected.length)
        for (const [code, ofCode] of Object.entries(byCode)) {
          assert.equal(ofCode, rejected.filter(({ rejection }) => rejection.code === code).length, code)
        }
        assert.deepEqual([writer.length, writer.take().count], [0, 0])
      }),
    )
  })
})

describe('placeRecords', () => {
  it('gives the same records, with the lines before them added to theirs', () => {
    fc.assert(
      fc.property(text, events, fc.nat(1e9), (source, rejected, before) => {
        const inOrder = [...rejected].sort((a, b) => a.line - b.line)
        const writer = new UnplacedRecordWriter()
        for (const one of inOrder) writer.add(one)
        const held = writer.length
        const unplaced = writer.take()
        assert.equal(unplacedSize(unplaced), held)
        const { bytes, count } = placeRecords(unplaced, source, before)
        const moved = inOrder.map((one) => ({ ...one, line: one.line + before }))
        assert.equal(Buffer.from(bytes).toString(), Buffer.from(lines(source, moved)).toString())
        assert.equal(count, rejected.length)
      }),
    )
  })
})
