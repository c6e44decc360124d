/**
 * The table `windows_sids`: an ordered list of patterns, of which the first one that matches a SID says what it is.
 *
 *   {sid: S-1-5-18, match_type: equal, category, subcategory, desc}         the SID itself
 *   {sid: S-1-5-5-, match_type: start, category, subcategory, desc}         SIDs that begin so
 *   {sid: S-1-5-21-, match_type: start_end, ends: [                         SIDs that begin so, and of these
 *       {end: "-500", category, subcategory, desc}                          ... those that end so
 *       {not_end: "$", category, subcategory, desc}]}                       ... those that do not end so
 *
 * An entry whose `ends` all fail is passed over.
 */
import type { JsonObject, Value } from '../value.ts'

/** The account or group that a SID stands for. */
interface SidDetails {
  readonly category: string
  readonly subcategory: string
  readonly desc: string
}

/** An entry that is not as it should be: `where` counts from 1, as `3` or `3, ends 2`. */
export class SidEntryProblem {
  readonly where: string
  readonly message: string

  constructor(where: string, message: string) {
    this.where = where
    this.message = message
  }
}

/** `rank` is the position in the list: of all that match, the lowest counts. */
interface Ranked {
  readonly rank: number
  readonly details: SidDetails
}

interface Candidate {
  readonly rank: number
  /** Undefined for `start_end`. */
  readonly details: SidDetails | undefined
  readonly ends: EndIndex | undefined
}

/**
 * Finds the first matching entry without trying them all: equal ones by a map, the others by a map from prefix to
 * entries that is asked once for each length that prefixes have.
 */
export class SidTable {
  readonly #equal = new Map<string, Ranked>()
  readonly #byPrefix = new Map<string, Candidate[]>()
  readonly #prefixLengths: readonly number[]

  /** @throws {SidEntryProblem} for the first entry that is malformed */
  constructor(items: readonly Value[]) {
    for (const [rank, item] of items.entries()) this.#add(rank, item)
    const lengths = new Set([...this.#byPrefix.keys()].map((prefix) => prefix.length))
    this.#prefixLengths = [...lengths].sort((a, b) => a - b)
  }

  find(sid: string): SidDetails | undefined {
    const equal = this.#equal.get(sid)
    let rank = equal === undefined ? Number.POSITIVE_INFINITY : equal.rank
    let details = equal?.details
    for (const length of this.#prefixLengths) {
      if (length > sid.length) break
      const candidates = this.#byPrefix.get(sid.slice(0, length))
      if (candidates === undefined) continue
      for (const candidate of candidates) {
        if (candidate.rank >= rank) break
        const found = candidate.details ?? candidate.ends!.find(sid)
        if (found === undefined) continue
        rank = candidate.rank
        details = found
        break
      }
    }
    return details
  }

  #add(rank: number, item: Value): void {
    const where = `${rank + 1}`
    const entry = entryAt(item, where)
    const sid = textAt(entry, 'sid', where)
    const matchType = textAt(entry, 'match_type', where)
    switch (matchType) {
      case 'equal': {
        const details = detailsAt(entry, where)
        if (!this.#equal.has(sid)) this.#equal.set(sid, { rank, details })
        return
      }
      case 'start':
        this.#addPrefix(sid, { rank, details: detailsAt(entry, where), ends: undefined })
        return
      case 'start_end':
        this.#addPrefix(sid, { rank, details: undefined, ends: new EndIndex(entry, where) })
        return
      default:
        throw new SidEntryProblem(
          where,
          `match_type is '${matchType}', and has to be equal, start or start_end`,
        )
    }
  }

  #addPrefix(prefix: string, candidate: Candidate): void {
    const candidates = this.#byPrefix.get(prefix)
    if (candidates === undefined) this.#byPrefix.set(prefix, [candidate])
    else candidates.push(candidate)
  }
}

/** The `ends` of one entry: the same idea, with suffixes. */
class EndIndex {
  readonly #byEnd = new Map<string, Ranked>()
  readonly #endLengths: readonly number[]
  readonly #byNotEnd: (Ranked & { readonly notEnd: string })[] = []

  constructor(entry: JsonObject, where: string) {
    const ends = member(entry, 'ends')
    if (!Array.isArray(ends)) throw new SidEntryProblem(where, 'ends has to be a list')
    for (const [rank, item] of ends.entries()) this.#add(rank, item, `${where}, ends ${rank + 1}`)
    const lengths = new Set([...this.#byEnd.keys()].map((end) => end.length))
    this.#endLengths = [...lengths].sort((a, b) => a - b)
  }

  find(sid: string): SidDetails | undefined {
    let rank = Number.POSITIVE_INFINITY
    let details: SidDetails | undefined
    for (const length of this.#endLengths) {
      if (length > sid.length) break
      const found = this.#byEnd.get(sid.slice(sid.length - length))
      if (found === undefined || found.rank >= rank) continue
      rank = found.rank
      details = found.details
    }
    for (const candidate of this.#byNotEnd) {
      if (candidate.rank >= rank) break
      if (!sid.endsWith(candidate.notEnd)) return candidate.details
    }
    return details
  }

  #add(rank: number, item: Value, where: string): void {
    const entry = entryAt(item, where)
    const hasEnd = Object.hasOwn(entry, 'end')
    if (hasEnd === Object.hasOwn(entry, 'not_end')) {
      throw new SidEntryProblem(where, 'either end or not_end has to be given')
    }
    const details = detailsAt(entry, where)
    if (!hasEnd) {
      this.#byNotEnd.push({ rank, details, notEnd: textAt(entry, 'not_end', where) })
      return
    }
    const end = textAt(entry, 'end', where)
    if (!this.#byEnd.has(end)) this.#byEnd.set(end, { rank, details })
  }
}

function entryAt(item: Value, where: string): JsonObject {
  if (typeof item !== 'object' || item === null || Array.isArray(item)) {
    throw new SidEntryProblem(where, 'it has to be a mapping')
  }
  return item as JsonObject
}

function detailsAt(entry: JsonObject, where: string): SidDetails {
  return {
    category: textAt(entry, 'category', where),
    subcategory: textAt(entry, 'subcategory', where),
    desc: textAt(entry, 'desc', where),
  }
}

function textAt(entry: JsonObject, name: string, where: string): string {
  const value = member(entry, name)
  if (typeof value === 'string') return value
  throw new SidEntryProblem(
    where,
    value === undefined ? `${name} is missing` : `${name} has to be text, in quotes if need be`,
  )
}

function member(entry: JsonObject, name: string): Value | undefined {
  return Object.hasOwn(entry, name) ? entry[name] : undefined
}
