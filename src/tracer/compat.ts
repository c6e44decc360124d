import { type IndicatorKey, typedText } from './feeds/keys/indicator-key.ts'
import type { Query } from './feeds/tables/table.ts'
import { type ContextField, contextText, wireText } from './protocol.ts'

/*
 * The ways of Tracer.py, for those who switch: `--compat tracer`. The server answers as that script does where it is a
 * choice of format. Its contexts are written by two rules, one for feeds and one for what MISP answers, with the texts
 * that Python has for values.
 */

/** The names of the servers whose ways can be asked for. */
export const COMPATS = ['tracer'] as const
export type Compat = (typeof COMPATS)[number]

/** Keys as they are written lie among texts; no feed has this character in one, and a request that has it finds the same. */
const AS_WRITTEN = '\u0001'

/** The key of a record as it is written: the script finds any text by it, whatever kind of indicator is asked for. */
export function keyAsWritten(value: string): IndicatorKey {
  return { kind: 'text', text: AS_WRITTEN + value }
}

/** The question for a key as it is written. */
export function queryAsWritten(value: string): Query {
  return { type: 'text', key: typedText('text', AS_WRITTEN + value) }
}

/** A value of a feed or of JSON: numbers may be texts. */
type PythonValue = unknown

/**
 * A context as the script writes that of a feed: a member is `name=` and the text of its value; an object in it is its own
 * members, joined with `|`; a list is its elements, joined with commas.
 */
export function originalFeedContext(record: ReadonlyMap<string, PythonValue>): string {
  let text = ''
  for (const [name, value] of record) text += `|${nested(name, value)}`
  return text
}

function nested(name: string, value: PythonValue): string {
  return `${wireText(name)}=${feedText(value)}`
}

function feedText(value: PythonValue): string {
  if (Array.isArray(value)) return value.map(feedText).join(',')
  if (value instanceof Map) return [...value].map(([name, member]) => nested(String(name), member)).join('|')
  return wireText(pythonText(value))
}

/**
 * A context as the script writes an attribute of MISP: a path for each single value, `Event.info=`, `Tag[0].name=`; what is
 * empty has none.
 *
 * @throws RangeError when it nests too deep
 */
export function originalMispContext(attribute: Readonly<Record<string, unknown>>): string {
  const fields: ContextField[] = []
  flatten('', attribute, 0, fields)
  return contextText(fields)
}

/** Deeper than any attribute means it. */
const MAX_DEPTH = 100

function flatten(path: string, value: unknown, depth: number, fields: ContextField[]): void {
  if (depth > MAX_DEPTH) throw new RangeError(`an attribute nests more than ${MAX_DEPTH} levels`)
  if (Array.isArray(value)) {
    for (const [i, element] of value.entries()) flatten(`${path}[${i}]`, element, depth + 1, fields)
  } else if (typeof value === 'object' && value !== null) {
    for (const [name, member] of Object.entries(value))
      flatten(path === '' ? name : `${path}.${name}`, member, depth + 1, fields)
  } else fields.push([path, pythonText(value)])
}

function pythonText(value: unknown): string {
  if (value === null || value === undefined) return 'None'
  if (typeof value === 'boolean') return value ? 'True' : 'False'
  return String(value)
}
