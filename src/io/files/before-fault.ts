import type { Readable } from 'node:stream'
import type { Gunzip } from 'node:zlib'

/** The progress of a decompressor. */
export interface Decoded {
  /** Bytes of the compressed data in calls that went well. */
  readonly bytesIn: number
  /** Bytes that it gave. */
  readonly bytesOut: number
}

/**
 * The rest of what compressed data holds before its fault. A decompressor of Node gives nothing of the call in which it
 * meets a fault, though all that stands before it has been decoded: of a small file with something behind its end, or
 * with a wrong checksum, that is everything. So the data is decoded anew, and from that call on byte by byte.
 *
 *     compressed   [ call ][ call ][ ........ x ]      x: the fault
 *     given        ---------------
 *     given here                   -----------
 *
 * @param compressed the data from its beginning
 * @param decompressor a new one
 * @param before how far the other one came
 */
export async function* decodedBeforeFault(
  compressed: Readable,
  decompressor: Gunzip,
  before: Decoded,
): AsyncGenerator<Uint8Array> {
  let found: Uint8Array[] = []
  let toSkip = before.bytesOut
  decompressor.on('data', (chunk: Uint8Array) => {
    const skipped = Math.min(toSkip, chunk.length)
    toSkip -= skipped
    if (skipped < chunk.length) found.push(chunk.subarray(skipped))
  })
  // The write in which there is a fault may never end.
  let settle: (isDecoded: boolean) => void = () => {}
  decompressor.once('error', () => settle(false))
  const decode = (bytes: Uint8Array): Promise<boolean> =>
    new Promise((resolve) => {
      settle = resolve
      decompressor.write(bytes, (error) => resolve(error === null || error === undefined))
    })
  try {
    let position = 0
    for await (const chunk of compressed as AsyncIterable<Uint8Array>) {
      for (let start = 0; start < chunk.length; ) {
        const end = Math.min(chunk.length, start + Math.max(1, before.bytesIn - position))
        if (!(await decode(chunk.subarray(start, end)))) return
        position += end - start
        start = end
        yield* found
        found = []
      }
    }
  } finally {
    compressed.destroy()
    decompressor.destroy()
  }
}
