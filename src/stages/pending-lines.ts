import { Buffer } from 'node:buffer'
import { toBuffer } from '../event.ts'
import { Failure } from '../expression/failure.ts'
import type { JsonObject } from '../expression/value.ts'
import type { Answer, LookupHandler, TracerError } from '../tracer/pool.ts'
import type { Enrichment, FoundIndicator } from './enrichment.ts'
import { detectionsOf, markUnenriched } from './enrichment.ts'
import { JsonProblem, parseExact } from './json-parse.ts'
import { stringify } from './json-stringify.ts'
import { LineIndicators } from './line-indicators.ts'
import type { BatchOwner, PendingWork } from './pending-batch.ts'
import { failureReason } from './pending-batch.ts'
import type { WrittenBatch } from './serialize.ts'

/** Bytes from `start` to `end` become this text. */
interface Edit {
  readonly start: number
  readonly end: number
  readonly text: string
}

/** How the lines of a rule set are enriched: what is the same for all batches. */
export class LineEnrichment {
  readonly indicators: LineIndicators
  readonly #before: string
  readonly #after: string

  constructor(enrichment: Enrichment) {
    this.indicators = new LineIndicators(enrichment)
    const { into } = enrichment
    this.#before = into.map((step, index) => `${index === 0 ? '' : '{'}${JSON.stringify(step)}:`).join('')
    this.#after = '}'.repeat(into.length - 1)
  }

  /** The member of an event that holds detections: `"threat":{"enrichments":[...]}`. */
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
 */
export class PendingLines implements PendingWork {
  readonly size: number
  readonly textLength: number
  readonly #batch: WrittenBatch
  readonly #bytes: Buffer
  readonly #enrichment: LineEnrichment
  readonly #owner: BatchOwner
  #next = 0
  #unsettled = 0
  readonly #edits: Edit[] = []

  /** Only when all batches before it with the same enrichment are started. */
  constructor(batch: WrittenBatch, enrichment: LineEnrichment, owner: BatchOwner) {
    this.#batch = batch
    this.#bytes = toBuffer(batch.bytes)
    this.#enrichment = enrichment
    this.#owner = owner
    enrichment.indicators.open(this.#bytes)
    this.size = Math.max(1, batch.written + batch.rejected.length)
    let length = batch.bytes.length
    for (const { raw } of batch.rejected) length += raw.length
    this.textLength = length
  }

  get isStarted(): boolean {
    return this.#next === this.#bytes.length
  }

  get isComplete(): boolean {
    return this.isStarted && this.#unsettled === 0
  }

  start(ask: (found: readonly FoundIndicator[], handler: LookupHandler) => void): void {
    const start = this.#next
    const { indicators } = this.#enrichment
    const found = indicators.find(start)
    this.#next = indicators.next
    if (found.length === 0) return
    this.#unsettled += 1
    ask(found, new PendingLine(this, start, this.#next - 1, found))
  }

  result(): WrittenBatch {
    if (this.#edits.length === 0) return this.#batch
    // Answers come in any order.
    const edits = this.#edits.sort((a, b) => a.start - b.start)
    const longest = edits.reduce((length, { text }) => length + text.length * 3, this.#bytes.length)
    const bytes = Buffer.allocUnsafeSlow(longest)
    let from = 0
    let to = 0
    for (const { start, end, text } of edits) {
      to += this.#bytes.copy(bytes, to, from, start)
      to += bytes.write(text, to)
      from = end
    }
    to += this.#bytes.copy(bytes, to, from)
    return { ...this.#batch, bytes: bytes.subarray(0, to) }
  }

  /** @param end where the line's LF is */
  answer(end: number, found: readonly FoundIndicator[], answers: readonly Answer[]): void {
    const detections = detectionsOf(found, answers)
    if (detections !== undefined) {
      this.#owner.counts.enriched += 1
      this.#owner.counts.detections += detections.length
      // The event has members: those that were looked up.
      const brace = end - 1
      this.#edits.push({ start: brace, end: brace, text: `,${this.#enrichment.member(detections)}` })
    }
    this.#settled()
  }

  fail(start: number, end: number, error: TracerError): void {
    const reason = failureReason(error)
    this.#owner.counts[reason] += 1
    const text = markedText(this.#bytes.toString('utf8', start, end), reason)
    if (text !== undefined) this.#edits.push({ start, end, text })
    this.#settled()
  }

  #settled(): void {
    this.#unsettled -= 1
    if (this.isComplete) this.#owner.onComplete()
  }
}

/** One event that waits for its answers. */
class PendingLine implements LookupHandler {
  readonly #lines: PendingLines
  readonly #start: number
  readonly #end: number
  readonly #found: readonly FoundIndicator[]

  constructor(lines: PendingLines, start: number, end: number, found: readonly FoundIndicator[]) {
    this.#lines = lines
    this.#start = start
    this.#end = end
    this.#found = found
  }

  onAnswers(answers: readonly Answer[]): void {
    this.#lines.answer(this.#end, this.#found, answers)
  }

  onFailure(error: TracerError): void {
    this.#lines.fail(this.#start, this.#end, error)
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
