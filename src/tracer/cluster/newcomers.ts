import { RateLimit } from '../client/rate-limit.ts'

/** The limit of new connections of one worker that are dealt out. */
interface Dealt {
  readonly aSecond: number
  readonly atOnce: number
}

/** The limit of all new connections: more of them are many. */
export const DEALT_NEWCOMERS: Dealt = { aSecond: 50, atOnce: 64 }
/** The limit of those that the worker has no room for. */
export const DEALT_OVERFLOW: Dealt = { aSecond: 200, atOnce: 512 }

/**
 * Chooses the new connections of a worker that the primary deals out.
 *
 * All workers accept from one port, and whoever is awake first gets a connection: one worker may get all four of a
 * client that keeps them for days, and another none. So a connection goes to the worker that has the fewest, by way of
 * the primary, as long as new ones are few. When they are many, as with clients that make one for each request, each
 * worker keeps what it has accepted: dealing would cost more than serving, and by their number they are spread well.
 */
export class Newcomers {
  readonly #limit: RateLimit

  /** @param now a clock that never goes back, in milliseconds */
  constructor({ aSecond, atOnce }: Dealt = DEALT_NEWCOMERS, now?: () => number) {
    this.#limit = new RateLimit(aSecond, now, atOnce)
  }

  /** True when the one that has just come is dealt out. */
  isNextDealt(): boolean {
    if (!this.#limit.isOpen) return false
    this.#limit.use()
    return true
  }
}
