import { basename } from 'node:path'
import { type Enricher, type EnricherMetric, loadOrClose, type Match, NO_MATCHES } from '../../enricher.ts'
import type { KeptFiles } from '../../feeds/download/kept-files.ts'
import { type FeedLog, NO_LOG } from '../../feeds/feed-log.ts'
import { formatAddress, parseOddAddress } from '../../feeds/keys/ip.ts'
import { FeedWatcher, type WatchTimes } from '../../feeds/watch.ts'
import { type Indicator, wireText } from '../../protocol.ts'
import { recordContext } from './context.ts'
import { MmdbFile, type MmdbReader } from './database-file.ts'

export { MmdbError } from './database-file.ts'

/** A database of addresses in MaxMind's format: GeoLite2, GeoIP2, DB-IP and their like. */
export interface MmdbOptions {
  /** The `.mmdb` file. It is read into memory. */
  readonly file: string
  /** The category of the detections. Default: by the type of the database, see `MMDB_CATEGORIES`. */
  readonly category?: string
  /** The language of the names of places. Default `en`; a place without a name in it has the English one. */
  readonly language?: string
  /** Loads, reloads and failures. Default: none. */
  readonly log?: FeedLog
  /** Reload the file when it changes. Default: true. */
  readonly watch?: boolean
  /** The files that several processes keep for each other, in one of them. Default: nothing. */
  readonly kept?: KeptFiles | undefined
  /** For tests. */
  readonly watchTimes?: WatchTimes
}

/** The categories of detections from databases of autonomous systems and providers, and from all others. */
export const MMDB_CATEGORIES = {
  network: 'Tracer_ASN_enricher',
  place: 'Tracer_GeoIP_enricher',
} as const

const NETWORK_TYPE = /(?:ASN|ISP|Domain|Connection-Type)/i

/**
 * Opens a database.
 *
 * @throws MmdbError (as a rejection) when it is not there or cannot be used
 */
export async function createMmdbEnricher(options: MmdbOptions): Promise<MmdbEnricher> {
  return loadOrClose(new MmdbEnricher(options))
}

/** Tells of each address what a database knows of its network. Made by `createMmdbEnricher`. */
export class MmdbEnricher implements Enricher {
  /** The name of its file. */
  readonly name: string
  readonly #file: MmdbFile
  readonly #category: string | undefined
  readonly #language: string
  readonly #log: FeedLog
  readonly #watchTimes: WatchTimes | undefined
  readonly #abort = new AbortController()
  /** The detection of each record that the reader keeps; they go with the record. */
  readonly #matches = new WeakMap<object, readonly Match[]>()
  #watcher: FeedWatcher | undefined

  constructor(options: MmdbOptions) {
    const { file, category, language = 'en', log = NO_LOG, watch = true, watchTimes = {}, kept } = options
    this.name = basename(file)
    this.#file = new MmdbFile(file, log, this.#abort.signal, kept, watchTimes.retryMs)
    this.#category = category === undefined ? undefined : wireText(category)
    this.#language = language
    this.#log = log
    this.#watchTimes = watch ? watchTimes : undefined
  }

  /** Reads the file, and looks after it from then on. @throws MmdbError */
  async load(): Promise<void> {
    await this.#file.load()
    if (this.#watchTimes !== undefined)
      this.#watcher = new FeedWatcher(() => [this.#file], this.#log, this.#watchTimes)
  }

  /** @throws an error when the file is damaged at the place of this address */
  lookup({ type, value }: Indicator): readonly Match[] {
    if (type !== 'ip') return NO_MATCHES
    const address = parseOddAddress(value.trim())
    if (address === undefined) return NO_MATCHES
    const { reader } = this.#file
    // A tree of IPv4 has no place for the others.
    if (typeof address === 'string' && reader.metadata.ipVersion === 4) return NO_MATCHES
    const record: unknown = reader.get(formatAddress(address))
    if (record === null || record === undefined) return NO_MATCHES
    if (typeof record !== 'object') return [this.#match(record, reader)]
    let matches = this.#matches.get(record)
    if (matches === undefined) {
      matches = [this.#match(record, reader)]
      this.#matches.set(record, matches)
    }
    return matches
  }

  reload(): Promise<void> {
    return this.#file.refresh()
  }

  metrics(): readonly EnricherMetric[] {
    const { loadedAt, reloadsOk, reloadsFailed } = this.#file.stats
    const file = this.#file.file
    const { databaseType: database, buildEpoch } = this.#file.reader.metadata
    const reloads = {
      name: 'tracer_mmdb_reloads_total',
      help: 'Reloads of databases, by result',
      type: 'counter',
      // Each worker reads the file for itself.
      aggregator: 'max',
    } as const
    return [
      {
        name: 'tracer_mmdb_build_timestamp_seconds',
        help: 'When the database in use was built',
        type: 'gauge',
        labels: { file, database },
        value: buildEpoch.getTime() / 1000,
      },
      {
        name: 'tracer_mmdb_age_seconds',
        help: 'Time since the database in use was read',
        type: 'gauge',
        labels: { file },
        value: Math.max(0, Date.now() - loadedAt) / 1000,
      },
      { ...reloads, labels: { file, result: 'ok' }, value: reloadsOk },
      { ...reloads, labels: { file, result: 'failed' }, value: reloadsFailed },
    ]
  }

  close(): void {
    this.#abort.abort()
    this.#watcher?.close()
  }

  #match(record: unknown, reader: MmdbReader): Match {
    const { network, place } = MMDB_CATEGORIES
    const isOfNetworks = NETWORK_TYPE.test(reader.metadata.databaseType)
    return {
      category: this.#category ?? (isOfNetworks ? network : place),
      context: recordContext(record, this.#language),
    }
  }
}
