import { CATEGORIES, type Match } from '../../enricher.ts'
import { type Indicator, wireText } from '../../protocol.ts'
import { addressKey, hashKey, type IndicatorKey } from '../keys/indicator-key.ts'
import { type Address, parseOddAddress } from '../keys/ip.ts'
import { parseUrl, type UrlKey } from '../keys/url.ts'
import type { Pace } from '../pace.ts'
import { bySpecificity, MaskIndex } from './masks.ts'
import { type RangeEntry, RangeIndex } from './ranges.ts'
import { TextIndex } from './text-index.ts'
import type { TextStore } from './text-store.ts'

/** An indicator as tables look it up: normalised once for all of them. */
export type Query =
  | { readonly type: 'hash'; readonly key: string }
  | { readonly type: 'ip'; readonly key: string; readonly address: Address }
  | { readonly type: 'url'; readonly url: UrlKey }

/** @returns undefined when the value is nothing of its type and no feed can have it */
export function queryOf({ type, value }: Indicator): Query | undefined {
  if (type === 'url') return { type, url: parseUrl(value) }
  if (type === 'hash') return { type, key: hashKey(value) }
  const address = parseOddAddress(value.trim())
  return address === undefined ? undefined : { type, key: addressKey(address), address }
}

/** The indicators of one key of a feed, with the contexts of their records. It does not change once it is made. */
export interface IndicatorTable {
  /** Number of different keys. */
  readonly size: number
  /**
   * All that the table knows: an exact hit first, then networks and ranges, the smallest first, or masks, the longest
   * first.
   *
   * @param matches those found before; undefined for none
   * @returns the same list with the hits added, undefined when there is still nothing
   */
  find(query: Query, matches: Match[] | undefined): Match[] | undefined
}

/** A table in memory. */
export class FeedTable implements IndicatorTable {
  readonly size: number
  readonly #indexes: Indexes
  readonly #ranges: RangeIndex | undefined
  readonly #store: TextStore
  readonly #category: string | undefined

  constructor(
    indexes: Indexes,
    ranges: RangeIndex | undefined,
    store: TextStore,
    category: string | undefined,
  ) {
    const { hashes, addresses, ranges: rangeEntries, urls, masks } = indexes
    this.size = hashes.size + addresses.size + rangeEntries.length + urls.size + masks.size
    this.#indexes = indexes
    this.#ranges = ranges
    this.#store = store
    this.#category = category === undefined ? undefined : wireText(category)
  }

  find(query: Query, matches: Match[] | undefined): Match[] | undefined {
    switch (query.type) {
      case 'hash':
        return this.#add(CATEGORIES.hash, this.#indexes.hashes.get(query.key), matches)
      case 'ip':
        return this.#findAddress(query.key, query.address, matches)
      case 'url':
        return this.#findUrl(query.url, matches)
    }
  }

  #findAddress(key: string, address: Address, matches: Match[] | undefined): Match[] | undefined {
    let found = this.#add(CATEGORIES.ip, this.#indexes.addresses.get(key), matches)
    if (this.#ranges === undefined) return found
    for (const value of this.#ranges.find(address)) found = this.#add(CATEGORIES.ip, value, found)
    return found
  }

  #findUrl(url: UrlKey, matches: Match[] | undefined): Match[] | undefined {
    let found = this.#add(CATEGORIES.url, this.#indexes.urls.get(url.text), matches)
    const { masks } = this.#indexes
    if (masks.size === 0) return found
    const hits = masks.find(url)
    if (hits.length > 1) hits.sort(bySpecificity)
    for (const { value } of hits) found = this.#add(CATEGORIES.mask, value, found)
    return found
  }

  /** @param context reference of a context, 0 for no hit */
  #add(category: string, context: number, matches: Match[] | undefined): Match[] | undefined {
    if (context === 0) return matches
    const found = matches ?? []
    found.push({ category: this.#category ?? category, context: this.#store.get(context) })
    return found
  }
}

/** The indexes of a table's keys; the values are references of contexts. */
interface Indexes {
  readonly hashes: TextIndex
  readonly addresses: TextIndex
  readonly ranges: readonly RangeEntry[]
  readonly urls: TextIndex
  readonly masks: MaskIndex
}

/** Makes a table. Of two equal keys the last one wins; keys are equal when they are so in their normal form. */
export class FeedTableBuilder {
  readonly #store: TextStore
  readonly #category: string | undefined
  readonly #hashes: TextIndex
  readonly #addresses: TextIndex
  readonly #urls: TextIndex
  readonly #masks: MaskIndex
  readonly #ranges = new Map<string, RangeEntry>()

  /**
   * @param store keeps the keys; contexts must be in it
   * @param category of all hits; default: that of the original for each kind of hit
   */
  constructor(store: TextStore, category?: string) {
    this.#store = store
    this.#category = category
    this.#hashes = new TextIndex(store)
    this.#addresses = new TextIndex(store)
    this.#urls = new TextIndex(store)
    this.#masks = new MaskIndex(store)
  }

  /** @param context its reference in the store */
  add(key: IndicatorKey, context: number): void {
    switch (key.kind) {
      case 'hash':
        this.#hashes.set(key.text, context)
        break
      case 'url':
        this.#urls.set(key.text, context)
        break
      case 'mask':
        this.#masks.add(key.mask, context)
        break
      case 'ip': {
        const { first, last } = key
        if (first === last) this.#addresses.set(addressKey(first), context)
        else this.#ranges.set(`${addressKey(first)}-${addressKey(last)}`, { first, last, value: context })
      }
    }
  }

  /** The table. Nothing can be added after it. */
  async finish(pace: Pace): Promise<FeedTable> {
    await this.#masks.finish(pace)
    const ranges = [...this.#ranges.values()]
    const index = ranges.length === 0 ? undefined : await RangeIndex.build(ranges, pace)
    const indexes = {
      hashes: this.#hashes,
      addresses: this.#addresses,
      ranges,
      urls: this.#urls,
      masks: this.#masks,
    }
    return new FeedTable(indexes, index, this.#store, this.#category)
  }
}
