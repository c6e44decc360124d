import { type IntervalHistogram, monitorEventLoopDelay } from 'node:perf_hooks'
import { memoryUsage } from 'node:process'
import {
  type Aggregator,
  Histogram,
  type MetricObjectWithValues,
  type MetricValue,
  Registry,
} from 'prom-client'
import { drawCounter, drawGauge } from '../../http/drawn-metrics.ts'
import type { MetricsPage } from '../../http/operator-pages.ts'
import type { EnricherMetric } from '../enricher.ts'
import type { DownloadStats } from '../feeds/download/download.ts'
import type { FeedStats } from '../feeds/feed-stats.ts'
import type { Counters } from './counters.ts'
import { EnricherMetrics } from './enricher-metrics.ts'
import { drawHttp, type HttpTraffic } from './http-metrics.ts'

/** The sources of metrics. */
export interface MetricsSource {
  /** Default: of no server. */
  readonly counters?: Counters
  /** Connections that are served now. */
  readonly connections?: () => number
  /** Default: look-ups over TCP only. */
  readonly http?: HttpTraffic | undefined
  /** Default: no feeds. */
  readonly feeds?: () => readonly FeedStats[]
  /** Numbers that enrichers tell of themselves. Default: none. */
  readonly enrichers?: () => readonly EnricherMetric[]
  /** Default: no feeds over HTTP. */
  readonly downloads?: () => readonly DownloadStats[]
  /** Default: the server is one process. */
  readonly workers?: WorkerCounts
}

/** The workers of a server that is several processes. */
export interface WorkerCounts {
  /** Number of workers that serve now. */
  readonly listening: number
  /** Number of workers that were started for one that had ended. */
  readonly restarts: number
}

/** All metrics of a process at one moment, as data. */
export type MetricsSnapshot = readonly MetricObjectWithValues<MetricValue<string>>[]

/** Bounds from memory (microseconds) to a slow service (seconds). */
const LOOKUP_SECONDS = [
  0.000001, 0.00001, 0.0001, 0.001, 0.005, 0.01, 0.025, 0.05, 0.1, 0.25, 0.5, 1, 2.5, 5, 10,
]
const LAG_RESOLUTION_MS = 10
const NANOSECONDS = 1e9

type Values = Iterable<readonly [labels: Record<string, string>, value: number]>

/**
 * The metrics of one server in the text format of Prometheus, in a registry of their own. They are drawn from bare
 * counters when they are asked for; only the duration of look-ups is observed as it happens.
 */
export class Metrics implements MetricsPage {
  readonly #registry = new Registry()
  readonly #lag: IntervalHistogram
  readonly #enrichers: EnricherMetrics
  /** The snapshot that is being taken is for no page: the lag goes on. */
  #keepsLag = false

  constructor(source: MetricsSource) {
    this.#lag = monitorEventLoopDelay({ resolution: LAG_RESOLUTION_MS })
    this.#lag.enable()
    const { counters, connections = () => 0, workers } = source
    if (counters !== undefined) {
      this.#drawTraffic(counters)
      this.#drawConnections(counters, connections)
      this.#observeLookups(counters)
    }
    if (source.http !== undefined) drawHttp(this.#registry, source.http)
    this.#drawFeeds(source.feeds ?? (() => []))
    this.#enrichers = new EnricherMetrics(this.#registry, source.enrichers ?? (() => []))
    this.#drawDownloads(source.downloads ?? (() => []))
    if (workers !== undefined) this.#drawWorkers(workers)
    this.#gauge(
      'tracer_event_loop_lag_seconds',
      'Lag of the event loop since it was last asked for',
      ['quantile'],
      () => this.#takeLag(),
      'max',
    )
    this.#gauge('tracer_resident_memory_bytes', 'Memory of the process', [], () => [[{}, memoryUsage.rss()]])
  }

  /** The type of what `text` gives. */
  get contentType(): string {
    return this.#registry.contentType
  }

  text(): Promise<string> {
    this.#enrichers.draw()
    return this.#registry.metrics()
  }

  /** @param isPage a page is made of it: the lag of the event loop begins anew */
  async snapshot({ isPage }: { readonly isPage: boolean }): Promise<MetricsSnapshot> {
    this.#enrichers.draw()
    this.#keepsLag = !isPage
    // All are drawn before this waits.
    const drawn = this.#registry.getMetricsAsJSON()
    this.#keepsLag = false
    return drawn
  }

  close(): void {
    this.#lag.disable()
    this.#registry.clear()
  }

  #drawTraffic(counters: Counters): void {
    this.#counter('tracer_requests_total', 'Request lines, empty ones not counted', [], () => [
      [{}, counters.requests],
    ])
    this.#counter('tracer_pings_total', 'Connections that began with a PING', [], () => [
      [{}, counters.pings],
    ])
    this.#counter('tracer_indicators_total', 'Indicators looked up, by type', ['type'], () =>
      labelled('type', Object.entries(counters.indicators)),
    )
    this.#counter(
      'tracer_allowlisted_total',
      'Indicators without a detection because they are on the allowlist, by type',
      ['type'],
      () => labelled('type', Object.entries(counters.allowlisted)),
    )
    this.#counter('tracer_hits_total', 'Detections, by category', ['category'], () =>
      labelled('category', counters.hits),
    )
    this.#counter('tracer_misses_total', 'Indicators without a detection', [], () => [[{}, counters.misses]])
    this.#counter('tracer_enricher_errors_total', 'Look-ups that failed, by enricher', ['enricher'], () =>
      labelled('enricher', counters.enricherErrors),
    )
    this.#counter('tracer_received_bytes_total', 'Bytes received from clients', [], () => [
      [{}, counters.receivedBytes],
    ])
    this.#counter('tracer_sent_bytes_total', 'Bytes sent to clients', [], () => [[{}, counters.sentBytes]])
  }

  #drawConnections(counters: Counters, connections: () => number): void {
    this.#gauge('tracer_connections', 'Connections served now', [], () => [[{}, connections()]])
    this.#counter('tracer_connections_total', 'Connections accepted, refused ones too', [], () => [
      [{}, counters.connections],
    ])
    this.#counter('tracer_connections_refused_total', 'Connections refused, by reason', ['reason'], () =>
      labelled('reason', counters.refused),
    )
    this.#counter('tracer_connections_closed_total', 'Connections that ended, by reason', ['reason'], () =>
      labelled('reason', counters.closed),
    )
  }

  #drawFeeds(feeds: () => readonly FeedStats[]): void {
    const each = (value: (feed: FeedStats) => number) => () =>
      feeds().map((feed) => [{ file: feed.file }, value(feed)] as const)
    const labels = ['file']
    this.#gauge(
      'tracer_feed_records',
      'Records in use',
      labels,
      each((feed) => feed.records),
      'max',
    )
    this.#gauge(
      'tracer_feed_indicators',
      'Keys that can be hit',
      labels,
      each((feed) => feed.indicators),
      'max',
    )
    this.#gauge(
      'tracer_feed_skipped_records',
      'Records without a usable key',
      labels,
      each((feed) => feed.skipped),
      'max',
    )
    this.#gauge(
      'tracer_feed_ignored_records',
      'Records of kinds that cannot be looked up',
      labels,
      each((feed) => feed.ignored ?? 0),
      'max',
    )
    this.#gauge(
      'tracer_feed_age_seconds',
      'Time since the tables in use were read',
      labels,
      each((feed) => (feed.loadedAt === 0 ? 0 : Math.max(0, Date.now() - feed.loadedAt) / 1000)),
      'max',
    )
    this.#gauge(
      'tracer_feed_unusable',
      'Nothing of the feed is served: 1',
      labels,
      each((feed) => (feed.isUnusable === true ? 1 : 0)),
      'max',
    )
    this.#counter(
      'tracer_feed_reloads_total',
      'Reloads, by result',
      ['file', 'result'],
      () =>
        feeds().flatMap(({ file, reloadsOk, reloadsFailed, reloadsRefused = 0 }) => [
          [{ file, result: 'ok' }, reloadsOk] as const,
          [{ file, result: 'failed' }, reloadsFailed] as const,
          [{ file, result: 'refused' }, reloadsRefused] as const,
        ]),
      // Each worker reads the file for itself.
      'max',
    )
  }

  #drawDownloads(downloads: () => readonly DownloadStats[]): void {
    this.#counter('tracer_feed_downloads_total', 'Requests for feeds, by result', ['file', 'result'], () =>
      downloads().flatMap(({ feed, ok, notModified, failed, refused }) => [
        [{ file: feed, result: 'ok' }, ok] as const,
        [{ file: feed, result: 'not-modified' }, notModified] as const,
        [{ file: feed, result: 'failed' }, failed] as const,
        [{ file: feed, result: 'refused' }, refused] as const,
      ]),
    )
    this.#gauge(
      'tracer_feed_checked_age_seconds',
      'Time since the server of a feed said what it is',
      ['file'],
      () =>
        downloads().map(
          ({ feed, checkedAt }) => [{ file: feed }, Math.max(0, Date.now() - checkedAt) / 1000] as const,
        ),
    )
  }

  #drawWorkers(workers: WorkerCounts): void {
    this.#gauge('tracer_workers', 'Processes that serve now', [], () => [[{}, workers.listening]])
    this.#counter('tracer_worker_restarts_total', 'Workers started for one that had ended', [], () => [
      [{}, workers.restarts],
    ])
  }

  #observeLookups(counters: Counters): void {
    const histogram = new Histogram({
      name: 'tracer_enricher_duration_seconds',
      help: 'Duration of look-ups, by enricher; of those answered from memory one in 64 is timed',
      labelNames: ['enricher'],
      buckets: LOOKUP_SECONDS,
      registers: [this.#registry],
    })
    counters.observeLookup = (enricher, seconds) => histogram.observe({ enricher }, seconds)
  }

  #takeLag(): Values {
    const lag = this.#lag
    const values = [
      [{ quantile: '0.5' }, lag.percentile(50)],
      [{ quantile: '0.99' }, lag.percentile(99)],
      [{ quantile: '1' }, lag.max],
    ] as const
    const isEmpty = lag.count === 0
    // It measures the interval of its own timer.
    const resolution = LAG_RESOLUTION_MS / 1000
    const inSeconds = values.map(
      ([labels, ns]) => [labels, isEmpty ? 0 : Math.max(0, ns / NANOSECONDS - resolution)] as const,
    )
    if (!this.#keepsLag) lag.reset()
    return inSeconds
  }

  #counter(...drawn: Drawn): void {
    drawCounter(this.#settings(drawn), drawn[3])
  }

  #gauge(...drawn: Drawn): void {
    drawGauge(this.#settings(drawn), drawn[3])
  }

  #settings([name, help, labelNames, , aggregator = 'sum']: Drawn) {
    return { name, help, labelNames, aggregator, registers: [this.#registry] }
  }
}

/** A metric that is drawn when it is asked for; `aggregator`: the way to add up workers, their sum by default. */
type Drawn = [name: string, help: string, labelNames: string[], values: () => Values, aggregator?: Aggregator]

function labelled(label: string, counts: Iterable<readonly [string, number]>): Values {
  return Array.from(counts, ([key, value]) => [{ [label]: key }, value] as const)
}
