import { Buffer } from 'node:buffer'
import { Transform, type TransformCallback, type Writable } from 'node:stream'
import type { RejectionCode } from '../errors.ts'
import type { Batch, BatchNotes, OutputEvent, RejectedEvent, Rejection } from '../event.ts'
import { mergeRejected, rejectedRecord } from '../event.ts'
import { Failure } from '../expression/failure.ts'
import { stringify } from './json-stringify.ts'
import type { RuleTotals } from './rule-counts.ts'
import { RuleCounts } from './rule-counts.ts'
import { guard, STAGE_OPTIONS } from './stage.ts'

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
  readonly rejected: readonly RejectedEvent[]
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
      refused.push({ line: event.line, ordinal: event.ordinal, rejection: json, raw: event.text })
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

function outputText({ output, plain, numbers }: OutputEvent): string | Rejection {
  try {
    return plain ? JSON.stringify(output) : stringify(output, numbers)
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
    this.#text += line
    this.#text += '\n'
    if (this.#text.length >= JOINED_LENGTH) this.#cut()
  }

  end(): readonly string[] {
    if (this.#text !== '') this.#cut()
    return this.#texts
  }

  #cut(): void {
    this.#texts.push(this.#text)
    this.#text = ''
  }
}

/**
 * Batches of outputs in, bytes out. Records of rejected events are written on the way: the stage waits until the
 * errors output takes more, and fails when it fails.
 */
export class SerializeStage extends Transform {
  readonly #errors: Writable | undefined
  readonly #stopAtRejected: boolean
  readonly #onStop: () => void
  readonly #onBatch: (stage: SerializeStage) => void
  #stopped = false
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

  override _transform(
    batch: Batch<OutputEvent> | WrittenBatch,
    _encoding: BufferEncoding,
    callback: TransformCallback,
  ): void {
    // What was on its way behind the event that stopped us.
    if (this.#stopped) {
      callback()
      return
    }
    guard(callback, () => {
      if ('bytes' in batch) this.#pass(batch, callback)
      else this.#write(batch, callback)
    })
  }

  override _destroy(error: Error | null, callback: (error?: Error | null) => void): void {
    this.#errors?.off('error', this.#fail).off('close', this.#closed)
    callback(error)
  }

  #write(batch: Batch<OutputEvent>, callback: TransformCallback): void {
    const { texts, written, rejected } = serializeBatch(batch, this.#stopAtRejected)
    this.#written += written
    this.#count(rejected, batch.notes)
    for (const text of texts) {
      const bytes = Buffer.from(text)
      this.#bytesWritten += bytes.length
      this.push(bytes)
    }
    this.#stopIfAsked(rejected)
    this.#writeErrors(serializeRejected(batch.source, rejected), callback)
  }

  #pass({ source, bytes, written, rejected, notes }: WrittenBatch, callback: TransformCallback): void {
    this.#written += written
    this.#count(rejected, notes)
    this.#bytesWritten += bytes.length
    if (bytes.length > 0) this.push(bytes)
    this.#stopIfAsked(rejected)
    this.#writeErrors(serializeRejected(source, rejected), callback)
  }

  #stopIfAsked(rejected: readonly RejectedEvent[]): void {
    if (!this.#stopAtRejected || rejected.length === 0) return
    this.#stopped = true
    this.#onStop()
  }

  #count(rejected: readonly RejectedEvent[], notes: BatchNotes | undefined): void {
    this.#rejected += rejected.length
    for (const { rejection } of rejected) {
      this.#rejectedByCode[rejection.code] = (this.#rejectedByCode[rejection.code] ?? 0) + 1
      this.#rules.reject(rejection.rule)
    }
    if (notes !== undefined) this.#rules.add(notes)
    this.#onBatch(this)
  }

  #writeErrors(texts: readonly string[], callback: TransformCallback): void {
    let free = true
    for (const text of texts) free = this.#errors?.write(text) ?? true
    if (free || this.#errors === undefined) callback()
    else this.#errors.once('drain', () => callback())
  }

  readonly #fail = (error: Error): void => {
    this.destroy(error)
  }

  readonly #closed = (): void => {
    this.destroy(new Error('the errors output was closed'))
  }
}
