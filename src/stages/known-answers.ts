const KEY_WORDS = 256
const TABLE_BITS = 18
const TABLE_SIZE = 1 << TABLE_BITS
/** Places that are looked at for a key: values that were made to meet at one place cost no more than this. */
const PROBES = 8
/** Values that are kept at most; then all are forgotten. Half of the table, and what 100,000 answers for a type may need. */
const MAX_ENTRIES = TABLE_SIZE / 2
/** Their bytes together: 4 MiB in words, of which only those that are used take memory. */
const ARENA_WORDS = 1 << 20
/** Detections of all of them together. */
const MAX_DETECTION_BYTES = 8 * 1024 * 1024

/** The detections that a value has: JSON texts of them, with commas in between. */
export interface KnownDetections {
  readonly text: Uint8Array
  /** Number of detections. */
  readonly count: number
}

/** No entry: nothing is known of the value, or not any longer. */
export const UNKNOWN = -1

/**
 * The answers that the cache of the tracer's client has given, by the bytes that a value has in lines. A text that is known needs
 * neither be decoded nor hashed as a string then.
 *
 *     table           entries                        arena
 *     [ 0 | 7 | 0 ] -> until, detections, key at --> [ path, length | bytes ... ][ path, length | bytes ... ]
 *
 * Nothing is forgotten by itself: when there is no more room all of it goes, and comes again from the cache.
 */
export class KnownAnswers {
  /** Index of the entry, plus 1; 0: none. */
  readonly #table = new Int32Array(TABLE_SIZE)
  readonly #keyAt = new Int32Array(MAX_ENTRIES)
  readonly #until = new Float64Array(MAX_ENTRIES)
  /** Index in `#detections` plus 1; 0: nothing was found. */
  readonly #found = new Int32Array(MAX_ENTRIES)
  readonly #arena = new Int32Array(ARENA_WORDS)
  #entries = 0
  #used = 0
  #detections: KnownDetections[] = []
  #detectionBytes = 0
  readonly #maxEntries: number
  /** On the clock of `performance.now()`: entries that end before are no longer known. Set before lines are read. */
  now = 0

  /** @param maxEntries values that may be kept. Default: 131,072, which is the most */
  constructor(maxEntries = MAX_ENTRIES) {
    this.#maxEntries = Math.min(maxEntries, MAX_ENTRIES)
  }

  /**
   * @param path number of the path that the value stands at
   * @param memory little-endian; up to three bytes behind the value are read as well, and do not count
   * @param from the first byte of the value
   * @param end behind its last byte
   * @returns the entry, or `UNKNOWN`
   */
  find(path: number, memory: DataView, from: number, end: number): number {
    const place = hashOf(path, memory, from, end)
    for (let probe = 0; probe < PROBES; probe++) {
      const entry = this.#table[(place + probe) & (TABLE_SIZE - 1)]! - 1
      if (entry === -1) return UNKNOWN
      if (this.#hasKey(entry, path, memory, from, end)) {
        return this.#until[entry]! > this.now ? entry : UNKNOWN
      }
    }
    return UNKNOWN
  }

  /** @returns undefined: nothing was found for the value */
  detections(entry: number): KnownDetections | undefined {
    const found = this.#found[entry]!
    return found === 0 ? undefined : this.#detections[found - 1]
  }

  /** True where something was found for the value. */
  hasDetections(entry: number): boolean {
    return this.#found[entry] !== 0
  }

  /**
   * Keeps what is known of a value, which is given as to `find`. Values of more than 1 KiB are not kept.
   *
   * @param detections undefined: nothing was found
   * @param until on the clock of `performance.now()`
   */
  keep(
    path: number,
    memory: DataView,
    from: number,
    end: number,
    detections: KnownDetections | undefined,
    until: number,
  ): void {
    const words = wordsOf(end - from)
    if (words > KEY_WORDS || this.#maxEntries === 0) return
    this.#makeRoom(words + 2, detections)
    const place = this.#placeFor(path, memory, from, end)
    let entry = this.#table[place]! - 1
    if (entry === -1 || !this.#hasKey(entry, path, memory, from, end)) {
      entry = this.#entries++
      this.#table[place] = entry + 1
      this.#keyAt[entry] = this.#used
      this.#arena[this.#used++] = path
      this.#arena[this.#used++] = end - from
      for (let word = 0; word < words; word++) {
        this.#arena[this.#used++] = wordAt(memory, from + 4 * word, end)
      }
    }
    this.#until[entry] = until
    this.#found[entry] = 0
    if (detections === undefined) return
    this.#detectionBytes += detections.text.length
    this.#found[entry] = this.#detections.push(detections)
  }

  /** The place of the key, or a free one, or the first one that it may have. */
  #placeFor(path: number, memory: DataView, from: number, end: number): number {
    const home = hashOf(path, memory, from, end)
    let free = -1
    for (let probe = 0; probe < PROBES; probe++) {
      const place = (home + probe) & (TABLE_SIZE - 1)
      const entry = this.#table[place]! - 1
      if (entry === -1) {
        if (free === -1) free = place
        break
      }
      if (this.#hasKey(entry, path, memory, from, end)) return place
    }
    return free === -1 ? home : free
  }

  #hasKey(entry: number, path: number, memory: DataView, from: number, end: number): boolean {
    const arena = this.#arena
    let at = this.#keyAt[entry]!
    if (arena[at] !== path || arena[at + 1] !== end - from) return false
    at += 2
    let address = from
    for (; address + 4 <= end; address += 4) {
      if (arena[at++] !== memory.getInt32(address, true)) return false
    }
    return address === end || arena[at] === wordAt(memory, address, end)
  }

  #makeRoom(words: number, detections: KnownDetections | undefined): void {
    const isFull =
      this.#entries === this.#maxEntries ||
      this.#used + words > ARENA_WORDS ||
      this.#detectionBytes + (detections?.text.length ?? 0) > MAX_DETECTION_BYTES
    if (!isFull) return
    this.#table.fill(0)
    this.#entries = 0
    this.#used = 0
    this.#detections = []
    this.#detectionBytes = 0
  }
}

function wordsOf(bytes: number): number {
  return (bytes + 3) >> 2
}

/** Four bytes; those behind the end are zero. */
function wordAt(memory: DataView, address: number, end: number): number {
  const word = memory.getInt32(address, true)
  const left = end - address
  return left >= 4 ? word : word & ((1 << (8 * left)) - 1)
}

/** The place in the table where a key belongs. */
function hashOf(path: number, memory: DataView, from: number, end: number): number {
  let hash = Math.imul(end - from, 0x9e3779b1) + path
  let address = from
  for (; address + 4 <= end; address += 4) {
    hash = Math.imul(hash ^ memory.getInt32(address, true), 0x85ebca6b)
    hash ^= hash >>> 15
  }
  if (address < end) hash = Math.imul(hash ^ wordAt(memory, address, end), 0x85ebca6b)
  hash = Math.imul(hash ^ (hash >>> 13), 0xc2b2ae35)
  return (hash >>> (32 - TABLE_BITS)) & (TABLE_SIZE - 1)
}
