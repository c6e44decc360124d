import { Buffer } from 'node:buffer'
import { NO_TEXT } from '../../context.ts'
import { wireText } from '../../protocol.ts'

/** A value in a feed. Numbers are text as it stands in the file: no digit is lost. */
export type FeedValue = string | boolean | null | readonly FeedValue[] | FeedRecord

/** A record of a feed: its fields in the order of the file. */
export type FeedRecord = ReadonlyMap<string, FeedValue>

/** A record of JSON, which knows the fields that are numbers: their values are texts like others. */
export class JsonRecord extends Map<string, FeedValue> {
  /** Undefined as long as there is none. */
  numbers: Set<string> | undefined

  /** A copy of a record of any kind. */
  static copyOf(record: FeedRecord): JsonRecord {
    const copy = new JsonRecord(record)
    if (record instanceof JsonRecord && record.numbers !== undefined) copy.numbers = new Set(record.numbers)
    return copy
  }

  /** Sets a field, and notes when it is a number. The last one of a name counts. */
  setScalar(name: string, value: FeedValue, isNumeric: boolean): void {
    this.set(name, value)
    if (!isNumeric) this.numbers?.delete(name)
    else if (this.numbers === undefined) this.numbers = new Set([name])
    else this.numbers.add(name)
  }

  /** Sets a field to that of another record. */
  setFrom(record: FeedRecord, name: string, as = name): void {
    this.setScalar(as, record.get(name)!, isNumber(record, name))
  }
}

/** A context has at most so many bytes of UTF-8. */
const LONGEST_CONTEXT = 16 * 1024
/** Marks a context of which fields were left out. */
const TRUNCATED = `|context_truncated=${NO_TEXT}true`
/** A UTF-16 unit takes at most so many bytes. */
const BYTES_OF_UNIT = 3

/** A context, with the marks of `objectContext`. */
interface BoundedContext {
  readonly text: string
  /** Fields were left out, and it says so. */
  readonly isTruncated: boolean
}

/**
 * The context of a record, in which fields that do not fit into 16 KiB are left out, whole ones.
 *
 * @param format makes its text. Default: `recordContext`
 */
export function boundedContext(record: FeedRecord, format = recordContext): BoundedContext {
  return limitedContext(format(record))
}

/** A context, in which fields that do not fit into 16 KiB are left out, whole ones. */
export function limitedContext(text: string): BoundedContext {
  if (text.length * BYTES_OF_UNIT <= LONGEST_CONTEXT || Buffer.byteLength(text) <= LONGEST_CONTEXT) {
    return { text, isTruncated: false }
  }
  let kept = ''
  let room = LONGEST_CONTEXT - TRUNCATED.length
  // No value holds a `|`, so each one begins a field. A mark counts as the byte that it is.
  for (const field of text.slice(1).split('|')) {
    const bytes = Buffer.byteLength(field) + 1
    if (bytes > room) continue
    kept += `|${field}`
    room -= bytes
  }
  return { text: kept + TRUNCATED, isTruncated: true }
}

/**
 * The context of a record, with the marks of `objectContext`. It is the text that this would make of an object, but keeps the order
 * of the file, which an object does not for names such as `10`.
 */
export function recordContext(record: FeedRecord): string {
  let text = ''
  for (const [name, value] of record) text += fieldText(wireText(name), value, isNumber(record, name))
  return text
}

function isNumber(record: FeedRecord, name: string): boolean {
  return record instanceof JsonRecord && record.numbers?.has(name) === true
}

function fieldText(name: string, value: FeedValue, isNumeric = false): string {
  if (isScalar(value)) {
    const mark = isNumeric || typeof value !== 'string' ? NO_TEXT : ''
    return `|${name}=${mark}${scalarText(value)}`
  }
  if (isList(value)) {
    if (value.every(isScalar)) return `|${name}=${value.map(scalarText).join(',')}`
    return value.map((element, i) => fieldText(`${name}[${i}]`, element)).join('')
  }
  if (value.size === 0) return `|${name}=`
  let text = ''
  for (const [key, member] of value)
    text += fieldText(`${name}.${wireText(key)}`, member, isNumber(value, key))
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
