import { stat } from 'node:fs/promises'
import { resolve } from 'node:path'
import { type Compat, queryAsWritten } from '../compat.ts'
import {
  CATEGORIES,
  type Enricher,
  type EnricherMetric,
  loadOrClose,
  type Match,
  NO_MATCHES,
} from '../enricher.ts'
import { openCompiledFeed } from '../feeds/compiled/on-demand.ts'
import type { KeptFiles } from '../feeds/download/kept-files.ts'
import { FeedDirectory } from '../feeds/feed-directory.ts'
import { FeedFile } from '../feeds/feed-file.ts'
import { type FeedLog, NO_LOG } from '../feeds/feed-log.ts'
import type { FeedStats } from '../feeds/feed-stats.ts'
import type { FeedLimits } from '../feeds/limits.ts'
import type { FeedReading, FeedSpec } from '../feeds/load.ts'
import { type IndicatorTable, type Query, queryOf } from '../feeds/tables/table.ts'
import { FeedWatcher, type Watched, type WatchTimes } from '../feeds/watch.ts'
import type { Indicator } from '../protocol.ts'

export { FeedError, type FeedErrorCode } from '../feeds/feed-error.ts'
export type { FeedLog } from '../feeds/feed-log.ts'
export type { FeedStats } from '../feeds/feed-stats.ts'
export { type FeedKey, parseFeedKey } from '../feeds/keys/key-path.ts'
export type { FeedReading, FeedSpec } from '../feeds/load.ts'

/** A key of a feed file: `--feed FILE --key FIELD[:TYPE] [--category C]`. */
export interface FeedOptions extends FeedSpec {
  /** A feed in any format, packed or not; a directory stands for all that are in it, see `FeedDirectory`. */
  readonly file: string
  /** Its name in logs, metrics and errors. Default: its path. Not for directories. */
  readonly name?: string
  /** The way to read it, where its content does not say it, and how its keys are meant. */
  readonly reading?: FeedReading | undefined
  /** It is the copy of a feed that is being downloaded, and need not be there yet. Default: false. */
  readonly isDownloaded?: boolean
}

/** A compiled feed: `--load FILE`. Its keys and its category are in it. */
export interface CompiledFeedOptions {
  /** A file that `compileFeeds` made. To replace it, rename another one over it. */
  readonly compiled: string
}

export interface FeedEnricherOptions {
  /** The feeds, in the order in which they answer. A file that is there several times is read once. */
  readonly feeds: readonly (FeedOptions | CompiledFeedOptions)[]
  /** Loads, reloads and failures. Default: none. */
  readonly log?: FeedLog
  /** Reload files that change. Default: true. */
  readonly watch?: boolean
  /** The files that several processes keep for each other, in one of them. Default: nothing. */
  readonly kept?: KeptFiles | undefined
  /** The limits of versions of files: one beyond them is refused, and the one before it stays. Default: none. */
  readonly limits?: FeedLimits | undefined
  /** A feed that cannot be used at the start is logged and counted, and read when it is good. Default: it is an error. */
  readonly mayLack?: boolean | undefined
  /** Keys are found as they are written before anything else, as that server does; see `ExtractorReading`. Default: no. */
  readonly compat?: Compat | undefined
  /** For tests. */
  readonly watchTimes?: WatchTimes
}

/** Answers from feed files that are in memory, and from compiled ones. */
export interface FeedEnricher extends Enricher {
  lookup(indicator: Indicator): readonly Match[]
  /** Reads all files again. Never rejects: of a file that cannot be read, the old table stays. */
  reload(): Promise<void>
  /** One element for each file. */
  stats(): readonly FeedStats[]
  /** Ends watching, and a loading that runs. */
  close(): void
}

/**
 * Loads feeds and answers from them.
 *
 * @throws FeedError (as a rejection) when a file cannot be loaded
 */
export async function createFeedEnricher(options: FeedEnricherOptions): Promise<FeedEnricher> {
  return loadOrClose(new FileEnricher(options))
}

/** A file or a directory, and the feeds of the options that it is. */
interface Source {
  /** The options of a compiled feed; then there are no specs. */
  readonly compiled?: string
  readonly specs: FeedOptions[]
  /** The files; there when it is known if the source is a directory. */
  feed: FeedFile | FeedDirectory | undefined
}

class FileEnricher implements FeedEnricher {
  readonly name = 'feeds'
  readonly #sources: readonly Source[]
  /** The source of each feed of the options, and the numbers of the source's tables that are its own; undefined for all. */
  readonly #places: readonly { readonly source: Source; readonly table: number | undefined }[]
  readonly #log: FeedLog
  readonly #watchTimes: WatchTimes | undefined
  readonly #kept: KeptFiles | undefined
  readonly #limits: FeedLimits | undefined
  readonly #mayLack: boolean | undefined
  readonly #isAsWritten: boolean
  readonly #abort = new AbortController()
  #tables: readonly IndicatorTable[] = []
  #watcher: FeedWatcher | undefined

  constructor(options: FeedEnricherOptions) {
    const { feeds, log = NO_LOG, watch = true, watchTimes = {}, kept, limits, mayLack, compat } = options
    this.#isAsWritten = compat !== undefined
    this.#kept = kept
    this.#limits = limits
    this.#mayLack = mayLack
    this.#log = log
    this.#watchTimes = watch ? watchTimes : undefined
    const sources = new Map<string, Source>()
    this.#places = feeds.map((feed) => {
      if ('compiled' in feed) {
        const { compiled } = feed
        const name = `compiled ${resolve(compiled)}`
        const source = sources.get(name) ?? { compiled, specs: [], feed: undefined }
        sources.set(name, source)
        return { source, table: undefined }
      }
      const path = resolve(feed.file)
      const source = sources.get(path) ?? { specs: [], feed: undefined }
      sources.set(path, source)
      return { source, table: source.specs.push(feed) - 1 }
    })
    this.#sources = [...sources.values()]
  }

  /** One file after another: two at a time would only take the memory of both. */
  async load(): Promise<void> {
    for (const source of this.#sources) {
      source.feed = await this.#open(source)
      await source.feed.load()
    }
    this.#swap()
    if (this.#watchTimes !== undefined)
      this.#watcher = new FeedWatcher(() => this.#watched(), this.#log, this.#watchTimes)
  }

  lookup(indicator: Indicator): readonly Match[] {
    const query = queryOf(indicator)
    try {
      if (this.#isAsWritten) {
        const match = this.#findAsWritten(indicator)
        if (match !== undefined) return [match]
      }
      if (query === undefined) return NO_MATCHES
      let matches: Match[] | undefined
      for (const table of this.#tables) matches = table.find(query, matches)
      return matches ?? NO_MATCHES
    } catch {
      return query === undefined ? NO_MATCHES : this.#lookupInEach(query)
    }
  }

  /** The record whose key is written as the value; of several feeds the last one's, as in one dict of all. */
  #findAsWritten({ type, value }: Indicator): Match | undefined {
    if (type === 'email' || type === 'text') return undefined
    const query = queryAsWritten(value)
    for (let i = this.#tables.length - 1; i >= 0; i--) {
      const match = this.#tables[i]!.find(query, undefined)?.[0]
      if (match === undefined) continue
      return match.category === CATEGORIES.text ? { ...match, category: CATEGORIES[type] } : match
    }
    return undefined
  }

  /**
   * The look-up once more, after a table has failed: the others answer, and the file of that one is told.
   *
   * @throws the error of a table in memory: it is no fault of a file
   */
  #lookupInEach(query: Query): readonly Match[] {
    let matches: Match[] | undefined
    const failed = new Map<FeedFile, Error>()
    for (const table of this.#tables) {
      const before = matches?.length ?? 0
      try {
        matches = table.find(query, matches)
      } catch (error) {
        if (matches !== undefined) matches.length = before
        const file = this.#sources
          .flatMap(({ feed }) => filesOf(feed))
          .find(({ tables }) => tables.includes(table))
        if (file === undefined) throw error
        failed.set(file, error as Error)
      }
    }
    // Not before the end: a file that is given up is closed, and may have further tables.
    for (const [file, error] of failed) if (!file.onLookupError(error)) throw error
    return matches ?? NO_MATCHES
  }

  async reload(): Promise<void> {
    for (const { feed } of this.#sources) await feed?.reload()
  }

  stats(): readonly FeedStats[] {
    return this.#sources.flatMap(({ feed }) => {
      const files = filesOf(feed).map(({ stats }) => stats)
      return feed instanceof FeedDirectory && feed.isUnreadable ? [...files, nothingOf(feed)] : files
    })
  }

  metrics(): readonly EnricherMetric[] {
    return this.#sources.flatMap(({ feed }) => {
      if (feed === undefined || feed.timesGone === 0) return []
      return {
        name: 'tracer_feed_gone_total',
        help: 'Files and directories that were gone while they were served',
        type: 'counter' as const,
        labels: { file: feed.file },
        value: feed.timesGone,
        // Each worker sees it for itself.
        aggregator: 'max' as const,
      }
    })
  }

  close(): void {
    this.#abort.abort()
    this.#watcher?.close()
    for (const { feed } of this.#sources) for (const file of filesOf(feed)) file.close()
    this.#swap()
  }

  async #open({ compiled, specs }: Source): Promise<FeedFile | FeedDirectory> {
    const context = {
      log: this.#log,
      signal: this.#abort.signal,
      onLoad: () => this.#swap(),
      kept: this.#kept,
      limits: this.#limits,
      mayLack: this.#mayLack,
      retryMs: this.#watchTimes?.retryMs,
    }
    if (compiled !== undefined) {
      return new FeedFile(compiled, [], context, {
        load: (path, signal, checkedVersion) => openCompiledFeed(path, signal, { checkedVersion }),
      })
    }
    const { file, name, reading, isDownloaded } = specs[0]!
    const stats = await stat(file).catch(() => undefined)
    if (stats?.isDirectory() === true) return new FeedDirectory(file, specs, context, reading)
    return new FeedFile(file, specs, context, { name, reading, isDownloaded })
  }

  #watched(): Watched[] {
    return this.#sources.flatMap<Watched>(({ feed }) =>
      feed instanceof FeedDirectory ? [feed, ...feed.files] : filesOf(feed),
    )
  }

  /** A look-up is synchronous: it sees all tables of before or all of after. */
  #swap(): void {
    this.#tables = this.#places.flatMap(({ source, table }) =>
      filesOf(source.feed).flatMap(({ tables }) => (table === undefined ? tables : (tables[table] ?? []))),
    )
  }
}

/** The numbers of a directory that cannot be listed. */
function nothingOf({ file }: FeedDirectory): FeedStats {
  const none = { records: 0, indicators: 0, skipped: 0, loadedAt: 0, reloadsOk: 0, reloadsFailed: 0 }
  return { file, ...none, isUnusable: true }
}

function filesOf(feed: FeedFile | FeedDirectory | undefined): readonly FeedFile[] {
  if (feed === undefined) return []
  return feed instanceof FeedDirectory ? feed.files : [feed]
}
