import { randomUUID } from 'node:crypto'
import { createWriteStream } from 'node:fs'
import { open, rename, rm } from 'node:fs/promises'
import { type IncomingMessage, request as requestHttp } from 'node:http'
import { request as requestHttps } from 'node:https'
import { type Readable, Transform } from 'node:stream'
import { pipeline } from 'node:stream/promises'
import { createGunzip } from 'node:zlib'
import { shownUrl } from './feed-url.ts'

/** What a server said of the content that is there; it is asked whether that is still so. */
export interface Validators {
  readonly etag?: string
  readonly lastModified?: string
}

export interface FetchOptions {
  readonly authorization: string | undefined
  readonly validators: Validators
  /** Of the body, as it comes and as it is once it is unpacked. */
  readonly maxBytes: number
  /** Of all that is written by transfers that share it. Default: `maxBytes` for this one. */
  readonly budget?: ByteBudget
  /** Without a byte from the server. */
  readonly stallMs: number
  /** Instead of the system's authorities, PEM. */
  readonly ca: string | Buffer | undefined
  /** Ends the transfer. When its reason is a `FetchError`, that is the error. */
  readonly signal: AbortSignal
}

/** Something was downloaded, or the server says that nothing has changed. */
export type Fetched = { readonly modified: false } | ({ readonly modified: true; bytes: number } & Validators)

/** Why there was nothing to download. Its message holds no secret. */
export class FetchError extends Error {
  override readonly name = 'FetchError'
  /** The same request may succeed in a moment. */
  readonly retryable: boolean

  constructor(message: string, retryable: boolean, cause?: unknown) {
    super(message, cause === undefined ? undefined : { cause })
    this.retryable = retryable
  }
}

/** How many bytes may be written to the disk, by one transfer or by several together. */
export class ByteBudget {
  readonly #maxBytes: number
  #left: number

  constructor(maxBytes: number) {
    this.#maxBytes = maxBytes
    this.#left = maxBytes
  }

  /** @throws FetchError when there are not so many left */
  take(bytes: number): void {
    this.#left -= bytes
    if (this.#left < 0) throw tooLarge(this.#maxBytes)
  }
}

/** How the names of files end that are not complete. */
export const PARTIAL = '.part'

const MAX_REDIRECTS = 5
const REDIRECTS: ReadonlySet<number> = new Set([301, 302, 303, 307, 308])
const NOT_MODIFIED = 304
const BUSY = 429
const BLANKS: ReadonlySet<number> = new Set([0x09, 0x0a, 0x0d, 0x20, 0xef, 0xbb, 0xbf])
const LESS_THAN = 0x3c

/**
 * Downloads to a file, which is there as a whole or not at all: what comes is written beside it and renamed.
 *
 * @throws FetchError, or the reason of the signal
 */
export async function fetchToFile(url: URL, file: string, options: FetchOptions): Promise<Fetched> {
  const response = await follow(url, options)
  if (response.statusCode === NOT_MODIFIED) {
    response.resume()
    return { modified: false }
  }
  const partial = `${file}.${randomUUID()}${PARTIAL}`
  try {
    const bytes = await save(response, partial, options)
    await rename(partial, file)
    const { etag, 'last-modified': lastModified } = response.headers
    return { modified: true, bytes, etag, lastModified }
  } catch (error) {
    // What is refused before it is read would come all the same.
    response.destroy()
    await rm(partial, { force: true })
    throw asFetchError(error, options.signal)
  }
}

/** The answer at the end of all redirects: 200 or 304. */
async function follow(start: URL, options: FetchOptions): Promise<IncomingMessage> {
  let url = start
  for (let redirects = 0; ; redirects++) {
    // What is meant for one server is not told to another.
    const isSameServer = url.origin === start.origin
    const response = await send(url, isSameServer ? options.authorization : undefined, options)
    const status = response.statusCode!
    if (status === 200 || status === NOT_MODIFIED) return response
    response.destroy()
    if (!REDIRECTS.has(status)) {
      throw new FetchError(
        `the server answers ${status} ${response.statusMessage}`,
        status >= 500 || status === BUSY,
      )
    }
    if (redirects === MAX_REDIRECTS) throw new FetchError(`more than ${MAX_REDIRECTS} redirects`, false)
    url = redirected(url, response.headers.location)
  }
}

function redirected(from: URL, location: string | undefined): URL {
  let url: URL
  try {
    url = new URL(location ?? '', from)
  } catch {
    throw new FetchError('a redirect leads nowhere', false)
  }
  if (location === undefined || (url.protocol !== 'http:' && url.protocol !== 'https:'))
    throw new FetchError('a redirect leads nowhere', false)
  if (from.protocol === 'https:' && url.protocol === 'http:') {
    throw new FetchError(`a redirect leads from https to http (${shownUrl(url)}), which is refused`, false)
  }
  url.username = ''
  url.password = ''
  return url
}

function send(
  url: URL,
  authorization: string | undefined,
  { validators, stallMs, ca, signal }: FetchOptions,
): Promise<IncomingMessage> {
  const headers: Record<string, string> = { accept: '*/*', 'accept-encoding': 'gzip', 'user-agent': 'sluice' }
  if (authorization !== undefined) headers.authorization = authorization
  if (validators.etag !== undefined) headers['if-none-match'] = validators.etag
  if (validators.lastModified !== undefined) headers['if-modified-since'] = validators.lastModified
  return new Promise((resolve, reject) => {
    const fail = (error: Error) => reject(asFetchError(error, signal))
    let started: IncomingMessage | undefined
    // No connection is kept: there is an hour between two requests. An error of the transfer ends request and response.
    const options = { headers, agent: false, signal, timeout: stallMs } as const
    const request =
      url.protocol === 'https:' ? requestHttps(url, { ...options, ca }) : requestHttp(url, options)
    request.on('timeout', () => {
      const error = new FetchError(`nothing has come from the server for ${stallMs / 1000} s`, true)
      started?.destroy(error)
      request.destroy(error)
    })
    request.on('error', fail)
    request.on('response', (response) => {
      started = response
      resolve(response)
    })
    request.end()
  })
}

/** @returns the bytes that came */
async function save(
  response: IncomingMessage,
  partial: string,
  { maxBytes, budget = new ByteBudget(maxBytes), signal }: FetchOptions,
): Promise<number> {
  const announced = Number(response.headers['content-length'] ?? Number.NaN)
  if (announced > maxBytes) throw tooLarge(maxBytes)
  // What comes is bounded by itself: gzip can hold bytes that unpack to nothing.
  const received = new Counted(new ByteBudget(maxBytes))
  const unpacked = new Checked(budget)
  await pipeline(
    [
      response,
      received,
      ...unpackers(response),
      unpacked,
      createWriteStream(partial, { mode: 0o600 }),
    ] as Readable[],
    { signal },
  )
  if (!Number.isNaN(announced) && received.bytes !== announced) {
    throw new FetchError(`${received.bytes} bytes have come, and ${announced} were announced`, true)
  }
  if (unpacked.isBlank) throw new FetchError('the server sends nothing', true)
  await synced(partial)
  return received.bytes
}

function unpackers(response: IncomingMessage): Transform[] {
  const encoding = response.headers['content-encoding']?.trim().toLowerCase() ?? 'identity'
  if (encoding === 'identity' || encoding === '') return []
  if (encoding === 'gzip' || encoding === 'x-gzip') return [createGunzip()]
  throw new FetchError(`the server sends an encoding that was not asked for (${encoding})`, false)
}

/** What is renamed must not be empty after a crash. */
async function synced(file: string): Promise<void> {
  const handle = await open(file, 'r+')
  try {
    await handle.sync()
  } finally {
    await handle.close()
  }
}

/** Counts what passes. */
class Counted extends Transform {
  bytes = 0
  readonly #budget: ByteBudget

  constructor(budget: ByteBudget) {
    super()
    this.#budget = budget
  }

  override _transform(chunk: Buffer, _encoding: string, done: (error?: Error, chunk?: Buffer) => void): void {
    this.bytes += chunk.length
    try {
      this.#budget.take(chunk.length)
      this.look(chunk)
    } catch (error) {
      done(error as Error)
      return
    }
    done(undefined, chunk)
  }

  /** @throws FetchError for what must not pass */
  look(_chunk: Buffer): void {}
}

/** Counts what passes, and looks at its beginning. */
class Checked extends Counted {
  isBlank = true

  override look(chunk: Buffer): void {
    if (!this.isBlank) return
    const first = chunk.find((byte) => !BLANKS.has(byte))
    this.isBlank = first === undefined
    if (first === LESS_THAN) throw new FetchError('the server sends a web page or XML, and no feed', false)
  }
}

function tooLarge(maxBytes: number): FetchError {
  return new FetchError(`the feed is larger than ${maxBytes} bytes, which is the limit`, false)
}

function asFetchError(error: unknown, signal: AbortSignal): unknown {
  if (signal.aborted) return signal.reason instanceof FetchError ? signal.reason : error
  if (error instanceof FetchError) return error
  const { code, message } = error as NodeJS.ErrnoException
  if (code === 'ENOSPC') return new FetchError('the disk is full', true, error)
  const text = code === undefined || message.includes(code) ? message : `${message} (${code})`
  return new FetchError(text.trim(), true, error)
}
