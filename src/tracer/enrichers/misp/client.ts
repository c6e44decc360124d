import { Buffer } from 'node:buffer'
import { X509Certificate } from 'node:crypto'
import { rootCertificates } from 'node:tls'
import { HttpClient, HttpError, type HttpResponse, toHttpError } from '../../http-client.ts'
import { type MispAttribute, readAnswer } from './attributes.ts'
import { MispError } from './misp-error.ts'
import type { MispSettings } from './settings.ts'

/** The address of MISP, and the key by which it knows us. */
export interface MispTarget {
  /** Its base address: `https://misp.example.org`, with a path when it is not at the root. */
  readonly url: string
  /** The authentication key of a MISP user; one that may only read is enough. */
  readonly key: string
  /** PEM: authorities whose certificates are trusted, too. */
  readonly ca?: string | Buffer
}

const SEARCH_PATH = '/attributes/restSearch'
const KEY = /^[\x21-\x7e]+$/
const CERTIFICATE = /-----BEGIN CERTIFICATE-----[^-]+-----END CERTIFICATE-----/g
const LONGEST_RETRY_AFTER_MS = 60 * 60_000

/**
 * Speaks with one MISP: a POST to `/attributes/restSearch` for each page of each search, over connections that are
 * kept. TLS is always verified, and redirects are not followed.
 */
export class MispClient {
  /** The address of the search. */
  readonly url: URL
  readonly #key: string
  readonly #settings: MispSettings
  readonly #http: HttpClient

  /** @throws TypeError for a URL, key or authority that cannot be used */
  constructor({ url, key, ca }: MispTarget, settings: MispSettings) {
    this.url = searchUrl(url)
    if (!KEY.test(key)) throw new TypeError('the key of MISP is empty, or has characters that no key has')
    this.#key = key
    this.#settings = settings
    this.#http = new HttpClient({
      connections: settings.requests,
      connectMs: settings.timeoutMs,
      ...(ca === undefined ? {} : { ca: [...rootCertificates, ...authorities(ca)] }),
    })
  }

  /**
   * The attributes that have one of these values, as MISP compares them.
   *
   * @param values at least one: without any, MISP would answer with all it has
   * @param page from 1
   * @throws MispError (as a rejection)
   */
  async search(values: readonly string[], page: number): Promise<readonly MispAttribute[]> {
    // Always a list: in a text, MISP would look for `&&`.
    const body = JSON.stringify({
      returnFormat: 'json',
      value: values,
      page,
      limit: this.#settings.pageSize,
      includeEventTags: true,
      includeContext: true,
      ...(this.#settings.idsOnly ? { to_ids: true } : {}),
    })
    return readAnswer(await this.#post(body))
  }

  /** Ends all requests. */
  close(): void {
    this.#http.close()
  }

  async #post(body: string): Promise<string> {
    const { timeoutMs } = this.#settings
    const stop = new AbortController()
    const timer = setTimeout(() => {
      stop.abort(new MispError('timeout', `MISP did not answer within ${timeoutMs} ms`))
    }, timeoutMs)
    try {
      const response = await this.#send(body, stop.signal)
      const fault = faultOf(response)
      if (fault === undefined) return await this.#read(response)
      // The rest of it is not read.
      response.body.destroy()
      throw fault
    } catch (error) {
      throw stop.signal.aborted ? stop.signal.reason : unreachable(error)
    } finally {
      clearTimeout(timer)
    }
  }

  /** Sends a second time when the server has closed a kept connection in the moment in which it was used. */
  async #send(body: string, signal: AbortSignal): Promise<HttpResponse> {
    const headers = {
      authorization: this.#key,
      accept: 'application/json',
      'content-type': 'application/json',
    }
    const request = { method: 'POST', headers, body, signal } as const
    try {
      return await this.#http.request(this.url, request)
    } catch (error) {
      if (!(error instanceof HttpError && error.isStaleConnection)) throw error
      return this.#http.request(this.url, request)
    }
  }

  async #read({ body }: HttpResponse): Promise<string> {
    const chunks: Buffer[] = []
    let bytes = 0
    for await (const chunk of body) {
      bytes += chunk.length
      if (bytes > this.#settings.answerBytes) {
        throw new MispError('too-large', `MISP's answer is longer than ${this.#settings.answerBytes} bytes`)
      }
      chunks.push(chunk)
    }
    return Buffer.concat(chunks).toString('utf8')
  }
}

/** The reason why a response cannot be the answer, undefined when it may be. */
function faultOf(response: HttpResponse): MispError | undefined {
  const { status } = response
  if (status === 401 || status === 403) {
    return new MispError('key-refused', `MISP refuses the key (${status}): is it right, and may it search?`)
  }
  if (status === 429) {
    const retryAfterMs = readRetryAfter(response.header('retry-after'))
    return new MispError('rate-limited', 'MISP was asked too often (429)', { retryAfterMs })
  }
  if (status >= 300 && status < 400) {
    const location = JSON.stringify(response.header('location')?.slice(0, 200) ?? '')
    return new MispError(
      'redirected',
      `MISP redirects to ${location} (${status}), which is not followed: give the address of MISP itself`,
    )
  }
  if (status !== 200) return new MispError('failed', `MISP answered with status ${status}`)
  if ((response.header('content-encoding') ?? 'identity') !== 'identity') {
    return new MispError('bad-answer', `MISP's answer is compressed, which was not asked for`)
  }
  return undefined
}

function searchUrl(text: string): URL {
  if (!URL.canParse(text)) throw new TypeError(`'${text}' is no URL of a MISP: https://misp.example.org`)
  const url = new URL(text)
  if (url.username !== '' || url.password !== '') {
    throw new TypeError('the URL of MISP has a user name in it: MISP takes a key instead')
  }
  if (url.protocol !== 'https:') {
    throw new TypeError(
      `'${text}': MISP is asked over https only, for its key would be there for all to read`,
    )
  }
  if (url.search !== '' || url.hash !== '') {
    throw new TypeError(`'${text}': the URL of MISP ends with its path`)
  }
  url.pathname = url.pathname.replace(/\/+$/, '') + SEARCH_PATH
  return url
}

/** The certificates of a PEM file. */
function authorities(ca: string | Buffer): readonly string[] {
  const certificates = ca.toString().match(CERTIFICATE) ?? []
  if (certificates.length === 0) throw new TypeError('the authority of MISP is no certificate in PEM')
  for (const certificate of certificates) {
    try {
      new X509Certificate(certificate)
    } catch (cause) {
      throw new TypeError(`the authority of MISP cannot be used: ${(cause as Error).message}`, { cause })
    }
  }
  return certificates
}

function unreachable(thrown: unknown): MispError {
  if (thrown instanceof MispError) return thrown
  const cause = toHttpError(thrown) as NodeJS.ErrnoException
  return new MispError('unreachable', `MISP cannot be reached: ${cause.message || cause.code}`, { cause })
}

/** `Retry-After`: seconds, or a date. */
function readRetryAfter(text: string | undefined): number | undefined {
  if (text === undefined) return undefined
  const ms = /^\d+$/.test(text) ? Number(text) * 1000 : Date.parse(text) - Date.now()
  return Number.isNaN(ms) ? undefined : Math.min(Math.max(ms, 0), LONGEST_RETRY_AFTER_MS)
}
