import { LRUCache } from 'lru-cache'
import { detached } from '../../client/detached.ts'
import type { MispHit } from './attributes.ts'
import type { MispSettings } from './settings.ts'

/** The hits that MISP has for a value, in MISP's order; empty: none. */
export type MispHits = readonly MispHit[]

/** Shared, so that a miss costs no memory. */
export const NO_HITS: MispHits = Object.freeze([])

/** All values and contexts together have at most this many characters. */
const MAX_CHARACTERS = 64 * 1024 * 1024
/** An object or an array costs about as much as so many characters. */
const OBJECT_COST = 64
/** The clock is read at most this often. */
const TTL_RESOLUTION_MS = 100

/** The known answers for values, hits and misses with a lifetime of their own. Failures are never among them. */
export class ValueCache {
  readonly #hitTtlMs: number
  readonly #missTtlMs: number
  readonly #values: LRUCache<string, MispHits> | undefined

  /** @param clock in milliseconds; never goes back */
  constructor({ hitTtlMs, missTtlMs, cacheValues }: MispSettings, clock: { now(): number } = performance) {
    this.#hitTtlMs = hitTtlMs
    this.#missTtlMs = missTtlMs
    if (cacheValues === 0) return
    this.#values = new LRUCache<string, MispHits>({
      max: cacheValues,
      maxSize: MAX_CHARACTERS,
      sizeCalculation: sizeOf,
      ttl: Math.max(1, hitTtlMs),
      ttlResolution: clock === performance ? TTL_RESOLUTION_MS : 0,
      perf: clock,
    })
  }

  get size(): number {
    return this.#values?.size ?? 0
  }

  get(value: string): MispHits | undefined {
    return this.#values?.get(value)
  }

  set(value: string, hits: MispHits): void {
    const ttl = hits.length > 0 ? this.#hitTtlMs : this.#missTtlMs
    // For the cache, 0 would be for ever.
    if (ttl > 0) this.#values?.set(detached(value), hits, { ttl })
  }

  clear(): void {
    this.#values?.clear()
  }
}

function sizeOf(hits: MispHits, value: string): number {
  let size = OBJECT_COST + value.length
  for (const { id, context } of hits) size += OBJECT_COST + id.length + context.length
  return size
}
