import { homedir } from 'node:os'
import { join } from 'node:path'
import process from 'node:process'
import type { Compat } from '../tracer/compat.ts'
import { type DownloadStats, FeedDownload } from '../tracer/feeds/download/download.ts'
import { FeedCheck } from '../tracer/feeds/download/feed-check.ts'
import { cachedFeedFile, isFeedUrl, parseFeedUrl, shownFeed } from '../tracer/feeds/download/feed-url.ts'
import type { FeedLog } from '../tracer/feeds/feed-log.ts'
import type { KeyReading } from '../tracer/feeds/keys/indicator-key.ts'
import { FEED_LIMITS, type FeedLimits } from '../tracer/feeds/limits.ts'
import type { FeedReading } from '../tracer/feeds/load.ts'
import { CommandError, EXIT } from './exit-codes.ts'
import { orUsage, readOptionFile } from './read-file.ts'
import type { SourceArguments } from './tracer-arguments.ts'

/** The options of `tracer serve` for feeds that come over HTTP, as commander names them. */
export interface DownloadArguments {
  readonly feedInterval?: number
  readonly feedCache?: string
  readonly feedCa?: string
  readonly hostMatch?: KeyReading['hostMatch']
  readonly refang?: boolean
  /** The server whose ways are followed. */
  readonly compat?: Compat
  readonly minIndicators?: number
  readonly maxShrink?: number
  readonly acceptShrink?: boolean
  /** A feed that cannot be used ends the start. */
  readonly strict?: boolean
}

/** A feed or an allowlist as it is loaded: of a URL, the copy. */
type LocalFile<Argument> = Argument & { readonly name?: string; readonly isDownloaded?: boolean }

/**
 * The files that are loaded: those of URLs are in the cache directory. It needs no download; a process that only
 * watches the files calls this alone.
 *
 * @throws {CommandError} for a URL that is not valid
 */
export function localFiles<Argument extends { readonly file: string }>(
  files: readonly Argument[],
  options: DownloadArguments,
): LocalFile<Argument>[] {
  return files.map((argument) => {
    if (!isFeedUrl(argument.file)) return argument
    const url = orUsage(() => parseFeedUrl(argument.file))
    return {
      ...argument,
      file: cachedFeedFile(cacheDirectory(options), url),
      name: url.name,
      isDownloaded: true,
    }
  })
}

/** The limits of new versions of feeds. */
export function limitsOf({ minIndicators, maxShrink }: DownloadArguments): FeedLimits {
  return {
    minIndicators: minIndicators ?? FEED_LIMITS.minIndicators,
    maxShrinkPercent: maxShrink ?? FEED_LIMITS.maxShrinkPercent,
  }
}

/** A feed with the way to read it: what was given behind it, and what holds for all. */
export function withReading<Feed extends { readonly reading?: FeedReading }>(
  feed: Feed,
  { hostMatch, refang }: Pick<DownloadArguments, 'hostMatch' | 'refang'>,
): Feed {
  return { ...feed, reading: { ...feed.reading, hostMatch, refang } }
}

/** A feed with contexts as another server writes them, where that is asked for. Allowlists have none. */
export function withCompat<Feed extends { readonly reading?: FeedReading }>(
  feed: Feed,
  { compat }: Pick<DownloadArguments, 'compat'>,
): Feed {
  return compat === undefined ? feed : { ...feed, reading: { ...feed.reading, compat } }
}

/** The downloads of all feeds and allowlists that are URLs. One process does it for all. */
export class FeedDownloads {
  readonly #downloads: readonly FeedDownload[]

  /** @throws {CommandError} for what can be found wrong without a request */
  constructor({ feeds, allowlists }: SourceArguments, options: DownloadArguments, log: FeedLog) {
    const uncompiled = feeds.filter(({ isCompiled }) => !isCompiled)
    const files = [...uncompiled, ...allowlists].filter(({ file }) => isFeedUrl(file))
    const urls = new Set(files.map(({ file }) => file))
    const { acceptShrink, strict = false } = options
    const ca = options.feedCa === undefined ? undefined : readOptionFile(options.feedCa)
    this.#downloads = [...urls].map((url) =>
      orUsage(
        () =>
          new FeedDownload({
            url,
            check: new FeedCheck(
              shownFeed(url),
              files
                .filter(({ file }) => file === url)
                .map((feed) => {
                  const { key, type, reading } = withCompat(withReading(feed, options), options)
                  return { specs: [{ key, type }], reading }
                }),
            ),
            limits: limitsOf(options),
            acceptsShrink: acceptShrink,
            mayLack: !strict,
            directory: cacheDirectory(options),
            intervalMs: options.feedInterval,
            ca,
            log,
          }),
      ),
    )
  }

  /**
   * Resolves when all feeds are there, or not waited for any longer.
   *
   * @throws {CommandError} for a feed that cannot be downloaded, and of which there is no copy
   */
  async start(): Promise<void> {
    try {
      await Promise.all(this.#downloads.map((download) => download.start()))
    } catch (error) {
      this.close()
      throw new CommandError(EXIT.USAGE, `tracer: ${(error as Error).message}`, { cause: error })
    }
  }

  /** Asks all servers now. Never rejects. */
  async refresh(): Promise<void> {
    await Promise.all(this.#downloads.map((download) => download.refresh()))
  }

  stats(): DownloadStats[] {
    return this.#downloads.map(({ stats }) => stats)
  }

  close(): void {
    for (const download of this.#downloads) download.close()
  }
}

/**
 * The directory of the copies of feeds, and of the indicators that are added while a server runs. Not in the directory for
 * temporary files: there anybody could put a feed before us.
 */
export function cacheDirectory({ feedCache }: Pick<DownloadArguments, 'feedCache'>): string {
  if (feedCache !== undefined) return feedCache
  const { XDG_CACHE_HOME, LOCALAPPDATA } = process.env
  const base = XDG_CACHE_HOME || (process.platform === 'win32' && LOCALAPPDATA) || join(homedir(), '.cache')
  return join(base, 'sluice', 'feeds')
}
