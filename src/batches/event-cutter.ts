import type { EventText, RejectedEvent } from '../event.ts'
import type { EventTexts, Splitter, UnreadRest } from '../formats/splitter.ts'
import type { Cutter, Piece } from './cutter.ts'

/** So much is looked at a time: chunks may be of any size. */
const STEP_BYTES = 64 * 1024

/** An event without its text. */
const EVENT_SIZE = 32

/**
 * Collects the events of a splitter to blocks, where an event ends depending on everything before it. So they are found here,
 * and only what is done with each is left to the workers.
 */
export class EventCutter implements Cutter {
  readonly #createSplitter: () => Splitter
  readonly #blockSize: number
  #splitter: Splitter
  #events: EventText[] = []
  #rejected: RejectedEvent[] = []
  #size = 0
  #unread: UnreadRest | undefined

  /**
   * @param createSplitter makes one for each source
   * @param blockSize a block has about so many characters
   */
  constructor(createSplitter: () => Splitter, blockSize: number) {
    this.#createSplitter = createSplitter
    this.#blockSize = blockSize
    this.#splitter = createSplitter()
  }

  get hasComplete(): boolean {
    return this.#size > 0
  }

  get unread(): UnreadRest | undefined {
    return this.#unread
  }

  *push(chunk: Uint8Array): Generator<Piece> {
    for (let start = 0; start < chunk.length; start += STEP_BYTES) {
      this.#add(this.#splitter.push(chunk.subarray(start, start + STEP_BYTES)))
      if (this.#size >= this.#blockSize) yield this.#cut()
    }
  }

  *flush(): Generator<Piece> {
    if (this.#size > 0) yield this.#cut()
  }

  *flushHeld(): Generator<Piece> {
    const held = this.#splitter.flush?.()
    if (held !== undefined) this.#add(held)
    yield* this.flush()
  }

  get holdsEvent(): boolean {
    return this.#splitter.holdsEvent ?? false
  }

  *end(): Generator<Piece> {
    this.#add(this.#splitter.end())
    this.#unread = this.#splitter.unread
    this.#splitter = this.#createSplitter()
    yield* this.flush()
  }

  #add({ events, rejected }: EventTexts): void {
    for (const event of events) {
      this.#events.push(event)
      this.#size += event.text.length + EVENT_SIZE
    }
    for (const event of rejected) {
      this.#rejected.push(event)
      this.#size += event.raw.length + EVENT_SIZE
    }
  }

  #cut(): Piece {
    const texts = { events: this.#events, rejected: this.#rejected }
    const size = this.#size
    this.#events = []
    this.#rejected = []
    this.#size = 0
    return { kind: 'events', texts, size }
  }
}
