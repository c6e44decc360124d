import assert from 'node:assert/strict'
import { Buffer } from 'node:buffer'
import process from 'node:process'
import { describe, it } from 'node:test'
import fc from 'fast-check'
import type { Piece } from '../../src/batches/cutter.ts'
import { LineCutter } from '../../src/batches/line-cutter.ts'
import type { LineBlock } from '../../src/batches/protocol.ts'
import { placeRecords } from '../../src/batches/rejected-records.ts'
import type { EventText, RejectedEvent } from '../../src/event.ts'
import { LineReader, LineSplitter } from '../../src/formats/lines.ts'
import { propertyRuns } from '../property-runs.ts'
import { cutBytes, eachByte, type Found, splitAll } from '../stages/splitting.ts'

const MIB = 1 << 20

interface Chunk {
  readonly bytes: Uint8Array
  readonly isOwned?: boolean
}

/** Everything that a cutter gives for these chunks; `flushed`: it is asked for what it has after each of them. */
function cutAll(cutter: LineCutter, chunks: readonly Chunk[], flushed = false): Piece[] {
  return [
    ...chunks.flatMap(({ bytes, isOwned }) => [
      ...cutter.push(bytes, isOwned),
      ...(flushed ? cutter.flush() : []),
    ]),
    ...cutter.end(),
  ]
}

/** The lines that a worker and the main thread find in the pieces. */
function readPieces(pieces: readonly Piece[], maxLineBytes: number): Found[] {
  const found: Found[] = []
  let lines = 0
  const add = (event: EventText | RejectedEvent) => {
    found.push({ ...event, line: event.line + lines, ordinal: found.length })
  }
  for (const piece of pieces) {
    if (piece.kind === 'result') {
      const { bytes } = placeRecords(piece.result.rejected, 'x', 0)
      for (const record of Buffer.from(bytes).toString().trimEnd().split('\n')) {
        const { line, code, message, raw, raw_base64, raw_truncated } = JSON.parse(record)
        const text = raw ?? new Uint8Array(Buffer.from(raw_base64, 'base64'))
        add({ line, ordinal: 0, rejection: { code, message }, raw: text, truncated: raw_truncated })
      }
      lines += piece.result.lines
    } else if (piece.kind === 'lines') {
      const sink = { take: () => -1, event: add, reject: add }
      const reader = new LineReader(maxLineBytes, sink, piece.isFirst)
      for (const part of piece.parts) reader.push(part)
      reader.end()
      lines += reader.lines
    }
  }
  return found
}

function content(block: LineBlock): Buffer {
  return Buffer.concat(block.parts)
}

function isLines(piece: Piece): piece is LineBlock {
  return piece.kind === 'lines'
}

/** Chunks with buffers of their own. */
function owned(chunks: readonly Uint8Array[]): Chunk[] {
  return chunks.map((bytes) => ({ bytes: new Uint8Array(bytes), isOwned: true }))
}

const LINES = fc
  .array(
    fc.oneof(
      fc.string({ unit: 'binary', maxLength: 30 }).map((text) => Buffer.from(text)),
      fc.constantFrom('\n', '\r\n', '\n\n', '\r', '\ufeff', ' \t').map((text) => Buffer.from(text)),
      fc.nat(60).map((length) => Buffer.alloc(length, 'x')),
      fc.uint8Array({ maxLength: 5 }).map((bytes) => Buffer.from(bytes)),
    ),
    { maxLength: 25 },
  )
  .map((parts) => Buffer.concat(parts))

describe('LineCutter', () => {
  it('gives blocks in which the same lines are found, however the input is cut', () => {
    fc.assert(
      fc.property(
        cutBytes(LINES),
        fc.constantFrom(3, 20, 1000),
        fc.constantFrom(1, 10, 64, 4096),
        fc.boolean(),
        fc.boolean(),
        ([whole, chunks], maxLineBytes, blockBytes, isOwned, flushed) => {
          const cutter = new LineCutter(maxLineBytes, blockBytes)
          const given = isOwned ? owned(chunks) : chunks.map((bytes) => ({ bytes }))
          const pieces = cutAll(cutter, given, flushed)
          assert.deepEqual(
            readPieces(pieces, maxLineBytes),
            splitAll(new LineSplitter(maxLineBytes), [whole]),
          )
        },
      ),
      { numRuns: propertyRuns(500) },
    )
  })

  it('gives the same blocks in shared memory, which is used again when a block has been read', () => {
    fc.assert(
      fc.property(
        cutBytes(LINES),
        fc.constantFrom(3, 20, 1000),
        fc.constantFrom(10, 64, 4096),
        fc.constantFrom(8, 16, 64),
        fc.boolean(),
        ([whole, chunks], maxLineBytes, blockBytes, size, flushed) => {
          const free: Uint8Array[] = []
          const allocate = () => free.pop() ?? new Uint8Array(new SharedArrayBuffer(size))
          const cutter = new LineCutter(maxLineBytes, blockBytes, undefined, { allocate })
          const pieces: Piece[] = []
          const read = (given: Iterable<Piece>): void => {
            for (const piece of given) {
              if (!isLines(piece)) {
                pieces.push(piece)
                continue
              }
              pieces.push({ ...piece, parts: piece.parts.map((part) => new Uint8Array(part)) })
              for (const buffer of new Set(piece.parts.map((part) => part.buffer))) {
                if (buffer instanceof SharedArrayBuffer) free.push(new Uint8Array(buffer).fill(0x7a))
              }
            }
          }
          for (const chunk of chunks) {
            read(cutter.push(chunk))
            if (flushed) read(cutter.flush())
          }
          read(cutter.end())
          const expected = splitAll(new LineSplitter(maxLineBytes), [whole])
          assert.deepEqual(readPieces(pieces, maxLineBytes), expected)
        },
      ),
      { numRuns: propertyRuns(500) },
    )
  })

  it('gives every byte once, in order, in blocks that end with a line end', () => {
    const line = '{"name":"x"}\r\n'
    const whole = Buffer.from(`${line.repeat(50_000)}the last one`)
    const chunks: Buffer[] = []
    for (let start = 0; start < whole.length; start += 65_536)
      chunks.push(whole.subarray(start, start + 65_536))
    for (const given of [chunks.map((bytes) => ({ bytes })), owned(chunks)]) {
      const blocks = cutAll(new LineCutter(MIB, 100_000), given).filter(isLines)
      assert.ok(Buffer.concat(blocks.map(content)).equals(whole))
      for (const block of blocks.slice(0, -1)) {
        assert.equal(content(block).at(-1), 10)
        assert.ok(block.size > 100_000 - line.length && block.size < 170_000)
        assert.equal(content(block).length, block.size)
      }
      assert.deepEqual(
        blocks.map(({ isFirst }) => isFirst),
        blocks.map((_, index) => index === 0),
      )
    }
  })

  it('gives each part a buffer of its own, which is the chunk if that may be given away', () => {
    const chunks = owned(['a\nb', 'c\nd', 'e\n'].map((text) => Buffer.from(text.padStart(40_000, ' '))))
    const [block] = cutAll(new LineCutter(MIB, 120_000), chunks)
    assert.ok(isLines(block!))
    const buffers = block.parts.map(({ buffer }) => buffer)
    assert.deepEqual(new Set(buffers), new Set(chunks.map(({ bytes }) => bytes.buffer)))
    const shared = Buffer.from('a\n'.repeat(40_000))
    const [copied] = cutAll(new LineCutter(MIB, 80_000), [{ bytes: shared }])
    assert.ok(isLines(copied!) && copied.parts.every(({ buffer }) => buffer !== shared.buffer))
  })

  it('copies a chunk that is a part of a larger buffer, whatever is said of it', () => {
    const slab = Buffer.from('a\n'.repeat(40_000))
    const bytes = slab.subarray(0, 60_000)
    const [block] = cutAll(new LineCutter(MIB, 60_000), [{ bytes, isOwned: true }])
    assert.ok(isLines(block!) && block.parts.every(({ buffer }) => buffer !== slab.buffer))
  })

  it('gathers chunks that come byte by byte in a few parts', () => {
    const whole = Buffer.from('line\n'.repeat(30_000))
    const chunks = eachByte(whole).map((bytes) => ({ bytes }))
    const [block, ...others] = cutAll(new LineCutter(MIB, 150_000), chunks)
    assert.ok(isLines(block!) && content(block).equals(whole))
    assert.ok(block.parts.length <= 3)
    assert.deepEqual(others, [])
  })

  it('rejects a line that is too long in bounded memory', () => {
    const cutter = new LineCutter(200_000, 100_000)
    const chunk = Buffer.alloc(65_536, 'x')
    const pieces: Piece[] = [...cutter.push(Buffer.from('first\n'))]
    const before = process.memoryUsage().arrayBuffers
    for (let count = 0; count < 2000; count++) pieces.push(...cutter.push(chunk))
    // 128 MB have come.
    assert.ok(process.memoryUsage().arrayBuffers - before < 32 * MIB)
    assert.ok(pieces.length <= 1)
    pieces.push(...cutter.push(Buffer.from('\nlast')), ...cutter.end())
    const found = readPieces(pieces, 200_000)
    assert.deepEqual(
      found.map((event) => [event.line, event.ordinal, 'rejection' in event && event.rejection.code]),
      [
        [1, 0, false],
        [2, 1, 'LINE_TOO_LONG'],
        [3, 2, false],
      ],
    )
  })

  it('begins anew with the next source', () => {
    const cutter = new LineCutter(MIB, 1000)
    for (const text of ['\ufeffa\n', '\ufeffb']) {
      const [block, ...others] = cutAll(cutter, [{ bytes: Buffer.from(text) }])
      assert.ok(isLines(block!) && block.isFirst && others.length === 0)
      assert.deepEqual(
        readPieces([block], MIB).map((event) => (event as EventText).text),
        [text.trim().replace('\ufeff', '')],
      )
    }
    assert.deepEqual(cutAll(cutter, []), [])
  })

  it('tells whether it holds complete lines, and gives these when asked', () => {
    const cutter = new LineCutter(MIB, 1000)
    assert.deepEqual([...cutter.push(Buffer.from('a\nb'))], [])
    assert.equal(cutter.hasComplete, true)
    const [block] = [...cutter.flush()]
    assert.ok(isLines(block!) && content(block).toString() === 'a\n')
    assert.equal(cutter.hasComplete, false)
    assert.deepEqual([...cutter.flush()], [])
    const [rest] = [...cutter.end()]
    assert.ok(isLines(rest!) && content(rest).toString() === 'b' && !rest.isFirst)
  })

  it('cuts no more of a large chunk than is taken', () => {
    const cutter = new LineCutter(MIB, 65_536)
    const chunk = Buffer.from('line\n'.repeat(2_000_000))
    const before = process.memoryUsage().arrayBuffers
    const pieces = cutter.push(chunk)
    const first = pieces.next()
    assert.ok(first.done !== true && isLines(first.value) && first.value.size <= 65_536)
    assert.ok(process.memoryUsage().arrayBuffers - before < MIB)
  })
})
