import type { JsonObject, Value } from '../expression/value.ts'
import type { TextCoding } from '../json/text-coding.ts'
import type { Wanted } from '../json/wanted.ts'
import { WantedMembers } from '../json/wanted.ts'
import { RECORD_HEAD } from '../rules/fast/layout.ts'
import { MARK_BITS, MemberReader } from '../rules/fast/member-reader.ts'
import type { LinePlaces } from '../rules/fast/written-places.ts'
import { recordWords } from '../rules/fast/written-places.ts'
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
const NO_RECORDS = new Int32Array()

/** A path, and the place where the scanner notes its value. */
interface PlacedPath extends IndicatorPath {
  readonly slot: number
}

/**
 * Finds the indicators of events that are written already, without building them again. The writer of a line may have noted where they
 * stand; in other lines the scanner finds them. A line in which a path leads into a list, one that the scanner leaves, and all where
 * there is no scanner, are parsed.
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
  /** The same bytes. */
  #view: DataView = new DataView(new ArrayBuffer(0))
  /** Records of the lines whose places were noted, and the first one that was not passed by. */
  #records: Int32Array = NO_RECORDS
  #record = 0
  readonly #recordWords: number
  #next = 0
  /** The line that `pass` has stopped at, or `find` has read; -1: nothing is known of it. */
  #line = -1
  /** By path: where the value of that line begins and ends; 0 and 0 where it is absent. */
  readonly #spans: Int32Array
  /** A path leads through a list of that line, to values in its elements. */
  #isInList = false
  /** A path leads through a list of that line, or to one. */
  #hasLists = false
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
    this.#spans = new Int32Array(2 * this.#paths.length)
    this.#recordWords = recordWords(this.#paths.length)
    wanted.finish()
    this.#inner = innerSlots(wanted.root)
    this.#reader = MemberReader.create(wanted, () => this.#passes())
  }

  /** Where the line after the one of the last `find` or `detections` begins. */
  get next(): number {
    return this.#next
  }

  /**
   * The lines that follow are in these bytes; the last one is LF.
   *
   * @param places of values in lines, where they are known. Places of other fields than those that are looked up do not count
   */
  open(bytes: Uint8Array, places?: LinePlaces): void {
    this.#bytes = bytes
    this.#view = new DataView(bytes.buffer, bytes.byteOffset, bytes.byteLength)
    this.#records = places !== undefined && this.#isOurs(places) ? places.records : NO_RECORDS
    this.#record = 0
    this.#line = -1
    this.#reader?.open(bytes)
  }

  /** Rules may have been replaced since the lines were written. */
  #isOurs({ fields }: LinePlaces): boolean {
    const paths = this.#paths
    return fields.length === paths.length && paths.every(({ field }, index) => field === fields[index])
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
    this.#line = -1
    const { length } = this.#bytes
    let at = this.#passNoted(start)
    while (at < length && this.#line === -1) {
      const end = this.#record < this.#records.length ? this.#records[this.#record]! : length
      const next = reader.pass(at, end)
      if (reader.lineRead === next) this.#takeRead(reader)
      if (next < end) {
        at = next
        break
      }
      at = this.#passNoted(next)
    }
    this.#countHits()
    return at
  }

  /** Passes by lines whose places were noted. @returns where the first line begins that is not passed by, or has no record */
  #passNoted(start: number): number {
    const records = this.#records
    const known = this.#known
    const view = this.#view
    const size = this.#recordWords
    const { length } = records
    let record = this.#record
    let at = start
    let hits = 0
    while (record < length && records[record]! < at) record += size
    lines: for (; record < length && records[record] === at; record += size) {
      let found = 0
      for (let pair = record + RECORD_HEAD; pair < record + size; pair += 2) {
        const from = records[pair]!
        if (from === 0) continue
        const first = view.getUint8(from)
        if (first === QUOTE) {
          const end = records[pair + 1]!
          if (isNothing(view, from, end)) continue
          if (known !== undefined) {
            const entry = known.find((pair - record - RECORD_HEAD) >> 1, view, from, end)
            if (entry !== UNKNOWN && !known.hasDetections(entry)) {
              found++
              continue
            }
          }
        } else if (first !== OPEN_BRACKET) continue
        this.#takeNoted(record)
        break lines
      }
      hits += found
      at = records[record + 1]!
    }
    this.#record = record
    this.#hits += hits
    return at
  }

  /** The values of a line are where its record says. */
  #takeNoted(record: number): void {
    const spans = this.#spans
    this.#line = this.#records[record]!
    this.#isInList = false
    this.#hasLists = false
    for (let index = 0; index < spans.length; index++) {
      const place = this.#records[record + RECORD_HEAD + index]!
      spans[index] = place
      if ((index & 1) === 0 && place !== 0 && this.#bytes[place] === OPEN_BRACKET) this.#hasLists = true
    }
  }

  /** The values of a line are where the scanner has found them. */
  #takeRead(reader: MemberReader): void {
    const bytes = this.#bytes
    const isList = (start: number) => start !== -1 && bytes[start] === OPEN_BRACKET
    this.#line = reader.lineRead
    this.#isInList = this.#inner.some((slot) => isList(reader.start(slot)))
    this.#hasLists = this.#isInList
    for (const [path, slot] of this.#slots.entries()) {
      const start = reader.start(slot)
      this.#spans[2 * path] = start === -1 ? 0 : start
      this.#spans[2 * path + 1] = start === -1 ? 0 : reader.end(slot)
      if (isList(start)) this.#hasLists = true
    }
  }

  /**
   * The detections of the line that `pass` has stopped at, where all its indicators are known: in the order of their paths.
   *
   * @returns undefined where they have to be asked for
   */
  detections(start: number): KnownDetections[] | undefined {
    const known = this.#known
    if (known === undefined || this.#line !== start || this.#hasLists) return undefined
    let detections: KnownDetections[] | undefined
    let hits = 0
    for (let path = 0; path < this.#paths.length; path++) {
      const from = this.#spans[2 * path]!
      const end = this.#spans[2 * path + 1]!
      if (!this.#isIndicator(from, end)) continue
      const entry = known.find(path, this.#view, from, end)
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

  /** True for a text that is neither empty nor `-`. */
  #isIndicator(from: number, end: number): boolean {
    return from !== 0 && this.#bytes[from] === QUOTE && !isNothing(this.#view, from, end)
  }

  /** The indicators of the event in the line that begins at `start`: as `Enrichment.find` finds them. */
  find(start: number): readonly FoundIndicator[] {
    this.#next = this.#bytes.indexOf(LF, start) + 1
    if (this.#line !== start && !this.#read(start)) return this.#parse(start)
    if (this.#isInList) return this.#parse(start)
    let found: FoundIndicator[] | undefined
    for (let path = 0; path < this.#paths.length; path++) {
      const { field, type } = this.#paths[path]!
      const from = this.#spans[2 * path]!
      const end = this.#spans[2 * path + 1]!
      if (from === 0) continue
      const first = this.#bytes[from]
      if (first === QUOTE) {
        const value = this.#string(from, end)
        if (!isIndicator(value)) continue
        found ??= []
        if (found.length < MAX_INDICATORS) found.push({ field, type, value })
      } else if (first === OPEN_BRACKET) {
        found ??= []
        const list = JSON.parse(this.#coding.utf8(this.#bytes, from, end)) as Value
        addElements(found, { field, type, steps: [] }, list)
      }
    }
    return found ?? NONE
  }

  /** Reads the members of a line. @returns false where nothing is known of them */
  #read(start: number): boolean {
    const reader = this.#reader
    if (reader === undefined || reader.read(start) === -1) return false
    this.#takeRead(reader)
    return true
  }

  /**
   * Keeps the answers for the indicators of the last `find`, which the pool has had in its cache.
   *
   * @param start as it was given to `find`
   * @param answers one for each
   */
  keep(start: number, found: readonly FoundIndicator[], answers: readonly Answer[]): void {
    const { keptUntil, cacheEntries = 0 } = this.#source
    if (this.#line !== start || keptUntil === undefined || this.#hasLists) return
    // Each path is an entry of its own.
    this.#known ??= new KnownAnswers(cacheEntries * this.#paths.length)
    let index = 0
    for (let path = 0; path < this.#paths.length; path++) {
      const { field, type } = this.#paths[path]!
      const from = this.#spans[2 * path]!
      if (from === 0 || this.#bytes[from] !== QUOTE) continue
      const indicator = found[index]
      // A text that is no indicator, in disguise: the next one that was found is another path's.
      if (indicator?.field !== field || indicator.type !== type) continue
      const answer = answers[index]!
      index++
      const until = keptUntil.call(this.#source, type, indicator.value)
      if (until === 0) continue
      const detections = answer.length === 0 ? undefined : this.#detectionsOf(indicator, answer)
      this.#known.keep(path, this.#view, from, this.#spans[2 * path + 1]!, detections, until)
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
      if (isNothing(memory, from, end)) continue
      if (known === undefined) return false
      const entry = known.find(path, memory, from, end)
      if (entry === UNKNOWN || known.hasDetections(entry)) return false
      hits++
    }
    this.#hits += hits
    return true
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

/** True for an empty text, and for `-`. */
function isNothing(memory: DataView, from: number, end: number): boolean {
  const length = end - from
  return length <= 3 && (length === 2 || memory.getUint8(from + 1) === MINUS)
}

function innerSlots(root: Wanted): number[] {
  const slots: number[] = []
  for (const member of root.members.values()) {
    if (member.members.size === 0) continue
    slots.push(member.slot === -1 ? member.marker : member.slot, ...innerSlots(member))
  }
  return slots
}
