import { Buffer } from 'node:buffer'
import { createHash } from 'node:crypto'
import { closeSync, existsSync, fstatSync, mkdirSync, openSync, readSync } from 'node:fs'
import { join } from 'node:path'
import { setImmediate } from 'node:timers/promises'
import { type Database, open, type RootDatabase } from 'lmdb'
import { addressKey, type IndicatorKey, type KeyType, readIndicatorKey } from '../feeds/keys/indicator-key.ts'
import { flattenContext } from '../protocol.ts'
import { isSupplier, STORE_FILE, SUPPLIERS, type Supplier } from './suppliers.ts'

/*
 * Indicators that are added and removed while servers run. One file (lmdb), which any number of processes read and
 * write at the same time: workers of a server, `tracer add`, the HTTP face.
 *
 *     const store = IndicatorStore.open(directory)            makes the file where there is none
 *     await store.add('InternalTI', [{ value: 'evil.example' }], 3_600_000)
 *     await store.remove('InternalTI', ['evil.example'])
 *     for (const indicator of store.list('InternalTI')) ...
 *     await store.close()
 *
 * The file holds a numbered history, so that a reader follows with little work (`changes`):
 *
 *     entries    digest of supplier and key  ->  the indicator, with the number of its last change
 *     order      number of a change          ->  digest of the indicator that it added or replaced, as long as it is there
 *     removed    number of a change          ->  digest of the indicator that it removed; the latest 10,000
 *     (root)     last: the last number; floor: the last one that is missing in `removed`; count and removals: the numbers
 *                of entries and of what is in `removed`, as the statistics of lmdb take their time
 */

/** An indicator to add. */
export interface NewIndicator {
  /** As in a feed: an address, a network, a range, a host, a URL, a mask, a hash. Defanged ones are undone. */
  readonly value: string
  /** Default: detected, as that of a key of a feed. */
  readonly type?: KeyType | undefined
  /** Fields that detections have, any JSON. Default: none. Not for `FalsePositive`. */
  readonly context?: Readonly<Record<string, unknown>> | undefined
}

/** An indicator to remove: it is found whatever way it is spelled in. */
type RemovedIndicator = Pick<NewIndicator, 'value' | 'type'>

/** An indicator that is in the store. Times are in milliseconds since 1970. */
export interface StoredIndicator extends NewIndicator {
  readonly supplier: Supplier
  readonly addedAt: number
  /** Default: it stays until it is removed. */
  readonly expiresAt?: number
}

/** The outcome of `add`. */
export interface Added {
  /** Those that were not there, or had expired. */
  readonly added: number
  /** Those that were there, and have the new context and the new expiry now. */
  readonly updated: number
}

/** The outcome of `remove`. */
export interface Removed {
  readonly removed: number
  /** Those that were not there. */
  readonly absent: number
}

/** The changes since a number. To be applied in this order: the removed ones first. */
interface StoreChanges {
  /** Too much was removed meanwhile to tell it: forget everything, and ask for the changes since 0. */
  readonly isReset: boolean
  readonly removed: readonly string[]
  readonly put: readonly { readonly id: string; readonly indicator: StoredIndicator }[]
  /** To be asked from next time. */
  readonly last: number
  /** There is more already. */
  readonly hasMore: boolean
}

const STORE_ERRORS = {
  /** There is no such list. */
  UNKNOWN_SUPPLIER: 'there is no such list',
  /** A value is nothing that can be looked up. */
  BAD_INDICATOR: 'the value is no indicator',
  /** The context is no object, nests too deep, or is too large. */
  BAD_CONTEXT: 'the context cannot be used',
  /** The time to live is no time. */
  BAD_TTL: 'the time to live cannot be used',
  /** As many indicators are in it as can be. */
  STORE_FULL: 'the store is full',
  /** The file cannot be made, opened, read or written. */
  STORE_UNUSABLE: 'the file cannot be used',
} as const

export type IndicatorStoreErrorCode = keyof typeof STORE_ERRORS

/** Indicators that cannot be stored, or a store that cannot be used. */
export class IndicatorStoreError extends Error {
  override readonly name = 'IndicatorStoreError'
  readonly code: IndicatorStoreErrorCode
  /** The place of the indicator at fault among those that were given, from 0. */
  readonly index: number | undefined

  constructor(code: IndicatorStoreErrorCode, message: string, index?: number, cause?: unknown) {
    super(message, cause === undefined ? undefined : { cause })
    this.code = code
    this.index = index
  }
}

/** Indicators of all lists together. More belong into a feed, which needs no copy in each process. */
const MOST_INDICATORS = 250_000
/** Larger values are no indicators. In UTF-16 units. */
const LONGEST_VALUE = 8192
/** As that of a feed, as JSON. */
const LARGEST_CONTEXT = 16 * 1024
/** A hundred years: a date beyond it would be none for others. */
const LONGEST_TTL_MS = 100 * 365 * 24 * 60 * 60_000
/** Indicators that are written with one commit; others have their turn behind it. */
const BATCH = 500
/** Removals that are remembered. */
const MOST_REMOVED = 10_000
const SHOWN_VALUE = 100
const DATABASES = 3

/** The first page of such a file: its magic number, the version of the format, and the size of a page. */
const HEADER_BYTES = 52
const MAGIC = { at: 24, value: 0xbeefc0de }
const VERSION = { at: 28, value: 2 }
const PAGE_SIZE_AT = 48

/** The form in which an indicator is stored: short names, as there are many. */
interface Entry {
  /** The number of its last change. */
  readonly n: number
  readonly s: Supplier
  readonly v: string
  readonly t?: KeyType
  readonly c?: Readonly<Record<string, unknown>>
  readonly a: number
  readonly e?: number
}

/** An indicator, and the number of its last change. */
interface NumberedIndicator {
  readonly number: number
  readonly id: string
  readonly indicator: StoredIndicator
}

/** An indicator that was read, on its way into the store. */
interface ReadIndicator extends NewIndicator {
  readonly id: string
}

/** The store of a directory. Calls from several processes exclude each other. */
export class IndicatorStore {
  /** Its path. */
  readonly file: string
  readonly #root: RootDatabase<number, string>
  readonly #entries: Database<Entry, string>
  readonly #order: Database<string, number>
  readonly #removed: Database<string, number>
  readonly #now: () => number
  #closed: Promise<void> | undefined

  private constructor(file: string, now: () => number) {
    this.file = file
    this.#now = now
    try {
      checkFile(file)
      // Not mapped for writing: a full disk is an error then, else it would end the process.
      this.#root = open<number, string>({
        path: file,
        noSubdir: true,
        overlappingSync: false,
        encoding: 'json',
        maxDbs: DATABASES,
      })
      this.#entries = this.#root.openDB<Entry, string>('entries', { encoding: 'json' })
      this.#order = this.#root.openDB<string, number>('order', { encoding: 'string' })
      this.#removed = this.#root.openDB<string, number>('removed', { encoding: 'string' })
    } catch (error) {
      throw unusable(file, error)
    }
  }

  /**
   * Opens the store of a directory, and makes both where they are not there.
   *
   * @param directory that of feeds that are downloaded: `indicators.mdb` is the file
   * @param now the clock, in milliseconds since 1970, for tests
   * @throws IndicatorStoreError
   */
  static open(directory: string, now: () => number = Date.now): IndicatorStore {
    const file = join(directory, STORE_FILE)
    try {
      mkdirSync(directory, { recursive: true, mode: 0o700 })
    } catch (error) {
      throw unusable(file, error)
    }
    return new IndicatorStore(file, now)
  }

  /**
   * Opens the store of a directory if there is one.
   *
   * @throws IndicatorStoreError
   */
  static openExisting(directory: string, now: () => number = Date.now): IndicatorStore | undefined {
    const file = join(directory, STORE_FILE)
    return existsSync(file) ? new IndicatorStore(file, now) : undefined
  }

  /**
   * Adds indicators to a list. One that is there gets the new context and the new expiry; equal ones among those that are
   * given are one, the last. All are checked before any is added.
   *
   * @param ttlMs time after which they are no more. Default: they stay until they are removed
   * @throws IndicatorStoreError (as a rejection)
   */
  async add(supplier: string, indicators: readonly NewIndicator[], ttlMs?: number): Promise<Added> {
    const list = knownSupplier(supplier)
    if (ttlMs !== undefined && !(ttlMs > 0 && ttlMs <= LONGEST_TTL_MS))
      throw new IndicatorStoreError(
        'BAD_TTL',
        'the time to live has to be more than 0, and 100 years at most',
      )
    const byId = new Map<string, ReadIndicator>()
    for (const [index, indicator] of indicators.entries()) {
      if (index % BATCH === BATCH - 1) await setImmediate()
      const read = { ...indicator, id: idOf(list, indicator, index) }
      checkContext(list, indicator, index)
      byId.set(read.id, read)
    }
    if (this.#count + byId.size > MOST_INDICATORS) await this.prune()
    const addedAt = Math.floor(this.#now())
    const expiry = ttlMs === undefined ? {} : { e: Math.ceil(addedAt + ttlMs) }
    let added = 0
    let updated = 0
    await this.#inBatches([...byId.values()], (batch) => {
      let number = this.#lastNumber
      let count = this.#count
      for (const { id, value, type, context } of batch) {
        const before = this.#entries.get(id)
        if (before === undefined) {
          if (count === MOST_INDICATORS) throw full()
          count += 1
        } else this.#order.removeSync(before.n)
        if (before === undefined || isExpired(before, addedAt)) added += 1
        else updated += 1
        number += 1
        this.#entries.putSync(id, {
          n: number,
          s: list,
          v: value,
          ...(type === undefined ? {} : { t: type }),
          ...(context === undefined ? {} : { c: context }),
          a: addedAt,
          ...expiry,
        })
        this.#order.putSync(number, id)
      }
      this.#root.putSync('last', number)
      this.#root.putSync('count', count)
    })
    return { added, updated }
  }

  /**
   * Removes indicators from a list. All are checked before any is removed.
   *
   * @throws IndicatorStoreError (as a rejection)
   */
  async remove(supplier: string, indicators: readonly RemovedIndicator[]): Promise<Removed> {
    const list = knownSupplier(supplier)
    const ids = new Set<string>()
    for (const [index, indicator] of indicators.entries()) {
      if (index % BATCH === BATCH - 1) await setImmediate()
      ids.add(idOf(list, indicator, index))
    }
    const now = this.#now()
    let removed = 0
    await this.#inBatches([...ids], (batch) => {
      for (const id of batch) {
        const before = this.#entries.get(id)
        if (before === undefined) continue
        this.#drop(id, before)
        if (!isExpired(before, now)) removed += 1
      }
    })
    return { removed, absent: ids.size - removed }
  }

  /**
   * The indicators of a list that have not expired, those that were changed last at the end.
   *
   * @throws IndicatorStoreError
   */
  *list(supplier: string): Generator<StoredIndicator> {
    const list = knownSupplier(supplier)
    for (const { indicator } of this.#inOrder(0)) {
      const { supplier: of, expiresAt = Number.POSITIVE_INFINITY } = indicator
      if (of === list && expiresAt > this.#now()) yield indicator
    }
  }

  /**
   * Removes for good what has expired. Whoever follows the store lets go of an indicator by itself when its time is over.
   *
   * @returns how many those were
   */
  async prune(): Promise<number> {
    const now = this.#now()
    let pruned = 0
    for (const part of this.#parts(0)) {
      const expired = part.filter(({ indicator }) => (indicator.expiresAt ?? Number.POSITIVE_INFINITY) <= now)
      await this.#inBatches(expired, (batch) => {
        for (const { id } of batch) {
          const entry = this.#entries.get(id)
          // It may have been added again meanwhile, or have been removed by another process.
          if (entry === undefined || !isExpired(entry, now)) continue
          this.#drop(id, entry)
          pruned += 1
        }
      })
      await setImmediate()
    }
    return pruned
  }

  /**
   * The changes behind the change of a number, also those of other processes: expired indicators are among them until
   * they are pruned. It costs a reading of one number where there are none.
   *
   * @param after that of the last one that is known; 0 for nothing
   * @param limit of indicators that are told in one go
   */
  changes(after: number, limit: number): StoreChanges {
    // Else it is the state that this turn of the event loop, or one before it, has seen.
    this.#root.resetReadTxn()
    const last = this.#lastNumber
    if (after === last) return { isReset: false, removed: [], put: [], last, hasMore: false }
    const floor = this.#root.get('floor') ?? 0
    // A number beyond the last one is of another file that was here before.
    if (after > last || (after > 0 && after < floor))
      return { isReset: true, removed: [], put: [], last: 0, hasMore: true }
    const put: { id: string; indicator: StoredIndicator }[] = []
    let to = after
    for (const { number, ...each } of this.#inOrder(after + 1)) {
      put.push(each)
      to = number
      if (put.length === limit) break
    }
    const hasMore = put.length === limit && to < last
    if (!hasMore) to = last
    const removed: string[] = []
    for (const { value } of this.#removed.getRange({ start: after + 1, end: to + 1 })) removed.push(value)
    return { isReset: false, removed, put, last: to, hasMore }
  }

  /** Lets go of the file. No call may come after it. */
  close(): Promise<void> {
    this.#closed ??= this.#root.close()
    return this.#closed
  }

  get #lastNumber(): number {
    return this.#root.get('last') ?? 0
  }

  /** Indicators of all lists. */
  get #count(): number {
    return this.#root.get('count') ?? 0
  }

  /** Those from the change `from` on, in their order. No cursor stays open between two parts. */
  *#parts(from: number): Generator<readonly NumberedIndicator[]> {
    for (let start = from; ; ) {
      const numbers = [...this.#order.getRange({ start, limit: BATCH })]
      yield numbers.flatMap(({ key: number, value: id }) => {
        const entry = this.#entries.get(id)
        return entry === undefined ? [] : { number, id, indicator: indicatorOf(entry) }
      })
      if (numbers.length < BATCH) return
      start = numbers.at(-1)!.key + 1
    }
  }

  *#inOrder(from: number): Generator<NumberedIndicator> {
    for (const part of this.#parts(from)) yield* part
  }

  /** To be called in a transaction. */
  #drop(id: string, { n }: Entry): void {
    const number = this.#lastNumber + 1
    this.#entries.removeSync(id)
    this.#order.removeSync(n)
    this.#removed.putSync(number, id)
    this.#root.putSync('last', number)
    this.#root.putSync('count', this.#count - 1)
    const removals = (this.#root.get('removals') ?? 0) + 1
    this.#root.putSync('removals', Math.min(removals, MOST_REMOVED))
    if (removals <= MOST_REMOVED) return
    const [oldest] = [...this.#removed.getKeys({ limit: 1 })]
    this.#removed.removeSync(oldest!)
    this.#root.putSync('floor', oldest!)
  }

  /** A commit for each batch. Others have their turn in between. @throws IndicatorStoreError */
  async #inBatches<Item>(items: readonly Item[], write: (batch: readonly Item[]) => void): Promise<void> {
    for (let start = 0; start < items.length; start += BATCH) {
      if (start > 0) await setImmediate()
      try {
        this.#root.transactionSync(() => write(items.slice(start, start + BATCH)))
      } catch (error) {
        throw error instanceof IndicatorStoreError ? error : unusable(this.file, error)
      }
    }
  }
}

/**
 * Makes an empty file, for its owner alone, where there is none. Any other file is looked at before lmdb opens it: one
 * that is none of its own would end the process there.
 */
function checkFile(file: string): void {
  const descriptor = openSync(file, 'a+', 0o600)
  try {
    const { size } = fstatSync(descriptor)
    if (size === 0) return
    const header = Buffer.alloc(HEADER_BYTES)
    readSync(descriptor, header, 0, HEADER_BYTES, 0)
    const isOurs = [MAGIC, VERSION].every(({ at, value }) => header.readUInt32LE(at) === value)
    // Two pages tell the state of the file.
    if (!isOurs || size < 2 * header.readUInt32LE(PAGE_SIZE_AT))
      throw new Error('it is no such file, or of another version; remove it')
  } finally {
    closeSync(descriptor)
  }
}

function indicatorOf({ s, v, t, c, a, e }: Entry): StoredIndicator {
  return {
    supplier: s,
    value: v,
    ...(t === undefined ? {} : { type: t }),
    ...(c === undefined ? {} : { context: c }),
    addedAt: a,
    ...(e === undefined ? {} : { expiresAt: e }),
  }
}

function isExpired({ e }: Entry, now: number): boolean {
  return e !== undefined && e <= now
}

function knownSupplier(name: string): Supplier {
  if (isSupplier(name)) return name
  const shown = JSON.stringify(name.slice(0, SHOWN_VALUE))
  throw new IndicatorStoreError(
    'UNKNOWN_SUPPLIER',
    `there is no list ${shown}; there are ${SUPPLIERS.join(' and ')}`,
  )
}

/** The digest by which an indicator is found, of whatever length it is. */
function idOf(supplier: Supplier, { value, type }: RemovedIndicator, index: number): string {
  const key =
    typeof value === 'string' && value.length <= LONGEST_VALUE ? readIndicatorKey(value, type) : undefined
  if (key === undefined) {
    const shown = JSON.stringify(typeof value === 'string' ? value.slice(0, SHOWN_VALUE) : value)
    throw new IndicatorStoreError(
      'BAD_INDICATOR',
      `${shown} is ${type === undefined ? 'no address, host, URL, mask or hash' : `nothing of the type ${type}`}`,
      index,
    )
  }
  return createHash('sha256')
    .update(`${supplier}\0${keyText(key)}`)
    .digest('base64url')
}

/** A text for each key, and another one for another key. */
function keyText(key: IndicatorKey): string {
  switch (key.kind) {
    case 'ip':
      return `ip:${addressKey(key.first)}-${addressKey(key.last)}`
    case 'mask':
      return `mask:${key.mask.text}`
    default:
      return `${key.kind}:${key.text}`
  }
}

function checkContext(supplier: Supplier, { context }: NewIndicator, index: number): void {
  if (context === undefined) return
  const refuse = (why: string) => new IndicatorStoreError('BAD_CONTEXT', `the context ${why}`, index)
  if (supplier === 'FalsePositive') throw refuse('is not for FalsePositive, which gives no detections')
  if (typeof context !== 'object' || context === null || Array.isArray(context))
    throw refuse('has to be an object')
  try {
    flattenContext(context)
  } catch (error) {
    throw refuse(`cannot be used: ${(error as Error).message}`)
  }
  if (Buffer.byteLength(JSON.stringify(context)) > LARGEST_CONTEXT)
    throw refuse(`is larger than ${LARGEST_CONTEXT} bytes`)
}

function full(): IndicatorStoreError {
  return new IndicatorStoreError(
    'STORE_FULL',
    `the store has ${MOST_INDICATORS} indicators, which is the most: remove some, or serve them as a feed`,
  )
}

function unusable(file: string, error: unknown): IndicatorStoreError {
  const { message } = error as Error
  return new IndicatorStoreError(
    'STORE_UNUSABLE',
    `${file}: the store of indicators cannot be used (${message})`,
    undefined,
    error,
  )
}
