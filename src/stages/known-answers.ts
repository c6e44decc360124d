const TABLE_BITS = 18
const FIRST_TABLE_BITS = 12
/** Places that are looked at for a key: values that were made to meet at one place cost no more than this. */
const PROBES = 8
/** Values that are kept at most; then all are forgotten. Half of the table, and what 100,000 answers for a type may need. */
const MAX_ENTRIES = 2 ** (TABLE_BITS - 1)
/** All records together have 8 MiB, of which only those that are used take memory. */
const ARENA_WORDS = 1 << 21
/** Detections of all of them together. */
const MAX_DETECTION_BYTES = 8 * 1024 * 1024

// A record lies in one piece, as short as can be: what all events ask for should fit into the processor's caches.
/** The number of the path, and the length of the value below it. */
const HEAD = 0
/** Index of the detections plus 1; 0: nothing was found. */
const FOUND = 1
/** A 64-bit number, at an even place. */
const UNTIL = 2
const KEY = 4

const LENGTH_BITS = 11
/** Of longer values nothing is kept. */
const MAX_KEY_BYTES = 1024
/** Nor of paths that have higher numbers. */
const MAX_PATHS = 2 ** (31 - LENGTH_BITS)

// An entry of the table: half of the record's index, and bits of the hash above, so that most other keys are known by them.
const INDEX_BITS = 20
const INDEX_MASK = (1 << INDEX_BITS) - 1

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
 *     table               arena
 *     [ 0 | hash,13 | 0 ] [ path and length, found, until, bytes ... ][ path and length, found, until, bytes ... ]
 *           `-------------------------------------------------------^ a record, the entry of its value
 *
 * The table grows with the number of entries. Nothing is forgotten by itself: when there is no more room all of it goes, and comes
 * again from the cache.
 */
export class KnownAnswers {
  #bits = FIRST_TABLE_BITS
  #table = createTable(FIRST_TABLE_BITS)
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
   * @param memory little-endian
   * @param from the first byte of the value
   * @param end behind its last byte
   * @returns the entry, or `UNKNOWN`
   */
  find(path: number, memory: DataView, from: number, end: number): number {
    const head = (path << LENGTH_BITS) + end - from
    const entry = this.#table[this.#place(hashOf(head, memory, from, end), head, memory, from, end)]!
    if (entry === 0) return UNKNOWN
    const record = (entry & INDEX_MASK) << 1
    return this.#times[(record + UNTIL) >> 1]! > this.now ? record : UNKNOWN
  }

  /** The place of the key, or a free one, or the one behind the table, which is always free, where it may have none. */
  #place(hash: number, head: number, memory: DataView, from: number, end: number): number {
    const table = this.#table
    const mask = table.length - 2
    const home = hash & mask
    for (let probe = 0; probe < PROBES; probe++) {
      const place = (home + probe) & mask
      const entry = table[place]!
      if (entry === 0) return place
      if ((entry ^ hash) >>> INDEX_BITS !== 0) continue
      if (hasKey(this.#arena, (entry & INDEX_MASK) << 1, head, memory, from, end)) return place
    }
    return mask + 1
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
    const length = end - from
    if (length > MAX_KEY_BYTES || path >= MAX_PATHS || this.#maxEntries === 0) return
    const words = (length + 3) >> 2
    const size = (KEY + words + 1) & ~1
    this.#makeRoom(size, detections)
    const arena = this.#arena
    const head = (path << LENGTH_BITS) + length
    const hash = hashOf(head, memory, from, end)
    let place = this.#place(hash, head, memory, from, end)
    if (place === this.#table.length - 1) place = hash & (place - 1)
    let record = (this.#table[place]! & INDEX_MASK) << 1
    if (record === 0 || !hasKey(arena, record, head, memory, from, end)) {
      record = this.#used
      this.#used += size
      this.#entries++
      this.#table[place] = (record >> 1) | (hash & ~INDEX_MASK)
      arena[record + HEAD] = head
      for (let word = 0; word < words; word++) {
        arena[record + KEY + word] = wordAt(memory, from + 4 * word, end)
      }
    }
    this.#times[(record + UNTIL) >> 1] = until
    arena[record + FOUND] = 0
    if (detections === undefined) return
    this.#detectionBytes += detections.text.length
    arena[record + FOUND] = this.#detections.push(detections)
  }

  #makeRoom(words: number, detections: KnownDetections | undefined): void {
    const isFull =
      this.#entries === this.#maxEntries ||
      this.#used + words > ARENA_WORDS ||
      this.#detectionBytes + (detections?.text.length ?? 0) > MAX_DETECTION_BYTES
    if (isFull) {
      this.#table.fill(0)
      this.#entries = 0
      this.#used = FIRST
      this.#detections = []
      this.#detectionBytes = 0
    } else if (this.#entries >= this.#table.length >> 1 && this.#bits < TABLE_BITS) this.#grow()
  }

  /** Makes the table larger. Keys that find no place are forgotten. */
  #grow(): void {
    const arena = new DataView(this.#arena.buffer)
    const before = this.#table
    this.#bits += 2
    this.#table = createTable(this.#bits)
    const mask = this.#table.length - 2
    for (const entry of before) {
      if (entry === 0) continue
      const record = (entry & INDEX_MASK) << 1
      const head = this.#arena[record + HEAD]!
      const from = 4 * (record + KEY)
      const home = hashOf(head, arena, from, from + (head & ((1 << LENGTH_BITS) - 1))) & mask
      for (let probe = 0; probe < PROBES; probe++) {
        const place = (home + probe) & mask
        if (this.#table[place] !== 0) continue
        this.#table[place] = entry
        break
      }
    }
  }
}

/** The first record. */
const FIRST = 2

/** The last place belongs to no key. */
function createTable(bits: number): Int32Array {
  return new Int32Array((1 << bits) + 1)
}

function hasKey(
  arena: Int32Array,
  record: number,
  head: number,
  memory: DataView,
  from: number,
  end: number,
): boolean {
  if (arena[record + HEAD] !== head) return false
  let at = record + KEY
  let address = from
  for (; address + 4 <= end; address += 4) {
    if (arena[at++] !== memory.getInt32(address, true)) return false
  }
  return address === end || arena[at] === wordAt(memory, address, end)
}

/** Four bytes; those behind the end are zero. */
function wordAt(memory: DataView, address: number, end: number): number {
  const left = end - address
  if (left >= 4) return memory.getInt32(address, true)
  // Behind the value there may be nothing.
  if (left === 1) return memory.getUint8(address)
  const word = memory.getUint16(address, true)
  return left === 2 ? word : word | (memory.getUint8(address + 2) << 16)
}

/** The place in the table where a key belongs, in the lowest bits, and others above that tell keys apart. */
function hashOf(head: number, memory: DataView, from: number, end: number): number {
  let hash = Math.imul(head, 0x9e3779b1)
  let address = from
  for (; address + 4 <= end; address += 4) {
    hash = Math.imul(hash ^ memory.getInt32(address, true), 0x85ebca6b)
    hash ^= hash >>> 15
  }
  if (address < end) hash = Math.imul(hash ^ wordAt(memory, address, end), 0x85ebca6b)
  hash = Math.imul(hash ^ (hash >>> 13), 0xc2b2ae35)
  return hash ^ (hash >>> 16)
}
