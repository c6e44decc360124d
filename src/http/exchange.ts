import type { IncomingMessage, ServerResponse } from 'node:http'
import type { Socket } from 'node:net'

/** Times that a client is given, as `HttpServerOptions` has them. */
interface ExchangeTimes {
  readonly stallTimeoutMs: number
  readonly minBytesPerSecond: number
}

/** Time that was spent on waiting for the client in one direction, and what came of it. */
class Wait {
  #waitedMs = 0
  #lookedAt: number | undefined
  #movedAt = 0
  #first: number
  #last: number

  constructor(bytes: number) {
    this.#first = bytes
    this.#last = bytes
  }

  /**
   * @param isWaiting the client is waited for now
   * @param bytes that have passed so far
   * @returns true when the client is too slow
   */
  look(now: number, isWaiting: boolean, bytes: number, times: ExchangeTimes): boolean {
    if (!isWaiting) {
      this.#lookedAt = undefined
      this.#last = bytes
      return false
    }
    if (this.#lookedAt === undefined || bytes !== this.#last) this.#movedAt = now
    if (this.#lookedAt !== undefined) this.#waitedMs += now - this.#lookedAt
    this.#lookedAt = now
    this.#last = bytes
    const { stallTimeoutMs, minBytesPerSecond } = times
    const allowedMs = stallTimeoutMs + ((bytes - this.#first) / minBytesPerSecond) * 1000
    return now - this.#movedAt >= stallTimeoutMs || this.#waitedMs >= allowedMs
  }
}

/** A request and its response, of a client that may be slow on purpose. */
export class Exchange {
  readonly socket: Socket
  readonly #request: IncomingMessage
  readonly #response: ServerResponse
  readonly #times: ExchangeTimes
  readonly #received: Wait
  readonly #sent: Wait
  readonly #finished: Promise<void>

  constructor(request: IncomingMessage, response: ServerResponse, times: ExchangeTimes) {
    this.#request = request
    this.#response = response
    this.#times = times
    this.socket = request.socket
    // A client that pipelines has many exchanges on one connection; their number has a bound elsewhere.
    this.socket.setMaxListeners(0)
    this.#received = new Wait(this.socket.bytesRead)
    this.#sent = new Wait(this.socket.bytesWritten)
    this.#finished = new Promise((resolve) => {
      response.once('close', resolve).once('finish', resolve)
      // A client that goes away in the middle of its body is an error of the request, which whoever reads it sees, too.
      request.on('error', () => {})
      response.on('error', () => {})
    })
    this.socket.once('close', this.#onClose)
  }

  /** Node leaves a request open whose response was sent before its body had come: whoever reads it would wait for ever. */
  readonly #onClose = (): void => {
    if (!this.#request.complete) this.#request.destroy(new Error('the client has gone away'))
  }

  /** The response was sent, or cannot be. */
  async finished(): Promise<void> {
    const response = this.#response
    if (!response.writableEnded && !response.destroyed) response.destroy()
    if (!response.writableFinished && !response.destroyed) await this.#finished
    this.socket.off('close', this.#onClose)
  }

  /** The connection is closed behind this response. */
  endConnection(): void {
    if (this.#response.headersSent) this.#response.once('finish', () => this.socket.end())
    else this.#response.setHeader('connection', 'close')
  }

  /** Breaks off what goes on with a client that is too slow. */
  look(now: number): void {
    const { socket } = this
    const request = this.#request
    const response = this.#response
    const isSending = response.writableLength > 0 || socket.writableLength > 0
    if (this.#sent.look(now, isSending, socket.bytesWritten - socket.writableLength, this.#times)) {
      socket.destroy()
      return
    }
    // As long as something is there to be read, it is not the client that is waited for.
    const isReceiving = !request.complete && request.readableLength === 0 && !isSending
    if (!this.#received.look(now, isReceiving, socket.bytesRead, this.#times)) return
    if (response.headersSent || response.writableEnded) {
      socket.destroy()
      return
    }
    const text = 'the body of the request came too slowly\n'
    response.writeHead(408, {
      'content-type': 'text/plain; charset=utf-8',
      'content-length': Buffer.byteLength(text),
      connection: 'close',
    })
    response.end(text, () => socket.destroy())
  }
}
