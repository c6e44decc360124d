/** Bytes between two looks at the pace: of a pipe that is fast, a quarter of a second of work. */
const WINDOW_BYTES = 16 * 1024 * 1024

/** A loop that waits for less than this share of the time is what keeps the others waiting. */
const LARGEST_WAIT = 0.25

/**
 * Tells when more threads are worth their start: much has come, and comes faster than one thread takes it. A loop that waits for its
 * source, or for who reads its output, has time left, and would gain nothing by threads.
 */
export class Pace {
  readonly #afterBytes: number
  #bytes = 0
  #begun: number
  #bytesBefore = 0
  #waited = 0

  /**
   * @param afterBytes so many bytes have to have come
   * @param now time in milliseconds
   */
  constructor(afterBytes: number, now: number) {
    this.#afterBytes = afterBytes
    this.#begun = now
  }

  /** The loop has waited for so many milliseconds. */
  wait(milliseconds: number): void {
    this.#waited += milliseconds
  }

  /**
   * Takes note of bytes that were worked on.
   *
   * @returns true when threads are worth it now
   */
  isTooFast(bytes: number, now: number): boolean {
    this.#bytes += bytes
    if (this.#bytes - this.#bytesBefore < Math.min(WINDOW_BYTES, this.#afterBytes)) return false
    const share = this.#waited / (now - this.#begun)
    this.#bytesBefore = this.#bytes
    this.#begun = now
    this.#waited = 0
    return this.#bytes > this.#afterBytes && !(share > LARGEST_WAIT)
  }
}
