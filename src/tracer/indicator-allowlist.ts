import { NO_MATCHES } from './enricher.ts'
import { createFeedEnricher, type FeedEnricher, type FeedLog, type FeedStats } from './enrichers/feed.ts'
import type { KeptFiles } from './feeds/download/kept-files.ts'
import type { FeedSpec } from './feeds/load.ts'
import type { WatchTimes } from './feeds/watch.ts'
import type { Indicator } from './protocol.ts'

/** A list of indicators that are known to be harmless: `--allowlist FILE [--key FIELD[:TYPE]]`. */
export interface AllowlistFile extends Omit<FeedSpec, 'category'> {
  /**
   * A warning-list of MISP; with a key any feed; else a text, one indicator a line, with `#` before comments. The file
   * may be packed by gzip.
   */
  readonly file: string
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
 * The indicators that get no detection. They match as the keys of a feed do: `example.com` is that host without a
 * path, `example.com/*` the host with any path, `.example.com` the domain and all below it. Files that change are read
 * again; of one that is broken the old content stays.
 */
export class IndicatorAllowlist {
  readonly #feeds: FeedEnricher

  private constructor(feeds: FeedEnricher) {
    this.#feeds = feeds
  }

  /** @throws FeedError (as a rejection) when a file cannot be loaded */
  static async load({ files, ...options }: IndicatorAllowlistOptions): Promise<IndicatorAllowlist> {
    const feeds = files.map((file) => ({ ...file, text: file.key === undefined ? 'lines' : 'csv' }) as const)
    return new IndicatorAllowlist(await createFeedEnricher({ ...options, feeds }))
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
