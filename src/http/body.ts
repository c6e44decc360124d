import type { IncomingMessage } from 'node:http'

/** A request that is answered with this status and message. */
export class HttpError extends Error {
  override readonly name = 'HttpError'
  readonly status: number

  /** @param status 400 to 599; `HttpServer` answers with it as long as no answer has begun */
  constructor(status: number, message: string, options?: ErrorOptions) {
    super(message, options)
    this.status = status
  }
}

/**
 * The chunks of a request's body, as long as it has no more bytes than it may have. Who stops reading before the end leaves
 * the connection open.
 *
 * @throws {HttpError} 413, before anything is read where the client says how long the body is
 */
export async function* boundedBody(request: IncomingMessage, maxBytes: number): AsyncGenerator<Uint8Array> {
  const tooLarge = `the body has more than ${maxBytes} bytes: send it in several requests`
  if (Number(request.headers['content-length'] ?? 0) > maxBytes) throw new HttpError(413, tooLarge)
  let length = 0
  for await (const chunk of request.iterator({ destroyOnReturn: false }) as AsyncIterable<Uint8Array>) {
    length += chunk.length
    if (length > maxBytes) throw new HttpError(413, tooLarge)
    yield chunk
  }
}

/**
 * The whole body.
 *
 * @throws {HttpError} 413 when it has more bytes than it may have
 */
export async function readBody(request: IncomingMessage, maxBytes: number): Promise<Buffer> {
  const chunks: Uint8Array[] = []
  for await (const chunk of boundedBody(request, maxBytes)) chunks.push(chunk)
  return Buffer.concat(chunks)
}
