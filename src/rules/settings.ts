/** The settings of a rule beside its expression, and the key `defaults`, which gives them for a whole file. */
import { suggest } from '../expression/check/suggest.ts'
import type { Value } from '../expression/value.ts'
import { nestHint } from './reserved-keys.ts'
import { contentOf, type YamlNode } from './yaml/tree.ts'
import { scalarValue } from './yaml/values.ts'
import type { Entry, YamlDocument } from './yaml/yaml.ts'

/**
 * The way of a rule with a wrong value (an error of type or value, a division by zero): `reject` the event, `omit` the field,
 * or `anomaly`: omit it, and note the error under `event.anomaly.rules`.
 */
export type OnError = 'reject' | 'omit' | 'anomaly'

/** Values that count as absent where a field is read. */
export type Ignored = readonly (string | number | bigint | boolean | null)[]

const ON_ERROR: readonly OnError[] = ['reject', 'omit', 'anomaly']

/** Settings as a file gives them; undefined: it does not say. */
export interface Settings {
  readonly required?: boolean | undefined
  readonly onError?: OnError | undefined
  readonly ignore?: Ignored | undefined
}

const SETTINGS = ['required', 'ignore', 'on_error'] as const

/** Reads the key `defaults` of a rule file. */
export function readDefaults(document: YamlDocument, defaults: Entry): Settings {
  const value = contentOf(defaults.value)
  if (value === undefined) return {}
  if (value.kind !== 'mapping') {
    document.report(defaults.key, "'defaults' is a mapping of settings", {
      hint: `for example:\ndefaults: {required: false, ignore: ['', '-']}\n${nestHint('defaults')}`,
      field: 'defaults',
    })
    return {}
  }
  let settings: Settings = {}
  for (const entry of document.entries(value, 'defaults')) {
    if (isSetting(entry.name)) settings = { ...settings, ...readSetting(document, entry, 'defaults') }
    else {
      const near = suggest(entry.name, SETTINGS)
      document.report(entry.key, `'defaults' has no key '${entry.name}'`, {
        hint: near === undefined ? `it knows the keys ${SETTINGS.join(', ')}` : `did you mean '${near}'?`,
        field: 'defaults',
      })
    }
  }
  return settings
}

export function isSetting(name: string): name is (typeof SETTINGS)[number] {
  return SETTINGS.some((setting) => setting === name)
}

/**
 * Reads `required`, `ignore` or `on_error`.
 *
 * @param field what a problem belongs to
 */
export function readSetting(document: YamlDocument, entry: Entry, field: string): Settings {
  if (entry.name === 'required') return { required: readRequired(document, entry, field) }
  if (entry.name === 'ignore') return { ignore: readIgnore(document, entry, field) }
  return { onError: readOnError(document, entry, field) }
}

function readRequired(document: YamlDocument, entry: Entry, field: string): boolean | undefined {
  const value = contentOf(entry.value)
  if (value === undefined) return undefined
  const flag = value.kind === 'scalar' ? scalarValue(document, value) : undefined
  if (typeof flag === 'boolean') return flag
  const written = value.kind === 'scalar' ? document.scalarText(value) : ''
  const isQuoted = /^(?:true|false)$/i.test(written)
  const isMissing = value.kind === 'scalar' && value.event.valueStart < 0
  document.report(isMissing ? entry.key : value, "'required' is true or false", {
    hint: isQuoted
      ? `write it without quotes: required: ${written.toLowerCase()}`
      : "write 'required: false', or remove it",
    field,
  })
  return undefined
}

function readOnError(document: YamlDocument, entry: Entry, field: string): OnError | undefined {
  const value = contentOf(entry.value)
  if (value === undefined) return undefined
  const written = value.kind === 'scalar' ? document.scalarText(value) : ''
  const known = ON_ERROR.find((name) => name === written)
  if (known !== undefined) return known
  const near = suggest(written, ON_ERROR)
  document.report(entry.key, `'on_error' is ${ON_ERROR.slice(0, -1).join(', ')} or ${ON_ERROR.at(-1)}`, {
    hint:
      near === undefined ? "'omit' leaves the field out where its value is wrong" : `did you mean '${near}'?`,
    field,
  })
  return undefined
}

/** A list of values; one may stand without the list. */
function readIgnore(document: YamlDocument, entry: Entry, field: string): Ignored | undefined {
  const value = contentOf(entry.value)
  if (value === undefined) return undefined
  const items: readonly YamlNode[] = value.kind === 'sequence' ? value.items : [entry.value]
  const ignored = new Set<string | number | bigint | boolean | null>()
  for (const item of items) {
    const content = contentOf(item)
    if (content === undefined) continue
    if (content.kind === 'scalar') ignored.add(scalarValue(document, content) as Exclude<Value, object>)
    else {
      document.report(item, "'ignore' is a list of values, and this is none", {
        hint: "for example: ignore: ['', '-', 'N/A', null]",
        field,
      })
    }
  }
  return [...ignored]
}
