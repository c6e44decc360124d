import { Buffer } from 'node:buffer'

/** Words of 32 bits in a block: 32 bytes, half a line of a processor's cache. */
const BLOCK_WORDS = 8
const BLOCK_BYTES = BLOCK_WORDS * 4
/** Of a thousand keys that are not there, about five pass. */
const BITS_PER_KEY = 12
const TWO_TO_32 = 2 ** 32
/** One bit in each word of a block, chosen by these; so it is done in Parquet. */
const SALTS = Int32Array.of(
  0x47b6137b,
  0x44974d91,
  0x8824ad5b | 0,
  0xa2b7289d | 0,
  0x705495c7,
  0x2df1424b,
  0x9efc4947 | 0,
  0x5c6bfb31,
)

/** Number of blocks of the filter for so many keys. */
function blocksFor(keys: number): number {
  return Math.max(1, Math.ceil((keys * BITS_PER_KEY) / (BLOCK_BYTES * 8)))
}

/**
 * Tells most keys that are not in a compiled feed, without asking lmdb: a Bloom filter in blocks, so that a key is one
 * place in memory. The block is chosen by the high bits of a key's first hash, the bits in it by the second.
 */
export class KeyFilter {
  readonly #words: Uint32Array
  readonly #blocksPerHash: number

  /** @param bytes those that a `KeyFilterBuilder` made; they are not copied when they are aligned */
  constructor(bytes: Uint8Array) {
    const isAligned = bytes.byteOffset % 4 === 0
    const { buffer, byteOffset, byteLength } = isAligned ? bytes : bytes.slice()
    this.#words = new Uint32Array(buffer, byteOffset, Math.floor(byteLength / 4))
    this.#blocksPerHash = Math.floor(byteLength / BLOCK_BYTES) / TWO_TO_32
  }

  /** False when no key has these hashes. */
  mayHave(first: number, second: number): boolean {
    const words = this.#words
    const start = Math.floor((first >>> 0) * this.#blocksPerHash) * BLOCK_WORDS
    for (let i = 0; i < BLOCK_WORDS; i++) {
      if (((words[start + i]! >>> (Math.imul(second, SALTS[i]!) >>> 27)) & 1) === 0) return false
    }
    return true
  }
}

/** Makes a filter of keys that come in the order of their first hashes: only a part of it is in memory. */
export class KeyFilterBuilder {
  readonly #blocksPerHash: number
  readonly #write: (bytes: Buffer) => void
  readonly #part: Uint32Array
  readonly #partBlocks: number
  readonly #blocks: number
  /** The first block of the part. */
  #start = 0

  /**
   * @param keys number of those that will come, at most
   * @param write takes the filter's bytes, part after part; they are overwritten afterwards
   */
  constructor(keys: number, write: (bytes: Buffer) => void) {
    this.#blocks = blocksFor(keys)
    this.#blocksPerHash = this.#blocks / TWO_TO_32
    this.#write = write
    this.#partBlocks = Math.min(this.#blocks, 2 ** 15)
    this.#part = new Uint32Array(this.#partBlocks * BLOCK_WORDS)
  }

  /** @param first not less, as an unsigned number, than that of the key before */
  add(first: number, second: number): void {
    const block = Math.floor((first >>> 0) * this.#blocksPerHash)
    while (block >= this.#start + this.#partBlocks) this.#flush()
    const start = (block - this.#start) * BLOCK_WORDS
    for (let i = 0; i < BLOCK_WORDS; i++) {
      this.#part[start + i]! |= 1 << (Math.imul(second, SALTS[i]!) >>> 27)
    }
  }

  finish(): void {
    while (this.#start < this.#blocks) this.#flush()
  }

  #flush(): void {
    const blocks = Math.min(this.#partBlocks, this.#blocks - this.#start)
    this.#write(Buffer.from(this.#part.buffer, 0, blocks * BLOCK_BYTES))
    this.#part.fill(0)
    this.#start += blocks
  }
}
