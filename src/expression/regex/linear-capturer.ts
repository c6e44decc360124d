import type { RegexNode } from './ast.ts'
import type { LoadRe2, Re2, Re2Program } from './linear-matcher.ts'
import { compileRe2 } from './linear-matcher.ts'
import type { SymbolCode } from './symbols.ts'
import { indexesOf } from './symbols.ts'
import { toCapturingRe2 } from './to-re2.ts'

/** re2js's anchor for "anywhere". */
const ANYWHERE = 0

/** Searches a pattern and gives the texts of its groups, in time linear in the subject, with re2js. */
export class LinearCapturer {
  readonly #re2: Re2
  readonly #program: Re2Program
  /** For the empty subject, in which RE2 finds a place that is no boundary, and Python none. */
  readonly #strict: Re2Program
  readonly #symbols: SymbolCode
  /** The numbers of the groups in the program, in the order in which they were asked for. */
  readonly #numbers: readonly number[]

  private constructor(
    re2: Re2,
    program: Re2Program,
    strict: Re2Program,
    symbols: SymbolCode,
    numbers: readonly number[],
  ) {
    this.#re2 = re2
    this.#program = program
    this.#strict = strict
    this.#symbols = symbols
    this.#numbers = numbers
  }

  /**
   * @param root without iterations that may be empty
   * @param groups the indexes of the groups whose texts are wanted
   * @param loadRe2 loads the library, where the pattern is one for it
   * @returns undefined for what needs backtracking, and where the library is not at hand
   * @throws {PatternError} when the pattern is too big
   */
  static make(root: RegexNode, groups: readonly number[], loadRe2: LoadRe2): LinearCapturer | undefined {
    const translation = toCapturingRe2(root, new Set(groups))
    if (translation === undefined) return undefined
    const re2 = loadRe2()
    if (re2 === undefined) return undefined
    const { pattern, symbols, numbers } = translation
    const program = compileRe2(pattern, re2)
    const strictPattern = pattern.replaceAll('\\B', '[^\\x00-\\x{10FFFF}]')
    const strict = strictPattern === pattern ? program : compileRe2(strictPattern, re2)
    return new LinearCapturer(
      re2,
      program,
      strict,
      symbols,
      groups.map((group) => numbers.get(group)!),
    )
  }

  /** The texts of the groups, undefined for one that took no part; undefined where the pattern is not found. */
  find(subject: string): (string | undefined)[] | undefined {
    const bytes = new Uint8Array(this.#symbols.bytesFor(subject.length))
    const length = this.#symbols.encode(subject, bytes)
    const input = this.#re2.MatcherInput.utf8(bytes)
    const program = subject === '' ? this.#strict : this.#program
    const groups = Math.max(...this.#numbers) + 1
    const [isFound, places] = program.matchWithGroup(input, 0, length, ANYWHERE, groups)
    if (!isFound) return undefined
    const offsets: number[] = []
    for (const number of this.#numbers) {
      if (places[2 * number]! >= 0) offsets.push(places[2 * number]!, places[2 * number + 1]!)
    }
    offsets.sort((a, b) => a - b)
    const indexes = indexesOf(this.#symbols, subject, offsets)
    const indexOf = new Map(offsets.map((offset, at) => [offset, indexes[at]!]))
    return this.#numbers.map((number) => {
      const start = places[2 * number]!
      return start < 0 ? undefined : subject.slice(indexOf.get(start)!, indexOf.get(places[2 * number + 1]!)!)
    })
  }
}
