import type { BackReference, Look, Position, RegexNode, Repeat } from './ast.ts'
import { isNullable, walk } from './ast.ts'
import type { Category, CharacterSet } from './character-set.ts'
import { resolve } from './character-set.ts'
import { PatternError } from './pattern-error.ts'
import { contains, MAX_CODE_POINT } from './ranges.ts'
import { DIGIT_SOURCE, UNICODE, WORD_SOURCE } from './unicode.ts'

/**
 * The pattern for JavaScript's own engine: source of a RegExp with the flag `u`, to be tested at the start of a text.
 *
 * With that flag a character is a code point, as in Python. Cases, line ends and classes are spelled out, because
 * JavaScript's `i`, `m`, `\s`, `\w` and `\b` mean something else. (The flag `v`, which knows sets in sets, is not used:
 * it is slower, and Node 20 takes `/^[^]{2,}$/v` to match one character.)
 *
 * @throws {PatternError} for what JavaScript would understand in another way
 */
export function toJavaScript(root: RegexNode): string {
  return `^(?:${new Translator(root).emit(root, new Set())})`
}

/** As `toJavaScript`, to be tested at a place of a text that may be any. */
export function toJavaScriptAnywhere(root: RegexNode): string {
  return `(?:${new Translator(root).emit(root, new Set())})`
}

interface CapturingSource {
  readonly source: string
  /** The number in the translation of each group that was asked for. */
  readonly numbers: ReadonlyMap<number, number>
}

/**
 * As `toJavaScript`, to be searched anywhere in a text, and with groups that are captured.
 *
 * @param captured indexes of the groups that are asked for
 * @returns undefined where JavaScript gives some of the groups another text than Python: it forgets groups with each
 *   iteration, and reads look-behinds from their end
 * @throws {PatternError} for what JavaScript would understand in another way
 */
export function toCapturing(root: RegexNode, captured: ReadonlySet<number>): CapturingSource | undefined {
  const translator = new Translator(root, captured)
  const source = `(?:${translator.emit(root, new Set())})`
  return translator.isFaithful ? { source, numbers: translator.numbers } : undefined
}

const POSITIONS: Readonly<Record<Position, string>> = {
  start: '^',
  'line-start': '(?<![^\\n])',
  end: '$',
  'last-line-end': '(?=\\n?$)',
  'line-end': '(?![^\\n])',
}

const IS_WORD = `[${WORD_SOURCE}]`

/** Neither kind of boundary is found in an empty text: `\B` does not match there. */
const NOT_EMPTY = '(?:(?=[^])|(?<=[^]))'
const BOUNDARY = `(?:(?<=${IS_WORD})(?!${IS_WORD})|(?<!${IS_WORD})(?=${IS_WORD}))`
const NO_BOUNDARY = `(?:(?<=${IS_WORD})(?=${IS_WORD})|(?<!${IS_WORD})(?!${IS_WORD})${NOT_EMPTY})`
const NO_ASCII_BOUNDARY = `(?:\\B${NOT_EMPTY})`

/** Groups that have surely matched where the translation has come to. */
type Matched = Set<number>

class Translator {
  /** The numbers in the translation of the groups that are captured there. */
  readonly numbers = new Map<number, number>()
  /** The groups that are asked for have the texts that Python gives them. */
  isFaithful = true
  readonly #asked: ReadonlySet<number>
  /** Groups that are captured: those that are asked for, and those that a back-reference needs. */
  readonly #captured: Set<number>
  #captures = 0
  #atomicDepth = 0
  #lookBehindDepth = 0

  constructor(root: RegexNode, asked: ReadonlySet<number> = new Set()) {
    this.#asked = asked
    this.#captured = new Set(asked)
    for (const node of walk(root)) if (node.kind === 'backreference') this.#captured.add(node.group.index)
  }

  emit(node: RegexNode, matched: Matched): string {
    switch (node.kind) {
      case 'set':
        return this.#set(node.set)
      case 'sequence':
        return node.items.map((item) => this.emit(item, matched)).join('')
      case 'choice':
        return this.#choice(node.branches, matched)
      case 'repeat':
        return this.#repeat(node, matched)
      case 'group': {
        if (!this.#captured.has(node.index)) return this.emit(node.body, matched)
        if (this.#lookBehindDepth > 0 && this.#asked.has(node.index)) this.isFaithful = false
        this.numbers.set(node.index, ++this.#captures)
        const body = this.emit(node.body, matched)
        matched.add(node.index)
        return `(${body})`
      }
      case 'backreference':
        return this.#reference(node, matched)
      case 'look':
        return this.#look(node, matched)
      case 'atomic':
        return this.#atomic(node.body, node.offset, matched)
      case 'position':
        return POSITIONS[node.at]
      case 'boundary':
        if (node.ascii) return node.negated ? NO_ASCII_BOUNDARY : '\\b'
        return node.negated ? NO_BOUNDARY : BOUNDARY
    }
  }

  #choice(branches: readonly RegexNode[], matched: Matched): string {
    const outcomes: Matched[] = []
    const texts = branches.map((branch) => {
      const outcome = new Set(matched)
      outcomes.push(outcome)
      return this.emit(branch, outcome)
    })
    for (const group of outcomes[0]!) {
      if (outcomes.every((outcome) => outcome.has(group))) matched.add(group)
    }
    return `(?:${texts.join('|')})`
  }

  #repeat(node: Repeat, matched: Matched): string {
    // Of iterations that take nothing JavaScript makes none, Python one. Where that can be seen, it is refused.
    if (node.max > node.min && isNullable(node.body)) {
      const captures = [...walk(node.body)].some(
        (inner) => inner.kind === 'group' && this.#captured.has(inner.index),
      )
      if (captures || this.#atomicDepth > 0) {
        const hint = 'let what is repeated take at least one character'
        throw new PatternError('repeating what may be empty is not supported here', node.offset, hint)
      }
    }
    // JavaScript forgets the groups inside at the start of every iteration.
    const inside = new Set(matched)
    for (const inner of walk(node.body)) if (inner.kind === 'group') inside.delete(inner.index)
    const body = this.emit(node.body, inside)
    if (node.max > 1) {
      for (const inner of walk(node.body)) {
        if (inner.kind === 'group' && this.#asked.has(inner.index) && !inside.has(inner.index))
          this.isFaithful = false
      }
    }
    if (node.min > 0) for (const group of inside) matched.add(group)
    const atom = node.body.kind === 'set' || node.body.kind === 'choice' ? body : `(?:${body})`
    return `${atom}${quantifier(node.min, node.max)}${node.lazy ? '?' : ''}`
  }

  /** `(?>x)` is `(?=(x))\1`: there is no way back into a look-ahead. */
  #atomic(body: RegexNode, offset: number, matched: Matched): string {
    if (this.#lookBehindDepth > 0) {
      throw new PatternError(
        'atomic groups and possessive quantifiers in a look-behind are not supported',
        offset,
      )
    }
    const number = ++this.#captures
    this.#atomicDepth++
    const text = this.emit(body, matched)
    this.#atomicDepth--
    return `(?:(?=(${text}))\\${number})`
  }

  #look(node: Look, matched: Matched): string {
    const behind = node.direction === 'behind'
    if (behind) this.#lookBehindDepth++
    const body = this.emit(node.body, node.negated ? new Set(matched) : matched)
    if (behind) this.#lookBehindDepth--
    return `(?${behind ? '<' : ''}${node.negated ? '!' : '='}${body})`
  }

  #reference(node: BackReference, matched: Matched): string {
    if (!matched.has(node.group.index)) {
      // JavaScript takes such a group for empty, in Python the reference fails.
      const message = `a reference to group ${node.group.index}, which may not have matched, is not supported`
      throw new PatternError(message, node.offset)
    }
    if (node.ignoreCase && hasCase(node.group.body, node.ascii)) {
      throw new PatternError(
        'a reference that ignores case is not supported',
        node.offset,
        'write (?-i:...) around it, or the cases as alternatives',
      )
    }
    return `(?:\\${this.numbers.get(node.group.index)})`
  }

  #set(set: CharacterSet): string {
    if (!set.categories.includes('notWord')) return characterClass(set)
    // There are no sets in sets: what is no word character and what is one are written side by side.
    const others = set.categories.filter((category) => category !== 'notWord')
    const inWord = `(?=${IS_WORD})${characterClass({ ...set, categories: others })}`
    return set.negated ? `(?:${inWord})` : `(?:[^${WORD_SOURCE}]|${inWord})`
  }
}

function characterClass({ negated, categories, ranges }: CharacterSet): string {
  if (categories.length === 0 && !negated && ranges.length === 2) {
    if (ranges[0] === ranges[1]) return literal(ranges[0]!)
    if (ranges[0] === 0 && ranges[1] === MAX_CODE_POINT) return '[^]'
  }
  let members = categories
    .map((category) => CATEGORY_SOURCES[category as keyof typeof CATEGORY_SOURCES])
    .join('')
  for (let index = 0; index < ranges.length; index += 2) members += range(ranges[index]!, ranges[index + 1]!)
  return `[${negated ? '^' : ''}${members}]`
}

const CATEGORY_SOURCES: Readonly<Record<Exclude<Category, 'notWord'>, string>> = {
  word: WORD_SOURCE,
  digit: DIGIT_SOURCE,
  notDigit: DIGIT_SOURCE.replace('p', 'P'),
}

function quantifier(min: number, max: number): string {
  if (min === 0 && max === 1) return '?'
  if (max === Number.POSITIVE_INFINITY) return min === 0 ? '*' : min === 1 ? '+' : `{${min},}`
  return min === max ? `{${min}}` : `{${min},${max}}`
}

function range(first: number, last: number): string {
  if (first === last) return inSet(first)
  return last === first + 1 ? inSet(first) + inSet(last) : `${inSet(first)}-${inSet(last)}`
}

function inSet(codePoint: number): string {
  const character = String.fromCodePoint(codePoint)
  return /^[A-Za-z0-9]$/.test(character) ? character : codePointEscape(codePoint)
}

function literal(codePoint: number): string {
  const character = String.fromCodePoint(codePoint)
  if (/^[$()*+./?[\\\]^{|}]$/.test(character)) return `\\${character}`
  return /^[ -~]$/.test(character) ? character : codePointEscape(codePoint)
}

function codePointEscape(codePoint: number): string {
  return `\\u{${codePoint.toString(16)}}`
}

/** Texts of the group may hold characters that differ in case. */
function hasCase(body: RegexNode, ascii: boolean): boolean {
  for (const node of walk(body)) {
    if (node.kind !== 'set') continue
    const ranges = resolve(node.set)
    if (ascii) {
      for (let upper = 0x41; upper <= 0x5a; upper++) {
        if (contains(ranges, upper) || contains(ranges, upper + 0x20)) return true
      }
    } else {
      for (const character of UNICODE.cases.keys()) if (contains(ranges, character)) return true
    }
  }
  return false
}
