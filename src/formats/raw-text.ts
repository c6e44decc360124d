import type { EventText, RejectedEvent } from '../event.ts'
import { MAX_RAW_BYTES } from '../event.ts'
import type { TextCoding } from '../json/text-coding.ts'

/** The text of these bytes; the bytes themselves, copied, where they are not UTF-8. */
export function rawText(bytes: Uint8Array, coding: TextCoding): string | Uint8Array {
  return coding.isUtf8(bytes) ? coding.utf8(bytes, 0, bytes.length) : new Uint8Array(bytes)
}

/** The first 64 KiB, cut between two characters. */
export function rawHead(bytes: Uint8Array, coding: TextCoding): string | Uint8Array {
  if (bytes.length <= MAX_RAW_BYTES) return rawText(bytes, coding)
  const head = bytes.subarray(0, characterBoundary(bytes, MAX_RAW_BYTES))
  return coding.isUtf8(head)
    ? coding.utf8(head, 0, head.length)
    : new Uint8Array(bytes.subarray(0, MAX_RAW_BYTES))
}

/** @returns the end itself or up to three bytes before it */
function characterBoundary(bytes: Uint8Array, end: number): number {
  for (let boundary = end; boundary > end - 4; boundary--) {
    if ((bytes[boundary]! & 0xc0) !== 0x80) return boundary
  }
  return end
}

/** An event of more than `maxBytes`, of which `head` is the beginning: at least the first 64 KiB, if it has as many. */
export function tooLong(
  line: number,
  ordinal: number,
  maxBytes: number,
  head: Uint8Array,
  coding: TextCoding,
): RejectedEvent {
  return {
    line,
    ordinal,
    rejection: { code: 'LINE_TOO_LONG', message: `the event is longer than ${maxBytes} bytes` },
    raw: rawHead(head, coding),
    truncated: true,
  }
}

/**
 * Makes an event of bytes that are not UTF-8, or rejects it.
 *
 * @param bytes of the event; they are copied
 */
export type InvalidBytes = (line: number, ordinal: number, bytes: Uint8Array) => EventText | RejectedEvent

/** The bytes are rejected as they are (UTF8_INVALID). */
export function notUtf8(line: number, ordinal: number, bytes: Uint8Array): RejectedEvent {
  const rejection = { code: 'UTF8_INVALID', message: 'the bytes are not valid UTF-8' } as const
  return { line, ordinal, rejection, raw: new Uint8Array(bytes) }
}

/** A byte order mark belongs to the text. */
const decoder = new TextDecoder('utf-8', { ignoreBOM: true })

/** U+FFFD takes the place of bytes that do not fit. */
export function replaced(line: number, ordinal: number, bytes: Uint8Array): EventText {
  return { line, ordinal, text: decoder.decode(bytes), isReplaced: true }
}

/** Rejects events of an input whose encoding is another one: their bytes have become UTF-8 as far as they fitted. */
export function misfit(encoding: string): InvalidBytes {
  const rejection = { code: 'UTF8_INVALID', message: `the bytes are not valid ${encoding}` } as const
  return (line, ordinal, bytes) => ({ line, ordinal, rejection, raw: decoder.decode(bytes) })
}
