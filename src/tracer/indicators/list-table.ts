import type { Match } from '../enricher.ts'
import { addressKey, type IndicatorKey, typedText } from '../feeds/keys/indicator-key.ts'
import { Pace } from '../feeds/pace.ts'
import { bySpecificity, MaskIndex } from '../feeds/tables/masks.ts'
import { RangeIndex } from '../feeds/tables/ranges.ts'
import type { Query } from '../feeds/tables/table.ts'
import { TextStore } from '../feeds/tables/text-store.ts'

/** An indicator of a list as it is looked up. */
export interface ListEntry {
  readonly key: IndicatorKey
  /** A host that is the URL without a path only: `--host-match exact`. */
  readonly isBareHost?: boolean
  readonly match: Match
  /** In milliseconds since 1970; infinity for never. */
  readonly expiresAt: number
}

/** Masks and ranges as they are looked up: the entries by number, less one. */
interface Indexes {
  readonly maskEntries: readonly ListEntry[]
  readonly masks: MaskIndex
  readonly rangeEntries: readonly ListEntry[]
  readonly ranges: RangeIndex | undefined
}

/**
 * The indicators of a list, which come and go. It matches as the table of a feed does. Hashes, addresses, URLs and hosts are
 * found at once when they are put; masks, networks and ranges when `index` was called, which makes an index of all of them
 * beside the old one.
 */
export class ListTable {
  readonly #entries = new Map<string, ListEntry>()
  readonly #exact = new Map<string, ListEntry>()
  #indexes: Indexes | undefined
  #isIndexed = true

  /** Number of indicators, those included that have expired and are still to be removed. */
  get size(): number {
    return this.#entries.size
  }

  /** @param id of the indicator; the one before it under this id gives way */
  put(id: string, entry: ListEntry): void {
    this.delete(id)
    this.#entries.set(id, entry)
    const text = exactText(entry)
    if (text === undefined) this.#isIndexed = false
    else this.#exact.set(text, entry)
  }

  delete(id: string): void {
    const entry = this.#entries.get(id)
    if (entry === undefined) return
    this.#entries.delete(id)
    const text = exactText(entry)
    if (text === undefined) this.#isIndexed = false
    else this.#exact.delete(text)
  }

  clear(): void {
    this.#entries.clear()
    this.#exact.clear()
    this.#indexes = undefined
    this.#isIndexed = true
  }

  /** Lets go of what has expired. @returns how many those were */
  expire(now: number): number {
    let expired = 0
    for (const [id, { expiresAt }] of this.#entries) {
      if (expiresAt > now) continue
      this.delete(id)
      expired += 1
    }
    return expired
  }

  /** Makes masks, networks and ranges that were put be found, and others not any more. */
  async index(pace: Pace = new Pace()): Promise<void> {
    if (this.#isIndexed) return
    this.#isIndexed = true
    const store = new TextStore()
    const masks = new MaskIndex(store)
    const maskEntries: ListEntry[] = []
    const rangeEntries: ListEntry[] = []
    const ranges = []
    for (const entry of this.#entries.values()) {
      const { key } = entry
      if (key.kind === 'mask') masks.add(key.mask, maskEntries.push(entry))
      else if (key.kind === 'ip' && key.first !== key.last)
        ranges.push({ first: key.first, last: key.last, value: rangeEntries.push(entry) })
    }
    await masks.finish(pace)
    this.#indexes = {
      maskEntries,
      masks,
      rangeEntries,
      ranges: ranges.length === 0 ? undefined : await RangeIndex.build(ranges, pace),
    }
  }

  /**
   * All that the list knows, in the order of the table of a feed.
   *
   * @param matches those found before; undefined for none
   * @param now in milliseconds since 1970
   */
  find(query: Query, now: number, matches?: Match[]): Match[] | undefined {
    if (this.#entries.size === 0) return matches
    const found: ListEntry[] = []
    this.#collect(query, found)
    let all = matches
    for (const { match, expiresAt } of found) {
      if (expiresAt <= now) continue
      all ??= []
      all.push(match)
    }
    return all
  }

  #collect(query: Query, found: ListEntry[]): void {
    switch (query.type) {
      case 'hash':
        this.#addExact(`hash:${query.key}`, found)
        return
      case 'ip':
        this.#addAddress(query, found)
        return
      case 'url': {
        const { url, address } = query
        this.#addExact(`url:${url.text}`, found)
        this.#addExact(`bare:${url.text}`, found)
        this.#addExact(`host:${url.host}`, found)
        if (this.#indexes !== undefined && this.#indexes.maskEntries.length > 0) {
          const { masks, maskEntries } = this.#indexes
          for (const { value } of masks.find(url).sort(bySpecificity)) found.push(maskEntries[value - 1]!)
        }
        if (address !== undefined) this.#addAddress({ key: addressKey(address), address }, found)
        return
      }
      default:
        this.#addExact(query.key, found)
    }
  }

  #addAddress({ key, address }: Pick<Query & { type: 'ip' }, 'key' | 'address'>, found: ListEntry[]): void {
    this.#addExact(`ip:${key}`, found)
    const { ranges, rangeEntries = [] } = this.#indexes ?? {}
    if (ranges === undefined) return
    for (const value of ranges.find(address)) found.push(rangeEntries[value - 1]!)
  }

  #addExact(text: string, found: ListEntry[]): void {
    const entry = this.#exact.get(text)
    if (entry !== undefined) found.push(entry)
  }
}

/** The text by which an indicator is found. @returns undefined for masks, networks and ranges */
function exactText({ key, isBareHost }: ListEntry): string | undefined {
  switch (key.kind) {
    case 'mask':
      return undefined
    case 'ip':
      return key.first === key.last ? `ip:${addressKey(key.first)}` : undefined
    case 'email':
    case 'text':
      return typedText(key.kind, key.text)
    case 'host':
      return `${isBareHost === true ? 'bare' : 'host'}:${key.text}`
    default:
      return `${key.kind}:${key.text}`
  }
}
