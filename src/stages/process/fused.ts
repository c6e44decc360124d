/**
 * Parse, normalize and serialize in one stage, for JSON lines: what a Rewriter makes of them. The output is the same as
 * that of the separate stages, only the objects in between are missing.
 */

import { DEFAULT_MAX_LINE_BYTES } from '../../formats/limits.ts'
import type { LineSink } from '../../formats/lines.ts'
import { LineReader } from '../../formats/lines.ts'
import { NODE_CODING } from '../../formats/node-coding.ts'
import type { RunnerSource } from '../../rules/apply/normalize.ts'
import { InputStage } from '../input-stage.ts'
import { parseOptions } from '../parse.ts'
import { RecordWriter } from '../rejected-records.ts'
import type { WrittenBatch } from '../serialize.ts'
import { Rewriter } from './rewriter.ts'

export interface FusedOptions {
  /** Longer lines are rejected (LINE_TOO_LONG). Default: 16 MiB. */
  readonly maxLineBytes?: number
  /** Name of the input, where its bytes come without one. Default: `-`. */
  readonly source?: string
  /** Whether lines may go the fast path. Default: true. */
  readonly fastPath?: boolean
  /** Make nothing of what follows the first rejected event. Default: false. */
  readonly stopAtRejected?: boolean
}

/** Bytes of JSON lines in, written batches out. */
export class FusedStage extends InputStage {
  readonly #maxLineBytes: number
  readonly #fastPath: boolean
  readonly #stopAtRejected: boolean
  #rules: RunnerSource
  #source: string
  #records: RecordWriter
  #rewriter: Rewriter
  #reader: LineReader

  /** @throws {TypeError} when an option is not acceptable */
  constructor(
    rules: RunnerSource,
    {
      maxLineBytes = DEFAULT_MAX_LINE_BYTES,
      source = '-',
      fastPath = true,
      stopAtRejected = false,
    }: FusedOptions = {},
  ) {
    super()
    this.#maxLineBytes = parseOptions({ maxLineBytes }).maxLineBytes
    this.#fastPath = fastPath
    this.#stopAtRejected = stopAtRejected
    this.#rules = rules
    this.#source = source
    this.#records = new RecordWriter(source, NODE_CODING)
    this.#rewriter = this.#createRewriter()
    this.#reader = this.#createReader()
  }

  /** The lines that complete from now on are worked on with these rules. */
  replaceRules(rules: RunnerSource): void {
    this.#rules = rules
    this.#rewriter = this.#createRewriter()
  }

  #createRewriter(): Rewriter {
    return new Rewriter(this.#rules, this.#records, {
      fastPath: this.#fastPath,
      stopAtRejected: this.#stopAtRejected,
      coding: NODE_CODING,
    })
  }

  /** The reader outlives its rewriter when the rules are replaced. */
  #createReader(): LineReader {
    const current = () => this.#rewriter
    const sink: LineSink = {
      get isFull() {
        return current().isFull
      },
      get taken() {
        return current().taken
      },
      take: (block, start) => this.#rewriter.take(block, start),
      event: (event) => this.#rewriter.event(event),
      reject: (event) => this.#rewriter.reject(event),
    }
    return new LineReader(this.#maxLineBytes, sink, true, NODE_CODING)
  }

  protected override enterSource(source: string): void {
    if (source === this.#source) return
    this.#source = source
    this.#records = new RecordWriter(source, NODE_CODING)
    this.#rewriter = this.#createRewriter()
  }

  protected override takeBytes(bytes: Uint8Array): Iterable<WrittenBatch> {
    return this.#make(this.#reader.read(bytes))
  }

  protected override *endSource(): Iterable<WrittenBatch> {
    yield* this.#make(this.#reader.readEnd())
    this.#reader = this.#createReader()
  }

  *#make(reading: Iterable<void>): Iterable<WrittenBatch> {
    for (const _ of reading) yield this.#finish()
    const batch = this.#finish()
    if (batch.written > 0 || batch.rejected.count > 0) yield batch
  }

  #finish(): WrittenBatch {
    return { source: this.#source, ...this.#rewriter.finish(), rejected: this.#records.take() }
  }
}
