import type { Buffer } from 'node:buffer'
import { getManyValues, isMany, type Many, none } from 'stream-chain/core'
import { jsonParser, type Token } from 'stream-json/core/parser.js'
import { FeedError } from '../feed-error.ts'
import { MAX_DEPTH } from './json-value.ts'

/** Takes the tokens of a JSON file, in their order. An error that it throws ends the reading. */
export interface TokenSink {
  /** Characters that one record may have. A larger one is no record but a wrapper round all of them. */
  readonly longestRecord: number
  /** The record that is being read nests deeper than it may. Default: false. */
  readonly isTooDeep?: boolean
  /** @returns true when the token ends a record, or another value in the place of one */
  add(token: Token, line: number): boolean
}

/** Takes a piece of text, or `none` of stream-chain at the end, and returns the `many` of the tokens that it completes. */
type Tokenizer = (piece: string | typeof none) => unknown

/**
 * Blanks behind each line. They belong to no token, and push out of the tokenizer what it holds back: it looks 16
 * characters beyond a misspelt literal (`nul`) before it reports the error, which would then carry the number of a later
 * line. The tokenizer tells no position, so this is the way to have the right one. A test notices when it looks further.
 */
const LINE_PADDING = ' '.repeat(16)

/**
 * Reads JSON values, one after another, as tokens.
 *
 * @throws FeedError with the place of what is no JSON
 */
export async function readTokens(
  chunks: AsyncIterable<Buffer>,
  file: string,
  sink: TokenSink,
): Promise<void> {
  const reader = new TokenReader(file, sink)
  const decoder = new TextDecoder()
  for await (const chunk of chunks) reader.feed(decoder.decode(chunk, { stream: true }))
  reader.end(decoder.decode())
}

/** Feeds the tokenizer line by line, so that an error has one. */
class TokenReader {
  readonly #file: string
  readonly #sink: TokenSink
  readonly #tokenize: Tokenizer = jsonParser({
    packValues: true,
    streamValues: false,
    jsonStreaming: true,
  }) as Tokenizer
  #line = 1
  #character = 0
  /** Characters since the last record ended. */
  #pending = 0

  constructor(file: string, sink: TokenSink) {
    this.#file = file
    this.#sink = sink
  }

  feed(text: string): void {
    let start = 0
    for (let end = text.indexOf('\n'); end >= 0; end = text.indexOf('\n', start)) {
      this.#feedPiece(text.slice(start, end + 1) + LINE_PADDING)
      this.#line += 1
      this.#character = 0
      start = end + 1
    }
    if (start < text.length) {
      this.#feedPiece(text.slice(start))
      this.#character += text.length - start
    }
  }

  end(rest: string): void {
    this.feed(rest)
    this.#feedPiece(LINE_PADDING)
    try {
      this.#tokenize(none)
    } catch (error) {
      throw this.#invalid(`the file ends in the middle of a value${this.#depthNote}`, error)
    }
  }

  #feedPiece(piece: string): void {
    // Empty lines belong to no record.
    if (piece.length > LINE_PADDING.length + 2) this.#pending += piece.length
    for (const token of this.#tokensOf(piece)) {
      if (this.#sink.add(token, this.#line)) this.#pending = 0
    }
    if (this.#pending > this.#sink.longestRecord) {
      throw this.#invalid(
        `a record is longer than ${this.#sink.longestRecord / 2 ** 20} MiB${this.#depthNote}; a feed is an array of records, or one record after another`,
      )
    }
  }

  #tokensOf(piece: string): readonly Token[] {
    try {
      const result = this.#tokenize(piece)
      return isMany(result) ? getManyValues<Token>(result as Many<Token>) : []
    } catch (error) {
      const problem = (error as Error).message.replace(/^Parser (?:cannot parse input: )?/, '')
      throw this.#invalid(`not JSON: ${problem}`, error)
    }
  }

  get #depthNote(): string {
    return this.#sink.isTooDeep === true ? `, and nests deeper than ${MAX_DEPTH} levels` : ''
  }

  #invalid(problem: string, cause?: unknown): FeedError {
    const place =
      this.#character === 0 ? `line ${this.#line}` : `line ${this.#line}, after character ${this.#character}`
    return new FeedError('FEED_INVALID', this.#file, `${place}: ${problem}`, cause)
  }
}
