import { createServer, type Server, type ServerResponse } from 'node:http'
import type { AddressInfo } from 'node:net'
import { ClientAddresses } from './client-addresses.ts'
import type { MetricsPage } from './metrics.ts'

/** The sources of the operator's pages. */
export interface OperationsOptions {
  readonly host: string
  /** 0 for any free one. */
  readonly port: number
  /** Undefined as long as there is nothing to draw. */
  readonly metrics: () => MetricsPage | undefined
  /** Requests are answered now. */
  readonly isReady: () => boolean
  /** Addresses and CIDR blocks that may connect; default all. */
  readonly allow?: readonly string[] | undefined
}

/** Readers of these pages are a monitor or two, and a health check; those beyond are closed unheard. */
const MOST_CONNECTIONS = 64
/** Time that a client has to ask, and to take its page. */
const REQUEST_MS = 10_000
const SILENCE_MS = 30_000

const TEXT = 'text/plain; charset=utf-8'

/**
 * The pages for those who run the server, over HTTP: `/metrics` (Prometheus text), `/healthz` (the process lives) and
 * `/readyz` (feeds are loaded and connections accepted, else 503).
 */
export class OperationsServer {
  readonly #options: OperationsOptions
  readonly #server: Server

  /** @throws RangeError for a bad block in `allow` */
  constructor(options: OperationsOptions) {
    this.#options = options
    const allow = options.allow === undefined ? undefined : new ClientAddresses(options.allow)
    const times = {
      headersTimeout: REQUEST_MS,
      requestTimeout: REQUEST_MS,
      connectionsCheckingInterval: REQUEST_MS / 2,
    }
    this.#server = createServer(times, (request, response) => {
      // Nothing is expected from the client but a request line and headers.
      request.resume()
      const path = request.url?.split('?', 1)[0]
      if (request.method !== 'GET' && request.method !== 'HEAD') send(response, 405, 'method not allowed\n')
      else this.#answer(path, response)
    })
    this.#server.maxConnections = MOST_CONNECTIONS
    this.#server.setTimeout(SILENCE_MS)
    this.#server.on('connection', (socket) => {
      if (allow?.has(socket.remoteAddress ?? '') === false) socket.resetAndDestroy()
    })
  }

  /** @returns the address on which it listens. Rejects with the error of the system (`EADDRINUSE` ...) */
  listen(): Promise<AddressInfo> {
    return new Promise((resolve, reject) => {
      this.#server.once('error', reject)
      this.#server.listen({ host: this.#options.host, port: this.#options.port }, () => {
        this.#server.off('error', reject)
        resolve(this.#server.address() as AddressInfo)
      })
    })
  }

  /** Ends at once: these pages keep nobody waiting. */
  close(): Promise<void> {
    return new Promise((resolve) => {
      this.#server.close(() => resolve())
      this.#server.closeAllConnections()
    })
  }

  #answer(path: string | undefined, response: ServerResponse): void {
    if (path === '/metrics') this.#sendMetrics(response)
    else if (path === '/healthz') send(response, 200, 'ok\n')
    else if (path === '/readyz') {
      if (this.#options.isReady()) send(response, 200, 'ready\n')
      else send(response, 503, 'not ready\n')
    } else send(response, 404, 'not found: /metrics, /healthz and /readyz are here\n')
  }

  #sendMetrics(response: ServerResponse): void {
    const metrics = this.#options.metrics()
    if (metrics === undefined) {
      send(response, 503, 'not ready\n')
      return
    }
    metrics.text().then(
      (text) => send(response, 200, text, metrics.contentType),
      (error: Error) => send(response, 500, `${error.message}\n`),
    )
  }
}

function send(response: ServerResponse, status: number, text: string, type = TEXT): void {
  response.writeHead(status, { 'content-type': type })
  response.end(text)
}
