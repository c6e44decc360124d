import { stat } from 'node:fs/promises'
import { join } from 'node:path'
import { type Enricher, type EnricherMetric, type Match, NO_MATCHES } from '../enricher.ts'
import { type FeedLog, NO_LOG } from '../feeds/feed-log.ts'
import { type IndicatorKey, type KeyReading, readIndicatorKey } from '../feeds/keys/indicator-key.ts'
import { Pace } from '../feeds/pace.ts'
import { type Query, queryOf } from '../feeds/tables/table.ts'
import { type ContextField, contextText, flattenContext, type Indicator } from '../protocol.ts'
import type { IndicatorStore, StoredIndicator } from './indicator-store.ts'
import { type ListEntry, ListTable } from './list-table.ts'
import { STORE_FILE, SUPPLIERS, type Supplier } from './suppliers.ts'

/** Interval at which changes of other processes are looked for: they are seen within a second. */
const LOOK_MS = 250
/** Interval at which what has expired is removed. It is not found from its time on. */
const EXPIRE_MS = 60_000
/** Indicators that are taken over at a time. */
const PART = 500

/** The categories of the detections of `InternalTI`, by the kind of the indicator that was hit. */
const INTERNAL_CATEGORIES: Readonly<Record<IndicatorKey['kind'], string>> = {
  hash: 'Tracer_InternalTI_HASH_enricher',
  ip: 'Tracer_InternalTI_IP_enricher',
  url: 'Tracer_InternalTI_URL_enricher',
  host: 'Tracer_InternalTI_URL_enricher',
  mask: 'Tracer_InternalTI_URL_enricher',
  email: 'Tracer_InternalTI_EMAIL_enricher',
  text: 'Tracer_InternalTI_TEXT_enricher',
}

/** The options of `FollowedLists`. */
export interface FollowedListsOptions {
  /** The directory of the store, which need not be there, see `IndicatorStore`. */
  readonly directory: string
  /** Default: none. */
  readonly log?: FeedLog
  /** A host that is added matches any path, or only itself, as in feeds. Default: any path. */
  readonly hostMatch?: KeyReading['hostMatch']
  /** Interval of looks in milliseconds, for tests. Default: 250. */
  readonly lookMs?: number
  /** The clock, in milliseconds since 1970, for tests. */
  readonly now?: () => number
}

/**
 * The lists of a store as a server asks them: in memory, and following what any process adds and removes. A store that
 * comes, goes or is replaced while the server runs is seen as well. Without one nothing is loaded but this.
 *
 *     tracer add ──┐
 *     HTTP face ───┴─> IndicatorStore (file) ──> every 250 ms: changes ──> ListTable ──> look-ups, one of each process
 */
export class FollowedLists implements Enricher {
  /** Its name in logs and metrics: the internal list answers as an enricher. */
  readonly name = 'InternalTI'
  readonly #directory: string
  readonly #file: string
  readonly #log: FeedLog
  readonly #hostMatch: KeyReading['hostMatch']
  readonly #tables: Readonly<Record<Supplier, ListTable>> = {
    InternalTI: new ListTable(),
    FalsePositive: new ListTable(),
  }
  /** The list of each indicator that is in a table. */
  readonly #lists = new Map<string, Supplier>()
  readonly #now: () => number
  readonly #timer: NodeJS.Timeout
  #store: IndicatorStore | undefined
  /** The file that is open, and the last change of it that is in the tables. */
  #opened: string | undefined
  #last = 0
  /** The version of a file that could not be used: it is not tried again before it changes. */
  #unusable: string | undefined
  #failures = 0
  #looking: Promise<void> | undefined
  #expiredAt = 0
  #isClosed = false
  /** The last indicator, as it is looked up: both lists ask for the same. */
  #asked: { readonly indicator: Indicator; readonly query: Query | undefined } | undefined

  private constructor(
    { directory, log = NO_LOG, hostMatch, lookMs = LOOK_MS, now = Date.now }: FollowedListsOptions,
    file: string,
  ) {
    this.#directory = directory
    this.#file = file
    this.#log = log
    this.#hostMatch = hostMatch
    this.#now = now
    this.#timer = setInterval(() => void this.look(), lookMs).unref()
  }

  /** Takes over the store, if there is one, and follows it. Never rejects: a store that cannot be used is logged and counted. */
  static async follow(options: FollowedListsOptions): Promise<FollowedLists> {
    const lists = new FollowedLists(options, join(options.directory, STORE_FILE))
    await lists.look()
    return lists
  }

  /** The detections that the internal list has for an indicator. */
  lookup(indicator: Indicator): readonly Match[] {
    return this.#find('InternalTI', indicator) ?? NO_MATCHES
  }

  /** True when an indicator is on the allowlist. */
  isAllowed(indicator: Indicator): boolean {
    return this.#find('FalsePositive', indicator) !== undefined
  }

  #find(list: Supplier, indicator: Indicator): Match[] | undefined {
    const table = this.#tables[list]
    if (table.size === 0) return undefined
    if (this.#asked?.indicator !== indicator) this.#asked = { indicator, query: queryOf(indicator) }
    const { query } = this.#asked
    return query === undefined ? undefined : table.find(query, this.#now())
  }

  /**
   * The store, which is made where there is none, for whoever writes into it in this process. It belongs to this object. To
   * be asked for each time: a store that was replaced is another one. `look` afterwards shows at once what was written.
   *
   * @throws IndicatorStoreError (as a rejection), or another error when the file is gone at once
   */
  async store(): Promise<IndicatorStore> {
    await this.look()
    if (this.#store !== undefined) return this.#store
    const { IndicatorStore } = await import('./indicator-store.ts')
    // A store that is made is opened by the look that finds it; one that cannot be used throws here.
    await IndicatorStore.open(this.#directory).close()
    this.#unusable = undefined
    await this.look()
    if (this.#store === undefined) throw new Error(`${this.#file} cannot be opened`)
    return this.#store
  }

  /** Looks for changes now. Never rejects. */
  look(): Promise<void> {
    this.#looking ??= this.#look()
      .catch((error: unknown) => this.#failed(error))
      .finally(() => {
        this.#looking = undefined
      })
    return this.#looking
  }

  async #look(): Promise<void> {
    const stats = await stat(this.#file, { bigint: true }).catch(() => undefined)
    if (this.#isClosed) return
    const version = stats === undefined ? undefined : `${stats.dev}-${stats.ino}`
    if (version !== this.#opened) await this.#letGo()
    if (version !== undefined && this.#store === undefined) {
      const state = `${version}-${stats!.size}-${stats!.mtimeNs}`
      if (state === this.#unusable) return
      this.#unusable = state
      const { IndicatorStore } = await import('./indicator-store.ts')
      if (this.#isClosed) return
      this.#store = IndicatorStore.open(this.#directory, this.#now)
      this.#unusable = undefined
      this.#opened = version
    }
    if (this.#store !== undefined) await this.#takeOver(this.#store)
  }

  async #takeOver(store: IndicatorStore): Promise<void> {
    const pace = new Pace()
    for (let hasMore = true; hasMore && !this.#isClosed; ) {
      const changes = store.changes(this.#last, PART)
      if (changes.isReset) this.#clear()
      for (const id of changes.removed) this.#delete(id)
      for (const { id, indicator } of changes.put) this.#put(id, indicator)
      this.#last = changes.last
      hasMore = changes.hasMore
      if (hasMore) await pace.rest()
    }
    for (const name of SUPPLIERS) await this.#tables[name].index(pace)
    const now = this.#now()
    if (this.#isClosed || now - this.#expiredAt < EXPIRE_MS) return
    this.#expiredAt = now
    let expired = 0
    for (const name of SUPPLIERS) expired += this.#tables[name].expire(now)
    if (expired > 0) await store.prune()
  }

  #put(id: string, indicator: StoredIndicator): void {
    const { supplier } = indicator
    const entry = SUPPLIERS.includes(supplier) ? this.#entryOf(indicator) : undefined
    // It was written by a newer version.
    if (entry === undefined) return
    this.#lists.set(id, supplier)
    this.#tables[supplier].put(id, entry)
  }

  #entryOf(indicator: StoredIndicator): ListEntry | undefined {
    const { value, type, expiresAt = Number.POSITIVE_INFINITY } = indicator
    const key = readIndicatorKey(value, type)
    if (key === undefined) return undefined
    const isBareHost = key.kind === 'host' && type === undefined && this.#hostMatch === 'exact'
    const match = { category: INTERNAL_CATEGORIES[key.kind], context: contextOf(indicator) }
    return { key, isBareHost, match, expiresAt }
  }

  #delete(id: string): void {
    const list = this.#lists.get(id)
    if (list === undefined) return
    this.#lists.delete(id)
    this.#tables[list].delete(id)
  }

  #clear(): void {
    this.#last = 0
    this.#lists.clear()
    for (const name of SUPPLIERS) this.#tables[name].clear()
  }

  async #letGo(): Promise<void> {
    const store = this.#store
    this.#store = undefined
    this.#opened = undefined
    this.#clear()
    await store?.close()
  }

  #failed(error: unknown): void {
    if (this.#isClosed) return
    this.#failures += 1
    this.#log.error(
      { file: this.#file, problem: (error as Error).message },
      'list of indicators cannot be read; it stays as it was',
    )
  }

  metrics(): readonly EnricherMetric[] {
    if (this.#store === undefined && this.#failures === 0) return []
    const sizes = SUPPLIERS.map((list) => ({
      name: 'tracer_list_indicators',
      help: 'Indicators that were added while the server runs, by list',
      type: 'gauge' as const,
      labels: { list },
      value: this.#tables[list].size,
    }))
    return [
      ...sizes,
      {
        name: 'tracer_list_failures_total',
        help: 'Times that the lists of indicators could not be read',
        type: 'counter',
        labels: {},
        value: this.#failures,
        aggregator: 'max',
      },
    ]
  }

  /** Follows no more. */
  async close(): Promise<void> {
    this.#isClosed = true
    clearInterval(this.#timer)
    await this.#looking
    await this.#letGo()
  }
}

/** `|ioc=...`, the fields of the context, the time when it was added, and that when it expires. */
function contextOf({ value, context = {}, addedAt, expiresAt }: StoredIndicator): string {
  const given = flattenContext(context)
  const own: ContextField[] = [['added', new Date(addedAt).toISOString()]]
  if (expiresAt !== undefined) own.push(['expires', new Date(expiresAt).toISOString()])
  const isGiven = (name: string) => given.some(([each]) => each === name)
  return contextText([
    ...(isGiven('ioc') ? [] : [['ioc', value] as const]),
    ...given,
    ...own.filter(([name]) => !isGiven(name)),
  ])
}
