import type { Batch, InputEvent } from '../event.ts'
import { withReplaced } from '../event.ts'
import type { InputSettings } from '../formats/input-options.ts'
import type { EventTexts, Splitter, UnreadRest } from '../formats/splitter.ts'
import type { TextCoding } from '../json/text-coding.ts'
import type { EventReader } from '../rules/apply/parse-event.ts'
import { parseBatch } from '../rules/apply/parse-event.ts'
import type { LineTest } from './input-format.ts'
import { EventFormat } from './input-format.ts'

/** Of events that take a few bytes in the input there are tens of thousands in a chunk, and each is some hundred bytes. */
const MAX_BATCH_EVENTS = 4096

/** Bytes of one source after the other in, batches of events as objects out, each made when it is asked for. */
export class EventParser {
  /** The name of the source, for the batches that follow. */
  source: string
  readonly #format: EventFormat
  readonly #reader: EventReader
  readonly #coding: TextCoding
  #splitter: Splitter

  /** @throws {TypeError} when an option is not acceptable */
  constructor(input: InputSettings, source: string, lineTest: LineTest, coding: TextCoding) {
    this.#format = new EventFormat(input, lineTest)
    this.#reader = this.#format.createReader()
    this.#coding = coding
    this.source = source
    this.#splitter = this.#format.createSplitter(coding)
  }

  /** @returns the batches of the events that these bytes complete */
  *read(bytes: Uint8Array): Iterable<Batch<InputEvent>> {
    yield* this.#parse(this.#splitter.push(bytes))
  }

  /**
   * The source has ended, and another one may begin.
   *
   * @param onUnread told of the part of it that could not be read, if there is one
   * @returns the batches of what is left of it
   */
  *end(onUnread: (unread: UnreadRest | undefined) => void): Iterable<Batch<InputEvent>> {
    yield* this.#parse(this.#splitter.end())
    onUnread(this.#splitter.unread)
    this.#splitter = this.#format.createSplitter(this.#coding)
  }

  /** @returns the batches of the event that is held only because more of it may come */
  *readHeld(): Iterable<Batch<InputEvent>> {
    const held = this.#splitter.flush?.()
    if (held !== undefined) yield* this.#parse(held)
  }

  /** An event is held only because more of it may come. */
  get holdsEvent(): boolean {
    return this.#splitter.holdsEvent ?? false
  }

  *#parse(texts: EventTexts): Iterable<Batch<InputEvent>> {
    for (const part of inParts(texts, MAX_BATCH_EVENTS)) {
      const batch = parseBatch(this.source, part, this.#reader)
      const notes = withReplaced(undefined, part.events.filter(({ isReplaced }) => isReplaced).length)
      yield notes === undefined ? batch : { ...batch, notes }
    }
  }
}

/** The same events in several lists, in their order. Where there is none, there is no list. */
function* inParts({ events, rejected }: EventTexts, maxEvents: number): Iterable<EventTexts> {
  if (events.length + rejected.length <= maxEvents) {
    if (events.length + rejected.length > 0) yield { events, rejected }
    return
  }
  let firstRejected = 0
  for (let first = 0; first < events.length; first += maxEvents) {
    const part = events.slice(first, first + maxEvents)
    const nextOrdinal = events[first + maxEvents]?.ordinal ?? Number.POSITIVE_INFINITY
    const from = firstRejected
    while ((rejected[firstRejected]?.ordinal ?? nextOrdinal) < nextOrdinal) firstRejected++
    yield { events: part, rejected: rejected.slice(from, firstRejected) }
  }
  if (events.length === 0) yield { events, rejected }
}
