import type { BatchNotes, EventText, OutputEvent, RejectedEvent } from '../event.ts'
import { inOrder, rejectedEvent } from '../event.ts'
import { DEFAULT_MAX_LINE_BYTES, HAND_ON_BYTES, HAND_ON_RECORD_BYTES } from '../formats/limits.ts'
import type { EventTexts, LineSink } from '../formats/lines.ts'
import { LineReader } from '../formats/lines.ts'
import type { UnreadRest } from '../formats/values.ts'
import { ValueSplitter } from '../formats/values.ts'
import type { ChunkText } from '../json/chunk-text.ts'
import type { TextCoding } from '../json/text-coding.ts'
import { PORTABLE_CODING } from '../json/text-coding.ts'
import { ByteWriter } from '../json/write.ts'
import type { EventNotes, LinePath, RunnerSource } from '../rules/apply/normalize.ts'
import { normalizeOne } from '../rules/apply/normalize.ts'
import { EventParser } from '../rules/apply/parse-event.ts'
import type { Dropped } from '../rules/apply/split-elements.ts'
import { SplitElements } from '../rules/apply/split-elements.ts'
import type { Runner } from '../rules/run.ts'
import type { RejectedSink } from './rejected-records.ts'
import { outputText } from './serialize.ts'
import { Slice } from './slice.ts'

export interface ProcessorOptions {
  /** `jsonl`: an event a line. `json`: a document, a top-level array or values one after the other. Default: jsonl. */
  readonly inputFormat?: 'jsonl' | 'json'
  /** Longer events are rejected (LINE_TOO_LONG). Default: 16 MiB. */
  readonly maxLineBytes?: number
  /** Lines may go the fast path, where the rules have one. The result is the same. Default: true. */
  readonly fastPath?: boolean
  /** Make nothing of what follows the first rejected event. Default: false. */
  readonly stopAtRejected?: boolean
  /**
   * The bytes of a part are in a buffer that is the taker's (`given`), that holds nothing else and is no larger than they
   * are (`copied`), or that is used again for the next part (`lent`). Default: given.
   */
  readonly buffers?: 'given' | 'copied' | 'lent'
  /** Makes bytes of text. Default: as it is done everywhere. */
  readonly coding?: TextCoding
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
}

/** Documents are read by so much at a time: all events that are complete in a piece are texts in memory together. */
const STEP_BYTES = 64 * 1024

/**
 * The fast path leaves lines alone that cost more than a sixteenth of what an event may cost. So many of them at a time
 * cost no more than one event of the plain way.
 */
const FAST_LINES = 16

/**
 * The product without its streams: bytes of a source in, JSON lines and records of rejected events out, in parts of which no
 * one is large and none takes long. This thread, worker threads and everybody else who has bytes use it.
 *
 *     bytes --> lines ------> fast path ---------------------.
 *           |         `--.       | leaves it alone           |
 *           `-> values --+-> text --> parse --> normalize --> write --> part
 *                                `--------`------------`----> record ---'
 *
 *     for (const part of processor.read(chunk)) await take(part)
 *     for (const part of processor.end()) await take(part)
 *     await take(processor.finish())
 */
export class Processor<Records> {
  readonly #maxLineBytes: number
  readonly #isDocument: boolean
  readonly #fastPath: boolean
  readonly #stopAtRejected: boolean
  readonly #buffers: NonNullable<ProcessorOptions['buffers']>
  readonly #coding: TextCoding
  readonly #parser = new EventParser()
  readonly #slice = new Slice()
  readonly #sink: LineSink
  #records: RecordCollector<Records>
  /** Both ways note in the same. */
  #notes!: EventNotes | undefined
  #runner!: Runner
  #fast: LinePath | undefined
  #writer!: ByteWriter
  #lines: LineReader
  #values: ValueSplitter
  #unread: UnreadRest | undefined
  #written = 0
  /** Lines that the fast path took last. */
  #taken = 0
  #stopped = false
  /** Elements of an event that wait for the output so far to be handed on. */
  #elements: SplitElements | undefined

  /**
   * @param records collects what is rejected
   * @param options see {@link ProcessorOptions}
   */
  constructor(rules: RunnerSource, records: RecordCollector<Records>, options: ProcessorOptions = {}) {
    const { coding = PORTABLE_CODING, maxLineBytes = DEFAULT_MAX_LINE_BYTES } = options
    this.#maxLineBytes = maxLineBytes
    this.#isDocument = options.inputFormat === 'json'
    this.#fastPath = options.fastPath ?? true
    this.#stopAtRejected = options.stopAtRejected ?? false
    this.#buffers = options.buffers ?? 'given'
    this.#coding = coding
    this.#records = records
    this.#sink = this.#createSink()
    this.#lines = this.#createReader(true)
    this.#values = new ValueSplitter(maxLineBytes, coding)
    this.replaceRules(rules)
  }

  /** The events that complete from now on are worked on with these rules. Call it after `finish`, if anything was read. */
  replaceRules(rules: RunnerSource): void {
    this.#notes = rules.createNotes?.()
    this.#runner = rules.createRunner(this.#notes)
    this.#fast = this.#fastPath ? rules.fastPath?.create(this.#notes, this.#coding) : undefined
    this.#writer = this.#fast?.writer ?? new ByteWriter(this.#coding)
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

  /** After `end`: what could not be read of the document. */
  get unread(): UnreadRest | undefined {
    return this.#unread
  }

  /**
   * Another source begins, or a part of one. After `end` one has begun already.
   *
   * @param mayHaveMark it is the beginning of a source, where a byte order mark is none of the text
   */
  begin(mayHaveMark: boolean): void {
    this.#lines = this.#createReader(mayHaveMark)
  }

  /**
   * Reads bytes.
   *
   * @yields output as soon as it is large, or took long; the rest is left to the next call, or to `finish`
   */
  *read(bytes: Uint8Array): Generator<ProcessedPart<Records>> {
    if (!this.#isDocument) {
      for (const _ of this.#lines.read(bytes)) yield* this.#parts()
      return
    }
    for (let start = 0; start < bytes.length; start += STEP_BYTES) {
      yield* this.readTexts(this.#values.push(bytes.subarray(start, start + STEP_BYTES)))
    }
  }

  /** The source, or the part of one, has ended. @yields output, as `read` does */
  *end(): Generator<ProcessedPart<Records>> {
    if (this.#isDocument) {
      yield* this.readTexts(this.#values.end())
      this.#unread = this.#values.unread
      this.#values = new ValueSplitter(this.#maxLineBytes, this.#coding)
    } else {
      for (const _ of this.#lines.readEnd()) yield* this.#parts()
    }
  }

  /** Reads events that are cut already. @yields output, as `read` does */
  *readTexts(texts: EventTexts): Generator<ProcessedPart<Records>> {
    for (const event of inOrder(texts)) {
      if ('text' in event) this.#event(event)
      else this.#reject(event)
      if (this.#isFull) yield* this.#parts()
    }
  }

  /** What was made, and what becomes of the elements that wait. */
  *#parts(): Generator<ProcessedPart<Records>> {
    yield this.finish()
    while (this.#elements !== undefined) {
      this.#goOn(this.#elements)
      if (this.#isFull) yield this.finish()
    }
  }

  /** The output that was made and not given yet; it may be empty. */
  finish(): ProcessedPart<Records> {
    const written = this.#written
    this.#written = 0
    this.#slice.restart()
    return {
      bytes: this.#takeBytes(),
      written,
      rejected: this.#records.take(),
      notes: this.#notes?.take(),
    }
  }

  #takeBytes(): Uint8Array {
    if (this.#buffers === 'lent') return this.#writer.lend()
    return this.#buffers === 'copied' ? this.#writer.takeCopy() : this.#writer.take()
  }

  /** The output is large, or took long. */
  get #isFull(): boolean {
    return (
      this.#elements !== undefined ||
      this.#slice.isOver ||
      this.#writer.length >= HAND_ON_BYTES ||
      this.#records.length >= HAND_ON_RECORD_BYTES
    )
  }

  #createReader(mayHaveMark: boolean): LineReader {
    return new LineReader(this.#maxLineBytes, this.#sink, mayHaveMark, this.#coding)
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
      event: (event) => this.#event(event),
      reject: (event) => this.#reject(event),
    }
  }

  #line(block: ChunkText, start: number): number {
    if (this.#fast === undefined || !block.isUtf8 || this.#stopped) return -1
    const next = this.#fast.lines(block, start, FAST_LINES)
    const { taken } = this.#fast
    if (taken === 0) return -1
    this.#taken = taken
    this.#slice.count(taken / FAST_LINES)
    this.#written += taken - this.#fast.dropped
    return next
  }

  #event(event: EventText): void {
    if (this.#stopped) return
    const parsed = this.#parser.parse(event)
    const output = 'code' in parsed ? parsed : normalizeOne(parsed, this.#runner)
    if (output instanceof SplitElements) this.#goOn(output)
    else if ('code' in output) {
      this.#slice.count()
      this.#reject(rejectedEvent(event, output))
    } else this.#result(output)
  }

  /** Works on elements of an event until the output is to be handed on; those that are left wait. */
  #goOn(elements: SplitElements): void {
    this.#elements = undefined
    while (!this.#isFull && !this.#stopped) {
      const result = elements.next()
      if (result === undefined) return
      this.#result(result)
    }
    if (!this.#stopped) this.#elements = elements
  }

  #result(result: OutputEvent | RejectedEvent | Dropped): void {
    this.#slice.count()
    if ('rejection' in result) this.#reject(result)
    else if ('output' in result) {
      const text = outputText(result)
      if (typeof text !== 'string') {
        this.#reject(rejectedEvent(result, text))
        return
      }
      this.#writer.text(text)
      this.#writer.byte(LF)
      this.#written++
    }
  }

  #reject(event: RejectedEvent): void {
    if (this.#stopped) return
    this.#records.add(event)
    this.#stopped = this.#stopAtRejected
  }
}

const LF = 0x0a
