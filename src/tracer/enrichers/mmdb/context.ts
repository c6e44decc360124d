import { Buffer } from 'node:buffer'
import { objectFields } from '../../context.ts'

/** A record has about twenty fields; one that has more than this is cut. */
const MOST_FIELDS = 64
const LONGEST_TEXT = 256
/** Records nest three or four levels. */
const DEEPEST = 8
const MOST_ELEMENTS = 32
/** Parts of a record may be shared, so that a small file holds records without end. */
const MOST_VALUES = 1000

/**
 * The context that a record of a database becomes: all its fields, flat, but of the names in many languages
 * (`country.names.en`) only one, and no numbers of the GeoNames database, which say nothing to a reader.
 *
 * @param language of the names; a place without a name in it has the English one
 */
export function recordContext(record: unknown, language: string): string {
  const left = { values: MOST_VALUES, language }
  const fields = objectFields(pruned(isMap(record) ? record : { value: record }, left, 1))
  return fields
    .slice(0, MOST_FIELDS)
    .map(([name, text]) => `|${name}=${cut(text)}`)
    .join('')
}

/** The number of fields that are still told, and the language. */
interface Pruning {
  values: number
  readonly language: string
}

/** The part of a value that is told: a copy that is small, whatever a file holds. */
function pruned(value: unknown, left: Pruning, depth: number): unknown {
  left.values -= 1
  if (Buffer.isBuffer(value)) return value.subarray(0, LONGEST_TEXT / 2).toString('hex')
  if (typeof value !== 'object' || value === null) return value
  if (depth > DEEPEST || left.values < 0) return undefined
  if (Array.isArray(value)) {
    return value.slice(0, MOST_ELEMENTS).map((element) => pruned(element, left, depth + 1))
  }
  const kept: [name: string, value: unknown][] = []
  for (const [name, member] of Object.entries(value)) {
    if (name === 'geoname_id') continue
    if (kept.length === MOST_FIELDS) break
    const isNames = name === 'names' && isMap(member)
    kept.push([name, isNames ? oneName(member, left.language) : pruned(member, left, depth + 1)])
  }
  return Object.fromEntries(kept)
}

function oneName(names: Record<string, unknown>, language: string): unknown {
  for (const key of [language, 'en']) {
    if (typeof names[key] === 'string') return { [key]: names[key] }
  }
  return undefined
}

function cut(text: string): string {
  if (text.length <= LONGEST_TEXT) return text
  // Half of a character is none.
  const end = /[\ud800-\udbff]/.test(text[LONGEST_TEXT - 1]!) ? LONGEST_TEXT - 1 : LONGEST_TEXT
  return `${text.slice(0, end)}…`
}

function isMap(value: unknown): value is Record<string, unknown> {
  return typeof value === 'object' && value !== null && !Array.isArray(value) && !Buffer.isBuffer(value)
}
