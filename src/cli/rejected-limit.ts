import type { BatchCounts } from '../stages/output-counter.ts'

/** The events that may be rejected: a share of them, or a number. */
export type MaxRejected =
  | { readonly kind: 'percent'; readonly percent: number; readonly text: string }
  | { readonly kind: 'number'; readonly count: number; readonly text: string }

/** Events between two looks at the limit. */
const CHECK_INTERVAL = 1000

/**
 * Reads the value of `--max-rejected`: `5%`, `0.5%`, or a number of events.
 *
 * @returns undefined where it is neither
 */
export function parseMaxRejected(text: string): MaxRejected | undefined {
  const match = /^(\d+(?:\.\d+)?)%$/.exec(text)
  if (match !== null) {
    const percent = Number(match[1])
    return percent <= 100 ? { kind: 'percent', percent, text } : undefined
  }
  const count = Number(text)
  return /^\d+$/.test(text) && Number.isSafeInteger(count) ? { kind: 'number', count, text } : undefined
}

/** Watches how many events are rejected: after every 1,000 events, and at the end. */
export class RejectedLimit {
  readonly #max: MaxRejected
  #next = CHECK_INTERVAL
  /** The message to the operator that it was passed. */
  #message: string | undefined

  constructor(max: MaxRejected) {
    this.#max = max
  }

  get message(): string | undefined {
    return this.#message
  }

  /** Looks at the limit after a batch was counted. @returns true when it has been passed */
  look(counts: BatchCounts): boolean {
    if (counts.events < this.#next) return this.#message !== undefined
    this.#next = (Math.floor(counts.events / CHECK_INTERVAL) + 1) * CHECK_INTERVAL
    return this.check(counts)
  }

  /** Compares as {@link RejectedLimit.look} does, in any case: all events are counted. */
  check({ events, rejected }: BatchCounts): boolean {
    if (this.#message === undefined && this.#isPassed(events, rejected)) {
      this.#message = `${rejected} of ${events} events were rejected, more than --max-rejected ${this.#max.text} allows`
    }
    return this.#message !== undefined
  }

  #isPassed(events: number, rejected: number): boolean {
    const max = this.#max
    return max.kind === 'number' ? rejected > max.count : rejected * 100 > max.percent * events
  }
}
