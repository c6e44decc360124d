import { lastAtMost } from '../sorted.ts'
import type { Ranges } from './ranges.ts'
import { MAX_CODE_POINT } from './ranges.ts'

const LATIN1 = 256

/**
 * The characters, divided into classes that some sets do not tell apart: two characters of a class are in the same
 * ones of the sets.
 *
 *   sets        [a-z]  [aeiou]
 *   classes     0: in none    1: bcdf...    2: aeiou
 */
export class Alphabet {
  /** The number of classes, which are numbered from 0. */
  readonly size: number
  /** For each set its classes. */
  readonly members: readonly ReadonlySet<number>[]
  readonly #starts: readonly number[]
  readonly #classes: readonly number[]
  readonly #latin1 = new Uint16Array(LATIN1)

  constructor(sets: readonly Ranges[]) {
    const changes = new Map<number, bigint>([[0, 0n]])
    for (const [index, ranges] of sets.entries()) {
      const bit = 1n << BigInt(index)
      for (let edge = 0; edge < ranges.length; edge++) {
        const start = edge % 2 === 0 ? ranges[edge]! : ranges[edge]! + 1
        if (start <= MAX_CODE_POINT) changes.set(start, (changes.get(start) ?? 0n) ^ bit)
      }
    }
    const members = sets.map(() => new Set<number>())
    const classes: number[] = []
    const starts = [...changes.keys()].sort((a, b) => a - b)
    const numbers = new Map<bigint, number>()
    /** A bit for each set that the characters from here on are in. */
    let membership = 0n
    for (const start of starts) {
      membership ^= changes.get(start)!
      let number = numbers.get(membership)
      if (number === undefined) {
        number = numbers.size
        numbers.set(membership, number)
        for (const [index, set] of members.entries()) if ((membership >> BigInt(index)) & 1n) set.add(number)
      }
      classes.push(number)
    }
    this.size = numbers.size
    this.members = members
    this.#starts = starts
    this.#classes = classes
    for (let codePoint = 0; codePoint < LATIN1; codePoint++) this.#latin1[codePoint] = this.#search(codePoint)
  }

  classOf(codePoint: number): number {
    return codePoint < LATIN1 ? this.#latin1[codePoint]! : this.#search(codePoint)
  }

  #search(codePoint: number): number {
    return this.#classes[lastAtMost(this.#starts, codePoint)]!
  }
}
