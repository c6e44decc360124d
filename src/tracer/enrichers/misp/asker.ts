import { setTimeout as sleep } from 'node:timers/promises'
import { type Backoff, backoffMs } from '../../client/backoff.ts'
import { Fifo } from '../../client/fifo.ts'
import { RateLimit } from '../../client/rate-limit.ts'
import type { FeedLog } from '../../feeds/feed-log.ts'
import { increment } from '../../server/counters.ts'
import { byId, isForDetection, keysOf, type MispHit, toHit } from './attributes.ts'
import { CircuitBreaker } from './circuit-breaker.ts'
import type { MispClient } from './client.ts'
import { MispError } from './misp-error.ts'
import type { MispSettings } from './settings.ts'
import { type MispHits, NO_HITS, type ValueCache } from './value-cache.ts'
import { comparisonKey } from './values.ts'

/** Pages of one search; what has more is asked for in halves. */
const MOST_PAGES = 10

/** One value that is asked for, whoever waits for it. */
interface PendingValue {
  readonly value: string
  /** The key of the attributes in MISP's answer that belong to it. */
  readonly key: string
  readonly askedAt: number
  /** Time after which nobody waits any longer, unless somebody asks again. */
  expiresAt: number
  readonly answer: Promise<MispHits>
  readonly resolve: (hits: MispHits) => void
  readonly reject: (error: MispError) => void
}

/** Counts of requests and values, which only grow. */
class MispCounts {
  /** Values that were sent to MISP. */
  values = 0
  /** Requests by their result: `ok`, or the code of a `MispError`. */
  readonly requests = new Map<string, number>()
  /** Times that the circuit breaker has opened. */
  openings = 0
}

/**
 * Asks for values in batches:
 *
 *     ask ─► asked already? ─► room? ─► waiting ─► a batch is full, or its first value has waited enough
 *             '- joins          '- busy               │   circuit closed, no pause, below the rate, a request free
 *                                                     ▼
 *                                                  search ─► hits and misses, each to its value
 *
 * Nothing is asked twice at the same time, and everything has a bound: values that wait, requests in flight, requests a
 * second, pages. When MISP fails again and again, values fail at once for a while (see circuit-breaker.ts). When it
 * asks for a pause (429), values wait for its end if that is near enough, else they fail: also those that are half
 * answered, with pages or halves left to be asked for.
 */
export class MispAsker {
  readonly counts = new MispCounts()
  readonly #client: MispClient
  readonly #settings: MispSettings
  readonly #log: FeedLog
  readonly #cache: ValueCache
  readonly #hitOf: typeof toHit
  readonly #breaker: CircuitBreaker
  readonly #rate: RateLimit
  readonly #abort = new AbortController()
  /** Wakes those that wait for their turn: it may never come. */
  #awakening = new AbortController()
  /** All that wait or are asked, by value. */
  readonly #pending = new Map<string, PendingValue>()
  readonly #waiting = new Fifo<PendingValue>()
  #requests = 0
  #timer: NodeJS.Timeout | undefined
  #pausedUntil = 0
  /** Pauses that MISP has asked for since it answered last. */
  #pauses = 0
  /** The same for all that are refused. */
  #notAsked: MispError | undefined
  readonly #busy: MispError
  readonly #closed = new MispError('closed', 'MISP is not asked any more: closed')

  /**
   * @param cache is told what MISP answers; it is not looked at here
   * @param hitOf makes a hit of an attribute
   */
  constructor(
    client: MispClient,
    settings: MispSettings,
    log: FeedLog,
    cache: ValueCache,
    hitOf: typeof toHit = toHit,
  ) {
    this.#hitOf = hitOf
    this.#client = client
    this.#settings = settings
    this.#log = log
    this.#cache = cache
    this.#breaker = new CircuitBreaker({ failures: settings.failures, ...this.#backoff })
    this.#rate = new RateLimit(settings.requestsPerSecond)
    this.#busy = new MispError('busy', `${settings.waitingValues} values wait for MISP already`)
  }

  get circuit(): CircuitBreaker['state'] {
    return this.#breaker.state
  }

  /** Values that wait to be asked. */
  get waiting(): number {
    return this.#waiting.length
  }

  /**
   * @returns the hits that MISP has for the value; rejects with a MispError
   * @throws MispError at once when nothing can be asked now: a flood of look-ups must not cost much
   */
  ask(value: string): Promise<MispHits> {
    const now = performance.now()
    const asked = this.#pending.get(value)
    if (asked !== undefined) {
      asked.expiresAt = now + this.#settings.timeoutMs
      return asked.answer
    }
    const refusal = this.#refusal(now)
    if (refusal !== undefined) throw refusal
    const pending = createPending(value, now, now + this.#settings.timeoutMs)
    this.#pending.set(value, pending)
    this.#waiting.push(pending)
    if (this.#waiting.length >= this.#settings.batchValues) this.#pump()
    // Not at once, or the values of one request could be torn apart.
    else this.#timer ??= setTimeout(() => this.#pump(), this.#settings.batchWaitMs)
    return pending.answer
  }

  /** Forgets the failures: the next value is asked. */
  reset(): void {
    this.#breaker.succeed()
    this.#pausedUntil = 0
    this.#wakeTurns()
    this.#pump()
  }

  /** All values fail. */
  close(): void {
    this.#abort.abort()
    this.#wakeTurns()
    clearTimeout(this.#timer)
    this.#fail([...this.#pending.values()], this.#closed)
    this.#waiting.clear()
  }

  get #backoff(): Backoff {
    return { minMs: this.#settings.minBackoffMs, maxMs: this.#settings.maxBackoffMs }
  }

  /** The reason why nothing can be asked now. */
  #refusal(now: number): MispError | undefined {
    const { waitingValues } = this.#settings
    if (this.#abort.signal.aborted) return this.#closed
    if (this.#isLeftAlone(now)) return this.#notAsked
    if (this.#waiting.length < waitingValues) return undefined
    this.#dropExpired(now)
    return this.#waiting.length < waitingValues ? undefined : this.#busy
  }

  /** MISP is not asked, for so long that no value can wait for the end of it. */
  #isLeftAlone(now: number): boolean {
    return this.#breaker.state === 'open' || this.#pausedUntil - now > this.#settings.timeoutMs
  }

  /** Those at the head that nobody waits for any longer make room. */
  #dropExpired(now: number): void {
    while (this.#waiting.length > 0 && this.#waiting.first!.expiresAt <= now)
      this.#expire(this.#waiting.shift()!)
  }

  /** Sends what can be sent now, and sees to it that the rest is sent when it can. */
  #pump(): void {
    clearTimeout(this.#timer)
    this.#timer = undefined
    // One request is enough to see whether MISP is back.
    const most = this.#breaker.state === 'half-open' ? 1 : this.#settings.requests
    // When a request ends, this is called again.
    while (this.#waiting.length > 0 && this.#requests < most) {
      const waitMs = Math.max(this.#fillMs(), this.#turnMs())
      if (waitMs > 0) {
        this.#timer = setTimeout(() => this.#pump(), Math.ceil(waitMs))
        return
      }
      const batch = this.#take()
      if (batch.length > 0) void this.#run(batch)
    }
  }

  /** Milliseconds until the batch at the head of the queue is to be sent. */
  #fillMs(): number {
    const { batchValues, batchWaitMs } = this.#settings
    if (this.#waiting.length >= batchValues) return 0
    return this.#waiting.first!.askedAt + batchWaitMs - performance.now()
  }

  /** Milliseconds until a request may be sent. */
  #turnMs(): number {
    const rateMs = this.#rate.isOpen ? 0 : this.#rate.waitMs
    return Math.max(rateMs, this.#pausedUntil - performance.now())
  }

  #take(): PendingValue[] {
    const now = performance.now()
    const batch: PendingValue[] = []
    while (this.#waiting.length > 0 && batch.length < this.#settings.batchValues) {
      const pending = this.#waiting.shift()!
      if (pending.expiresAt > now) batch.push(pending)
      else this.#expire(pending)
    }
    return batch
  }

  async #run(batch: readonly PendingValue[]): Promise<void> {
    this.#requests += 1
    this.#rate.use()
    this.counts.values += batch.length
    try {
      await this.#search(batch)
    } catch (error) {
      this.#fail(batch, error as MispError)
    }
    this.#requests -= 1
    if (!this.#abort.signal.aborted) this.#pump()
  }

  /** Answers all values of a batch. Rejects only when it is closed. */
  async #search(batch: readonly PendingValue[]): Promise<void> {
    let hits: ReadonlyMap<string, MispHits>
    try {
      hits = await this.#collect(batch)
    } catch (error) {
      await this.#failed(batch, toMispError(error))
      return
    }
    this.#pauses = 0
    if (this.#breaker.succeed()) this.#log.info({ url: this.#url }, 'MISP answers again')
    for (const pending of batch) {
      const known = hits.get(pending.key) ?? NO_HITS
      this.#cache.set(pending.value, known)
      this.#forget(pending)
      pending.resolve(known)
    }
  }

  /** Collects the hits that MISP has for the values of a batch, by their keys: page after page. */
  async #collect(batch: readonly PendingValue[]): Promise<ReadonlyMap<string, MispHits>> {
    const { pageSize, idsOnly, hits: mostHits } = this.#settings
    const found = new Map(batch.map(({ key }) => [key, new Map<string, MispHit>()]))
    const values = batch.map(({ value }) => value)
    for (let page = 1; ; page++) {
      if (page > 1) await this.#turn()
      const attributes = await this.#request(values, page)
      for (const attribute of attributes) {
        if (idsOnly && !isForDetection(attribute)) continue
        for (const key of keysOf(attribute)) {
          const hits = found.get(key)
          if (hits === undefined) continue
          const hit = this.#hitOf(attribute)
          hits.set(hit.id, hit)
        }
      }
      const isLast = attributes.length < pageSize
      if (isLast || [...found.values()].every((hits) => hits.size >= mostHits)) break
      if (page === MOST_PAGES) {
        throw new MispError(
          'too-large',
          `MISP has more than ${page * pageSize} attributes for ${values.length} values`,
        )
      }
    }
    const answers = new Map<string, MispHits>()
    for (const [key, hits] of found) {
      if (hits.size > 0) answers.set(key, [...hits.values()].sort(byId).slice(0, mostHits))
    }
    return answers
  }

  async #request(values: readonly string[], page: number): ReturnType<MispClient['search']> {
    try {
      const attributes = await this.#client.search(values, page)
      increment(this.counts.requests, 'ok')
      return attributes
    } catch (error) {
      increment(this.counts.requests, toMispError(error).code)
      throw error
    }
  }

  async #failed(batch: readonly PendingValue[], error: MispError): Promise<void> {
    if (this.#abort.signal.aborted) throw this.#closed
    if (error.code === 'rate-limited') {
      this.#pause(batch, error)
      return
    }
    if (error.code === 'too-large') {
      if (batch.length > 1) await this.#searchHalves(batch)
      // One value that too much is known of is no fault of MISP.
      else this.#fail(batch, error)
      return
    }
    this.#fail(batch, error)
    // Nor is it one that it was left alone.
    if (error.code === 'not-asked' || !this.#breaker.fail(error.code === 'key-refused')) return
    this.counts.openings += 1
    const retryInMs = Math.round(this.#breaker.waitMs)
    const fields = { url: this.#url, retryInMs, err: error }
    if (error.code === 'key-refused')
      this.#log.error(fields, 'MISP refuses the key; it is not asked for a while')
    else this.#log.warn(fields, 'MISP is not asked for a while')
    this.#notAsked = notAsked(`it has failed too often (${error.message})`, retryInMs)
    this.#failAllThatWait(this.#notAsked)
  }

  async #searchHalves(batch: readonly PendingValue[]): Promise<void> {
    const middle = batch.length >> 1
    const halves = [batch.slice(0, middle), batch.slice(middle)]
    for (const [i, half] of halves.entries()) {
      try {
        await this.#turn()
      } catch (error) {
        // A half before this one may wait by now.
        this.#fail(halves.slice(i).flat(), toMispError(error))
        return
      }
      await this.#search(half)
    }
  }

  /** Waits until a request may be sent, and takes that right. Rejects when that is too long to wait for. */
  async #turn(): Promise<void> {
    for (;;) {
      const refusal = this.#refusalOfTurn()
      if (refusal !== undefined) throw refusal
      const waitMs = this.#turnMs()
      if (waitMs <= 0) break
      // A batch that is woken looks again.
      await sleep(waitMs, undefined, { signal: this.#awakening.signal }).catch(ignore)
    }
    this.#rate.use()
  }

  #refusalOfTurn(): MispError | undefined {
    if (this.#abort.signal.aborted) return this.#closed
    if (this.#isLeftAlone(performance.now())) return this.#notAsked
    const waitMs = this.#turnMs()
    return waitMs > this.#settings.timeoutMs ? notAsked('the rate is used up', waitMs) : undefined
  }

  #wakeTurns(): void {
    const awakening = this.#awakening
    this.#awakening = new AbortController()
    awakening.abort()
  }

  /** MISP asks for a pause: the batch waits, if it is not too long to wait for. */
  #pause(batch: readonly PendingValue[], { retryAfterMs }: MispError): void {
    const now = performance.now()
    const isNew = this.#pausedUntil <= now
    if (isNew) this.#pauses += 1
    const pauseMs = retryAfterMs ?? backoffMs(this.#pauses, this.#backoff)
    this.#pausedUntil = Math.max(this.#pausedUntil, now + pauseMs)
    if (isNew) this.#log.warn({ url: this.#url, pauseMs: Math.round(pauseMs) }, 'MISP asks for a pause (429)')
    this.#waiting.unshift(batch)
    const leftMs = this.#pausedUntil - now
    if (leftMs > this.#settings.timeoutMs) this.#notAsked = notAsked('it asked for a pause', leftMs)
    // It may be left alone for what another request has met.
    if (this.#isLeftAlone(now)) this.#failAllThatWait(this.#notAsked!)
  }

  /** Also those that wait for their turn. */
  #failAllThatWait(error: MispError): void {
    this.#fail(this.#waiting.clear(), error)
    this.#wakeTurns()
  }

  #expire(pending: PendingValue): void {
    this.#fail([pending], new MispError('timeout', 'MISP was not asked in time'))
  }

  /** The value may be asked for again already. */
  #forget(pending: PendingValue): void {
    if (this.#pending.get(pending.value) === pending) this.#pending.delete(pending.value)
  }

  #fail(values: readonly PendingValue[], error: MispError): void {
    for (const pending of values) {
      this.#forget(pending)
      pending.reject(error)
    }
  }

  get #url(): string {
    return this.#client.url.origin
  }
}

function createPending(value: string, askedAt: number, expiresAt: number): PendingValue {
  let resolve: PendingValue['resolve'] = () => {}
  let reject: PendingValue['reject'] = () => {}
  const answer = new Promise<MispHits>((onAnswer, onFailure) => {
    resolve = onAnswer
    reject = onFailure
  })
  // The caller that waited may have given up.
  answer.catch(() => {})
  return { value, key: comparisonKey(value), askedAt, expiresAt, answer, resolve, reject }
}

function ignore(): void {}

function notAsked(reason: string, waitMs: number): MispError {
  return new MispError('not-asked', `MISP is not asked for ${Math.ceil(waitMs)} ms: ${reason}`)
}

function toMispError(error: unknown): MispError {
  if (error instanceof MispError) return error
  return new MispError('bad-answer', `MISP's answer cannot be used: ${(error as Error).message}`, {
    cause: error,
  })
}
