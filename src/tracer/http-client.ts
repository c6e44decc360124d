import { setMaxListeners } from 'node:events'
import type { Readable } from 'node:stream'
import type { ConnectionOptions } from 'node:tls'
import type { Dispatcher } from 'undici'

interface HttpClientOptions {
  /** Authorities that are trusted, PEM, in place of the system's. Default: the system's. */
  readonly ca?: string | Buffer | readonly string[] | undefined
  /** The certificate to show, and its key, PEM. Default: none. */
  readonly cert?: ConnectionOptions['cert']
  readonly key?: ConnectionOptions['key']
  /** The name that the server's certificate has to have. Default: that of the URL. */
  readonly servername?: string | undefined
  /** The largest number of connections to one server. Default: no limit. */
  readonly connections?: number
  /** The time, in milliseconds, for a connection to be made, and for a proxy to answer. */
  readonly connectMs: number
}

interface HttpRequest {
  /** Default: GET. */
  readonly method?: 'GET' | 'POST'
  readonly headers: Readonly<Record<string, string>>
  readonly body?: string
  /** Ends the request, and the body of its response, with its reason. */
  readonly signal: AbortSignal
  /** The connection serves no further request. Default: it is kept. */
  readonly isLast?: boolean
}

export interface HttpResponse {
  readonly status: number
  readonly statusText: string
  /** The value of a header that is there several times is the first one. */
  header(name: string): string | undefined
  /** The bytes as they come, packed or not. It has to be read to its end or destroyed. */
  readonly body: Readable
}

/**
 * Messages of undici that a connection was closed: before a response, in a body of a known length, and in one that comes
 * in chunks, for which there is no code.
 */
const CLOSED_EARLY: ReadonlySet<string> = new Set(['UND_ERR_SOCKET', 'UND_ERR_RES_CONTENT_LENGTH_MISMATCH'])
const CLOSED_IN_CHUNK = /\(Invalid EOF state\)/

/** There was no response, or not the whole of it. */
export class HttpError extends Error {
  override readonly name = 'HttpError'
  /** The server closed the connection, which had served a request before: it may not have seen this one. */
  readonly isStaleConnection: boolean

  constructor(message: string, cause: unknown, isStaleConnection: boolean) {
    super(message, { cause })
    this.isStaleConnection = isStaleConnection
  }
}

/**
 * Requests over HTTP/1.1, through the proxies that `HTTPS_PROXY`, `HTTP_PROXY` and `NO_PROXY` name. TLS is always
 * verified, redirects are not followed, bodies are not unpacked. There is no limit of time but that for a connection:
 * callers know how long a response may take. undici is loaded by the first request, for most servers never send one.
 */
export class HttpClient {
  readonly #options: HttpClientOptions
  readonly #closing = new AbortController()
  #dispatcher: Promise<Dispatcher> | undefined

  constructor(options: HttpClientOptions) {
    this.#options = options
    // Each connection listens to it.
    setMaxListeners(0, this.#closing.signal)
  }

  /**
   * @throws HttpError (as a rejection), the reason of the signal when it has aborted, or an error of the system with a
   * `code` such as `ECONNREFUSED`
   */
  async request(
    url: URL,
    { method = 'GET', headers, body, signal, isLast }: HttpRequest,
  ): Promise<HttpResponse> {
    this.#dispatcher ??= this.#connect()
    const dispatcher = await this.#dispatcher
    signal.throwIfAborted()
    const response = await untilAborted(
      dispatcher.request({
        origin: url.origin,
        path: url.pathname + url.search,
        method,
        headers,
        body,
        signal,
        reset: isLast,
        headersTimeout: 0,
        bodyTimeout: 0,
      }),
      signal,
    ).catch((error) => {
      throw toHttpError(error)
    })
    // Nobody may be listening yet, or any more, when it breaks.
    response.body.on('error', () => {})
    return {
      status: response.statusCode,
      statusText: response.statusText,
      header: (name) => [response.headers[name]].flat()[0],
      body: response.body,
    }
  }

  /** Ends all requests, and closes all connections. */
  close(): void {
    const dispatcher = this.#dispatcher
    this.#dispatcher = Promise.reject(new Error('the client is closed'))
    this.#dispatcher.catch(() => {})
    void dispatcher?.then((open) => open.destroy()).catch(() => {})
    // Those that are not made yet are not known to the dispatcher.
    this.#closing.abort()
  }

  async #connect(): Promise<Dispatcher> {
    const { EnvHttpProxyAgent, Pool } = await import('undici')
    const { ca, cert, key, servername, connections, connectMs } = this.#options
    const { signal } = this.#closing
    const proxyTls = { timeout: connectMs, signal }
    const tls = {
      ...proxyTls,
      rejectUnauthorized: true,
      ...(ca === undefined ? {} : { ca: ca as string | Buffer }),
      ...(cert === undefined ? {} : { cert }),
      ...(key === undefined ? {} : { key }),
      ...(servername === undefined ? {} : { servername }),
    }
    try {
      return new EnvHttpProxyAgent({
        connections,
        connect: tls,
        requestTls: tls,
        proxyTls,
        // The form that all proxies take: many allow a tunnel to port 443 alone.
        proxyTunnel: false,
        clientFactory: (origin, options) => {
          const pool = new Pool(origin, { ...options, headersTimeout: connectMs })
          const connect = pool.connect.bind(pool) as (request: object) => Promise<Dispatcher.ConnectData>
          // After a connection that was closed undici would ask the proxy for a tunnel again and again, without a pause.
          const connectOnce = (request: object) =>
            connect(request).catch((cause) => {
              throw cause.code === 'UND_ERR_SOCKET'
                ? new HttpError('the proxy closed the connection and made no tunnel', cause, false)
                : cause
            })
          return Object.assign(pool, { connect: connectOnce })
        },
      })
    } catch (cause) {
      throw new HttpError(
        'HTTPS_PROXY or HTTP_PROXY is not the URL of a proxy: http://proxy.example:3128',
        cause,
        false,
      )
    }
  }
}

/** undici looks at the signal of a request only once that has a connection. */
function untilAborted<T>(promise: Promise<T>, signal: AbortSignal): Promise<T> {
  return new Promise((resolve, reject) => {
    const onAbort = () => reject(signal.reason)
    signal.addEventListener('abort', onAbort, { once: true })
    promise.then(resolve, reject).finally(() => signal.removeEventListener('abort', onAbort))
  })
}

/** An error of undici in words that name the remedy; any other one is as it was. */
export function toHttpError(error: unknown): unknown {
  const { code, message, socket } = error as Error & { code?: string; socket?: { bytesRead: number } }
  if ((code !== undefined && CLOSED_EARLY.has(code)) || CLOSED_IN_CHUNK.test(message)) {
    return new HttpError(
      'the connection was closed before the end of the response',
      error,
      (socket?.bytesRead ?? 0) > 0,
    )
  }
  const refusal = /^Proxy response \((\d+)\)/.exec(message)
  if (refusal !== null || message.startsWith('Proxy Authentication Required')) {
    const status = refusal?.[1] ?? '407'
    const remedy = status === '407' ? ': it wants a user and a password, http://user:password@proxy:3128' : ''
    return new HttpError(`the proxy refuses the connection (${status})${remedy}`, error, false)
  }
  if (code === 'UND_ERR_CONNECT_TIMEOUT') return new HttpError('no connection was made in time', error, false)
  return code?.startsWith('UND_ERR') ? new HttpError(message, error, false) : error
}
