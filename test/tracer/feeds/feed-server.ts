import { once } from 'node:events'
import { readFileSync } from 'node:fs'
import { createServer, type IncomingMessage, type Server, type ServerResponse } from 'node:http'
import { createServer as createTlsServer } from 'node:https'
import type { AddressInfo } from 'node:net'
import type { TestContext } from 'node:test'
import { fileURLToPath } from 'node:url'

const TLS = new URL('../tls/', import.meta.url)

/** The authority of the certificate that a server with TLS shows. */
export const AUTHORITY = fileURLToPath(new URL('authority-cert.pem', TLS))

type Answer = (request: IncomingMessage, response: ServerResponse, count: number) => void

/** A web server on the loopback interface that answers as a test says. */
export class FeedServer {
  /** The requests so far. */
  readonly requests: IncomingMessage[] = []
  answer: Answer
  readonly #server: Server
  readonly #scheme: string
  readonly #waiting = new Set<() => void>()

  private constructor(answer: Answer, isTls: boolean) {
    this.answer = answer
    const handle = (request: IncomingMessage, response: ServerResponse) => {
      this.requests.push(request)
      this.answer(request, response, this.requests.length)
      for (const resolve of this.#waiting) resolve()
      this.#waiting.clear()
    }
    this.#scheme = isTls ? 'https' : 'http'
    this.#server = isTls
      ? createTlsServer(
          {
            cert: readFileSync(new URL('server-cert.pem', TLS)),
            key: readFileSync(new URL('server-key.pem', TLS)),
          },
          handle,
        )
      : createServer(handle)
  }

  static async start(t: TestContext, answer: Answer, isTls = false): Promise<FeedServer> {
    const server = new FeedServer(answer, isTls)
    server.#server.listen(0, '127.0.0.1')
    await once(server.#server, 'listening')
    t.after(() => server.stop())
    return server
  }

  get port(): number {
    return (this.#server.address() as AddressInfo).port
  }

  url(path = '/feed.csv', credentials = ''): string {
    return `${this.#scheme}://${credentials}127.0.0.1:${this.port}${path}`
  }

  /** Waits until there were so many requests. */
  async until(count: number): Promise<void> {
    while (this.requests.length < count) await new Promise<void>((resolve) => this.#waiting.add(resolve))
  }

  async stop(): Promise<void> {
    const closed = new Promise((resolve) => this.#server.close(resolve))
    this.#server.closeAllConnections()
    await closed
  }
}

/** Answers with a text that has a tag, and with 304 to who has it. */
export function tagged(text: string): Answer {
  const etag = `"${text.length}-${text.charCodeAt(text.length - 2)}"`
  return (request, response) => {
    if (request.headers['if-none-match'] === etag) response.writeHead(304, { etag }).end()
    else response.writeHead(200, { etag, 'last-modified': 'Sun, 22 Nov 2020 00:00:00 GMT' }).end(text)
  }
}
