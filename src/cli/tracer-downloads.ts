import { homedir } from 'node:os'
import { join } from 'node:path'
import process from 'node:process'
import { type DownloadStats, FeedDownload } from '../tracer/feeds/download/download.ts'
import { cachedFeedFile, isFeedUrl, parseFeedUrl } from '../tracer/feeds/download/feed-url.ts'
import type { FeedLog } from '../tracer/feeds/feed-log.ts'
import { CommandError, EXIT } from './exit-codes.ts'
import { orUsage, readOptionFile } from './read-file.ts'
import type { SourceArguments } from './tracer-arguments.ts'

/** The options of `tracer serve` for feeds that come over HTTP, as commander names them. */
export interface DownloadArguments {
  readonly feedInterval?: number
  readonly feedCache?: string
  readonly feedCa?: string
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

/** The downloads of all feeds and allowlists that are URLs. One process does it for all. */
export class FeedDownloads {
  readonly #downloads: readonly FeedDownload[]

  /** @throws {CommandError} for what can be found wrong without a request */
  constructor({ feeds, allowlists }: SourceArguments, options: DownloadArguments, log: FeedLog) {
    const uncompiled = feeds.filter(({ isCompiled }) => !isCompiled)
    const urls = new Set([...uncompiled, ...allowlists].map(({ file }) => file).filter(isFeedUrl))
    const ca = options.feedCa === undefined ? undefined : readOptionFile(options.feedCa)
    this.#downloads = [...urls].map((url) =>
      orUsage(
        () =>
          new FeedDownload({
            url,
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
