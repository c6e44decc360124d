import type { Batch, InputEvent } from '../event.ts'
import { DEFAULT_MAX_LINE_BYTES, MAX_LINE_LIMIT } from '../formats/limits.ts'
import type { EventTexts, Splitter } from '../formats/lines.ts'
import { LineSplitter } from '../formats/lines.ts'
import { NODE_CODING } from '../formats/node-coding.ts'
import { ValueSplitter } from '../formats/values.ts'
import { parseBatch } from '../rules/apply/parse-event.ts'
import { InputStage } from './input-stage.ts'

export type InputFormat = 'jsonl' | 'json'

export interface ParseOptions {
  /** `jsonl`: an event a line. `json`: a document, a top-level array or values one after the other. Default: jsonl. */
  readonly inputFormat?: InputFormat
  /** Longer events are rejected (LINE_TOO_LONG). Default: 16 MiB. */
  readonly maxLineBytes?: number
  /** Name of the input, where its bytes come without one. Default: `-`. */
  readonly source?: string
}

/** Bytes of one input; without `bytes`: its end. */
export interface InputChunk {
  readonly source: string
  readonly bytes?: Uint8Array
  /** Nobody else has the bytes' buffer: it may be given away. Default: false. */
  readonly isOwned?: boolean
}

/** Bytes in, batches of events out. */
export class ParseStage extends InputStage {
  readonly #options: Required<ParseOptions>
  #source: string
  #splitter: Splitter

  /** @throws {TypeError} when an option is not acceptable */
  constructor(options: ParseOptions = {}) {
    super()
    this.#options = parseOptions(options)
    this.#source = this.#options.source
    this.#splitter = this.#createSplitter()
  }

  #createSplitter(): Splitter {
    const { inputFormat, maxLineBytes } = this.#options
    return inputFormat === 'json'
      ? new ValueSplitter(maxLineBytes, NODE_CODING)
      : new LineSplitter(maxLineBytes, NODE_CODING)
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
    this.#splitter = this.#createSplitter()
  }

  *#parse(texts: EventTexts): Iterable<Batch<InputEvent>> {
    for (const part of inParts(texts, MAX_BATCH_EVENTS)) yield parseBatch(this.#source, part)
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

export function parseOptions({
  inputFormat = 'jsonl',
  maxLineBytes = DEFAULT_MAX_LINE_BYTES,
  source = '-',
}: ParseOptions): Required<ParseOptions> {
  if (inputFormat !== 'jsonl' && inputFormat !== 'json') {
    throw new TypeError(`inputFormat has to be 'jsonl' or 'json', not ${JSON.stringify(inputFormat)}`)
  }
  if (!Number.isSafeInteger(maxLineBytes) || maxLineBytes < 1 || maxLineBytes > MAX_LINE_LIMIT) {
    throw new TypeError(`maxLineBytes has to be an integer from 1 to ${MAX_LINE_LIMIT}, not ${maxLineBytes}`)
  }
  return { inputFormat, maxLineBytes, source }
}
