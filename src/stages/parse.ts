import { EventFormat } from '../batches/input-format.ts'
import type { Batch, InputEvent } from '../event.ts'
import { withReplaced } from '../event.ts'
import type { InputOptions, InputSettings } from '../formats/input-options.ts'
import { inputSettings } from '../formats/input-options.ts'
import { NODE_CODING } from '../formats/node-coding.ts'
import type { EventTexts, Splitter } from '../formats/splitter.ts'
import type { EventReader } from '../rules/apply/parse-event.ts'
import { parseBatch } from '../rules/apply/parse-event.ts'
import { InputStage } from './input-stage.ts'
import { safeLineTest } from './process/line-test.ts'

export interface ParseOptions extends InputOptions {
  /** Name of the input, where its bytes come without one. Default: `-`. */
  readonly source?: string
}

/** Bytes in, batches of events out. */
export class ParseStage extends InputStage {
  readonly #format: EventFormat
  readonly #reader: EventReader
  #source: string
  #splitter: Splitter

  /** @throws {TypeError} when an option is not acceptable */
  constructor(options: ParseOptions = {}) {
    super()
    const { input, source } = parseOptions(options)
    this.#format = new EventFormat(input, safeLineTest)
    this.#reader = this.#format.createReader()
    this.#source = source
    this.#splitter = this.#format.createSplitter(NODE_CODING)
  }

  protected override enterSource(source: string): void {
    this.#source = source
  }

  protected override *takeBytes(bytes: Uint8Array): Iterable<Batch<InputEvent>> {
    yield* this.#parse(this.#splitter.push(bytes))
  }

  protected override *endSource(): Iterable<Batch<InputEvent>> {
    yield* this.#parse(this.#splitter.end())
    this.unread.add(this.#source, this.#splitter.unread)
    this.#splitter = this.#format.createSplitter(NODE_CODING)
  }

  protected override *heldPieces(): Iterable<Batch<InputEvent>> {
    const held = this.#splitter.flush?.()
    if (held !== undefined) yield* this.#parse(held)
  }

  protected override get holdsEvent(): boolean {
    return this.#splitter.holdsEvent ?? false
  }

  *#parse(texts: EventTexts): Iterable<Batch<InputEvent>> {
    for (const part of inParts(texts, MAX_BATCH_EVENTS)) {
      const batch = parseBatch(this.#source, part, this.#reader)
      const notes = withReplaced(undefined, part.events.filter(({ isReplaced }) => isReplaced).length)
      yield notes === undefined ? batch : { ...batch, notes }
    }
  }
}

/** Of events that take a few bytes in the input there are tens of thousands in a chunk, and each is some hundred bytes. */
const MAX_BATCH_EVENTS = 4096

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

/** @throws {TypeError} when an option is not acceptable */
export function parseOptions({ source = '-', ...options }: ParseOptions): {
  readonly input: InputSettings
  readonly source: string
} {
  return { input: inputSettings(options), source }
}
