import { wireLine, wireText } from '../../controls.ts'
import { CATEGORIES, type Match } from '../../enricher.ts'
import { hashOf, LONG, SHORT } from '../fragments.ts'
import { type Address, rangeExtent } from '../ip.ts'
import { maskMatches } from '../mask-parts.ts'
import { bySpecificity, type MaskHit } from '../masks.ts'
import type { IndicatorTable, Query } from '../table.ts'
import type { UrlKey } from '../url.ts'
import { type Block, blockStart, hashBlock, rangeOfKey } from './blocks.ts'
import { type ContextReference, EntryReader, KINDS, spaceOf } from './entries.ts'
import type { TableHeader } from './file-format.ts'
import { wellFormed } from './indicator-spool.ts'
import type { KeyFilter } from './key-filter.ts'
import { KeyHash } from './key-hash.ts'
import {
  HAS_ALWAYS,
  HAS_LONG,
  HAS_SHORT,
  LONG_MARK,
  PATH_MARK,
  pathSignpost,
  SHORT_MARK,
} from './mask-indexer.ts'
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
  readonly #store: StoreReader
  readonly #hash = new KeyHash()
  readonly #pathHash = new KeyHash()
  readonly #gramHash = new KeyHash()
  readonly #reader = new EntryReader()
  readonly #spaces: Readonly<Record<keyof typeof KINDS, number>>

  /** @param number of the table in its file */
  constructor(header: TableHeader, number: number, filter: KeyFilter, store: StoreReader) {
    const { hashes, addresses, ranges, urls, masks } = header.counts
    this.size = hashes + addresses + ranges + urls + masks
    this.#header = header
    this.#category = header.category === undefined ? undefined : wireText(header.category)
    this.#filter = filter
    this.#store = store
    const space = (kind: number) => spaceOf(kind, number)
    this.#spaces = {
      redirect: space(KINDS.redirect),
      hash: space(KINDS.hash),
      block4: space(KINDS.block4),
      block6: space(KINDS.block6),
      url: space(KINDS.url),
      domain: space(KINDS.domain),
      labels: space(KINDS.labels),
      path: space(KINDS.path),
      gram: space(KINDS.gram),
      always: space(KINDS.always),
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
      case 'url': {
        const { text } = query.url
        const found = this.#findText(CATEGORIES.url, this.#spaces.url, text, this.#header.longestUrl, matches)
        return this.#findMasks(query.url, found)
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
    if (text.length > longest) return matches
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
    const { longestDomain, longestLabels } = this.#header
    if (longestDomain === 0 && longestLabels < 0) return matches
    const hits: CompiledMaskHit[] = []
    const fullHost = url.hadWww ? `www.${url.host}` : url.host
    const hash = this.#hash
    hash.start()
    if (longestLabels >= 0) this.#findBelow('', url, fullHost, hits)
    // From the last label to all of them, as one walk. What is longer than any mask's labels is not looked at.
    const host = wellFormed(fullHost)
    const longest = Math.max(longestDomain, longestLabels)
    for (let start = host.length - 1; start >= 0 && host.length - start <= longest; start--) {
      const unit = host.charCodeAt(start)
      hash.add(unit)
      if (unit === DOT || (start > 0 && host.charCodeAt(start - 1) !== DOT)) continue
      const labels = host.slice(start)
      if (labels.length <= longestDomain && this.#ask(hash, this.#spaces.domain))
        this.#takeDomain(labels, hits)
      if (labels.length <= longestLabels) this.#findBelow(labels, url, fullHost, hits)
    }
    if (hits.length > 1) hits.sort(bySpecificity)
    let found = matches
    for (const [i, { text, context }] of hits.entries()) {
      // Two sets of masks whose hashes are equal are one: the same mask may have been found in it twice.
      if (i === 0 || text !== hits[i - 1]!.text) found = this.#add(CATEGORIES.mask, context, found)
    }
    return found
  }

  #takeDomain(domain: string, hits: CompiledMaskHit[]): void {
    const reader = this.#reader
    while (reader.next()) {
      if (reader.space !== this.#spaces.domain || !reader.hasKey(domain)) continue
      hits.push({ text: `.${domain}`, value: reader.sequence, context: reader.context() })
    }
  }

  /** Masks whose hosts end in these labels, which the hash stands behind. */
  #findBelow(labels: string, url: UrlKey, fullHost: string, hits: CompiledMaskHit[]): void {
    const space = this.#spaces.labels
    if (!this.#ask(this.#hash, space)) return
    const lengths = this.#takeMasks(space, labels, url, fullHost, hits)
    if (lengths === undefined) return
    const hash = this.#pathHash
    hash.startFrom(this.#hash)
    hash.add(PATH_MARK)
    let hashed = 0
    for (const length of lengths) {
      if (length > url.tail.length) break
      hash.addText(url.tail, hashed, length)
      hashed = length
      this.#findAtPath(labels, length, url, fullHost, hits)
    }
  }

  /** Masks whose paths begin with so many characters of the URL's, which the hash stands behind. */
  #findAtPath(labels: string, length: number, url: UrlKey, fullHost: string, hits: CompiledMaskHit[]): void {
    const space = this.#spaces.path
    if (!this.#ask(this.#pathHash, space)) return
    const name = pathSignpost(labels, url.tail.slice(0, length))
    const signs = this.#takeMasks(space, name, url, fullHost, hits)
    if (signs === undefined) return
    const ways = signs[0] ?? 0
    if ((ways & HAS_ALWAYS) !== 0 && this.#ask(this.#pathHash, this.#spaces.always)) {
      this.#takeMasks(this.#spaces.always, '', url, fullHost, hits)
    }
    if ((ways & HAS_LONG) !== 0) this.#findGrams(LONG, url, fullHost, hits)
    if ((ways & HAS_SHORT) !== 0) this.#findGrams(SHORT, url, fullHost, hits)
  }

  #findGrams(length: number, url: UrlKey, fullHost: string, hits: CompiledMaskHit[]): void {
    const base = this.#gramHash
    base.startFrom(this.#pathHash)
    base.add(length === LONG ? LONG_MARK : SHORT_MARK)
    const hash = new KeyHash()
    const space = this.#spaces.gram
    // Grams that were met: a text may repeat one without end.
    let met: Set<number> | undefined
    for (const text of [fullHost, url.tail]) {
      let before = 0
      let last = 0
      for (let i = 0; i < text.length; i++) {
        before = (before << 8) | (last >>> 24)
        last = (last << 8) | (text.charCodeAt(i) & 0xff)
        if (i < length - 1) continue
        const gram = hashOf(length === LONG ? before : 0, last)
        hash.startFrom(base)
        hash.addNumber(gram)
        hash.finish(space)
        if (!this.#filter.mayHave(hash.first, hash.second) || met?.has(gram)) continue
        met ??= new Set()
        met.add(gram)
        if (this.#ask(hash, space)) this.#takeMasks(space, '', url, fullHost, hits)
      }
    }
  }

  /**
   * Takes the masks among the entries that match the URL.
   *
   * @param name of the signpost that is looked for
   * @returns its numbers, undefined when there is none
   */
  #takeMasks(
    space: number,
    name: string,
    url: UrlKey,
    fullHost: string,
    hits: CompiledMaskHit[],
  ): number[] | undefined {
    const reader = this.#reader
    let signs: number[] | undefined
    while (reader.next()) {
      if (reader.space !== space) continue
      if (reader.isSignpost) {
        if (reader.hasKey(name)) signs = numbersOf(reader.contextBytes())
        continue
      }
      const text = reader.keyText()
      if (!maskMatches(text, url, fullHost)) continue
      hits.push({ text, value: reader.sequence, context: reader.context() })
    }
    return signs
  }

  /** @returns whether there are entries of the hash in this space; the reader stands before them */
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
    found.push({ category: this.#category ?? category, context: wireLine(text) })
    return found
  }
}

function numbersOf(bytes: Buffer): number[] {
  return Array.from({ length: bytes.length >> 2 }, (_, i) => bytes.readUInt32LE(i * 4))
}

/** The smallest range first, of equal ones that of the lower address: as `RangeIndex` has them. */
function bySize(a: RangeHit, b: RangeHit): number {
  return a.extent - b.extent || order(a.first, b.first) || order(a.last, b.last)
}

function order(a: Address, b: Address): number {
  if (a === b) return 0
  return a < b ? -1 : 1
}
