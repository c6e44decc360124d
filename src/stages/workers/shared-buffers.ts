import { Buffer } from 'node:buffer'

/** Bytes that several threads see. */
export type SharedBytes = Uint8Array<SharedArrayBuffer>

/**
 * Memory for blocks that is used again and again. A buffer that changed hands for each block would have to be allocated
 * and freed for each, and V8 collects its garbage the more often, the more of that there is.
 */
export class SharedBuffers {
  readonly #size: number
  readonly #kept: number
  readonly #free: SharedArrayBuffer[] = []

  /**
   * @param size of a buffer, in bytes, if no larger one is asked for
   * @param kept so many are kept for the next ones at most
   */
  constructor(size: number, kept: number) {
    this.#size = size
    this.#kept = kept
  }

  /** @param least bytes that have to find room */
  take(least = 0): Buffer<SharedArrayBuffer> {
    if (least > this.#size) return Buffer.from(new SharedArrayBuffer(least))
    return Buffer.from(this.#free.pop() ?? new SharedArrayBuffer(this.#size))
  }

  /** Nobody uses the buffer any more. */
  give(buffer: SharedArrayBuffer): void {
    if (buffer.byteLength === this.#size && this.#free.length < this.#kept) this.#free.push(buffer)
  }
}
