import { Buffer } from 'node:buffer'
import { setTimeout as sleep } from 'node:timers/promises'
import { HttpClient, HttpError, type HttpResponse } from '../http-client.ts'
import { type Detection, flattenContext, guessType } from '../protocol.ts'
import { type Answer, NO_DETECTIONS } from './cache.ts'
import { BadReply } from './reply-reader.ts'
import type { Request } from './request.ts'
import type { HttpAddress, ServerAddress, Transport, TransportOwner, TransportSettings } from './transport.ts'

/** Characters of a body, after which a further request waits for the next one. */
const LONG_BODY = 1024 * 1024
/** The answer to many requests may be so many times as long as that to one. */
const MOST_REPLIES = 8
/** The server has too much to do, or is loading its feeds: it is asked again. */
const LATER: ReadonlySet<number> = new Set([425, 429, 503])
const LATER_MS = 1000
const LONGEST_LATER_MS = 60_000

/** An answer with another status than 200. Its code is `HTTP_401` and its like. */
class HttpStatusError extends Error {
  override readonly name = 'HttpStatusError'
  readonly code: string
  readonly status: number

  constructor(status: number, statusText: string, detail: string) {
    super(`it answered ${status} ${statusText}${detail === '' ? '' : `: ${detail}`}`)
    this.code = `HTTP_${status}`
    this.status = status
  }
}

/**
 * The API of look-ups over HTTP or HTTPS, on one connection that is kept. Requests that come while an answer is waited for go
 * together as the objects of the next body:
 *
 *     requests    [url=a] [ip=b, url=c]  -->  [{"object":"a"},{"object":"b"},{"object":"c"}]
 *     replies     [detections of a] [detections of b and c]  <--  [{"object":"a","categories":[...]}, ...]
 */
export class HttpTransport implements Transport {
  readonly #url: URL
  readonly #headers: Readonly<Record<string, string>>
  readonly #client: HttpClient
  readonly #owner: TransportOwner
  readonly #maxReplyLength: number
  readonly #ended = new AbortController()
  #waiting: Request[] = []
  #isAsking = false

  constructor(address: ServerAddress, settings: TransportSettings, owner: TransportOwner) {
    const http = address.http!
    this.#owner = owner
    this.#maxReplyLength = settings.maxReplyLength
    this.#url = urlOf(address, http)
    const { user, password = '' } = http
    this.#headers = {
      'content-type': 'application/json',
      accept: 'application/json',
      ...(user !== undefined && {
        authorization: `Basic ${Buffer.from(`${user}:${password}`).toString('base64')}`,
      }),
    }
    const { ca, cert, key, servername } = settings.tls ?? {}
    const tls = { ca: ca as string | Buffer | undefined, cert, key, servername }
    this.#client = new HttpClient({ ...tls, connections: 1, connectMs: settings.timeoutMs })
    // A connection is made with the first request.
    setImmediate(() => {
      if (!this.#ended.signal.aborted) owner.onConnect()
    })
  }

  add(request: Request): void {
    this.#waiting.push(request)
  }

  flush(): void {
    if (!this.#isAsking) void this.#askAll()
  }

  stop(): undefined {
    this.#ended.abort()
  }

  destroy(): void {
    this.#ended.abort()
    this.#client.close()
  }

  async #askAll(): Promise<void> {
    this.#isAsking = true
    try {
      while (this.#waiting.length > 0 && !this.#ended.signal.aborted) {
        const { requests, body } = this.#nextBody()
        for (const answer of readAnswers(requests, await this.#post(body))) this.#owner.onReply(answer)
        this.#owner.onRead()
      }
    } catch (error) {
      this.#owner.onEnd(error as Error, isOfRequest(error))
    } finally {
      this.#isAsking = false
    }
  }

  /** All requests that wait, as far as they are not too long together. */
  #nextBody(): { readonly requests: readonly Request[]; readonly body: string } {
    let body = ''
    let count = 0
    for (const request of this.#waiting) {
      if (body.length >= LONG_BODY) break
      count++
      for (const { type, value } of request.questions) {
        // Servers guess the type; ours takes it where it would guess another one.
        const typed = guessType(value) === type ? '' : `,"type":"${type}"`
        body += `${body === '' ? '[' : ','}{"object":${JSON.stringify(value)}${typed}}`
      }
    }
    const requests = this.#waiting.splice(0, count)
    return { requests, body: `${body}]` }
  }

  /** @returns the text of the answer. Rejects when there is none, and with the reason when this is over */
  async #post(body: string): Promise<string> {
    const { signal } = this.#ended
    for (;;) {
      const response = await this.#client.request(this.#url, {
        method: 'POST',
        headers: this.#headers,
        body,
        signal,
      })
      const text = await readText(response, MOST_REPLIES * this.#maxReplyLength)
      if (response.status === 200) return text
      if (!LATER.has(response.status)) {
        throw new HttpStatusError(response.status, response.statusText, firstLine(text))
      }
      await sleep(laterMs(response.header('retry-after')), undefined, { signal })
    }
  }
}

/** The statuses of a body that a server does not like. */
const OF_REQUEST: ReadonlySet<number> = new Set([400, 413])

/** True when another request may have an answer. Else the server cannot be reached, or does not serve this client. */
function isOfRequest(error: unknown): boolean {
  if (error instanceof HttpStatusError) return OF_REQUEST.has(error.status)
  return error instanceof BadReply || error instanceof HttpError
}

function urlOf({ host, port }: ServerAddress, { isSecure, path }: HttpAddress): URL {
  const name = host.includes(':') ? `[${host}]` : host
  return new URL(path, `${isSecure ? 'https' : 'http'}://${name}:${port}`)
}

async function readText({ body }: HttpResponse, longest: number): Promise<string> {
  const parts: Buffer[] = []
  let length = 0
  for await (const part of body as AsyncIterable<Buffer>) {
    length += part.length
    if (length > longest) throw new BadReply(`it sent an answer of more than ${longest} bytes`)
    parts.push(part)
  }
  return Buffer.concat(parts).toString('utf8')
}

/** The detections of each request. @throws {BadReply} for anything that answers something else */
function* readAnswers(requests: readonly Request[], text: string): Generator<Answer> {
  let objects: unknown
  try {
    objects = JSON.parse(text)
  } catch {
    throw new BadReply(`it sent no JSON: ${JSON.stringify(firstLine(text))}`)
  }
  const count = requests.reduce((sum, { questions }) => sum + questions.length, 0)
  if (!Array.isArray(objects) || objects.length !== count) {
    throw new BadReply(`it sent no array of ${count} answers`)
  }
  // All are looked at before one is told.
  let at = 0
  const answers = requests.map(({ questions }) =>
    questions.flatMap(({ value }) => detectionsIn(objects[at++], value)),
  )
  for (const answer of answers) yield answer.length === 0 ? NO_DETECTIONS : answer
}

function detectionsIn(answer: unknown, value: string): Detection[] {
  if (!isObject(answer) || answer['object'] !== value) {
    throw new BadReply(`it sent no answer for ${JSON.stringify(firstLine(value))} in its place`)
  }
  const categories = answer['categories'] ?? []
  if (!Array.isArray(categories)) throw new BadReply('it sent an answer whose categories are no array')
  return categories.map((found: unknown) => {
    if (!isObject(found) || typeof found['category'] !== 'string') {
      throw new BadReply('it sent a detection without a category')
    }
    return { category: found['category'], matched: value, fields: flattened(found['context']) }
  })
}

function flattened(context: unknown): Detection['fields'] {
  try {
    return flattenContext(context)
  } catch (error) {
    throw new BadReply(`it sent a context that cannot be used: ${(error as Error).message}`)
  }
}

function isObject(value: unknown): value is Record<string, unknown> {
  return typeof value === 'object' && value !== null
}

const SHOWN_LENGTH = 100

function firstLine(text: string): string {
  const end = text.search(/[\r\n]/)
  return text.slice(0, Math.min(end < 0 ? text.length : end, SHOWN_LENGTH))
}

/** @param header seconds; a date is not read, as an answer that waits so long is none */
function laterMs(header: string | undefined): number {
  const seconds = header !== undefined && /^\d{1,9}$/.test(header) ? Number(header) : Number.NaN
  return Number.isNaN(seconds)
    ? LATER_MS
    : Math.min(LONGEST_LATER_MS, Math.max(LATER_MS / 10, seconds * 1000))
}
