import { RateLimit } from '../rate-limit.ts'

/** New connections a second of one worker, and in a burst, that are dealt out: so many are few. */
const DEALT_A_SECOND = 50
const DEALT_AT_ONCE = 64

/**
 * Which new connections of a worker the primary deals out.
 *
 * All workers accept from one port, and whoever is awake first gets a connection: one worker may get all four of a
 * client that keeps them for days, and another none. So a connection goes to the worker that has the fewest, by way of
 * the primary, as long as new ones are few. When they are many, as with clients that make one for each request, each
 * worker keeps what it has accepted: dealing would cost more than serving, and by their number they are spread well.
 */
export class Newcomers {
  readonly #limit: RateLimit

  /** @param now a clock that never goes back, in milliseconds */
  constructor(now?: () => number) {
    this.#limit = new RateLimit(DEALT_A_SECOND, now, DEALT_AT_ONCE)
  }

  /** Whether the one that has just come is dealt out. */
  isNextDealt(): boolean {
    if (!this.#limit.isOpen) return false
    this.#limit.use()
    return true
  }
}
