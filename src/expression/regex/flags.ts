import type { PatternError } from './pattern-error.ts'
import type { Tokens } from './tokens.ts'

/** The flags that are in force at some place of a pattern. */
export interface Flags {
  readonly ignoreCase: boolean
  readonly multiline: boolean
  readonly dotAll: boolean
  readonly verbose: boolean
  readonly ascii: boolean
}

export const NO_FLAGS: Flags = {
  ignoreCase: false,
  multiline: false,
  dotAll: false,
  verbose: false,
  ascii: false,
}

/** The contents of `(?...)`: flags for the whole pattern, or for the group that follows. */
interface FlagGroup {
  readonly scope: 'pattern' | 'group'
  readonly added: ReadonlySet<string>
  readonly removed: ReadonlySet<string>
}

const LETTERS = 'aiLmstux'
const TYPE_LETTERS = 'aLu'

export function isFlagLetter(token: string): boolean {
  return token.length === 1 && LETTERS.includes(token)
}

export function applyFlags(flags: Flags, { added, removed }: FlagGroup): Flags {
  const has = (letter: string, before: boolean) => (before || added.has(letter)) && !removed.has(letter)
  return {
    ignoreCase: has('i', flags.ignoreCase),
    multiline: has('m', flags.multiline),
    dotAll: has('s', flags.dotAll),
    verbose: has('x', flags.verbose),
    ascii: added.has('a') || (flags.ascii && !added.has('u')),
  }
}

/**
 * Reads flags up to and with their `)` or `:`.
 *
 * @param first the first character after `(?`, already taken: a flag letter or `-`
 */
export function parseFlags(tokens: Tokens, first: string): FlagGroup {
  const added = new Set<string>()
  const removed = new Set<string>()
  let token = first
  if (token !== '-') {
    token = readLetters(tokens, token, [')', '-', ':'], 'missing -, : or )', (letter) => {
      if (letter === 'L') throw tokens.error("bad inline flags: cannot use 'L' flag with a str pattern")
      added.add(letter)
      const types = [...added].filter((other) => TYPE_LETTERS.includes(other))
      if (TYPE_LETTERS.includes(letter) && types.length > 1) {
        throw tokens.error("bad inline flags: flags 'a', 'u' and 'L' are incompatible")
      }
    })
  }
  if (token === ')') {
    if (added.has('t')) throw tokens.error("the flag 't' (TEMPLATE) is not supported", 2)
    return { scope: 'pattern', added, removed }
  }
  if (added.has('t')) throw tokens.error('bad inline flags: cannot turn on global flag', 1)
  if (token === '-') {
    const letter = tokens.get()
    if (letter === undefined) throw tokens.error('missing flag')
    if (!isFlagLetter(letter)) throw unknownFlag(tokens, letter, 'missing flag')
    readLetters(tokens, letter, [':'], 'missing :', (flag) => {
      if (TYPE_LETTERS.includes(flag)) {
        throw tokens.error("bad inline flags: cannot turn off flags 'a', 'u' and 'L'")
      }
      removed.add(flag)
    })
  }
  if (removed.has('t')) throw tokens.error('bad inline flags: cannot turn off global flag', 1)
  if ([...added].some((letter) => removed.has(letter))) {
    throw tokens.error('bad inline flags: flag turned on and off', 1)
  }
  return { scope: 'group', added, removed }
}

/** Takes flag letters up to a token of `ends`, which it returns. */
function readLetters(
  tokens: Tokens,
  first: string,
  ends: readonly string[],
  missing: string,
  take: (letter: string) => void,
): string {
  let letter = first
  for (;;) {
    take(letter)
    const token = tokens.get()
    if (token === undefined) throw tokens.error(missing)
    if (ends.includes(token)) return token
    if (!isFlagLetter(token)) throw unknownFlag(tokens, token, missing)
    letter = token
  }
}

function unknownFlag(tokens: Tokens, token: string, missing: string): PatternError {
  return tokens.error(/^\p{L}$/u.test(token) ? 'unknown flag' : missing, token.length)
}
