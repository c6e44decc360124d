import { Buffer } from 'node:buffer'
import { EventEmitter } from 'node:events'
import type { Detection, Indicator, IndicatorType } from '../protocol.ts'
import { type Answer, AnswerCache, NO_DETECTIONS } from './cache.ts'
import type { ServerAddress } from './connection.ts'
import { Fifo } from './fifo.ts'
import { InFlight } from './in-flight.ts'
import { LONGEST_TIMER_MS, type PoolSettings, poolSettings, type TracerPoolOptions } from './pool-options.ts'
import { PoolStats } from './pool-stats.ts'
import { RateLimit } from './rate-limit.ts'
import { fitsBytes, Lookup, type LookupHandler, Question, Request, wireValue } from './request.ts'
import { TracerError } from './tracer-error.ts'
import { Upstream, type UpstreamOwner } from './upstream.ts'

export type { Answer } from './cache.ts'
export type { ClientTls, ServerAddress } from './connection.ts'
export { POOL_DEFAULTS, type TracerPoolOptions } from './pool-options.ts'
export type { PoolStats } from './pool-stats.ts'
export type { LookupHandler } from './request.ts'
export { TracerError, type TracerErrorCode } from './tracer-error.ts'

interface PoolEvents {
  /** The pool is not busy any longer. */
  drain: []
  /** This server is not there, and why. */
  lost: [server: ServerAddress, error: Error]
  /** It answers again. */
  back: [server: ServerAddress]
  /** Look-ups have waited for lost servers as long as they may, and fail from now on. */
  waited: []
}

/** Bytes of a line besides indicators, and of an indicator besides its value: more than they ever take. */
const LINE_OVERHEAD = 32
const INDICATOR_OVERHEAD = 8

/**
 * Asks tracer servers about indicators, over a few connections that stay open.
 *
 *                     cache       in flight           queue            upstreams
 *     dispatch --> [ known? ] --> [ asked? ] --> [ r | r | r | r ] --> server a: connection, connection, ...
 *                     |              | waits      bounded: busy        server b: connection, connection, ...
 *                     v              v  too          <----- lost connection: back to the front
 *                  answered       answered
 *
 * `dispatch` and `busy` are one contract: false means wait for `drain`. A request beyond that is refused, not kept.
 *
 * No look-up waits for ever: it is answered, or fails with a `TracerError` when the reply did not come in `timeoutMs`
 * (`timeout`), or when no server is there after some attempts (`unavailable`). While all servers are lost look-ups
 * fail at once, or wait for `waitMs`; the pool goes on trying, and look-ups work again as soon as a server replies.
 */
export class TracerPool extends EventEmitter<PoolEvents> {
  readonly stats = new PoolStats()
  readonly #settings: PoolSettings
  readonly #upstreams: readonly Upstream[]
  readonly #cache: AnswerCache
  readonly #limit: RateLimit
  readonly #queue = new Fifo<Request>()
  readonly #asked = new InFlight()
  /** Requests that are queued or in flight, and that somebody waits for. */
  #open = 0
  #lastId = 0
  #needsDrain = false
  #limitTimer: NodeJS.Timeout | undefined
  #lastError: Error | undefined
  #lastFailed: Request | undefined
  #closed: Promise<void> | undefined
  #onIdle: (() => void) | undefined
  #isDestroyed = false
  #isPumping = false
  /**
   * The time of the first failure of a connection or request since the last answer, on the clock of
   * `performance.now()`.
   */
  #outageSince: number | undefined
  #waitTimer: NodeJS.Timeout | undefined
  #waitMs: number

  /** @throws {TypeError} when an option is not acceptable */
  constructor(options: TracerPoolOptions) {
    super()
    const settings = poolSettings(options)
    this.#settings = settings
    this.#waitMs = settings.waitMs
    this.#cache = new AnswerCache({ entries: settings.cacheEntries, ttlMs: settings.cacheTtlMs })
    this.#limit = new RateLimit(settings.rps)
    const { minBackoffMs, maxBackoffMs } = settings
    const backoff = { minMs: minBackoffMs, maxMs: Math.max(minBackoffMs, maxBackoffMs) }
    const owner = this.#owner()
    this.#upstreams = settings.servers.map(
      (address) => new Upstream(address, { ...settings, backoff }, owner),
    )
  }

  /** Requests that can be in flight at a time. */
  get capacity(): number {
    return this.#upstreams.length * this.#settings.connections * this.#settings.window
  }

  /** Answers that are kept of each type of indicator at most. */
  get cacheEntries(): number {
    return this.#settings.cacheEntries
  }

  /**
   * Until when the cache may answer for an indicator, on the clock of `performance.now()`; 0: it does not know it. For users that
   * keep answers in a form of their own; they count what they use of them in `stats.cacheHits`.
   */
  keptUntil(type: IndicatorType, value: string): number {
    return this.#cache.keptUntil(type, wireValue(value))
  }

  /** As many requests wait as may: none is taken until `drain`. */
  get busy(): boolean {
    return this.#queue.length >= this.#settings.queue
  }

  /**
   * Asks for indicators, each of which is asked once, whoever else asks for it at the time.
   *
   * The handler is told once: before this returns when the cache knows everything, or when nothing can be asked
   * because the pool is busy or closed or has lost its servers; later otherwise.
   *
   * @returns false: the pool is busy now, wait for `drain`
   */
  dispatch(indicators: readonly Indicator[], handler: LookupHandler): boolean {
    if (this.#closed !== undefined || this.#isDestroyed) {
      handler.onFailure(new TracerError('closed', 'the tracer pool is closed'))
    } else if (this.busy) {
      handler.onFailure(new TracerError('busy', 'the tracer pool is busy: wait for drain'))
    } else {
      this.#lookUp(indicators, handler)
    }
    if (!this.busy) return true
    this.#needsDrain = true
    return false
  }

  /**
   * As `dispatch`, with a promise.
   *
   * @returns an answer for each indicator, in their order; rejects with a `TracerError`
   */
  lookup(indicators: readonly Indicator[]): Promise<readonly Answer[]> {
    return new Promise((resolve, reject) => {
      this.dispatch(indicators, { onAnswers: resolve, onFailure: reject })
    })
  }

  /** Takes no more, finishes what was taken, then ends the connections. A second call waits for the same. */
  close(): Promise<void> {
    this.#closed ??= new Promise<void>((resolve) => {
      this.#onIdle = resolve
    }).then(() => this.destroy())
    this.#checkIdle()
    return this.#closed
  }

  /** Ends the connections; whatever waits fails with the error. */
  destroy(error: Error = new TracerError('closed', 'the tracer pool was destroyed')): void {
    if (this.#isDestroyed) return
    this.#isDestroyed = true
    clearTimeout(this.#limitTimer)
    clearTimeout(this.#waitTimer)
    const failure =
      error instanceof TracerError ? error : new TracerError('closed', error.message, { cause: error })
    for (const upstream of this.#upstreams) upstream.destroy(failure)
    this.#queue.clear()
    const questions = this.#asked.clear()
    this.#open = 0
    for (const question of questions) question.fail(failure)
    this.#checkIdle()
    this.#checkDrain()
  }

  /** Look-ups that wait for lost servers fail now, and none waits for them from now on. */
  stopWaiting(): void {
    this.#waitMs = 0
    this.#pump()
  }

  #lookUp(indicators: readonly Indicator[], handler: LookupHandler): void {
    const answers = new Array<Answer>(indicators.length)
    let lookup: Lookup | undefined
    let questions: Question[] | undefined
    for (let index = 0; index < indicators.length; index++) {
      const { type, value } = indicators[index]!
      const text = wireValue(value)
      const answer = this.#recall(type, text)
      if (answer !== undefined) {
        answers[index] = answer
        continue
      }
      lookup ??= new Lookup(handler, answers)
      const asked = this.#asked.get(type, text)
      if (asked !== undefined) {
        asked.join(lookup, index)
        this.stats.shared += 1
        continue
      }
      const question = new Question(type, text, lookup, index)
      this.#asked.add(question)
      if (questions === undefined) questions = [question]
      else questions.push(question)
    }
    if (lookup === undefined) handler.onAnswers(answers)
    if (questions === undefined) return
    if (questions.length === 1) this.#queue.push(this.#request(questions))
    else this.#enqueue(questions)
    this.#pump()
  }

  /** The answer that is known without asking. */
  #recall(type: IndicatorType, text: string): Answer | undefined {
    const answer = this.#cache.get(type, text)
    if (answer !== undefined) {
      this.stats.cacheHits += 1
      return answer
    }
    if (text === '') return NO_DETECTIONS
    if (!fitsBytes(text, this.#settings.maxLineBytes - LINE_OVERHEAD - INDICATOR_OVERHEAD)) {
      this.stats.tooLong += 1
      return NO_DETECTIONS
    }
    this.stats.cacheMisses += 1
    return undefined
  }

  /**
   * One request for all of them, where that is possible: a line has a bound, and a value stands in it only once, since
   * a detection names its indicator by nothing but the value.
   */
  #enqueue(questions: readonly Question[]): void {
    let line: Question[] = []
    let values = new Set<string>()
    let bytes = LINE_OVERHEAD
    for (const question of questions) {
      const { value } = question
      const size = Buffer.byteLength(value) + INDICATOR_OVERHEAD
      if (values.has(value) || bytes + size > this.#settings.maxLineBytes) {
        this.#queue.push(this.#request(line))
        line = []
        values = new Set()
        bytes = LINE_OVERHEAD
      }
      line.push(question)
      values.add(value)
      bytes += size
    }
    this.#queue.push(this.#request(line))
  }

  #request(questions: readonly Question[]): Request {
    this.#open += 1
    this.#lastId += 1
    // Two characters at least: the original does not see the first indicator of a line that has less before it.
    return new Request(`s${this.#lastId.toString(36)}`, questions)
  }

  #owner(): UpstreamOwner {
    const pool = this
    return {
      onAnswer: (request, detections) => this.#answer(request, detections),
      onTimeout: (request, isSilent) => {
        if (isSilent && this.#mayWait()) {
          this.stats.retries += 1
          this.#open -= 1
          this.#queue.unshift([this.#request(request.questions)])
          return
        }
        this.#fail(request, new TracerError('timeout', `no reply within ${this.#settings.timeoutMs} ms`))
      },
      onReturned: (requests) => this.#sendAgain(requests),
      onRoom: () => this.#pump(),
      onConnect: () => {
        this.stats.connections += 1
      },
      onFailure: ({ address }, error) => {
        this.stats.failedConnections += 1
        this.#outageSince ??= performance.now()
        this.#lastError = new Error(`${describe(address)}: ${describeError(error)}`, { cause: error })
      },
      onLost: ({ address }, error) => {
        this.emit('lost', address, error)
        this.#pump()
      },
      onBack: ({ address }) => {
        this.#endOutage()
        this.emit('back', address)
        this.#pump()
      },
      get sample() {
        return pool.#queue.first ?? pool.#lastFailed
      },
    }
  }

  /** Sends what waits as far as there is room for it, and lets nothing wait for servers that are lost. */
  #pump(): void {
    // A handler that is told of a failure may ask again at once.
    if (this.#isPumping || this.#isDestroyed) return
    this.#isPumping = true
    try {
      this.#send()
      while (this.#queue.length > 0 && this.#areAllLost) {
        if (this.#mayWait()) break
        const error = this.#lossError()
        for (const request of this.#queue.clear()) this.#fail(request, error)
      }
    } finally {
      this.#isPumping = false
    }
    this.#checkDrain()
  }

  #send(): void {
    for (let request = this.#queue.first; request !== undefined; request = this.#queue.first) {
      if (!this.#limit.isOpen) {
        this.#limitTimer ??= setTimeout(() => {
          this.#limitTimer = undefined
          this.#pump()
        }, this.#limit.waitMs)
        return
      }
      if (!this.#upstream().send(request)) {
        for (const upstream of this.#upstreams) upstream.makeRoom(this.#queue.length)
        return
      }
      this.#queue.shift()
      this.#limit.use()
      this.stats.requests += 1
    }
  }

  /** The server with the most room. */
  #upstream(): Upstream {
    let best = this.#upstreams[0]!
    for (let index = 1; index < this.#upstreams.length; index++) {
      const upstream = this.#upstreams[index]!
      if (upstream.room > best.room) best = upstream
    }
    return best
  }

  get #areAllLost(): boolean {
    return this.#upstreams.every(({ loss }) => loss !== undefined)
  }

  /** A look-up that would fail for want of a server may wait for one. */
  #mayWait(): boolean {
    if (this.#waitMs === 0) return false
    const now = performance.now()
    this.#outageSince ??= now
    const leftMs = this.#outageSince + this.#waitMs - now
    if (leftMs <= 0) return false
    this.#waitTimer ??= setTimeout(
      () => {
        this.#waitTimer = undefined
        if (this.#outageSince === undefined || this.#mayWait()) return
        if (this.#areAllLost) this.emit('waited')
        this.#pump()
      },
      Math.min(leftMs + 1, LONGEST_TIMER_MS),
    )
    return true
  }

  #endOutage(): void {
    this.#outageSince = undefined
    clearTimeout(this.#waitTimer)
    this.#waitTimer = undefined
  }

  #answer(request: Request, detections: Answer): void {
    if (this.#outageSince !== undefined) this.#endOutage()
    if (request.abandoned) {
      this.stats.lateReplies += 1
      return
    }
    this.#open -= 1
    const { questions } = request
    if (detections.length === 0) {
      for (const question of questions) this.#settle(question, NO_DETECTIONS)
    } else if (questions.length === 1) {
      const { value } = questions[0]!
      const own = detections.every(({ matched }) => matched === value)
      this.#settle(questions[0]!, own ? detections : this.#withoutStrays(detections, value))
    } else {
      this.#distribute(detections, questions)
    }
    this.#checkIdle()
  }

  #withoutStrays(detections: Answer, value: string): Answer {
    const own = detections.filter(({ matched }) => matched === value)
    this.stats.strayDetections += detections.length - own.length
    return own.length === 0 ? NO_DETECTIONS : own
  }

  /** Each detection to the question that it names by its value. */
  #distribute(detections: Answer, questions: readonly Question[]): void {
    const found = new Map<string, Detection[]>()
    for (const { value } of questions) found.set(value, [])
    for (const detection of detections) {
      const answer = found.get(detection.matched)
      if (answer === undefined) this.stats.strayDetections += 1
      else answer.push(detection)
    }
    for (const question of questions) {
      const answer = found.get(question.value)!
      this.#settle(question, answer.length === 0 ? NO_DETECTIONS : answer)
    }
  }

  #settle(question: Question, answer: Answer): void {
    this.stats.detections += answer.length
    this.#asked.delete(question)
    this.#cache.set(question.type, question.value, answer)
    question.answer(answer)
  }

  #sendAgain(requests: readonly Request[]): void {
    const { retries } = this.#settings
    // Requests to a server that breaks off all connections are not lost either, as long as it may be waited for.
    const mayWait = requests.some(({ failures }) => failures > retries) && this.#mayWait()
    const again = mayWait ? requests : requests.filter(({ failures }) => failures <= retries)
    this.stats.retries += again.length
    if (again.length > 0) this.#queue.unshift(again)
    for (const request of requests) {
      if (!mayWait && request.failures > retries) this.#fail(request, this.#unavailable())
    }
    this.#pump()
  }

  #fail(request: Request, error: TracerError): void {
    this.stats[error.code === 'timeout' ? 'timeouts' : 'unavailable'] += 1
    this.#lastFailed = request
    this.#open -= 1
    for (const question of request.questions) {
      this.#asked.delete(question)
      question.fail(error)
    }
    this.#checkIdle()
  }

  #lossError(): TracerError {
    if (this.#upstreams.every(({ loss }) => loss === 'unavailable')) return this.#unavailable()
    return new TracerError('timeout', 'the server has stopped to answer')
  }

  #unavailable(): TracerError {
    const cause = this.#lastError
    return new TracerError('unavailable', `no server answers: ${cause?.message ?? 'all are lost'}`, { cause })
  }

  #checkIdle(): void {
    if (this.#open === 0) this.#onIdle?.()
  }

  #checkDrain(): void {
    if (!this.#needsDrain || this.#queue.length * 2 > this.#settings.queue) return
    this.#needsDrain = false
    this.emit('drain')
  }
}

function describe({ host, port }: ServerAddress): string {
  return host.includes(':') ? `[${host}]:${port}` : `${host}:${port}`
}

/** A name with several addresses gives an error without a message of its own. */
function describeError(error: Error): string {
  return error.message || ((error as NodeJS.ErrnoException).code ?? error.name)
}
