import { Alphabet } from './alphabet.ts'
import type { Ranges } from './ranges.ts'

const LATIN1 = 256
const NEWLINE = 0x0a
const NEWLINE_RANGES: Ranges = [NEWLINE, NEWLINE]

interface Symbols {
  readonly word: readonly number[]
  readonly other: readonly number[]
}

let made: Symbols | undefined

/**
 * The characters that stand for classes, those that RE2 takes for word characters and others: ASCII ones first, because they
 * are one byte. Made for the first pattern that needs them: most rule files have none.
 */
function allSymbols(): Symbols {
  made ??= {
    word: symbolsWhere((codePoint) => codePoint < 0x80 && isAsciiWord(codePoint)),
    other: symbolsWhere((codePoint) => !isAsciiWord(codePoint)),
  }
  return made
}

/** Which newlines become one: all, only one that ends the text, or none of them (nothing looks for them). */
type Newlines = 'every' | 'last' | 'none'

/** The coding of subjects: each character becomes the symbol of its class, in UTF-8. */
export class SymbolCode {
  readonly #alphabet: Alphabet
  /** By class. */
  readonly #symbols: readonly number[]
  readonly #latin1: Uint16Array
  readonly #newlines: Newlines
  readonly #newlineClass: number
  readonly #bytesPerSymbol: number

  private constructor(alphabet: Alphabet, symbols: readonly number[], newlines: Newlines) {
    this.#alphabet = alphabet
    this.#symbols = symbols
    this.#newlines = newlines
    this.#newlineClass = alphabet.classOf(NEWLINE)
    this.#bytesPerSymbol = symbols.some((symbol) => symbol >= 0x80) ? 2 : 1
    this.#latin1 = Uint16Array.from({ length: LATIN1 }, (_, code) => symbols[alphabet.classOf(code)]!)
  }

  /**
   * @param sets that the pattern tells apart
   * @param word the word characters, if the pattern looks for their boundaries
   * @returns undefined when there are more classes than symbols
   */
  static make(sets: readonly Ranges[], word: Ranges | undefined, newlines: Newlines): SymbolCode | undefined {
    const told = [...sets]
    if (newlines !== 'none') told.push(NEWLINE_RANGES)
    if (word !== undefined) told.push(word)
    const alphabet = new Alphabet(told)
    const wordClasses = word === undefined ? undefined : alphabet.members.at(-1)!
    const { word: ofWords, other: ofOthers } = allSymbols()
    const wordSymbols = ofWords.values()
    const otherSymbols = ofOthers.values()
    const symbols: number[] = []
    for (let number = 0; number < alphabet.size; number++) {
      if (newlines === 'every' && number === alphabet.classOf(NEWLINE)) {
        symbols.push(NEWLINE)
        continue
      }
      const symbol = (wordClasses?.has(number) ? wordSymbols : otherSymbols).next().value
      if (symbol === undefined) return undefined
      symbols.push(symbol)
    }
    return new SymbolCode(alphabet, symbols, newlines)
  }

  /** A set's symbols as a character class of RE2. */
  setSource(set: number): string {
    const classes = this.#alphabet.members[set]!
    const symbols = [...classes].map((number) => this.#symbols[number]!)
    if (this.#newlines === 'last' && classes.has(this.#newlineClass)) symbols.push(NEWLINE)
    if (symbols.length === 0) return '[^\\x00-\\x{10FFFF}]'
    return `[${symbols.map((symbol) => `\\x{${symbol.toString(16)}}`).join('')}]`
  }

  /** The most bytes that a subject of that length can take. */
  bytesFor(length: number): number {
    return length * this.#bytesPerSymbol
  }

  /** The bytes of a character's symbol. (The newline that ends a subject may have another symbol; nothing is behind it.) */
  bytesOf(codePoint: number): number {
    return this.#symbols[this.#alphabet.classOf(codePoint)]! < 0x80 ? 1 : 2
  }

  /**
   * Codes a subject.
   *
   * @param bytes as many as `bytesFor` says, at least
   * @returns how many bytes were written
   */
  encode(subject: string, bytes: Uint8Array): number {
    const length = subject.length
    let written = 0
    for (let index = 0; index < length; index++) {
      let code = subject.charCodeAt(index)
      let symbol: number
      if (code < LATIN1) {
        symbol = this.#latin1[code]!
      } else {
        if (code >= 0xd800 && code < 0xdc00) {
          code = subject.codePointAt(index)!
          if (code > 0xffff) index++
        }
        symbol = this.#symbols[this.#alphabet.classOf(code)]!
      }
      if (symbol < 0x80) {
        bytes[written++] = symbol
      } else {
        bytes[written++] = 0xc0 | (symbol >> 6)
        bytes[written++] = 0x80 | (symbol & 0x3f)
      }
    }
    if (this.#newlines === 'last' && length > 0 && subject.charCodeAt(length - 1) === NEWLINE) {
      written -= this.#latin1[NEWLINE]! < 0x80 ? 1 : 2
      bytes[written++] = NEWLINE
    }
    return written
  }
}

/**
 * The places in a subject of places in its code.
 *
 * @param offsets into the bytes that `encode` writes, ascending
 * @returns indexes in UTF-16 units
 */
export function indexesOf(symbols: SymbolCode, subject: string, offsets: readonly number[]): number[] {
  const indexes: number[] = []
  let index = 0
  let written = 0
  for (const offset of offsets) {
    while (written < offset) {
      const codePoint = subject.codePointAt(index)!
      written += symbols.bytesOf(codePoint)
      index += codePoint > 0xffff ? 2 : 1
    }
    indexes.push(index)
  }
  return indexes
}

/** Code points that take at most two bytes in UTF-8, without the newline. */
function symbolsWhere(accepts: (codePoint: number) => boolean): readonly number[] {
  return Array.from({ length: 0x800 }, (_, codePoint) => codePoint).filter(
    (codePoint) => codePoint !== NEWLINE && accepts(codePoint),
  )
}

function isAsciiWord(codePoint: number): boolean {
  return /^\w$/.test(String.fromCharCode(codePoint))
}
