import { isPair } from './surrogates.ts'

/** Elements between two entries of an index: a step is found by walking half as many on the average. */
const STRIDE = 64

/** Texts whose indexes are kept. */
const MOST_TEXTS = 16

/** So many questions of an evaluation are answered by looking through the text: most rules ask only once or twice. */
const FREE_QUESTIONS = 8

/** Where the elements (code points) of a text begin. */
export interface TextIndex {
  /** Number of elements. */
  readonly length: number
  /** The UTF-16 unit of every 64th element; undefined where elements are units. */
  readonly units: Uint32Array | undefined
}

/** The indexes of one evaluation's long texts: a bounded number of them, the one that was made first leaves first. */
export class TextIndexes {
  readonly #indexes = new Map<string, TextIndex>()
  #asked = 0

  clear(): void {
    if (this.#asked === 0) return
    this.#asked = 0
    this.#indexes.clear()
  }

  /** The text's index; undefined where it has none yet and looking through the text is cheaper than to make one. */
  find(text: string): TextIndex | undefined {
    if (this.#asked < FREE_QUESTIONS) {
      this.#asked++
      return undefined
    }
    // A Map compares texts by their hashes, which V8 keeps with them, and then by identity.
    return this.#indexes.get(text)
  }

  /** An index should be made when {@link find} has found none. */
  get wanted(): boolean {
    return this.#asked === FREE_QUESTIONS
  }

  /** Makes the index of a text, in time proportional to its length. */
  make(text: string): TextIndex {
    const index = indexOf(text)
    if (this.#indexes.size === MOST_TEXTS) this.#indexes.delete(this.#indexes.keys().next().value!)
    this.#indexes.set(text, index)
    return index
  }
}

const SURROGATE = /[\ud800-\udfff]/

function indexOf(text: string): TextIndex {
  if (!SURROGATE.test(text)) return { length: text.length, units: undefined }
  const units = new Uint32Array(Math.ceil(text.length / STRIDE) + 1)
  let element = 0
  let unit = 0
  for (; unit < text.length; element++) {
    if (element % STRIDE === 0) units[element / STRIDE] = unit
    unit += isPair(text, unit) ? 2 : 1
  }
  return { length: element, units: units.slice(0, Math.ceil(element / STRIDE)) }
}

/**
 * The UTF-16 unit where an element begins.
 *
 * @param element 0 up to the number of elements, which is the text's end
 */
export function unitOf(text: string, { length, units }: TextIndex, element: number): number {
  if (units === undefined) return element
  if (element === length) return text.length
  let unit = units[Math.floor(element / STRIDE)]!
  for (let left = element % STRIDE; left > 0; left--) unit += isPair(text, unit) ? 2 : 1
  return unit
}
