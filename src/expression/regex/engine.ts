import { valueError } from '../failure.ts'
import { isLinear } from './analyze.ts'
import type { RegexNode } from './ast.ts'
import { walk } from './ast.ts'
import { commit } from './commit.ts'
import { LinearMatcher, type Re2 } from './linear-matcher.ts'
import { parsePattern } from './parse.ts'
import { PatternError } from './pattern-error.ts'
import { simplify } from './simplify.ts'
import { toJavaScript } from './translate.ts'

/**
 * What a pattern runs on.
 *
 *   v8         JavaScript's own engine: fast, and for this pattern proven to be linear
 *   re2        re2js: always linear, about 10 to 25 times slower
 *   v8-unsafe  JavaScript's own engine, because re2js lacks what the pattern needs; nothing is proven
 */
export type EngineName = 'v8' | 're2' | 'v8-unsafe'

/** A pattern that is ready to match. */
export interface Pattern {
  readonly engine: EngineName
  /** What the operator should know: the pattern may take long, or not mean what it seems to. */
  readonly warnings: readonly string[]
  /**
   * Whether the pattern matches at the start of the subject, as `re.match` does.
   *
   * @throws {Failure} VALUE_ERROR when an unproven pattern runs out of memory on a long subject
   */
  matches(subject: string): boolean
}

/**
 * Makes a pattern of Python's `re` ready to match, on the fastest engine that is safe for it.
 *
 * @param loadRe2 is called when the linear engine is needed
 * @throws {PatternError} when the pattern is malformed, too big, or cannot be translated faithfully
 */
export function compilePattern(text: string, loadRe2: () => Re2): Pattern {
  const parsed = parsePattern(text)
  const root = simplify(parsed.root)
  const proven = findProven(root)
  if (proven !== undefined) {
    const regexp = makeRegExp(proven)
    if (regexp !== undefined) {
      return new BacktrackingPattern('v8', regexp, root, loadRe2, parsed.warnings)
    }
  }
  const linear = LinearMatcher.make(root, loadRe2())
  if (linear !== undefined) return new LinearPattern(linear, parsed.warnings)
  const regexp = makeRegExp(root)
  if (regexp === undefined) throw new PatternError('the pattern is too big', 0)
  const warning = `the pattern needs ${describeNeed(root)} and could not be proven safe: on some texts it may take very long`
  return new BacktrackingPattern('v8-unsafe', regexp, root, loadRe2, [warning, ...parsed.warnings])
}

/** The pattern in a form whose backtracking is proven to be linear, if there is one. */
function findProven(root: RegexNode): RegexNode | undefined {
  if (isLinear(root)) return root
  const committed = commit(root)
  return committed !== root && isLinear(committed) ? committed : undefined
}

/** @returns undefined when it is too big for the engine */
function makeRegExp(root: RegexNode): RegExp | undefined {
  const source = toJavaScript(root)
  try {
    const regexp = new RegExp(source, 'u')
    // The engine compiles at the first use, and in two forms: for Latin-1 texts and for others.
    regexp.test('')
    regexp.test('\u0100')
    return regexp
  } catch (error) {
    if (error instanceof SyntaxError || error instanceof RangeError) return undefined
    throw error
  }
}

function describeNeed(root: RegexNode): string {
  for (const node of walk(root)) {
    if (node.kind === 'backreference') return 'a back-reference'
    if (node.kind === 'look') return node.direction === 'ahead' ? 'a look-ahead' : 'a look-behind'
    if (node.kind === 'atomic') return 'an atomic group or possessive quantifier'
  }
  return 'more than the linear engine has'
}

class LinearPattern implements Pattern {
  readonly engine = 're2'
  readonly warnings: readonly string[]
  readonly #matcher: LinearMatcher

  constructor(matcher: LinearMatcher, warnings: readonly string[]) {
    this.#matcher = matcher
    this.warnings = warnings
  }

  matches(subject: string): boolean {
    return this.#matcher.matches(subject)
  }
}

class BacktrackingPattern implements Pattern {
  readonly engine: EngineName
  readonly warnings: readonly string[]
  readonly #regexp: RegExp
  readonly #root: RegexNode
  readonly #loadRe2: () => Re2
  #fallback: LinearMatcher | undefined

  constructor(
    engine: EngineName,
    regexp: RegExp,
    root: RegexNode,
    loadRe2: () => Re2,
    warnings: readonly string[],
  ) {
    this.engine = engine
    this.warnings = warnings
    this.#regexp = regexp
    this.#root = root
    this.#loadRe2 = loadRe2
  }

  matches(subject: string): boolean {
    try {
      return this.#regexp.test(subject)
    } catch {
      // The engine's stack for backtracking is limited to 64 MB: some millions of characters.
      return this.#withoutBacktracking(subject)
    }
  }

  #withoutBacktracking(subject: string): boolean {
    this.#fallback ??= this.#makeFallback()
    return this.#fallback.matches(subject)
  }

  #makeFallback(): LinearMatcher {
    try {
      const matcher = LinearMatcher.make(this.#root, this.#loadRe2())
      if (matcher !== undefined) return matcher
    } catch (error) {
      if (!(error instanceof PatternError)) throw error
    }
    throw valueError('the text is too long for this pattern')
  }
}
