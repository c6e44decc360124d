import { Buffer } from 'node:buffer'
import type { Writable } from 'node:stream'
import type { RejectionCode } from '../errors.ts'
import type { Batch, BatchNotes, OutputEvent, RejectedEvent, Rejection } from '../event.ts'
import { inOrder, mergeRejected, rejectedEvent, rejectedRecord } from '../event.ts'
import { Failure } from '../expression/failure.ts'
import { HAND_ON_RECORD_BYTES } from '../formats/limits.ts'
import { NODE_CODING } from '../formats/node-coding.ts'
import { MAX_OUTPUT_LENGTH, stringify, tooBig } from '../json/stringify.ts'
import { PacedStage } from './paced-stage.ts'
import type { RejectedCounts, RejectedRecords } from './rejected-records.ts'
import { RecordWriter } from './rejected-records.ts'
import type { RuleTotals } from './rule-counts.ts'
import { RuleCounts } from './rule-counts.ts'
import { STAGE_OPTIONS } from './stage.ts'

export interface SerializeOptions {
  /** Where records of rejected events go. It is not ended. Default: they are only counted. */
  readonly errors?: Writable
  /** `fail`: end the output at the first rejected event. Default: `reject`, go on. */
  readonly onError?: 'reject' | 'fail'
  /** Called once when an event was rejected under `fail`: nothing more has to be read. */
  readonly onStop?: () => void
  /** Called when a batch has been counted. Nobody has to know after each event. */
  readonly onBatch?: ((stage: SerializeStage) => void) | undefined
}

/** Counts of what has left the pipeline. */
export interface OutputCounts extends RuleTotals {
  /** Events that were read: `written` and `rejected` together. */
  readonly events: number
  readonly written: number
  readonly rejected: number
  readonly rejectedByCode: Readonly<Partial<Record<RejectionCode, number>>>
  /** Bytes of output. */
  readonly bytesWritten: number
}

export interface SerializedBatch {
  /** JSON lines, many in one string. */
  readonly texts: readonly string[]
  /** Number of lines. */
  readonly written: number
  readonly rejected: readonly RejectedEvent[]
}

/** Events of a chunk that have been written already; under `onError: 'fail'` nothing follows the first rejected one. */
export interface WrittenBatch {
  readonly source: string
  /** JSON lines. */
  readonly bytes: Uint8Array
  /** Number of lines. */
  readonly written: number
  readonly rejected: RejectedRecords
  readonly notes?: BatchNotes | undefined
}

/** Lines are joined to strings of about this many characters: one string of a whole batch might be too long for V8. */
const JOINED_LENGTH = 1 << 20

/**
 * Writes outputs as JSON lines. An output that cannot be written is rejected.
 *
 * @param stopAtRejected leave out everything after the first rejected event
 */
export function serializeBatch(batch: Batch<OutputEvent>, stopAtRejected = false): SerializedBatch {
  const lines = new LineJoiner()
  const refused: RejectedEvent[] = []
  const end = stopAtRejected
    ? (batch.rejected[0]?.ordinal ?? Number.POSITIVE_INFINITY)
    : Number.POSITIVE_INFINITY
  let written = 0
  for (const event of batch.events) {
    if (event.ordinal > end) break
    const json = outputText(event)
    if (typeof json === 'string') {
      lines.add(json)
      written++
    } else {
      refused.push(rejectedEvent(event, json))
      if (stopAtRejected) break
    }
  }
  const rejected = mergeRejected(batch.rejected, refused)
  return { texts: lines.end(), written, rejected: stopAtRejected ? rejected.slice(0, 1) : rejected }
}

/** The records of the errors output. */
export function serializeRejected(source: string, rejected: readonly RejectedEvent[]): readonly string[] {
  const lines = new LineJoiner()
  for (const event of rejected) lines.add(rejectedRecord(source, event))
  return lines.end()
}

/** An output as JSON, or why it cannot be written. */
export function outputText({ output, plain, numbers }: OutputEvent): string | Rejection {
  try {
    const text = plain ? JSON.stringify(output) : stringify(output, numbers)
    if (text.length > MAX_OUTPUT_LENGTH) throw tooBig()
    return text
  } catch (error) {
    if (error instanceof Failure) return { code: error.code, message: error.message }
    // JSON.stringify recurses, and its result is limited like any string.
    if (error instanceof RangeError)
      return { code: 'VALUE_ERROR', message: 'the output nests too deep or is too long' }
    throw error
  }
}

class LineJoiner {
  readonly #texts: string[] = []
  #text = ''

  add(line: string): void {
    // Of a line that is long itself, and what was before it, no one string can be made.
    if (line.length >= JOINED_LENGTH) this.#cut()
    this.#text += line
    this.#text += '\n'
    if (this.#text.length >= JOINED_LENGTH) this.#cut()
  }

  end(): readonly string[] {
    this.#cut()
    return this.#texts
  }

  #cut(): void {
    if (this.#text !== '') this.#texts.push(this.#text)
    this.#text = ''
  }
}

/**
 * Batches of outputs in, bytes out. Records of rejected events are written on the way. The stage waits, between the lines of one batch,
 * too, until the reader takes more and until the errors output does, and fails when that fails.
 */
export class SerializeStage extends PacedStage<Batch<OutputEvent> | WrittenBatch> {
  readonly #errors: Writable | undefined
  readonly #stopAtRejected: boolean
  readonly #onStop: () => void
  readonly #onBatch: (stage: SerializeStage) => void
  #stopped = false
  /** The errors output has enough for now. */
  #isWaiting = false
  #written = 0
  #rejected = 0
  readonly #rejectedByCode: Partial<Record<RejectionCode, number>> = {}
  readonly #rules = new RuleCounts()
  #bytesWritten = 0

  constructor({ errors, onError = 'reject', onStop = () => {}, onBatch = () => {} }: SerializeOptions = {}) {
    super({ ...STAGE_OPTIONS, writableObjectMode: true, readableHighWaterMark: JOINED_LENGTH })
    if (onError !== 'reject' && onError !== 'fail') {
      throw new TypeError(`onError has to be 'reject' or 'fail', not ${JSON.stringify(onError)}`)
    }
    this.#errors = errors
    this.#stopAtRejected = onError === 'fail'
    this.#onStop = onStop
    this.#onBatch = onBatch
    errors?.on('error', this.#fail).on('close', this.#closed)
  }

  get counts(): OutputCounts {
    return {
      events: this.#written + this.#rejected,
      written: this.#written,
      rejected: this.#rejected,
      rejectedByCode: { ...this.#rejectedByCode },
      ...this.#rules.totals,
      bytesWritten: this.#bytesWritten,
    }
  }

  /** Events that have left: written ones, and rejected ones. */
  get events(): number {
    return this.#written + this.#rejected
  }

  get rejected(): number {
    return this.#rejected
  }

  /** An event was rejected under `onError: 'fail'`. */
  get stopped(): boolean {
    return this.#stopped
  }

  protected override *pieces(batch: Batch<OutputEvent> | WrittenBatch): Iterable<Piece> {
    // A batch may have been on its way behind the event that stopped us.
    if (this.#stopped) return
    const parts = 'bytes' in batch ? [batch] : serializeInParts(batch, this.#stopAtRejected)
    for (const { bytes, written, rejected, notes } of parts) {
      this.#written += written
      this.#bytesWritten += bytes.length
      this.#count(rejected, notes)
      if (bytes.length > 0) yield { bytes, isRejected: false }
      this.#stopIfAsked(rejected)
      if (rejected.count > 0) yield { bytes: rejected.bytes, isRejected: true }
    }
  }

  protected override give({ bytes, isRejected }: Piece): boolean {
    if (!isRejected) return this.pushPiece(bytes)
    if (this.#errors === undefined || this.#errors.write(bytes)) return true
    this.#isWaiting = true
    this.#errors.once('drain', () => {
      this.#isWaiting = false
      this.goOn()
    })
    return false
  }

  protected override get isBlocked(): boolean {
    return this.#isWaiting
  }

  override _destroy(error: Error | null, callback: (error?: Error | null) => void): void {
    this.#errors?.off('error', this.#fail).off('close', this.#closed)
    callback(error)
  }

  #stopIfAsked(rejected: RejectedCounts): void {
    if (!this.#stopAtRejected || rejected.count === 0) return
    this.#stopped = true
    this.#onStop()
  }

  #count({ count, byCode, byRule }: RejectedCounts, notes: BatchNotes | undefined): void {
    this.#rejected += count
    for (const [code, ofCode] of Object.entries(byCode) as [RejectionCode, number][]) {
      this.#rejectedByCode[code] = (this.#rejectedByCode[code] ?? 0) + ofCode
    }
    this.#rules.reject(byRule)
    if (notes !== undefined) this.#rules.add(notes)
    this.#onBatch(this)
  }

  readonly #fail = (error: Error): void => {
    this.destroy(error)
  }

  readonly #closed = (): void => {
    this.destroy(new Error('the errors output was closed'))
  }
}

/** Bytes for one of the outputs. */
interface Piece {
  readonly bytes: Uint8Array
  readonly isRejected: boolean
}

/** Writes outputs as JSON lines, and records of what is rejected, in as many parts as it takes to have little in memory. */
function* serializeInParts(batch: Batch<OutputEvent>, stopAtRejected: boolean): Iterable<WrittenBatch> {
  const { source } = batch
  const records = new RecordWriter(source, NODE_CODING)
  let text = ''
  let written = 0
  let { notes } = batch
  const takePart = (): WrittenBatch => {
    const part = { source, bytes: Buffer.from(text), written, rejected: records.take(), notes }
    text = ''
    written = 0
    notes = undefined
    return part
  }
  for (const event of inOrder(batch)) {
    const json = 'output' in event ? outputText(event) : undefined
    if (typeof json === 'string') {
      if (json.length >= JOINED_LENGTH && written > 0) yield takePart()
      text += `${json}\n`
      written++
    } else {
      records.add('output' in event ? rejectedEvent(event, json!) : event)
      if (stopAtRejected) break
    }
    if (text.length >= JOINED_LENGTH || records.length >= HAND_ON_RECORD_BYTES) yield takePart()
  }
  if (written > 0 || records.length > 0 || notes !== undefined) yield takePart()
}
