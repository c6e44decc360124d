import { Buffer } from 'node:buffer'
import { wireText } from '../../protocol.ts'

/** A value in a feed. Numbers are text as it stands in the file: no digit is lost. */
export type FeedValue = string | boolean | null | readonly FeedValue[] | FeedRecord

/** A record of a feed: its fields in the order of the file. */
export type FeedRecord = ReadonlyMap<string, FeedValue>

/** A context has at most so many bytes of UTF-8. */
const LONGEST_CONTEXT = 16 * 1024
/** Marks a context of which fields were left out. */
const TRUNCATED = '|context_truncated=true'
/** A UTF-16 unit takes at most so many bytes. */
const BYTES_OF_UNIT = 3

/** A context as it goes on the wire. */
interface WireContext {
  readonly text: string
  /** Fields were left out, and it says so. */
  readonly isTruncated: boolean
}

/**
 * The context of a record, in which fields that do not fit into 16 KiB are left out, whole ones.
 *
 * @param format makes its text. Default: `recordContext`
 */
export function wireContext(record: FeedRecord, format = recordContext): WireContext {
  return limitedContext(format(record))
}

/** A context, in which fields that do not fit into 16 KiB are left out, whole ones. */
export function limitedContext(text: string): WireContext {
  if (text.length * BYTES_OF_UNIT <= LONGEST_CONTEXT || Buffer.byteLength(text) <= LONGEST_CONTEXT) {
    return { text, isTruncated: false }
  }
  let kept = ''
  let room = LONGEST_CONTEXT - TRUNCATED.length
  // No value holds a `|`, so each one begins a field.
  for (const field of text.slice(1).split('|')) {
    const bytes = Buffer.byteLength(field) + 1
    if (bytes > room) continue
    kept += `|${field}`
    room -= bytes
  }
  return { text: kept + TRUNCATED, isTruncated: true }
}

/**
 * The context of a record as it goes on the wire. It is the text that `contextText(flattenContext(record))` would make
 * of an object, but keeps the order of the file, which an object does not for names such as `10`.
 */
export function recordContext(record: FeedRecord): string {
  let text = ''
  for (const [name, value] of record) text += fieldText(wireText(name), value)
  return text
}

function fieldText(name: string, value: FeedValue): string {
  if (isScalar(value)) return `|${name}=${scalarText(value)}`
  if (isList(value)) {
    if (value.every(isScalar)) return `|${name}=${value.map(scalarText).join(',')}`
    return value.map((element, i) => fieldText(`${name}[${i}]`, element)).join('')
  }
  if (value.size === 0) return `|${name}=`
  let text = ''
  for (const [key, member] of value) text += fieldText(`${name}.${wireText(key)}`, member)
  return text
}

/** True for a list. (`Array.isArray` does not know read-only ones.) */
export function isList(value: FeedValue): value is readonly FeedValue[] {
  return Array.isArray(value)
}

function isScalar(value: FeedValue): value is string | boolean | null {
  return typeof value !== 'object' || value === null
}

function scalarText(value: string | boolean | null): string {
  if (typeof value === 'string') return wireText(value)
  return value === null ? '' : String(value)
}
