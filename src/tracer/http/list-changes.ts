import { Buffer } from 'node:buffer'
import type { IncomingMessage, ServerResponse } from 'node:http'
import { HttpError, readBody } from '../../http/body.ts'
import { parseDuration } from '../durations.ts'
import type { KeyType } from '../feeds/keys/indicator-key.ts'
import type { Added, IndicatorStoreErrorCode, NewIndicator, Removed } from '../indicators/indicator-store.ts'

/** The lists that requests change; `IndicatorStore` is one. */
export interface ChangedLists {
  add(supplier: string, indicators: readonly NewIndicator[], ttlMs?: number): Promise<Added>
  remove(supplier: string, indicators: readonly NewIndicator[]): Promise<Removed>
}

/** All lists together have fewer indicators than find room in such a body, which is read as a whole. */
const MAX_BODY_BYTES = 4 * 1024 * 1024

const TYPES: ReadonlySet<unknown> = new Set<KeyType>(['ip', 'url', 'hash', 'domain', 'email', 'text'])

/** The answers to what the store refuses. */
const STATUSES: Readonly<Record<IndicatorStoreErrorCode, number>> = {
  UNKNOWN_SUPPLIER: 404,
  BAD_INDICATOR: 400,
  BAD_CONTEXT: 400,
  BAD_TTL: 400,
  STORE_FULL: 507,
  STORE_UNUSABLE: 503,
}

/**
 * Adds the indicators of a request to a list (PUT), or removes them (DELETE), and answers with the numbers of them.
 *
 *     {"indicators": ["evil.example", {"value": "192.0.2.7", "type": "ip", "context": {...}}], "ttl": "1h"}
 *
 * @param name of the list
 * @param open gives the lists
 * @throws {HttpError} 400 with the place of the indicator at fault, 404, 413, 503, 507
 */
export async function changeList(
  request: IncomingMessage,
  response: ServerResponse,
  name: string,
  open: () => Promise<ChangedLists>,
): Promise<void> {
  const { indicators, ttlMs } = readChange(await readBody(request, MAX_BODY_BYTES))
  let outcome: Added | Removed
  try {
    const lists = await open()
    outcome =
      request.method === 'PUT'
        ? await lists.add(name, indicators, ttlMs)
        : await lists.remove(name, indicators)
  } catch (error) {
    const { code, index, message } = error as Error & { code?: IndicatorStoreErrorCode; index?: number }
    const status = code === undefined ? undefined : STATUSES[code]
    if (status === undefined) throw error
    // The place of the file is no business of a client.
    if (code === 'STORE_UNUSABLE')
      throw new HttpError(status, 'the lists of indicators cannot be used', { cause: error })
    const place = index === undefined ? '' : `indicator ${index + 1}: `
    throw new HttpError(status, `${place}${message}`, { cause: error })
  }
  const text = JSON.stringify(outcome)
  response.writeHead(200, { 'content-type': 'application/json', 'content-length': Buffer.byteLength(text) })
  response.end(text)
}

function readChange(body: Buffer): { indicators: readonly NewIndicator[]; ttlMs: number | undefined } {
  let value: unknown
  try {
    value = JSON.parse(new TextDecoder('utf-8', { fatal: true }).decode(body))
  } catch {
    throw new HttpError(400, 'the body is no JSON in UTF-8')
  }
  const { indicators, ttl } = members(value)
  if (!Array.isArray(indicators) || indicators.length === 0) {
    throw new HttpError(400, 'the body has no indicators: send {"indicators": ["example.com"]}')
  }
  return { indicators: indicators.map(readIndicator), ttlMs: readTtl(ttl) }
}

function readIndicator(element: unknown, index: number): NewIndicator {
  if (typeof element === 'string') return { value: element }
  const { value, type, context } = members(element)
  const place = `indicator ${index + 1}`
  if (typeof value !== 'string')
    throw new HttpError(400, `${place} is no text, and has no "value" that is one`)
  if (type !== undefined && !TYPES.has(type)) {
    throw new HttpError(400, `${place} has no type of ${[...TYPES].join(', ')}`)
  }
  if (context !== undefined && !isObject(context))
    throw new HttpError(400, `${place} has a context that is no object`)
  return { value, type: type as KeyType | undefined, context }
}

/** @returns milliseconds; undefined: they stay */
function readTtl(ttl: unknown): number | undefined {
  if (ttl === undefined || ttl === null) return undefined
  if (typeof ttl === 'number') return ttl * 1000
  try {
    if (typeof ttl === 'string') return parseDuration(ttl)
  } catch {
    // As what is no text.
  }
  throw new HttpError(400, 'the ttl is no number of seconds, and no duration such as "1h"')
}

/** The members that JSON gave an object, and none of a prototype. */
function members(value: unknown): { readonly [name: string]: unknown } {
  return isObject(value) ? Object.assign(Object.create(null), value) : {}
}

function isObject(value: unknown): value is { readonly [name: string]: unknown } {
  return typeof value === 'object' && value !== null && !Array.isArray(value)
}
