import { MatcherInput, RE2JS } from 're2js'
import type { RegexNode } from './ast.ts'
import { PatternError } from './pattern-error.ts'
import type { SymbolCode } from './symbols.ts'
import { toRe2 } from './to-re2.ts'

/** re2js's anchor for "at the start". */
const AT_START = 1

/** The buffer for a subject is kept for the next one up to this size. */
const KEPT_BYTES = 1 << 16

/** Matches in time linear in the subject, whatever pattern and subject are, with re2js. */
export class LinearMatcher {
  readonly #program: ReturnType<RE2JS['re2']>
  readonly #symbols: SymbolCode
  readonly #matchesEmpty: boolean
  #bytes: Uint8Array
  #input: ReturnType<typeof MatcherInput.utf8>

  private constructor(program: ReturnType<RE2JS['re2']>, symbols: SymbolCode, matchesEmpty: boolean) {
    this.#program = program
    this.#symbols = symbols
    this.#matchesEmpty = matchesEmpty
    this.#bytes = new Uint8Array(256)
    this.#input = MatcherInput.utf8(this.#bytes)
  }

  /**
   * @param root simplified
   * @returns undefined for what needs backtracking
   * @throws {PatternError} when the pattern is too big
   */
  static make(root: RegexNode): LinearMatcher | undefined {
    const translation = toRe2(root)
    if (translation === undefined) return undefined
    const program = compile(translation.pattern)
    // An empty text has no place that is no boundary, says Python; RE2 finds one.
    const strict = translation.pattern.replaceAll('\\B', '[^\\x00-\\x{10FFFF}]')
    const empty = strict === translation.pattern ? program : compile(strict)
    const matchesEmpty = empty.matchWithGroup('', 0, 0, AT_START, 0)[0]
    return new LinearMatcher(program, translation.symbols, matchesEmpty)
  }

  matches(subject: string): boolean {
    if (subject === '') return this.#matchesEmpty
    const size = this.#symbols.bytesFor(subject.length)
    if (size > KEPT_BYTES) {
      const bytes = new Uint8Array(size)
      const length = this.#symbols.encode(subject, bytes)
      return this.#program.matchWithGroup(MatcherInput.utf8(bytes), 0, length, AT_START, 0)[0]
    }
    if (size > this.#bytes.length) {
      this.#bytes = new Uint8Array(Math.min(KEPT_BYTES, 2 * size))
      this.#input = MatcherInput.utf8(this.#bytes)
    }
    const length = this.#symbols.encode(subject, this.#bytes)
    // No groups are asked for, so that re2js may use its automaton.
    return this.#program.matchWithGroup(this.#input, 0, length, AT_START, 0)[0]
  }
}

function compile(pattern: string): ReturnType<RE2JS['re2']> {
  try {
    return RE2JS.compile(pattern).re2()
  } catch (error) {
    const reason = error instanceof Error ? error.message : String(error)
    throw new PatternError(`the pattern is too big (${reason})`, 0)
  }
}
