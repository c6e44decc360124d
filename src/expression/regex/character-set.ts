import type { Ranges } from './ranges.ts'
import { complement, EVERYTHING, toRanges } from './ranges.ts'
import { UNICODE } from './unicode.ts'

/** Parts of a set that are written by name, because there are too many ranges in them. */
export type Category = 'word' | 'notWord' | 'digit' | 'notDigit'

/** The characters that one place of the subject may have: all that is in a category or a range, or with `negated` all others. */
export interface CharacterSet {
  readonly negated: boolean
  readonly categories: readonly Category[]
  readonly ranges: Ranges
}

const NO_CATEGORIES: readonly Category[] = []

export const ANY_CHARACTER: CharacterSet = setOf(EVERYTHING)
export const ANY_BUT_NEWLINE: CharacterSet = {
  negated: true,
  categories: NO_CATEGORIES,
  ranges: [0x0a, 0x0a],
}

export function setOf(ranges: Ranges): CharacterSet {
  return { negated: false, categories: NO_CATEGORIES, ranges }
}

export function except(ranges: Ranges): CharacterSet {
  return { negated: true, categories: NO_CATEGORIES, ranges }
}

/** Equal texts: equal sets. */
export function setKey(set: CharacterSet): string {
  return `${set.negated ? '^' : ''}${set.categories.join(' ')} ${set.ranges.join(' ')}`
}

/** All its code points. */
export function resolve(set: CharacterSet): Ranges {
  const pairs = [...set.ranges]
  for (const category of set.categories) pairs.push(...categoryRanges(category))
  const ranges = toRanges(pairs)
  return set.negated ? complement(ranges) : ranges
}

function categoryRanges(category: Category): Ranges {
  switch (category) {
    case 'word':
      return UNICODE.word
    case 'notWord':
      return complement(UNICODE.word)
    case 'digit':
      return UNICODE.digit
    case 'notDigit':
      return complement(UNICODE.digit)
  }
}
