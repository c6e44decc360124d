import type { TextCoding } from '../json/text-coding.ts'

const LF = 0x0a
const BLANK = 0x20

/** Messages as lines, so that they go the way of all lines. */
export interface JoinedMessages {
  /** A line for each message that is not empty, each with LF. */
  readonly bytes: Uint8Array
  /** Of each line the index of its message. */
  readonly indexes: readonly number[]
  /** Of each line where it ends in the bytes, behind its LF. */
  readonly ends: readonly number[]
  /** Number of messages that are null, or nothing but white space: no line stands for them. */
  readonly empty: number
}

/**
 * Joins the values of messages with LF. Each value is an event of its own: a line end inside of it is white space of JSON, and becomes a
 * blank; a byte order mark at its beginning is left out.
 *
 *     '{"a":1}'  null  '{"a":\n2}'  ' '      -->  {"a":1} LF {"a": 2} LF      indexes 0, 2; empty 2
 *
 * @param coding gives the room for the bytes
 */
export function joinMessages(values: readonly (Uint8Array | null)[], coding: TextCoding): JoinedMessages {
  let size = 0
  for (const value of values) if (value !== null) size += value.length + 1
  const room = coding.allocate(size)
  const indexes: number[] = []
  const ends: number[] = []
  let at = 0
  for (const [index, value] of values.entries()) {
    if (value === null || isBlank(value)) continue
    const start = at
    const from = hasMark(value) ? 3 : 0
    room.set(from === 0 ? value : value.subarray(from), at)
    at += value.length - from
    room[at] = LF
    for (let end = room.indexOf(LF, start); end < at; end = room.indexOf(LF, end + 1)) room[end] = BLANK
    at++
    indexes.push(index)
    ends.push(at)
  }
  return { bytes: room.subarray(0, at), indexes, ends, empty: values.length - indexes.length }
}

/** Nothing but blanks, tabs and line ends; a byte order mark before them does not count. */
function isBlank(value: Uint8Array): boolean {
  for (let index = hasMark(value) ? 3 : 0; index < value.length; index++) {
    const byte = value[index]!
    if (byte > BLANK || (byte !== BLANK && byte !== LF && byte !== 0x09 && byte !== 0x0d)) return false
  }
  return true
}

function hasMark(value: Uint8Array): boolean {
  return value[0] === 0xef && value[1] === 0xbb && value[2] === 0xbf
}

/**
 * Cuts lines into pieces at ends of lines, each of about `size` bytes: a piece is longer only as far as its last line goes on.
 *
 * @yields of each piece where it begins, where it ends, and the number of the lines before it
 */
export function* pieces(
  { bytes, ends }: Pick<JoinedMessages, 'bytes' | 'ends'>,
  size: number,
): Generator<{ readonly start: number; readonly end: number; readonly linesBefore: number }> {
  let start = 0
  let linesBefore = 0
  for (const [line, end] of ends.entries()) {
    if (end - start < size && end < bytes.length) continue
    yield { start, end, linesBefore }
    start = end
    linesBefore = line + 1
  }
}
