import { type EnricherMetric, NO_MATCHES } from './enricher.ts'
import { createFeedEnricher, type FeedEnricher, type FeedLog, type FeedStats } from './enrichers/feed.ts'
import type { KeptFiles } from './feeds/download/kept-files.ts'
import type { FeedLimits } from './feeds/limits.ts'
import type { FeedReading, FeedSpec } from './feeds/load.ts'
import type { WatchTimes } from './feeds/watch.ts'
import type { Indicator } from './protocol.ts'

/** Tells which indicators get no detection. */
interface Allowing {
  has(indicator: Indicator): boolean
}

/** A list of indicators that are known to be harmless: `--allowlist FILE [--key FIELD[:TYPE]]`. */
export interface AllowlistFile extends Omit<FeedSpec, 'category'> {
  /**
   * A feed in any format, packed or not; most are a text, one indicator a line, with `#` before comments.
   */
  readonly file: string
  /** See `FeedOptions.reading`. */
  readonly reading?: FeedReading | undefined
  /** See `FeedOptions.isDownloaded`. */
  readonly isDownloaded?: boolean
}

export interface IndicatorAllowlistOptions {
  readonly files: readonly AllowlistFile[]
  /** Indicators that are on the list beside those of the files. Default: none. It belongs to the caller. */
  readonly also?: Allowing | undefined
  /** Default: none. */
  readonly log?: FeedLog
  /** Reload files that change. Default: true. */
  readonly watch?: boolean
  /** See `FeedEnricherOptions.kept`. */
  readonly kept?: KeptFiles | undefined
  /** See `FeedEnricherOptions.limits`. */
  readonly limits?: FeedLimits | undefined
  /** See `FeedEnricherOptions.mayLack`. */
  readonly mayLack?: boolean | undefined
  /** For tests. */
  readonly watchTimes?: WatchTimes
}

/**
 * The indicators that get no detection. They match as the keys of a feed do: `example.com` is that host with any path,
 * `http://example.com/a` that URL, `.example.com` the domain and all below it. Files that change are read
 * again; of one that is broken the old content stays.
 */
export class IndicatorAllowlist {
  readonly #feeds: FeedEnricher | undefined
  readonly #also: Allowing | undefined

  private constructor(feeds: FeedEnricher | undefined, also: Allowing | undefined) {
    this.#feeds = feeds
    this.#also = also
  }

  /** @throws FeedError (as a rejection) when a file cannot be loaded */
  static async load({ files, also, ...options }: IndicatorAllowlistOptions): Promise<IndicatorAllowlist> {
    const feeds = files.length === 0 ? undefined : await createFeedEnricher({ ...options, feeds: files })
    return new IndicatorAllowlist(feeds, also)
  }

  /** True when the indicator is on the list. */
  has(indicator: Indicator): boolean {
    if (this.#also?.has(indicator) === true) return true
    return this.#feeds !== undefined && this.#feeds.lookup(indicator) !== NO_MATCHES
  }

  /** Reads all files again. Never rejects. */
  async reload(): Promise<void> {
    await this.#feeds?.reload()
  }

  stats(): readonly FeedStats[] {
    return this.#feeds?.stats() ?? []
  }

  metrics(): readonly EnricherMetric[] {
    return this.#feeds?.metrics?.() ?? []
  }

  close(): void {
    this.#feeds?.close()
  }
}
