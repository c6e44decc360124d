/** The mark that snappy-java, and with it Java's clients of Kafka, sets before its blocks: a version and a compatible version of four bytes follow. */
const MARK = Buffer.from([0x82, 0x53, 0x4e, 0x41, 0x50, 0x50, 0x59, 0x00])
const HEAD_BYTES = 16

/**
 * Unpacks snappy as producers of any language write it: one block, or a stream of snappy-java.
 *
 *     mark  versions | length (32 bits, big-endian)  block | length  block | ...
 *
 * @param data one block, or a stream
 * @param unpack unpacks one block
 * @throws {RangeError} when a block is longer than what is there
 * @throws what `unpack` throws
 */
export function unpackSnappy(data: Buffer, unpack: (block: Buffer) => Buffer): Buffer {
  if (data.length < HEAD_BYTES || !data.subarray(0, MARK.length).equals(MARK)) return unpack(data)
  const blocks: Buffer[] = []
  for (let at = HEAD_BYTES; at < data.length; ) {
    const start = at + 4
    const end = start + data.readUInt32BE(at)
    if (end > data.length) throw new RangeError(`a block of snappy ends at ${end} of ${data.length} bytes`)
    blocks.push(unpack(data.subarray(start, end)))
    at = end
  }
  return Buffer.concat(blocks)
}
