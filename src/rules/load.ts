import { foreignPathHint } from '../expression/check/familiar.ts'
import { suggest } from '../expression/check/suggest.ts'
import type { Problem, SourceText } from '../expression/diagnostic.ts'
import { type EnrichEntry, readEnrich } from './enrich-spec.ts'
import { readLookup, type TableEntry } from './lookups.ts'
import { outputPath } from './output-path.ts'
import { RuleText } from './yaml/rule-text.ts'
import {
  type ContentNode,
  contentOf,
  isPlain,
  type MappingNode,
  type Range,
  type ScalarNode,
  type SequenceNode,
} from './yaml/tree.ts'
import { scalarValue } from './yaml/values.ts'
import { type Entry, type Stretch, YamlDocument } from './yaml/yaml.ts'

export type { EnrichSpec } from './enrich-spec.ts'
export { collectTables, loadLookups, type TableEntry } from './lookups.ts'

/** Top-level keys that are no output fields, and what they hold. */
const RESERVED = {
  tap: 'the statements that run before the rules',
  lookup: 'lookup tables',
  enrich: 'what is looked up at the tracer',
}
const RULE_KEYS = ['field', 'required'] as const

/** Keys that rules have elsewhere; `value` stands under such a key, `field` is the expression beside it. */
const FOREIGN_KEYS: ReadonlyMap<string, (value: string, field: string) => string> = new Map([
  [
    'default',
    (value: string, field: string) => `a default is a part of the expression: optional(${field}, ${value})`,
  ],
  [
    'fallback',
    (value: string, field: string) => `a default is a part of the expression: optional(${field}, ${value})`,
  ],
  ['optional', () => "write 'required: false'"],
  ['ignore_missing', () => "write 'required: false'"],
  ['value', (value: string) => `the key of the expression is 'field': 'field: ${value}'`],
  ['expr', (value: string) => `the key of the expression is 'field': 'field: ${value}'`],
  ['expression', (value: string) => `the key of the expression is 'field': 'field: ${value}'`],
  [
    'type',
    (value: string, field: string) => `a type is a cast in the expression: ${field}::${castType(value)}`,
  ],
  [
    'if',
    (value: string, field: string) => `a condition is a part of the expression: cond(${value}, ${field})`,
  ],
  [
    'when',
    (value: string, field: string) => `a condition is a part of the expression: cond(${value}, ${field})`,
  ],
  ['comment', () => "a comment begins with '#'"],
  ['description', () => "a comment begins with '#'"],
])

const RULE_HINT = "write an output field and its expression: 'source.ip: src_ip'"

const COLLECTION_HINTS = {
  mapping: 'an expression that begins with { goes on a new line after |',
  sequence:
    'an expression that begins with [ goes on a new line after |; several values go into one list: [a, b]',
}

/** A rule file as it is written: its expressions are texts. */
export interface RuleFile {
  readonly file: string
  /** One for each output field, in the order of the file. */
  readonly rules: readonly RuleEntry[]
  /** The statements that run before the rules. */
  readonly tap?: SourceText
  /** The file's own lookup tables. */
  readonly tables: readonly TableEntry[]
  readonly enrich?: EnrichEntry
  /** Every output field that the file names, also where its expression could not be read. */
  readonly outputs: readonly (readonly string[])[]
  /** The problems of the file as YAML and as a rule file; the expressions have not been looked at. */
  readonly problems: readonly Problem[]
  /** The YAML has syntax errors: rules, tables or `tap` may be missing, and what refers to them is no error. */
  readonly incomplete: boolean
}

export interface RuleEntry {
  /** The output field: a key in each element's object. */
  readonly path: readonly string[]
  /** The output field as it is written, with dots. */
  readonly name: string
  readonly required: boolean
  readonly source: RuleSource
  /** Where the output field's name stands. */
  readonly place: Stretch
}

type RuleSource =
  | { readonly kind: 'expression'; readonly text: SourceText }
  | { readonly kind: 'literal'; readonly value: number | bigint | boolean }

/**
 * Reads a rule file. Everything that is wrong with it is in `problems`, and the rest of it is read nonetheless, so
 * that the errors of its expressions can be reported together with them.
 *
 * @param text the file's content; a byte order mark and any kind of line end are fine
 * @param file its name in problems
 */
export function loadRuleFile(text: string, file: string): RuleFile {
  const document = new YamlDocument(text, file)
  return new RuleFileReader(document).read()
}

class RuleFileReader {
  readonly #document: YamlDocument
  readonly #rules: RuleEntry[] = []
  readonly #tables: TableEntry[] = []
  #tap: SourceText | undefined
  readonly #outputs: (readonly string[])[] = []
  #enrich: EnrichEntry | undefined

  constructor(document: YamlDocument) {
    this.#document = document
  }

  read(): RuleFile {
    const document = this.#document
    const entries = this.#topLevel()
    for (const entry of entries) {
      if (this.#isMeantAsRule(entry)) continue
      if (entry.name === 'tap') this.#tap = this.#readTap(entry)
      else if (entry.name === 'lookup') this.#tables.push(...readLookup(document, entry))
      else if (entry.name === 'enrich') this.#enrich = readEnrich(document, entry)
      else this.#readRule(entry)
    }
    if (document.problems.length === 0 && entries.every((entry) => isReserved(entry.name))) {
      document.report(document.root!, 'the rule file has no output field: every event comes out empty', {
        hint: RULE_HINT,
        field: '',
        severity: entries.length > 0 ? 'warning' : 'error',
      })
    }
    return {
      file: document.file,
      rules: this.#rules,
      ...(this.#tap !== undefined && { tap: this.#tap }),
      tables: this.#tables,
      ...(this.#enrich !== undefined && { enrich: this.#enrich }),
      outputs: this.#outputs,
      problems: document.problems,
      incomplete: document.incomplete,
    }
  }

  #topLevel(): readonly Entry[] {
    const { root, incomplete } = this.#document
    if (root === undefined || (root.kind === 'scalar' && scalarValue(this.#document, root) === null)) {
      const start = { start: 0, end: 0 }
      if (!incomplete) this.#document.report(start, 'the rule file is empty', { hint: RULE_HINT })
      return []
    }
    if (root.kind !== 'mapping') {
      const what = root.kind === 'sequence' ? 'a list' : 'a text'
      this.#document.report(
        root,
        `a rule file is a mapping of output fields to expressions, and this is ${what}`,
        {
          hint: RULE_HINT,
          field: '',
        },
      )
      return []
    }
    return this.#document.entries(root)
  }

  /** A reserved key with the form of a rule, `tap: {field: x}`: that is reported, and nothing else of it. */
  #isMeantAsRule(entry: Entry): boolean {
    const value = contentOf(entry.value)
    if (!isReserved(entry.name) || value?.kind !== 'mapping') return false
    const field = this.#document.allEntries(value).find(({ name }) => name === 'field')
    if (field === undefined || contentOf(field.value)?.kind !== 'scalar') return false
    this.#report(entry, entry.key, `an output field cannot be called '${entry.name}'`, {
      hint: `'${entry.name}' holds ${RESERVED[entry.name]}`,
    })
    return true
  }

  #readTap(entry: Entry): SourceText | undefined {
    const value = contentOf(entry.value)
    if (value === undefined) return undefined
    const literal = value.kind === 'scalar' ? scalarValue(this.#document, value) : undefined
    const isBlank = literal === null && this.#document.sourceOf(value as ScalarNode).text.trim() === ''
    if (value.kind !== 'scalar' || (typeof literal !== 'string' && !isBlank)) {
      this.#report(entry, entry.key, "'tap' holds the statements that run before the rules", {
        hint: "write them on new lines after 'tap: |'",
      })
      return undefined
    }
    const source = this.#document.sourceOf(value)
    if (source.text.trim() !== '') return source
    this.#report(entry, entry.key, "'tap' is empty", { hint: 'remove it', severity: 'warning' })
    return undefined
  }

  #readRule(entry: Entry): void {
    const path = outputPath(this.#document, entry.key, entry.name, entry.name)
    this.#outputs.push(path)
    const rule = this.#readValue(entry)
    if (rule === undefined) return
    const place = this.#document.placeOf(entry.key)
    this.#rules.push({ path, name: entry.name, ...rule, place })
  }

  #readValue(entry: Entry): { required: boolean; source: RuleSource } | undefined {
    const value = contentOf(entry.value)
    if (value === undefined) return undefined
    if (value.kind === 'mapping') return this.#readMapping(entry, value)
    if (value.kind === 'sequence') {
      this.#reportCollection(entry, entry, value)
      return undefined
    }
    const literal = this.#literal(value)
    if (literal !== undefined) return { required: true, source: literal }
    if (this.#isNull(value)) {
      this.#reportNull(entry, entry, value)
      return undefined
    }
    const { required, source } = new RuleText(this.#document, value, entry.key, entry.name).shortForm()
    return source && { required, source: { kind: 'expression', text: source } }
  }

  #readMapping(rule: Entry, mapping: MappingNode): { required: boolean; source: RuleSource } | undefined {
    // YAML reads `{{ field }}` as mappings.
    const foreign = foreignPathHint(this.#document.text.slice(mapping.start, mapping.end))
    if (foreign !== undefined) {
      this.#report(rule, mapping, 'this is a mapping to YAML, not an expression', { hint: foreign })
      return undefined
    }
    const entries = this.#document.entries(mapping, rule.name)
    const field = entries.find((entry) => entry.name === 'field')
    const unknown = entries.filter((entry) => !RULE_KEYS.some((key) => key === entry.name))
    const isMisspelled =
      unknown.length > 0 && unknown.every((entry) => suggest(entry.name, RULE_KEYS) !== undefined)
    if (field === undefined && !isMisspelled) {
      this.#reportNoField(rule, unknown)
      return undefined
    }
    for (const entry of unknown) {
      const near = suggest(entry.name, RULE_KEYS)
      const hint =
        near === undefined
          ? (this.#foreignKey(entry, field) ?? "a rule has the keys 'field' and 'required'")
          : `did you mean '${near}'?`
      this.#report(rule, entry.key, `a rule has no key '${entry.name}'`, { hint })
    }
    let required = true
    for (const entry of entries) {
      if (entry.name === 'required') required = this.#readRequired(rule, entry)
    }
    const source = field && this.#readField(rule, field)
    return source && { required, source }
  }

  /** The notation of a rule's key that stands elsewhere with a key of its own. */
  #foreignKey(entry: Entry, field: Entry | undefined): string | undefined {
    const written = (node: Entry | undefined): string | undefined => {
      const value = node && contentOf(node.value)
      if (value?.kind !== 'scalar') return undefined
      const text = this.#document.scalarText(value).trim()
      return text === '' || text.includes('\n') ? undefined : text
    }
    const value = written(entry)
    const isExpression =
      /^(?:default|fallback)$/.test(entry.name) && value !== undefined && /^[A-Za-z]\w*$/.test(value)
    const literal = isExpression && !/^(?:true|false|null)$/i.test(value) ? `'${value}'` : value
    return FOREIGN_KEYS.get(entry.name)?.(literal ?? '...', written(field) ?? '...')
  }

  #readRequired(rule: Entry, entry: Entry): boolean {
    const value = contentOf(entry.value)
    const flag = value?.kind === 'scalar' ? scalarValue(this.#document, value) : undefined
    if (typeof flag === 'boolean' || value === undefined) return flag !== false
    const written = value.kind === 'scalar' ? this.#document.scalarText(value) : ''
    const isQuoted = /^(?:true|false)$/i.test(written)
    this.#report(rule, isMissing(value) ? entry.key : value, "'required' is true or false", {
      hint: isQuoted
        ? `write it without quotes: required: ${written.toLowerCase()}`
        : "write 'required: false', or remove it",
    })
    return true
  }

  #readField(rule: Entry, field: Entry): RuleSource | undefined {
    const value = contentOf(field.value)
    if (value === undefined) return undefined
    if (value.kind !== 'scalar') {
      this.#reportCollection(rule, field, value)
      return undefined
    }
    const literal = this.#literal(value)
    if (literal !== undefined) return literal
    if (this.#isNull(value)) {
      this.#reportNull(rule, field, value)
      return undefined
    }
    const source = new RuleText(this.#document, value, field.key, rule.name).field()
    return source && { kind: 'expression', text: source }
  }

  /** A mapping that is no rule: what it looks like tells what was meant. */
  #reportNoField(rule: Entry, keys: readonly Entry[]): void {
    const near = suggest(rule.name, Object.keys(RESERVED))
    const [first] = keys
    if (near !== undefined) {
      this.#report(rule, rule.key, `'${rule.name}' has no 'field'`, { hint: `did you mean '${near}'?` })
    } else if (rule.name.startsWith('lookup.')) {
      this.#report(rule, rule.key, `'${rule.name}' has no 'field'`, {
        hint: `a lookup table is indented under 'lookup:':\nlookup:\n  ${rule.name.slice('lookup.'.length)}: ...`,
      })
    } else if (first === undefined) {
      this.#report(rule, rule.key, `'${rule.name}' has no 'field'`, {
        hint: `write 'field: ' and an expression`,
      })
    } else {
      const names = keys.slice(0, 3).map((key) => `${rule.name}.${key.name}`)
      if (keys.length > names.length) names.push('...')
      const nested = `nested output fields are written with dots: ${names.join(', ')}`
      const expression = keys.find((key) => /^(?:value|expr|expression)$/.test(key.name))
      const foreign = expression && this.#foreignKey(expression, undefined)
      this.#report(rule, rule.key, `'${rule.name}' has no 'field'`, {
        hint: foreign === undefined ? nested : `${foreign}\n${nested}`,
      })
    }
  }

  #literal(node: ScalarNode): RuleSource | undefined {
    const value = scalarValue(this.#document, node)
    return value === null || typeof value === 'string' ? undefined : { kind: 'literal', value }
  }

  #isNull(node: ScalarNode): boolean {
    return isPlain(node) && scalarValue(this.#document, node) === null
  }

  #reportCollection(rule: Entry, key: Entry, value: MappingNode | SequenceNode): void {
    const what = value.kind === 'sequence' ? 'a list' : 'a mapping'
    this.#report(rule, value, `the value of '${key.name}' is ${what}, not an expression`, {
      hint: COLLECTION_HINTS[value.kind],
    })
  }

  #reportNull(rule: Entry, key: Entry, value: ScalarNode): void {
    // A tag without a value has been reported: `!x` was meant as an expression.
    if (value.event.tagStart >= 0) return
    this.#report(rule, isMissing(value) ? key.key : value, `'${key.name}' has no expression`, {
      hint: "for a null in the output write 'null', in quotes",
    })
  }

  #report(rule: Entry, range: Range, message: string, details: { hint: string; severity?: 'warning' }): void {
    this.#document.report(range, message, { ...details, field: rule.name })
  }
}

function castType(type: string): string {
  if (/^(?:int|integer|long|short|number)$/i.test(type)) return 'int'
  if (/^(?:float|double|decimal)$/i.test(type)) return 'float'
  return /^bool/i.test(type) ? 'bool' : 'str'
}

function isReserved(name: string): name is keyof typeof RESERVED {
  return Object.hasOwn(RESERVED, name)
}

/** Nothing is written where the value could stand. */
function isMissing(node: ContentNode): boolean {
  return node.kind === 'scalar' && node.event.valueStart < 0
}
