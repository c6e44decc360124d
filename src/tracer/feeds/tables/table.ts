import { CATEGORIES, type Match } from '../../enricher.ts'
import { type Indicator, wireText } from '../../protocol.ts'
import {
  addressKey,
  hashKey,
  type IndicatorKey,
  textKey,
  typedText,
  withPort,
} from '../keys/indicator-key.ts'
import { type Address, parseAddress, parseAddressRange, parseOddAddress } from '../keys/ip.ts'
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
  /** A URL, and its host where that is an address. */
  | { readonly type: 'url'; readonly url: UrlKey; readonly address: Address | undefined }
  | { readonly type: 'email' | 'text'; readonly key: string }

/** @returns undefined when the value is nothing of its type and no feed can have it */
export function queryOf({ type, value }: Indicator): Query | undefined {
  switch (type) {
    case 'url': {
      const url = parseUrl(value)
      return { type, url, address: addressOf(url.host) }
    }
    case 'hash':
      return { type, key: hashKey(value) }
    case 'ip': {
      const address = readAddress(value.trim())
      return address === undefined ? undefined : { type, key: addressKey(address), address }
    }
    default:
      return { type, key: typedText(type, textKey(value)) }
  }
}

/** A network of one address, as `192.0.2.1/32`. */
const WHOLE = /^(.+)\/(?:32|128)$/

/** The address that a request names: with its port or the prefix of one address, too. */
function readAddress(text: string): Address | undefined {
  const address = parseOddAddress(text)
  if (address !== undefined) return address
  const bare = WHOLE.exec(text)
  if (bare === null) return withPort(text)?.address
  const { first, last } = parseAddressRange(text) ?? {}
  return first === last ? first : undefined
}

const DIGIT_0 = 0x30
const DIGIT_9 = 0x39
const END_OF_IPV6 = 0x5d

/** The host of a URL as an address. Hosts end in a letter as a rule, and then nothing is read. */
function addressOf(host: string): Address | undefined {
  const last = host.charCodeAt(host.length - 1)
  const isNumber = last >= DIGIT_0 && last <= DIGIT_9
  return isNumber || last === END_OF_IPV6 ? parseAddress(host) : undefined
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
    const { hashes, addresses, ranges: rangeEntries, urls, hosts, masks, texts } = indexes
    this.size =
      hashes.size + addresses.size + rangeEntries.length + urls.size + hosts.size + masks.size + texts.size
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
        return this.#findUrl(query.url, query.address, matches)
      default:
        return this.#add(CATEGORIES[query.type], this.#indexes.texts.get(query.key), matches)
    }
  }

  #findAddress(key: string, address: Address, matches: Match[] | undefined): Match[] | undefined {
    let found = this.#add(CATEGORIES.ip, this.#indexes.addresses.get(key), matches)
    if (this.#ranges === undefined) return found
    for (const value of this.#ranges.find(address)) found = this.#add(CATEGORIES.ip, value, found)
    return found
  }

  #findUrl(url: UrlKey, address: Address | undefined, matches: Match[] | undefined): Match[] | undefined {
    const { urls, hosts, masks } = this.#indexes
    let found = this.#add(CATEGORIES.url, urls.get(url.text), matches)
    if (hosts.size > 0) found = this.#add(CATEGORIES.url, hosts.get(url.host), found)
    if (masks.size > 0) {
      const hits = masks.find(url)
      if (hits.length > 1) hits.sort(bySpecificity)
      for (const { value } of hits) found = this.#add(CATEGORIES.mask, value, found)
    }
    return address === undefined ? found : this.#findAddress(addressKey(address), address, found)
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
  readonly hosts: TextIndex
  readonly masks: MaskIndex
  readonly texts: TextIndex
}

/** Makes a table. Of two equal keys the last one wins; keys are equal when they are so in their normal form. */
export class FeedTableBuilder {
  readonly #store: TextStore
  readonly #category: string | undefined
  readonly #hashes: TextIndex
  readonly #addresses: TextIndex
  readonly #urls: TextIndex
  readonly #hosts: TextIndex
  readonly #texts: TextIndex
  readonly #masks: MaskIndex
  readonly #ranges = new Map<string | number, RangeEntry>()

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
    this.#hosts = new TextIndex(store)
    this.#texts = new TextIndex(store)
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
      case 'host':
        this.#hosts.set(key.text, context)
        break
      case 'email':
      case 'text':
        this.#texts.set(typedText(key.kind, key.text), context)
        break
      case 'mask':
        this.#masks.add(key.mask, context)
        break
      case 'ip': {
        const { first, last } = key
        if (first === last) this.#addresses.set(addressKey(first), context)
        else this.#ranges.set(rangeKey(first, last), { first, last, value: context })
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
      hosts: this.#hosts,
      masks: this.#masks,
      texts: this.#texts,
    }
    return new FeedTable(indexes, index, this.#store, this.#category)
  }
}

/** Bits of the number that stands for the size of a network. */
const SIZES = 64

/** Tells ranges apart: a network of IPv4 by a number, which a map finds faster than a text. */
function rangeKey(first: Address, last: Address): string | number {
  if (typeof first === 'number') {
    const bits = Math.log2((last as number) - first + 1)
    if (Number.isInteger(bits)) return first * SIZES + bits
  }
  return `${addressKey(first)}-${addressKey(last)}`
}
