import { Buffer } from 'node:buffer'
import { gramsOf, LONG, SHORT } from '../fragments.ts'
import { literalLabels, literalPath, literalPieces, partsOf } from '../mask-parts.ts'
import { FEW } from '../masks.ts'
import type { Pace } from '../pace.ts'
import { type EntryContext, encodeEntry, KINDS, spaceOf } from './entries.ts'
import { KeyHash } from './key-hash.ts'
import type { Sorter } from './sorter.ts'

/** Between the labels and the path in a hash; no text has it. */
export const PATH_MARK = 0x10000
/** Before the grams of each length. */
export const LONG_MARK = 0x10001
export const SHORT_MARK = 0x10002
/** Which of these there are behind a path: bits. */
export const HAS_LONG = 1
export const HAS_SHORT = 2
export const HAS_ALWAYS = 4

/** Places to count grams in; some share one. */
const COUNTS_BITS = 20

/** A mask on its way into the index. */
interface IndexedMask {
  readonly table: number
  readonly text: string
  readonly labels: string
  readonly path: string
  readonly sequence: number
  readonly context: EntryContext
}

/** Where the entries of masks go. */
export type PutEntry = (entry: Buffer, first: number, second: number) => void

/** What the signpost of masks with the same labels and path is called. */
export function pathSignpost(labels: string, path: string): string {
  return `${labels}\n${path}`
}

/** Starts a hash with the labels of a mask: from the right, as those of a URL's host are gone through. */
export function hashLabels(hash: KeyHash, labels: string): void {
  hash.start()
  hash.addReversed(labels)
}

function hashPath(hash: KeyHash, labels: string, path: string): void {
  hashLabels(hash, labels)
  hash.add(PATH_MARK)
  hash.addText(path)
}

/** Takes masks, and gives them back by labels, then by path, equal ones together, in the order in which they came. */
export class MaskSpool {
  readonly #sorter: Sorter
  readonly #hash = new KeyHash()
  /** How often grams occur, to know the rare ones; a mask that comes twice counts twice. */
  readonly #counts = new Uint32Array(2 ** COUNTS_BITS)

  constructor(sorter: Sorter) {
    this.#sorter = sorter
  }

  add(table: number, text: string, sequence: number, context: EntryContext): void {
    const { host, tail } = partsOf(text)
    const labels = literalLabels(host)
    const hash = this.#hash
    hashLabels(hash, labels)
    hash.finish(spaceOf(KINDS.labels, table))
    const first = hash.first
    hash.add(PATH_MARK)
    hash.addText(literalPath(tail))
    hash.finish(spaceOf(KINDS.path, table))
    const second = hash.first
    hash.start()
    hash.addText(text)
    hash.finish(table)
    const entry = encodeEntry({ space: spaceOf(KINDS.labels, table), key: text, sequence, context })
    this.#sorter.add(entry, first, second, hash.first)
    const pieces = literalPieces(text)
    for (const length of [LONG, SHORT]) {
      for (const gram of gramsOf(pieces, length)) this.#counts[gram >>> (32 - COUNTS_BITS)]! += 1
    }
  }

  /** Number of masks, equal ones counted each time. */
  get size(): number {
    return this.#sorter.size
  }

  /** The rarest gram of a mask, undefined when it has none. */
  rarestGram(text: string): { readonly gram: number; readonly isLong: boolean } | undefined {
    const pieces = literalPieces(text)
    for (const length of [LONG, SHORT]) {
      let rarest: number | undefined
      for (const gram of gramsOf(pieces, length)) {
        if (rarest === undefined || this.#count(gram) < this.#count(rarest)) rarest = gram
      }
      if (rarest !== undefined) return { gram: rarest, isLong: length === LONG }
    }
    return undefined
  }

  #count(gram: number): number {
    return this.#counts[gram >>> (32 - COUNTS_BITS)]!
  }
}

/**
 * Decides what masks are found by, as `MaskIndex` does: their labels when few have the same, else labels and path, and
 * when many share these a rare gram. A signpost tells a search to go on. They come sorted: at most a few are held.
 *
 *     labels   mask mask mask               few
 *     labels   signpost: lengths of paths   many    path   mask mask        few
 *                                                   path   signpost         many    gram    mask
 *                                                                                   always  mask
 *
 * The sets are those of hashes: two different labels with one hash are taken together, and each gets its signpost.
 */
export class MaskIndexer {
  readonly #spool: MaskSpool
  readonly #put: PutEntry
  readonly #hash = new KeyHash()
  #labels = new Group()
  #path = new Group()

  constructor(spool: MaskSpool, put: PutEntry) {
    this.#spool = spool
    this.#put = put
  }

  /** @param first and `second` are equal for masks of one group */
  add(mask: IndexedMask, first: number, second: number): void {
    if (this.#labels.first !== first) {
      this.#endLabels()
      this.#labels = new Group(first)
    }
    if (!this.#labels.isLarge) {
      // The second hash is kept with the mask: it decides on the path when the group turns out to be large.
      this.#labels.held.push({ mask, second })
      if (this.#labels.held.length <= FEW) return
      this.#labels.isLarge = true
      for (const held of this.#labels.held) this.#addToPath(held.mask, first, held.second)
      this.#labels.held.length = 0
      return
    }
    this.#addToPath(mask, first, second)
  }

  /** To be called after the last mask. */
  finish(): void {
    this.#endLabels()
  }

  #addToPath(mask: IndexedMask, first: number, second: number): void {
    this.#labels.note(mask, mask.labels, mask.path.length)
    if (this.#path.first !== first || this.#path.second !== second) {
      this.#endPath()
      this.#path = new Group(first, second)
    }
    if (!this.#path.isLarge) {
      this.#path.held.push({ mask, second })
      if (this.#path.held.length <= FEW) return
      this.#path.isLarge = true
      for (const held of this.#path.held) this.#addToGrams(held.mask)
      this.#path.held.length = 0
      return
    }
    this.#addToGrams(mask)
  }

  #addToGrams(mask: IndexedMask): void {
    const found = this.#spool.rarestGram(mask.text)
    hashPath(this.#hash, mask.labels, mask.path)
    let kind: number = KINDS.always
    let bit = HAS_ALWAYS
    if (found !== undefined) {
      this.#hash.add(found.isLong ? LONG_MARK : SHORT_MARK)
      this.#hash.addNumber(found.gram)
      kind = KINDS.gram
      bit = found.isLong ? HAS_LONG : HAS_SHORT
    }
    this.#path.note(mask, pathSignpost(mask.labels, mask.path), bit)
    this.#putMask(kind, mask)
  }

  #endPath(): void {
    const { isLarge, held, notes } = this.#path
    this.#path = new Group()
    if (!isLarge) {
      for (const { mask } of held) {
        hashPath(this.#hash, mask.labels, mask.path)
        this.#putMask(KINDS.path, mask)
      }
      return
    }
    for (const { mask, key, numbers } of notes.values()) {
      hashPath(this.#hash, mask.labels, mask.path)
      const bits = [...numbers].reduce((all, bit) => all | bit, 0)
      this.#putSignpost(spaceOf(KINDS.path, mask.table), key, [bits])
    }
  }

  #endLabels(): void {
    this.#endPath()
    const { isLarge, held, notes } = this.#labels
    this.#labels = new Group()
    if (!isLarge) {
      for (const { mask } of held) {
        hashLabels(this.#hash, mask.labels)
        this.#putMask(KINDS.labels, mask)
      }
      return
    }
    for (const { mask, key, numbers } of notes.values()) {
      hashLabels(this.#hash, mask.labels)
      this.#putSignpost(
        spaceOf(KINDS.labels, mask.table),
        key,
        [...numbers].sort((a, b) => a - b),
      )
    }
  }

  /** The hash has been started with what the mask is found by. */
  #putMask(kind: number, { table, text, sequence, context }: IndexedMask): void {
    const space = spaceOf(kind, table)
    this.#hash.finish(space)
    this.#put(encodeEntry({ space, key: text, sequence, context }), this.#hash.first, this.#hash.second)
  }

  #putSignpost(space: number, key: string, numbers: readonly number[]): void {
    this.#hash.finish(space)
    const bytes = Buffer.alloc(numbers.length * 4)
    for (const [i, number] of numbers.entries()) bytes.writeUInt32LE(number, i * 4)
    const entry = encodeEntry({ space, key, context: { bytes, isAscii: true }, isSignpost: true })
    this.#put(entry, this.#hash.first, this.#hash.second)
  }
}

/** Masks with one hash of their labels, or of labels and path. */
class Group {
  /** -1: there is none yet. */
  readonly first: number
  readonly second: number
  readonly held: { readonly mask: IndexedMask; readonly second: number }[] = []
  isLarge = false
  /** What signposts are put up for: by key and table. */
  readonly notes = new Map<
    string,
    { readonly mask: IndexedMask; readonly key: string; readonly numbers: Set<number> }
  >()

  constructor(first = -1, second = 0) {
    this.first = first
    this.second = second
  }

  note(mask: IndexedMask, key: string, number: number): void {
    const name = `${mask.table} ${key}`
    const note = this.notes.get(name)
    if (note === undefined) this.notes.set(name, { mask, key, numbers: new Set([number]) })
    else note.numbers.add(number)
  }
}

/**
 * Goes through a sorted spool, drops masks that come again with a later record, and indexes the others.
 *
 * @param onMask is called for each that stays, with its table
 */
export async function indexMasks(
  sorter: Sorter,
  spool: MaskSpool,
  put: PutEntry,
  onMask: (table: number, labels: string) => void,
  read: (entry: Buffer) => { table: number; text: string; sequence: number; context: EntryContext },
  pace: Pace,
): Promise<void> {
  const indexer = new MaskIndexer(spool, put)
  // Masks with equal hashes; of equal ones the last stays.
  const same = new Map<string, IndexedMask>()
  let hashes = { first: -1, second: -1, third: -1 }
  const flush = () => {
    for (const mask of same.values()) {
      onMask(mask.table, mask.labels)
      indexer.add(mask, hashes.first, hashes.second)
    }
    same.clear()
  }
  for await (const { first, second, third, bytes } of sorter.sorted(pace)) {
    if (first !== hashes.first || second !== hashes.second || third !== hashes.third) {
      flush()
      hashes = { first, second, third }
    }
    const { table, text, sequence, context } = read(bytes)
    const { host, tail } = partsOf(text)
    const mask = { table, text, sequence, context, labels: literalLabels(host), path: literalPath(tail) }
    same.set(`${table} ${text}`, mask)
  }
  flush()
  indexer.finish()
}
