import type { FeedStats } from './feeds/feed-stats.ts'
import type { Indicator } from './protocol.ts'

/** One thing that an enricher knows of an indicator; it becomes one detection. */
export interface Match {
  /** The category as it may stand on the wire (see `wireText`). */
  readonly category: string
  /** The context, `|name=text...`, made by `contextText`, or by `objectContext`, which marks what is no text (context.ts). */
  readonly context: string
}

/** A number that an enricher tells of itself. */
export interface EnricherMetric {
  /** The name for Prometheus: `tracer_misp_requests_total`. It has one type and one help text wherever it comes from. */
  readonly name: string
  readonly help: string
  /** Counters only grow. */
  readonly type: 'counter' | 'gauge'
  readonly labels: Readonly<Record<string, string>>
  readonly value: number
  /** The way to add up a counter of the workers of a server. Of gauges it is always the largest. Default: sum. */
  readonly aggregator?: 'sum' | 'max'
}

/** The result of a look-up without a match: shared, so that a miss allocates nothing. */
export const NO_MATCHES: readonly Match[] = Object.freeze([])

/**
 * A source of detections. The server asks its enrichers in their order, each for every indicator.
 *
 * One that answers from memory returns an array; only one that must wait returns a promise (an array costs the server
 * neither a promise nor a turn of the event loop). An error, thrown or as a rejection, costs the indicator this
 * enricher's detections and nothing else; it is counted and logged by the server (only counted when it has a property
 * `isLogged` that is true: then the enricher has said all there is to say).
 */
export interface Enricher {
  /** Its name in logs and metrics. */
  readonly name: string
  /** @returns all matches, the most specific first; `NO_MATCHES` for none */
  lookup(indicator: Indicator): readonly Match[] | Promise<readonly Match[]>
  /**
   * Reads what it knows again (SIGHUP). Never rejects: a file that cannot be read is logged, and the old knowledge
   * stays.
   */
  reload?(): Promise<void>
  /** The numbers of its files, for the metrics. */
  stats?(): readonly FeedStats[]
  /** Further numbers for the metrics. */
  metrics?(): readonly EnricherMetric[]
  /** Lets go of files, sockets and timers. No look-up comes after it. */
  close?(): void | Promise<void>
}

/** Loads an enricher that was made; one that cannot be loaded is closed. */
export async function loadOrClose<E extends Enricher & { load(): Promise<void>; close(): void }>(
  enricher: E,
): Promise<E> {
  try {
    await enricher.load()
  } catch (error) {
    enricher.close()
    throw error
  }
  return enricher
}

/** The names of the original, so that the correlation rules of its users keep working. */
export const CATEGORIES = {
  hash: 'Tracer_HASH_enricher',
  ip: 'Tracer_IP_enricher',
  url: 'Tracer_URL_enricher',
  email: 'Tracer_EMAIL_enricher',
  text: 'Tracer_TEXT_enricher',
  /** A hit of a mask. */
  mask: 'Tracer_URL_REGEX_enricher',
  /** The url decoder. */
  decoded: 'Tracer_URL_Decoder',
} as const
