import type { Buffer } from 'node:buffer'
import { Readable } from 'node:stream'
import { pipeline } from 'node:stream/promises'
import split from 'split2'
import { FeedError } from '../feed-error.ts'
import type { FeedHandlers } from '../feed-handlers.ts'
import { readIndicatorKey } from '../keys/indicator-key.ts'

const LONGEST_LINE = 1024 * 1024
/** The message of split2 for a line that is longer. */
const TOO_LONG = 'maximum buffer reached'
/**
 * A comment begins with a `#` at the beginning of a line or behind a blank; in a URL it is the beginning of the
 * fragment.
 */
const COMMENT = /(?:^|\s)#.*$/
/** No host has one of these: the line is a row of CSV, or a sentence. */
const NOT_IN_HOST = /[\s,;"']/

/**
 * Reads a list: an indicator a line, with `#` before a comment. Lines without an indicator are no records.
 *
 * @throws FeedError for a line that is longer than 1 MiB
 */
export async function readLines(
  chunks: AsyncIterable<Buffer>,
  file: string,
  handlers: FeedHandlers,
): Promise<void> {
  const list = new ListReader(handlers)
  // Each line is read as it is cut, so that its number is known when the next one is too long; nothing comes out.
  const lines = split((line: string) => list.read(line), { maxLength: LONGEST_LINE })
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

class ListReader {
  readonly #handlers: FeedHandlers
  #line = 0
  #ordinal = 0

  constructor(handlers: FeedHandlers) {
    this.#handlers = handlers
  }

  /** Number of the last line, from 1. */
  get line(): number {
    return this.#line
  }

  read(line: string): void {
    this.#line += 1
    const value = line.replace(COMMENT, '').trim()
    if (value === '') return
    const key = readIndicatorKey(value, undefined)
    const host = key?.kind === 'url' ? key.text : key?.kind === 'mask' ? key.mask.text : ''
    if (key === undefined || NOT_IN_HOST.test(host.split('/', 1)[0]!)) {
      this.#handlers.onSkipped(
        `line ${this.#line}`,
        `${JSON.stringify(value.slice(0, 100))} is no indicator; columns need a --key`,
      )
      return
    }
    this.#ordinal += 1
    this.#handlers.onRecord(new Map([['value', value]]), this.#ordinal, [{ value, type: undefined }])
  }
}
