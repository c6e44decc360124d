const NONE = -1

/**
 * Finds all of a set of texts that another text begins with. They are sorted, and each knows the longest other one
 * that it begins with: its parent. A look-up finds the last one that is not behind the text; either that is a
 * beginning of the text, or one of its ancestors is the longest that is one, and all further ancestors are, too.
 *
 *     ''  <-  '/a'  <-  '/a/b'        text '/a/c': the last one not behind it is '/a/b', then '/a' and '' match
 *         <-  '/x'
 */
export class PrefixIndex {
  readonly #prefixes: readonly string[]
  readonly #parents: Int32Array

  /** @param prefixes without duplicates, in the order of their code units */
  constructor(prefixes: readonly string[]) {
    this.#prefixes = prefixes
    this.#parents = new Int32Array(prefixes.length).fill(NONE)
    for (let i = 1; i < prefixes.length; i++) {
      let parent = i - 1
      while (parent !== NONE && !prefixes[i]!.startsWith(prefixes[parent]!)) parent = this.#parents[parent]!
      this.#parents[i] = parent
    }
  }

  /** The positions of the prefixes that the text begins with, the longest first. */
  find(text: string): number[] {
    const found: number[] = []
    let at = this.#lastNotBehind(text)
    while (at !== NONE && !text.startsWith(this.#prefixes[at]!)) at = this.#parents[at]!
    for (; at !== NONE; at = this.#parents[at]!) found.push(at)
    return found
  }

  #lastNotBehind(text: string): number {
    let low = 0
    let high = this.#prefixes.length
    while (low < high) {
      const middle = (low + high) >>> 1
      if (this.#prefixes[middle]! <= text) low = middle + 1
      else high = middle
    }
    return low - 1
  }
}
