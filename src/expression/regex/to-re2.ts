import type { Position, RegexNode, Repeat } from './ast.ts'
import { walk } from './ast.ts'
import type { CharacterSet } from './character-set.ts'
import { resolve, setKey } from './character-set.ts'
import { PatternError } from './pattern-error.ts'
import type { Ranges } from './ranges.ts'
import { SymbolCode } from './symbols.ts'
import { ASCII_WORD, UNICODE } from './unicode.ts'

/** A pattern in RE2's syntax, which does not read the subject itself but the symbols that stand for it. */
interface Re2Translation {
  readonly pattern: string
  readonly symbols: SymbolCode
}

interface CapturingRe2Translation extends Re2Translation {
  /** The number in the translation of each group that was asked for. */
  readonly numbers: ReadonlyMap<number, number>
}

/**
 * The most steps that written-out repetitions may add to a pattern. Matching takes an operation for each step and
 * character at worst.
 */
const MAX_REPEATED_STEPS = 1000

/**
 * The pattern for an engine with RE2's syntax.
 *
 * RE2 knows `\b` for ASCII only, and has no `$` that also matches before a final newline. So the subject is put into
 * a code of one symbol for each class of characters that the pattern tells apart, chosen so that RE2's positions
 * mean Python's: word characters become ASCII letters and digits, all others something else, and of the newlines
 * only those become a newline before which `$` matches.
 *
 *   \b\w+$    on    жук!⏎я⏎
 *             is    000\x00\x010⏎    with 0 for \w, \x00 for others, \x01 for a newline inside
 *
 * Empty matches and the ends of matches do not matter here, so groups, laziness and the like are left out.
 *
 * @returns undefined for what RE2 does not have: back-references, look-around, atomic groups
 * @throws {PatternError} when it is too big
 */
export function toRe2(root: RegexNode): Re2Translation | undefined {
  return translate(root, undefined)
}

/**
 * As `toRe2`, with groups that are captured.
 *
 * @param captured indexes of the groups that are asked for
 * @returns undefined also where such a group is in repetitions that have to be written out
 * @throws {PatternError} when it is too big
 */
export function toCapturingRe2(
  root: RegexNode,
  captured: ReadonlySet<number>,
): CapturingRe2Translation | undefined {
  const groups: Captures = { captured, numbers: new Map(), isTwice: false }
  const translation = translate(root, groups)
  return translation === undefined || groups.isTwice ? undefined : { ...translation, numbers: groups.numbers }
}

/** The groups that are captured, and what becomes of them. */
interface Captures {
  readonly captured: ReadonlySet<number>
  readonly numbers: Map<number, number>
  /** A group would have to be written twice. */
  isTwice: boolean
}

/** @param captures undefined: groups and laziness do not matter */
function translate(root: RegexNode, captures: Captures | undefined): Re2Translation | undefined {
  const positions = new Set<Position>()
  const boundaries = new Set<boolean>()
  const sets = new Map<string, Ranges>()
  for (const node of walk(root)) {
    if (node.kind === 'backreference' || node.kind === 'look' || node.kind === 'atomic') return undefined
    if (node.kind === 'position') positions.add(node.at)
    if (node.kind === 'boundary') boundaries.add(node.ascii)
    if (node.kind === 'set') sets.set(setKey(node.set), resolve(node.set))
  }
  const everyLine = positions.has('line-start') || positions.has('line-end')
  if (everyLine && positions.has('last-line-end')) return undefined
  if (boundaries.size > 1) return undefined
  const added = countSteps(root, true) - countSteps(root, false)
  if (added > MAX_REPEATED_STEPS) {
    const message = `its repetitions make the pattern too big: ${added} steps, and ${MAX_REPEATED_STEPS} are allowed`
    throw new PatternError(message, 0, 'use smaller numbers in {...}, or * and +')
  }
  const symbols = SymbolCode.make(
    [...sets.values()],
    boundaries.has(false) ? UNICODE.word : boundaries.has(true) ? ASCII_WORD : undefined,
    everyLine ? 'every' : positions.has('last-line-end') ? 'last' : 'none',
  )
  if (symbols === undefined) return undefined
  const numbers = new Map([...sets.keys()].map((key, number) => [key, number]))
  const pattern = emit(root, (set) => symbols.setSource(numbers.get(setKey(set))!), captures)
  return { pattern, symbols }
}

const POSITIONS: Readonly<Record<Position, string>> = {
  start: '\\A',
  'line-start': '(?m:^)',
  end: '\\z',
  'last-line-end': '(?m:$)',
  'line-end': '(?m:$)',
}

/** RE2 counts up to this, and nested counts up to it together. */
const MAX_COUNT = 1000

function emit(
  node: RegexNode,
  setSource: (set: CharacterSet) => string,
  captures: Captures | undefined,
): string {
  switch (node.kind) {
    case 'set':
      return setSource(node.set)
    case 'sequence':
      return node.items.map((item) => emit(item, setSource, captures)).join('')
    case 'choice':
      return `(?:${node.branches.map((branch) => emit(branch, setSource, captures)).join('|')})`
    case 'group':
      if (captures?.captured.has(node.index)) {
        captures.numbers.set(node.index, captures.numbers.size + 1)
        return `(${emit(node.body, setSource, captures)})`
      }
      return `(?:${emit(node.body, setSource, captures)})`
    case 'repeat':
      return repeat(node, setSource, captures)
    case 'position':
      return POSITIONS[node.at]
    case 'boundary':
      return node.negated ? '\\B' : '\\b'
    default:
      throw new Error(`RE2 has no ${node.kind}`)
  }
}

function repeat(
  node: Repeat,
  setSource: (set: CharacterSet) => string,
  captures: Captures | undefined,
): string {
  const { min, max } = node
  const before = captures?.numbers.size
  const atom = `(?:${emit(node.body, setSource, captures)})`
  const lazy = captures !== undefined && node.lazy ? '?' : ''
  if (min <= 1 && max === Number.POSITIVE_INFINITY) return `${atom}${min === 0 ? '*' : '+'}${lazy}`
  if (min === 0 && max === 1) return `${atom}?${lazy}`
  const bounded = max !== Number.POSITIVE_INFINITY
  if (!hasCount(node.body) && min <= MAX_COUNT && (!bounded || max <= MAX_COUNT)) {
    return `${atom}{${min},${bounded ? max : ''}}${lazy}`
  }
  if (captures !== undefined && captures.numbers.size > before!) captures.isTwice = true
  return atom.repeat(min) + (bounded ? `${atom}?${lazy}`.repeat(max - min) : `${atom}*${lazy}`)
}

/** The node holds a repetition with numbers, so that another one around it would multiply them. */
function hasCount(node: RegexNode): boolean {
  for (const inner of walk(node)) {
    if (
      inner.kind === 'repeat' &&
      (inner.min > 1 || (inner.max > 1 && inner.max !== Number.POSITIVE_INFINITY))
    ) {
      return true
    }
  }
  return false
}

/** @param written with repetitions written out; otherwise each counts once */
function countSteps(node: RegexNode, written: boolean): number {
  switch (node.kind) {
    case 'sequence':
      return node.items.reduce((total, item) => total + countSteps(item, written), 0)
    case 'choice':
      return node.branches.reduce((total, branch) => total + 1 + countSteps(branch, written), 0)
    case 'group':
      return countSteps(node.body, written)
    case 'repeat': {
      const copies = node.max === Number.POSITIVE_INFINITY ? Math.max(node.min, 1) : node.max
      return countSteps(node.body, written) * (written ? copies : 1)
    }
    default:
      return 1
  }
}
