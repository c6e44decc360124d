import type { RE2JS } from 're2js'
import type { RegexNode } from './ast.ts'
import { PatternError } from './pattern-error.ts'
import type { SymbolCode } from './symbols.ts'
import { toRe2 } from './to-re2.ts'

/**
 * The library. It is large, and most rules never need it: so it is loaded where it is asked for, by whoever compiles.
 */
export type Re2 = Pick<typeof import('re2js'), 'MatcherInput' | 'RE2JS'>

/** Loads it, where it is at hand: compiled modules leave it away where no pattern began with it. */
export type LoadRe2 = () => Re2 | undefined

export type Re2Program = ReturnType<RE2JS['re2']>
type Input = ReturnType<Re2['MatcherInput']['utf8']>

/** re2js's anchor for "at the start". */
const AT_START = 1

/** The buffer for a subject is kept for the next one up to this size. */
const KEPT_BYTES = 1 << 16

/** Matches in time linear in the subject, whatever pattern and subject are, with re2js. */
export class LinearMatcher {
  readonly #re2: Re2
  readonly #program: Re2Program
  readonly #symbols: SymbolCode
  readonly #matchesEmpty: boolean
  #bytes: Uint8Array
  #input: Input

  private constructor(re2: Re2, program: Re2Program, symbols: SymbolCode, matchesEmpty: boolean) {
    this.#re2 = re2
    this.#program = program
    this.#symbols = symbols
    this.#matchesEmpty = matchesEmpty
    this.#bytes = new Uint8Array(256)
    this.#input = re2.MatcherInput.utf8(this.#bytes)
  }

  /**
   * @param root simplified
   * @param loadRe2 loads the library, where the pattern is one for it
   * @returns undefined for what needs backtracking, and where the library is not at hand
   * @throws {PatternError} when the pattern is too big
   */
  static make(root: RegexNode, loadRe2: LoadRe2): LinearMatcher | undefined {
    const translation = toRe2(root)
    if (translation === undefined) return undefined
    const re2 = loadRe2()
    if (re2 === undefined) return undefined
    const program = compileRe2(translation.pattern, re2)
    // An empty text has no place that is no boundary, says Python; RE2 finds one.
    const strict = translation.pattern.replaceAll('\\B', '[^\\x00-\\x{10FFFF}]')
    const empty = strict === translation.pattern ? program : compileRe2(strict, re2)
    const matchesEmpty = empty.matchWithGroup('', 0, 0, AT_START, 0)[0]
    return new LinearMatcher(re2, program, translation.symbols, matchesEmpty)
  }

  matches(subject: string): boolean {
    if (subject === '') return this.#matchesEmpty
    const size = this.#symbols.bytesFor(subject.length)
    if (size > KEPT_BYTES) {
      const bytes = new Uint8Array(size)
      const length = this.#symbols.encode(subject, bytes)
      return this.#program.matchWithGroup(this.#re2.MatcherInput.utf8(bytes), 0, length, AT_START, 0)[0]
    }
    if (size > this.#bytes.length) {
      this.#bytes = new Uint8Array(Math.min(KEPT_BYTES, 2 * size))
      this.#input = this.#re2.MatcherInput.utf8(this.#bytes)
    }
    const length = this.#symbols.encode(subject, this.#bytes)
    // No groups are asked for, so that re2js may use its automaton.
    return this.#program.matchWithGroup(this.#input, 0, length, AT_START, 0)[0]
  }
}

/** @throws {PatternError} when the pattern is too big */
export function compileRe2(pattern: string, { RE2JS }: Re2): Re2Program {
  try {
    return RE2JS.compile(pattern).re2()
  } catch (error) {
    const reason = error instanceof Error ? error.message : String(error)
    throw new PatternError(`the pattern is too big (${reason})`, 0)
  }
}
