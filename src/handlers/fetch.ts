import type { CompiledRules } from '../batches/compiled-rules.ts'
import { PORTABLE_CODING } from '../json/text-coding.ts'
import { chunksOf, streamOf, unpacked } from './bytes.ts'
import type { Answer, HandlerOptions } from './http-normalizer.ts'
import { HttpNormalizer } from './http-normalizer.ts'

/** Answers requests with events by responses with normalized events. */
export interface Handler {
  /**
   * @returns the response: 200 with JSON lines; 400, 405, 413 or 415 with a line of text for a request that cannot be answered.
   * The promise is rejected with what `onRejected` throws
   */
  (request: Request): Promise<Response>
  /**
   * Events that are read from now on are worked on with these rules, also those of requests that have begun. A request goes on with
   * the rules that it began with where either of them is a compiled module.
   */
  replaceRules(rules: CompiledRules): void
}

/**
 * A handler for everything that has `Request` and `Response`: Cloudflare Workers, Deno, Bun, the HTTP triggers of clouds.
 *
 *     import { createHandler } from 'sluice/handlers'
 *     import { compileRules } from 'sluice/rules'
 *
 *     export default { fetch: createHandler({ rules: compileRules(text) }) }
 *
 * A request is a POST of JSON lines, or of JSON (an array, or values) with the type `application/json`, packed by gzip or not. The
 * response has the outputs as JSON lines, in the order of the events. Both are streams: the request is read as the response is
 * taken. With `?errors=inline` rejected events are lines `{"$rejected": {...}}` in their places; else `onRejected` has them. The
 * headers `Sluice-Events`, `-Written`, `-Rejected` and `-Dropped` count, where the events were all read when the response began.
 *
 * @param options the rules, and how to read; see {@link HandlerOptions}
 * @throws {TypeError} when an option is not acceptable
 */
export function createHandler(options: HandlerOptions): Handler {
  const normalizer = new HttpNormalizer(options, { coding: PORTABLE_CODING, unpack: unpacked })
  const handler = async (request: Request): Promise<Response> => {
    const { method, url, headers, body } = request
    const head = { method, url, header: (name: string) => headers.get(name) }
    return response(await normalizer.answer(head, body === null ? undefined : chunksOf(body)))
  }
  return Object.assign(handler, {
    replaceRules: (rules: CompiledRules) => normalizer.replaceRules(rules),
  })
}

function response({ status, headers: given, body }: Answer): Response {
  if (typeof body === 'string') return new Response(body, { status, headers: given })
  if (body instanceof Uint8Array) {
    return new Response(body as Uint8Array<ArrayBuffer>, { status, headers: given })
  }
  // A response of this kind has no trailers to announce.
  const { trailer: _, ...headers } = given
  return new Response(streamOf(body), { status, headers })
}
