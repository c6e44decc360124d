/**
 * The fetch handler without its requests and responses: the headers and the body of a request in, those of its response out.
 * Node's `http` and everything that has `Request` and `Response` use it.
 */
import type { CompiledRules } from '../batches/compiled-rules.ts'
import type { LineTest } from '../batches/input-format.ts'
import type { RejectedRecords } from '../batches/rejected-records.ts'
import type { InputOptions } from '../formats/input-options.ts'
import { inputSettings } from '../formats/input-options.ts'
import type { TextCoding } from '../json/text-coding.ts'
import { joined } from './bytes.ts'
import { inlineRecords } from './inline-records.ts'
import type { ContentEncoding } from './media-type.ts'
import { bodyFormat, contentEncoding } from './media-type.ts'
import type { NormalizedPart, Normalizer } from './processors.ts'
import { Processors } from './processors.ts'

export interface HandlerOptions extends InputOptions {
  /** A rule set that `compileRules` has compiled, or a module that `normalize compile` has written. */
  readonly rules: CompiledRules
  /**
   * Takes the rejected events of a request that does not ask for them (`?errors=inline`); waited for before more is read. A
   * fault of it ends the request. Default: they are only counted.
   */
  readonly onRejected?: ((rejected: RejectedRecords) => void | Promise<void>) | undefined
  /** Bytes of a body, unpacked; more are refused with 413. `Infinity`: no limit. Default: 67,108,864 (64 MiB). */
  readonly maxBodyBytes?: number | undefined
  /** Told of each part of the output when it is given away, rejected events included. Default: nobody is told. */
  readonly onOutput?: ((part: NormalizedPart) => void) | undefined
  /** Told of the bytes of each chunk that is read, unpacked. Default: nobody is told. */
  readonly onInput?: ((bytes: number) => void) | undefined
}

export const DEFAULT_MAX_BODY_BYTES = 64 * 1024 * 1024

/** The head of a request. */
export interface RequestHead {
  readonly method: string
  /** Absolute, or from the path on. */
  readonly url: string
  /** @returns null where there is none */
  header(name: string): string | null
}

/** The response to a request. */
export interface Answer {
  readonly status: number
  readonly headers: Readonly<Record<string, string>>
  /** Whole, or made as it is read. Whoever does not read it to its end calls `return`. */
  readonly body: string | Uint8Array | AsyncGenerator<Uint8Array>
  /** After the end of a body that is made: what else there is to say, as headers are said. */
  readonly trailers?: () => Readonly<Record<string, string>>
}

/** The parts of it that depend on the platform. */
export interface Platform {
  readonly coding: TextCoding
  /** Makes the test of `multiline`. Default: it refuses patterns that need re2js. */
  readonly lineTest?: LineTest
  /** Makes what normalizes the bodies. Default: processors of the rules, and nothing is looked up. */
  readonly createNormalizer?: (rules: CompiledRules) => Normalizer
  /** Unpacks a body. What it throws is a fault of the body. */
  unpack(body: AsyncIterable<Uint8Array>, encoding: ContentEncoding): AsyncIterable<Uint8Array>
}

/** The request cannot be answered, and why. */
class Refusal extends Error {
  readonly status: number

  constructor(status: number, message: string, options?: ErrorOptions) {
    super(message, options)
    this.status = status
  }
}

/** The response begins when so much of it is there, or when the request has come to its end, or after so long. */
const BEGIN_BYTES = 64 * 1024
const BEGIN_MS = 1000

/** The name of the input in records of rejected events. */
const SOURCE = 'request'

const OUTPUT_TYPE = 'application/x-ndjson'
const TRAILERS = ['Sluice-Events', 'Sluice-Written', 'Sluice-Rejected', 'Sluice-Dropped'] as const

/** Events of one request so far. */
interface Counts {
  written: number
  rejected: number
  dropped: number
}

export class HttpNormalizer {
  readonly #options: HandlerOptions
  readonly #input: InputOptions
  readonly #maxBodyBytes: number
  readonly #platform: Platform
  readonly #normalizer: Normalizer

  /** @throws {TypeError} when an option is not acceptable */
  constructor(options: HandlerOptions, platform: Platform) {
    const { rules, maxBodyBytes = DEFAULT_MAX_BODY_BYTES } = options
    const { rules: _rules, onRejected, onOutput, onInput, maxBodyBytes: _max, ...input } = options
    inputSettings(input)
    if (!(maxBodyBytes >= 0))
      throw new TypeError(`maxBodyBytes has to be a number from 0, not ${maxBodyBytes}`)
    this.#options = options
    this.#input = input
    this.#maxBodyBytes = maxBodyBytes
    this.#platform = platform
    this.#normalizer =
      platform.createNormalizer?.(rules) ?? new Processors(rules, platform.coding, platform.lineTest)
    const form = bodyFormat(null, input)
    if (typeof form !== 'string') this.#normalizer.prepare(form)
  }

  /** Events that are read from now on, of requests that have begun as well, are worked on with these rules. */
  replaceRules(rules: CompiledRules): void {
    this.#normalizer.replaceRules(rules)
  }

  /**
   * Answers a request.
   *
   * @param body undefined: there is none
   * @throws what `onRejected` throws; the body of the answer likewise, and also what reading the body of the request failed with
   */
  async answer(head: RequestHead, body: AsyncIterable<Uint8Array> | undefined): Promise<Answer> {
    try {
      return await this.#answer(head, body ?? none())
    } catch (error) {
      if (!(error instanceof Refusal)) throw error
      return refused(error.status, error.message)
    }
  }

  async #answer(head: RequestHead, body: AsyncIterable<Uint8Array>): Promise<Answer> {
    if (head.method !== 'POST') {
      return refused(405, 'events are sent with POST', { allow: 'POST' })
    }
    const isInline = asksInline(head.url)
    const length = Number(head.header('content-length') ?? 0)
    if (length > this.#maxBodyBytes) throw this.#tooLarge()
    const packing = contentEncoding(head.header('content-encoding'))
    if (typeof packing === 'string') return refused(415, packing, { 'accept-encoding': 'gzip, deflate' })
    const input = bodyFormat(head.header('content-type'), this.#input)
    if (typeof input === 'string') return refused(415, input)
    const counts: Counts = { written: 0, rejected: 0, dropped: 0 }
    let problem: string | undefined
    const chunks = this.#bounded(body, packing.encoding)
    const parts = this.#normalizer.normalize(chunks, {
      source: SOURCE,
      input,
      isInOrder: isInline,
      onUnread: (reason) => {
        problem = reason
      },
    })
    return this.#begin({ parts, counts, isInline, problem: () => problem })
  }

  /** Makes the beginning of the response, to see whether it will be one, and which. */
  async #begin(request: {
    readonly parts: AsyncGenerator<NormalizedPart>
    readonly counts: Counts
    readonly isInline: boolean
    readonly problem: () => string | undefined
  }): Promise<Answer> {
    const { parts, counts, isInline, problem } = request
    const begun: NormalizedPart[] = []
    let size = 0
    const ask = (): Promise<IteratorResult<NormalizedPart>> => {
      const asked = parts.next()
      // Its failure is found when it is waited for, which may be never.
      asked.catch(() => {})
      return asked
    }
    let next = ask()
    const timer = new Timer(BEGIN_MS)
    try {
      for (;;) {
        const result = await Promise.race([next, timer.over])
        if (result === undefined || result.done === true) break
        begun.push(result.value)
        size += result.value.bytes.length + result.value.rejected.bytes.length
        next = ask()
        if (size >= BEGIN_BYTES) break
      }
      timer.end()
      const isWhole = size < BEGIN_BYTES && !timer.isOver
      // An input that is no document is refused as long as nothing was made of it; else its rest is a rejected event.
      const reason = isWhole ? problem() : undefined
      if (reason !== undefined) throw new Refusal(400, `the body cannot be read to its end: ${reason}`)
      if (isWhole) {
        const outputs: Uint8Array[] = []
        for (const part of begun) outputs.push(await this.#give(part, counts, isInline))
        return {
          status: 200,
          headers: { 'content-type': OUTPUT_TYPE, ...counted(counts) },
          body: joined(outputs),
        }
      }
    } catch (error) {
      timer.end()
      await parts.return(undefined)
      throw error
    }
    return {
      status: 200,
      headers: { 'content-type': OUTPUT_TYPE, trailer: TRAILERS.join(', ') },
      body: this.#rest({ ...request, begun, next }),
      trailers: () => counted(counts),
    }
  }

  async *#rest(request: {
    readonly begun: readonly NormalizedPart[]
    readonly next: Promise<IteratorResult<NormalizedPart>>
    readonly parts: AsyncGenerator<NormalizedPart>
    readonly counts: Counts
    readonly isInline: boolean
  }): AsyncGenerator<Uint8Array> {
    const { begun, parts, counts, isInline } = request
    try {
      for (const part of begun) {
        const bytes = await this.#give(part, counts, isInline)
        if (bytes.length > 0) yield bytes
      }
      for (let result = await request.next; result.done !== true; result = await parts.next()) {
        const bytes = await this.#give(result.value, counts, isInline)
        if (bytes.length > 0) yield bytes
      }
    } finally {
      await parts.return(undefined)
    }
  }

  /** Counts a part, and tells of what was rejected. @returns the bytes of the response */
  async #give(part: NormalizedPart, counts: Counts, isInline: boolean): Promise<Uint8Array> {
    const { bytes, written, rejected, notes } = part
    counts.written += written
    counts.rejected += rejected.count
    counts.dropped += notes?.dropped ?? 0
    this.#options.onOutput?.(part)
    if (rejected.count === 0) return bytes
    if (isInline) return joined([bytes, inlineRecords(rejected.bytes)])
    await this.#options.onRejected?.(rejected)
    return bytes
  }

  async *#bounded(
    body: AsyncIterable<Uint8Array>,
    encoding: ContentEncoding | undefined,
  ): AsyncGenerator<Uint8Array> {
    let length = 0
    try {
      for await (const chunk of encoding === undefined ? body : this.#platform.unpack(body, encoding)) {
        length += chunk.length
        if (length > this.#maxBodyBytes) throw this.#tooLarge()
        this.#options.onInput?.(chunk.length)
        yield chunk
      }
    } catch (error) {
      if (encoding === undefined || error instanceof Refusal) throw error
      throw new Refusal(400, `the body is no ${encoding} data, or is damaged or cut off`, { cause: error })
    }
  }

  #tooLarge(): Refusal {
    return new Refusal(413, `the body has more than ${this.#maxBodyBytes} bytes: send it in several requests`)
  }
}

/** A time that goes by. */
class Timer {
  isOver = false
  readonly over: Promise<undefined>
  readonly #timer: ReturnType<typeof setTimeout>

  constructor(ms: number) {
    let resolve: (value: undefined) => void
    this.over = new Promise((resolved) => {
      resolve = resolved
    })
    this.#timer = setTimeout(() => {
      this.isOver = true
      resolve(undefined)
    }, ms)
  }

  end(): void {
    clearTimeout(this.#timer)
  }
}

/** @throws {Refusal} for another value */
function asksInline(url: string): boolean {
  const question = url.indexOf('?')
  if (question < 0) return false
  const values = new URLSearchParams(url.slice(question + 1).split('#', 1)[0]).getAll('errors')
  if (values.length === 0) return false
  if (values.length === 1 && values[0] === 'inline') return true
  throw new Refusal(400, 'errors can be inline, or is not given')
}

function refused(status: number, message: string, headers: Record<string, string> = {}): Answer {
  return {
    status,
    headers: { 'content-type': 'text/plain; charset=utf-8', ...headers },
    body: `${message}\n`,
  }
}

function counted({ written, rejected, dropped }: Counts): Record<string, string> {
  const values = [written + rejected + dropped, written, rejected, dropped]
  return Object.fromEntries(TRAILERS.map((name, index) => [name.toLowerCase(), String(values[index])]))
}

async function* none(): AsyncGenerator<Uint8Array> {}
