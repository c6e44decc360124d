import type { Buffer } from 'node:buffer'
import { jsonParser, type Token } from 'stream-json/core/parser.js'
import { FeedError } from './feed-error.ts'
import type { FeedHandlers } from './read.ts'
import type { FeedRecord, FeedValue } from './record.ts'

/** Deeper than any record means it. */
const MAX_DEPTH = 100
/** Characters of one record. A larger one is no record but a wrapper round all of them. */
const LONGEST_RECORD = 16 * 1024 * 1024

/** The tokenizer waits for as many characters before it says that something is no literal; so it says it in its line. */
const LINE_PADDING = ' '.repeat(16)

/** Ends the input of the tokenizer: the `none` of stream-chain, by the name under which it is registered. */
const END = Symbol.for('object-stream.none')

/**
 * Reads JSON: the elements of arrays at the top level, and other values there, one after another. What is no object,
 * or nests deeper than 100 levels, is skipped. stream-json makes the tokens; they are assembled here, because an object
 * would lose the order of its names.
 */
export async function readJson(
  chunks: AsyncIterable<Buffer>,
  file: string,
  handlers: FeedHandlers,
): Promise<void> {
  const reader = new JsonReader(file, handlers)
  const decoder = new TextDecoder()
  for await (const chunk of chunks) reader.feed(decoder.decode(chunk, { stream: true }))
  reader.end(decoder.decode())
}

/** Feeds the tokenizer line by line, so that an error has one. */
class JsonReader {
  readonly #file: string
  readonly #tokenize = jsonParser({ packValues: true, streamValues: false, jsonStreaming: true })
  readonly #records: RecordAssembler
  #line = 1
  #character = 0
  /** Characters since the last record ended. */
  #pending = 0

  constructor(file: string, handlers: FeedHandlers) {
    this.#file = file
    this.#records = new RecordAssembler(handlers)
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
      this.#tokenize(END as unknown as string)
    } catch (error) {
      throw this.#invalid('the file ends in the middle of a value', error)
    }
  }

  #feedPiece(piece: string): void {
    // Empty lines belong to no record.
    if (piece.length > LINE_PADDING.length + 2) this.#pending += piece.length
    for (const token of this.#tokensOf(piece)) {
      if (this.#records.add(token, this.#line)) this.#pending = 0
    }
    if (this.#pending > LONGEST_RECORD) {
      throw this.#invalid(
        'a record is longer than 16 MiB; a feed is an array of records, or one record after another',
      )
    }
  }

  #tokensOf(piece: string): readonly Token[] {
    try {
      const result = this.#tokenize(piece) as { values: readonly Token[] } | symbol
      return typeof result === 'symbol' ? [] : result.values
    } catch (error) {
      const problem = (error as Error).message.replace(/^Parser (?:cannot parse input: )?/, '')
      throw this.#invalid(`not JSON: ${problem}`, error)
    }
  }

  #invalid(problem: string, cause?: unknown): FeedError {
    const place =
      this.#character === 0 ? `line ${this.#line}` : `line ${this.#line}, after character ${this.#character}`
    return new FeedError('FEED_INVALID', this.#file, `${place}: ${problem}`, cause)
  }
}

/** An object or a list that is being read. */
type Container = { readonly map: Map<string, FeedValue>; key: string } | { readonly list: FeedValue[] }

/** Makes records of tokens. */
class RecordAssembler {
  readonly #handlers: FeedHandlers
  readonly #open: Container[] = []
  /** Arrays at the top level that are open; their elements are the records. */
  #isInArray = false
  /** Containers that are open but not read, because they are too deep. */
  #tooDeep = 0
  #hasTooDeep = false
  #startLine = 1
  #ordinal = 0

  constructor(handlers: FeedHandlers) {
    this.#handlers = handlers
  }

  /** @returns whether the token ends a record, or what stands where one should */
  add(token: Token, line: number): boolean {
    switch (token.name) {
      case 'startObject':
        return this.#start({ map: new Map(), key: '' }, line)
      case 'startArray':
        if (this.#open.length === 0 && !this.#isInArray) {
          this.#isInArray = true
          return false
        }
        return this.#start({ list: [] }, line)
      case 'endObject':
      case 'endArray':
        return this.#end(line)
      case 'keyValue':
        this.#setKey(token.value)
        return false
      case 'stringValue':
      case 'numberValue':
      case 'trueValue':
      case 'falseValue':
      case 'nullValue':
        if (this.#tooDeep > 0) return false
        return this.#value(token.value, line)
      default:
        return false
    }
  }

  #start(container: Container, line: number): boolean {
    if (this.#open.length === MAX_DEPTH) {
      this.#tooDeep += 1
      this.#hasTooDeep = true
      return false
    }
    if (this.#open.length === 0) this.#startLine = line
    this.#open.push(container)
    return false
  }

  #end(line: number): boolean {
    if (this.#tooDeep > 0) {
      this.#tooDeep -= 1
      return false
    }
    const container = this.#open.pop()
    if (container === undefined) {
      this.#isInArray = false
      return false
    }
    return this.#value('map' in container ? container.map : container.list, line)
  }

  #setKey(key: string): void {
    if (this.#tooDeep > 0) return
    const container = this.#open.at(-1)!
    if ('map' in container) container.key = key
  }

  #value(value: FeedValue, line: number): boolean {
    const container = this.#open.at(-1)
    if (container === undefined) {
      this.#record(value, line)
      return true
    }
    if ('map' in container) container.map.set(container.key, value)
    else container.list.push(value)
    return false
  }

  #record(value: FeedValue, line: number): void {
    if (this.#hasTooDeep) {
      this.#hasTooDeep = false
      this.#handlers.onSkipped(`line ${this.#startLine}`, `the record nests deeper than ${MAX_DEPTH} levels`)
    } else if (value instanceof Map) {
      this.#ordinal += 1
      this.#handlers.onRecord(value as FeedRecord, this.#ordinal)
    } else {
      const start = typeof value === 'object' && value !== null ? this.#startLine : line
      this.#handlers.onSkipped(`line ${start}`, 'the value is not an object')
    }
  }
}
