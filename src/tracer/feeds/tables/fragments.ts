import type { Pace } from '../pace.ts'

/** Characters of a gram: short ones for masks that have no piece of the length of a long one. */
const SHORT = 4
const LONG = 8
/** Places in the filter for each gram: one in so many of the other grams passes it. */
const FILTER_ROOM = 8
const SMALLEST_FILTER_BITS = 6
const LARGEST_FILTER_BITS = 20
const SPREAD = 0x9e3779b1
const OTHER_SPREAD = 0x85ebca6b
/** So many masks are read between two looks at the clock. */
const STEP = 256

/** Something that can only match texts in which all of its pieces occur. */
interface Fragmented {
  readonly id: number
  readonly pieces: readonly string[]
}

/**
 * Finds the masks that may match a text, by what no index of beginnings and ends can use: literal pieces in the
 * middle (`*login-bank*`). Each mask is known by its rarest gram, eight characters in a row (or four, when its pieces
 * are that short); a look-up goes once through the text and finds the masks whose grams are there. A mask without a
 * piece of four characters is always found.
 */
export class FragmentIndex {
  readonly #long: GramIndex
  readonly #short: GramIndex
  readonly #always: readonly number[]

  private constructor(long: GramIndex, short: GramIndex, always: readonly number[]) {
    this.#long = long
    this.#short = short
    this.#always = always
  }

  /** @param pace lets others work in between */
  static async build(masks: readonly Fragmented[], pace: Pace): Promise<FragmentIndex> {
    const hasPiece = ({ pieces }: Fragmented, least: number) => pieces.some(({ length }) => length >= least)
    const withLong = masks.filter((mask) => hasPiece(mask, LONG))
    const withShort = masks.filter((mask) => hasPiece(mask, SHORT) && !hasPiece(mask, LONG))
    const others = masks.filter((mask) => !hasPiece(mask, SHORT))
    return new FragmentIndex(
      await GramIndex.build(LONG, withLong, pace),
      await GramIndex.build(SHORT, withShort, pace),
      others.map(({ id }) => id),
    )
  }

  /** The ids of all that may match, each once. */
  find(texts: readonly string[]): number[] {
    const found = [...this.#always]
    this.#long.find(texts, found)
    this.#short.find(texts, found)
    return found
  }
}

class GramIndex {
  readonly #length: number
  /** Ids by hash of the gram. */
  readonly #ids = new Map<number, number[]>()
  /** Most hashes of a text do not pass it, and need not be looked up. */
  readonly #filter: Uint8Array
  readonly #filterShift: number

  private constructor(length: number, size: number) {
    this.#length = length
    const bits = Math.ceil(Math.log2(Math.max(size, 1) * FILTER_ROOM))
    const filterBits = Math.min(Math.max(bits, SMALLEST_FILTER_BITS), LARGEST_FILTER_BITS)
    this.#filter = new Uint8Array(2 ** filterBits)
    this.#filterShift = 32 - filterBits
  }

  /** @param masks each with a piece of `length` at least */
  static async build(length: number, masks: readonly Fragmented[], pace: Pace): Promise<GramIndex> {
    const index = new GramIndex(length, masks.length)
    const counts = new Map<number, number>()
    for (const [i, { pieces }] of masks.entries()) {
      for (const gram of gramsOf(pieces, length)) counts.set(gram, (counts.get(gram) ?? 0) + 1)
      if (i % STEP === 0 && pace.isDue()) await pace.rest()
    }
    for (const [i, { id, pieces }] of masks.entries()) {
      const grams = [...gramsOf(pieces, length)]
      index.#add(
        grams.reduce((rarest, gram) => (counts.get(gram)! < counts.get(rarest)! ? gram : rarest)),
        id,
      )
      if (i % STEP === 0 && pace.isDue()) await pace.rest()
    }
    return index
  }

  #add(gram: number, id: number): void {
    const ids = this.#ids.get(gram)
    if (ids === undefined) this.#ids.set(gram, [id])
    else ids.push(id)
    this.#filter[gram >>> this.#filterShift] = 1
  }

  /** Adds the ids of all whose grams occur in the texts, each once. */
  find(texts: readonly string[], found: number[]): void {
    if (this.#ids.size === 0) return
    // Grams that were met: a text may repeat one without end.
    let met: Set<number> | undefined
    for (const text of texts) {
      let before = 0
      let last = 0
      for (let i = 0; i < text.length; i++) {
        before = (before << 8) | (last >>> 24)
        last = (last << 8) | (text.charCodeAt(i) & 0xff)
        if (i < this.#length - 1) continue
        const gram = hashOf(this.#length === LONG ? before : 0, last)
        if (this.#filter[gram >>> this.#filterShift] === 0 || met?.has(gram)) continue
        const ids = this.#ids.get(gram)
        if (ids === undefined) continue
        met ??= new Set()
        met.add(gram)
        for (const id of ids) found.push(id)
      }
    }
  }
}

/** The hashes of all grams of this length. Of each character eight bits count. */
function gramsOf(pieces: readonly string[], length: number): Set<number> {
  const grams = new Set<number>()
  for (const piece of pieces) {
    let before = 0
    let last = 0
    for (let i = 0; i < piece.length; i++) {
      before = (before << 8) | (last >>> 24)
      last = (last << 8) | (piece.charCodeAt(i) & 0xff)
      if (i >= length - 1) grams.add(hashOf(length === LONG ? before : 0, last))
    }
  }
  return grams
}

/** A hash of eight bytes; its high bits are as good as its low ones. */
function hashOf(before: number, last: number): number {
  const mixed = Math.imul(last ^ Math.imul(before, OTHER_SPREAD), SPREAD)
  return Math.imul(mixed ^ (mixed >>> 15), SPREAD) >>> 0
}
