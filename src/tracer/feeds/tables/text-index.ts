import { Buffer } from 'node:buffer'
import type { TextStore } from './text-store.ts'

const SHARD_BITS = 4
const SHARDS = 1 << SHARD_BITS
const SHARD_SHIFT = 32 - SHARD_BITS

/** A slot is three numbers: the key's hash, its reference in the store (0: the slot is free), the value. */
const SLOT = 3
const FIRST_SLOTS = 8
/** A table that is fuller than this doubles. */
const FULLEST = 0.7

const FNV_OFFSET = 0x811c9dc5
const FNV_PRIME = 0x01000193

interface Shard {
  slots: Uint32Array
  /** Number of slots less one; that number is a power of two. */
  mask: number
  count: number
}

/**
 * A map from texts to numbers (1 to 2**32 - 1) for millions of them: an open-addressing hash table over a text store.
 * Against a `Map` of strings it takes half the memory, leaves nothing to the garbage collector, and grows by one of
 * its sixteen parts at a time, so that no look-up has to wait for a rehash of everything.
 */
export class TextIndex {
  readonly #store: TextStore
  readonly #shards: Shard[]
  #size = 0
  #longest = 0

  /** @param store keeps the keys */
  constructor(store: TextStore) {
    this.#store = store
    this.#shards = Array.from({ length: SHARDS }, () => ({
      slots: new Uint32Array(FIRST_SLOTS * SLOT),
      mask: FIRST_SLOTS - 1,
      count: 0,
    }))
  }

  /** Number of keys. */
  get size(): number {
    return this.#size
  }

  /** No key has more UTF-16 units. */
  get longest(): number {
    return this.#longest
  }

  /** @returns the value of the key, 0 for none */
  get(key: string): number {
    // No need to look at what is longer than any key; the texts of requests are not to be trusted.
    if (key.length > this.#longest) return 0
    let bytes = key
    let hash = hashAscii(key)
    if (hash < 0) {
      bytes = utf8Bytes(key)
      hash = hashBytes(bytes)
    }
    const { slots, mask } = this.#shards[hash >>> SHARD_SHIFT]!
    return slots[this.#slotOf(slots, mask, bytes, hash) + 2]!
  }

  /** Gives the key a value; one that it had before is forgotten. */
  set(key: string, value: number): void {
    let bytes = key
    let hash = hashAscii(key)
    if (hash < 0) {
      bytes = utf8Bytes(key)
      hash = hashBytes(bytes)
    }
    const shard = this.#shards[hash >>> SHARD_SHIFT]!
    let at = this.#slotOf(shard.slots, shard.mask, bytes, hash)
    if (shard.slots[at + 1] === 0) {
      if (shard.count >= (shard.mask + 1) * FULLEST) {
        grow(shard)
        at = this.#slotOf(shard.slots, shard.mask, bytes, hash)
      }
      shard.slots[at] = hash
      shard.slots[at + 1] = this.#store.put(key)
      shard.count += 1
      this.#size += 1
      this.#longest = Math.max(this.#longest, key.length)
    }
    shard.slots[at + 2] = value
  }

  /** The slot of the key, or the free one where it would be. */
  #slotOf(slots: Uint32Array, mask: number, bytes: string, hash: number): number {
    for (let slot = hash & mask; ; slot = (slot + 1) & mask) {
      const at = slot * SLOT
      const reference = slots[at + 1]!
      if (reference === 0) return at
      if (slots[at] === hash && this.#store.hasBytes(reference, bytes)) return at
    }
  }
}

function grow(shard: Shard): void {
  const old = shard.slots
  const mask = (shard.mask + 1) * 2 - 1
  const slots = new Uint32Array((mask + 1) * SLOT)
  for (let from = 0; from < old.length; from += SLOT) {
    if (old[from + 1] === 0) continue
    let slot = old[from]! & mask
    while (slots[slot * SLOT + 1] !== 0) slot = (slot + 1) & mask
    slots[slot * SLOT] = old[from]!
    slots[slot * SLOT + 1] = old[from + 1]!
    slots[slot * SLOT + 2] = old[from + 2]!
  }
  shard.slots = slots
  shard.mask = mask
}

/** The UTF-8 bytes of a text, one character a byte. */
function utf8Bytes(text: string): string {
  return Buffer.from(text, 'utf8').toString('latin1')
}

/** The hash of a text's bytes, -1 when it is not ASCII. */
function hashAscii(text: string): number {
  let hash = FNV_OFFSET
  let seen = 0
  for (let i = 0; i < text.length; i++) {
    const code = text.charCodeAt(i)
    seen |= code
    hash = Math.imul(hash ^ code, FNV_PRIME)
  }
  return seen > 0x7f ? -1 : mix(hash)
}

function hashBytes(bytes: string): number {
  let hash = FNV_OFFSET
  for (let i = 0; i < bytes.length; i++) hash = Math.imul(hash ^ bytes.charCodeAt(i), FNV_PRIME)
  return mix(hash)
}

/** FNV-1a leaves its high bits poor, and shards are chosen by them (the finalizer is that of MurmurHash3). */
function mix(hash: number): number {
  let mixed = hash
  mixed = Math.imul(mixed ^ (mixed >>> 16), 0x85ebca6b)
  mixed = Math.imul(mixed ^ (mixed >>> 13), 0xc2b2ae35)
  return (mixed ^ (mixed >>> 16)) >>> 0
}
