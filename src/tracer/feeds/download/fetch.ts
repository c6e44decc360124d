import { randomUUID } from 'node:crypto'
import { createWriteStream } from 'node:fs'
import { open, rename, rm } from 'node:fs/promises'
import { type Readable, Transform } from 'node:stream'
import { pipeline } from 'node:stream/promises'
import { createGunzip } from 'node:zlib'
import { HttpClient, type HttpResponse, toHttpError } from '../../http-client.ts'
import { shownUrl } from './feed-url.ts'

/** The words of a server on the content that is there; it is asked whether they still hold. */
export interface Validators {
  readonly etag?: string
  readonly lastModified?: string
}

export interface FetchOptions {
  readonly authorization: string | undefined
  readonly validators: Validators
  /** Largest body, as it comes and as it is once it is unpacked. */
  readonly maxBytes: number
  /** The budget for the bytes of all transfers that share it. Default: `maxBytes` for this one. */
  readonly budget?: ByteBudget
  /** Longest time without a byte from the server. */
  readonly stallMs: number
  /** Instead of the system's authorities, PEM. */
  readonly ca: string | Buffer | undefined
  /**
   * Looks at what has come, before it takes its place. Default: it takes it.
   *
   * @throws FetchError for what must not
   */
  readonly check?: ((file: string, signal: AbortSignal) => Promise<void>) | undefined
  /** Ends the transfer. When its reason is a `FetchError`, that is the error. */
  readonly signal: AbortSignal
}

/** Something was downloaded, or the server says that nothing has changed. */
export type Fetched = { readonly modified: false } | ({ readonly modified: true; bytes: number } & Validators)

/** The reason why there was nothing to download. Its message holds no secret. */
export class FetchError extends Error {
  override readonly name = 'FetchError'
  /** The same request may succeed in a moment. */
  readonly retryable: boolean
  /** It has come as a whole, and is nothing that may take the place of the copy. */
  readonly isRefusal: boolean = false

  constructor(message: string, retryable: boolean, cause?: unknown) {
    super(message, cause === undefined ? undefined : { cause })
    this.retryable = retryable
  }
}

/** That which has come is no feed, or not what the feed may become. */
export class RefusedError extends FetchError {
  override readonly isRefusal = true

  constructor(message: string, cause: unknown) {
    super(message, false, cause)
  }
}

/** The bytes that may be written to the disk, by one transfer or by several together. */
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

/** The ending of the names of files that are not complete. */
export const PARTIAL = '.part'

const MAX_REDIRECTS = 5
const REDIRECTS: ReadonlySet<number> = new Set([301, 302, 303, 307, 308])
const NOT_MODIFIED = 304
const BUSY = 429
const BLANKS: ReadonlySet<number> = new Set([0x09, 0x0a, 0x0d, 0x20, 0xef, 0xbb, 0xbf])
const LESS_THAN = 0x3c

/**
 * Downloads to a file, which is there as a whole or not at all: the bytes that come are written beside it, and renamed.
 *
 * @throws FetchError, or the reason of the signal
 */
export async function fetchToFile(url: URL, file: string, options: FetchOptions): Promise<Fetched> {
  const { ca, stallMs, signal } = options
  // A client for each transfer: no connection is kept, for there is an hour between two requests.
  const client = new HttpClient({ ca, connectMs: stallMs })
  const stop = new AbortController()
  const onAbort = () => stop.abort(signal.reason)
  signal.addEventListener('abort', onAbort)
  const stall = setTimeout(() => {
    stop.abort(new FetchError(`nothing has come from the server for ${stallMs / 1000} s`, true))
  }, stallMs)
  const partial = `${file}.${randomUUID()}${PARTIAL}`
  try {
    signal.throwIfAborted()
    const transfer: Transfer = { ...options, client, signal: stop.signal, onBytes: () => stall.refresh() }
    const response = await follow(url, transfer)
    if (response.status === NOT_MODIFIED) return { modified: false }
    const bytes = await save(response, partial, transfer)
    clearTimeout(stall)
    await options.check?.(partial, stop.signal)
    await rename(partial, file)
    return {
      modified: true,
      bytes,
      etag: response.header('etag'),
      lastModified: response.header('last-modified'),
    }
  } catch (error) {
    await rm(partial, { force: true })
    throw asFetchError(error, stop.signal)
  } finally {
    clearTimeout(stall)
    signal.removeEventListener('abort', onAbort)
    // A body that is refused before it is read would come all the same.
    client.close()
  }
}

/** A download that has begun. */
interface Transfer extends FetchOptions {
  readonly client: HttpClient
  /** Is called when the server has sent something. */
  readonly onBytes: () => void
}

/** The answer at the end of all redirects: 200 or 304. */
async function follow(start: URL, transfer: Transfer): Promise<HttpResponse> {
  let url = start
  for (let redirects = 0; ; redirects++) {
    // Credentials for one server are not told to another.
    const isSameServer = url.origin === start.origin
    const response = await send(url, isSameServer ? transfer.authorization : undefined, transfer)
    transfer.onBytes()
    const { status } = response
    if (status === 200 || status === NOT_MODIFIED) return response
    response.body.destroy()
    if (!REDIRECTS.has(status)) {
      throw new FetchError(
        `the server answers ${status} ${response.statusText}`,
        status >= 500 || status === BUSY,
      )
    }
    if (redirects === MAX_REDIRECTS) throw new FetchError(`more than ${MAX_REDIRECTS} redirects`, false)
    url = redirected(url, response.header('location'))
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
  { client, validators, signal }: Transfer,
): Promise<HttpResponse> {
  const headers: Record<string, string> = { accept: '*/*', 'accept-encoding': 'gzip', 'user-agent': 'sluice' }
  if (authorization !== undefined) headers.authorization = authorization
  if (validators.etag !== undefined) headers['if-none-match'] = validators.etag
  if (validators.lastModified !== undefined) headers['if-modified-since'] = validators.lastModified
  return client.request(url, { headers, signal, isLast: true })
}

/** @returns the bytes that came */
async function save(
  response: HttpResponse,
  partial: string,
  { maxBytes, budget = new ByteBudget(maxBytes), signal, onBytes }: Transfer,
): Promise<number> {
  const announced = Number(response.header('content-length') ?? Number.NaN)
  if (announced > maxBytes) throw tooLarge(maxBytes)
  // The received bytes have a bound of their own: gzip can hold bytes that unpack to nothing.
  const received = new Received(new ByteBudget(maxBytes), onBytes)
  const unpacked = new Checked(budget)
  await pipeline(
    [
      response.body,
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

function unpackers(response: HttpResponse): Transform[] {
  const encoding = response.header('content-encoding')?.trim().toLowerCase() ?? 'identity'
  if (encoding === 'identity' || encoding === '') return []
  if (encoding === 'gzip' || encoding === 'x-gzip') return [createGunzip()]
  throw new FetchError(`the server sends an encoding that was not asked for (${encoding})`, false)
}

/** A file that is renamed must not be empty after a crash. */
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

/** Counts what comes, and tells of it. */
class Received extends Counted {
  override readonly look: () => void

  constructor(budget: ByteBudget, onBytes: () => void) {
    super(budget)
    this.look = onBytes
  }
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

function asFetchError(thrown: unknown, signal: AbortSignal): unknown {
  if (signal.aborted) return signal.reason
  if (thrown instanceof FetchError) return thrown
  const error = toHttpError(thrown)
  const { code, message } = error as NodeJS.ErrnoException
  if (code === 'ENOSPC') return new FetchError('the disk is full', true, error)
  const text = code === undefined || message.includes(code) ? message : `${message} (${code})`
  return new FetchError(text.trim(), true, error)
}
