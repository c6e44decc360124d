import { FeedError } from './feed-error.ts'
import { type ExtractorReading, IndicatorExtractor, type SkipReason } from './indicator-extractor.ts'
import type { IndicatorKey } from './keys/indicator-key.ts'
import type { FeedKey } from './keys/key-path.ts'
import { Pace } from './pace.ts'
import { type ReadOptions, readFeed } from './read.ts'
import { FeedTableBuilder, type IndicatorTable } from './tables/table.ts'
import { TextStore } from './tables/text-store.ts'

/** The field of a feed that is looked up, and the category of its hits. */
export interface FeedSpec extends Partial<FeedKey> {
  /**
   * The field, which is not needed when the format of the file says itself what is looked up; there only the type
   * counts.
   */
  readonly key?: string
  /** Default: the category of the original for each kind of hit. */
  readonly category?: string
}

/** The way to read a feed: what its content does not say, and how its keys are meant. */
export interface FeedReading extends Omit<ReadOptions, 'name'>, ExtractorReading {}

/** The tables of a feed file, one for each key. */
export interface LoadedFeed {
  readonly tables: readonly IndicatorTable[]
  /** Records that can be hit by at least one key. */
  readonly records: number
  /** Keys in all tables. */
  readonly indicators: number
  /** Rows that are no records, and records without a usable key. */
  readonly skipped: number
  /** Records of kinds that cannot be looked up. */
  readonly ignored: number
  /** The first places that were skipped, and why. */
  readonly skippedPlaces: readonly string[]
  /** The reasons, with counts and the first places of each. Default: not told. */
  readonly skipReasons?: readonly SkipReason[]
  /** Contexts of which fields were left out. Default: 0. */
  readonly truncated?: number
  /** See `fileVersion`. */
  readonly version: string
  /** Lets go of what the tables hold outside of memory. No look-up comes after it. */
  close?(): void
  /**
   * The check of the file while the tables are in use already: resolves with the fault of the file, or with undefined.
   * Never rejects.
   */
  readonly checked?: Promise<FeedError | undefined>
}

/**
 * Reads a feed file once and makes a table for each key. The contexts are shared between the tables.
 *
 * @param signal stops the reading; the promise rejects with its reason
 * @throws FeedError; then there is no table at all
 */
export async function loadFeed(
  file: string,
  specs: readonly FeedSpec[],
  signal?: AbortSignal,
  options: FeedReading & Pick<ReadOptions, 'name'> = {},
): Promise<LoadedFeed> {
  const name = options.name ?? file
  const pace = new Pace(signal)
  const store = new TextStore()
  const builders = specs.map(({ category }) => new FeedTableBuilder(store, category))
  const sink = {
    putContext: (context: string) => store.put(context),
    add: (keyNumber: number, key: IndicatorKey, context: number) => builders[keyNumber]!.add(key, context),
  }
  const reader = new IndicatorExtractor(name, specs, sink, options)
  try {
    const version = await readFeed(file, reader, pace, options)
    reader.finish()
    const tables: IndicatorTable[] = []
    for (const builder of builders) tables.push(await builder.finish(pace))
    return {
      tables,
      records: reader.records,
      indicators: tables.reduce((sum, { size }) => sum + size, 0),
      skipped: reader.skipped,
      ignored: reader.ignored,
      skippedPlaces: reader.skippedPlaces,
      skipReasons: reader.skipReasons,
      truncated: reader.truncated,
      version,
    }
  } catch (error) {
    // The texts, or a collection that holds the keys, are at the end of what there can be.
    if (!(error instanceof RangeError)) throw error
    throw new FeedError(
      'FEED_TOO_LARGE',
      name,
      `does not fit into memory (${error.message}); split it`,
      error,
    )
  }
}
