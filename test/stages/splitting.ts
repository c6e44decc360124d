import { Buffer } from 'node:buffer'
import fc from 'fast-check'
import type { EventText, RejectedEvent } from '../../src/event.ts'
import type { Splitter } from '../../src/formats/splitter.ts'

export type Found = EventText | RejectedEvent

/** Everything that a splitter makes of these chunks, in the order of the input. */
export function splitAll(splitter: Splitter, chunks: readonly Uint8Array[]): Found[] {
  const results = [...chunks.map((chunk) => splitter.push(chunk)), splitter.end()]
  return results.flatMap(({ events, rejected }) =>
    [...events, ...rejected].sort((a, b) => a.ordinal - b.ordinal),
  )
}

/** Bytes, and places to cut them at. */
export function cutBytes(bytes: fc.Arbitrary<Buffer>): fc.Arbitrary<[whole: Buffer, chunks: Buffer[]]> {
  return bytes.chain((whole) =>
    fc
      .array(fc.nat(whole.length), { maxLength: 12 })
      .map((cuts): [Buffer, Buffer[]] => [whole, cutAt(whole, cuts)]),
  )
}

export function cutAt(whole: Buffer, cuts: readonly number[]): Buffer[] {
  const edges = [0, ...[...cuts].sort((a, b) => a - b), whole.length]
  return edges.slice(1).map((edge, index) => whole.subarray(edges[index], edge))
}

export function eachByte(whole: Buffer): Buffer[] {
  return [...whole].map((byte) => Buffer.of(byte))
}

export function chunksOf(whole: Buffer, size: number): Buffer[] {
  const count = Math.ceil(whole.length / size)
  return Array.from({ length: count }, (_, index) => whole.subarray(index * size, (index + 1) * size))
}
