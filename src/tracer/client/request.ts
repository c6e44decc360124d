import { Buffer } from 'node:buffer'
import { formatRequest, type Indicator, type IndicatorType, wireText } from '../protocol.ts'
import type { Answer } from './cache.ts'
import type { TracerError } from './tracer-error.ts'

/*
 * The way of a look-up, from the caller's side to the wire:
 *
 *     Lookup    one call: its indicators, and who is told       [url=a, ip=b]    [url=a]
 *                                                                  |     |          |
 *     Question  one indicator that is not known yet,            [url=a] [ip=b] <----+   asked once
 *               whoever waits for it                               \     /
 *     Request   the questions of one line                       s1|url=a|ip=b|
 */

/** The caller, which is told once, by one of the two. */
export interface LookupHandler {
  /** @param answers one for each indicator, in their order */
  onAnswers(answers: readonly Answer[]): void
  onFailure(error: TracerError): void
}

/** One call: done when all its questions are answered or one has failed. */
export class Lookup {
  readonly #handler: LookupHandler
  readonly #answers: Answer[]
  #missing = 0

  /** @param answers those that are known, at their places */
  constructor(handler: LookupHandler, answers: Answer[]) {
    this.#handler = handler
    this.#answers = answers
  }

  /** One more answer has to come. */
  expect(): void {
    this.#missing += 1
  }

  answer(index: number, answer: Answer): void {
    this.#answers[index] = answer
    this.#missing -= 1
    if (this.#missing === 0) this.#handler.onAnswers(this.#answers)
  }

  fail(error: TracerError): void {
    // An answer after this counts below zero, and nobody is told.
    if (this.#missing <= 0) return
    this.#missing = 0
    this.#handler.onFailure(error)
  }
}

/** One indicator that is asked for. */
export class Question implements Indicator {
  readonly type: IndicatorType
  /** The value as it goes on the wire and comes back. */
  readonly value: string
  /** The look-up that asked first, and the place of this among its indicators. */
  readonly #lookup: Lookup
  readonly #index: number
  /** The look-ups that asked later. */
  #others: { readonly lookup: Lookup; readonly index: number }[] | undefined

  constructor(type: IndicatorType, value: string, lookup: Lookup, index: number) {
    this.type = type
    this.value = value
    this.#lookup = lookup
    this.#index = index
    lookup.expect()
  }

  /** Lets another lookup wait for the answer, as its indicator number `index`. */
  join(lookup: Lookup, index: number): void {
    lookup.expect()
    this.#others ??= []
    this.#others.push({ lookup, index })
  }

  answer(answer: Answer): void {
    this.#lookup.answer(this.#index, answer)
    if (this.#others === undefined) return
    for (const { lookup, index } of this.#others) lookup.answer(index, answer)
  }

  fail(error: TracerError): void {
    this.#lookup.fail(error)
    if (this.#others === undefined) return
    for (const { lookup } of this.#others) lookup.fail(error)
  }
}

/** One line to a server. */
export class Request {
  readonly id: string
  readonly questions: readonly Question[]
  /** Asked only to see whether a server answers: its questions have been answered or have failed. */
  readonly isProbe: boolean
  /** New connections that broke with this as the first thing to be answered. */
  failures = 0
  /** It timed out on its connection: nobody waits any longer, and its reply is dropped. */
  abandoned = false
  /** The time when it was last sent, on the clock of `performance.now()`. */
  sentAt = 0
  /** Replies that the server had given when it was sent. */
  repliesBefore = 0

  constructor(id: string, questions: readonly Question[], isProbe = false) {
    this.id = id
    this.questions = questions
    this.isProbe = isProbe
  }

  toProbe(): Request {
    return new Request(this.id, this.questions, true)
  }

  get line(): string {
    return formatRequest(this.id, this.questions)
  }
}

const LONE_SURROGATE = /[\ud800-\udbff](?![\udc00-\udfff])|(?<![\ud800-\udbff])[\udc00-\udfff]/g
const SURROGATE = /[\ud800-\udfff]/

/**
 * A value as it goes over the wire and comes back in `MatchedIndicator`: without blanks around it, what would break
 * the line as spaces, valid Unicode.
 */
export function wireValue(value: string): string {
  const text = wireText(value)
  return (SURROGATE.test(text) ? text.replace(LONE_SURROGATE, '\ufffd') : text).trim()
}

/** True when a text has at most so many UTF-8 bytes. No character takes more than three for each of its UTF-16 units. */
export function fitsBytes(text: string, maxBytes: number): boolean {
  return text.length * 3 <= maxBytes || (text.length <= maxBytes && Buffer.byteLength(text) <= maxBytes)
}
