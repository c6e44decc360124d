/**
 * A search tries a pattern at each place of a text, and costs the square of its length where each trial goes on for long: `\d+x`
 * in a text of digits. But a pattern that begins with a repeated set need not be tried within a run of that set: whatever matches
 * there matches at the beginning of the run as well, and a search finds the first place.
 *
 *   \d+x              tried where no digit is before:   (?:(?<!\d)|(?!\d))\d+x
 *   [+-]?\d+x         where a digit is not preceded by one
 *   \s*x              where no blank is before
 *   \b\w+x            a boundary says so by itself
 *   ^\w+x             at the start only
 */
import type { RegexNode } from './ast.ts'
import { EMPTY, isEmpty, isNullable, sequence, walk } from './ast.ts'
import type { CharacterSet } from './character-set.ts'
import { ANY_CHARACTER, except, resolve, setKey, setOf } from './character-set.ts'
import type { Ranges } from './ranges.ts'
import { complement, isSubset } from './ranges.ts'
import { ASCII_WORD, UNICODE } from './unicode.ts'

interface SearchForm {
  /** A pattern that is to be matched at the start of the text, and costs at least what the search costs. */
  readonly cost: RegexNode
  /** The condition, of no width, that leaves out useless trials; it stands before the pattern. */
  readonly guard: RegexNode | undefined
}

/** As many beginnings are told apart. */
const MAX_BEGINNINGS = 16
const MAX_STEPS = 200

const NEWLINE: Ranges = [0x0a, 0x0a]

/** The beginnings of a pattern: the first thing that it needs, and what follows. */
interface Beginning {
  readonly first: RegexNode
  readonly rest: RegexNode
}

/** @param root without groups */
export function searchForm(root: RegexNode): SearchForm {
  const beginnings = beginningsOf(root)
  if (beginnings === undefined) return { cost: sequence([anywhere(), root]), guard: undefined }
  const runs = runsOf(beginnings, root)
  if (runs.length === 0) {
    const [first] = sequenceItems(root)
    const set = first?.kind === 'repeat' && first.min === 0 ? loopSet({ ...first, min: 1 }) : undefined
    if (set !== undefined && !hasReference(root)) {
      const cost = sequence([behindOther(resolve(set)), root])
      return { cost, guard: { ...LOOK, direction: 'behind', body: setNode(set) } }
    }
  }
  const branches = beginnings.map(({ first, rest }) => {
    const set = runs.length === 0 ? undefined : loopSet(first)
    return sequence([set === undefined ? prefix(first, rest) : behindOther(resolve(set)), first, rest])
  })
  return {
    cost: branches.length === 1 ? branches[0]! : { kind: 'choice', branches },
    guard: runs.length === 0 ? undefined : sequence(runs.map(notWithin)),
  }
}

/** The places that come into question for a beginning that is no run. */
function prefix(first: RegexNode, rest: RegexNode): RegexNode {
  if (first.kind === 'position') {
    if (first.at === 'start') return EMPTY
    if (first.at === 'line-start') return behindOther(complement(NEWLINE))
  }
  if (first.kind === 'boundary' && !first.negated) {
    const word = first.ascii ? ASCII_WORD : UNICODE.word
    const next = firstCharacters(rest)
    if (next !== undefined && isSubset(next, word)) return behindOther(word)
  }
  if (first.kind === 'look' && first.direction === 'behind' && first.negated && first.body.kind === 'set')
    return behindOther(resolve(first.body.set))
  return anywhere()
}

/** The pattern as alternatives by what they begin with; undefined where there are too many. */
function beginningsOf(root: RegexNode): Beginning[] | undefined {
  const found: Beginning[] = []
  const open: RegexNode[] = [root]
  let steps = 0
  for (let node = open.pop(); node !== undefined; node = open.pop()) {
    if (++steps > MAX_STEPS || found.length + open.length > MAX_BEGINNINGS) return undefined
    const [first, rest] = node.kind === 'sequence' ? [node.items[0], node.items.slice(1)] : [node, []]
    if (first === undefined) found.push({ first: EMPTY, rest: EMPTY })
    else if (first.kind === 'choice')
      for (const branch of first.branches) open.push(sequence([branch, ...rest]))
    else if (first.kind === 'sequence') open.push(sequence([...first.items, ...rest]))
    else if (first.kind === 'repeat' && first.min === 0 && first.max === 1)
      open.push(sequence([first.body, ...rest]), sequence(rest))
    else if (first.kind === 'repeat' && first.min === 0 && first.body.kind === 'set')
      open.push(sequence([{ ...first, min: 1 }, ...rest]), sequence(rest))
    else if (first.kind === 'repeat' && first.min > 0 && first.body.kind !== 'set') {
      const { body, min, max } = first
      open.push(sequence([body, ...(max === 1 ? [] : [{ ...first, min: min - 1, max: max - 1 }]), ...rest]))
    } else found.push({ first, rest: sequence(rest) })
  }
  return found
}

/** The sets of the runs within which no trial is needed: none if one of the beginnings does not allow it. */
function runsOf(beginnings: readonly Beginning[], root: RegexNode): readonly CharacterSet[] {
  const runs = new Map<string, CharacterSet>()
  for (const { first } of beginnings) {
    const set = loopSet(first)
    if (set !== undefined) runs.set(setKey(set), set)
  }
  // The text that a back-reference repeats would be longer, further left.
  if (hasReference(root)) return []
  for (const [key, run] of runs) {
    const others = complement(resolve(run))
    for (const { first, rest } of beginnings) {
      const set = loopSet(first)
      if (set !== undefined && setKey(set) === key) continue
      const next = firstCharacters(sequence([first, rest]))
      if (next === undefined || !isSubset(next, others)) return []
    }
  }
  return [...runs.values()]
}

function hasReference(root: RegexNode): boolean {
  for (const node of walk(root)) if (node.kind === 'backreference') return true
  return false
}

/** The set that a node repeats without bound, at least once. */
function loopSet(node: RegexNode): CharacterSet | undefined {
  const { body, max, min } = node.kind === 'repeat' ? node : NO_LOOP
  return max === Number.POSITIVE_INFINITY && min > 0 && body.kind === 'set' ? body.set : undefined
}

const NO_LOOP = { body: EMPTY, min: 0, max: 0 }

/** The characters that a match of the node may begin with; undefined where it may be empty, or that is not easily seen. */
function firstCharacters(node: RegexNode): Ranges | undefined {
  switch (node.kind) {
    case 'set':
      return resolve(node.set)
    case 'sequence':
      return node.items[0] === undefined ? undefined : firstCharacters(node.items[0])
    case 'repeat':
      return node.min > 0 ? firstCharacters(node.body) : undefined
    case 'choice': {
      const all: number[] = []
      for (const branch of node.branches) {
        const some = isNullable(branch) ? undefined : firstCharacters(branch)
        if (some === undefined) return undefined
        all.push(...some)
      }
      return resolve(setOf(all))
    }
    default:
      return undefined
  }
}

function anywhere(): RegexNode {
  return anyNumberOf(ANY_CHARACTER)
}

/** As few characters of the set as possible. */
export function anyNumberOf(set: CharacterSet): RegexNode {
  return {
    kind: 'repeat',
    body: setNode(set),
    min: 0,
    max: Number.POSITIVE_INFINITY,
    lazy: true,
    offset: 0,
  }
}

/** The start of the text, and each place behind a character that is not of the set. */
function behindOther(set: Ranges): RegexNode {
  const body = sequence([anywhere(), setNode(except(set))])
  return { kind: 'repeat', body, min: 0, max: 1, lazy: true, offset: 0 }
}

function notWithin(run: CharacterSet): RegexNode {
  const body = setNode(run)
  return {
    kind: 'choice',
    branches: [
      { ...LOOK, direction: 'behind', body },
      { ...LOOK, direction: 'ahead', body },
    ],
  }
}

const LOOK = { kind: 'look', negated: true, offset: 0 } as const

function setNode(set: CharacterSet): RegexNode {
  return { kind: 'set', set }
}

/**
 * Cuts a pattern in two where it cannot fail any more: what comes last and is content with nothing is gone through once.
 *
 *   (.*) foo (.*)    head (.*) foo    tail (.*)
 *   foo (\S+)        head foo \S      tail \S*
 *
 * @param root without groups
 * @returns the items of the tail apart: nothing goes back from one to the one before
 */
export function cutTail(root: RegexNode): { readonly head: RegexNode; readonly tail: readonly RegexNode[] } {
  const items = [...sequenceItems(root)]
  const tail: RegexNode[] = []
  for (let last = items.at(-1); last !== undefined && isContent(last); last = items.at(-1)) {
    tail.unshift(last)
    items.pop()
  }
  const last = items.at(-1)
  if (last?.kind === 'repeat' && last.body.kind === 'set' && last.max > last.min) {
    items.pop()
    if (last.min > 0) items.push({ ...last, max: last.min })
    tail.unshift({ ...last, min: 0, max: last.max - last.min })
  }
  return { head: sequence(items), tail }
}

function sequenceItems(node: RegexNode): readonly RegexNode[] {
  return node.kind === 'sequence' ? node.items : [node]
}

/** It always matches, if only nothing. */
function isContent(node: RegexNode): boolean {
  if (node.kind === 'repeat') return node.min === 0
  if (node.kind === 'choice') return node.branches.some(isContent)
  return node.kind === 'sequence' && (isEmpty(node) || node.items.every(isContent))
}

/** The pattern without its groups, which cost nothing. Back-references keep theirs. */
export function withoutGroups(node: RegexNode): RegexNode {
  switch (node.kind) {
    case 'sequence':
      return sequence(node.items.map(withoutGroups))
    case 'choice':
      return { kind: 'choice', branches: node.branches.map(withoutGroups) }
    case 'group':
      return withoutGroups(node.body)
    case 'repeat':
    case 'look':
    case 'atomic':
      return { ...node, body: withoutGroups(node.body) }
    default:
      return node
  }
}
