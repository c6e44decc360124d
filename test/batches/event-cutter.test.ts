import assert from 'node:assert/strict'
import { Buffer } from 'node:buffer'
import { describe, it } from 'node:test'
import fc from 'fast-check'
import type { Piece } from '../../src/batches/cutter.ts'
import { EventCutter } from '../../src/batches/event-cutter.ts'
import { ValueSplitter } from '../../src/formats/values.ts'
import { propertyRuns } from '../property-runs.ts'
import { cutBytes, type Found, splitAll } from '../stages/splitting.ts'

function cutAll(cutter: EventCutter, chunks: readonly Uint8Array[], flushed = false): Piece[] {
  return [
    ...chunks.flatMap((chunk) => [...cutter.push(chunk), ...(flushed ? cutter.flush() : [])]),
    ...cutter.end(),
  ]
}

function found(pieces: readonly Piece[]): Found[] {
  return pieces.flatMap((piece) => {
    assert.ok(piece.kind === 'events')
    const { events, rejected } = piece.texts
    return [...events, ...rejected].sort((a, b) => a.ordinal - b.ordinal)
  })
}

const DOCUMENTS = fc
  .array(
    fc.constantFrom(
      '{"a":1}',
      ' ',
      '\n',
      ',',
      '[',
      ']',
      '"x',
      '"',
      '{"b":[{}]}',
      '12',
      'true',
      'ü',
      '\\',
      '}',
    ),
    { maxLength: 25 },
  )
  .map((parts) => Buffer.from(parts.join('')))

describe('EventCutter', () => {
  it('gives blocks with the same events as the splitter, however the input is cut', () => {
    fc.assert(
      fc.property(
        cutBytes(DOCUMENTS),
        fc.constantFrom(1, 50, 1000),
        fc.boolean(),
        ([whole, chunks], blockSize, flushed) => {
          const pieces = cutAll(new EventCutter(() => new ValueSplitter(10), blockSize), chunks, flushed)
          assert.deepEqual(found(pieces), splitAll(new ValueSplitter(10), [whole]))
        },
      ),
      { numRuns: propertyRuns(500) },
    )
  })

  it('cuts no more of a large chunk than is taken', () => {
    const cutter = new EventCutter(() => new ValueSplitter(1000), 100_000)
    const first = cutter.push(Buffer.from('{"a":1}\n'.repeat(200_000))).next()
    assert.ok(first.done !== true && first.value.kind === 'events')
    assert.ok(first.value.size >= 100_000 && first.value.size < 500_000)
  })

  it('begins anew with the next source, and tells what it could not read of the last one', () => {
    const cutter = new EventCutter(() => new ValueSplitter(1000), 1000)
    assert.deepEqual(
      found(cutAll(cutter, [Buffer.from('[{"a":1},{"b":')])).map(({ ordinal }) => ordinal),
      [0, 1],
    )
    assert.deepEqual(cutter.unread, { line: 1, problem: 'the input ends inside a value', bytes: 5 })
    assert.deepEqual(found(cutAll(cutter, [Buffer.from('{"d":4}')])), [
      { line: 1, ordinal: 0, text: '{"d":4}' },
    ])
    assert.equal(cutter.unread, undefined)
  })
})
