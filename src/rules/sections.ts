/** The keys of a rule file beside its rules: conditions, `rest`, `include`, `patterns`, `meta`. */
import type { SourceText } from '../expression/diagnostic.ts'
import type { Value } from '../expression/value.ts'
import { outputPath } from './output-path.ts'
import { nestHint, type ReservedKey } from './reserved-keys.ts'
import { RuleText } from './yaml/rule-text.ts'
import { contentOf } from './yaml/tree.ts'
import { scalarValue, ValueBuilder } from './yaml/values.ts'
import type { Entry, Stretch, YamlDocument } from './yaml/yaml.ts'

/** A condition as it is written: an expression, or one that is always or never true. */
export type ConditionText = SourceText | boolean

/** A file that another one includes: its path as it is written, and where. */
export interface IncludeEntry {
  readonly path: string
  readonly place: Stretch
}

/** A pattern for `extract` under the key `patterns`. */
export interface PatternEntry {
  readonly name: string
  readonly text: string
  readonly file: string
  readonly place: Stretch
}

/** The place for members of the event that no rule reads. */
export interface RestEntry {
  readonly path: readonly string[]
  readonly name: string
  readonly place: Stretch
}

/** Reads `when` or `drop`, which may also be true or false. @param field what a problem belongs to */
export function readCondition(
  document: YamlDocument,
  entry: Entry,
  field: string,
): ConditionText | undefined {
  const value = contentOf(entry.value)
  if (value?.kind === 'scalar') {
    const literal = scalarValue(document, value)
    if (typeof literal === 'boolean') return literal
  }
  return readExpression(document, entry, field, `${entry.name}: type == 'ping'`)
}

/**
 * Reads an expression that is the value of a reserved key.
 *
 * @param field what a problem belongs to
 * @param example how the key is written
 */
export function readExpression(
  document: YamlDocument,
  entry: Entry,
  field: string,
  example: string,
): SourceText | undefined {
  const value = contentOf(entry.value)
  if (value === undefined) return undefined
  if (value.kind === 'scalar' && typeof scalarValue(document, value) === 'string') {
    return new RuleText(document, value, entry.key, field).expression()
  }
  const nest = field === entry.name ? `\n${nestHint(entry.name as ReservedKey)}` : ''
  document.report(entry.key, `'${entry.name}' is an expression`, {
    hint: `for example: ${example}${nest}`,
    field,
  })
  return undefined
}

/** A path, and no expression: `unmapped`, `vendor.unmapped`. */
const PATH = /^[\w@-]+(?:\.[\w@-]+)*$/

export function readRest(document: YamlDocument, entry: Entry): RestEntry | undefined {
  const value = contentOf(entry.value)
  if (value === undefined) return undefined
  const text = value.kind === 'scalar' ? document.scalarText(value) : ''
  if (!PATH.test(text)) {
    document.report(entry.key, "'rest' is the path of an output field", {
      hint: `for example: rest: unmapped\n${nestHint('rest')}`,
      field: 'rest',
    })
    return undefined
  }
  return { path: outputPath(document, value, text, 'rest'), name: text, place: document.placeOf(value) }
}

export function readInclude(document: YamlDocument, entry: Entry): IncludeEntry[] {
  const value = contentOf(entry.value)
  if (value === undefined) return []
  const files: IncludeEntry[] = []
  for (const item of value.kind === 'sequence' ? value.items : [entry.value]) {
    const content = contentOf(item)
    if (content === undefined) continue
    const path = content.kind === 'scalar' ? document.scalarText(content) : ''
    if (/\.ya?ml$/i.test(path)) files.push({ path, place: document.placeOf(content) })
    else {
      document.report(content, "'include' is a list of rule files", {
        hint: `for example: include: [../shared/syslog.yaml]\n${nestHint('include')}`,
        field: 'include',
      })
    }
  }
  return files
}

export function readPatterns(document: YamlDocument, entry: Entry): PatternEntry[] {
  const value = contentOf(entry.value)
  if (value === undefined) return []
  if (value.kind !== 'mapping') {
    document.report(entry.key, "'patterns' is a mapping of names to patterns", {
      hint: `for example:\npatterns:\n  TICKET: '[A-Z]+-\\d+'\n${nestHint('patterns')}`,
      field: 'patterns',
    })
    return []
  }
  const patterns: PatternEntry[] = []
  for (const { name, key, value: node } of document.allEntries(value)) {
    const field = `patterns.${name}`
    const content = contentOf(node)
    if (content === undefined) continue
    const text = content.kind === 'scalar' ? document.scalarText(content) : ''
    if (!/^[A-Za-z_]\w*$/.test(name)) {
      document.report(key, `'${name}' is no name of a pattern`, {
        hint: 'it has letters, digits and _, and begins with no digit',
        field,
      })
    } else if (text.trim() === '') {
      document.report(content.kind === 'scalar' ? key : content, `the pattern '${name}' is no text`, {
        hint: `write it in single quotes: ${name}: '[A-Z]+'`,
        field,
      })
    } else patterns.push({ name, text, file: document.file, place: document.placeOf(key) })
  }
  return patterns
}

export function readMeta(document: YamlDocument, entry: Entry): Value {
  const value = contentOf(entry.value)
  if (value === undefined) return {}
  if (value.kind !== 'mapping') {
    document.report(entry.key, "'meta' is a mapping", {
      hint: `for example: meta: {vendor: Fortinet, product: FortiGate}\n${nestHint('meta')}`,
      field: 'meta',
    })
    return {}
  }
  return new ValueBuilder(document).build(entry.value, 'meta')
}
