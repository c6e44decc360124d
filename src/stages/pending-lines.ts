import { NO_RECORDS } from '../batches/rejected-records.ts'
import type { WrittenBatch } from '../batches/serialize.ts'
import { Failure } from '../expression/failure.ts'
import type { JsonObject } from '../expression/value.ts'
import { HAND_ON_BYTES } from '../formats/limits.ts'
import { JsonProblem, parseExact } from '../json/parse.ts'
import { stringify } from '../json/stringify.ts'
import type { TextCoding } from '../json/text-coding.ts'
import type { LinePlaces } from '../rules/fast/written-places.ts'
import type { Answer, LookupHandler, TracerError } from '../tracer/client/pool.ts'
import type { Enrichment, FoundIndicator } from './enrichment.ts'
import { detectionsOf, markUnenriched } from './enrichment.ts'
import type { KnownDetections } from './known-answers.ts'
import type { AnswerSource } from './line-indicators.ts'
import { LineIndicators } from './line-indicators.ts'
import type { BatchOwner, PendingWork } from './pending-batch.ts'
import { failureReason } from './pending-batch.ts'

/** Bytes from `start` to `end` become this text. */
interface Edit {
  readonly start: number
  readonly end: number
  readonly text: string
}

/** A buffer for a larger batch is not kept. */
const MAX_LENT_BYTES = 1024 * 1024

const COMMA = Uint8Array.of(0x2c)

/** The part of enriching lines that is the same for all batches of a rule set. */
export class LineEnrichment {
  readonly indicators: LineIndicators
  readonly coding: TextCoding
  /** The bytes in front of the detections of a line, and behind them: `,"threat":{"enrichments":[` and `]}`. */
  readonly head: Uint8Array
  readonly tail: Uint8Array
  readonly #before: string
  readonly #after: string

  readonly #isLent: boolean
  #buffer: Uint8Array = new Uint8Array()

  /**
   * @param source tells how long answers hold. Default: each is asked for
   * @param isLent whoever takes a batch is done with its bytes before the next one is cut: they may share a buffer. Default: each has its own
   */
  constructor(enrichment: Enrichment, coding: TextCoding, source?: AnswerSource, isLent = false) {
    this.coding = coding
    this.#isLent = isLent
    this.indicators = new LineIndicators(enrichment, coding, source)
    const { into } = enrichment
    this.#before = `,${into.map((step, index) => `${index === 0 ? '' : '{'}${JSON.stringify(step)}:`).join('')}`
    this.#after = '}'.repeat(into.length - 1)
    this.head = new TextEncoder().encode(`${this.#before}[`)
    this.tail = new TextEncoder().encode(`]${this.#after}`)
  }

  /** Room for the bytes of a batch. */
  buffer(size: number): Uint8Array {
    if (!this.#isLent || size > MAX_LENT_BYTES) return this.coding.allocate(size)
    if (this.#buffer.length < size) this.#buffer = this.coding.allocate(size + (size >> 1))
    return this.#buffer
  }

  /** The member of an event that holds detections, behind another one: `,"threat":{"enrichments":[...]}`. */
  member(detections: readonly JsonObject[]): string {
    return this.#before + JSON.stringify(detections) + this.#after
  }
}

/**
 * A batch of events that are written already, as JSON lines, and are looked up. Most of them come out as they are; what
 * is found for one goes in front of its closing brace.
 *
 *     {"url":{...}}\n{"url":{...}}\n{"url":{...}}\n
 *                  `-- ,"threat":{"enrichments":[...]}
 *
 * So the events must not have a member of that name: see `canEnrichLines`. And there is no place here for an event that
 * is rejected, since its text is not known any longer.
 *
 * Lines whose answers are known take no object: those without detections are passed by many at a time, and for the others, bytes that
 * are there already are noted for their place.
 */
export class PendingLines implements PendingWork {
  readonly size: number
  readonly textLength: number
  #batch: WrittenBatch
  #bytes: Uint8Array
  readonly #places: LinePlaces | undefined
  readonly #enrichment: LineEnrichment
  readonly #owner: BatchOwner
  /** The bytes before this one have left. */
  #from = 0
  #next = 0
  #unsettled = 0
  /** Lines that were asked for and have not left, in their order. */
  #asked: PendingLine[] = []
  /** Where bytes go into lines that were not asked for, in order, and these bytes: those that have not left. */
  #inserts: number[] = []
  #pieces: Uint8Array[] = []
  /** The line that is asked for at the moment: when it is answered at once, the pool had all answers. */
  #asking: PendingLine | undefined
  /** Number of lines that have left. */
  #left = 0

  /** Only when all batches before it with the same enrichment are started. */
  constructor(batch: WrittenBatch, enrichment: LineEnrichment, owner: BatchOwner) {
    const { places, ...rest } = batch
    this.#batch = places === undefined ? batch : rest
    this.#places = places
    this.#bytes = enrichment.coding.view(batch.bytes)
    this.#enrichment = enrichment
    this.#owner = owner
    enrichment.indicators.open(this.#bytes, places)
    this.size = Math.max(1, batch.written + batch.rejected.count)
    this.textLength = batch.bytes.length + batch.rejected.bytes.length
  }

  get isStarted(): boolean {
    return this.#next === this.#bytes.length
  }

  get isComplete(): boolean {
    return this.isStarted && this.#unsettled === 0
  }

  keep(): void {
    const { coding, indicators } = this.#enrichment
    const copy = coding.allocate(this.#bytes.length)
    copy.set(this.#bytes)
    this.#bytes = copy
    this.#batch = { ...this.#batch, bytes: copy }
    if (!this.isStarted) indicators.open(copy, this.#places)
  }

  start(ask: (found: readonly FoundIndicator[], handler: LookupHandler) => void): void {
    const { indicators } = this.#enrichment
    const start = indicators.pass(this.#next)
    this.#next = start
    if (start === this.#bytes.length) return
    const known = indicators.detections(start)
    if (known !== undefined) {
      this.#next = indicators.next
      this.#insert(known)
      return
    }
    const found = indicators.find(start)
    this.#next = indicators.next
    if (found.length === 0) return
    this.#unsettled += 1
    const line = new PendingLine(this, start, this.#next - 1, found)
    this.#asked.push(line)
    this.#asking = line
    ask(found, line)
    this.#asking = undefined
  }

  /** Puts the detections of the line before `#next` in front of its closing brace. */
  #insert(known: readonly KnownDetections[]): void {
    const { head, tail } = this.#enrichment
    const { counts } = this.#owner
    // The event has members: those that were looked up.
    const brace = this.#next - 2
    counts.enriched += 1
    for (let index = 0; index < known.length; index++) {
      const { text, count } = known[index]!
      counts.detections += count
      this.#piece(brace, index === 0 ? head : COMMA)
      this.#piece(brace, text)
    }
    this.#piece(brace, tail)
  }

  #piece(place: number, bytes: Uint8Array): void {
    this.#inserts.push(place)
    this.#pieces.push(bytes)
    this.#owner.added += bytes.length
  }

  takePart(): WrittenBatch | undefined {
    const count = this.#asked.findIndex(({ isSettled }) => !isSettled)
    const end = count === -1 ? this.#next : this.#asked[count]!.start
    if (end === this.#from) return undefined
    const bytes = this.#cut(end, count === -1 ? this.#asked.length : count)
    const written = countLines(this.#bytes, this.#from, end)
    this.#from = end
    this.#left += written
    return { source: this.#batch.source, bytes, written, rejected: NO_RECORDS }
  }

  result(): WrittenBatch {
    const isAsItWas = this.#inserts.length === 0 && this.#asked.every(({ edit }) => edit === undefined)
    if (this.#from === 0 && isAsItWas) return this.#batch
    const bytes = this.#cut(this.#bytes.length, this.#asked.length)
    return { ...this.#batch, bytes, written: this.#batch.written - this.#left }
  }

  /** The bytes that have not left up to this one, with the edits of the first `count` lines that were asked for. */
  #cut(end: number, count: number): Uint8Array {
    const { coding } = this.#enrichment
    const source = this.#bytes
    const lines = count === this.#asked.length ? this.#asked : this.#asked.slice(0, count)
    this.#asked = count === this.#asked.length ? [] : this.#asked.slice(count)
    const inserts = this.#inserts
    const pieces = this.#pieces
    let known = 0
    let size = 0
    while (known < inserts.length && inserts[known]! < end) size += pieces[known++]!.length
    let added = 0
    for (const { edit } of lines) added += edit?.text.length ?? 0
    if (size + added === 0) return source.subarray(this.#from, end)
    this.#owner.added -= size + added
    // A UTF-16 unit takes three bytes at most.
    const bytes = this.#enrichment.buffer(end - this.#from + size + added * 3)
    let from = this.#from
    let to = 0
    let next = 0
    const copyUpTo = (place: number): void => {
      bytes.set(source.subarray(from, place), to)
      to += place - from
      from = place
    }
    const insertUpTo = (limit: number): void => {
      for (; next < known && inserts[next]! < limit; next++) {
        if (inserts[next]! > from) copyUpTo(inserts[next]!)
        const piece = pieces[next]!
        bytes.set(piece, to)
        to += piece.length
      }
    }
    for (const { edit } of lines) {
      if (edit === undefined) continue
      insertUpTo(edit.start)
      copyUpTo(edit.start)
      to += coding.write(edit.text, bytes, to)
      from = edit.end
    }
    insertUpTo(end)
    copyUpTo(end)
    this.#inserts = known === inserts.length ? [] : inserts.slice(known)
    this.#pieces = known === pieces.length ? [] : pieces.slice(known)
    return bytes.subarray(0, to)
  }

  answer(line: PendingLine, found: readonly FoundIndicator[], answers: readonly Answer[]): void {
    if (line === this.#asking) this.#enrichment.indicators.keep(line.start, found, answers)
    const detections = detectionsOf(found, answers)
    if (detections !== undefined) {
      this.#owner.counts.enriched += 1
      this.#owner.counts.detections += detections.length
      // The event has members: those that were looked up.
      const brace = line.end - 1
      this.#edit(line, { start: brace, end: brace, text: this.#enrichment.member(detections) })
    }
    this.#settle(line)
  }

  fail(line: PendingLine, error: TracerError): void {
    const { start, end } = line
    const reason = failureReason(error)
    this.#owner.counts[reason] += 1
    const text = markedText(this.#enrichment.coding.utf8(this.#bytes, start, end), reason)
    if (text !== undefined) this.#edit(line, { start, end, text })
    this.#settle(line)
  }

  #edit(line: PendingLine, edit: Edit): void {
    line.edit = edit
    this.#owner.added += edit.text.length
  }

  #settle(line: PendingLine): void {
    line.isSettled = true
    this.#unsettled -= 1
    if (this.isComplete || this.#owner.added >= HAND_ON_BYTES) this.#owner.onComplete()
  }
}

function countLines(bytes: Uint8Array, from: number, end: number): number {
  let count = 0
  for (let next = bytes.indexOf(LF, from); next !== -1 && next < end; next = bytes.indexOf(LF, next + 1))
    count++
  return count
}

const LF = 0x0a

/** One event that waits for its answers. */
class PendingLine implements LookupHandler {
  /** Where it begins, and where its LF is. */
  readonly start: number
  readonly end: number
  isSettled = false
  /** The change of the line; undefined: there is none. */
  edit: Edit | undefined
  readonly #lines: PendingLines
  readonly #found: readonly FoundIndicator[]

  constructor(lines: PendingLines, start: number, end: number, found: readonly FoundIndicator[]) {
    this.#lines = lines
    this.start = start
    this.end = end
    this.#found = found
  }

  onAnswers(answers: readonly Answer[]): void {
    this.#lines.answer(this, this.#found, answers)
  }

  onFailure(error: TracerError): void {
    this.#lines.fail(this, error)
  }
}

/**
 * The text of an event that could not be looked up, with the mark that says so and with every number as it was.
 *
 * @returns undefined where the event nests deeper than can be followed: it stays as it is
 */
function markedText(text: string, reason: 'timeout' | 'unavailable'): string | undefined {
  try {
    const { value, numbers } = parseExact(text)
    const output = value as JsonObject
    const marked = markUnenriched({ line: 0, ordinal: 0, text, output, plain: false, numbers }, reason)
    return stringify(marked.output, marked.numbers)
  } catch (error) {
    if (error instanceof RangeError || error instanceof JsonProblem || error instanceof Failure)
      return undefined
    throw error
  }
}
