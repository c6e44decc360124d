import { closeNames } from './close-names.ts'
import { FeedError } from './feed-error.ts'
import type { FeedHandlers, OwnIndicator } from './feed-handlers.ts'
import { type FeedRecord, type FeedValue, isList, recordContext } from './formats/record.ts'
import { type IndicatorKey, readIndicatorKey } from './keys/indicator-key.ts'
import { type FeedKey, KeyPath, keyTypeHint } from './keys/key-path.ts'

/** Takes the indicators of a feed. */
export interface IndicatorSink {
  /**
   * Takes the context of a record, before its first key.
   *
   * @returns the number by which its keys refer to it, never 0
   */
  putContext(context: string): number
  /** @param keyNumber which of the feed's keys it was found by, from 0 */
  add(keyNumber: number, key: IndicatorKey, context: number): void
}

const MAX_SKIPPED_PLACES = 5
/** To say which names a key may mean, the names of so many records are remembered. */
const NAMED_RECORDS = 1000
const MAX_NAMES = 1000
const MAX_NAME_DEPTH = 6
const SHOWN_NAMES = 10

/** One key of the feed while it is read. */
interface KeyReader {
  readonly key: string | undefined
  readonly type: FeedKey['type']
  readonly path: KeyPath | undefined
  /** Some record has the key, usable or not. */
  isThere: boolean
}

/** Takes the indicators out of the records of one file, and notes what cannot be used. */
export class IndicatorExtractor implements FeedHandlers {
  readonly #file: string
  readonly #sink: IndicatorSink
  readonly #keys: readonly KeyReader[]
  #hasRecord = false
  #records = 0
  #skipped = 0
  #ignored = 0
  readonly #skippedPlaces: string[] = []
  readonly #names = new Set<string>()

  /** @param file for messages */
  constructor(file: string, keys: readonly Partial<FeedKey>[], sink: IndicatorSink) {
    this.#file = file
    this.#sink = sink
    this.#keys = keys.map(({ key, type }) => ({
      key,
      type,
      path: key === undefined ? undefined : new KeyPath(key),
      isThere: false,
    }))
  }

  /** Records that can be hit by at least one key. */
  get records(): number {
    return this.#records
  }

  /** Rows that are no records, and records without a usable key. */
  get skipped(): number {
    return this.#skipped
  }

  /** Records of kinds that cannot be looked up. */
  get ignored(): number {
    return this.#ignored
  }

  /** The first places that were skipped, and why. */
  get skippedPlaces(): readonly string[] {
    return this.#skippedPlaces
  }

  onColumns(columns: readonly string[]): void {
    for (const column of columns) this.#names.add(column)
    for (const key of this.#keys) {
      if (key.key === undefined) throw this.#keyNeeded()
      if (!columns.includes(key.key)) throw this.#keyMissing(key.key, 'column')
      key.isThere = true
    }
  }

  onRecord(record: FeedRecord, ordinal: number, own?: readonly OwnIndicator[]): void {
    this.#hasRecord = true
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
    for (const [number, key] of this.#keys.entries()) {
      if (key.path === undefined) throw this.#keyNeeded()
      values.length = 0
      if (key.path.collect(record, values)) key.isThere = true
      for (const value of values) {
        const indicator = readIndicatorKey(value, key.type)
        if (indicator === undefined) {
          unusable = value
          continue
        }
        if (context === 0) context = this.#sink.putContext(recordContext(record))
        this.#sink.add(number, indicator, context)
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
      for (const [number, key] of this.#keys.entries()) {
        key.isThere = true
        if (indicator === undefined || !isOfType(indicator, key.type)) continue
        if (context === 0) context = this.#sink.putContext(recordContext(record))
        this.#sink.add(number, indicator, context)
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

  /**
   * To be called at the end of the file.
   *
   * @throws FeedError when a key is nowhere in it, or nothing of it can be used
   */
  finish(): void {
    const missing = this.#keys.find(({ isThere }) => !isThere)
    // Records that were all skipped before a look at their fields say nothing of these.
    if (missing?.key !== undefined && this.#hasRecord) {
      throw this.#keyMissing(missing.key, 'field')
    }
    if (this.#records === 0 && this.#skipped > 0) {
      const places = this.#skippedPlaces.join('; ')
      throw new FeedError(
        'FEED_INVALID',
        this.#file,
        `none of its ${this.#skipped} records can be used (${places})`,
      )
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
    const typed = /^(.*):([^:]*)$/s.exec(key)
    if (typed !== null && this.#names.has(typed[1]!)) {
      const advice = keyTypeHint(typed[2]!)
      return new FeedError('FEED_KEY_MISSING', this.#file, `has no ${what} ${JSON.stringify(key)}; ${advice}`)
    }
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

function isOfType({ kind }: IndicatorKey, type: FeedKey['type']): boolean {
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
