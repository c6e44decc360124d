import type { Buffer } from 'node:buffer'
import { FeedError } from '../feed-error.ts'
import type { FeedHandlers } from '../feed-handlers.ts'
import { readIndicatorKey } from '../keys/indicator-key.ts'

const LONGEST_LINE = 1024 * 1024
/** From a `#` at the beginning of a line or behind a blank; in a URL it is the beginning of the fragment. */
const COMMENT = /(?:^|\s)#.*$/
/** No host has one of these: the line is a row of CSV, or a sentence. */
const NOT_IN_HOST = /[\s,;"']/

/** Reads a plain text: an indicator a line, with `#` before a comment. Lines without an indicator are no records. */
export async function readLines(
  chunks: AsyncIterable<Buffer>,
  file: string,
  handlers: FeedHandlers,
): Promise<void> {
  const reader = new LineReader(file, handlers)
  const decoder = new TextDecoder()
  for await (const chunk of chunks) reader.feed(decoder.decode(chunk, { stream: true }))
  reader.end(decoder.decode())
}

class LineReader {
  readonly #file: string
  readonly #handlers: FeedHandlers
  #rest = ''
  #line = 0
  #ordinal = 0

  constructor(file: string, handlers: FeedHandlers) {
    this.#file = file
    this.#handlers = handlers
  }

  feed(text: string): void {
    const lines = (this.#rest + text).split('\n')
    this.#rest = lines.pop()!
    for (const line of lines) this.#read(line)
    if (this.#rest.length > LONGEST_LINE) {
      throw new FeedError(
        'FEED_INVALID',
        this.#file,
        `line ${this.#line + 1}: longer than 1 MiB; a list has one indicator a line`,
      )
    }
  }

  end(text: string): void {
    this.feed(text)
    this.#read(this.#rest)
  }

  #read(line: string): void {
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
