/**
 * References in patterns, in grok's notation, become what they stand for when rules are loaded.
 *
 *   %{IP}             what matches an address, not captured: (?:...)
 *   %{IP:src}         the group src: (?P<src>...)
 *   %{INT:port:int}   the group port, an integer in the result
 */
import { suggest } from '../check/suggest.ts'
import { PatternError } from '../regex/pattern-error.ts'
import { GROK_PATTERNS } from './patterns.ts'

type GroupType = 'int' | 'float'

interface ExpandedPattern {
  /** A pattern of `re`. */
  readonly text: string
  /** The types of groups that are no texts. */
  readonly types: ReadonlyMap<string, GroupType>
  /** The place in the pattern as it was written, for one in `text`. */
  readonly placeOf: (offset: number) => number
}

/** Patterns of a rule file's own. They come before the shipped ones of the same name. */
export interface OwnPatterns {
  get(name: string): string | undefined
  readonly names: readonly string[]
}

export const NO_PATTERNS: OwnPatterns = { get: () => undefined, names: [] }

/** Longer than any pattern that an engine takes; definitions that double one another end here. */
const MAX_LENGTH = 1 << 17

const REFERENCE = /%\{([A-Za-z_]\w*)(?::([^:}]*)(?::([^}]*))?)?\}/y
const TYPES: readonly string[] = ['int', 'float'] satisfies GroupType[]

/**
 * @param text a pattern of `re` with references
 * @throws {PatternError} for a name that is unknown or means itself, a field that is no name, an unknown type
 */
export function expandPattern(text: string, own: OwnPatterns): ExpandedPattern {
  return new Expansion(own).expand(text)
}

/** All names that a reference may have. */
function patternNames(own: OwnPatterns): string[] {
  return [...new Set([...own.names, ...Object.keys(GROK_PATTERNS)])]
}

class Expansion {
  readonly #own: OwnPatterns
  readonly #types = new Map<string, GroupType>()
  /** The definitions that are open, one inside the other. */
  readonly #open: string[] = []
  #length = 0

  constructor(own: OwnPatterns) {
    this.#own = own
  }

  expand(text: string): ExpandedPattern {
    /** For each reference: where it ends in the result, and how many characters it has become longer. */
    const shifts: { readonly start: number; readonly end: number; readonly written: number }[] = []
    let expanded = ''
    let from = 0
    for (const { start, end, body } of this.#references(text)) {
      expanded += text.slice(from, start)
      shifts.push({ start: expanded.length, end: expanded.length + body.length, written: start })
      expanded += body
      from = end
      shifts.push({ start: expanded.length, end: Number.POSITIVE_INFINITY, written: end })
    }
    const placeOf = (offset: number): number => {
      const shift = shifts.findLast(({ start }) => start <= offset)
      if (shift === undefined) return offset
      return shift.end === Number.POSITIVE_INFINITY ? shift.written + offset - shift.start : shift.written
    }
    return { text: expanded + text.slice(from), types: this.#types, placeOf }
  }

  /** The references of a text, with what stands for each: not in sets, not behind a backslash. */
  *#references(text: string): Generator<{ start: number; end: number; body: string }> {
    let inSet = false
    for (let at = 0; at < text.length; at++) {
      const character = text[at]
      if (character === '\\') at++
      else if (inSet) inSet = character !== ']'
      else if (character === '[') {
        inSet = true
        if (text[at + 1] === '^') at++
        if (text[at + 1] === ']') at++
      } else if (character === '%' && text[at + 1] === '{' && !/^[\d,]/.test(text.slice(at + 2, at + 3))) {
        REFERENCE.lastIndex = at
        const found = REFERENCE.exec(text)
        if (found === null) {
          const message = "'%{' begins a reference, and this is none"
          const hint =
            'write %{NAME}, %{NAME:field} or %{NAME:field:int}; the characters themselves are written %\\{'
          throw new PatternError(message, at, hint)
        }
        const end = REFERENCE.lastIndex
        const [, name, field, type] = found
        yield { start: at, end, body: this.#reference(name!, field, type, at) }
        at = end - 1
      }
    }
  }

  #reference(name: string, field: string | undefined, type: string | undefined, at: number): string {
    const definition = this.#own.get(name) ?? ownMember(GROK_PATTERNS, name)
    if (definition === undefined) {
      const near = suggest(name, patternNames(this.#own))
      const hint =
        near === undefined
          ? "'normalize functions --patterns' lists what there is"
          : `did you mean '${near}'?`
      throw new PatternError(`there is no pattern '${name}'`, at + 2, hint)
    }
    if (this.#open.includes(name)) {
      const circle = [...this.#open.slice(this.#open.indexOf(name)), name].join(' -> ')
      throw new PatternError(`pattern '${name}' is defined by itself: ${circle}`, at + 2)
    }
    const start = field === undefined ? '(?:' : `(?P<${this.#field(field, type, at + 3 + name.length)}>`
    this.#open.push(name)
    const body = this.#inside(name, definition, at)
    this.#open.pop()
    this.#length += body.length
    if (this.#length > MAX_LENGTH)
      throw new PatternError('the patterns that it refers to make it too big', at)
    return `${start}${body})`
  }

  #field(field: string, type: string | undefined, at: number): string {
    if (!/^[\p{XID_Start}_]\p{XID_Continue}*$/u.test(field)) {
      const hint = 'a field is a name of letters, digits and _; rules give its value its place in the output'
      throw new PatternError(`'${field}' cannot be the name of a group`, at, hint)
    }
    if (type === undefined) return field
    if (!TYPES.includes(type)) {
      const near = suggest(type, TYPES) ?? 'int or float'
      throw new PatternError(`there is no type '${type}'`, at + field.length + 1, `did you mean ${near}?`)
    }
    this.#types.set(field, type as GroupType)
    return field
  }

  /** A definition, expanded. Faults in it are shown at the reference. */
  #inside(name: string, definition: string, at: number): string {
    let body = ''
    let from = 0
    try {
      for (const reference of this.#references(definition)) {
        body += definition.slice(from, reference.start) + reference.body
        from = reference.end
      }
    } catch (error) {
      if (!(error instanceof PatternError) || error.message.includes(' is defined by itself')) throw error
      throw new PatternError(`in pattern '${name}': ${error.message}`, at, error.hint)
    }
    return body + definition.slice(from)
  }
}

function ownMember(patterns: Readonly<Record<string, string>>, name: string): string | undefined {
  return Object.hasOwn(patterns, name) ? patterns[name] : undefined
}
