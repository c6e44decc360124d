import { type Compat, keyAsWritten, originalFeedContext } from '../compat.ts'
import { closeNames } from './close-names.ts'
import { FeedError } from './feed-error.ts'
import type { FeedHandlers, OwnIndicator } from './feed-handlers.ts'
import { boundedContext, type FeedRecord, type FeedValue, isList, JsonRecord } from './formats/record.ts'
import { type IndicatorKey, type KeyReading, readIndicatorKey } from './keys/indicator-key.ts'
import {
  elementRecord,
  type FeedKey,
  type FoundValue,
  KeyPath,
  keyTypeHint,
  type ListElement,
} from './keys/key-path.ts'

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
/** Places that are kept of each reason, and reasons that are told apart. */
const PLACES_OF_REASON = 3
const MAX_REASONS = 30
/** To say which names a key may mean, the names of so many records are remembered. */
const NAMED_RECORDS = 1000
const MAX_NAMES = 1000
const MAX_NAME_DEPTH = 6
const SHOWN_NAMES = 10
const SHOWN_VALUE = 100

/** The reason for a value that is nothing that could be looked up. */
const OF_NO_KIND = 'of no known kind'

/** One key of the feed while it is read. */
interface KeyReader {
  readonly key: string | undefined
  readonly type: FeedKey['type']
  path: KeyPath | undefined
  /** Some record has the key, usable or not. */
  isThere: boolean
}

/** A reason to leave something out: how often, and the first places. */
export interface SkipReason {
  readonly reason: string
  readonly count: number
  readonly places: readonly string[]
}

/** The place of a record: its line where each line is one, else its number. */
type Place = { readonly line: number } | { readonly ordinal: number }

/** An indicator that was found in a record. */
interface FoundIndicator {
  readonly keyNumber: number
  readonly key: IndicatorKey
  readonly owner: ListElement | undefined
}

/** The way to take indicators out of records. */
export interface ExtractorReading extends KeyReading {
  /** Contexts are written as that server does, and each key is found as it is written, too. Default: neither. */
  readonly compat?: Compat | undefined
}

/** Takes the indicators out of the records of one file, and notes what cannot be used. */
export class IndicatorExtractor implements FeedHandlers {
  readonly #file: string
  readonly #sink: IndicatorSink
  readonly #keys: readonly KeyReader[]
  readonly #reading: ExtractorReading
  readonly wantedKeys: readonly string[]
  #hasRecord = false
  #hasOwn = false
  #records = 0
  #skipped = 0
  #ignored = 0
  #truncated = 0
  readonly #skippedPlaces: string[] = []
  readonly #reasons = new Map<string, { count: number; readonly places: string[] }>()
  readonly #names = new Set<string>()

  /**
   * @param file for messages
   * @param reading the way to read keys
   */
  constructor(
    file: string,
    keys: readonly Partial<FeedKey>[],
    sink: IndicatorSink,
    reading: ExtractorReading = {},
  ) {
    this.#file = file
    this.#sink = sink
    this.#reading = reading
    this.wantedKeys = keys.flatMap(({ key }) => key ?? [])
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

  /** Contexts of which fields were left out. */
  get truncated(): number {
    return this.#truncated
  }

  /** The first places that were skipped, and why. */
  get skippedPlaces(): readonly string[] {
    return this.#skippedPlaces
  }

  /** The reasons, in the order in which they came. */
  get skipReasons(): readonly SkipReason[] {
    return [...this.#reasons].map(([reason, { count, places }]) => ({ reason, count, places }))
  }

  onColumns(columns: readonly string[]): void {
    for (const column of columns) this.#names.add(column)
    for (const key of this.#keys) {
      if (key.key === undefined) throw this.#keyNeeded()
      if (!columns.includes(key.key)) throw this.#keyMissing(key.key, 'column')
      key.isThere = true
    }
  }

  /** The records are at a path of the file: keys may begin with it, or there. */
  onRecordsPath(path: readonly string[]): void {
    for (const key of this.#keys) {
      const rest = key.key === undefined ? undefined : withoutPath(key.key, path)
      if (rest !== undefined) key.path = new KeyPath(rest)
    }
  }

  onRecord(record: FeedRecord, ordinal: number, own?: readonly OwnIndicator[], line?: number): void {
    this.#hasRecord = true
    if (ordinal <= NAMED_RECORDS && !this.#keys.every(({ isThere }) => isThere))
      collectNames(record, this.#names)
    if (own !== undefined) {
      this.#addOwn(record, own, line === undefined ? { ordinal } : { line })
      return
    }
    let unusable: string | undefined
    const found: FoundIndicator[] = []
    const values: FoundValue[] = []
    for (const [keyNumber, key] of this.#keys.entries()) {
      if (key.path === undefined) throw this.#keyNeeded()
      values.length = 0
      if (key.path.collect(record, values)) key.isThere = true
      for (const { value, owner } of values) {
        const indicator = readIndicatorKey(value, key.type, this.#reading)
        if (indicator === undefined) unusable = value
        else found.push({ keyNumber, key: indicator, owner })
        if (this.#isAsWritten && value !== '') found.push({ keyNumber, key: keyAsWritten(value), owner })
      }
    }
    this.#put(record, found)
    this.#count(found.length > 0, { ordinal }, unusable)
  }

  /** A record that says itself what it is looked up by. Of a key of the feed only the type counts. */
  #addOwn(record: FeedRecord, own: readonly OwnIndicator[], place: Place): void {
    this.#hasOwn = true
    const found: FoundIndicator[] = []
    let unusable: string | undefined
    for (const { value, type } of own) {
      const indicator = readIndicatorKey(value, type, this.#reading)
      if (indicator === undefined) unusable = value
      for (const [keyNumber, key] of this.#keys.entries()) {
        key.isThere = true
        if (indicator === undefined || !isOfType(indicator, key.type)) continue
        found.push({ keyNumber, key: indicator, owner: undefined })
        if (this.#isAsWritten) found.push({ keyNumber, key: keyAsWritten(value), owner: undefined })
      }
    }
    this.#put(record, found)
    if (found.length === 0 && unusable === undefined) this.onIgnored()
    else this.#count(found.length > 0, place, unusable)
  }

  get #isAsWritten(): boolean {
    return this.#reading.compat !== undefined
  }

  /** Gives the indicators to the sink, those of one context together: the sink refers to the context that came last. */
  #put(record: FeedRecord, found: readonly FoundIndicator[]): void {
    for (const [owner, ports] of byContext(record, found)) {
      for (const [port, indicators] of ports) {
        const element = indicators[0]!.owner
        const fields = element === undefined ? owner : elementRecord(element)
        const { text, isTruncated } = boundedContext(
          port === undefined ? fields : withField(fields, 'port', port),
          this.#isAsWritten ? originalFeedContext : undefined,
        )
        if (isTruncated) this.#truncated += 1
        const context = this.#sink.putContext(text)
        for (const { keyNumber, key } of indicators) this.#sink.add(keyNumber, key, context)
      }
    }
  }

  #count(isUsed: boolean, place: Place, unusable: string | undefined): void {
    if (isUsed) {
      this.#records += 1
      return
    }
    const shown = JSON.stringify(unusable?.slice(0, SHOWN_VALUE))
    if ('line' in place) this.onSkipped(`line ${place.line}`, `${shown} is ${OF_NO_KIND}`, OF_NO_KIND)
    else if (unusable === undefined) this.onSkipped(`record ${place.ordinal}`, 'no key')
    else this.onSkipped(`record ${place.ordinal}`, `unusable key ${shown}`, OF_NO_KIND)
  }

  onIgnored(): void {
    this.#ignored += 1
    for (const key of this.#keys) key.isThere = true
  }

  onSkipped(place: string, what: string, reason = what): void {
    this.#skipped += 1
    const text = `${place}: ${what}`
    if (this.#skippedPlaces.length < MAX_SKIPPED_PLACES) this.#skippedPlaces.push(text)
    let counted = this.#reasons.get(reason)
    if (counted === undefined) {
      if (this.#reasons.size === MAX_REASONS) return
      counted = { count: 0, places: [] }
      this.#reasons.set(reason, counted)
    }
    counted.count += 1
    if (counted.places.length < PLACES_OF_REASON) counted.places.push(text)
  }

  /**
   * To be called at the end of the file.
   *
   * @throws FeedError when a key is nowhere in it, or nothing of it can be used
   */
  finish(): void {
    const missing = this.#keys.find(({ isThere }) => !isThere)
    // Records that were all skipped before a look at their fields say nothing of these.
    if (missing?.key !== undefined && this.#hasRecord && !this.#hasOwn) {
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
  if (type === undefined || kind === type) return true
  if (type === 'domain') return kind === 'host' || kind === 'mask'
  return type === 'url' && (kind === 'mask' || kind === 'host')
}

/** Indicators by the object that is their context, and by their port. */
function byContext(record: FeedRecord, found: readonly FoundIndicator[]) {
  const groups = new Map<FeedRecord, Map<string | undefined, FoundIndicator[]>>()
  for (const each of found) {
    const owner = each.owner?.record ?? record
    let ports = groups.get(owner)
    if (ports === undefined) {
      ports = new Map()
      groups.set(owner, ports)
    }
    const port = portOf(each)
    const group = ports.get(port)
    if (group === undefined) ports.set(port, [each])
    else group.push(each)
  }
  return groups
}

function portOf({ key }: FoundIndicator): string | undefined {
  return key.kind === 'ip' ? key.port : undefined
}

function withField(record: FeedRecord, name: string, value: string): FeedRecord {
  if (record.has(name)) return record
  const longer = JsonRecord.copyOf(record)
  longer.set(name, value)
  return longer
}

/** A key without the path of the records before it. @returns undefined when it does not begin with it */
function withoutPath(key: string, path: readonly string[]): string | undefined {
  let rest = key
  for (const name of path) {
    if (name === '*') continue
    if (!rest.startsWith(name) || !/^[/.]/.test(rest.slice(name.length))) return undefined
    rest = rest.slice(name.length + 1)
  }
  return rest
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
