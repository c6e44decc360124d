import type { JsonObject, Value } from '../expression/value.ts'
import type { TextCoding } from '../json/text-coding.ts'
import type { Wanted } from '../json/wanted.ts'
import { WantedMembers } from '../json/wanted.ts'
import { MARK_BITS, MemberReader } from '../rules/fast/member-reader.ts'
import type { Answer, TracerPool } from '../tracer/client/pool.ts'
import type { Enrichment, FoundIndicator, IndicatorPath } from './enrichment.ts'
import { addElements, detectionsOf, isIndicator, MAX_INDICATORS } from './enrichment.ts'
import type { KnownDetections } from './known-answers.ts'
import { KnownAnswers, UNKNOWN } from './known-answers.ts'

/**
 * The cache of answers that a pool has, as far as it tells of it. One that says nothing of how long answers hold is asked each
 * time.
 */
export interface AnswerSource extends Partial<Pick<TracerPool, 'keptUntil' | 'cacheEntries' | 'stats'>> {
  /** Gives the table of what is known of values at these paths, where several users have it in common. Default: each has its own. */
  knownAnswers?(paths: readonly IndicatorPath[]): KnownAnswers
}

const LF = 0x0a
const QUOTE = 0x22
const MINUS = 0x2d
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
 *
 * Lines of which every indicator is known, and has no detection, are passed by where they stand. What is known comes from the cache
 * of the pool, and holds as long as it does there.
 */
export class LineIndicators {
  readonly #enrichment: Enrichment
  readonly #coding: TextCoding
  readonly #reader: MemberReader | undefined
  readonly #paths: readonly PlacedPath[]
  readonly #slots: readonly number[]
  /** Places of members that paths lead through. */
  readonly #inner: readonly number[]
  readonly #source: AnswerSource
  #known: KnownAnswers | undefined
  #bytes: Uint8Array = new Uint8Array()
  #next = 0
  /** Indicators of lines that were passed by. */
  #hits = 0

  /** @param source tells how long answers hold. Default: nothing is kept */
  constructor(enrichment: Enrichment, coding: TextCoding, source: AnswerSource = {}) {
    this.#enrichment = enrichment
    this.#coding = coding
    this.#source = source
    const wanted = new WantedMembers()
    this.#paths = enrichment.paths.map((path) => ({ ...path, slot: wanted.member(path.steps) }))
    this.#slots = this.#paths.map(({ slot }) => slot)
    this.#known = source.knownAnswers?.(enrichment.paths)
    wanted.finish()
    this.#inner = innerSlots(wanted.root)
    this.#reader = MemberReader.create(wanted, () => this.#passes())
  }

  /** Where the line after the one of the last `find` or `detections` begins. */
  get next(): number {
    return this.#next
  }

  /** The lines that follow are in these bytes; the last one is LF. */
  open(bytes: Uint8Array): void {
    this.#bytes = bytes
    this.#reader?.open(bytes)
  }

  /**
   * Passes by lines that have nothing to look up, or of whose indicators it is known that nothing is found.
   *
   * @param start where a line begins, and the bytes do not end
   * @returns where the first line begins that may be another; or the end
   */
  pass(start: number): number {
    const reader = this.#reader
    if (reader === undefined) return start
    if (this.#known !== undefined) this.#known.now = performance.now()
    const next = reader.pass(start)
    this.#countHits()
    return next
  }

  /**
   * The detections of the line that `pass` has stopped at, where all its indicators are known: in the order of their paths.
   *
   * @returns undefined where they have to be asked for
   */
  detections(start: number): KnownDetections[] | undefined {
    const known = this.#known
    const reader = this.#reader
    if (known === undefined || reader?.lineRead !== start || this.#hasLists(reader)) return undefined
    let detections: KnownDetections[] | undefined
    let hits = 0
    for (let path = 0; path < this.#paths.length; path++) {
      const { slot } = this.#paths[path]!
      if (!hasIndicator(reader, slot)) continue
      const entry = known.find(path, reader.memory, reader.address(slot), reader.addressOfEnd(slot))
      if (entry === UNKNOWN) return undefined
      hits++
      const found = known.detections(entry)
      if (found === undefined) continue
      if (detections === undefined) detections = [found]
      else detections.push(found)
    }
    if (detections === undefined) return undefined
    this.#hits += hits
    this.#countHits()
    this.#next = this.#bytes.indexOf(LF, start) + 1
    return detections
  }

  /** The indicators of the event in the line that begins at `start`: as `Enrichment.find` finds them. */
  find(start: number): readonly FoundIndicator[] {
    const reader = this.#reader
    this.#next = this.#bytes.indexOf(LF, start) + 1
    if (reader === undefined || (reader.lineRead !== start && reader.read(start) === -1)) {
      return this.#parse(start)
    }
    for (const slot of this.#inner) {
      if (this.#bytes[reader.start(slot)] === OPEN_BRACKET) return this.#parse(start)
    }
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

  /**
   * Keeps the answers for the indicators of the last `find`, which the pool has had in its cache.
   *
   * @param start as it was given to `find`
   * @param answers one for each
   */
  keep(start: number, found: readonly FoundIndicator[], answers: readonly Answer[]): void {
    const reader = this.#reader
    const { keptUntil, cacheEntries = 0 } = this.#source
    if (reader?.lineRead !== start || keptUntil === undefined || this.#hasLists(reader)) return
    // Each path is an entry of its own.
    this.#known ??= new KnownAnswers(cacheEntries * this.#paths.length)
    let index = 0
    for (let path = 0; path < this.#paths.length; path++) {
      const { slot, field, type } = this.#paths[path]!
      const from = reader.address(slot)
      if (from === 0 || reader.memory.getUint8(from) !== QUOTE) continue
      const indicator = found[index]
      // A text that is no indicator, in disguise: the next one that was found is another path's.
      if (indicator?.field !== field || indicator.type !== type) continue
      const answer = answers[index]!
      index++
      const until = keptUntil.call(this.#source, type, indicator.value)
      if (until === 0) continue
      const detections = answer.length === 0 ? undefined : this.#detectionsOf(indicator, answer)
      this.#known.keep(path, reader.memory, from, reader.addressOfEnd(slot), detections, until)
    }
  }

  #detectionsOf(indicator: FoundIndicator, answer: Answer): KnownDetections {
    const text = JSON.stringify(detectionsOf([indicator], [answer])).slice(1, -1)
    const bytes = this.#coding.allocate(this.#coding.byteLength(text))
    this.#coding.write(text, bytes, 0)
    return { text: bytes, count: answer.length }
  }

  /** True where nothing has to be done for the line that was read. This is asked for each line. */
  #passes(): boolean {
    const { memory, words, row } = this.#reader!
    const inner = this.#inner
    for (let index = 0; index < inner.length; index++) {
      if (memory.getUint8(words[row + 2 * inner[index]!]!) === OPEN_BRACKET) return false
    }
    const known = this.#known
    const slots = this.#slots
    let hits = 0
    for (let path = 0; path < slots.length; path++) {
      const pair = row + 2 * slots[path]!
      const from = words[pair]!
      // Nothing is at address 0, where absent members are.
      const first = memory.getUint8(from)
      if (first !== QUOTE) {
        if (first === OPEN_BRACKET) return false
        continue
      }
      const end = words[pair + 1]! >>> MARK_BITS
      const length = end - from
      if (length <= 3 && (length === 2 || memory.getUint8(from + 1) === MINUS)) continue
      if (known === undefined) return false
      const entry = known.find(path, memory, from, end)
      if (entry === UNKNOWN || known.hasDetections(entry)) return false
      hits++
    }
    this.#hits += hits
    return true
  }

  /** True where a path leads into a list, or to one. */
  #hasLists(reader: MemberReader): boolean {
    const { memory } = reader
    for (const slot of this.#inner) {
      if (memory.getUint8(reader.address(slot)) === OPEN_BRACKET) return true
    }
    return this.#paths.some(({ slot }) => memory.getUint8(reader.address(slot)) === OPEN_BRACKET)
  }

  #countHits(): void {
    if (this.#hits === 0) return
    if (this.#source.stats !== undefined) this.#source.stats.cacheHits += this.#hits
    this.#hits = 0
  }

  /** The text of a string. It is no part of a longer one, which the cache of answers would keep as well. */
  #string(from: number, end: number): string {
    let at = from + 1
    while (at < end && this.#bytes[at] !== BACKSLASH) at++
    if (at === end) return this.#coding.utf8(this.#bytes, from + 1, end - 1)
    return JSON.parse(this.#coding.utf8(this.#bytes, from, end)) as string
  }

  #parse(start: number): readonly FoundIndicator[] {
    return this.#enrichment.find(
      JSON.parse(this.#coding.utf8(this.#bytes, start, this.#next - 1)) as JsonObject,
    )
  }
}

/** True for a text that is neither empty nor `-`. Nothing is at address 0, where absent members are. */
function hasIndicator(reader: MemberReader, slot: number): boolean {
  const { memory } = reader
  const from = reader.address(slot)
  if (memory.getUint8(from) !== QUOTE) return false
  const length = reader.addressOfEnd(slot) - from
  return length > 3 || (length === 3 && memory.getUint8(from + 1) !== MINUS)
}

function innerSlots(root: Wanted): number[] {
  const slots: number[] = []
  for (const member of root.members.values()) {
    if (member.members.size === 0) continue
    slots.push(member.slot === -1 ? member.marker : member.slot, ...innerSlots(member))
  }
  return slots
}
