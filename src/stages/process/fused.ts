/** Parse, normalize and serialize in one stage, on this thread. */
import type { ProcessedPart } from '../../batches/processor.ts'
import { Processor } from '../../batches/processor.ts'
import type { RejectedRecords } from '../../batches/rejected-records.ts'
import { RecordWriter } from '../../batches/rejected-records.ts'
import type { WrittenBatch } from '../../batches/serialize.ts'
import { NODE_CODING } from '../../formats/node-coding.ts'
import type { RunnerSource } from '../../rules/apply/normalize.ts'
import { InputStage } from '../input-stage.ts'
import type { ParseOptions } from '../parse.ts'
import { parseOptions } from '../parse.ts'
import { safeLineTest } from './line-test.ts'

export interface FusedOptions extends ParseOptions {
  /** Lines may go the fast path. Default: true. */
  readonly fastPath?: boolean | undefined
  /** Make nothing of what follows the first rejected event. Default: false. */
  readonly stopAtRejected?: boolean
}

/** Bytes in, written batches out: those that a `Processor` makes. The output is that of the separate stages. */
export class FusedStage extends InputStage {
  readonly #processor: Processor<RejectedRecords>
  #source: string

  /** @throws {TypeError} when an option is not acceptable */
  constructor(rules: RunnerSource, options: FusedOptions = {}) {
    super()
    const { input, source } = parseOptions(options)
    const { fastPath, stopAtRejected } = options
    const records = new RecordWriter(source, NODE_CODING)
    this.#source = source
    this.#processor = new Processor(rules, records, {
      ...input,
      fastPath,
      stopAtRejected,
      coding: NODE_CODING,
      lineTest: safeLineTest,
    })
  }

  /** The events that complete from now on are worked on with these rules. */
  replaceRules(rules: RunnerSource): void {
    this.#processor.replaceRules(rules)
  }

  protected override enterSource(source: string): void {
    if (source === this.#source) return
    this.#source = source
    this.#processor.replaceRecords(new RecordWriter(source, NODE_CODING))
  }

  protected override takeBytes(bytes: Uint8Array): Iterable<WrittenBatch> {
    return this.#batches(this.#processor.read(bytes))
  }

  protected override *endSource(): Iterable<WrittenBatch> {
    yield* this.#batches(this.#processor.end())
    this.unread.add(this.#source, this.#processor.unread)
    this.#processor.begin(true)
  }

  protected override heldPieces(): Iterable<WrittenBatch> {
    return this.#batches(this.#processor.readHeld())
  }

  protected override get holdsEvent(): boolean {
    return this.#processor.holdsEvent
  }

  *#batches(parts: Iterable<ProcessedPart<RejectedRecords>>): Iterable<WrittenBatch> {
    const source = this.#source
    for (const part of parts) yield { source, ...part }
    const rest = this.#processor.finish()
    if (rest.written > 0 || rest.rejected.count > 0 || (rest.notes?.dropped ?? 0) > 0)
      yield { source, ...rest }
  }
}
