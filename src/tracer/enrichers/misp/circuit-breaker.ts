import { type Backoff, backoffMs } from '../../client/backoff.ts'

/** `closed`: asked as usual; `open`: left alone; `half-open`: one request may show that it is back. */
export type CircuitState = 'closed' | 'open' | 'half-open'

interface CircuitOptions extends Backoff {
  /** Failures in a row that open it. */
  readonly failures: number
}

/**
 * Leaves a service alone that has failed several times in a row, for a time that doubles from failed attempt to failed
 * attempt.
 *
 *     closed ── failures ──► open ── time ──► half-open ── success ──► closed
 *                              ▲                  │
 *                              '───── failure ────'
 */
export class CircuitBreaker {
  readonly #options: CircuitOptions
  readonly #now: () => number
  #failures = 0
  /** Number of openings since it was closed. */
  #openings = 0
  #openUntil = 0

  /** @param now a clock that never goes back, in milliseconds */
  constructor(options: CircuitOptions, now: () => number = () => performance.now()) {
    this.#options = options
    this.#now = now
  }

  get state(): CircuitState {
    if (this.#openings === 0) return 'closed'
    return this.waitMs > 0 ? 'open' : 'half-open'
  }

  /** Milliseconds until it is not open any more. */
  get waitMs(): number {
    return this.#openings === 0 ? 0 : Math.max(0, this.#openUntil - this.#now())
  }

  /** @returns true when that has closed it */
  succeed(): boolean {
    const wasClosed = this.#openings === 0
    this.#failures = 0
    this.#openings = 0
    return !wasClosed
  }

  /**
   * @param isLasting trying again soon will not help: it opens at once, and for the longest time
   * @returns true when that has opened it
   */
  fail(isLasting = false): boolean {
    const { state } = this
    // Requests that were on their way when it opened say nothing new.
    if (state === 'open') return false
    this.#failures += 1
    if (state === 'closed' && !isLasting && this.#failures < this.#options.failures) return false
    this.#openings += 1
    const waitMs = isLasting ? this.#options.maxMs : backoffMs(this.#openings, this.#options)
    this.#openUntil = this.#now() + waitMs
    return true
  }
}
