const FIRST_OFFSET = 0x811c9dc5 | 0
const FIRST_PRIME = 0x01000193
const SECOND_OFFSET = 0x2f0b4c47
const SECOND_PRIME = 0x5bd1e995
const SPACE_SPREAD = 0x9e3779b1
const OTHER_SPACE_SPREAD = 0x7feb352d

/**
 * Two hashes of 32 bits of a key, made one character at a time, so that all beginnings (or, from the right, all ends)
 * of a text cost one walk through it. The first orders the entries of a compiled feed, the second is for its filter.
 *
 *     start() add('a') finish(space)     the key 'a'
 *             add('b') finish(space)     the key 'ab'
 *
 * They are a part of the format of compiled feeds: another hash is another format.
 */
export class KeyHash {
  /** The hash that was finished last, as signed numbers: small ones to V8. */
  first = 0
  second = 0
  #a = FIRST_OFFSET
  #b = SECOND_OFFSET

  start(): void {
    this.#a = FIRST_OFFSET
    this.#b = SECOND_OFFSET
  }

  /** @param unit a UTF-16 unit */
  add(unit: number): void {
    this.#a = Math.imul(this.#a ^ unit, FIRST_PRIME)
    this.#b = Math.imul(this.#b ^ unit, SECOND_PRIME)
  }

  addText(text: string, from = 0, to = text.length): void {
    let a = this.#a
    let b = this.#b
    for (let i = from; i < to; i++) {
      const unit = text.charCodeAt(i)
      a = Math.imul(a ^ unit, FIRST_PRIME)
      b = Math.imul(b ^ unit, SECOND_PRIME)
    }
    this.#a = a
    this.#b = b
  }

  /** Goes from the last character to the first. */
  addReversed(text: string): void {
    for (let i = text.length - 1; i >= 0; i--) this.add(text.charCodeAt(i))
  }

  /** @param number any 32 bits */
  addNumber(number: number): void {
    this.add(number >>> 16)
    this.add(number & 0xffff)
  }

  /**
   * Sets `first` and `second`. More may be added afterwards.
   *
   * @param space number of a set of keys: equal keys of two of them are different
   */
  finish(space: number): void {
    this.first = mix(this.#a ^ Math.imul(space, SPACE_SPREAD))
    this.second = mix(this.#b ^ Math.imul(space, OTHER_SPACE_SPREAD))
  }
}

/** FNV and its like leave their high bits poor (the finalizer is that of MurmurHash3). */
function mix(hash: number): number {
  let mixed = hash
  mixed = Math.imul(mixed ^ (mixed >>> 16), 0x85ebca6b)
  mixed = Math.imul(mixed ^ (mixed >>> 13), 0xc2b2ae35)
  return mixed ^ (mixed >>> 16)
}
