import { NO_MATCHES } from './enricher.ts'
import { createFeedEnricher, type FeedEnricher, type FeedLog, type FeedStats } from './enrichers/feed.ts'
import type { KeptFiles } from './feeds/download/kept-files.ts'
import type { FeedReading, FeedSpec } from './feeds/load.ts'
import type { WatchTimes } from './feeds/watch.ts'
import type { Indicator } from './protocol.ts'

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
  /** Default: none. */
  readonly log?: FeedLog
  /** Reload files that change. Default: true. */
  readonly watch?: boolean
  /** See `FeedEnricherOptions.kept`. */
  readonly kept?: KeptFiles | undefined
  /** For tests. */
  readonly watchTimes?: WatchTimes
}

/**
 * The indicators that get no detection. They match as the keys of a feed do: `example.com` is that host with any path,
 * `http://example.com/a` that URL, `.example.com` the domain and all below it. Files that change are read
 * again; of one that is broken the old content stays.
 */
export class IndicatorAllowlist {
  readonly #feeds: FeedEnricher

  private constructor(feeds: FeedEnricher) {
    this.#feeds = feeds
  }

  /** @throws FeedError (as a rejection) when a file cannot be loaded */
  static async load({ files, ...options }: IndicatorAllowlistOptions): Promise<IndicatorAllowlist> {
    return new IndicatorAllowlist(await createFeedEnricher({ ...options, feeds: files }))
  }

  /** True when the indicator is on the list. */
  has(indicator: Indicator): boolean {
    return this.#feeds.lookup(indicator) !== NO_MATCHES
  }

  /** Reads all files again. Never rejects. */
  reload(): Promise<void> {
    return this.#feeds.reload()
  }

  stats(): readonly FeedStats[] {
    return this.#feeds.stats()
  }

  close(): void {
    this.#feeds.close()
  }
}
