import type { BatchNotes, EventText, InputEvent, OutputEvent, RejectedEvent } from '../event.ts'
import { inOrder, rejectedEvent, withReplaced } from '../event.ts'
import type { InputOptions, InputSettings } from '../formats/input-options.ts'
import { inputSettings } from '../formats/input-options.ts'
import { HAND_ON_BYTES, HAND_ON_RECORD_BYTES } from '../formats/limits.ts'
import type { LineSink } from '../formats/lines.ts'
import { LineReader } from '../formats/lines.ts'
import type { EventTexts, Splitter, UnreadRest } from '../formats/splitter.ts'
import type { Transcoder } from '../formats/transcoder.ts'
import type { ChunkText } from '../json/chunk-text.ts'
import type { TextCoding } from '../json/text-coding.ts'
import { PORTABLE_CODING } from '../json/text-coding.ts'
import { ByteWriter } from '../json/write.ts'
import type { EventNotes, LinePath, RunnerSource } from '../rules/apply/normalize.ts'
import { normalizeOne } from '../rules/apply/normalize.ts'
import { outputText } from '../rules/apply/output-text.ts'
import type { EventReader } from '../rules/apply/parse-event.ts'
import { SplitElements } from '../rules/apply/split-elements.ts'
import type { LinePlaces } from '../rules/fast/written-places.ts'
import { WrittenPlaces } from '../rules/fast/written-places.ts'
import type { Runner } from '../rules/run.ts'
import { WRITTEN } from '../rules/run.ts'
import { HeldEvents, IN_WRITER, type Outcome } from './held-events.ts'
import type { LineTest } from './input-format.ts'
import { EventFormat } from './input-format.ts'
import type { RejectedSink } from './rejected-records.ts'
import { Slice } from './slice.ts'

export interface ProcessorOptions extends InputOptions {
  /** Lines may go the fast path, where the rules have one. The result is the same. Default: true. */
  readonly fastPath?: boolean | undefined
  /** Make nothing of what follows the first rejected event. Default: false. */
  readonly stopAtRejected?: boolean
  /** A cutter was here: bytes are complete lines, and UTF-8, or texts come. Default: false. */
  readonly isCut?: boolean
  /** Makes the test of `multiline`. Default: that is refused. */
  readonly lineTest?: LineTest | undefined
  /**
   * The bytes of a part are in a buffer that is the taker's (`given`), that holds nothing else and is no larger than they
   * are (`copied`), or that is used again for the next part (`lent`). Default: given.
   */
  readonly buffers?: 'given' | 'copied' | 'lent'
  /** Output fields whose places in the lines are given with a part, where they are known. Default: none. */
  readonly placed?: readonly string[] | undefined
  /** Makes bytes of text. Default: as it is done everywhere. */
  readonly coding?: TextCoding
  /** Each part tells which event each of its lines is of, for rules that drop or split events. It costs some speed. Default: false. */
  readonly tracksOutputs?: boolean | undefined
}

/** Collects the records of rejected events. */
export interface RecordCollector<Records> extends RejectedSink {
  /** The records that were collected since the last call. */
  take(): Records
}

/** Output that was made since the last part. */
export interface ProcessedPart<Records> {
  /** JSON lines. */
  readonly bytes: Uint8Array
  /** Number of lines. */
  readonly written: number
  readonly rejected: Records
  readonly notes: BatchNotes | undefined
  /** The places of the values that were asked for, in lines that the fast path has written. */
  readonly places?: LinePlaces | undefined
  /** With `tracksOutputs`: of each line the ordinal of its event in the source. */
  readonly ordinals?: readonly number[] | undefined
}

/**
 * Bytes that are read at most while events are held: rejected lines are held too, however long they are, and lines of the fast path that are dropped come to no
 * output.
 */
const MAX_READ_HOLDING = 4 * 1024 * 1024

/** Formats that are not cut line by line are read by so much at a time: all events that are complete in a piece are texts in memory together. */
const STEP_BYTES = 64 * 1024

/**
 * The fast path leaves lines alone that cost more than a sixteenth of what an event may cost, so that so many of them
 * cost no more than one event of the plain way.
 */
const FAST_LINES = 16

/**
 * The product without its streams: bytes of a source in, JSON lines and records of rejected events out, in parts of which no
 * one is large and none takes long. This thread, worker threads and everybody else who has bytes use it.
 *
 *     bytes --> JSON lines -> fast path ----------------------.
 *           |          `--.      | leaves it alone            |
 *           |-> lines ----+      v                            |
 *           `-> splitter -+-> text --> reader -> normalize --> write --> part
 *                                `--------`------------`-----> record ---'
 *
 * Lines that the fast path leaves to several rule sets are held until there are enough of them or no bytes follow: see {@link HeldEvents}.
 *
 *     for (const part of processor.read(chunk)) await take(part)
 *     for (const part of processor.end()) await take(part)
 *     await take(processor.finish())
 */
export class Processor<Records> {
  readonly #input: InputSettings
  readonly #format: EventFormat
  readonly #fastPath: boolean
  readonly #stopAtRejected: boolean
  readonly #buffers: NonNullable<ProcessorOptions['buffers']>
  readonly #coding: TextCoding
  readonly #reader: EventReader
  readonly #slice = new Slice()
  readonly #sink: LineSink
  #records: RecordCollector<Records>
  /** Both ways note in the same. */
  #notes!: EventNotes | undefined
  #runner!: Runner
  #fast: LinePath | undefined
  /** Rules whose fast path is made when the first line comes. */
  #waiting: RunnerSource | undefined
  #writer!: ByteWriter
  #places: WrittenPlaces | undefined
  /** For lines; a splitter has its own. */
  readonly #transcoder: Transcoder | undefined
  #lines: LineReader
  /** Undefined: lines are read, or a cutter was here. */
  #splitter: Splitter | undefined
  #unread: UnreadRest | undefined
  #written = 0
  /** Events that were read with U+FFFD in the place of bytes. */
  #replaced = 0
  /** Lines that the fast path took last. */
  #taken = 0
  /** The rule set that takes the line that the fast path has just left; undefined: it is not known. */
  #found: number | undefined
  #stopped = false
  /** With `tracksOutputs`: the events of the lines that were written. */
  #ordinals: number[] | undefined
  /** Then the ordinal of the event that comes next. */
  #nextOrdinal = 0
  /** Elements of an event that wait for the output so far to be handed on. */
  #elements: SplitElements | undefined
  /** Events of lines that several rule sets take, until no bytes follow or there are enough of them. */
  readonly #held = new HeldEvents()
  /** Bytes that were read since no event was held behind a read. */
  #readHolding = 0
  /** Outputs that are not in the order of the lines yet. */
  #unordered: ByteWriter | undefined

  /**
   * @param records collects what is rejected
   * @param options see {@link ProcessorOptions}
   * @throws {TypeError} when an option is not acceptable
   */
  constructor(rules: RunnerSource, records: RecordCollector<Records>, options: ProcessorOptions = {}) {
    const { coding = PORTABLE_CODING } = options
    this.#input = inputSettings(options)
    this.#format = new EventFormat(this.#input, options.lineTest)
    this.#reader = this.#format.createReader()
    this.#fastPath = options.fastPath ?? true
    this.#stopAtRejected = options.stopAtRejected ?? false
    this.#buffers = options.buffers ?? 'given'
    if (options.tracksOutputs === true) this.#ordinals = []
    this.#coding = coding
    this.#records = records
    this.#sink = this.#createSink()
    this.#transcoder = options.isCut === true ? undefined : this.#format.createTranscoder()
    this.#lines = this.#createReader(true)
    if (options.isCut !== true) this.#splitter = this.#createSplitter()
    this.replaceRules(rules, options.placed)
  }

  /**
   * The events that complete from now on are worked on with these rules. Call it after `finish`, if anything was read, and when nothing is held.
   *
   * @param placed see {@link ProcessorOptions}. Default: none
   */
  replaceRules(rules: RunnerSource, placed: readonly string[] = []): void {
    this.#held.forgetRoutes()
    this.#places = placed.length === 0 ? undefined : new WrittenPlaces(placed)
    this.#notes = rules.createNotes?.()
    this.#runner = rules.createRunner(this.#notes)
    this.#fast = undefined
    this.#waiting = this.#format.hasJsonLines ? rules : undefined
    this.#writer = new ByteWriter(this.#coding)
    this.#runner.writer = this.#writer
    this.#stopped = false
  }

  /** The events that are rejected from now on are told to somebody else. Call it after `finish`, if anything was read. */
  replaceRecords(records: RecordCollector<Records>): void {
    this.#records = records
    this.#stopped = false
  }

  /** Number of lines of the source so far, or of the part of it that began with `begin`. */
  get lines(): number {
    return this.#lines.lines
  }

  /** After `end`: the part of the source that could not be read. */
  get unread(): UnreadRest | undefined {
    return this.#unread
  }

  /** Events of lines wait for others of their rule set, until something is read that is not followed, or there are enough of them. */
  get isHolding(): boolean {
    return !this.#held.isEmpty && !this.#held.isReleasing
  }

  /**
   * Another source begins, or a part of one. After `end` one has begun already.
   *
   * @param mayHaveMark it is the beginning of a source, where a byte order mark is none of the text
   */
  begin(mayHaveMark: boolean): void {
    this.#nextOrdinal = 0
    this.#held.clear()
    this.#lines = this.#createReader(mayHaveMark)
  }

  /**
   * Reads bytes.
   *
   * @param isFollowed more is read at once: events of lines may wait for others of their rule set. Default: false
   * @yields output as soon as it is large, or took long; the rest is left to the next call, or to `finish`
   */
  *read(bytes: Uint8Array, isFollowed = false): Generator<ProcessedPart<Records>> {
    this.#stamp()
    const splitter = this.#splitter
    if (splitter === undefined) {
      const read = this.#lines.read(this.#transcoder?.push(bytes) ?? bytes)
      this.#readHolding = this.isHolding ? this.#readHolding + bytes.length : 0
      yield* this.#partsOf(read, isFollowed && this.#readHolding < MAX_READ_HOLDING)
      return
    }
    for (let start = 0; start < bytes.length; start += STEP_BYTES) {
      yield* this.readTexts(splitter.push(bytes.subarray(start, start + STEP_BYTES)))
    }
  }

  /** The source, or the part of one, has ended. @yields output, as `read` does */
  *end(): Generator<ProcessedPart<Records>> {
    const splitter = this.#splitter
    if (splitter === undefined) {
      if (this.#transcoder !== undefined) yield* this.#partsOf(this.#lines.read(this.#transcoder.end()))
      yield* this.#partsOf(this.#lines.readEnd())
    } else {
      yield* this.readTexts(splitter.end())
      this.#unread = splitter.unread
      this.#splitter = this.#createSplitter()
    }
  }

  /** Reads the event that is held only because more of it may come. @yields output, as `read` does */
  *readHeld(): Generator<ProcessedPart<Records>> {
    const held = this.#splitter?.flush?.()
    if (held !== undefined) yield* this.readTexts(held)
  }

  /** An event is held only because more of it may come. */
  get holdsEvent(): boolean {
    return this.#splitter?.holdsEvent ?? false
  }

  #createSplitter(): Splitter | undefined {
    return this.#format.lines === undefined ? this.#format.createSplitter(this.#coding) : undefined
  }

  /** Reads lines to the end. Where nothing follows, none is held after that. */
  *#partsOf(reading: Generator<void>, isFollowed = false): Generator<ProcessedPart<Records>> {
    for (const _ of reading) yield* this.#parts()
    if (!isFollowed) this.#release()
    if (this.#isFull) yield* this.#parts()
  }

  /** Reads events that are cut already. @yields output, as `read` does */
  *readTexts(texts: EventTexts): Generator<ProcessedPart<Records>> {
    this.#stamp()
    for (const event of inOrder(texts)) {
      this.#event(event)
      if (this.#isFull) yield* this.#parts()
    }
  }

  /** The output that was made, and that of the elements and events that wait. */
  *#parts(): Generator<ProcessedPart<Records>> {
    this.#release()
    yield this.finish()
    while (this.#elements !== undefined || this.#held.isReleasing) {
      if (this.#elements === undefined) this.#release()
      else this.#goOn(this.#elements)
      if (this.#isFull) yield this.finish()
    }
  }

  /** A batch begins: both ways are told when it was read. */
  #stamp(): void {
    const received = Date.now()
    this.#runner.received = received
    if (this.#fast !== undefined) this.#fast.received = received
  }

  /** The output that was made and not given yet; it may be empty, as it is while events of lines are held. */
  finish(): ProcessedPart<Records> {
    this.#slice.restart()
    if (this.isHolding)
      return { bytes: NOTHING, written: 0, rejected: this.#records.take(), notes: undefined }
    const written = this.#written
    const notes = withReplaced(this.#notes?.take(), this.#replaced)
    this.#written = 0
    this.#replaced = 0
    const ordinals = this.#ordinals
    if (ordinals !== undefined) this.#ordinals = []
    return {
      bytes: this.#takeBytes(),
      written,
      rejected: this.#records.take(),
      notes,
      ...(this.#places && { places: this.#places.take() }),
      ...(ordinals && { ordinals }),
    }
  }

  #takeBytes(): Uint8Array {
    if (this.#buffers === 'lent') return this.#writer.lend()
    return this.#buffers === 'copied' ? this.#writer.takeCopy() : this.#writer.take()
  }

  /** The output is to be handed on before more is read. */
  get #isFull(): boolean {
    return this.#held.isReleasing || this.#isEnough
  }

  /** The output is large, or took long. */
  get #isEnough(): boolean {
    return (
      this.#elements !== undefined ||
      this.#slice.isOver ||
      this.#writer.length >= HAND_ON_BYTES ||
      this.#records.length >= HAND_ON_RECORD_BYTES
    )
  }

  #createReader(mayHaveMark: boolean): LineReader {
    const { maxLineBytes } = this.#input
    return new LineReader(maxLineBytes, this.#sink, mayHaveMark, this.#coding, this.#format.lines)
  }

  /** The reader's part of this: it outlives rules and records. */
  #createSink(): LineSink {
    const isFull = () => this.#isFull
    const taken = () => this.#taken
    return {
      get isFull() {
        return isFull()
      },
      get taken() {
        return taken()
      },
      take: (block, start) => this.#line(block, start),
      event: (event) => {
        this.#nextOrdinal = event.ordinal + 1
        this.#ofLine(event)
      },
      reject: (event) => {
        this.#nextOrdinal = event.ordinal + 1
        this.#found = undefined
        this.#ofLine(event)
      },
    }
  }

  #line(block: ChunkText, start: number): number {
    if (!block.isUtf8 || this.#stopped) return -1
    const fast = this.#waiting === undefined ? this.#fast : this.#createFast(this.#waiting)
    if (fast === undefined) return -1
    const ordinals = this.#ordinals
    // Which of several lines was dropped, nobody would know.
    const next = ordinals === undefined ? fast.lines(block, start) : fast.lines(block, start, 1)
    const { taken } = fast
    if (taken === 0) {
      this.#found = fast.found
      return -1
    }
    if (ordinals !== undefined) {
      if (fast.dropped === 0) ordinals.push(this.#nextOrdinal)
      this.#nextOrdinal++
    }
    this.#taken = taken
    this.#slice.count(taken * (fast.share ?? 1 / FAST_LINES))
    this.#written += taken - fast.dropped
    return next
  }

  #createFast(rules: RunnerSource): LinePath | undefined {
    this.#waiting = undefined
    const plan = (this.#fastPath ? rules.fastPath : undefined) ?? rules.memberPath
    const fast = plan?.create(this.#notes, this.#coding, this.#places)
    if (fast === undefined) return undefined
    fast.received = this.#runner.received
    // From now on both ways write to one place.
    fast.writer.literal(this.#writer.lend())
    this.#writer = fast.writer
    this.#runner.writer = fast.writer
    this.#fast = fast
    return fast
  }

  /** The event of a line that did not go the fast path. Where several rule sets take events, it may wait for others of its own. */
  #ofLine(event: EventText | RejectedEvent): void {
    let found = this.#found
    this.#found = undefined
    if (this.#stopped) return
    const held = this.#held
    let known: EventText | InputEvent | RejectedEvent = event
    if (found === undefined && 'text' in event && this.#mayHold) {
      if (event.isReplaced === true) this.#replaced++
      const parsed = this.#reader.parse(event)
      if ('code' in parsed) known = rejectedEvent(event, parsed)
      else {
        known = parsed
        found = this.#runner.find?.(parsed)
      }
      this.#slice.count()
    }
    if (held.isEmpty && (found === undefined || !this.#mayHold)) {
      this.#event(known, found)
      return
    }
    held.add(known, found, this.#writer.length, this.#written)
    if (held.isFull) this.#release()
  }

  /** Nobody asks which event a line of the output is of, where its values are, or for the first rejected event alone. */
  get #mayHold(): boolean {
    return (
      this.#ordinals === undefined &&
      this.#places === undefined &&
      !this.#stopAtRejected &&
      this.#runner.goTo !== undefined
    )
  }

  /** The turn of the events that are held has come, until the output is to be handed on: those that are left wait. */
  #release(): void {
    const held = this.#held
    if (held.isEmpty) return
    if (!held.isReleasing) {
      this.#written = held.release(this.#writer, this.#written)
      this.#unordered?.lend()
    }
    this.#evaluateHeld()
    const count = (lines: number): void => {
      this.#written += lines
    }
    while (!this.#isEnough) {
      const next = held.next(this.#writer, count)
      if (next === undefined) return
      const { event, route, outcome, start, end } = next
      if (outcome === undefined) this.#event(event, route)
      else {
        if (outcome === IN_WRITER) this.#writer.copy(this.#unordered!.bytes, start, end)
        this.#settle(outcome)
      }
    }
  }

  /** Evaluates events that are held, those of one rule set together, until it took long. Where the output is large, the others are evaluated in their order. */
  #evaluateHeld(): void {
    const held = this.#held
    this.#unordered ??= new ByteWriter(this.#coding)
    const writer = this.#unordered
    this.#runner.writer = writer
    while (!this.#slice.isOver && writer.length < HAND_ON_BYTES) {
      const next = held.nextByRoute()
      if (next === undefined) break
      next.start = writer.length
      next.outcome = this.#outcome(next.event as EventText, next.route, writer)
      next.end = writer.length
      this.#slice.count()
    }
    this.#runner.writer = this.#writer
  }

  #event(event: EventText | InputEvent | RejectedEvent, route?: number): void {
    if (this.#stopped) return
    if (!('text' in event)) {
      this.#reject(event)
      return
    }
    const outcome = this.#outcome(event, route, this.#writer)
    if (!(outcome instanceof SplitElements)) this.#slice.count()
    this.#settle(outcome)
  }

  /** Evaluates an event. @param writer gets the output */
  #outcome(event: EventText | InputEvent, route: number | undefined, writer: ByteWriter): Outcome {
    if (event.isReplaced === true) this.#replaced++
    const parsed = 'data' in event ? event : this.#reader.parse(event)
    if ('code' in parsed) return rejectedEvent(event, parsed)
    if (route !== undefined) this.#runner.goTo?.(route)
    const output = normalizeOne(parsed, this.#runner)
    if (output instanceof SplitElements) return output
    if ('code' in output) return rejectedEvent(event, output)
    if ('output' in output) return this.#write(output, writer)
    return output
  }

  #write(event: OutputEvent, writer: ByteWriter): Outcome {
    if (event.output !== WRITTEN) {
      const text = outputText(event)
      if (typeof text !== 'string') return rejectedEvent(event, text)
      writer.text(text)
    }
    writer.byte(LF)
    this.#ordinals?.push(event.ordinal)
    return IN_WRITER
  }

  /** The output of an event is in its place, or there is none. */
  #settle(outcome: Outcome): void {
    if (outcome === IN_WRITER) this.#written++
    else if (outcome instanceof SplitElements) this.#goOn(outcome)
    else if ('rejection' in outcome) this.#reject(outcome)
  }

  /** Works on elements of an event until the output is to be handed on; those that are left wait. */
  #goOn(elements: SplitElements): void {
    this.#elements = undefined
    elements.writer = this.#writer
    while (!this.#isEnough && !this.#stopped) {
      const result = elements.next()
      if (result === undefined) return
      this.#slice.count()
      this.#settle('output' in result ? this.#write(result, this.#writer) : result)
    }
    if (!this.#stopped) this.#elements = elements
  }

  #reject(event: RejectedEvent): void {
    if (this.#stopped) return
    this.#records.add(event)
    this.#stopped = this.#stopAtRejected
  }
}

const LF = 0x0a
const NOTHING = new Uint8Array(0)
