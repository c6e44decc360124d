/** Of longer values nothing is kept: 1 KiB. */
const KEY_WORDS = 256
const TABLE_BITS = 18
const TABLE_SIZE = 1 << TABLE_BITS
/** Places that are looked at for a key: values that were made to meet at one place cost no more than this. */
const PROBES = 8
/** Values that are kept at most; then all are forgotten. Half of the table, and what 100,000 answers for a type may need. */
const MAX_ENTRIES = TABLE_SIZE / 2
/** All records together have 8 MiB, of which only those that are used take memory. */
const ARENA_WORDS = 1 << 21
/** Detections of all of them together. */
const MAX_DETECTION_BYTES = 8 * 1024 * 1024

// A record lies in one piece, so that a look at it costs one line of the processor's cache.
const PATH = 0
const LENGTH = 1
/** Index of the detections plus 1; 0: nothing was found. */
const FOUND = 2
/** A 64-bit number, at an even place. */
const UNTIL = 4
const KEY = 6

/** The detections that a value has: JSON texts of them, with commas in between. */
export interface KnownDetections {
  readonly text: Uint8Array
  /** Number of detections. */
  readonly count: number
}

/** No entry: nothing is known of the value, or not any longer. */
export const UNKNOWN = 0

/**
 * The answers that the cache of the tracer's client has given, by the bytes that a value has in lines. A text that is known needs
 * neither be decoded nor hashed as a string then.
 *
 *     table             arena
 *     [ 0 | 26 | 0 ]    [ path, length, found, until, bytes ... ][ path, length, found, until, bytes ... ]
 *           `----------------------------------------------------^ an entry
 *
 * Nothing is forgotten by itself: when there is no more room all of it goes, and comes again from the cache.
 */
export class KnownAnswers {
  /** Indexes of records; 0: none. */
  readonly #table = new Int32Array(TABLE_SIZE)
  readonly #arena = new Int32Array(ARENA_WORDS)
  readonly #times = new Float64Array(this.#arena.buffer)
  #entries = 0
  #used = FIRST
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
    const table = this.#table
    const place = hashOf(path, memory, from, end)
    for (let probe = 0; probe < PROBES; probe++) {
      const entry = table[(place + probe) & (TABLE_SIZE - 1)]!
      if (entry === 0) return UNKNOWN
      if (hasKey(this.#arena, entry, path, memory, from, end)) {
        return this.#times[(entry + UNTIL) >> 1]! > this.now ? entry : UNKNOWN
      }
    }
    return UNKNOWN
  }

  /** @returns undefined: nothing was found for the value */
  detections(entry: number): KnownDetections | undefined {
    const found = this.#arena[entry + FOUND]!
    return found === 0 ? undefined : this.#detections[found - 1]
  }

  /** True where something was found for the value. */
  hasDetections(entry: number): boolean {
    return this.#arena[entry + FOUND] !== 0
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
    const size = (KEY + words + 1) & ~1
    this.#makeRoom(size, detections)
    const arena = this.#arena
    const place = this.#placeFor(path, memory, from, end)
    let entry = this.#table[place]!
    if (entry === 0 || !hasKey(arena, entry, path, memory, from, end)) {
      entry = this.#used
      this.#used += size
      this.#entries++
      this.#table[place] = entry
      arena[entry + PATH] = path
      arena[entry + LENGTH] = end - from
      for (let word = 0; word < words; word++) {
        arena[entry + KEY + word] = wordAt(memory, from + 4 * word, end)
      }
    }
    this.#times[(entry + UNTIL) >> 1] = until
    arena[entry + FOUND] = 0
    if (detections === undefined) return
    this.#detectionBytes += detections.text.length
    arena[entry + FOUND] = this.#detections.push(detections)
  }

  /** The place of the key, or a free one, or the first one that it may have. */
  #placeFor(path: number, memory: DataView, from: number, end: number): number {
    const home = hashOf(path, memory, from, end)
    for (let probe = 0; probe < PROBES; probe++) {
      const place = (home + probe) & (TABLE_SIZE - 1)
      const entry = this.#table[place]!
      if (entry === 0 || hasKey(this.#arena, entry, path, memory, from, end)) return place
    }
    return home
  }

  #makeRoom(words: number, detections: KnownDetections | undefined): void {
    const isFull =
      this.#entries === this.#maxEntries ||
      this.#used + words > ARENA_WORDS ||
      this.#detectionBytes + (detections?.text.length ?? 0) > MAX_DETECTION_BYTES
    if (!isFull) return
    this.#table.fill(0)
    this.#entries = 0
    this.#used = FIRST
    this.#detections = []
    this.#detectionBytes = 0
  }
}

/** The first record. */
const FIRST = 2

function hasKey(
  arena: Int32Array,
  entry: number,
  path: number,
  memory: DataView,
  from: number,
  end: number,
): boolean {
  if (arena[entry + PATH] !== path || arena[entry + LENGTH] !== end - from) return false
  let at = entry + KEY
  let address = from
  for (; address + 4 <= end; address += 4) {
    if (arena[at++] !== memory.getInt32(address, true)) return false
  }
  return address === end || arena[at] === wordAt(memory, address, end)
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
