import { Buffer } from 'node:buffer'
import { join } from 'node:path'
import type { IndicatorSink } from '../indicator-extractor.ts'
import { type IndicatorKey, typedText } from '../keys/indicator-key.ts'
import type { AddressRange } from '../keys/ip.ts'
import type { MaskKey } from '../keys/url.ts'
import type { Pace } from '../pace.ts'
import { type Block, blockKey, blocksOf, hashBlock } from './blocks.ts'
import { type EntryContext, encodeEntry, KINDS, spaceOf } from './entries.ts'
import { KeyHash } from './key-hash.ts'
import { type Item, Sorter } from './sorter.ts'
import type { StoreWriter } from './store-writer.ts'

/** A context up to this size stands beside each of its keys, so that a hit is one look-up. */
const LONGEST_INLINE_BYTES = 512
/** One that would stand at many blocks of a range has to be shorter. */
const MANY_BLOCKS = 4
const LONGEST_INLINE_AT_MANY = 8
const IPV4_BITS = 32
const IPV6_BITS = 128
const LONE_SURROGATE = /\p{Surrogate}/u

/** Counts of a table of the spool, as far as they are known while records come. */
class SpooledTable {
  readonly prefixes4 = new Set<number>()
  readonly prefixes6 = new Set<number>()
  /** Of each kind of keys that are texts the most UTF-16 units. */
  readonly longest = { hash: 0, url: 0, host: 0, text: 0, domain: 0 }
}

/** Takes the indicators of records, and gives them back as entries in the order of their hashes. */
export class IndicatorSpool implements IndicatorSink {
  readonly tables: readonly SpooledTable[]
  readonly #store: StoreWriter
  readonly #entries: Sorter
  readonly #hash = new KeyHash()
  /** The record's number, and its context. */
  #sequence = 0
  #bytes: Buffer = Buffer.alloc(0)
  #isAscii = true
  #blob = 0

  /**
   * @param directory for what does not fit into memory
   * @param store takes long contexts at once
   * @param runBytes of what is sorted in memory; default: see `Sorter`
   */
  constructor(directory: string, tables: number, store: StoreWriter, runBytes?: number) {
    this.tables = Array.from({ length: tables }, () => new SpooledTable())
    this.#store = store
    this.#entries = new Sorter(join(directory, 'entries.tmp'), runBytes)
  }

  /** Number of entries, equal keys counted each time. */
  get size(): number {
    return this.#entries.size
  }

  putContext(context: string): number {
    this.#bytes = Buffer.from(context, 'utf8')
    this.#isAscii = this.#bytes.length === context.length
    this.#blob = 0
    this.#sequence += 1
    return this.#sequence
  }

  add(table: number, key: IndicatorKey): void {
    switch (key.kind) {
      case 'hash':
      case 'url':
      case 'host':
        this.#addText(table, key.kind, key.text)
        break
      case 'email':
      case 'text':
        this.#addText(table, 'text', typedText(key.kind, key.text))
        break
      case 'mask':
        this.#addMask(table, key.mask)
        break
      case 'ip':
        this.#addRange(table, key)
    }
  }

  #addText(table: number, kind: 'hash' | 'url' | 'host' | 'text', text: string): void {
    const space = spaceOf(KINDS[kind], table)
    const key = wellFormed(text)
    this.#measure(table, kind, key)
    this.#hash.start()
    this.#hash.addText(key)
    this.#put(encodeEntry({ space, key, context: this.#context(LONGEST_INLINE_BYTES) }), space)
  }

  #addMask(table: number, mask: MaskKey): void {
    const isDomain = mask.hasLeadingDot && mask.tail === '' && !mask.host.includes('*')
    const space = spaceOf(isDomain ? KINDS.domain : KINDS.mask, table)
    const key = wellFormed(isDomain ? mask.host : mask.text)
    if (isDomain) this.#measure(table, 'domain', key)
    // Domains are looked up from the last label to the first.
    this.#hash.start()
    this.#hash.addReversed(key)
    const context = this.#context(LONGEST_INLINE_BYTES)
    this.#put(encodeEntry({ space, key, sequence: this.#sequence, context }), space)
  }

  #measure(table: number, kind: keyof SpooledTable['longest'], key: string): void {
    const { longest } = this.tables[table]!
    longest[kind] = Math.max(longest[kind], key.length)
  }

  #addRange(table: number, range: AddressRange): void {
    const isIpv4 = typeof range.first === 'number'
    const space = spaceOf(isIpv4 ? KINDS.block4 : KINDS.block6, table)
    const isOne = range.first === range.last
    const blocks: readonly Block[] = isOne
      ? [{ start: range.first, prefix: isIpv4 ? IPV4_BITS : IPV6_BITS }]
      : [...blocksOf(range)]
    const context = this.#context(blocks.length > MANY_BLOCKS ? LONGEST_INLINE_AT_MANY : LONGEST_INLINE_BYTES)
    const { prefixes4, prefixes6 } = this.tables[table]!
    for (const block of blocks) {
      const prefixes = isIpv4 ? prefixes4 : prefixes6
      prefixes.add(block.prefix)
      hashBlock(this.#hash, block)
      this.#put(encodeEntry({ space, key: blockKey(block, range), context }), space)
    }
  }

  /** The hash has been started with the key. */
  #put(entry: Buffer, space: number): void {
    this.#hash.finish(space)
    this.#entries.add(entry, this.#hash.first, this.#hash.second)
  }

  #context(longestInline: number): EntryContext {
    const bytes = this.#bytes
    const isAscii = this.#isAscii
    if (bytes.length <= longestInline) return { bytes, isAscii }
    if (this.#blob === 0) this.#blob = this.#store.putBlob(bytes)
    return { blob: this.#blob, length: bytes.length, isAscii }
  }

  sorted(pace: Pace): AsyncGenerator<Item, void> {
    return this.#entries.sorted(pace)
  }

  close(): void {
    this.#entries.close()
  }
}

/** Gives the text as it is after a way through UTF-8, in which keys are stored. */
export function wellFormed(text: string): string {
  return LONE_SURROGATE.test(text) ? Buffer.from(text, 'utf8').toString('utf8') : text
}
