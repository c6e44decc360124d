import { joined } from './bytes.ts'

const INLINE = new TextEncoder().encode('{"$rejected":')
const END = new TextEncoder().encode('}\n')
const LF = 0x0a

/** Records as lines among the outputs: `{"$rejected":{"line":1,...}}`. */
export function inlineRecords(records: Uint8Array): Uint8Array {
  const pieces: Uint8Array[] = []
  for (let start = 0; start < records.length; ) {
    const end = records.indexOf(LF, start)
    pieces.push(INLINE, records.subarray(start, end), END)
    start = end + 1
  }
  return joined(pieces)
}
