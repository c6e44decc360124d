import type { Buffer } from 'node:buffer'
import type { Token } from 'stream-json/core/parser.js'
import type { FeedHandlers } from '../feed-handlers.ts'
import { tellRecord } from './json-survey.ts'
import { readTokens, type TokenSink } from './json-tokens.ts'
import { MAX_DEPTH, ValueAssembler } from './json-value.ts'
import type { FeedRecord } from './record.ts'

const LONGEST_RECORD = 16 * 1024 * 1024

/**
 * Reads JSON: the elements of arrays at the top level, and other values there, one after another. A value that is no
 * object, or nests deeper than 100 levels, is skipped. stream-json makes the tokens; they are assembled here, because
 * an object would lose the order of its names.
 */
export function readJson(chunks: AsyncIterable<Buffer>, file: string, handlers: FeedHandlers): Promise<void> {
  return readTokens(chunks, file, new RecordAssembler(handlers))
}

/** Makes records of tokens: the elements of arrays at the top level, and other values there. */
export class RecordAssembler implements TokenSink {
  readonly longestRecord = LONGEST_RECORD
  readonly #handlers: FeedHandlers
  readonly #values = new ValueAssembler()
  /** An array at the top level is open; its elements are the records. */
  #isInArray = false
  #startLine = 1
  #ordinal = 0

  constructor(handlers: FeedHandlers) {
    this.#handlers = handlers
  }

  get isTooDeep(): boolean {
    return this.#values.isOpen && this.#values.isTooDeep
  }

  add(token: Token, line: number): boolean {
    if (!this.#values.isOpen) {
      if (token.name === 'endArray') {
        this.#isInArray = false
        return false
      }
      if (token.name === 'startArray' && !this.#isInArray) {
        this.#isInArray = true
        return false
      }
      this.#startLine = line
    }
    if (!this.#values.add(token)) return false
    this.#record()
    return true
  }

  #record(): void {
    const { value, isTooDeep } = this.#values
    if (isTooDeep) {
      this.#handlers.onSkipped(`line ${this.#startLine}`, `the record nests deeper than ${MAX_DEPTH} levels`)
    } else if (value instanceof Map) {
      this.#ordinal += 1
      tellRecord(value as FeedRecord, this.#ordinal, this.#handlers)
    } else {
      this.#handlers.onSkipped(`line ${this.#startLine}`, 'the value is not an object')
    }
  }
}
