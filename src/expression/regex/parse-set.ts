import type { Category, CharacterSet } from './character-set.ts'
import { resolve } from './character-set.ts'
import { readSetEscape } from './escapes.ts'
import type { Flags } from './flags.ts'
import { toRanges } from './ranges.ts'
import type { Tokens } from './tokens.ts'
import { ignoreCase } from './unicode.ts'

/** A member of a set as it is read: a character, which may begin a range, or a class such as `\d`. */
type Member =
  | { readonly kind: 'literal'; readonly codePoint: number }
  | { readonly kind: 'class'; readonly set: CharacterSet }

/** Takes what may not mean what its author thinks, in CPython's words, and the offset. */
export type Warn = (message: string, offset: number) => void

const OPERATORS: ReadonlyMap<string, string> = new Map([
  ['-', 'difference'],
  ['&', 'intersection'],
  ['~', 'symmetric difference'],
  ['|', 'union'],
])

/** Reads a set; its `[` is already taken. */
export function parseSet(tokens: Tokens, flags: Flags, warn: Warn): CharacterSet {
  const start = tokens.position - 1
  if (tokens.next === '[') warn('Possible nested set', tokens.position)
  const negated = tokens.accept('^')
  const collected = new Members()
  const take = (): string => {
    const token = tokens.get()
    if (token === undefined) {
      throw tokens.error('unterminated character set', tokens.position - start, 'write [ as \\[')
    }
    return token
  }
  for (;;) {
    const token = take()
    if (token === ']' && collected.count > 0) break
    const operator = OPERATORS.get(token)
    if (operator !== undefined && collected.count > 0 && tokens.next === token) {
      warn(`Possible set ${operator}`, tokens.position - 1)
    }
    const member = readMember(tokens, token, flags)
    if (!tokens.accept('-')) {
      collected.add(member)
      continue
    }
    const other = take()
    if (other === ']') {
      collected.add(member)
      collected.add({ kind: 'literal', codePoint: 0x2d })
      break
    }
    if (other === '-') warn('Possible set difference', tokens.position - 2)
    const last = readMember(tokens, other, flags)
    if (member.kind === 'class' || last.kind === 'class' || last.codePoint < member.codePoint) {
      const length = token.length + 1 + other.length
      throw tokens.error(
        `bad character range ${token}-${other}`,
        length,
        'a - that is no range stands at the end of the set',
      )
    }
    collected.addRange(member.codePoint, last.codePoint)
  }
  return collected.toSet(negated, flags)
}

/** One character as a set of its own. */
export function literalSet(codePoint: number, flags: Flags): CharacterSet {
  const ranges = [codePoint, codePoint]
  return {
    negated: false,
    categories: [],
    ranges: flags.ignoreCase ? ignoreCase(ranges, flags.ascii) : ranges,
  }
}

function readMember(tokens: Tokens, token: string, flags: Flags): Member {
  if (token.length === 1 || token[0] !== '\\') return { kind: 'literal', codePoint: token.codePointAt(0)! }
  const meaning = readSetEscape(tokens, token, flags.ascii)
  if (meaning.kind === 'literal' || meaning.kind === 'class') return meaning
  throw tokens.error(`bad escape ${token}`, token.length)
}

class Members {
  count = 0
  readonly #pairs: number[] = []
  readonly #categories = new Set<Category>()

  add(member: Member): void {
    if (member.kind === 'literal') this.addRange(member.codePoint, member.codePoint)
    else this.#addClass(member.set)
  }

  addRange(first: number, last: number): void {
    this.count++
    this.#pairs.push(first, last)
  }

  toSet(negated: boolean, flags: Flags): CharacterSet {
    const ranges = toRanges(this.#pairs)
    const [category, ...others] = this.#categories
    if (ranges.length === 0 && others.length === 0) {
      if (category === 'notWord') return { negated: !negated, categories: ['word'], ranges }
      if (category === 'notDigit') return { negated: !negated, categories: ['digit'], ranges }
    }
    return {
      negated,
      categories: [...this.#categories],
      ranges: flags.ignoreCase ? ignoreCase(ranges, flags.ascii) : ranges,
    }
  }

  /** A class is either ranges or one category, and may be negated. */
  #addClass(set: CharacterSet): void {
    this.count++
    if (set.categories.length === 0) this.#pairs.push(...resolve(set))
    for (const category of set.categories) {
      if (!set.negated) this.#categories.add(category)
      else this.#categories.add(category === 'word' ? 'notWord' : 'notDigit')
    }
  }
}
