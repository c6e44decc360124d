import type { Writable } from 'node:stream'
import type { RejectedCounts } from '../batches/rejected-records.ts'
import { JOINED_LENGTH, serializeInParts, type WrittenBatch } from '../batches/serialize.ts'
import type { Batch, OutputEvent } from '../event.ts'
import { NODE_CODING } from '../formats/node-coding.ts'
import type { BatchCounts, OutputCounts } from './output-counter.ts'
import { OutputCounter } from './output-counter.ts'
import { PacedStage } from './paced-stage.ts'
import { STAGE_OPTIONS } from './stage.ts'

export interface SerializeOptions {
  /** Where records of rejected events go. It is not ended. Default: they are only counted. */
  readonly errors?: Writable
  /** `fail`: end the output at the first rejected event. Default: `reject`, go on. */
  readonly onError?: 'reject' | 'fail'
  /** Called once when an event was rejected under `fail`: nothing more has to be read. */
  readonly onStop?: () => void
  /** Called when a batch has been counted. Nobody has to know after each event. */
  readonly onBatch?: ((counts: BatchCounts) => void) | undefined
}

/**
 * Batches of outputs in, bytes out. Records of rejected events are written on the way. The stage waits, between the lines of one batch,
 * too, until the reader takes more and until the errors output does, and fails when that fails.
 */
export class SerializeStage extends PacedStage<Batch<OutputEvent> | WrittenBatch> {
  readonly #errors: Writable | undefined
  readonly #stopAtRejected: boolean
  readonly #onStop: () => void
  readonly #onBatch: (counts: BatchCounts) => void
  #stopped = false
  /** The errors output has enough for now. */
  #isWaiting = false
  readonly #counter = new OutputCounter()

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
    return this.#counter.counts
  }

  /** An event was rejected under `onError: 'fail'`. */
  get stopped(): boolean {
    return this.#stopped
  }

  protected override *pieces(batch: Batch<OutputEvent> | WrittenBatch): Iterable<Piece> {
    // A batch may have been on its way behind the event that stopped us.
    if (this.#stopped) return
    const parts = 'bytes' in batch ? [batch] : serializeInParts(batch, this.#stopAtRejected, NODE_CODING)
    for (const part of parts) {
      const { bytes, rejected } = part
      this.#counter.add(part)
      this.#onBatch(this.#counter)
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
