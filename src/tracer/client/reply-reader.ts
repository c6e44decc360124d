import { StringDecoder } from 'node:string_decoder'
import { type Detection, FINISHED, parseDetection } from '../protocol.ts'
import { type Answer, NO_DETECTIONS, OBJECT_COST } from './cache.ts'
import { detached } from './detached.ts'

const FINISHED_LINE = `${FINISHED}\n`
/** A server that closes after each reply may leave the last line end out, and may say it twice. */
const FINISHED_AT_END = new RegExp(`^(?:${FINISHED})+$`)

/** The fault that stops the reading: the server sent something that is no reply. */
export class BadReply extends Error {
  override readonly name = 'BadReply'
}

/**
 * Cuts what a server sends into replies, whatever the chunks it comes in.
 *
 *     chunk   ...cator=a|ioc=1\nLookupFinished\n  LookupFinished\n  Category=Tracer_IP_enricher|Match...
 *             `-- with what is held: a reply      `-- a reply       `-- held: the beginning of a line
 */
export class ReplyReader {
  readonly #decoder = new StringDecoder('utf8')
  readonly #onReply: (detections: Answer) => void
  readonly #maxReplyLength: number
  /** The beginning of a line. */
  #held = ''
  /** The detections of the reply that is not complete yet. */
  #detections: Detection[] | undefined
  /** Characters of the lines in `#detections`, and what the objects made of them cost. */
  #length = 0
  #stopped = false

  /**
   * @param onReply is given each complete reply's detections
   * @param maxReplyLength characters that a reply may have
   */
  constructor(onReply: (detections: Answer) => void, maxReplyLength: number) {
    this.#onReply = onReply
    this.#maxReplyLength = maxReplyLength
  }

  /** A reply has begun and is not complete. */
  get isInReply(): boolean {
    return this.#held !== '' || this.#detections !== undefined
  }

  /** Nothing more is read; for the middle of `onReply`, too. */
  stop(): void {
    this.#stopped = true
  }

  /** @throws {BadReply} when this is not what a server sends */
  feed(bytes: Uint8Array): void {
    const text = this.#decoder.write(bytes as Buffer)
    let start = 0
    while (!this.#stopped) {
      // Most replies find nothing and are this one line.
      if (this.#held === '' && text.startsWith(FINISHED_LINE, start)) {
        this.#finish()
        start += FINISHED_LINE.length
        continue
      }
      const end = text.indexOf('\n', start)
      if (end < 0) break
      const line = this.#held + text.slice(start, end)
      this.#held = ''
      this.#line(line)
      start = end + 1
    }
    if (this.#stopped || start === text.length) return
    this.#held += text.slice(start)
    this.#bound(this.#held.length)
  }

  /** The server sends no more. @throws {BadReply} when a reply has begun and is not complete */
  end(): void {
    if (this.#stopped) return
    const line = withoutCr(this.#held + this.#decoder.end())
    this.#held = ''
    if (FINISHED_AT_END.test(line)) this.#finish()
    else if (line !== '' || this.#detections !== undefined) throw new BadReply('it ended within a reply')
  }

  #line(line: string): void {
    const text = withoutCr(line)
    if (text === FINISHED) {
      this.#finish()
      return
    }
    if (text === '') return
    // Answers are kept long.
    const detection = parseDetection(detached(text))
    if (detection === undefined) throw new BadReply(`it sent ${excerpt(text)}`)
    this.#bound(text.length)
    this.#length += text.length + OBJECT_COST
    this.#detections ??= []
    this.#detections.push(detection)
  }

  #finish(): void {
    const detections = this.#detections ?? NO_DETECTIONS
    this.#detections = undefined
    this.#length = 0
    this.#onReply(detections)
  }

  #bound(more: number): void {
    if (this.#length + more > this.#maxReplyLength) {
      throw new BadReply(`it sent a reply of more than ${this.#maxReplyLength} characters`)
    }
  }
}

function withoutCr(line: string): string {
  return line.endsWith('\r') ? line.slice(0, -1) : line
}

const EXCERPT_LENGTH = 40

function excerpt(line: string): string {
  return JSON.stringify(line.length > EXCERPT_LENGTH ? `${line.slice(0, EXCERPT_LENGTH)}...` : line)
}
