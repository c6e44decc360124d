import type { IncomingMessage, ServerResponse } from 'node:http'
import type { AddressInfo } from 'node:net'
import { OperatorPages } from '../../http/operator-pages.ts'
import { HttpServer, type HttpServerOptions, type Refusal } from '../../http/server.ts'
import type { Detector } from '../server/detector.ts'
import { AnswerWriter, RESULT_WORDS, type ResultWords } from './answers.ts'
import { type ChangedLists, changeList } from './list-changes.ts'
import type { ExchangeCounts } from './lookup-exchange.ts'
import { LookupExchange } from './lookup-exchange.ts'
import { accepts, mediaType } from './media-types.ts'

/** The options of the HTTP face of a tracer. Times are in milliseconds. */
export interface TracerHttpOptions
  extends Omit<HttpServerOptions, 'handle' | 'check' | 'headersTimeoutMs' | 'minBytesPerSecond'> {
  /** The detector of the server, once its sources are loaded. Until then requests are answered 425. */
  readonly detector: () => Detector | undefined
  /** Bytes that a body may have. Default: 64 MiB. */
  readonly maxBodyBytes?: number | undefined
  /** Bytes that an element of it, or a line, may have. Default: 129 KiB. */
  readonly maxObjectBytes?: number | undefined
  /** The lists of indicators that come and go. Opened by the first request that changes them. Default: there are none. */
  readonly lists?: (() => Promise<ChangedLists>) | undefined
  /** The words of `result`. Default: `DETECTED` and `CLEAN`. */
  readonly words?: ResultWords | undefined
}

const MAX_BODY_BYTES = 64 * 1024 * 1024
const MAX_OBJECT_BYTES = 129 * 1024

/** Clients that come before the sources are loaded may come again after so many seconds. */
const LOADING_SECONDS = 1

const LOOKUP = /^\/api\/1\.(?:[012]|3\/[^/]+)\/lookup$/
const LIST = /^\/api\/1\.(?:[012]|3\/[^/]+)\/suppliers\/([^/]{1,100})\/indicators$/
/** Pages that are here; metrics have an address of their own. */
const PAGES: ReadonlySet<string> = new Set(['/healthz', '/readyz'])
const JSON_TYPES: ReadonlySet<string> = new Set(['application/json'])
const LINES_TYPES: ReadonlySet<string> = new Set([
  'application/x-ndjson',
  'application/ndjson',
  'application/jsonl',
])
/** The answer may be called one of these. */
const JSON_ANSWERS: readonly string[] = ['application/json']
const LINES_ANSWERS: readonly string[] = ['application/x-ndjson', 'application/json']

/**
 * The face of a tracer that speaks HTTP(S), as `cybertrace-http` asks it:
 *
 *     POST /api/1.0/lookup        (1.1, 1.2; 1.3/{tenant}/lookup)
 *     [{"object": "http:\/\/example.com"}, ...]  ─►  [{"object": ..., "result": ..., "categories": [...]}, ...]
 *
 * and one object a line (`application/x-ndjson`). `PUT` and `DELETE /api/1.1/suppliers/{name}/indicators` change lists. It has the detector, and so the counts, of the server that speaks TCP.
 */
export class TracerHttpServer {
  readonly counts: ExchangeCounts = { objects: 0, receivedBytes: 0, sentBytes: 0 }
  /** Takes the duration of each look-up. Unset: nobody asks. */
  observeRequest: ((seconds: number) => void) | undefined
  readonly #options: TracerHttpOptions
  readonly #server: HttpServer
  readonly #pages: OperatorPages
  readonly #answers: AnswerWriter

  /** @throws {RangeError} for a bad block in `allow`; the error of `node:tls` for a bad certificate or key */
  constructor(options: TracerHttpOptions) {
    this.#options = options
    this.#answers = new AnswerWriter(options.words ?? RESULT_WORDS)
    this.#pages = new OperatorPages({
      metrics: () => undefined,
      isReady: () => this.isListening && options.detector() !== undefined,
    })
    this.#server = new HttpServer({
      ...options,
      check: (request) => this.#check(request),
      handle: (request, response) => this.#handle(request, response),
    })
  }

  /** Counts of requests and connections. */
  get traffic(): HttpServer['counters'] {
    return this.#server.counters
  }

  /** Requests that are worked on now. */
  get inFlight(): number {
    return this.#server.inFlight
  }

  /** Connections that are open now. */
  get connections(): number {
    return this.#server.connections
  }

  get isListening(): boolean {
    return this.#server.isListening
  }

  /** @returns the address on which it listens. Rejects with the error of the system (`EADDRINUSE` ...) */
  listen(): Promise<AddressInfo> {
    return this.#server.listen()
  }

  /** Accepts no more, answers the requests that have come, and breaks off those that take longer than `shutdownTimeoutMs`. */
  close(): Promise<void> {
    return this.#server.close()
  }

  /** Finds a request that is not answered, before its body is sent. */
  #check(request: IncomingMessage): Refusal | undefined {
    const path = pathOf(request)
    if (PAGES.has(path)) return undefined
    if (this.#options.lists !== undefined && LIST.test(path)) return checkListChange(request)
    if (!LOOKUP.test(path)) {
      return {
        status: 404,
        text: 'not found: look-ups are asked for at /api/1.1/lookup, and /healthz is here\n',
      }
    }
    if (request.method !== 'POST') {
      return { status: 405, text: 'look-ups are asked for with POST\n', headers: { allow: 'POST' } }
    }
    if (this.#options.detector() === undefined) {
      const headers = { 'retry-after': String(LOADING_SECONDS) }
      return { status: 425, text: 'the feeds are being loaded: send it again later\n', headers }
    }
    const type = mediaType(request.headers['content-type'])
    const isLines = type !== undefined && LINES_TYPES.has(type)
    if (type === undefined || !(isLines || JSON_TYPES.has(type))) {
      return {
        status: 415,
        text: 'the body has to be application/json or application/x-ndjson, in UTF-8\n',
        headers: { accept: 'application/json, application/x-ndjson' },
      }
    }
    if (request.headers['content-encoding'] !== undefined) {
      return {
        status: 415,
        text: 'the body has to be sent as it is, without a content-encoding\n',
        headers: { 'accept-encoding': 'identity' },
      }
    }
    if (!accepts(request.headers.accept, isLines ? LINES_ANSWERS : JSON_ANSWERS)) {
      return { status: 406, text: 'the answer is JSON, which the header Accept does not name\n' }
    }
    const { maxBodyBytes = MAX_BODY_BYTES } = this.#options
    if (Number(request.headers['content-length'] ?? 0) > maxBodyBytes) {
      return {
        status: 413,
        text: `the body has more than ${maxBodyBytes} bytes: send it in several requests\n`,
      }
    }
    return undefined
  }

  async #handle(request: IncomingMessage, response: ServerResponse): Promise<void> {
    const path = pathOf(request)
    if (PAGES.has(path)) {
      request.resume()
      await this.#pages.answer(path, request, response)
      return
    }
    const list = LIST.exec(path)?.[1]
    if (list !== undefined) {
      await changeList(request, response, nameOf(list), this.#options.lists!)
      return
    }
    const { maxBodyBytes = MAX_BODY_BYTES, maxObjectBytes = MAX_OBJECT_BYTES } = this.#options
    const context = {
      // It was there when the request was checked.
      detector: this.#options.detector()!,
      answers: this.#answers,
      counts: this.counts,
      maxBodyBytes,
      maxObjectBytes,
    }
    const isLines = LINES_TYPES.has(mediaType(request.headers['content-type'])!)
    const started = performance.now()
    await new LookupExchange(request, response, context, isLines).run()
    this.observeRequest?.((performance.now() - started) / 1000)
  }
}

function checkListChange({ method, headers }: IncomingMessage): Refusal | undefined {
  if (method !== 'PUT' && method !== 'DELETE') {
    const text = 'indicators are added with PUT and removed with DELETE\n'
    return { status: 405, text, headers: { allow: 'PUT, DELETE' } }
  }
  if (
    mediaType(headers['content-type']) !== 'application/json' ||
    headers['content-encoding'] !== undefined
  ) {
    const text = 'the body has to be application/json, in UTF-8, as it is\n'
    return { status: 415, text, headers: { accept: 'application/json' } }
  }
  return undefined
}

/** The name of a list as a path has it. */
function nameOf(text: string): string {
  try {
    return decodeURIComponent(text)
  } catch {
    return text
  }
}

function pathOf({ url = '' }: IncomingMessage): string {
  const query = url.indexOf('?')
  return query < 0 ? url : url.slice(0, query)
}
