import { Buffer } from 'node:buffer'
import type { IncomingMessage, ServerResponse } from 'node:http'
import { boundedBody, HttpError } from '../../http/body.ts'
import type { Match } from '../enricher.ts'
import type { Detector } from '../server/detector.ts'
import { ReplyQueue } from '../server/reply-queue.ts'
import type { AnswerWriter } from './answers.ts'
import { ArrayReader, LinesReader, type LookupObject, type ObjectReader } from './lookup-objects.ts'

/** The parts that all exchanges of a server use. */
interface ExchangeContext {
  readonly detector: Detector
  readonly answers: AnswerWriter
  readonly counts: ExchangeCounts
  /** Bytes that a body may have. */
  readonly maxBodyBytes: number
  /** Bytes that an element of it may have. */
  readonly maxObjectBytes: number
}

/** Counts of all exchanges. They only grow. */
export interface ExchangeCounts {
  /** Objects that were asked for. */
  objects: number
  /** Bytes of bodies. */
  receivedBytes: number
  sentBytes: number
}

/** Characters of an answer that wait for the end of the request: so long its status can still be 400. */
const HELD_LENGTH = 256 * 1024
/** Characters that go into one write. */
const BATCH_LENGTH = 128 * 1024
/** Look-ups that one request may have in flight. */
const MAX_LOOKUPS = 64

/**
 * A look-up: a request whose objects are read as they come, and answered in their order as they are known.
 *
 *     request ─► objects ─► detections ─► [ answers, in order ] ─► response
 *        ^                      |              |                      |
 *        '---- not read while --'-- in flight -'-- not taken yet -----'
 *
 * A fault in the body is told as the status as long as no answer was sent. After that an array is broken off; in lines,
 * where a client may ask for one object after the other, the last line tells the fault.
 */
export class LookupExchange {
  readonly #request: IncomingMessage
  readonly #response: ServerResponse
  readonly #context: ExchangeContext
  readonly #isLines: boolean
  readonly #reader: ObjectReader
  readonly #queue = new ReplyQueue()
  #answered = 0
  #onProgress: (() => void) | undefined

  /** @param isLines one object a line, and one answer a line. Else: arrays */
  constructor(
    request: IncomingMessage,
    response: ServerResponse,
    context: ExchangeContext,
    isLines: boolean,
  ) {
    this.#request = request
    this.#response = response
    this.#context = context
    this.#isLines = isLines
    const { maxObjectBytes } = context
    this.#reader = isLines ? new LinesReader(maxObjectBytes) : new ArrayReader(maxObjectBytes)
  }

  /** Ends when the answer is sent, or cannot be. @throws {HttpError} for a fault in the body */
  async run(): Promise<void> {
    const { counts, maxBodyBytes } = this.#context
    const length = Number(this.#request.headers['content-length'] ?? Number.NaN)
    let received = 0
    try {
      if (!this.#isLines) this.#queue.append('[')
      for await (const chunk of boundedBody(this.#request, maxBodyBytes)) {
        counts.receivedBytes += chunk.length
        await this.#lookUp(this.#reader.push(chunk as Buffer))
        if (this.#response.destroyed) return
        // The one who sends lines may wait for an answer before it sends the next one.
        received += chunk.length
        if (this.#isLines && this.#request.readableLength === 0 && received !== length) await this.#flush(0)
      }
      await this.#lookUp(this.#reader.end())
      if (!this.#isLines) this.#queue.append(']')
      await this.#until(() => this.#queue.waiting === 0)
      this.#end()
    } catch (error) {
      if (!this.#isLines || !this.#response.headersSent || !(error instanceof HttpError)) throw error
      this.#endWith(error)
    } finally {
      // The look-ups of a client that has gone away count until they are back.
      await this.#until(() => this.#queue.waiting === 0)
    }
  }

  async #lookUp(objects: readonly LookupObject[]): Promise<void> {
    const { detector, counts } = this.#context
    counts.objects += objects.length
    for (let i = 0; i < objects.length; i++) {
      const { object, indicator } = objects[i]!
      const found = indicator.value === '' ? [] : detector.find(indicator)
      if (isKnown(found)) this.#queue.append(this.#text(object, found))
      else await this.#wait(object, found)
      if (this.#queue.readyLength >= BATCH_LENGTH) await this.#flush(HELD_LENGTH)
      if (this.#response.destroyed) return
    }
  }

  /** Keeps a place for an answer, and goes on unless too many are waited for. */
  async #wait(object: string, found: Promise<readonly Match[]>): Promise<void> {
    const part = this.#queue.reserve()
    const isFirst = this.#answered === 0
    this.#answered++
    void found.then((matches) => {
      this.#queue.fill(part, this.#written(object, matches, isFirst))
      this.#onProgress?.()
    })
    await this.#until(() => this.#queue.waiting < MAX_LOOKUPS && this.#queue.heldLength < BATCH_LENGTH)
  }

  #text(object: string, matches: readonly Match[]): string {
    return this.#written(object, matches, this.#answered++ === 0)
  }

  #written(object: string, matches: readonly Match[], isFirst: boolean): string {
    const answer = this.#context.answers.answer(object, matches)
    if (this.#isLines) return `${answer}\n`
    return isFirst ? answer : `,${answer}`
  }

  /** Writes what is known, if that or an earlier part of it is long enough, and waits until the client takes more. */
  async #flush(least: number): Promise<void> {
    const response = this.#response
    if (!response.headersSent) {
      if (this.#queue.readyLength < Math.max(1, least)) return
      response.writeHead(200, { 'content-type': this.#type })
    }
    const text = this.#queue.take()
    if (text === '' || response.destroyed) return
    this.#context.counts.sentBytes += Buffer.byteLength(text)
    if (!response.write(text)) await drained(response)
  }

  #end(): void {
    const response = this.#response
    if (response.destroyed) return
    const text = this.#queue.take()
    const length = Buffer.byteLength(text)
    this.#context.counts.sentBytes += length
    if (!response.headersSent) {
      response.writeHead(200, { 'content-type': this.#type, 'content-length': length })
    }
    response.end(text)
  }

  #endWith({ message }: HttpError): void {
    const response = this.#response
    if (response.destroyed) return
    const { socket } = this.#request
    response.once('finish', () => socket.end())
    response.end(`${this.#queue.take()}${JSON.stringify({ error: message })}\n`)
  }

  get #type(): string {
    return this.#isLines ? 'application/x-ndjson' : 'application/json'
  }

  /** Waits for answers until this holds. */
  async #until(holds: () => boolean): Promise<void> {
    while (!holds()) {
      await new Promise<void>((resolve) => {
        this.#onProgress = resolve
      })
    }
  }
}

function isKnown(found: readonly Match[] | Promise<readonly Match[]>): found is readonly Match[] {
  return Array.isArray(found)
}

/** The client has taken what was written, or has gone away. */
function drained(response: ServerResponse): Promise<void> {
  return new Promise((resolve) => {
    const end = (): void => {
      response.off('drain', end).off('close', end)
      resolve()
    }
    response.on('drain', end).on('close', end)
  })
}
