/** A burst is as many as come in this time at the full rate. */
const BURST_MS = 10

/**
 * Lets through so many a second, and of what was not used only as much as 10 ms bring (at least one), if no other burst
 * is asked for: a bucket of tokens that fills at the rate and is nearly as small as it can be.
 */
export class RateLimit {
  readonly #tokensPerMs: number
  readonly #capacity: number
  readonly #now: () => number
  #tokens: number
  #filledAt: number

  /**
   * @param perSecond above 0; Infinity: no limit
   * @param now a clock that never goes back, in milliseconds
   * @param burst number that may go at once after a pause; default: as many as come in 10 ms
   */
  constructor(perSecond: number, now: () => number = () => performance.now(), burst?: number) {
    this.#tokensPerMs = perSecond / 1000
    this.#capacity = burst ?? Math.max(1, this.#tokensPerMs * BURST_MS)
    this.#now = now
    this.#tokens = this.#capacity
    this.#filledAt = Number.isFinite(perSecond) ? now() : 0
  }

  /** True when one more may go now. */
  get isOpen(): boolean {
    if (this.#tokens < 1) this.#fill()
    return this.#tokens >= 1
  }

  /** One goes. Only while it is open. */
  use(): void {
    this.#tokens -= 1
  }

  /** Milliseconds until it is open again. */
  get waitMs(): number {
    return Math.max(0, (1 - this.#tokens) / this.#tokensPerMs)
  }

  #fill(): void {
    const now = this.#now()
    this.#tokens = Math.min(this.#capacity, this.#tokens + (now - this.#filledAt) * this.#tokensPerMs)
    this.#filledAt = now
  }
}
