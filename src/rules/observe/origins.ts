import type { SourceText } from '../../expression/diagnostic.ts'
import type { CheckedRules } from '../checked-rule.ts'
import type { TableEntry } from '../lookups.ts'
import type { Stretch } from '../yaml/yaml.ts'

/** The place of a node or of a statement: a stretch of a text that stands in a file. */
export interface Origin {
  readonly source: SourceText
  /** Offsets into the source's text, in UTF-16 units; the end is exclusive. */
  readonly start: number
  readonly end: number
}

/** The place of a key in a file. */
export interface KeyOrigin extends Stretch {
  readonly file: string
}

interface Span {
  readonly start: number
  readonly end: number
}

/**
 * The places of everything that rules are compiled to. The compiler fills it where it is given one; without it, a rule set
 * has no places and no texts, which usual work does not need.
 */
export class Origins {
  /** The texts of all files by name, lookup files included. */
  readonly texts = new Map<string, string>()
  readonly #origins = new WeakMap<object, Origin>()
  readonly #keys = new WeakMap<object, KeyOrigin>()
  readonly #tables = new WeakMap<CheckedRules, readonly TableEntry[]>()

  /** A function that notes where the nodes of one text were written. */
  notes(source: SourceText): (thing: object, span: Span) => void {
    return (thing, { start, end }) => {
      this.#origins.set(thing, { source, start, end })
    }
  }

  /** Notes that something is a whole text. */
  noteText(thing: object, source: SourceText): void {
    this.#origins.set(thing, { source, start: 0, end: source.text.length })
  }

  /** Notes the key that a rule or a condition stands under. */
  noteKey(thing: object, file: string, place: Stretch): void {
    this.#keys.set(thing, { file, ...place })
  }

  noteTables(rules: CheckedRules, tables: readonly TableEntry[]): void {
    this.#tables.set(rules, tables)
  }

  /** The place of a node, a statement or a tap. */
  of(thing: object): Origin | undefined {
    return this.#origins.get(thing)
  }

  /** The key of a rule or a condition. */
  keyOf(thing: object): KeyOrigin | undefined {
    return this.#keys.get(thing)
  }

  /** The lookup tables that rules see, with the files that they are in. */
  tablesOf(rules: CheckedRules): readonly TableEntry[] {
    return this.#tables.get(rules) ?? []
  }
}
