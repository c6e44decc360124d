import type { Writable } from 'node:stream'
import type { RejectedCounts } from '../batches/rejected-records.ts'
import { JOINED_LENGTH, serializeInParts, type WrittenBatch } from '../batches/serialize.ts'
import type { RejectionCode } from '../errors.ts'
import type { Batch, BatchNotes, OutputEvent } from '../event.ts'
import { NODE_CODING } from '../formats/node-coding.ts'
import { PacedStage } from './paced-stage.ts'
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
  /** Events that were read, of one that was split its elements: `written`, `rejected` and `dropped` together. */
  readonly events: number
  readonly written: number
  readonly rejected: number
  /** Events that rules drop. */
  readonly dropped: number
  readonly rejectedByCode: Readonly<Partial<Record<RejectionCode, number>>>
  /** Bytes of output. */
  readonly bytesWritten: number
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
  #dropped = 0
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
      events: this.events,
      written: this.#written,
      rejected: this.#rejected,
      dropped: this.#dropped,
      rejectedByCode: { ...this.#rejectedByCode },
      ...this.#rules.totals,
      bytesWritten: this.#bytesWritten,
    }
  }

  /** Events that have left: written ones, rejected ones, and those that were dropped. */
  get events(): number {
    return this.#written + this.#rejected + this.#dropped
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
    const parts = 'bytes' in batch ? [batch] : serializeInParts(batch, this.#stopAtRejected, NODE_CODING)
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

  #count({ count, byCode, byRule, bySet }: RejectedCounts, notes: BatchNotes | undefined): void {
    this.#rejected += count
    for (const [code, ofCode] of Object.entries(byCode) as [RejectionCode, number][]) {
      this.#rejectedByCode[code] = (this.#rejectedByCode[code] ?? 0) + ofCode
    }
    this.#rules.reject(byRule, bySet)
    this.#dropped += notes?.dropped ?? 0
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
