import { type FeedRecord, type FeedValue, isList, JsonRecord } from '../formats/record.ts'
import type { KeyType } from './indicator-key.ts'

/** The field of a feed's records that is looked up, and its type. */
export interface FeedKey {
  /** A column, or a path such as `files/MD5` or `whois.domain`. */
  readonly key: string
  /** Default: detected for each value. */
  readonly type?: KeyType
}

const TYPED_KEY = /^(.*):(url|ip|hash|domain|email|text)$/s
const SEPARATOR = /[/.]/

/** Texts that feeds write where they have no value. */
const NO_VALUE = '-'

/**
 * Reads a key as it is given on the command line: `FIELD` or `FIELD:TYPE` with type `url`, `domain`, `ip`, `hash`, `email` or `text`.
 *
 * @throws TypeError when the field is empty
 */
export function parseFeedKey(text: string): FeedKey {
  const typed = TYPED_KEY.exec(text)
  const key = (typed === null ? text : typed[1]!).trim()
  if (key === '') {
    throw new TypeError(
      `the feed key "${text}" names no field: write FIELD, or FIELD:url, FIELD:domain, FIELD:ip, FIELD:hash, FIELD:email, FIELD:text`,
    )
  }
  return typed === null ? { key } : { key, type: typed[2] as KeyType }
}

/** The advice for a type that a key cannot have: those that there are, and the one that was meant. */
export function keyTypeHint(type: string): string {
  const meant = /^(?:host|hostname|fqdn|name)$/i.test(type)
    ? 'domain'
    : /^(?:uri|link|mask)$/i.test(type)
      ? 'url'
      : /^(?:ipv?[46]|cidr|net|network|addr|address|subnet)$/i.test(type)
        ? 'ip'
        : /^(?:md5|sha-?\d+|sum|checksum|digest)$/i.test(type)
          ? 'hash'
          : undefined
  const types = 'the types of a key are url, domain, ip, hash, email and text'
  return meant === undefined ? types : `${types}: write :${meant}`
}

/** A way to read on in a path: the name of a member, and where the rest of the path begins. */
interface Step {
  readonly name: string
  readonly next: number
}

/**
 * Finds the values of a key in records. A name that is there as it is written comes before its meaning as a path, so
 * columns may be called `whois.domain` or `a/b`; lists are gone through, all of their elements.
 */
export class KeyPath {
  /** The names that may stand at each segment of the path, the longest first. */
  readonly #steps: readonly (readonly Step[])[]

  /** @param path segments separated by `/` or `.` */
  constructor(path: string) {
    const starts = [0]
    for (let i = 0; i < path.length; i++) {
      if (SEPARATOR.test(path[i]!)) starts.push(i + 1)
    }
    this.#steps = starts.map((start, segment) => {
      const steps: Step[] = []
      for (let next = starts.length; next > segment; next--) {
        const end = next === starts.length ? path.length : starts[next]! - 1
        steps.push({ name: path.slice(start, end), next })
      }
      return steps
    })
  }

  /**
   * Adds the values that the record has under the path to `values`: texts, without blanks round them; empty ones,
   * `-`, null and booleans are no values.
   *
   * @returns true when the record has the path at all
   */
  collect(record: FeedRecord, values: FoundValue[]): boolean {
    return collectFrom(this.#steps, record, 0, record, undefined, values)
  }
}

/** A value that a key has found. */
export interface FoundValue {
  readonly value: string
  /** The object in a list in which it stands, and the objects round that one. Undefined: the record itself. */
  readonly owner: ListElement | undefined
}

/** An object that is the element of a list in a record. */
export interface ListElement {
  readonly record: FeedRecord
  /** The record, or the element, in which its list is. */
  readonly parent: ListElement | undefined
  readonly parentRecord: FeedRecord
}

type Steps = readonly (readonly Step[])[]

function collectFrom(
  steps: Steps,
  value: FeedValue,
  segment: number,
  owner: FeedRecord,
  element: ListElement | undefined,
  values: FoundValue[],
): boolean {
  if (segment === steps.length) {
    collectValues(value, element, values)
    return true
  }
  if (typeof value !== 'object' || value === null) return false
  if (isList(value)) {
    let isThere = false
    for (const each of value) {
      const isElement = each instanceof Map
      const record = isElement ? (each as FeedRecord) : owner
      const place = isElement ? { record, parent: element, parentRecord: owner } : element
      if (collectFrom(steps, each, segment, record, place, values)) isThere = true
    }
    return isThere
  }
  for (const { name, next } of steps[segment]!) {
    const member = value.get(name)
    if (member !== undefined && collectFrom(steps, member, next, owner, element, values)) return true
  }
  return false
}

function collectValues(value: FeedValue, owner: ListElement | undefined, values: FoundValue[]): void {
  if (typeof value === 'string') {
    const text = value.trim()
    if (text !== '' && text !== NO_VALUE) values.push({ value: text, owner })
  } else if (value !== null && typeof value === 'object' && isList(value)) {
    for (const each of value) collectValues(each, owner, values)
  }
}

/**
 * The context of an element of a list: its own fields, then the scalars of the objects round it, the nearest first. Of
 * those, a name that is taken has `parent.` before it.
 */
export function elementRecord({ record, parent, parentRecord }: ListElement): FeedRecord {
  const fields = JsonRecord.copyOf(record)
  let around: ListElement | undefined = parent
  let outer: FeedRecord = parentRecord
  for (;;) {
    addScalars(fields, outer)
    if (around === undefined) return fields
    outer = around.parentRecord
    around = around.parent
  }
}

/** Adds the scalars of an object to a record, see `elementRecord`. */
export function addScalars(fields: JsonRecord, outer: FeedRecord): void {
  for (const [name, value] of outer) {
    if (typeof value === 'object' && value !== null) continue
    if (!fields.has(name)) fields.setFrom(outer, name)
    else if (!fields.has(`parent.${name}`)) fields.setFrom(outer, name, `parent.${name}`)
  }
}
