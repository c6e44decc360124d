import type { CompiledRules, EventProcessor } from '../batches/compiled-rules.ts'
import { createProcessor } from '../batches/compiled-rules.ts'
import type { LineTest } from '../batches/input-format.ts'
import { portableLineTest } from '../batches/multiline-pattern.ts'
import type { ProcessedPart, RecordCollector } from '../batches/processor.ts'
import { Processor } from '../batches/processor.ts'
import type { RejectedRecords, UnplacedRecords } from '../batches/rejected-records.ts'
import { placeRecords, UnplacedRecordWriter } from '../batches/rejected-records.ts'
import type { BatchNotes, RejectedEvent } from '../event.ts'
import type { InputOptions } from '../formats/input-options.ts'
import { HAND_ON_MS, HAND_ON_RECORD_BYTES } from '../formats/limits.ts'
import type { EventTexts } from '../formats/splitter.ts'
import type { TextCoding } from '../json/text-coding.ts'

/** Output that was made of a part of the input. */
export interface NormalizedPart {
  /** JSON lines. */
  readonly bytes: Uint8Array
  /** Number of lines. */
  readonly written: number
  /** Rejected events, as records that are JSON lines. */
  readonly rejected: RejectedRecords
  readonly notes: BatchNotes | undefined
}

/** A part with the rules that have made it: others may have come meanwhile. */
export interface MadePart extends NormalizedPart {
  readonly rules: CompiledRules
}

/** Processors that have done their work and wait for more, of each form of input. A small request need not make one. */
const MOST_IDLE = 32

/** Collects records; in order, a part of the output ends behind each one, so that its place among the outputs is known. */
class Records implements RecordCollector<UnplacedRecords> {
  isInOrder = false
  readonly #writer: UnplacedRecordWriter

  constructor(coding: TextCoding) {
    this.#writer = new UnplacedRecordWriter(coding)
  }

  get length(): number {
    const { length } = this.#writer
    return this.isInOrder && length > 0 ? HAND_ON_RECORD_BYTES : length
  }

  add(event: RejectedEvent): void {
    this.#writer.add(event)
  }

  take(): UnplacedRecords {
    return this.#writer.take()
  }
}

interface PooledProcessor {
  readonly processor: EventProcessor<UnplacedRecords>
  readonly records: Records
  /** The rules that it works with. */
  rules: CompiledRules
}

/** The bytes of one input, or the texts of its events. */
export type Payload = AsyncIterable<Uint8Array> | Iterable<Uint8Array> | EventTexts

/** One input that is normalized. */
export interface Normalizing {
  /** The name of the input in records of rejected events. */
  readonly source: string
  /** The way to read the bytes. */
  readonly input: InputOptions
  /** Each rejected event ends a part: the outputs of a part are of events before it. Default: false. */
  readonly isInOrder?: boolean
  /** Called at the end of the bytes, if the last of them could not be read, with the reason. Default: nobody is told. */
  readonly onUnread?: (problem: string) => void
}

/** Lets timers and sockets have their turn. */
export const turn: () => Promise<void> =
  typeof globalThis.setImmediate === 'function'
    ? () => new Promise((resolve) => setImmediate(resolve))
    : () => new Promise((resolve) => setTimeout(resolve, 0))

/** Normalizes any number of inputs side by side. */
export interface Normalizer {
  /**
   * Gets ready for this form of input.
   *
   * @throws {TypeError} when an option is not acceptable
   */
  prepare(input: InputOptions): void
  /**
   * Chunks that come from now on are worked on with these rules.
   *
   * @throws {TypeError} when they cannot take the place of those before
   */
  replaceRules(rules: CompiledRules): void
  /**
   * Normalizes one input.
   *
   * @yields what was made, after each chunk and at the end, if there is anything
   * @throws what reading the payload failed with
   */
  normalize(payload: AsyncIterable<Uint8Array>, normalizing: Normalizing): AsyncGenerator<NormalizedPart>
}

/** Normalizes with processors that are used again. */
export class Processors implements Normalizer {
  #rules: CompiledRules
  readonly #coding: TextCoding
  readonly #lineTest: LineTest
  readonly #idle = new Map<string, PooledProcessor[]>()

  /** @param lineTest makes the test of `multiline`. Default: it refuses patterns that need re2js */
  constructor(rules: CompiledRules, coding: TextCoding, lineTest: LineTest = portableLineTest) {
    this.#rules = rules
    this.#coding = coding
    this.#lineTest = lineTest
  }

  /**
   * Makes the first processor for this form of input, before there is any.
   *
   * @throws {TypeError} when an option is not acceptable
   */
  prepare(input: InputOptions): void {
    const key = JSON.stringify(input)
    const pooled = this.#take(key, input)
    this.#idle.get(key)?.push(pooled)
  }

  /** Chunks that come from now on, of inputs that have begun as well, are worked on with these rules. */
  replaceRules(rules: CompiledRules): void {
    this.#rules = rules
  }

  /**
   * Normalizes one input.
   *
   * @yields what was made, after each chunk and at the end, if there is anything; more often where it is much, or took long
   * @throws what reading the payload failed with, and TypeError when an option is not acceptable
   */
  async *normalize(payload: Payload, normalizing: Normalizing): AsyncGenerator<MadePart> {
    const { source, input, isInOrder = false, onUnread } = normalizing
    const key = JSON.stringify(input)
    const pooled = this.#take(key, input)
    const { processor, records } = pooled
    records.isInOrder = isInOrder
    let turned = performance.now()
    const placed = (part: ProcessedPart<UnplacedRecords>): MadePart => ({
      rules: pooled.rules,
      bytes: part.bytes,
      written: part.written,
      rejected: placeRecords(part.rejected, source, 0, this.#coding),
      notes: part.notes,
    })
    const parts = async function* (made: Iterable<ProcessedPart<UnplacedRecords>>) {
      for (const part of made) {
        if (!isEmpty(part)) yield placed(part)
        if (performance.now() - turned >= HAND_ON_MS) {
          await turn()
          turned = performance.now()
        }
      }
      const last = processor.finish()
      if (!isEmpty(last)) yield placed(last)
    }
    if ('events' in payload) yield* parts(processor.readTexts(payload))
    else {
      for await (const chunk of payload) {
        // A module that was compiled before makes processors of its own: then the input goes on with the rules it began with.
        replaceRules(pooled, this.#rules)
        yield* parts(processor.read(chunk))
      }
    }
    yield* parts(processor.end())
    const { unread } = processor
    if (unread !== undefined) onUnread?.(`line ${unread.line}: ${unread.problem}`)
    // One that was left in the middle of its input is not used again.
    processor.begin(true)
    const idle = this.#idle.get(key)
    if (idle !== undefined && idle.length < MOST_IDLE) idle.push(pooled)
  }

  #take(key: string, input: InputOptions): PooledProcessor {
    const rules = this.#rules
    let idle = this.#idle.get(key)
    if (idle === undefined) {
      idle = []
      // Clients choose the form of their input among a few.
      if (this.#idle.size < MOST_IDLE) this.#idle.set(key, idle)
    }
    for (let pooled = idle.pop(); pooled !== undefined; pooled = idle.pop()) {
      if (replaceRules(pooled, rules)) return pooled
    }
    const records = new Records(this.#coding)
    const processor = createProcessor(rules, records, {
      ...input,
      buffers: 'copied',
      coding: this.#coding,
      lineTest: this.#lineTest,
    })
    return { processor, records, rules }
  }
}

/** @returns true where the processor works with these rules now */
function replaceRules(pooled: PooledProcessor, rules: CompiledRules): boolean {
  if (pooled.rules === rules) return true
  if (!(pooled.processor instanceof Processor) || 'createProcessor' in rules) return false
  pooled.rules = rules
  pooled.processor.replaceRules(rules)
  return true
}

/** Nothing was written, rejected or dropped: nobody need be told. */
function isEmpty({ written, rejected, notes }: ProcessedPart<UnplacedRecords>): boolean {
  return written === 0 && rejected.count === 0 && (notes?.dropped ?? 0) === 0
}
