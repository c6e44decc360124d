import type { JsonObject, Value } from '../expression/value.ts'
import type { TextCoding } from '../json/text-coding.ts'
import type { Wanted } from '../json/wanted.ts'
import { WantedMembers } from '../json/wanted.ts'
import { MemberReader } from '../rules/fast/member-reader.ts'
import type { Enrichment, FoundIndicator, IndicatorPath } from './enrichment.ts'
import { addElements, isIndicator, MAX_INDICATORS } from './enrichment.ts'

const LF = 0x0a
const QUOTE = 0x22
const OPEN_BRACKET = 0x5b
const BACKSLASH = 0x5c

const NONE: readonly FoundIndicator[] = Object.freeze([])

/** A path, and the place where the scanner notes its value. */
interface PlacedPath extends IndicatorPath {
  readonly slot: number
}

/**
 * Finds the indicators of events that are written already, without building them again: the scanner tells where the values
 * stand. A line in which a path leads into a list, one that the scanner leaves, and all where there is no scanner, are parsed.
 */
export class LineIndicators {
  readonly #enrichment: Enrichment
  readonly #coding: TextCoding
  readonly #reader: MemberReader | undefined
  readonly #paths: readonly PlacedPath[]
  /** Places of members that paths lead through. */
  readonly #inner: readonly number[]
  #bytes: Uint8Array = new Uint8Array()
  #next = 0

  constructor(enrichment: Enrichment, coding: TextCoding) {
    this.#enrichment = enrichment
    this.#coding = coding
    const wanted = new WantedMembers()
    this.#paths = enrichment.paths.map((path) => ({ ...path, slot: wanted.member(path.steps) }))
    wanted.finish()
    this.#inner = innerSlots(wanted.root)
    this.#reader = MemberReader.create(wanted)
  }

  /** Where the line after the one of the last `find` begins. */
  get next(): number {
    return this.#next
  }

  /** The lines that follow are in these bytes; the last one is LF. */
  open(bytes: Uint8Array): void {
    this.#bytes = bytes
    this.#reader?.open(bytes)
  }

  /** The indicators of the event in the line that begins at `start`: as `Enrichment.find` finds them. */
  find(start: number): readonly FoundIndicator[] {
    const reader = this.#reader
    const next = reader?.read(start) ?? -1
    if (reader === undefined || next === -1) return this.#parse(start, this.#bytes.indexOf(LF, start) + 1)
    for (const slot of this.#inner) {
      if (this.#bytes[reader.start(slot)] === OPEN_BRACKET) return this.#parse(start, next)
    }
    this.#next = next
    let found: FoundIndicator[] | undefined
    for (const { slot, field, type } of this.#paths) {
      const from = reader.start(slot)
      if (from === -1) continue
      const first = this.#bytes[from]
      if (first === QUOTE) {
        const value = this.#string(from, reader.end(slot))
        if (!isIndicator(value)) continue
        found ??= []
        if (found.length < MAX_INDICATORS) found.push({ field, type, value })
      } else if (first === OPEN_BRACKET) {
        found ??= []
        const list = JSON.parse(this.#coding.utf8(this.#bytes, from, reader.end(slot))) as Value
        addElements(found, { field, type, steps: [] }, list)
      }
    }
    return found ?? NONE
  }

  /** The text of a string. It is no part of a longer one, which the cache of answers would keep as well. */
  #string(from: number, end: number): string {
    let at = from + 1
    while (at < end && this.#bytes[at] !== BACKSLASH) at++
    if (at === end) return this.#coding.utf8(this.#bytes, from + 1, end - 1)
    return JSON.parse(this.#coding.utf8(this.#bytes, from, end)) as string
  }

  #parse(start: number, next: number): readonly FoundIndicator[] {
    this.#next = next
    return this.#enrichment.find(JSON.parse(this.#coding.utf8(this.#bytes, start, next - 1)) as JsonObject)
  }
}

function innerSlots(root: Wanted): number[] {
  const slots: number[] = []
  for (const member of root.members.values()) {
    if (member.members.size === 0) continue
    slots.push(member.slot === -1 ? member.marker : member.slot, ...innerSlots(member))
  }
  return slots
}
