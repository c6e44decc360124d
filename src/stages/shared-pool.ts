import type { LookupHandler, TracerPool } from '../tracer/client/pool.ts'
import type { Indicator, IndicatorType } from '../tracer/protocol.ts'
import type { LookupPool } from './enrich-queue.ts'
import type { IndicatorPath } from './enrichment.ts'
import { KnownAnswers } from './known-answers.ts'

/**
 * A pool that many queues ask side by side. They wait for room in turn: the one that has filled the pool waits behind all others. And they
 * have the table of known answers in common, which has megabytes.
 *
 *     waiting:  [ queue 2 ][ queue 3 ][ queue 1 ]     queue 1 has filled the pool; the next room is for queue 2
 */
export class SharedPool implements LookupPool {
  readonly #pool: TracerPool
  readonly #waiting = new Set<() => void>()
  /** The table of the paths that were asked for last, which are those of the rules in use. */
  #known: { readonly paths: string; readonly answers: KnownAnswers } | undefined

  constructor(pool: TracerPool) {
    this.#pool = pool
    pool.on('drain', () => this.#wake())
  }

  get busy(): boolean {
    return this.#pool.busy
  }

  get capacity(): number {
    return this.#pool.capacity
  }

  get cacheEntries(): number {
    return this.#pool.cacheEntries
  }

  get stats(): TracerPool['stats'] {
    return this.#pool.stats
  }

  dispatch(indicators: readonly Indicator[], handler: LookupHandler): boolean {
    return this.#pool.dispatch(indicators, handler)
  }

  keptUntil(type: IndicatorType, value: string): number {
    return this.#pool.keptUntil(type, value)
  }

  knownAnswers(paths: readonly IndicatorPath[]): KnownAnswers {
    const key = JSON.stringify(paths)
    if (this.#known?.paths !== key) {
      this.#known = { paths: key, answers: new KnownAnswers(this.cacheEntries * paths.length) }
    }
    return this.#known.answers
  }

  once(_event: 'drain', listener: () => void): this {
    this.#waiting.add(listener)
    return this
  }

  off(_event: 'drain', listener: () => void): this {
    this.#waiting.delete(listener)
    return this
  }

  /** Those who find the pool full again have come to the end. Whoever has filled it is told of the next room. */
  #wake(): void {
    for (const listener of [...this.#waiting]) {
      if (this.#pool.busy) return
      if (this.#waiting.delete(listener)) listener()
    }
  }
}
