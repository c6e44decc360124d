/** Expected values: read from a test file, or from the JSON lines of a golden folder. */
import { suggest } from '../../expression/check/suggest.ts'
import { compilePattern } from '../../expression/regex/engine.ts'
import type { Re2 } from '../../expression/regex/linear-matcher.ts'
import { PatternError } from '../../expression/regex/pattern-error.ts'
import { isMapping } from '../../expression/runtime/fields.ts'
import type { Maybe, NumberTexts, Value } from '../../expression/value.ts'
import {
  type ContentNode,
  contentOf,
  type MappingNode,
  type ScalarNode,
  type YamlNode,
} from '../../rules/yaml/tree.ts'
import { scalarValue } from '../../rules/yaml/values.ts'
import type { Entry, YamlDocument } from '../../rules/yaml/yaml.ts'
import type { JsonOfYaml } from './json-of-yaml.ts'
import { membersOf, scalarText } from './json-value.ts'
import { KINDS, MATCHERS } from './matchers.ts'

/** A value that is expected; where it was read from a test file, with its node there. */
export type Expected =
  | { readonly kind: 'scalar'; readonly text: string; readonly node?: YamlNode }
  | { readonly kind: 'list'; readonly items: readonly Expected[]; readonly node?: YamlNode }
  | {
      readonly kind: 'object'
      readonly members: ReadonlyMap<string, Expected>
      /** By name, the pair in the file. */
      readonly entries?: ReadonlyMap<string, Entry>
      readonly node?: YamlNode
    }
  | ExpectedMatcher

/** A matcher as it was read. */
export type ExpectedMatcher = {
  readonly kind: 'matcher'
  /** As it stands in the file, on one line: `{$any: ip}`. */
  readonly label: string
  readonly node?: YamlNode
} & (
  | { readonly matcher: '$any'; readonly type: (typeof KINDS)[number] }
  | { readonly matcher: '$match'; readonly matches: (text: string) => boolean }
  | { readonly matcher: '$absent' }
  | { readonly matcher: '$approx'; readonly value: number; readonly tolerance: number }
  | { readonly matcher: '$contains' | '$unordered' | '$one_of'; readonly items: readonly Expected[] }
  | { readonly matcher: '$not'; readonly inner: Expected }
)

/** The expected value that is exactly this one. @param numbers texts of numbers in it that are not written as we would */
export function expectedOf(value: Maybe, numbers: NumberTexts | undefined, own?: string): Expected {
  if (Array.isArray(value)) {
    const texts = numbers?.get(value)
    const items = value.map((item: Value, index) => expectedOf(item, numbers, texts?.get(String(index))))
    return { kind: 'list', items }
  }
  if (isMapping(value)) {
    const texts = numbers?.get(value)
    const members = new Map<string, Expected>()
    for (const [name, member] of membersOf(value)) {
      members.set(name, expectedOf(member, numbers, texts?.get(name)))
    }
    return { kind: 'object', members }
  }
  return { kind: 'scalar', text: own ?? scalarText(value) }
}

const MATCHER_NAMES: readonly string[] = MATCHERS.map(({ name }) => name)

/** The distance that a number may have from that of `$approx` without a tolerance, as a part of it. */
const DEFAULT_TOLERANCE = 1e-9

/** A label of a matcher is cut behind so many characters. */
const MAX_LABEL = 120

/** Reads expected values of one test file. What is wrong is reported to the document. */
export class ExpectedReader {
  readonly #document: YamlDocument
  readonly #json: JsonOfYaml
  readonly #loadRe2: () => Re2

  constructor(document: YamlDocument, json: JsonOfYaml, loadRe2: () => Re2) {
    this.#document = document
    this.#json = json
    this.#loadRe2 = loadRe2
  }

  /** @param field what a problem belongs to: the name of the case */
  read(node: YamlNode, field: string): Expected {
    return this.#read(node, field, 0)
  }

  /** @param isLiteral a name that begins with `$` is a name like others */
  #read(node: YamlNode, field: string, depth: number, isLiteral = false): Expected {
    const content = contentOf(node)
    if (content === undefined || depth > MAX_EXPECTED_DEPTH) return { kind: 'scalar', text: 'null', node }
    if (content.kind === 'scalar') return { kind: 'scalar', text: this.#json.scalar(content, field), node }
    const read = (value: YamlNode) => this.#read(value, field, depth + 1, isLiteral)
    if (content.kind === 'sequence') return { kind: 'list', items: content.items.map(read), node }
    if (!isLiteral) {
      const entries = this.#document.entries(content, field)
      const dollar = entries.find(({ name }) => name.startsWith('$'))
      if (dollar !== undefined) return this.#matcher(content, entries, dollar, node, field, depth)
    }
    return this.#object(content, node, read, field)
  }

  #object(
    content: MappingNode,
    node: YamlNode,
    read: (value: YamlNode) => Expected,
    field: string,
  ): Expected {
    const members = new Map<string, Expected>()
    const entries = new Map<string, Entry>()
    for (const entry of this.#document.entries(content, field)) {
      members.set(entry.name, read(entry.value))
      entries.set(entry.name, entry)
    }
    return { kind: 'object', members, entries, node }
  }

  #matcher(
    content: MappingNode,
    entries: readonly Entry[],
    { name, key, value }: Entry,
    node: YamlNode,
    field: string,
    depth: number,
  ): Expected {
    const nothing: Expected = { kind: 'scalar', text: 'null', node }
    if (!MATCHER_NAMES.includes(name)) {
      const near = suggest(name, MATCHER_NAMES)
      const literal = `an output field of this name is written {$literal: {${name}: ...}}`
      this.#document.report(key, `there is no matcher '${name}'`, {
        hint:
          near === undefined
            ? `matchers are ${MATCHER_NAMES.join(', ')}; ${literal}`
            : `did you mean '${near}'?\n${literal}`,
        field,
      })
      return nothing
    }
    if (entries.length > 1) {
      const other = entries.find((entry) => entry.name !== name)
      this.#document.report(
        other?.key ?? key,
        `a matcher stands alone, and '${other?.name ?? name}' is beside '${name}'`,
        {
          hint: `write ${name} in braces of its own; several conditions on one text are one pattern of $match`,
          field,
        },
      )
      return nothing
    }
    const label = this.#label(content)
    const base = { kind: 'matcher', label, node } as const
    const inner = contentOf(value)
    const wrong = (what: string, example: string): Expected => {
      this.#document.report(value, `'${name}' takes ${what}`, {
        hint: `for example: {${name}: ${example}}`,
        field,
      })
      return nothing
    }
    const list = (): readonly Expected[] | undefined =>
      inner?.kind === 'sequence' ? inner.items.map((item) => this.#read(item, field, depth + 1)) : undefined
    switch (name) {
      case '$absent':
        return this.#scalar(inner) === true ? { ...base, matcher: name } : wrong('true', 'true')
      case '$any': {
        const word = this.#scalar(inner)
        const type = word === true ? 'any' : word === null ? 'null' : word
        const kind = KINDS.find((each) => each === type)
        if (kind !== undefined) return { ...base, matcher: name, type: kind }
        const near = typeof type === 'string' ? suggest(type, KINDS) : undefined
        this.#document.report(value, "'$any' takes the name of a kind", {
          hint: near === undefined ? `kinds are ${KINDS.join(', ')}` : `did you mean '${near}'?`,
          field,
        })
        return nothing
      }
      case '$match': {
        const pattern = this.#scalar(inner)
        if (typeof pattern !== 'string' || inner?.kind !== 'scalar')
          return wrong('a pattern, a text', "'192\\.0\\.2\\..*'")
        return (
          this.#pattern(pattern, inner, field, (matches) => ({ ...base, matcher: name, matches })) ?? nothing
        )
      }
      case '$approx': {
        const parts = inner?.kind === 'sequence' ? inner.items.map((item) => contentOf(item)) : [inner]
        const [number, tolerance, more] = parts.map((part) => this.#scalar(part))
        if (
          typeof number !== 'number' ||
          more !== undefined ||
          !['number', 'undefined'].includes(typeof tolerance)
        ) {
          return wrong('a number, or a number and a tolerance', '[0.87, 0.01]')
        }
        const near = (tolerance as number | undefined) ?? Math.abs(number) * DEFAULT_TOLERANCE
        return { ...base, matcher: name, value: number, tolerance: near }
      }
      case '$contains':
        return { ...base, matcher: name, items: list() ?? [this.#read(value, field, depth + 1)] }
      case '$unordered':
      case '$one_of': {
        const items = list()
        return items === undefined ? wrong('a list', '[a, b]') : { ...base, matcher: name, items }
      }
      case '$not':
        return { ...base, matcher: name, inner: this.#read(value, field, depth + 1) }
      default:
        return { ...this.#read(value, field, depth + 1, true), node }
    }
  }

  #scalar(node: ContentNode | undefined): ReturnType<typeof scalarValue> | undefined {
    return node?.kind === 'scalar' ? scalarValue(this.#document, node) : undefined
  }

  #pattern(
    pattern: string,
    node: ScalarNode,
    field: string,
    make: (matches: (text: string) => boolean) => Expected,
  ): Expected | undefined {
    try {
      const compiled = compilePattern(pattern, this.#loadRe2)
      return make((text) => compiled.matches(text))
    } catch (error) {
      if (!(error instanceof PatternError)) throw error
      this.#document.report(node, `the pattern cannot be used: ${error.message}`, {
        hint: error.hint ?? 'patterns are those of Python, in single quotes: a backslash stays itself there',
        field,
      })
      return undefined
    }
  }

  /** The text of a matcher on one line. */
  #label({ start, end }: MappingNode): string {
    const text = this.#document.text.slice(start, end).replace(/\s+/g, ' ').trim()
    const label = text.startsWith('{') ? text : `{${text}}`
    return label.length > MAX_LABEL ? `${label.slice(0, MAX_LABEL)}...` : label
  }
}

const MAX_EXPECTED_DEPTH = 200
