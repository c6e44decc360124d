import { Buffer } from 'node:buffer'
import type { JsonObject, Value } from '../expression/value.ts'
import type { Enrichment, FoundIndicator, IndicatorPath } from './enrichment.ts'
import { addElements, isIndicator, MAX_INDICATORS } from './enrichment.ts'

const LF = 0x0a
const QUOTE = 0x22
const COMMA = 0x2c
const OPEN_BRACKET = 0x5b
const BACKSLASH = 0x5c
const CLOSE_BRACKET = 0x5d
const OPEN_BRACE = 0x7b
const CLOSE_BRACE = 0x7d

const NONE: readonly FoundIndicator[] = Object.freeze([])

/** A member on the way to a value that is looked up, or that value. */
interface WantedMember {
  /** Its name as it is written, with quotes and colon. */
  readonly key: Uint8Array
  /** Where its value is noted; -1: only what is in it is wanted. */
  slot: number
  readonly members: WantedMember[]
}

/** A path, and where its value is noted. */
interface PlacedPath extends IndicatorPath {
  readonly slot: number
}

/**
 * Finds the indicators of events that are written already, without building them again.
 *
 *     {"event":{"id":"c430"},"source":{"ip":"10.0.0.1","port":80},"url":{...}}LF
 *      skipped               entered   noted: all is found        not even looked at
 *
 * The lines are our own, so that nothing has to be validated: there are no blanks between their parts, a key is written
 * in one way and stands once in its object.
 */
export class LineIndicators {
  readonly #enrichment: Enrichment
  readonly #root: WantedMember
  readonly #paths: readonly PlacedPath[]
  /** By slot: where the value begins (-1: it is absent) and ends. */
  readonly #starts: number[] = []
  readonly #ends: number[] = []
  #bytes: Buffer = Buffer.alloc(0)
  #next = 0
  /** Slots that nothing has been noted in, of the line that is read. */
  #missing = 0
  /** A path leads into a list in this line. */
  #hasList = false

  constructor(enrichment: Enrichment) {
    this.#enrichment = enrichment
    this.#root = { key: Buffer.alloc(0), slot: -1, members: [] }
    this.#paths = enrichment.paths.map((path) => ({ ...path, slot: this.#place(path.steps) }))
  }

  /** Where the line after the one of the last `find` begins. */
  get next(): number {
    return this.#next
  }

  /** The lines that follow are in these bytes; the last one is LF. */
  open(bytes: Buffer): void {
    this.#bytes = bytes
  }

  /** The indicators of the event in the line that begins at `start`: as `Enrichment.find` finds them. */
  find(start: number): readonly FoundIndicator[] {
    const bytes = this.#bytes
    const starts = this.#starts
    for (let slot = 0; slot < starts.length; slot++) starts[slot] = -1
    this.#missing = starts.length
    this.#hasList = false
    const end = this.#object(this.#root, start)
    this.#next = bytes.indexOf(LF, end) + 1
    if (this.#hasList) return this.#findInObject(start)
    let found: FoundIndicator[] | undefined
    for (const path of this.#paths) {
      const { slot, field, type } = path
      const from = starts[slot]!
      if (from < 0) continue
      if (bytes[from] === QUOTE) {
        const value = this.#string(from, this.#ends[slot]!)
        if (!isIndicator(value)) continue
        found ??= []
        if (found.length < MAX_INDICATORS) found.push({ field, type, value })
      } else if (bytes[from] === OPEN_BRACKET) {
        found ??= []
        const list = JSON.parse(bytes.toString('utf8', from, this.#ends[slot]!)) as Value
        addElements(found, { field, type, steps: [] }, list)
      }
    }
    return found ?? NONE
  }

  /** @returns the slot of a path's value */
  #place(steps: readonly string[]): number {
    let member = this.#root
    for (const step of steps) {
      const key = Buffer.from(`${JSON.stringify(step)}:`)
      let next = member.members.find((each) => key.equals(each.key))
      if (next === undefined) {
        next = { key, slot: -1, members: [] }
        member.members.push(next)
      }
      member = next
    }
    if (member.slot === -1) {
      member.slot = this.#starts.length
      this.#starts.push(-1)
      this.#ends.push(-1)
    }
    return member.slot
  }

  /**
   * Reads an object until all is found.
   *
   * @param position of its brace
   * @returns the position behind it, or one in the middle of it when all is found
   */
  #object(wanted: WantedMember, position: number): number {
    const bytes = this.#bytes
    let at = position + 1
    if (bytes[at] === CLOSE_BRACE) return at + 1
    for (;;) {
      const member = memberAt(wanted.members, bytes, at)
      if (member === undefined) {
        at = skipValue(bytes, skipString(bytes, at) + 1)
      } else {
        at = this.#value(member, at + member.key.length)
        if (this.#missing === 0) return at
      }
      if (bytes[at] === CLOSE_BRACE) return at + 1
      if (bytes[at] !== COMMA)
        throw new Error('these are not JSON lines as the stages before this one write them')
      at += 1
    }
  }

  /** Reads the value of a wanted member. @returns as `#object` does */
  #value(member: WantedMember, position: number): number {
    const { slot, members } = member
    const first = this.#bytes[position]
    const isEntered = first === OPEN_BRACE && members.length > 0
    if (first === OPEN_BRACKET && members.length > 0) this.#hasList = true
    if (slot === -1) {
      return isEntered ? this.#object(member, position) : skipValue(this.#bytes, position)
    }
    this.#starts[slot] = position
    this.#missing -= 1
    const end = isEntered ? this.#object(member, position) : skipValue(this.#bytes, position)
    this.#ends[slot] = end
    return end
  }

  #string(from: number, to: number): string {
    const bytes = this.#bytes
    let at = from + 1
    while (at < to && bytes[at]! < 0x80 && bytes[at] !== BACKSLASH) at += 1
    if (at === to) return bytes.toString('latin1', from + 1, to - 1)
    return JSON.parse(bytes.toString('utf8', from, to)) as string
  }

  /** The plain way, for paths that lead through lists. */
  #findInObject(start: number): readonly FoundIndicator[] {
    const text = this.#bytes.toString('utf8', start, this.#next - 1)
    return this.#enrichment.find(JSON.parse(text) as JsonObject)
  }
}

function memberAt(
  members: readonly WantedMember[],
  bytes: Uint8Array,
  position: number,
): WantedMember | undefined {
  for (let index = 0; index < members.length; index++) {
    const member = members[index]!
    if (isAt(member.key, bytes, position)) return member
  }
  return undefined
}

function isAt(key: Uint8Array, bytes: Uint8Array, position: number): boolean {
  for (let index = 1; index < key.length; index++) {
    if (bytes[position + index] !== key[index]) return false
  }
  return true
}

/** @param position of a quote @returns the position behind the string */
function skipString(bytes: Uint8Array, position: number): number {
  const { length } = bytes
  let at = position + 1
  while (at < length && bytes[at] !== QUOTE) at += bytes[at] === BACKSLASH ? 2 : 1
  return at + 1
}

/** @returns the position behind the value that begins at `position` */
function skipValue(bytes: Uint8Array, position: number): number {
  const { length } = bytes
  const first = bytes[position]
  if (first === QUOTE) return skipString(bytes, position)
  let at = position
  if (first !== OPEN_BRACE && first !== OPEN_BRACKET) {
    while (at < length && bytes[at] !== COMMA && bytes[at] !== CLOSE_BRACE) at += 1
    return at
  }
  let depth = 0
  do {
    const byte = bytes[at]!
    if (byte === QUOTE) {
      at = skipString(bytes, at)
      continue
    }
    if (byte === OPEN_BRACE || byte === OPEN_BRACKET) depth += 1
    else if (byte === CLOSE_BRACE || byte === CLOSE_BRACKET) depth -= 1
    at += 1
  } while (depth > 0 && at < length)
  return at
}
