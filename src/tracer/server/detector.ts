import { wireContext } from '../context.ts'
import { type Enricher, type Match, NO_MATCHES } from '../enricher.ts'
import { formatDetection, type Indicator } from '../protocol.ts'
import { type Counters, increment } from './counters.ts'
import { type Log, LogLimiter } from './log.ts'

/** One of so many look-ups from memory is timed: reading the clock would cost as much as the look-up. */
const SAMPLED = 64

/** Tells which indicators get no detection; `IndicatorAllowlist` is one. */
export interface IndicatorSet {
  has(indicator: Indicator): boolean
}

/**
 * Asks all enrichers of a server about an indicator, in their order, and makes detection lines of what they know.
 * A failing enricher costs its own detections only: the error is counted and logged. No enricher is asked for
 * an indicator on the allowlist.
 */
export class Detector {
  readonly #enrichers: readonly Enricher[]
  readonly #counters: Counters
  readonly #log: Log
  readonly #allowlist: IndicatorSet | undefined
  readonly #limiter = new LogLimiter()
  #lookups = 0

  constructor(enrichers: readonly Enricher[], counters: Counters, log: Log, allowlist?: IndicatorSet) {
    this.#enrichers = enrichers
    this.#counters = counters
    this.#log = log
    this.#allowlist = allowlist
  }

  /** @returns the detection lines, '' for none; a promise, which never rejects, only when an enricher must wait */
  detect(indicator: Indicator): string | Promise<string> {
    const found = this.find(indicator)
    if (!isKnown(found)) return found.then((matches) => linesOf(indicator, matches))
    return found.length === 0 ? '' : linesOf(indicator, found)
  }

  /** @returns all matches, in the order of the enrichers; a promise, which never rejects, only when an enricher must wait */
  find(indicator: Indicator): readonly Match[] | Promise<readonly Match[]> {
    this.#counters.indicators[indicator.type] += 1
    if (this.#allowlist?.has(indicator) === true) {
      this.#counters.allowlisted[indicator.type] += 1
      return NO_MATCHES
    }
    let matches = NO_MATCHES
    for (let i = 0; i < this.#enrichers.length; i++) {
      const found = this.#ask(this.#enrichers[i]!, indicator)
      if (!isKnown(found)) return this.#findLater(indicator, matches, found, i + 1)
      if (found.length > 0) matches = matches.length === 0 ? found : [...matches, ...found]
    }
    this.#count(matches)
    return matches
  }

  /** The enrichers from `next` on are asked while the one before is waited for. */
  async #findLater(
    indicator: Indicator,
    before: readonly Match[],
    waited: Promise<readonly Match[]>,
    next: number,
  ): Promise<readonly Match[]> {
    const others = this.#enrichers.slice(next).map((enricher) => this.#ask(enricher, indicator))
    const matches = [before, ...(await Promise.all([waited, ...others]))].flat()
    this.#count(matches)
    return matches
  }

  #count(matches: readonly Match[]): void {
    if (matches.length === 0) this.#counters.misses += 1
    for (let i = 0; i < matches.length; i++) increment(this.#counters.hits, matches[i]!.category)
  }

  #ask(enricher: Enricher, indicator: Indicator): readonly Match[] | Promise<readonly Match[]> {
    const isTimed = this.#lookups++ % SAMPLED === 0
    const start = isTimed ? performance.now() : 0
    try {
      const found = enricher.lookup(indicator)
      if (!isKnown(found)) return this.#settle(enricher, indicator, found)
      if (isTimed) this.#counters.observeLookup?.(enricher.name, (performance.now() - start) / 1000)
      return found
    } catch (error) {
      this.#failed(enricher, indicator, error)
      return NO_MATCHES
    }
  }

  async #settle(
    enricher: Enricher,
    indicator: Indicator,
    found: Promise<readonly Match[]>,
  ): Promise<readonly Match[]> {
    const start = performance.now()
    try {
      return await found
    } catch (error) {
      this.#failed(enricher, indicator, error)
      return NO_MATCHES
    } finally {
      this.#counters.observeLookup?.(enricher.name, (performance.now() - start) / 1000)
    }
  }

  #failed(enricher: Enricher, indicator: Indicator, error: unknown): void {
    increment(this.#counters.enricherErrors, enricher.name)
    if ((error as { isLogged?: unknown } | undefined)?.isLogged === true) return
    this.#limiter.log(enricher.name, (fields) => {
      this.#log.warn({ ...fields, enricher: enricher.name, indicator, err: error }, 'look-up failed')
    })
  }
}

function linesOf({ value }: Indicator, matches: readonly Match[]): string {
  let text = ''
  for (let i = 0; i < matches.length; i++) {
    const { category, context } = matches[i]!
    text += formatDetection(category, value, wireContext(context))
  }
  return text
}

function isKnown(found: readonly Match[] | Promise<readonly Match[]>): found is readonly Match[] {
  return Array.isArray(found)
}
