import type { IncomingMessage, OutgoingHttpHeaders, ServerResponse } from 'node:http'

/** A client that is still sending reads an answer only if its connection stays open; so long, and for so many bytes, it does. */
const LINGER_MS = 2000
const LINGER_BYTES = 8 * 1024 * 1024

/**
 * Answers a request whose body is not wanted, or not all of it. The answer goes out at once; the rest of the body is read
 * for a moment, so that the client is not cut off before it has seen the answer. Then the connection is closed.
 *
 * @param text the body of the answer, plain text
 * @param headers more headers. Default: none
 */
export async function refuse(
  request: IncomingMessage,
  response: ServerResponse,
  status: number,
  text: string,
  headers: OutgoingHttpHeaders = {},
): Promise<void> {
  const isWhole = request.complete || !hasBody(request)
  response.writeHead(status, {
    'content-type': 'text/plain; charset=utf-8',
    ...headers,
    'content-length': Buffer.byteLength(text),
    ...(isWhole ? {} : { connection: 'close' }),
  })
  if (isWhole || isExpecting(request)) {
    response.end(request.method === 'HEAD' ? undefined : text)
    return
  }
  response.write(text)
  await bodyEnd(request)
  response.end()
}

function hasBody({ headers }: IncomingMessage): boolean {
  const { 'content-length': length = '0', 'transfer-encoding': encoding } = headers
  return encoding !== undefined || Number(length) > 0
}

/** The client waits for leave to send its body. */
function isExpecting({ headers }: IncomingMessage): boolean {
  return headers.expect !== undefined
}

/** The end of the body, of the time, or of the patience with its length. */
function bodyEnd(request: IncomingMessage): Promise<void> {
  return new Promise((resolve) => {
    let read = 0
    const take = (chunk: Uint8Array): void => {
      read += chunk.length
      if (read >= LINGER_BYTES) end()
    }
    const end = (): void => {
      clearTimeout(timer)
      request.off('data', take).off('end', end).off('close', end)
      resolve()
    }
    const timer = setTimeout(end, LINGER_MS)
    request.on('data', take).on('end', end).on('close', end)
  })
}
