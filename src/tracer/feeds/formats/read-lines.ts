import type { Buffer } from 'node:buffer'
import { Readable } from 'node:stream'
import { pipeline } from 'node:stream/promises'
import split from 'split2'
import { FeedError } from '../feed-error.ts'
import type { FeedHandlers } from '../feed-handlers.ts'
import type { LineFormat, LineReader } from './line-format.ts'

const LONGEST_LINE = 1024 * 1024
/** The message of split2 for a line that is longer. */
const TOO_LONG = 'maximum buffer reached'
/** Ends of lines: LF, CRLF, and the CR of old files; a CR at the end of a chunk may be the half of a CRLF. */
const LINE_END = /\r?\n|\r(?!\n|$)/

/**
 * Reads a feed of one record a line.
 *
 * @throws FeedError for a line that is longer than 1 MiB
 */
export async function readLines(
  chunks: AsyncIterable<Buffer>,
  file: string,
  handlers: FeedHandlers,
  format: LineFormat,
): Promise<void> {
  const list = new NumberedLines(format.createReader(), handlers)
  // Each line is read as it is cut, so that its number is known when the next one is too long; nothing comes out.
  const lines = split(LINE_END, (line: string) => list.read(line), { maxLength: LONGEST_LINE })
  lines.resume()
  try {
    await pipeline(Readable.from(chunks), lines)
  } catch (error) {
    if (!(error instanceof Error) || error.message !== TOO_LONG) throw error
    throw new FeedError(
      'FEED_INVALID',
      file,
      `line ${list.line + 1}: longer than 1 MiB; a list has one indicator a line`,
    )
  }
}

class NumberedLines {
  readonly #reader: LineReader
  readonly #handlers: FeedHandlers
  #line = 0
  #ordinal = 0

  constructor(reader: LineReader, handlers: FeedHandlers) {
    this.#reader = reader
    this.#handlers = handlers
  }

  /** Number of the last line, from 1. */
  get line(): number {
    return this.#line
  }

  read(text: string): void {
    this.#line += 1
    const line = text.trim()
    if (line === '') return
    const result = this.#reader.read(line)
    if (result === undefined) return
    if ('skipped' in result) {
      this.#handlers.onSkipped(`line ${this.#line}`, result.skipped, result.reason)
      return
    }
    this.#ordinal += 1
    this.#handlers.onRecord(result.record, this.#ordinal, result.own, this.#line)
  }
}
