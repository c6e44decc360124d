import { resolve } from 'node:path'
import { pathToFileURL } from 'node:url'
import { CATEGORIES, type Enricher, type Match, NO_MATCHES } from '../enricher.ts'
import { contextText, flattenContext, type Indicator } from '../protocol.ts'

/**
 * What a module of the user's own exports as `default`. It is given each indicator (bytes that are not UTF-8 arrive
 * as lone surrogates U+DC80 to U+DCFF) and answers with the fields of one detection, several of them as an array, or
 * null for none.
 */
export type CustomLookup = (
  indicator: Indicator,
) => CustomAnswer | undefined | Promise<CustomAnswer | undefined>

/** The fields of one detection, of several, or null. */
export type CustomAnswer = Record<string, unknown> | readonly (Record<string, unknown> | null)[] | null

/** What a custom enricher can be told. */
export interface CustomEnricherOptions {
  /** How long one look-up may take, in milliseconds; then it fails, and its late answer is dropped. Default 5000. */
  readonly timeoutMs?: number
}

/** The default of `CustomEnricherOptions.timeoutMs`. */
export const CUSTOM_TIMEOUT_MS = 5000

/**
 * Loads the module at `path` (relative to the working directory) and makes an enricher of its default export. Its
 * detections have the category of the feeds: `Tracer_URL_enricher` and its like.
 *
 * @throws Error when the module cannot be loaded, or its default export is no function
 */
export async function loadCustomEnricher(
  path: string,
  options: CustomEnricherOptions = {},
): Promise<CustomEnricher> {
  let module: { default?: unknown }
  try {
    module = await import(pathToFileURL(resolve(path)).href)
  } catch (error) {
    throw new Error(`${path}: cannot be loaded: ${(error as Error).message}`, { cause: error })
  }
  if (typeof module.default !== 'function') {
    throw new Error(
      `${path}: has no default export that is a function: export default async (indicator) => ...`,
    )
  }
  return new CustomEnricher(path, module.default as CustomLookup, options)
}

/** Asks a function of the user's own. */
export class CustomEnricher implements Enricher {
  readonly name: string
  readonly #ask: CustomLookup
  readonly #timeoutMs: number

  constructor(name: string, ask: CustomLookup, options: CustomEnricherOptions = {}) {
    this.name = name
    this.#ask = ask
    this.#timeoutMs = options.timeoutMs ?? CUSTOM_TIMEOUT_MS
  }

  /** Rejects, or throws, when the function does, takes too long, or answers with something else than objects. */
  lookup(indicator: Indicator): readonly Match[] | Promise<readonly Match[]> {
    // A copy: the function may change what it is given.
    const answer = this.#ask({ type: indicator.type, value: indicator.value })
    if (!isPromise(answer)) return toMatches(indicator, answer)
    return within(answer, this.#timeoutMs).then((late) => toMatches(indicator, late))
  }
}

function isPromise<T>(value: T | Promise<T>): value is Promise<T> {
  return (
    typeof value === 'object' && value !== null && typeof (value as { then?: unknown }).then === 'function'
  )
}

/** Rejects when `promise` takes longer than `timeoutMs`. */
function within<T>(promise: Promise<T>, timeoutMs: number): Promise<T> {
  return new Promise((fulfil, reject) => {
    const timer = setTimeout(() => reject(new Error(`no answer within ${timeoutMs} ms`)), timeoutMs)
    // What has a `then` need not be a Promise.
    Promise.resolve(promise)
      .finally(() => clearTimeout(timer))
      .then(fulfil, reject)
  })
}

function toMatches(indicator: Indicator, answer: unknown): readonly Match[] {
  if (answer === null || answer === undefined) return NO_MATCHES
  const matches: Match[] = []
  for (const record of Array.isArray(answer) ? answer : [answer]) {
    if (record === null || record === undefined) continue
    if (typeof record !== 'object' || Array.isArray(record)) {
      throw new TypeError(
        `answered with ${describe(record)}: an object, an array of objects or null is expected`,
      )
    }
    matches.push({ category: CATEGORIES[indicator.type], context: contextText(flattenContext(record)) })
  }
  return matches
}

function describe(value: unknown): string {
  return Array.isArray(value) ? 'an array in an array' : `a ${typeof value}`
}
