import type { IndicatorType } from '../../protocol.ts'
import { type FeedRecord, type FeedValue, isList } from '../formats/record.ts'

/** The field of a feed's records that is looked up, and its type. */
export interface FeedKey {
  /** A column, or a path such as `files/MD5` or `whois.domain`. */
  readonly key: string
  /** Default: detected for each value. */
  readonly type?: IndicatorType
}

const TYPED_KEY = /^(.*):(url|ip|hash)$/s
const SEPARATOR = /[/.]/

/** Texts that feeds write where they have no value. */
const NO_VALUE = '-'

/**
 * Reads a key as it is given on the command line: `FIELD` or `FIELD:TYPE` with type `url`, `ip` or `hash`.
 *
 * @throws TypeError when the field is empty
 */
export function parseFeedKey(text: string): FeedKey {
  const typed = TYPED_KEY.exec(text)
  const key = (typed === null ? text : typed[1]!).trim()
  if (key === '') {
    throw new TypeError(
      `the feed key "${text}" names no field: write FIELD, or FIELD:url, FIELD:ip, FIELD:hash`,
    )
  }
  return typed === null ? { key } : { key, type: typed[2] as IndicatorType }
}

/** The advice for a type that a key cannot have: those that there are, and the one that was meant. */
export function keyTypeHint(type: string): string {
  const meant = /^(?:domain|host|hostname|fqdn|uri|mask)$/i.test(type)
    ? 'url'
    : /^(?:ipv?[46]|cidr|net|network|addr|address|subnet)$/i.test(type)
      ? 'ip'
      : /^(?:md5|sha-?\d+|sum|checksum|digest)$/i.test(type)
        ? 'hash'
        : undefined
  const types = 'the types of a key are url (domains too), ip and hash'
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
  collect(record: FeedRecord, values: string[]): boolean {
    return this.#collectFrom(record, 0, values)
  }

  #collectFrom(value: FeedValue, segment: number, values: string[]): boolean {
    if (segment === this.#steps.length) {
      collectValues(value, values)
      return true
    }
    if (typeof value !== 'object' || value === null) return false
    if (isList(value)) {
      let isThere = false
      for (const element of value) {
        if (this.#collectFrom(element, segment, values)) isThere = true
      }
      return isThere
    }
    for (const { name, next } of this.#steps[segment]!) {
      const member = value.get(name)
      if (member !== undefined && this.#collectFrom(member, next, values)) return true
    }
    return false
  }
}

function collectValues(value: FeedValue, values: string[]): void {
  if (typeof value === 'string') {
    const text = value.trim()
    if (text !== '' && text !== NO_VALUE) values.push(text)
  } else if (value !== null && typeof value === 'object' && isList(value)) {
    for (const element of value) collectValues(element, values)
  }
}
