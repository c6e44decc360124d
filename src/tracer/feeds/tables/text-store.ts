import { Buffer } from 'node:buffer'

/** References count words of four bytes. */
const WORD = 4
const PAGE_BITS = 18
const PAGE_WORDS = 1 << PAGE_BITS
const INDEX_MASK = PAGE_WORDS - 1
const PAGE_BYTES = PAGE_WORDS * WORD
const FIRST_PAGE_BYTES = 1 << 12
const NON_ASCII_BIT = 1
const LARGEST_REFERENCE = 0xffff_ffff

const NO_PAGE = Buffer.alloc(0)
const NO_WORDS = new Uint32Array(0)

/**
 * Texts in pages outside the JavaScript heap, each known by a 32-bit reference. A feed has millions of them: as
 * strings they would cost twice the memory, and the garbage collector would visit each one for ever.
 *
 *     page  |head|text......|head|text...|head|text....|     head: length in bytes * 2 + (not ASCII ? 1 : 0)
 *           ^ a reference is the number of this word, plus one
 *
 * Texts are only added. A text that is longer than a page takes the place of several.
 */
export class TextStore {
  readonly #pages: Buffer[] = []
  readonly #words: Uint32Array[] = []
  /** The page that is being filled, and how far it is. */
  #page = -1
  #end = 0
  #capacity = 0

  /**
   * @returns the reference, never 0
   * @throws RangeError when the store is full (16 GiB)
   */
  put(text: string): number {
    const length = Buffer.byteLength(text, 'utf8')
    const size = WORD + Math.ceil(length / WORD) * WORD
    if (this.#end + size > this.#capacity) this.#makeRoom(size)
    const index = this.#end / WORD
    const reference = this.#page * PAGE_WORDS + index + 1
    if (reference > LARGEST_REFERENCE) throw new RangeError('the texts of a feed take more than 16 GiB')
    const isAscii = length === text.length
    this.#words[this.#page]![index] = length * 2 + (isAscii ? 0 : NON_ASCII_BIT)
    this.#pages[this.#page]!.write(text, this.#end + WORD, length, isAscii ? 'latin1' : 'utf8')
    this.#end += size
    return reference
  }

  /** The text of a reference. */
  get(reference: number): string {
    const word = reference - 1
    const page = word >>> PAGE_BITS
    const index = word & INDEX_MASK
    const head = this.#words[page]![index]!
    const start = (index + 1) * WORD
    const end = start + (head >>> 1)
    const bytes = this.#pages[page]!
    return bytes.toString((head & NON_ASCII_BIT) === 0 ? 'latin1' : 'utf8', start, end)
  }

  /** True when the text of a reference has these UTF-8 bytes, given as a string of one character a byte. */
  hasBytes(reference: number, bytes: string): boolean {
    const word = reference - 1
    const page = word >>> PAGE_BITS
    const index = word & INDEX_MASK
    const length = this.#words[page]![index]! >>> 1
    if (length !== bytes.length) return false
    const stored = this.#pages[page]!
    const start = (index + 1) * WORD
    for (let i = 0; i < length; i++) {
      if (stored[start + i] !== bytes.charCodeAt(i)) return false
    }
    return true
  }

  #makeRoom(size: number): void {
    // A small feed does not need a whole page: the first one grows.
    if (this.#pages.length <= 1 && this.#end + size <= PAGE_BYTES) {
      let capacity = Math.max(this.#capacity, FIRST_PAGE_BYTES)
      while (capacity < this.#end + size) capacity *= 2
      const page = Buffer.alloc(capacity)
      this.#pages[0]?.copy(page)
      this.#setPage(0, page)
      return
    }
    this.#end = 0
    this.#setPage(this.#pages.length, Buffer.alloc(Math.max(size, PAGE_BYTES)))
    while (this.#pages.length * PAGE_BYTES < this.#page * PAGE_BYTES + size) {
      this.#pages.push(NO_PAGE)
      this.#words.push(NO_WORDS)
    }
  }

  #setPage(number: number, page: Buffer): void {
    this.#page = number
    this.#pages[number] = page
    this.#words[number] = new Uint32Array(page.buffer, page.byteOffset, Math.floor(page.length / WORD))
    this.#capacity = page.length
  }
}
