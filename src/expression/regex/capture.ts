import { valueError } from '../failure.ts'
import type { Meter } from '../runtime/meter.ts'
import { isLinear } from './analyze.ts'
import type { RegexNode } from './ast.ts'
import { EMPTY, isNullable, sequence, walk } from './ast.ts'
import { ANY_BUT_NEWLINE, resolve } from './character-set.ts'
import { commit } from './commit.ts'
import type { EngineName, PatternOptions } from './engine.ts'
import { describeNeed, makeRegExp, UNSAFE_HINT } from './engine.ts'
import { LinearCapturer } from './linear-capturer.ts'
import type { LoadRe2 } from './linear-matcher.ts'
import { parsePattern } from './parse.ts'
import { PatternError } from './pattern-error.ts'
import { contains } from './ranges.ts'
import { anyNumberOf, cutTail, searchForm, withoutGroups } from './search-form.ts'
import { toCapturing } from './translate.ts'

/** A pattern that is ready to be searched, for the texts of its named groups. */
export interface CapturingPattern {
  /** The engine that most texts need: re2js may do the rest. */
  readonly engine: EngineName
  /** Notes for the operator: the pattern may take long, or not mean what it seems to. */
  readonly warnings: readonly string[]
  /** The named groups, in the order of the pattern. */
  readonly names: readonly string[]
  /**
   * Finds the first place where the pattern matches, as `re.search` does.
   *
   * @param meter counts the work
   * @returns the texts of the named groups in their order, undefined for one that took no part; undefined where the pattern is
   *   not found
   * @throws {Failure} VALUE_ERROR when a long text is too much for a pattern that has no second engine
   */
  find(meter: Meter, subject: string): readonly (string | undefined)[] | undefined
}

/** Units of work for a character: re2js takes a microsecond for it where a pattern has many ways to go on. */
const RE2_WORK = 500
const V8_WORK = 16

/**
 * Makes a pattern of Python's `re` ready to be searched, on the fastest engine that is safe for it and gives the groups
 * that CPython gives.
 *
 * @param loadRe2 is called when re2js is needed
 * @throws {PatternError} when the pattern is malformed, too big, cannot be translated faithfully, or is not safe
 */
export function compileCapturing(
  text: string,
  loadRe2: LoadRe2,
  { allowUnsafe = false }: PatternOptions = {},
): CapturingPattern {
  const { root: written, names, warnings } = parsePattern(text)
  const root = withoutEmptyIterations(written)
  const groups = [...names.values()]
  const shared = { warnings, names: [...names.keys()] }
  const makeLinear = lazily(() => LinearCapturer.make(root, groups, loadRe2))
  const { search, start } = findSafe(root, groups)
  if (search !== undefined) return new Engines('v8', undefined, search, makeLinear, shared)
  if (makeLinear() !== undefined)
    return new Engines(start === undefined ? 're2' : 'v8', start, undefined, makeLinear, shared)
  const unsafe = makeCapturing(root, groups, '')
  if (unsafe === undefined) {
    const hint = 'put the repetition into the group, or name a group outside of it'
    throw new PatternError('its named groups cannot be told in this place', 0, hint)
  }
  const [need, offset] = describeNeed(root)
  const problem = `the pattern needs ${need} and could not be proven safe: on some texts it may take very long`
  if (!allowUnsafe) throw new PatternError(problem, offset, UNSAFE_HINT)
  return new Engines('v8-unsafe', undefined, unsafe, makeLinear, {
    ...shared,
    warnings: [problem, ...warnings],
  })
}

/** JavaScript's engine, and where the texts of the groups are in what it gives. */
interface JavaScriptCapturer {
  readonly regexp: RegExp
  readonly numbers: readonly number[]
}

/**
 * The pattern for JavaScript's engine in a form that is proven to be linear.
 *
 *   search   finds the pattern anywhere
 *   start    only at the start of the text; there is no proof for a search
 */
function findSafe(
  root: RegexNode,
  groups: readonly number[],
): { readonly search?: JavaScriptCapturer | undefined; readonly start?: JavaScriptCapturer | undefined } {
  const bare = withoutGroups(root)
  const { head, tail } = cutTail(bare)
  if (!tail.every(isLinear)) return {}
  if (isLinear(searchForm(head).cost)) {
    const { guard } = searchForm(bare)
    return { search: makeCapturing(guard === undefined ? root : sequence([guard, root]), groups, '') }
  }
  if (isLinear(commit(head, true))) {
    const start = makeCapturing(commit(root, true), groups, '^')
    if (isAnchored(bare)) return { search: start }
    return isInLine(bare) ? { start, ...searchLines(root, head, groups) } : { start }
  }
  return isInLine(bare) ? searchLines(root, head, groups) : {}
}

/** A pattern that stays in a line is searched line by line, and in each from its first possible beginning on. */
function searchLines(
  root: RegexNode,
  head: RegexNode,
  groups: readonly number[],
): { readonly search?: JavaScriptCapturer | undefined } {
  const before = anyNumberOf(ANY_BUT_NEWLINE)
  if (!isLinear(commit(sequence([before, head]), true))) return {}
  const lineStart: RegexNode = { kind: 'position', at: 'line-start' }
  return {
    search: makeCapturing(sequence([lineStart, commit(sequence([before, root]), true)]), groups, ''),
  }
}

/** No match, and nothing that it looks at, goes over a newline. */
function isInLine(root: RegexNode): boolean {
  for (const node of walk(root)) {
    if (node.kind === 'look' || node.kind === 'position') return false
    if (node.kind === 'set' && contains(resolve(node.set), 0x0a)) return false
  }
  return true
}

/** Each match begins at the start of the text. */
function isAnchored(node: RegexNode): boolean {
  if (node.kind === 'position') return node.at === 'start'
  if (node.kind === 'choice') return node.branches.every(isAnchored)
  return node.kind === 'sequence' && node.items[0] !== undefined && isAnchored(node.items[0])
}

function makeCapturing(
  root: RegexNode,
  groups: readonly number[],
  before: '' | '^',
): JavaScriptCapturer | undefined {
  const translation = toCapturing(root, new Set(groups))
  if (translation === undefined) return undefined
  const regexp = makeRegExp(before + translation.source)
  return regexp && { regexp, numbers: groups.map((group) => translation.numbers.get(group)!) }
}

/**
 * The engines that are asked, in turn:
 *
 *   start    JavaScript's engine, at the start of the text only: most patterns for a whole line match there
 *   search   JavaScript's engine, anywhere; its answer is final
 *   linear   re2js
 */
class Engines implements CapturingPattern {
  readonly engine: EngineName
  readonly warnings: readonly string[]
  readonly names: readonly string[]
  readonly #start: JavaScriptCapturer | undefined
  readonly #search: JavaScriptCapturer | undefined
  readonly #makeLinear: () => LinearCapturer | undefined

  constructor(
    engine: EngineName,
    start: JavaScriptCapturer | undefined,
    search: JavaScriptCapturer | undefined,
    makeLinear: () => LinearCapturer | undefined,
    { warnings, names }: Pick<CapturingPattern, 'warnings' | 'names'>,
  ) {
    this.engine = engine
    this.warnings = warnings
    this.names = names
    this.#start = start
    this.#search = search
    this.#makeLinear = makeLinear
  }

  find(meter: Meter, subject: string): readonly (string | undefined)[] | undefined {
    meter.touch(V8_WORK * subject.length)
    try {
      if (this.#search !== undefined) return execute(this.#search, subject)
      const first = this.#start && execute(this.#start, subject)
      if (first !== undefined) return first
    } catch {
      // The engine's stack for backtracking is limited to 64 MB: some millions of characters.
    }
    meter.touch(RE2_WORK * subject.length)
    const linear = this.#makeLinear()
    if (linear === undefined) throw valueError('the text is too long for this pattern')
    return linear.find(subject)
  }
}

function execute(
  { regexp, numbers }: JavaScriptCapturer,
  subject: string,
): (string | undefined)[] | undefined {
  const found = regexp.exec(subject)
  if (found === null) return undefined
  const texts: (string | undefined)[] = []
  for (const number of numbers) texts.push(found[number])
  return texts
}

function lazily<T>(make: () => T): () => T {
  let made: { readonly value: T } | undefined
  return () => {
    made ??= { value: make() }
    return made.value
  }
}

/**
 * The pattern without iterations that take nothing: engines differ in how often they make one, and what groups hold behind
 * it. `(?:x*)?` is `(?:x*|)`.
 *
 * @throws {PatternError} for a repetition of what may be empty
 */
function withoutEmptyIterations(node: RegexNode): RegexNode {
  switch (node.kind) {
    case 'sequence':
      return { kind: 'sequence', items: node.items.map(withoutEmptyIterations) }
    case 'choice':
      return { kind: 'choice', branches: node.branches.map(withoutEmptyIterations) }
    case 'group':
    case 'look':
    case 'atomic':
      return { ...node, body: withoutEmptyIterations(node.body) }
    case 'repeat': {
      const body = withoutEmptyIterations(node.body)
      if (node.max === node.min || !isNullable(body)) return { ...node, body }
      if (node.min === 0 && node.max === 1)
        return { kind: 'choice', branches: node.lazy ? [EMPTY, body] : [body, EMPTY] }
      const hint = 'let what is repeated take at least one character'
      throw new PatternError('repeating what may be empty is not supported here', node.offset, hint)
    }
    default:
      return node
  }
}
