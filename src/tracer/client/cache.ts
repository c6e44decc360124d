import { LRUCache } from 'lru-cache'
import type { Detection, IndicatorType } from '../protocol.ts'
import { detached } from './detached.ts'

/** All that a server found for one indicator, in its order; empty: nothing. */
export type Answer = readonly Detection[]

/** The answer for what nothing was found for: shared, so that a miss costs no memory. */
export const NO_DETECTIONS: Answer = Object.freeze([])

interface CacheOptions {
  /** Answers that are kept of each type of indicator; 0: none. Default: 100,000. */
  readonly entries: number
  /** Lifetime of an answer, in milliseconds. Default: 5 minutes. */
  readonly ttlMs: number
}

export const CACHE_DEFAULTS: CacheOptions = { entries: 100_000, ttlMs: 5 * 60_000 }

/** All values and answers of a type together have at most this many characters: contexts may be long. */
const MAX_CHARACTERS = 32 * 1024 * 1024
/** An answer that is longer is not kept. */
const MAX_ENTRY_CHARACTERS = 1024 * 1024
/** An object or an array costs about as much as so many characters. */
export const OBJECT_COST = 64
/** The clock is read at most this often. */
const TTL_RESOLUTION_MS = 100

/**
 * The known answers for indicators, found or not found; errors and time-outs are never among them. The least recently
 * used answer goes first.
 *
 * Each type has a cache of its own, so that a value is its own key: a key made of both would cost a new text, and its
 * hash, with every look-up.
 */
export class AnswerCache {
  readonly #options: CacheOptions
  readonly #clock: { now(): number }
  readonly #types: Record<IndicatorType, LRUCache<string, Answer> | undefined> = {
    url: undefined,
    ip: undefined,
    hash: undefined,
    email: undefined,
    text: undefined,
  }

  /** @param clock in milliseconds; never goes back */
  constructor(options: CacheOptions, clock: { now(): number } = performance) {
    this.#options = options
    this.#clock = clock
  }

  get(type: IndicatorType, value: string): Answer | undefined {
    return this.#types[type]?.get(value)
  }

  /** Until when the answer holds, on the clock; 0: there is none. It does not count as used. */
  keptUntil(type: IndicatorType, value: string): number {
    const leftMs = this.#types[type]?.getRemainingTTL(value) ?? 0
    return leftMs > 0 ? this.#clock.now() + leftMs : 0
  }

  set(type: IndicatorType, value: string, answer: Answer): void {
    const { entries, ttlMs } = this.#options
    if (entries === 0 || ttlMs === 0) return
    this.#types[type] ??= new LRUCache<string, Answer>({
      max: entries,
      maxSize: MAX_CHARACTERS,
      maxEntrySize: MAX_ENTRY_CHARACTERS,
      sizeCalculation: sizeOf,
      ttl: ttlMs,
      ttlResolution: this.#clock === performance ? TTL_RESOLUTION_MS : 0,
      perf: this.#clock,
    })
    this.#types[type].set(detached(value), answer)
  }
}

function sizeOf(answer: Answer, value: string): number {
  let size = OBJECT_COST + value.length
  for (const { category, matched, fields } of answer) {
    size += OBJECT_COST + category.length + matched.length
    for (const [name, text] of fields) size += OBJECT_COST + name.length + text.length
  }
  return size
}
