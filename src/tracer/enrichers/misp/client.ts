import { Buffer } from 'node:buffer'
import { X509Certificate } from 'node:crypto'
import type { IncomingMessage } from 'node:http'
import { Agent, request } from 'node:https'
import { rootCertificates } from 'node:tls'
import { type MispAttribute, readAnswer } from './attributes.ts'
import { MispError } from './misp-error.ts'
import type { MispSettings } from './settings.ts'

/** Where MISP is, and how it knows us. */
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
  readonly #agent: Agent

  /** @throws TypeError for a URL, key or authority that cannot be used */
  constructor({ url, key, ca }: MispTarget, settings: MispSettings) {
    this.url = searchUrl(url)
    if (!KEY.test(key)) throw new TypeError('the key of MISP is empty, or has characters that no key has')
    this.#key = key
    this.#settings = settings
    this.#agent = new Agent({
      keepAlive: true,
      maxSockets: settings.requests,
      rejectUnauthorized: true,
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
    return readAnswer(await this.#post(body, true))
  }

  /** Ends all requests. */
  close(): void {
    this.#agent.destroy()
  }

  /** @param mayRepeat when the server has closed a kept connection in the moment in which it was used */
  #post(body: string, mayRepeat: boolean): Promise<string> {
    return new Promise((resolve, reject) => {
      let timer: NodeJS.Timeout | undefined
      let isSettled = false
      const settle = (error: Error | undefined, text = '') => {
        clearTimeout(timer)
        isSettled = true
        if (error === undefined) {
          resolve(text)
          return
        }
        // What is still on its way is not read.
        sent.destroy()
        reject(error)
      }
      const sent = request(this.url, {
        method: 'POST',
        agent: this.#agent,
        headers: {
          authorization: this.#key,
          accept: 'application/json',
          'content-type': 'application/json',
          'content-length': Buffer.byteLength(body),
        },
      })
      timer = setTimeout(
        () => settle(new MispError('timeout', `MISP did not answer within ${this.#settings.timeoutMs} ms`)),
        this.#settings.timeoutMs,
      )
      sent.on('error', (error: NodeJS.ErrnoException) => {
        // Of a request that was given up, too.
        if (isSettled) return
        if (mayRepeat && sent.reusedSocket && (error.code === 'ECONNRESET' || error.code === 'EPIPE')) {
          clearTimeout(timer)
          this.#post(body, false).then(resolve, reject)
        } else {
          settle(unreachable(error))
        }
      })
      sent.on('response', (response) => {
        const fault = this.#faultOf(response)
        if (fault === undefined) this.#read(response, settle)
        else settle(fault)
      })
      sent.end(body)
    })
  }

  #read(response: IncomingMessage, settle: (error: Error | undefined, text?: string) => void): void {
    const chunks: Buffer[] = []
    let bytes = 0
    response.on('data', (chunk: Buffer) => {
      bytes += chunk.length
      if (bytes > this.#settings.answerBytes) {
        settle(new MispError('too-large', `MISP's answer is longer than ${this.#settings.answerBytes} bytes`))
        return
      }
      chunks.push(chunk)
    })
    response.on('error', (error) => settle(unreachable(error)))
    response.on('end', () => settle(undefined, Buffer.concat(chunks).toString('utf8')))
  }

  /** Why a response cannot be the answer, undefined when it may be. */
  #faultOf({ statusCode = 0, headers }: IncomingMessage): MispError | undefined {
    if (statusCode === 401 || statusCode === 403) {
      return new MispError(
        'key-refused',
        `MISP refuses the key (${statusCode}): is it right, and may it search?`,
      )
    }
    if (statusCode === 429) {
      const retryAfterMs = readRetryAfter(headers['retry-after'])
      return new MispError('rate-limited', 'MISP was asked too often (429)', { retryAfterMs })
    }
    if (statusCode >= 300 && statusCode < 400) {
      const location = JSON.stringify(headers.location?.slice(0, 200) ?? '')
      return new MispError(
        'redirected',
        `MISP redirects to ${location} (${statusCode}), which is not followed: give the address of MISP itself`,
      )
    }
    if (statusCode !== 200) return new MispError('failed', `MISP answered with status ${statusCode}`)
    if ((headers['content-encoding'] ?? 'identity') !== 'identity') {
      return new MispError('bad-answer', `MISP's answer is compressed, which was not asked for`)
    }
    return undefined
  }
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

function unreachable(cause: NodeJS.ErrnoException): MispError {
  if (cause instanceof MispError) return cause
  return new MispError('unreachable', `MISP cannot be reached: ${cause.message || cause.code}`, { cause })
}

/** `Retry-After`: seconds, or a date. */
function readRetryAfter(text: string | undefined): number | undefined {
  if (text === undefined) return undefined
  const ms = /^\d+$/.test(text) ? Number(text) * 1000 : Date.parse(text) - Date.now()
  return Number.isNaN(ms) ? undefined : Math.min(Math.max(ms, 0), LONGEST_RETRY_AFTER_MS)
}
