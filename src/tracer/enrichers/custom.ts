import { resolve } from 'node:path'
import { pathToFileURL } from 'node:url'
import { objectContext } from '../context.ts'
import { CATEGORIES, type Enricher, type EnricherMetric, type Match, NO_MATCHES } from '../enricher.ts'
import { type FeedLog, NO_LOG } from '../feeds/feed-log.ts'
import type { Indicator } from '../protocol.ts'
import {
  type FaultOwner,
  faultMetric,
  MODULE_FAULT,
  type ModuleFaults,
  type ModuleWork,
} from './module-faults.ts'

/**
 * The function that a module of the user's own exports as `default`. It is given each indicator (bytes that are not
 * UTF-8 arrive as lone surrogates U+DC80 to U+DCFF) and answers with the fields of one detection, several of them as an
 * array, or null for none.
 */
export type CustomLookup = (
  indicator: Indicator,
) => CustomAnswer | undefined | Promise<CustomAnswer | undefined>

/** The fields of one detection, of several, or null. */
export type CustomAnswer = Record<string, unknown> | readonly (Record<string, unknown> | null)[] | null

/** The options of a custom enricher. */
interface CustomEnricherOptions {
  /** Time for one look-up, in milliseconds; then it fails, and its late answer is dropped. Default: 5000. */
  readonly timeoutMs?: number
  /**
   * Follows all that the module does. With it an error that comes to the process fails the look-up that it belongs to;
   * one that belongs to none is logged and counted. Default: nobody is told.
   */
  readonly faults?: ModuleFaults
  /** Gets the faults outside of look-ups. Default: none. */
  readonly log?: FeedLog
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
  const url = pathToFileURL(resolve(path)).href
  const owner = new ModuleOwner(path, url, options.log)
  let module: { default?: unknown }
  try {
    const load = (): Promise<{ default?: unknown }> => import(url)
    const { faults } = options
    faults?.add(owner)
    module = await (faults === undefined ? load() : faults.run({ owner, fail: undefined }, load))
  } catch (error) {
    throw new Error(`${path}: cannot be loaded: ${(error as Error).message}`, { cause: error })
  }
  if (typeof module.default !== 'function') {
    throw new Error(
      `${path}: has no default export that is a function: export default async (indicator) => ...`,
    )
  }
  return new CustomEnricher(path, module.default as CustomLookup, options, owner)
}

/** Logs and counts what a module throws where nobody waits for it. */
class ModuleOwner implements FaultOwner {
  readonly url: string
  faults = 0
  readonly #name: string
  readonly #log: FeedLog

  constructor(name: string, url: string, log: FeedLog = NO_LOG) {
    this.#name = name
    this.url = url
    this.#log = log
  }

  onFault(error: Error): void {
    this.faults += 1
    this.#log.error({ enricher: this.#name, err: error }, MODULE_FAULT)
  }
}

/** Asks a function of the user's own. */
export class CustomEnricher implements Enricher {
  readonly name: string
  readonly #ask: CustomLookup
  readonly #timeoutMs: number
  readonly #faults: ModuleFaults | undefined
  readonly #owner: ModuleOwner

  constructor(name: string, ask: CustomLookup, options: CustomEnricherOptions = {}, owner?: ModuleOwner) {
    this.name = name
    this.#ask = ask
    this.#timeoutMs = options.timeoutMs ?? CUSTOM_TIMEOUT_MS
    this.#faults = options.faults
    this.#owner = owner ?? new ModuleOwner(name, '', options.log)
  }

  /**
   * Rejects, or throws, when the function does, takes too long, or answers with something else than objects; with
   * `faults` also when an error of it comes to the process.
   */
  lookup(indicator: Indicator): readonly Match[] | Promise<readonly Match[]> {
    // A copy: the function may change what it is given.
    const asked = { type: indicator.type, value: indicator.value }
    const work: ModuleWork = { owner: this.#owner, fail: undefined }
    const answer =
      this.#faults === undefined ? this.#ask(asked) : this.#faults.run(work, () => this.#ask(asked))
    if (!isPromise(answer)) return toMatches(indicator, answer)
    return within(answer, this.#timeoutMs, work).then((late) => toMatches(indicator, late))
  }

  metrics(): readonly EnricherMetric[] {
    return [faultMetric(this.name, this.#owner.faults)]
  }
}

function isPromise<T>(value: T | Promise<T>): value is Promise<T> {
  return (
    typeof value === 'object' && value !== null && typeof (value as { then?: unknown }).then === 'function'
  )
}

/** Rejects when `promise` takes longer than `timeoutMs`, or `work` fails meanwhile. */
function within<T>(promise: Promise<T>, timeoutMs: number, work: ModuleWork): Promise<T> {
  return new Promise((fulfil, reject) => {
    const timer = setTimeout(() => reject(new Error(`no answer within ${timeoutMs} ms`)), timeoutMs)
    work.fail = reject
    const settle = () => {
      clearTimeout(timer)
      work.fail = undefined
    }
    // An object with a `then` need not be a Promise.
    Promise.resolve(promise).finally(settle).then(fulfil, reject)
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
    matches.push({ category: CATEGORIES[indicator.type], context: objectContext(record) })
  }
  return matches
}

function describe(value: unknown): string {
  return Array.isArray(value) ? 'an array in an array' : `a ${typeof value}`
}
