import { HAND_ON_MS } from '../formats/limits.ts'

/** Monotonic where the platform has such a clock: bare contexts have none. */
const clock: { now(): number } = globalThis.performance ?? Date

/**
 * The time that evaluating has taken since somebody was last given a turn. To read the clock takes longer than some
 * events do, so it is read once in a while.
 */
export class Slice {
  #start: number | undefined
  #untilRead = 0
  #isOver = false

  /** So much time has gone by that what was made is handed on, and others get their turn: about {@link HAND_ON_MS}. */
  get isOver(): boolean {
    return this.#isOver
  }

  /**
   * An event was evaluated.
   *
   * @param share its part, at most, of what an event may cost: the clock is read when the parts make one. Default: 1
   */
  count(share = 1): void {
    this.#untilRead -= share
    if (this.#untilRead > 0) return
    this.#untilRead = 1
    const now = clock.now()
    this.#start ??= now
    this.#isOver = now - this.#start >= HAND_ON_MS
  }

  /** Others have had their turn: the next one begins with the next event. */
  restart(): void {
    this.#start = undefined
    this.#untilRead = 0
    this.#isOver = false
  }
}
