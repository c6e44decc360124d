import { valueError } from '../failure.ts'
import { isLinear } from './analyze.ts'
import type { RegexNode } from './ast.ts'
import { walk } from './ast.ts'
import { commit } from './commit.ts'
import { findTextSearch, type TextSearch } from './found-by-text.ts'
import { LinearMatcher, type LoadRe2 } from './linear-matcher.ts'
import { parsePattern } from './parse.ts'
import { PatternError } from './pattern-error.ts'
import { beginsWithLoop, hasTexts, requiredTexts } from './required-texts.ts'
import { Scanner } from './scanner.ts'
import { simplify } from './simplify.ts'
import { toJavaScript, toJavaScriptAnywhere } from './translate.ts'
import { withoutAtomic } from './without-atomic.ts'

/**
 * The engine of a pattern.
 *
 *   v8         JavaScript's own engine: fast, and for this pattern proven to be linear
 *   re2        re2js: always linear, about 10 to 25 times slower
 *   scan       our own automaton, for what re2js lacks, look-around above all: always linear
 *   v8-unsafe  JavaScript's own engine, for what all of these lack; nothing is proven, and it has to be asked for
 */
export type EngineName = 'v8' | 're2' | 'scan' | 'v8-unsafe'

export interface PatternOptions {
  /** Take patterns that on some texts take longer than anybody waits. Default: false, they are refused. */
  readonly allowUnsafe?: boolean
}

/** A pattern that is ready to match. */
export interface Pattern {
  readonly engine: EngineName
  /** Notes for the operator: the pattern may take long, or not mean what it seems to. */
  readonly warnings: readonly string[]
  /**
   * Tells if the pattern matches at the start of the subject, as `re.match` does.
   *
   * @throws {Failure} VALUE_ERROR when an unproven pattern runs out of memory on a long subject
   */
  matches(subject: string): boolean
}

/**
 * Makes a pattern of Python's `re` ready to match, on the fastest engine that is safe for it.
 *
 * @param loadRe2 is called when re2js is needed
 * @throws {PatternError} when the pattern is malformed, too big, cannot be translated faithfully, or is not safe
 */
export function compilePattern(
  text: string,
  loadRe2: LoadRe2,
  { allowUnsafe = false }: PatternOptions = {},
): Pattern {
  const { root: written, warnings } = parsePattern(text)
  const root = simplify(written)
  const linear = new LinearEngines(root, loadRe2)
  const proven = findProven(root) ?? (linear.root === root ? undefined : findProven(linear.root))
  if (proven !== undefined) {
    const regexp = makeRegExp(toJavaScript(proven))
    if (regexp !== undefined) {
      const texts = beginsWithLoop(root) ? requiredTexts(root) : []
      return searched(new BacktrackingPattern('v8', regexp, linear, warnings), proven, texts)
    }
  }
  const made = linear.make()
  if (made !== undefined) {
    const { engine, matcher } = made
    const matches = (subject: string) => matcher.matches(subject)
    return sifted({ engine, warnings, matches }, requiredTexts(root))
  }
  const regexp = makeRegExp(toJavaScript(root))
  if (regexp === undefined) throw new PatternError('the pattern is too big', 0)
  const [need, offset] = describeNeed(root)
  const problem = `the pattern needs ${need} and could not be proven safe: on some texts it may take very long`
  if (!allowUnsafe) throw new PatternError(problem, offset, UNSAFE_HINT)
  return new BacktrackingPattern('v8-unsafe', regexp, linear, [problem, ...warnings])
}

export const UNSAFE_HINT =
  'say it without, or with repetitions that cannot match the same text in several ways; ' +
  'for events that you trust there is --allow-unsafe-patterns'

/** The pattern, for subjects of which most have not what it needs. @param texts those that each match has */
function sifted(pattern: Pattern, texts: readonly string[]): Pattern {
  return texts.length === 0 ? pattern : new SiftedPattern(pattern, texts)
}

/** The same, for a pattern that may be tried at few places. */
function searched(pattern: Pattern, root: RegexNode, texts: readonly string[]): Pattern {
  const search = findTextSearch(root)
  const regexp = search === undefined ? undefined : makeRegExp(toJavaScriptAnywhere(search.rest), 'uy')
  if (search === undefined || regexp === undefined) return sifted(pattern, texts)
  const found = new SearchedPattern(pattern, regexp, search)
  // To look for other texts first is of use where one of them is longer.
  return texts.some((text) => text.length > search.text.length) ? sifted(found, texts) : found
}

/** The pattern in a form whose backtracking is proven to be linear, if there is one. */
function findProven(root: RegexNode): RegexNode | undefined {
  if (isLinear(root)) return root
  const committed = commit(root)
  return committed !== root && isLinear(committed) ? committed : undefined
}

/** @returns undefined when it is too big for the engine */
export function makeRegExp(source: string, flags: 'u' | 'uy' = 'u'): RegExp | undefined {
  try {
    const regexp = new RegExp(source, flags)
    // The engine compiles at the first use, and in two forms: for Latin-1 texts and for others.
    regexp.test('')
    regexp.test('\u0100')
    return regexp
  } catch (error) {
    if (error instanceof SyntaxError || error instanceof RangeError) return undefined
    throw error
  }
}

/** A construct that no linear engine has, and its place in the pattern. */
export function describeNeed(root: RegexNode): readonly [need: string, offset: number] {
  for (const node of walk(root)) {
    if (node.kind === 'backreference') return ['a back-reference', node.offset]
    if (node.kind === 'atomic') return ['an atomic group or possessive quantifier', node.offset]
  }
  return ['more steps or look-around than the linear engines take,', 0]
}

/** Something that answers as a pattern does. */
interface Matcher {
  matches(subject: string): boolean
}

/** The engines that are linear by construction. */
class LinearEngines {
  /** The pattern in the form that is best for them. */
  readonly root: RegexNode
  readonly #loadRe2: LoadRe2

  /** @param root simplified */
  constructor(root: RegexNode, loadRe2: LoadRe2) {
    this.#loadRe2 = loadRe2
    const kinds = new Set<RegexNode['kind']>()
    for (const node of walk(root)) kinds.add(node.kind)
    const isRewritten = kinds.has('atomic') && !kinds.has('backreference')
    this.root = isRewritten ? simplify(withoutAtomic(root)) : root
  }

  /**
   * @returns undefined where none of them can
   * @throws {PatternError} when the pattern is too big
   */
  make(): { readonly engine: EngineName; readonly matcher: Matcher } | undefined {
    const re2 = LinearMatcher.make(this.root, this.#loadRe2)
    if (re2 !== undefined) return { engine: 're2', matcher: re2 }
    const scanner = Scanner.make(this.root)
    return scanner === undefined ? undefined : { engine: 'scan', matcher: scanner }
  }
}

/** Longer subjects go to the engine, which may have to say that they are too long. */
const MAX_SIFTED = 100_000

/** So many subjects in a row that have the texts: the sieve stands aside for a while. */
const MAX_PASSED = 16
const REST = 256

/** A pattern that is not tried on a subject without the texts that each match has, as long as there are such subjects. */
class SiftedPattern implements Pattern {
  readonly engine: EngineName
  readonly warnings: readonly string[]
  readonly #pattern: Pattern
  readonly #texts: readonly string[]
  /** Subjects in a row that had the texts. */
  #passed = 0
  /** Subjects that go to the engine as they come. */
  #rest = 0

  constructor(pattern: Pattern, texts: readonly string[]) {
    this.engine = pattern.engine
    this.warnings = pattern.warnings
    this.#pattern = pattern
    this.#texts = texts
  }

  matches(subject: string): boolean {
    if (this.#rest > 0) this.#rest--
    else if (subject.length <= MAX_SIFTED) {
      if (!hasTexts(subject, this.#texts)) {
        this.#passed = 0
        return false
      }
      if (++this.#passed === MAX_PASSED) {
        this.#passed = 0
        this.#rest = REST
      }
    }
    return this.#pattern.matches(subject)
  }
}

/** So many places of a subject are tried: where there are more, the engine goes through all of them in less time. */
const MAX_TRIED = 16

/** A pattern that is tried where a text stands with which it has to go on. */
class SearchedPattern implements Pattern {
  readonly engine: EngineName
  readonly warnings: readonly string[]
  readonly #pattern: Pattern
  readonly #regexp: RegExp
  readonly #search: TextSearch

  /** @param regexp the rest of the pattern, sticky */
  constructor(pattern: Pattern, regexp: RegExp, search: TextSearch) {
    this.engine = pattern.engine
    this.warnings = pattern.warnings
    this.#pattern = pattern
    this.#regexp = regexp
    this.#search = search
  }

  matches(subject: string): boolean {
    if (subject.length > MAX_SIFTED) return this.#pattern.matches(subject)
    const { text, offset, firstLine } = this.#search
    const regexp = this.#regexp
    let at = subject.indexOf(text, offset)
    for (let tried = 0; at !== -1; tried++) {
      if (tried === MAX_TRIED) return this.#pattern.matches(subject)
      const place = at - offset
      regexp.lastIndex = place
      if (regexp.test(subject)) return !firstLine || !subject.slice(0, place).includes('\n')
      at = subject.indexOf(text, at + 1)
    }
    return false
  }
}

class BacktrackingPattern implements Pattern {
  readonly engine: EngineName
  readonly warnings: readonly string[]
  readonly #regexp: RegExp
  readonly #linear: LinearEngines
  #fallback: Matcher | undefined

  constructor(engine: EngineName, regexp: RegExp, linear: LinearEngines, warnings: readonly string[]) {
    this.engine = engine
    this.warnings = warnings
    this.#regexp = regexp
    this.#linear = linear
  }

  matches(subject: string): boolean {
    try {
      return this.#regexp.test(subject)
    } catch {
      // The engine's stack for backtracking is limited to 64 MB: some millions of characters.
      this.#fallback ??= this.#makeFallback()
      return this.#fallback.matches(subject)
    }
  }

  #makeFallback(): Matcher {
    try {
      const made = this.#linear.make()
      if (made !== undefined) return made.matcher
    } catch (error) {
      if (!(error instanceof PatternError)) throw error
    }
    throw valueError('the text is too long for this pattern')
  }
}
