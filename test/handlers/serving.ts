import { once } from 'node:events'
import { createServer, request as httpRequest, type IncomingMessage, type RequestListener } from 'node:http'
import { type AddressInfo, connect, type Socket } from 'node:net'
import { Readable } from 'node:stream'
import type { TestContext } from 'node:test'
import type { Handler } from '../../src/handlers/fetch.ts'

/** A server of Node's `http` on a free port, until the test ends. */
export async function serve(t: TestContext, listener: RequestListener): Promise<number> {
  const server = createServer(listener).listen(0, '127.0.0.1')
  await once(server, 'listening')
  t.after(() => {
    server.close()
    server.closeAllConnections()
  })
  return (server.address() as AddressInfo).port
}

/** Serves a fetch handler as platforms do: a request as a `Request`, its response as it comes. */
export function served(handler: Handler): RequestListener {
  return async (incoming, outgoing) => {
    const { method = 'GET', url = '/', headers } = incoming
    const hasBody = method !== 'GET' && method !== 'HEAD'
    const request = new Request(`http://127.0.0.1${url}`, {
      method,
      headers: headers as Record<string, string>,
      ...(hasBody && { body: Readable.toWeb(incoming) as ReadableStream<Uint8Array>, duplex: 'half' }),
    })
    try {
      const response = await handler(request)
      outgoing.writeHead(response.status, Object.fromEntries(response.headers))
      if (response.body === null) outgoing.end()
      else {
        const reader = response.body.getReader()
        const wake = (): void => {}
        outgoing
          .on('drain', () => wake())
          .on('close', () => {
            wake()
            reader.cancel().catch(() => {})
          })
        for (let next = await reader.read(); !next.done; next = await reader.read()) {
          if (!outgoing.write(next.value))
            await Promise.race([once(outgoing, 'drain'), once(outgoing, 'close')])
        }
        outgoing.end()
      }
    } catch {
      outgoing.destroy()
    }
  }
}

/** A request whose body is written as the test goes on. */
export class Exchange {
  readonly request: ReturnType<typeof httpRequest>
  readonly response: Promise<IncomingMessage>

  constructor(port: number, path = '/', headers: Record<string, string> = {}) {
    this.request = httpRequest({ port, host: '127.0.0.1', path, method: 'POST', headers, agent: false })
    this.request.on('error', () => {})
    this.response = once(this.request, 'response').then(([response]) => response)
    this.response.catch(() => {})
  }
}

/** A bare connection. */
export async function connected(t: TestContext, port: number): Promise<Socket> {
  const socket = connect(port, '127.0.0.1')
  socket.on('error', () => {})
  t.after(() => socket.destroy())
  await once(socket, 'connect')
  return socket
}
