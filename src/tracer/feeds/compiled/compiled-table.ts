import { NO_TEXT } from '../../context.ts'
import { wireLine, wireText } from '../../controls.ts'
import { CATEGORIES, type Match } from '../../enricher.ts'
import { type Address, rangeExtent } from '../keys/ip.ts'
import type { UrlKey } from '../keys/url.ts'
import { bySpecificity, type MaskHit, type MaskIndex } from '../tables/masks.ts'
import type { IndicatorTable, Query } from '../tables/table.ts'
import { type Block, blockStart, hashBlock, rangeOfKey } from './blocks.ts'
import { type ContextReference, EntryReader, KINDS, spaceOf } from './entries.ts'
import type { TableHeader } from './file-format.ts'
import { wellFormed } from './indicator-spool.ts'
import type { KeyFilter } from './key-filter.ts'
import { KeyHash } from './key-hash.ts'
import type { StoreReader } from './store-reader.ts'

const DOT = 0x2e

/** A range that was found. */
interface RangeHit {
  readonly extent: number
  readonly first: Address
  readonly last: Address
  readonly context: string | ContextReference
}

/** A mask that was found: its value is the number of its record. */
interface CompiledMaskHit extends MaskHit {
  readonly context: string | ContextReference
}

/** The indicators of one key of a compiled feed. The answers are those of a `FeedTable` of the same records. */
export class CompiledTable implements IndicatorTable {
  readonly size: number
  readonly #header: TableHeader
  readonly #category: string | undefined
  readonly #filter: KeyFilter
  readonly #masks: MaskIndex | undefined
  readonly #store: StoreReader
  readonly #hash = new KeyHash()
  readonly #reader = new EntryReader()
  readonly #spaces: Readonly<Record<keyof typeof KINDS, number>>

  /**
   * @param number of the table in its file
   * @param masks those that are no domains; their values are their numbers in the store
   */
  constructor(
    header: TableHeader,
    number: number,
    filter: KeyFilter,
    store: StoreReader,
    masks: MaskIndex | undefined,
  ) {
    const { counts } = header
    this.size =
      counts.hashes +
      counts.addresses +
      counts.ranges +
      counts.urls +
      counts.hosts +
      counts.masks +
      counts.texts
    this.#header = header
    this.#category = header.category === undefined ? undefined : wireText(header.category)
    this.#filter = filter
    this.#masks = masks
    this.#store = store
    const space = (kind: number) => spaceOf(kind, number)
    this.#spaces = {
      redirect: space(KINDS.redirect),
      hash: space(KINDS.hash),
      block4: space(KINDS.block4),
      block6: space(KINDS.block6),
      url: space(KINDS.url),
      domain: space(KINDS.domain),
      mask: space(KINDS.mask),
      host: space(KINDS.host),
      text: space(KINDS.text),
    }
  }

  find(query: Query, matches: Match[] | undefined): Match[] | undefined {
    switch (query.type) {
      case 'hash':
        return this.#findText(
          CATEGORIES.hash,
          this.#spaces.hash,
          query.key,
          this.#header.longestHash,
          matches,
        )
      case 'ip':
        return this.#findAddress(query.address, matches)
      case 'email':
      case 'text':
        return this.#findText(
          CATEGORIES[query.type],
          this.#spaces.text,
          query.key,
          this.#header.longestText,
          matches,
        )
      case 'url': {
        const { text, host } = query.url
        const { longestUrl, longestHost } = this.#header
        let found = this.#findText(CATEGORIES.url, this.#spaces.url, text, longestUrl, matches)
        found = this.#findText(CATEGORIES.url, this.#spaces.host, host, longestHost, found)
        found = this.#findMasks(query.url, found)
        return query.address === undefined ? found : this.#findAddress(query.address, found)
      }
    }
  }

  #findText(
    category: string,
    space: number,
    text: string,
    longest: number,
    matches: Match[] | undefined,
  ): Match[] | undefined {
    // No need to look at what is longer than any key; the texts of requests are not to be trusted.
    if (text.length > longest || longest === 0) return matches
    const key = wellFormed(text)
    this.#hash.start()
    this.#hash.addText(key)
    if (!this.#ask(this.#hash, space)) return matches
    const reader = this.#reader
    while (reader.next()) {
      if (reader.space === space && reader.hasKey(key)) return this.#add(category, reader.context(), matches)
    }
    return matches
  }

  #findAddress(address: Address, matches: Match[] | undefined): Match[] | undefined {
    const isIpv4 = typeof address === 'number'
    const space = isIpv4 ? this.#spaces.block4 : this.#spaces.block6
    const hits: RangeHit[] = []
    for (const prefix of isIpv4 ? this.#header.prefixes4 : this.#header.prefixes6) {
      const block = { start: blockStart(address, prefix), prefix }
      hashBlock(this.#hash, block)
      if (this.#ask(this.#hash, space)) this.#takeRanges(space, block, hits)
    }
    if (hits.length > 1) hits.sort(bySize)
    let found = matches
    for (const { context } of hits) found = this.#add(CATEGORIES.ip, context, found)
    return found
  }

  #takeRanges(space: number, block: Block, hits: RangeHit[]): void {
    const reader = this.#reader
    while (reader.next()) {
      if (reader.space !== space) continue
      const range = rangeOfKey(reader.keyBytes(), block)
      if (range !== undefined) hits.push({ ...range, extent: rangeExtent(range), context: reader.context() })
    }
  }

  #findMasks(url: UrlKey, matches: Match[] | undefined): Match[] | undefined {
    const hits: CompiledMaskHit[] = []
    this.#findDomains(url.hadWww ? `www.${url.host}` : url.host, hits)
    const reader = this.#reader
    for (const { text, value } of this.#masks?.find(url) ?? []) {
      const entry = this.#store.mask(value)
      reader.start(entry, entry.length)
      reader.next()
      hits.push({ text, value: reader.sequence, context: reader.context() })
    }
    if (hits.length > 1) hits.sort(bySpecificity)
    let found = matches
    for (const { context } of hits) found = this.#add(CATEGORIES.mask, context, found)
    return found
  }

  /** Walks from the last label to all of them. Suffixes that are longer than any domain of the feed are not looked up. */
  #findDomains(fullHost: string, hits: CompiledMaskHit[]): void {
    const { longestDomain } = this.#header
    if (longestDomain === 0) return
    const hash = this.#hash
    hash.start()
    const host = wellFormed(fullHost)
    for (let start = host.length - 1; start >= 0 && host.length - start <= longestDomain; start--) {
      const unit = host.charCodeAt(start)
      hash.add(unit)
      if (unit === DOT || (start > 0 && host.charCodeAt(start - 1) !== DOT)) continue
      if (this.#ask(hash, this.#spaces.domain)) this.#takeDomain(host.slice(start), hits)
    }
  }

  #takeDomain(domain: string, hits: CompiledMaskHit[]): void {
    const reader = this.#reader
    while (reader.next()) {
      if (reader.space !== this.#spaces.domain || !reader.hasKey(domain)) continue
      hits.push({ text: `.${domain}`, value: reader.sequence, context: reader.context() })
    }
  }

  /** @returns true when there are entries of the hash in this space; the reader stands before them */
  #ask(hash: KeyHash, space: number): boolean {
    hash.finish(space)
    if (!this.#filter.mayHave(hash.first, hash.second)) return false
    const value = this.#store.entriesOf(hash.first)
    if (value === undefined) return false
    this.#reader.start(value, value.length)
    return true
  }

  #add(category: string, context: string | ContextReference, matches: Match[] | undefined): Match[] {
    const found = matches ?? []
    const text = typeof context === 'string' ? context : this.#store.text(context)
    // A file that an older version has made may hold what must not be on the wire.
    found.push({ category: this.#category ?? category, context: safeContext(text) })
    return found
  }
}

/** The smallest range first, of equal ones that of the lower address: as `RangeIndex` has them. */
function bySize(a: RangeHit, b: RangeHit): number {
  return a.extent - b.extent || order(a.first, b.first) || order(a.last, b.last)
}

function order(a: Address, b: Address): number {
  if (a === b) return 0
  return a < b ? -1 : 1
}

/** A context of a file may hold anything: what would break a line becomes blank, and the marks of what is no text stay. */
function safeContext(context: string): string {
  if (!context.includes(NO_TEXT)) return wireLine(context)
  return context.split(NO_TEXT).map(wireLine).join(NO_TEXT)
}
