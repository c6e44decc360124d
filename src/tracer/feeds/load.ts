import { closeNames } from './close-names.ts'
import { FeedError } from './feed-error.ts'
import { type IndicatorKey, readIndicatorKey } from './indicator-key.ts'
import { type FeedKey, KeyPath } from './key-path.ts'
import { Pace } from './pace.ts'
import { type FeedHandlers, type OwnIndicator, type ReadOptions, readFeed } from './read.ts'
import { type FeedRecord, type FeedValue, isList, recordContext } from './record.ts'
import { type FeedTable, FeedTableBuilder } from './table.ts'
import { TextStore } from './text-store.ts'

/** What of a feed is looked up, and what its hits are called. */
export interface FeedSpec extends Partial<FeedKey> {
  /** Not needed when the file is of a format that says itself what is looked up; there only the type counts. */
  readonly key?: string
  /** Default: the category of the original for each kind of hit. */
  readonly category?: string
}

/** The tables of a feed file, one for each key. */
export interface LoadedFeed {
  readonly tables: readonly FeedTable[]
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
  /** See `fileVersion`. */
  readonly version: string
}

const MAX_SKIPPED_PLACES = 5
/** To say which names a key may mean, the names of so many records are remembered. */
const NAMED_RECORDS = 1000
const MAX_NAMES = 1000
const MAX_NAME_DEPTH = 6
const SHOWN_NAMES = 10

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
  options: ReadOptions = {},
): Promise<LoadedFeed> {
  const name = options.name ?? file
  const loader = new FeedLoader(name, specs)
  const pace = new Pace(signal)
  try {
    const version = await readFeed(file, loader, pace, options)
    return await loader.finish(version, pace)
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

/** One key of the feed while it is read. */
interface KeyReader {
  readonly spec: FeedSpec
  readonly path: KeyPath | undefined
  readonly builder: FeedTableBuilder
  /** Some record has the key, usable or not. */
  isThere: boolean
}

class FeedLoader implements FeedHandlers {
  readonly #file: string
  readonly #store = new TextStore()
  readonly #keys: readonly KeyReader[]
  #records = 0
  #skipped = 0
  #ignored = 0
  readonly #skippedPlaces: string[] = []
  readonly #names = new Set<string>()

  constructor(file: string, specs: readonly FeedSpec[]) {
    this.#file = file
    this.#keys = specs.map((spec) => ({
      spec,
      path: spec.key === undefined ? undefined : new KeyPath(spec.key),
      builder: new FeedTableBuilder(this.#store, spec.category),
      isThere: false,
    }))
  }

  onColumns(columns: readonly string[]): void {
    for (const column of columns) this.#names.add(column)
    for (const key of this.#keys) {
      if (key.spec.key === undefined) throw this.#keyNeeded()
      if (!columns.includes(key.spec.key)) throw this.#keyMissing(key.spec.key, 'column')
      key.isThere = true
    }
  }

  onRecord(record: FeedRecord, ordinal: number, own?: readonly OwnIndicator[]): void {
    if (ordinal <= NAMED_RECORDS && !this.#keys.every(({ isThere }) => isThere))
      collectNames(record, this.#names)
    if (own !== undefined) {
      this.#addOwn(record, ordinal, own)
      return
    }
    // The context is stored when the first key needs it.
    let context = 0
    let unusable: string | undefined
    const values: string[] = []
    for (const key of this.#keys) {
      if (key.path === undefined) throw this.#keyNeeded()
      values.length = 0
      if (key.path.collect(record, values)) key.isThere = true
      for (const value of values) {
        const indicator = readIndicatorKey(value, key.spec.type)
        if (indicator === undefined) {
          unusable = value
          continue
        }
        if (context === 0) context = this.#store.put(recordContext(record))
        key.builder.add(indicator, context)
      }
    }
    this.#count(context !== 0, ordinal, unusable)
  }

  /** A record that says itself what it is looked up by. Of a key of the feed only the type counts. */
  #addOwn(record: FeedRecord, ordinal: number, own: readonly OwnIndicator[]): void {
    let context = 0
    let unusable: string | undefined
    for (const { value, type } of own) {
      const indicator = readIndicatorKey(value, type)
      if (indicator === undefined) unusable = value
      for (const key of this.#keys) {
        key.isThere = true
        if (indicator === undefined || !isOfType(indicator, key.spec.type)) continue
        if (context === 0) context = this.#store.put(recordContext(record))
        key.builder.add(indicator, context)
      }
    }
    if (context === 0 && unusable === undefined) this.onIgnored()
    else this.#count(context !== 0, ordinal, unusable)
  }

  #count(isUsed: boolean, ordinal: number, unusable: string | undefined): void {
    if (isUsed) {
      this.#records += 1
      return
    }
    const reason =
      unusable === undefined ? 'no key' : `unusable key ${JSON.stringify(unusable.slice(0, 100))}`
    this.onSkipped(`record ${ordinal}`, reason)
  }

  onIgnored(): void {
    this.#ignored += 1
    for (const key of this.#keys) key.isThere = true
  }

  onSkipped(place: string, reason: string): void {
    this.#skipped += 1
    if (this.#skippedPlaces.length < MAX_SKIPPED_PLACES) this.#skippedPlaces.push(`${place}: ${reason}`)
  }

  async finish(version: string, pace: Pace): Promise<LoadedFeed> {
    const missing = this.#keys.find(({ isThere }) => !isThere)
    if (missing?.spec.key !== undefined && this.#records + this.#skipped > 0) {
      throw this.#keyMissing(missing.spec.key, 'field')
    }
    if (this.#records === 0 && this.#skipped > 0) {
      const places = this.#skippedPlaces.join('; ')
      throw new FeedError(
        'FEED_INVALID',
        this.#file,
        `none of its ${this.#skipped} records can be used (${places})`,
      )
    }
    const tables: FeedTable[] = []
    for (const { builder } of this.#keys) tables.push(await builder.finish(pace))
    return {
      tables,
      records: this.#records,
      indicators: tables.reduce((sum, { size }) => sum + size, 0),
      skipped: this.#skipped,
      ignored: this.#ignored,
      skippedPlaces: this.#skippedPlaces,
      version,
    }
  }

  #keyNeeded(): FeedError {
    const names = [...this.#names].slice(0, SHOWN_NAMES).join(', ')
    return new FeedError(
      'FEED_KEY_NEEDED',
      this.#file,
      `needs a --key: the field to look up by; there is ${names || 'none'}`,
    )
  }

  #keyMissing(key: string, what: 'column' | 'field'): FeedError {
    const close = closeNames(key, this.#names)
    const names = [...this.#names]
    const shown = names.slice(0, SHOWN_NAMES).join(', ') + (names.length > SHOWN_NAMES ? ', ...' : '')
    const advice =
      close.length > 0
        ? `did you mean ${close.map((name) => JSON.stringify(name)).join(' or ')}?`
        : `there is ${shown || 'none'}`
    return new FeedError('FEED_KEY_MISSING', this.#file, `has no ${what} ${JSON.stringify(key)}; ${advice}`)
  }
}

function isOfType({ kind }: IndicatorKey, type: FeedSpec['type']): boolean {
  return type === undefined || (kind === 'mask' ? 'url' : kind) === type
}

/** Adds the paths of all scalars of a record, as a key would name them. */
function collectNames(record: FeedRecord, names: Set<string>): void {
  const visit = (value: FeedValue, path: string, depth: number): void => {
    if (names.size >= MAX_NAMES || depth > MAX_NAME_DEPTH) return
    if (typeof value !== 'object' || value === null) {
      names.add(path)
    } else if (isList(value)) {
      for (const element of value) visit(element, path, depth + 1)
    } else {
      for (const [name, member] of value) visit(member, path === '' ? name : `${path}/${name}`, depth + 1)
    }
  }
  visit(record, '', 0)
}
