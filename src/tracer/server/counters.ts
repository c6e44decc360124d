import type { IndicatorType } from '../protocol.ts'

/** The reasons why a connection was refused. */
export type RefusalReason = 'max-connections' | 'not-allowed' | 'tls'

/** The reasons why a connection came to its end. */
export type ClosingReason =
  | 'client'
  | 'error'
  | 'idle-timeout'
  | 'drain-timeout'
  | 'line-too-long'
  | 'one-shot'
  | 'shutdown'

/**
 * The counts of a server: bare numbers, so that counting costs the hot path next to nothing. The metrics read
 * them when they are asked. All of them only grow.
 */
export class Counters {
  /** Request lines, empty ones not counted. */
  requests = 0
  pings = 0
  readonly indicators: Record<IndicatorType, number> = { ip: 0, url: 0, hash: 0, email: 0, text: 0 }
  /** Indicators that got no detection because they are on the allowlist. They are no misses. */
  readonly allowlisted: Record<IndicatorType, number> = { ip: 0, url: 0, hash: 0, email: 0, text: 0 }
  /** Detections by category. */
  readonly hits = new Map<string, number>()
  /** Indicators without a detection. */
  misses = 0
  /** Failed look-ups by enricher. */
  readonly enricherErrors = new Map<string, number>()
  connections = 0
  readonly refused = new Map<RefusalReason, number>()
  readonly closed = new Map<ClosingReason, number>()
  receivedBytes = 0
  sentBytes = 0

  /** Takes the durations of look-ups: of all that wait, of a sample of those from memory. Unset: nobody asks. */
  observeLookup: ((enricher: string, seconds: number) => void) | undefined
}

/** Adds `by` to what `counts` has under `key`. */
export function increment<Key>(counts: Map<Key, number>, key: Key, by = 1): void {
  counts.set(key, (counts.get(key) ?? 0) + by)
}
