import type { Buffer } from 'node:buffer'
import { isUtf8 } from 'node:buffer'
import type { RejectedEvent } from '../event.ts'
import { MAX_RAW_BYTES } from '../event.ts'

/** The text of these bytes; the bytes themselves, copied, where they are not UTF-8. */
export function rawText(bytes: Buffer): string | Uint8Array {
  return isUtf8(bytes) ? bytes.toString('utf8') : new Uint8Array(bytes)
}

/** The first 64 KiB, cut between two characters. */
export function rawHead(bytes: Buffer): string | Uint8Array {
  if (bytes.length <= MAX_RAW_BYTES) return rawText(bytes)
  const head = bytes.subarray(0, characterBoundary(bytes, MAX_RAW_BYTES))
  return isUtf8(head) ? head.toString('utf8') : new Uint8Array(bytes.subarray(0, MAX_RAW_BYTES))
}

/** @returns the end itself or up to three bytes before it */
function characterBoundary(bytes: Buffer, end: number): number {
  for (let boundary = end; boundary > end - 4; boundary--) {
    if ((bytes[boundary]! & 0xc0) !== 0x80) return boundary
  }
  return end
}

/** An event of more than `maxBytes`, of which `head` is the beginning: at least the first 64 KiB, if it has as many. */
export function tooLong(line: number, ordinal: number, maxBytes: number, head: Buffer): RejectedEvent {
  return {
    line,
    ordinal,
    rejection: { code: 'LINE_TOO_LONG', message: `the event is longer than ${maxBytes} bytes` },
    raw: rawHead(head),
    truncated: true,
  }
}

export function notUtf8(line: number, ordinal: number, bytes: Buffer): RejectedEvent {
  const rejection = { code: 'UTF8_INVALID', message: 'the bytes are not valid UTF-8' } as const
  return { line, ordinal, rejection, raw: new Uint8Array(bytes) }
}
