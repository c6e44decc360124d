import { randomInt } from 'node:crypto'
import type { Enricher, Match } from '../enricher.ts'
import type { Indicator } from '../protocol.ts'
import type { RemoteLookup, RemoteLookups, RemoteResult } from './messages.ts'

/** The options of a remote enricher. */
export interface RemoteEnricherOptions {
  /** Its name in logs and metrics. */
  readonly name: string
  /** Its place among those that are shared. */
  readonly enricher: number
  /** Tells the primary. @returns false when there is no way to it any longer */
  readonly send: (message: RemoteLookups) => boolean
  /** Time for one look-up, in milliseconds; then it fails, and its late answer is dropped. Default: 30 s. */
  readonly timeoutMs?: number
  /** Look-ups that may wait; those beyond fail at once. Default 10,000. */
  readonly maxInFlight?: number
}

/**
 * The default of `RemoteEnricherOptions.timeoutMs`. The enricher has time-outs of its own, which say more than this
 * one.
 */
export const REMOTE_TIMEOUT_MS = 30_000
const MAX_IN_FLIGHT = 10_000
/** The largest number that `randomInt` takes; from there, too, there are more than enough up to 2^53. */
const FIRST_IDS = 2 ** 48 - 1

interface Waiting {
  readonly resolve: (matches: readonly Match[]) => void
  readonly reject: (error: Error) => void
  /** The time when it fails, on the clock of `performance.now()`. */
  readonly due: number
}

/**
 * Stands in a worker for an enricher that lives in the primary, once for all workers.
 *
 *     lookup, lookup, lookup ─► [ one message a turn ] ─► EnricherHost ─► [ one message a turn ] ─► resolved
 *
 * All look-ups have the same time, so those that wait are in the order in which they are due, and one timer is enough.
 */
export class RemoteEnricher implements Enricher {
  readonly name: string
  readonly #enricher: number
  readonly #send: (message: RemoteLookups) => boolean
  readonly #timeoutMs: number
  readonly #maxInFlight: number
  readonly #waiting = new Map<number, Waiting>()
  #unsent: RemoteLookup[] = []
  /** The number of the last look-up. The numbers begin anywhere, so that no answer to another worker is one to this. */
  #lastId = randomInt(FIRST_IDS)
  #timer: NodeJS.Timeout | undefined
  /** The reason why it is closed. */
  #closedFor: string | undefined

  constructor(options: RemoteEnricherOptions) {
    this.name = options.name
    this.#enricher = options.enricher
    this.#send = options.send
    this.#timeoutMs = options.timeoutMs ?? REMOTE_TIMEOUT_MS
    this.#maxInFlight = options.maxInFlight ?? MAX_IN_FLIGHT
  }

  /** Rejects when the enricher does, when no answer comes in time, and when too many wait already. */
  lookup({ type, value }: Indicator): Promise<readonly Match[]> {
    if (this.#closedFor !== undefined) return Promise.reject(new Error(this.#closedFor))
    if (this.#waiting.size >= this.#maxInFlight) {
      return Promise.reject(new Error(`${this.#waiting.size} look-ups wait already`))
    }
    this.#lastId += 1
    const id = this.#lastId
    if (this.#unsent.length === 0) queueMicrotask(() => this.#flush())
    this.#unsent.push([id, { type, value }])
    return new Promise((resolve, reject) => {
      this.#waiting.set(id, { resolve, reject, due: performance.now() + this.#timeoutMs })
      this.#timer ??= setTimeout(() => this.#onTimer(), this.#timeoutMs)
    })
  }

  /** Answers that came from the primary. */
  onResults(results: readonly RemoteResult[]): void {
    for (const [id, matches, error, isLogged] of results) {
      const waiting = this.#waiting.get(id)
      if (waiting === undefined) continue
      this.#waiting.delete(id)
      if (matches !== null) waiting.resolve(matches)
      else waiting.reject(Object.assign(new Error(error), { isLogged }))
    }
    if (this.#waiting.size === 0) this.#stopTimer()
  }

  /** Fails what waits, and what comes: whoever answers is gone, or nobody asks any longer. */
  close(reason = 'the primary is gone'): void {
    this.#closedFor ??= reason
    this.#fail(this.#closedFor)
  }

  #flush(): void {
    const lookups = this.#unsent
    this.#unsent = []
    if (this.#closedFor !== undefined) return
    if (!this.#send({ kind: 'lookups', enricher: this.#enricher, lookups })) this.close()
  }

  #fail(reason: string): void {
    this.#stopTimer()
    for (const { reject } of this.#waiting.values()) reject(new Error(reason))
    this.#waiting.clear()
  }

  #onTimer(): void {
    this.#timer = undefined
    // Timers may be early by a part of a millisecond.
    const now = performance.now() + 1
    for (const [id, { due, reject }] of this.#waiting) {
      if (due > now) {
        this.#timer = setTimeout(() => this.#onTimer(), due - now)
        return
      }
      this.#waiting.delete(id)
      reject(new Error(`no answer within ${this.#timeoutMs} ms`))
    }
  }

  #stopTimer(): void {
    clearTimeout(this.#timer)
    this.#timer = undefined
  }
}
