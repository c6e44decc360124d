import { foreignPathHint } from '../expression/check/familiar.ts'
import { suggest } from '../expression/check/suggest.ts'
import type { Problem, SourceText } from '../expression/diagnostic.ts'
import type { Value } from '../expression/value.ts'
import { type EnrichEntry, readEnrich } from './enrich-spec.ts'
import { readLookup, type TableEntry } from './lookups.ts'
import { outputPath } from './output-path.ts'
import { isReserved, nestHint } from './reserved-keys.ts'
import type { ConditionText, IncludeEntry, PatternEntry, RestEntry } from './sections.ts'
import { readCondition, readExpression, readInclude, readMeta, readPatterns, readRest } from './sections.ts'
import type { Ignored, OnError, Settings } from './settings.ts'
import { isSetting, readDefaults, readSetting } from './settings.ts'
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

const RULE_KEYS = ['field', 'required', 'on_error', 'ignore'] as const

/** Reserved keys that hold mappings or lists: an output field that has none may be one of them, misspelled. */
const HOLDERS = ['tap', 'lookup', 'enrich', 'defaults', 'cases', 'include', 'patterns']

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
  readonly meta?: Value
  /** The condition under which the rule set takes an event. */
  readonly when?: ConditionText
  /** The condition under which an event is dropped. */
  readonly drop?: ConditionText
  /** The list whose elements become events. */
  readonly split?: SourceText
  /** The cases: the first one whose condition holds has its rules applied. Without a condition: otherwise. */
  readonly cases: readonly (ConditionText | undefined)[]
  readonly rest?: RestEntry
  readonly includes: readonly IncludeEntry[]
  readonly patterns: readonly PatternEntry[]
  /** Values that count as absent in `tap` and in conditions. */
  readonly ignore: Ignored
  /** Where the reserved keys stand that only the file of a rule set may have. */
  readonly own: ReadonlyMap<string, Stretch>
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
  readonly onError: OnError
  readonly ignore: Ignored
  /** The case that the rule is in. */
  readonly branch?: number
  readonly source: RuleSource
  /** The key as it is written. */
  readonly key: string
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
 * @param isIncluded another file includes it: it need not have output fields. Default: false
 */
export function loadRuleFile(text: string, file: string, isIncluded = false): RuleFile {
  const document = new YamlDocument(text, file)
  return new RuleFileReader(document).read(isIncluded)
}

/** Keys of a rule set as a whole, which a file that is included cannot have. */
const OWN_KEYS: ReadonlySet<string> = new Set(['when', 'drop', 'split', 'rest', 'enrich'])

/** A rule without its name. */
type RuleBody = Settings & { readonly source: RuleSource }

class RuleFileReader {
  readonly #document: YamlDocument
  readonly #rules: RuleEntry[] = []
  readonly #tables: TableEntry[] = []
  #tap: SourceText | undefined
  readonly #outputs: (readonly string[])[] = []
  #enrich: EnrichEntry | undefined
  #meta: Value | undefined
  #when: ConditionText | undefined
  #drop: ConditionText | undefined
  #split: SourceText | undefined
  readonly #cases: (ConditionText | undefined)[] = []
  #rest: RestEntry | undefined
  readonly #includes: IncludeEntry[] = []
  readonly #patterns: PatternEntry[] = []
  #defaults: Settings = {}
  readonly #own = new Map<string, Stretch>()

  constructor(document: YamlDocument) {
    this.#document = document
  }

  read(isIncluded: boolean): RuleFile {
    const document = this.#document
    const entries = this.#topLevel()
    // They hold for rules above them as well.
    for (const entry of entries) {
      if (entry.name === 'defaults' && !this.#isMeantAsRule(entry))
        this.#defaults = readDefaults(document, entry)
    }
    for (const entry of entries) {
      if (!isReserved(entry.name)) this.#readRule(entry)
      else if (entry.name !== 'defaults' && !this.#isMeantAsRule(entry)) this.#readReserved(entry)
    }
    const mayBeEmpty = isIncluded || ['include', 'cases', 'rest'].some((name) => this.#has(entries, name))
    if (document.problems.length === 0 && !mayBeEmpty && entries.every((entry) => isReserved(entry.name))) {
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
      ...(this.#meta !== undefined && { meta: this.#meta }),
      ...(this.#when !== undefined && { when: this.#when }),
      ...(this.#drop !== undefined && { drop: this.#drop }),
      ...(this.#split !== undefined && { split: this.#split }),
      cases: this.#cases,
      ...(this.#rest !== undefined && { rest: this.#rest }),
      includes: this.#includes,
      patterns: this.#patterns,
      ignore: this.#defaults.ignore ?? [],
      own: this.#own,
      outputs: this.#outputs,
      problems: document.problems,
      incomplete: document.incomplete,
    }
  }

  #has(entries: readonly Entry[], name: string): boolean {
    return entries.some((entry) => entry.name === name)
  }

  #readReserved(entry: Entry): void {
    const document = this.#document
    if (OWN_KEYS.has(entry.name)) this.#own.set(entry.name, document.placeOf(entry.key))
    switch (entry.name) {
      case 'tap':
        this.#tap = this.#readTap(entry)
        break
      case 'lookup':
        this.#tables.push(...readLookup(document, entry))
        break
      case 'enrich':
        this.#enrich = readEnrich(document, entry)
        break
      case 'meta':
        this.#meta = readMeta(document, entry)
        break
      case 'when':
        this.#when = readCondition(document, entry, 'when')
        break
      case 'drop':
        this.#drop = readCondition(document, entry, 'drop')
        break
      case 'split':
        this.#split = readExpression(document, entry, 'split', 'split: Records')
        break
      case 'cases':
        this.#readCases(entry)
        break
      case 'rest':
        this.#rest = readRest(document, entry)
        if (this.#rest !== undefined) this.#outputs.push(this.#rest.path)
        break
      case 'include':
        this.#includes.push(...readInclude(document, entry))
        break
      case 'patterns':
        this.#patterns.push(...readPatterns(document, entry))
    }
  }

  #readCases(cases: Entry): void {
    const value = contentOf(cases.value)
    if (value === undefined) return
    if (value.kind !== 'sequence') {
      this.#report(cases, cases.key, "'cases' is a list of conditions with their rules", {
        hint: `for example:\ncases:\n  - when: type == 'dns'\n    dns.question.name: query\n${nestHint('cases')}`,
      })
      return
    }
    let otherwise: Range | undefined
    for (const item of value.items) {
      const content = contentOf(item)
      if (content === undefined) continue
      if (content.kind !== 'mapping') {
        this.#report(cases, item, 'a case is a mapping: its condition, and rules', {
          hint: "write - when: type == 'dns', and the rules below it",
        })
        continue
      }
      if (otherwise !== undefined) {
        this.#report(cases, item, 'no event comes to this case: the one before it has no condition', {
          hint: "give that one a 'when', or make it the last one",
        })
      }
      const branch = this.#cases.length
      const entries = this.#document.entries(content)
      const when = entries.find((entry) => entry.name === 'when')
      if (when === undefined) otherwise = item
      const condition = when && readCondition(this.#document, when, 'cases')
      // A condition that could not be read has been reported: the case is none that takes everything.
      this.#cases.push(when === undefined ? undefined : (condition ?? false))
      for (const entry of entries) {
        if (entry.name === 'when') continue
        if (!isReserved(entry.name)) this.#readRule(entry, branch)
        else {
          this.#report(entry, entry.key, `'${entry.name}' cannot be in a case`, {
            hint: nestHint(entry.name),
          })
        }
      }
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
      hint: nestHint(entry.name),
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

  /** @param branch the case that the rule is in */
  #readRule(entry: Entry, branch?: number): void {
    const isMarked = entry.name.length > 1 && entry.name.endsWith('?')
    const name = isMarked ? entry.name.slice(0, -1) : entry.name
    if (isReserved(name)) {
      this.#report(entry, entry.key, `an output field cannot be called '${name}'`, { hint: nestHint(name) })
      return
    }
    const path = outputPath(this.#document, entry.key, name, name)
    this.#outputs.push(path)
    const rule = this.#readValue(isMarked ? { ...entry, name } : entry)
    if (rule === undefined) return
    if (isMarked && rule.required === true) {
      this.#report(
        { ...entry, name },
        entry.key,
        `'${entry.name}' is optional, and 'required: true' says the opposite`,
        {
          hint: "remove the '?', or 'required: true'",
        },
      )
    }
    const { required, onError, ignore } = { ...this.#defaults, ...withoutUndefined(rule) }
    this.#rules.push({
      path,
      name,
      required: isMarked ? false : (required ?? true),
      onError: onError ?? 'reject',
      ignore: ignore ?? [],
      ...(branch !== undefined && { branch }),
      source: rule.source,
      key: entry.name,
      place: this.#document.placeOf(entry.key),
    })
  }

  #readValue(entry: Entry): RuleBody | undefined {
    const value = contentOf(entry.value)
    if (value === undefined) return undefined
    if (value.kind === 'mapping') return this.#readMapping(entry, value)
    if (value.kind === 'sequence') {
      this.#reportCollection(entry, entry, value)
      return undefined
    }
    const literal = this.#literal(value)
    if (literal !== undefined) return { source: literal }
    if (this.#isNull(value)) {
      this.#reportNull(entry, entry, value)
      return undefined
    }
    const { required, source } = new RuleText(this.#document, value, entry.key, entry.name).shortForm()
    return source && { required, source: { kind: 'expression', text: source } }
  }

  #readMapping(rule: Entry, mapping: MappingNode): RuleBody | undefined {
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
          ? (this.#foreignKey(entry, field) ??
            "a rule has the keys 'field', 'required', 'on_error' and 'ignore'")
          : `did you mean '${near}'?`
      this.#report(rule, entry.key, `a rule has no key '${entry.name}'`, { hint })
    }
    let settings: Settings = {}
    for (const entry of entries) {
      if (isSetting(entry.name)) settings = { ...settings, ...readSetting(this.#document, entry, rule.name) }
    }
    const source = field && this.#readField(rule, field)
    return source && { ...settings, source }
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
    const near = suggest(rule.name, HOLDERS)
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

/** Settings that are given, and no others. */
function withoutUndefined(rule: RuleBody): Partial<RuleBody> {
  return Object.fromEntries(Object.entries(rule).filter(([, value]) => value !== undefined))
}

/** Nothing is written where the value could stand. */
function isMissing(node: ContentNode): boolean {
  return node.kind === 'scalar' && node.event.valueStart < 0
}
