import { resolve } from 'node:path'
import { type Enricher, type Match, NO_MATCHES } from '../enricher.ts'
import { FeedFile, type FeedStats } from '../feeds/feed-file.ts'
import { type FeedLog, NO_LOG } from '../feeds/feed-log.ts'
import type { FeedSpec } from '../feeds/load.ts'
import { type FeedTable, queryOf } from '../feeds/table.ts'
import { FeedWatcher, type WatchTimes } from '../feeds/watch.ts'
import type { Indicator } from '../protocol.ts'

export { FeedError, type FeedErrorCode } from '../feeds/feed-error.ts'
export type { FeedStats } from '../feeds/feed-file.ts'
export type { FeedLog } from '../feeds/feed-log.ts'
export { type FeedKey, parseFeedKey } from '../feeds/key-path.ts'
export type { FeedSpec } from '../feeds/load.ts'

/** A key of a feed file: `--feed FILE --key FIELD[:TYPE] [--category C]`. */
export interface FeedOptions extends FeedSpec {
  /** CSV or JSON, plain or gzip. */
  readonly file: string
}

export interface FeedEnricherOptions {
  /** In the order in which they answer. A file that is there several times is read once. */
  readonly feeds: readonly FeedOptions[]
  /** Loads, reloads and failures. Default: none. */
  readonly log?: FeedLog
  /** Reload files that change. Default: true. */
  readonly watch?: boolean
  /** For tests. */
  readonly watchTimes?: WatchTimes
}

/** Answers from feed files that are in memory. */
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
  const enricher = new FileEnricher(options)
  try {
    await enricher.load()
  } catch (error) {
    enricher.close()
    throw error
  }
  return enricher
}

class FileEnricher implements FeedEnricher {
  readonly name = 'feeds'
  readonly #files: readonly FeedFile[]
  /** For each feed of the options: its file, and which of the file's tables is its own. */
  readonly #places: readonly { readonly file: FeedFile; readonly table: number }[]
  readonly #log: FeedLog
  readonly #watchTimes: WatchTimes | undefined
  readonly #abort = new AbortController()
  #tables: readonly FeedTable[] = []
  #watcher: FeedWatcher | undefined

  constructor({ feeds, log = NO_LOG, watch = true, watchTimes = {} }: FeedEnricherOptions) {
    this.#log = log
    this.#watchTimes = watch ? watchTimes : undefined
    const specsByPath = new Map<string, FeedOptions[]>()
    const slots = feeds.map((feed) => {
      const path = resolve(feed.file)
      const specs = specsByPath.get(path) ?? []
      specsByPath.set(path, specs)
      return { path, table: specs.push(feed) - 1 }
    })
    const onLoad = () => this.#swap()
    const signal = this.#abort.signal
    const files = new Map<string, FeedFile>()
    for (const [path, specs] of specsByPath) {
      files.set(path, new FeedFile(specs[0]!.file, specs, { log, signal, onLoad }))
    }
    this.#files = [...files.values()]
    this.#places = slots.map(({ path, table }) => ({ file: files.get(path)!, table }))
  }

  /** One file after another: two at a time would only take the memory of both. */
  async load(): Promise<void> {
    for (const file of this.#files) await file.load()
    if (this.#watchTimes !== undefined)
      this.#watcher = new FeedWatcher(this.#files, this.#log, this.#watchTimes)
  }

  lookup(indicator: Indicator): readonly Match[] {
    const query = queryOf(indicator)
    if (query === undefined) return NO_MATCHES
    let matches: Match[] | undefined
    for (const table of this.#tables) matches = table.find(query, matches)
    return matches ?? NO_MATCHES
  }

  async reload(): Promise<void> {
    for (const file of this.#files) await file.reload()
  }

  stats(): readonly FeedStats[] {
    return this.#files.map(({ stats }) => stats)
  }

  close(): void {
    this.#abort.abort()
    this.#watcher?.close()
  }

  /** A look-up is synchronous: it sees all tables of before or all of after. */
  #swap(): void {
    this.#tables = this.#places.flatMap(({ file, table }) => file.tables[table] ?? [])
  }
}
