/** Workers of the page, and the time that they get. */
import type { PlaygroundContent } from '../content.ts'
import type { FromWorker, QuestionKind, Questions, ToWorker } from '../messages.ts'

/** A worker that is not heard of for so long is stopped. The time for loading its script does not count. */
const LIMIT_MS = 1000

/** Compiling has bounds of its own, and a slow machine may need some time for the first rules. */
const COMPILE_LIMIT_MS = 10_000

/** And for each character of the rules: many rule sets take longer than one. */
const COMPILE_LIMIT_MS_PER_CHARACTER = 0.25

/** An answer will not come: the worker was stopped. `event` is the one that it was at, counted from 0. */
export class Stopped extends Error {
  readonly event: number | undefined

  constructor(event: number | undefined) {
    super('it took longer than a second')
    this.event = event
  }
}

/** A newer question has taken the place of this one. */
export class Outdated extends Error {}

interface Waiting {
  readonly id: number
  readonly about: QuestionKind
  readonly message: ToWorker
  readonly resolve: (answer: unknown) => void
  readonly reject: (error: Error) => void
  event: number | undefined
}

/** One worker, which answers one question after the other. It is made again when it was stopped. */
export class Engine {
  readonly #script: URL
  #worker: Worker | undefined
  #isReady = false
  #content: PlaygroundContent | undefined
  /** The content that the worker has. */
  #given: PlaygroundContent | undefined
  #queue: Waiting[] = []
  #current: Waiting | undefined
  #timer: number | undefined
  #next = 1

  constructor(script: URL) {
    this.#script = script
  }

  /** Questions from now on are about this. Those about the content before it that still wait are not asked. */
  use(content: PlaygroundContent): void {
    this.#content = content
    for (const waiting of this.#queue) waiting.reject(new Outdated())
    this.#queue = []
  }

  /**
   * @throws {Stopped} when the answer took too long
   * @throws {Outdated} when the content changed before it was asked
   */
  ask<Kind extends QuestionKind>(
    about: Kind,
    ask: Questions[Kind]['ask'],
  ): Promise<Questions[Kind]['answer']> {
    return new Promise((resolve, reject) => {
      const id = this.#next++
      const message: ToWorker = { kind: 'question', id, about, ask }
      this.#queue.push({
        id,
        about,
        message,
        resolve: resolve as (answer: unknown) => void,
        reject,
        event: undefined,
      })
      this.#proceed()
    })
  }

  #proceed(): void {
    if (this.#current !== undefined) return
    const worker = this.#start()
    if (!this.#isReady) return
    const current = this.#queue.shift()
    if (current === undefined) return
    this.#current = current
    if (this.#given !== this.#content) {
      worker.postMessage({ kind: 'content', content: this.#content! } satisfies ToWorker)
      this.#given = this.#content
    }
    worker.postMessage(current.message)
    const { files } = this.#content!
    const characters = files.reduce((sum, { text }) => sum + text.length, 0)
    this.#wait(COMPILE_LIMIT_MS + COMPILE_LIMIT_MS_PER_CHARACTER * characters)
  }

  #start(): Worker {
    if (this.#worker !== undefined) return this.#worker
    const worker = new Worker(this.#script)
    worker.addEventListener('message', ({ data }: MessageEvent<FromWorker>) => this.#hear(worker, data))
    worker.addEventListener('error', (event) => {
      if (worker === this.#worker) this.#end(new Error(event.message || 'the worker could not be loaded'))
    })
    this.#worker = worker
    this.#isReady = false
    this.#given = undefined
    return worker
  }

  #hear(worker: Worker, message: FromWorker): void {
    if (worker !== this.#worker) return
    const current = this.#current
    if (message.kind === 'ready') this.#isReady = true
    else if (current === undefined || message.id !== current.id) return
    else if (message.kind === 'progress') {
      current.event = message.event
      this.#wait(LIMIT_MS)
      return
    } else {
      window.clearTimeout(this.#timer)
      this.#current = undefined
      if (message.kind === 'answer') current.resolve(message.answer)
      else current.reject(new Error(message.message))
    }
    this.#proceed()
  }

  #wait(milliseconds: number): void {
    window.clearTimeout(this.#timer)
    this.#timer = window.setTimeout(() => this.#end(new Stopped(this.#current?.event)), milliseconds)
  }

  #end(error: Error): void {
    window.clearTimeout(this.#timer)
    this.#worker?.terminate()
    this.#worker = undefined
    const current = this.#current
    this.#current = undefined
    current?.reject(error)
    if (this.#queue.length > 0) this.#proceed()
  }
}
