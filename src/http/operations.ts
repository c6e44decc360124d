import { createServer, type Server } from 'node:http'
import type { AddressInfo } from 'node:net'
import { ClientAddresses } from './client-addresses.ts'
import { type OperatorPageOptions, OperatorPages } from './operator-pages.ts'

/** Where the operator's pages are served, and their sources. */
export interface OperationsOptions extends OperatorPageOptions {
  readonly host: string
  /** 0 for any free one. */
  readonly port: number
  /** Addresses and CIDR blocks that may connect; default all. */
  readonly allow?: readonly string[] | undefined
}

/** Readers of these pages are a monitor or two, and a health check; those beyond are closed unheard. */
const MOST_CONNECTIONS = 64
/** Time that a client has to ask, and to take its page. */
const REQUEST_MS = 10_000
const SILENCE_MS = 30_000

/** The pages for those who run a server ({@link OperatorPages}), on an address of their own and in plain HTTP. */
export class OperationsServer {
  readonly #options: OperationsOptions
  readonly #server: Server

  /** @throws RangeError for a bad block in `allow` */
  constructor(options: OperationsOptions) {
    this.#options = options
    const allow = options.allow === undefined ? undefined : new ClientAddresses(options.allow)
    const pages = new OperatorPages(options)
    const times = {
      headersTimeout: REQUEST_MS,
      requestTimeout: REQUEST_MS,
      connectionsCheckingInterval: REQUEST_MS / 2,
    }
    this.#server = createServer(times, (request, response) => {
      // Nothing is expected from the client but a request line and headers.
      request.resume()
      void pages.answer(request.url?.split('?', 1)[0], request, response)
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
}
