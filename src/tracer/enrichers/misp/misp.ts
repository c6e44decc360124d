import type { Compat } from '../../compat.ts'
import { type Enricher, type EnricherMetric, type Match, NO_MATCHES } from '../../enricher.ts'
import { type FeedLog, NO_LOG } from '../../feeds/feed-log.ts'
import type { Indicator, IndicatorType } from '../../protocol.ts'
import { increment } from '../../server/counters.ts'
import { MispAsker } from './asker.ts'
import { type MispHit, toHit, toOriginalHit } from './attributes.ts'
import type { CircuitState } from './circuit-breaker.ts'
import { MispClient, type MispTarget } from './client.ts'
import { MispError } from './misp-error.ts'
import { type MispSettings, mispSettings } from './settings.ts'
import { type MispHits, ValueCache } from './value-cache.ts'
import { valuesOf } from './values.ts'

export type { MispTarget } from './client.ts'
export { MispError, type MispErrorCode } from './misp-error.ts'
export { MISP_DEFAULTS, type MispSettings } from './settings.ts'

/** The MISP that is asked, and the settings; see `MISP_DEFAULTS`. */
export interface MispOptions extends MispTarget, Partial<MispSettings> {
  /** Detections are numbered from 0, say whether they were remembered, and have all fields, as that server's. Default: no. */
  readonly compat?: Compat | undefined
  /** Is told when MISP fails, and when it is back. Default: none. */
  readonly log?: FeedLog
}

/** The category of the detection number `n`, from 1. */
const CATEGORY: Readonly<Record<IndicatorType, string>> = {
  url: 'Tracer_MISP_URL_enricher',
  ip: 'Tracer_MISP_IP_enricher',
  hash: 'Tracer_MISP_HASH_enricher',
  email: 'Tracer_MISP_EMAIL_enricher',
  text: 'Tracer_MISP_TEXT_enricher',
}
/** A value that no MISP has (RFC 2606), to see whether it answers. */
const TEST_VALUE = 'sluice-asks-whether-you-are-there.invalid'
const STATES: Readonly<Record<CircuitState, number>> = { closed: 0, 'half-open': 1, open: 2 }

/**
 * Asks a MISP what it knows of indicators, as little as possible: values are remembered, found or not, asked together,
 * and each only once at a time. A value without an answer in time is a failure, never a miss.
 */
export class MispEnricher implements Enricher {
  readonly name = 'misp'
  readonly #settings: MispSettings
  readonly #isOriginal: boolean
  readonly #log: FeedLog
  readonly #client: MispClient
  readonly #asker: MispAsker
  readonly #cache: ValueCache
  /** Values that were looked for in the cache. */
  readonly #cacheLookups = new Map<string, number>([
    ['found', 0],
    ['absent', 0],
  ])
  /** Indicators that MISP cannot know. */
  #skipped = 0
  /** Look-ups that failed, by the code of their error. */
  readonly #failures = new Map<string, number>()

  /** @throws TypeError or RangeError for an option that is not acceptable */
  constructor(options: MispOptions) {
    this.#settings = mispSettings(options)
    this.#log = options.log ?? NO_LOG
    this.#client = new MispClient(options, this.#settings)
    this.#cache = new ValueCache(this.#settings)
    this.#isOriginal = options.compat !== undefined
    const hitOf = this.#isOriginal ? toOriginalHit : toHit
    this.#asker = new MispAsker(this.#client, this.#settings, this.#log, this.#cache, hitOf)
  }

  /** Rejects, or throws, with a MispError. */
  lookup(indicator: Indicator): readonly Match[] | Promise<readonly Match[]> {
    const values = valuesOf(indicator)
    if (values.length === 0) {
      this.#skipped += 1
      return NO_MATCHES
    }
    const known: (MispHits | Promise<MispHits>)[] = []
    let isWaiting = false
    let refusal: MispError | undefined
    for (const value of values) {
      const cached = this.#cache.get(value)
      increment(this.#cacheLookups, cached === undefined ? 'absent' : 'found')
      if (cached !== undefined) {
        known.push(cached)
      } else if (refusal === undefined) {
        try {
          known.push(this.#asker.ask(value))
          isWaiting = true
        } catch (error) {
          refusal = error as MispError
        }
      }
    }
    if (isWaiting) return this.#settle(indicator, known, refusal)
    return this.#answer(indicator, known as MispHits[], refusal, true)
  }

  /**
   * Asks for something that is not there, and logs whether MISP answers. Never rejects: a MISP that is away may come
   * back.
   */
  async check(): Promise<void> {
    const url = this.#client.url.origin
    try {
      await this.#asker.ask(TEST_VALUE)
      this.#log.info({ url }, 'MISP answers')
    } catch (error) {
      if ((error as MispError).code === 'closed') return
      this.#log.warn({ url, err: error }, 'MISP does not answer; look-ups go on without it until it does')
    }
  }

  /** Forgets what it remembers. */
  async reload(): Promise<void> {
    this.#cache.clear()
    this.#asker.reset()
  }

  metrics(): readonly EnricherMetric[] {
    const { requests, values, openings } = this.#asker.counts
    return [
      ...counts('requests', 'Requests to MISP, by result', 'result', requests),
      count('values', 'Values that MISP was asked for', values),
      ...counts('cache_lookups', 'Values looked for in the cache, by result', 'result', this.#cacheLookups),
      ...counts('failures', 'Look-ups that MISP did not answer, by reason', 'reason', this.#failures),
      count('skipped', 'Indicators that MISP is not asked for', this.#skipped),
      count('circuit_openings', 'Times that MISP has failed too often', openings),
      gauge(
        'circuit_state',
        '0: MISP is asked, 1: one request may try, 2: it is left alone',
        STATES[this.#asker.circuit],
      ),
      gauge('waiting_values', 'Values that wait to be asked', this.#asker.waiting),
      gauge('cached_values', 'Values that are remembered', this.#cache.size),
    ]
  }

  close(): void {
    this.#asker.close()
    this.#client.close()
  }

  async #settle(
    indicator: Indicator,
    known: readonly (MispHits | Promise<MispHits>)[],
    refusal: MispError | undefined,
  ): Promise<readonly Match[]> {
    const found: MispHits[] = []
    let failure = refusal
    for (const result of await settledWithin(known, this.#settings.timeoutMs)) {
      if (result.status === 'fulfilled') found.push(result.value)
      else failure ??= result.reason as MispError
    }
    return this.#answer(indicator, found, failure)
  }

  /** Hits of some of the values are told. Only when there are none, a failure is one. */
  #answer(
    indicator: Indicator,
    found: readonly MispHits[],
    failure: MispError | undefined,
    isRemembered = false,
  ): readonly Match[] {
    const matches = this.#matches(indicator, found, isRemembered)
    if (failure === undefined) return matches
    increment(this.#failures, failure.code)
    if (matches.length === 0) throw failure
    return matches
  }

  #matches({ type }: Indicator, found: readonly MispHits[], isRemembered: boolean): readonly Match[] {
    let byId: Map<string, MispHit> | undefined
    for (const hits of found) {
      // An attribute may have several of the values: `domain|ip`.
      for (const hit of hits) {
        byId ??= new Map()
        if (!byId.has(hit.id)) byId.set(hit.id, hit)
      }
    }
    if (byId === undefined) return NO_MATCHES
    return Array.from(byId.values())
      .slice(0, this.#settings.hits)
      .map(({ context }, i) => ({ category: this.#category(type, i, isRemembered), context }))
  }

  /** @param i the number of the hit, from 0 */
  #category(type: IndicatorType, i: number, isRemembered: boolean): string {
    if (!this.#isOriginal) return `${CATEGORY[type]}${i + 1}`
    return isRemembered ? `Tracer_MISP_${type.toUpperCase()}(CACHE)_enricher${i}` : `${CATEGORY[type]}${i}`
  }
}

/** Answers that have not come in time have failed. */
async function settledWithin(
  known: readonly (MispHits | Promise<MispHits>)[],
  timeoutMs: number,
): Promise<PromiseSettledResult<MispHits>[]> {
  let timer: NodeJS.Timeout | undefined
  const late = new Promise<never>((_, reject) => {
    timer = setTimeout(() => {
      reject(new MispError('timeout', `MISP did not answer within ${timeoutMs} ms`))
    }, timeoutMs)
  })
  try {
    return await Promise.allSettled(known.map((hits) => Promise.race([hits, late])))
  } finally {
    clearTimeout(timer)
  }
}

function counts(
  name: string,
  help: string,
  label: string,
  values: ReadonlyMap<string, number>,
): readonly EnricherMetric[] {
  return Array.from(values, ([key, value]) => ({
    name: `tracer_misp_${name}_total`,
    help,
    type: 'counter',
    labels: { [label]: key },
    value,
  }))
}

function count(name: string, help: string, value: number): EnricherMetric {
  return { name: `tracer_misp_${name}_total`, help, type: 'counter', labels: {}, value }
}

function gauge(name: string, help: string, value: number): EnricherMetric {
  return { name: `tracer_misp_${name}`, help, type: 'gauge', labels: {}, value }
}
