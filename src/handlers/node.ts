/**
 * The entry `sluice/handlers/node`: the fetch handler for Node's `http` and `https`, without the streams of the web platform in
 * between.
 *
 *     import { createServer } from 'node:http'
 *     import { createNodeHandler } from 'sluice/handlers/node'
 *
 *     createServer(createNodeHandler({ rules })).listen(8080)
 */
import type { IncomingMessage, ServerResponse } from 'node:http'
import { createGunzip, createInflate } from 'node:zlib'
import type { CompiledRules } from '../batches/compiled-rules.ts'
import { lineTest } from '../batches/multiline-pattern.ts'
import { NODE_CODING } from '../formats/node-coding.ts'
import { refuse } from '../http/refuse.ts'
import { loadRe2 } from '../rules/load-re2.ts'
import type { Answer, HandlerOptions, Platform } from './http-normalizer.ts'
import { HttpNormalizer } from './http-normalizer.ts'
import type { ContentEncoding } from './media-type.ts'

export type { AddressDatabase } from '../expression/net/address-database.ts'
export { openDatabase } from '../rules/databases.ts'

/** Answers requests of Node's `http`, as `createHandler` answers those of the web platform. */
export interface NodeHandler {
  /** The promise is settled when the answer is written, or the client has gone. It is rejected with what `onRejected` throws. */
  (request: IncomingMessage, response: ServerResponse): Promise<void>
  /** As that of `createHandler`. */
  replaceRules(rules: CompiledRules): void
}

/** Written at a time, so that a slow client is known from one that takes nothing. */
const WRITE_BYTES = 64 * 1024
const UNPACK_BYTES = 64 * 1024

/**
 * Makes a handler for Node's `http`. What it does is what `createHandler` does; where the response began before the request had
 * been read, its counts are trailers.
 *
 * @param options the rules, and how to read
 * @throws {TypeError} when an option is not acceptable
 */
export function createNodeHandler(options: HandlerOptions): NodeHandler {
  return nodeHandler(options)
}

/**
 * The same with another way to normalize, for users within the package.
 *
 * @param createNormalizer Default: nothing is looked up
 */
export function nodeHandler(
  options: HandlerOptions,
  createNormalizer?: Platform['createNormalizer'],
): NodeHandler {
  const normalizer = new HttpNormalizer(options, {
    coding: NODE_CODING,
    lineTest: (pattern) => lineTest(pattern, loadRe2),
    unpack,
    ...(createNormalizer !== undefined && { createNormalizer }),
  })
  const handler = async (request: IncomingMessage, response: ServerResponse): Promise<void> => {
    const { method = 'GET', url = '/', headers } = request
    const header = (name: string): string | null => {
      const value = headers[name]
      return typeof value === 'string' ? value : null
    }
    try {
      const answer = await normalizer.answer({ method, url, header }, new RequestBody(request))
      await respond(request, response, answer)
    } catch (error) {
      // The client has gone away.
      if (request.destroyed && !request.complete) return
      if (response.headersSent) response.destroy()
      throw error
    }
  }
  return Object.assign(handler, {
    replaceRules: (rules: CompiledRules) => normalizer.replaceRules(rules),
  })
}

async function respond(
  request: IncomingMessage,
  response: ServerResponse,
  { status, headers, body, trailers }: Answer,
): Promise<void> {
  if (typeof body === 'string') {
    await refuse(request, response, status, body, headers)
    return
  }
  if (body instanceof Uint8Array) {
    response.writeHead(status, { ...headers, 'content-length': body.length }).end(body)
    return
  }
  response.writeHead(status, headers)
  for await (const bytes of body) {
    for (let start = 0; start < bytes.length; start += WRITE_BYTES) {
      if (response.destroyed) return
      if (!response.write(bytes.subarray(start, start + WRITE_BYTES))) await drained(response)
    }
  }
  if (trailers !== undefined) response.addTrailers(trailers())
  response.end()
}

/** The client has taken what was written, or has gone away. */
function drained(response: ServerResponse): Promise<void> {
  return new Promise((resolve) => {
    const done = (): void => {
      response.off('drain', done).off('close', done)
      resolve()
    }
    if (response.destroyed || !response.writableNeedDrain) resolve()
    else response.on('drain', done).on('close', done)
  })
}

/** The body of a request, which goes on after whoever reads it has stopped: the client waits for an answer. */
class RequestBody implements AsyncIterable<Uint8Array> {
  readonly request: IncomingMessage

  constructor(request: IncomingMessage) {
    this.request = request
  }

  [Symbol.asyncIterator](): AsyncIterator<Uint8Array> {
    return this.request.iterator({ destroyOnReturn: false }) as AsyncIterator<Uint8Array>
  }
}

async function* unpack(
  body: AsyncIterable<Uint8Array>,
  encoding: ContentEncoding,
): AsyncGenerator<Uint8Array> {
  const { request } = body as RequestBody
  const options = { chunkSize: UNPACK_BYTES }
  const unpacking = encoding === 'gzip' ? createGunzip(options) : createInflate(options)
  const fail = (): void => {
    if (!request.complete) unpacking.destroy(new Error('the client has gone away'))
  }
  request.on('close', fail).pipe(unpacking)
  try {
    yield* unpacking as AsyncIterable<Uint8Array>
  } finally {
    request.off('close', fail).unpipe(unpacking)
    unpacking.destroy()
  }
}

export type { HandlerOptions } from './http-normalizer.ts'
