import type { Group, Look, RegexNode, Repeat } from './ast.ts'
import { width } from './ast.ts'
import { ANY_BUT_NEWLINE, ANY_CHARACTER } from './character-set.ts'
import { readEscape } from './escapes.ts'
import type { Flags } from './flags.ts'
import { applyFlags, isFlagLetter, NO_FLAGS, parseFlags } from './flags.ts'
import type { Warn } from './parse-set.ts'
import { literalSet, parseSet } from './parse-set.ts'
import { PatternError } from './pattern-error.ts'
import { isDigit, Tokens } from './tokens.ts'

/** A pattern that CPython would compile. */
export interface ParsedPattern {
  readonly root: RegexNode
  /** The named groups, `(?P<name>...)`, and their indexes, in the order of the text. */
  readonly names: ReadonlyMap<string, number>
  /** The warnings of CPython: the pattern works, but may not mean what it seems to. */
  readonly warnings: readonly string[]
}

/**
 * Reads a pattern in the syntax of Python 3.11's `re`, in CPython's order, so that of several faults the same one
 * is reported.
 *
 * @throws {PatternError} with CPython's message and place, or saying which feature is not supported
 */
export function parsePattern(text: string): ParsedPattern {
  return new Parser(text).parse()
}

/** CPython's MAXREPEAT. */
const MAX_REPEAT = 4294967295

/** Deeper nesting is no pattern that anybody wrote, and would exhaust the stack of what walks the tree. */
const MAX_NESTING = 200

/** The items that a quantifier may follow: in CPython's words it is "nothing" or "multiple" otherwise. */
type Quantifiable = 'yes' | 'position' | 'repeat'

interface Item {
  readonly node: RegexNode
  readonly quantifiable: Quantifiable
}

function item(node: RegexNode, quantifiable: Quantifiable = 'yes'): Item {
  return { node, quantifiable }
}

class Parser {
  readonly #tokens: Tokens
  readonly #warnings: string[] = []
  readonly #groupNames = new Map<string, number>()
  /** By index; those whose end is not read yet are undefined. */
  readonly #groups: (Group | undefined)[] = [undefined]
  readonly #lookBehinds: (Look | undefined)[] = []
  readonly #patternLetters = new Set<string>()
  #flags: Flags = NO_FLAGS
  /** Inside a look-behind: how many groups there were before it. */
  #groupsBeforeLookBehind: number | undefined

  constructor(text: string) {
    this.#tokens = new Tokens(text)
  }

  parse(): ParsedPattern {
    const root = this.#parseChoice(undefined, 0)
    if (this.#tokens.next !== undefined) throw this.#tokens.error('unbalanced parenthesis')
    for (const look of this.#lookBehinds) {
      if (look === undefined) continue
      const [least, most] = width(look.body)
      if (least !== most) throw new PatternError('look-behind requires fixed-width pattern', look.offset)
    }
    return { root, names: this.#groupNames, warnings: this.#warnings }
  }

  /** @param flags of the group; undefined for the whole pattern, whose flags are read on the way */
  #parseChoice(flags: Flags | undefined, nesting: number): RegexNode {
    if (nesting > MAX_NESTING) throw this.#tokens.error(`more than ${MAX_NESTING} groups inside each other`)
    const branches: RegexNode[] = []
    do {
      branches.push(this.#parseSequence(flags, nesting, flags === undefined && branches.length === 0))
    } while (this.#tokens.accept('|'))
    return branches.length === 1 ? branches[0]! : { kind: 'choice', branches }
  }

  #parseSequence(scope: Flags | undefined, nesting: number, first: boolean): RegexNode {
    const tokens = this.#tokens
    const items: Item[] = []
    for (;;) {
      const flags = scope ?? this.#flags
      const token = tokens.next
      if (token === undefined || token === '|' || token === ')') break
      tokens.get()
      if (flags.verbose && this.#skipVerbose(token)) continue
      switch (token) {
        case '(': {
          const group = this.#parseGroup(flags, nesting, first && items.length === 0)
          if (group !== undefined) items.push(item(group))
          break
        }
        case '*':
        case '+':
        case '?':
        case '{':
          items.push(this.#parseRepeat(token, items, flags))
          break
        default:
          items.push(this.#parseOne(token, flags))
      }
    }
    return items.length === 1 ? items[0]!.node : { kind: 'sequence', items: items.map(({ node }) => node) }
  }

  /** A character, a set or a position; its first token is already taken. */
  #parseOne(token: string, flags: Flags): Item {
    switch (token) {
      case '[':
        return item({ kind: 'set', set: parseSet(this.#tokens, flags, this.#warn) })
      case '.':
        return item({ kind: 'set', set: flags.dotAll ? ANY_CHARACTER : ANY_BUT_NEWLINE })
      case '^':
        return item({ kind: 'position', at: flags.multiline ? 'line-start' : 'start' }, 'position')
      case '$':
        return item({ kind: 'position', at: flags.multiline ? 'line-end' : 'last-line-end' }, 'position')
    }
    if (token.length > 1 && token[0] === '\\') return this.#parseEscape(token, flags)
    return item({ kind: 'set', set: literalSet(token.codePointAt(0)!, flags) })
  }

  /**
   * A quantifier, already taken, and what it repeats; or a brace that is just a brace.
   *
   * @param items whose last one is repeated, and taken off
   */
  #parseRepeat(token: string, items: Item[], flags: Flags): Item {
    const tokens = this.#tokens
    const start = tokens.position - 1
    const bounds = this.#parseBounds(token, start)
    if (bounds === undefined) return item({ kind: 'set', set: literalSet(0x7b, flags) })
    const repeated = items.pop()
    if (repeated === undefined || repeated.quantifiable === 'position') {
      throw new PatternError('nothing to repeat', start)
    }
    if (repeated.quantifiable === 'repeat') throw new PatternError('multiple repeat', start)
    const lazy = tokens.accept('?')
    const possessive = !lazy && tokens.accept('+')
    const repeat: Repeat = { kind: 'repeat', body: repeated.node, ...bounds, lazy, offset: start }
    return item(possessive ? makePossessive(repeat) : repeat, 'repeat')
  }

  /** Skips blanks and comments under VERBOSE. True where the token, which is taken, began one. */
  #skipVerbose(token: string): boolean {
    if (token.length === 1 && ' \t\n\r\v\f'.includes(token)) return true
    if (token !== '#') return false
    let skipped: string | undefined
    do {
      skipped = this.#tokens.get()
    } while (skipped !== undefined && skipped !== '\n')
    return true
  }

  #parseEscape(token: string, flags: Flags): Item {
    const tokens = this.#tokens
    const start = tokens.position - token.length
    const meaning = readEscape(tokens, token, flags.ascii)
    switch (meaning.kind) {
      case 'literal':
        return item({ kind: 'set', set: literalSet(meaning.codePoint, flags) })
      case 'class':
        return item({ kind: 'set', set: meaning.set })
      case 'position':
        return item({ kind: 'position', at: meaning.at }, 'position')
      case 'boundary':
        return item({ kind: 'boundary', negated: meaning.negated, ascii: flags.ascii }, 'position')
      case 'group': {
        const { index, text } = meaning
        if (index >= this.#groups.length) {
          throw tokens.error(`invalid group reference ${index}`, text.length - 1)
        }
        return item(this.#reference(index, start, flags, text.length))
      }
    }
  }

  /**
   * Reads the numbers of a repetition: `*`, `+`, `?`, `{m,n}`. Undefined when a brace is just a brace.
   *
   * @param token already taken
   */
  #parseBounds(token: string, start: number): Pick<Repeat, 'min' | 'max'> | undefined {
    const tokens = this.#tokens
    if (token === '*') return { min: 0, max: Number.POSITIVE_INFINITY }
    if (token === '+') return { min: 1, max: Number.POSITIVE_INFINITY }
    if (token === '?') return { min: 0, max: 1 }
    if (tokens.next === '}') return undefined
    const inside = tokens.position
    const low = tokens.getWhile(Number.POSITIVE_INFINITY, isDigit)
    const high = tokens.accept(',') ? tokens.getWhile(Number.POSITIVE_INFINITY, isDigit) : low
    if (!tokens.accept('}')) {
      tokens.seek(inside)
      return undefined
    }
    const min = low === '' ? 0 : Number(low)
    const max = high === '' ? Number.POSITIVE_INFINITY : Number(high)
    if (min >= MAX_REPEAT || (high !== '' && max >= MAX_REPEAT)) {
      throw new PatternError('the repetition number is too large', start)
    }
    if (max < min) throw new PatternError('min repeat greater than max repeat', inside)
    return { min, max }
  }

  readonly #warn: Warn = (message, offset) => {
    const position = Array.from(this.#tokens.text.slice(0, offset)).length
    this.#warnings.push(`${message} at position ${position}`)
  }

  /** Reads a group behind its `(`, which is taken; undefined where nothing remains (comments, flags). */
  #parseGroup(flags: Flags, nesting: number, first: boolean): RegexNode | undefined {
    const tokens = this.#tokens
    const start = tokens.position - 1
    if (!tokens.accept('?')) return this.#parseCapture(undefined, flags, nesting, start)
    const token = tokens.get()
    if (token === undefined) throw tokens.error('unexpected end of pattern')
    switch (token) {
      case 'P':
        return this.#parseNamed(flags, nesting, start)
      case ':':
        // A sequence of its own: a quantifier after it is not a second one for what is inside.
        return { kind: 'sequence', items: [this.#parseBody(flags, nesting, start)] }
      case '>':
        return { kind: 'atomic', body: this.#parseBody(flags, nesting, start), offset: start }
      case '#':
        this.#skipComment(start)
        return undefined
      case '=':
      case '!':
      case '<':
        return this.#parseLook(token, flags, nesting, start)
      case '(':
        throw this.#conditional(start)
    }
    if (isFlagLetter(token) || token === '-') return this.#parseFlagGroup(token, flags, nesting, first, start)
    throw tokens.error(`unknown extension ?${token}`, token.length + 1)
  }

  #parseFlagGroup(
    token: string,
    flags: Flags,
    nesting: number,
    first: boolean,
    start: number,
  ): RegexNode | undefined {
    const group = parseFlags(this.#tokens, token)
    if (group.scope === 'group') {
      return { kind: 'sequence', items: [this.#parseBody(applyFlags(flags, group), nesting, start)] }
    }
    if (!first) {
      const hint = 'write (?i:...) for a part of the pattern'
      throw new PatternError('global flags not at the start of the expression', start, hint)
    }
    for (const letter of group.added) this.#patternLetters.add(letter)
    if (this.#patternLetters.has('a') && this.#patternLetters.has('u')) {
      throw new PatternError('ASCII and UNICODE flags are incompatible', start)
    }
    this.#flags = applyFlags(this.#flags, group)
    return undefined
  }

  #parseNamed(flags: Flags, nesting: number, start: number): RegexNode {
    const tokens = this.#tokens
    if (tokens.accept('<')) {
      const name = tokens.getUntil('>', 'group name')
      this.#checkName(name)
      return this.#parseCapture(name, flags, nesting, start)
    }
    if (tokens.accept('=')) {
      const name = tokens.getUntil(')', 'group name')
      this.#checkName(name)
      const index = this.#groupNames.get(name)
      if (index === undefined) throw tokens.error(`unknown group name ${quote(name)}`, name.length + 1)
      return this.#reference(index, start, flags, name.length + 1)
    }
    const token = tokens.get()
    if (token === undefined) throw tokens.error('unexpected end of pattern')
    throw tokens.error(`unknown extension ?P${token}`, token.length + 2)
  }

  #parseCapture(name: string | undefined, flags: Flags, nesting: number, start: number): RegexNode {
    const index = this.#groups.length
    this.#groups.push(undefined)
    if (name !== undefined) {
      const before = this.#groupNames.get(name)
      if (before !== undefined) {
        const message = `redefinition of group name ${quote(name)} as group ${index}; was group ${before}`
        throw this.#tokens.error(message, name.length + 1)
      }
      this.#groupNames.set(name, index)
    }
    const group: Group = { kind: 'group', index, body: this.#parseBody(flags, nesting, start) }
    this.#groups[index] = group
    return group
  }

  #parseLook(token: '=' | '!' | '<', flags: Flags, nesting: number, start: number): RegexNode {
    const tokens = this.#tokens
    if (token !== '<') {
      const body = this.#parseBody(flags, nesting, start)
      return { kind: 'look', direction: 'ahead', negated: token === '!', body, offset: start }
    }
    const sign = tokens.get()
    if (sign === undefined) throw tokens.error('unexpected end of pattern')
    if (sign !== '=' && sign !== '!') {
      throw tokens.error(
        `unknown extension ?<${sign}`,
        sign.length + 2,
        'Python names groups with (?P<name>...)',
      )
    }
    const outer = this.#groupsBeforeLookBehind
    this.#groupsBeforeLookBehind ??= this.#groups.length
    const slot = this.#lookBehinds.push(undefined) - 1
    const body = this.#parseChoice(flags, nesting + 1)
    this.#groupsBeforeLookBehind = outer
    this.#close(start)
    const look: Look = { kind: 'look', direction: 'behind', negated: sign === '!', body, offset: start }
    this.#lookBehinds[slot] = look
    return look
  }

  /** Up to and with the group's `)`. */
  #parseBody(flags: Flags, nesting: number, start: number): RegexNode {
    const body = this.#parseChoice(flags, nesting + 1)
    this.#close(start)
    return body
  }

  #close(start: number): void {
    if (!this.#tokens.accept(')')) throw new PatternError('missing ), unterminated subpattern', start)
  }

  #skipComment(start: number): void {
    for (;;) {
      if (this.#tokens.next === undefined) throw new PatternError('missing ), unterminated comment', start)
      if (this.#tokens.get() === ')') return
    }
  }

  #reference(index: number, start: number, flags: Flags, back: number): RegexNode {
    const group = this.#groups[index]
    if (group === undefined) throw this.#tokens.error('cannot refer to an open group', back)
    const before = this.#groupsBeforeLookBehind
    if (before !== undefined && index >= before) {
      throw this.#tokens.error('cannot refer to group defined in the same lookbehind subpattern')
    }
    return { kind: 'backreference', group, ignoreCase: flags.ignoreCase, ascii: flags.ascii, offset: start }
  }

  #checkName(name: string): void {
    if (!/^[\p{XID_Start}_]\p{XID_Continue}*$/u.test(name)) {
      throw this.#tokens.error(`bad character in group name ${quote(name)}`, name.length + 1)
    }
  }

  /** `(?(group)yes|no)`: refused, after CPython's own complaints about the group. */
  #conditional(start: number): PatternError {
    const tokens = this.#tokens
    const name = tokens.getUntil(')', 'group name')
    if (/^[\p{XID_Start}_]\p{XID_Continue}*$/u.test(name)) {
      if (!this.#groupNames.has(name)) {
        return tokens.error(`unknown group name ${quote(name)}`, name.length + 1)
      }
    } else if (!/^\d+$/.test(name)) {
      return tokens.error(`bad character in group name ${quote(name)}`, name.length + 1)
    } else if (Number(name) === 0) {
      return tokens.error('bad group number', name.length + 1)
    }
    const hint = 'write both cases as alternatives: (?:(a)b|c)'
    return new PatternError('conditional groups, (?(1)...|...), are not supported', start, hint)
  }
}

/** Once an iteration is done, CPython never goes back into it, not even to make the next one possible. */
function makePossessive(repeat: Repeat): RegexNode {
  const { body, offset } = repeat
  const iteration: RegexNode = body.kind === 'set' ? body : { kind: 'atomic', body, offset }
  return { kind: 'atomic', body: { ...repeat, body: iteration }, offset }
}

/** A name as CPython's `repr` shows it; names with quotes or control characters are not worth more. */
function quote(name: string): string {
  return name.includes("'") && !name.includes('"') ? `"${name}"` : `'${name.replaceAll('\\', '\\\\')}'`
}
