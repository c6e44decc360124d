import type { ProcessedPart } from '../../batches/processor.ts'
import { Processor } from '../../batches/processor.ts'
import type { RejectedRecords } from '../../batches/rejected-records.ts'
import { RecordWriter } from '../../batches/rejected-records.ts'
import type { WrittenBatch } from '../../batches/serialize.ts'
import type { InputOptions } from '../../formats/input-options.ts'
import { HAND_ON_MS } from '../../formats/limits.ts'
import { NODE_CODING } from '../../formats/node-coding.ts'
import { UnreadRests } from '../../formats/unread-rests.ts'
import type { TracerPool } from '../../tracer/client/pool.ts'
import type { ChainCounts, StageChain } from '../chain.ts'
import { EnrichQueue } from '../enrich-queue.ts'
import { checkWrites } from '../enrich-writes.ts'
import { lookedUpFields } from '../enrichment.ts'
import type { BatchCounts } from '../output-counter.ts'
import { OutputCounter } from '../output-counter.ts'
import { parseOptions } from '../parse.ts'
import type { PipelineRules } from '../pipeline-options.ts'
import type { Sinks } from '../sink.ts'
import type { Source } from '../source.ts'
import { safeLineTest } from './line-test.ts'

export interface LoopOptions extends InputOptions {
  readonly fastPath?: boolean | undefined
  readonly stopAtRejected?: boolean
  /** Looks up what the rules' `enrich` names. It is the caller's to close. Default: nothing is looked up. */
  readonly tracer?: TracerPool | undefined
  /** Called after each part of the output that was counted. */
  readonly onBatch?: ((counts: BatchCounts) => void) | undefined
}

/**
 * The pipeline without streams in between: a chunk of the source is made into output and records, these are written, and the
 * next chunk is read. Nothing is on its way meanwhile, so buffers are used again; a slow reader of the output or of the errors
 * makes the loop wait, and with it the source. Between chunks, and between the parts of one, the event loop turns when
 * {@link HAND_ON_MS} have gone by: signals and timers wait no longer.
 *
 *     source --chunk--> processor --part--> [ enrich ] --> output
 *       ^                   |                   |  `-----> errors
 *       |                   |                   `-- a part that waits for answers is copied, and leaves in its turn
 *       `--- next, when all of it is written, or waits
 *
 * With a tracer, parts of which all answers are known are written at once as well. Others wait in a queue, with those behind them, and are
 * written when their answers come, whatever the loop does then; it goes on reading as long as the queue has room, and lets the
 * event loop turn after each chunk.
 */
export class ProcessLoop implements StageChain {
  readonly workers = 1
  readonly unread = new UnreadRests()
  readonly #options: LoopOptions
  readonly #sinks: Sinks
  readonly #counter = new OutputCounter()
  readonly #processor: Processor<RejectedRecords>
  readonly #queue: EnrichQueue | undefined
  /** Output fields of all rules that have applied. */
  #writes: ReadonlySet<string>
  #source: string
  #bytesParsed = 0
  #stopped = false
  /** The error of a sink or of the queue. */
  #fault: Error | undefined
  #input: Source | undefined
  /** Something of the queue is being written, and nothing else may be. */
  #isWriting = false
  #isAdvancing = false
  /** Called when the queue may have room, or has failed. */
  #wake: (() => void) | undefined
  /** When the event loop turned last. */
  #turned = 0

  /** @throws {TypeError} when an option is not acceptable */
  constructor(rules: PipelineRules, sinks: Sinks, options: LoopOptions = {}) {
    const { input, source } = parseOptions(options)
    const { fastPath, stopAtRejected, tracer } = options
    this.#options = options
    this.#sinks = sinks
    this.#source = source
    this.#writes = new Set(rules.writes)
    this.#processor = new Processor(rules, new RecordWriter(source, NODE_CODING), {
      lineTest: safeLineTest,
      ...input,
      fastPath,
      stopAtRejected,
      buffers: 'lent',
      coding: NODE_CODING,
      placed: tracer && lookedUpFields(rules.enrich),
    })
    if (tracer === undefined) return
    this.#queue = new EnrichQueue(
      { pool: tracer, enrich: rules.enrich, isLent: true },
      { onProgress: () => this.#advance(), onFault: (error) => this.#fail(error as Error) },
    )
  }

  async run(source: Source): Promise<void> {
    this.#input = source
    const { output, errors } = this.#sinks
    for (const sink of [output, errors]) sink?.watch?.((error) => this.#fail(error))
    this.#turned = performance.now()
    let hasEnded = true
    try {
      for await (const { source: name, bytes } of source) {
        this.#enterSource(name)
        hasEnded = bytes === undefined
        if (bytes === undefined) await this.#endSource()
        else {
          this.#bytesParsed += bytes.length
          await this.#write(this.#processor.read(bytes))
        }
        if (this.#fault !== undefined) break
        if (this.#stopped) source.stop()
        if (this.#isTurnDue || this.#queue?.isEmpty === false) await this.#turn()
      }
      if (!hasEnded && this.#fault === undefined) await this.#endSource()
      while (this.#isBusy && this.#fault === undefined) await this.#change()
    } finally {
      source.stop()
      this.#queue?.close()
    }
    if (this.#fault !== undefined) throw this.#fault
  }

  /**
   * @throws {TypeError} when detections go to a member that a rule, of these or of those before, writes into (or to
   *   `event`, or a number)
   */
  replaceRules(rules: PipelineRules): void {
    if (this.#queue !== undefined) {
      this.#writes = checkWrites(rules, this.#writes)
      this.#queue.replaceSpec(rules.enrich)
    }
    this.#processor.replaceRules(rules, this.#queue && lookedUpFields(rules.enrich))
  }

  get counts(): ChainCounts {
    return {
      ...this.#counter.counts,
      bytesParsed: this.#bytesParsed,
      bytesUnread: this.unread.bytes,
      ...(this.#queue === undefined ? {} : { enrichment: this.#queue.counts }),
    }
  }

  get stopped(): boolean {
    return this.#stopped
  }

  #enterSource(name: string): void {
    if (name === this.#source) return
    this.#source = name
    this.#processor.replaceRecords(new RecordWriter(name, NODE_CODING))
  }

  async #endSource(): Promise<void> {
    await this.#write(this.#processor.end())
    this.unread.add(this.#source, this.#processor.unread)
    this.#processor.begin(true)
  }

  /** Writes the parts, and what is left of the last one. @returns a promise only where something has to be waited for */
  #write(parts: Iterator<ProcessedPart<RejectedRecords>>): Promise<void> | undefined {
    for (;;) {
      const next = parts.next()
      const part = next.done === true ? this.#processor.finish() : next.value
      const waits = this.#queue === undefined ? this.#part(part) : this.#enrich(this.#queue, part)
      if (next.done === true) return waits
      if (waits !== undefined || this.#isTurnDue) return this.#goOn(waits, parts)
    }
  }

  async #goOn(
    waits: Promise<void> | undefined,
    parts: Iterator<ProcessedPart<RejectedRecords>>,
  ): Promise<void> {
    await waits
    if (this.#fault !== undefined) return
    if (this.#isTurnDue) await this.#turn()
    await this.#write(parts)
  }

  #part(part: Omit<WrittenBatch, 'source'>): Promise<void> | undefined {
    const { bytes, written, rejected } = part
    if (this.#stopped || (written === 0 && rejected.count === 0 && part.notes === undefined)) return undefined
    this.#counter.add(part)
    this.#options.onBatch?.(this.#counter)
    if (rejected.count > 0 && this.#options.stopAtRejected === true) this.#stopped = true
    const { output, errors } = this.#sinks
    const ofOutput = bytes.length > 0 ? output.write(bytes) : undefined
    if (rejected.count === 0 || errors === undefined) return ofOutput
    if (ofOutput === undefined) return errors.write(rejected.bytes)
    return ofOutput.then(() => errors.write(rejected.bytes))
  }

  // --- with a tracer ----------------------------------------------------------------------------------------

  /** Puts a part into the queue. @returns a promise only where it has to be waited for: the part is written, or a copy waits */
  #enrich(queue: EnrichQueue, part: ProcessedPart<RejectedRecords>): Promise<void> | undefined {
    if (part.written === 0 && part.rejected.count === 0 && part.notes === undefined) return undefined
    // Nothing behind it is made.
    if (part.rejected.count > 0 && this.#options.stopAtRejected === true) this.#input?.stop()
    queue.accept({ source: this.#source, ...part })
    this.#advance()
    if (!queue.isEmpty) queue.keepLast()
    return this.#isFull(queue) ? this.#room(queue) : undefined
  }

  #isFull(queue: EnrichQueue): boolean {
    return this.#fault === undefined && (this.#isWriting || !queue.hasRoom)
  }

  async #room(queue: EnrichQueue): Promise<void> {
    while (this.#isFull(queue)) await this.#change()
  }

  /** Writes what may leave, and asks for what there is room for. */
  #advance(): void {
    // Answers come while it asks.
    if (this.#isAdvancing || this.#fault !== undefined) return
    this.#isAdvancing = true
    try {
      this.#queue?.work(this.#taker)
    } catch (error) {
      this.#fail(error as Error)
    }
    this.#isAdvancing = false
    this.#wake?.()
  }

  readonly #taker = this.#createTaker()

  #createTaker(): { readonly isWanted: boolean; give(batch: unknown): void } {
    const isWanted = () => !this.#isWriting && this.#fault === undefined
    return {
      get isWanted() {
        return isWanted()
      },
      give: (batch) => {
        const waits = this.#part(batch as WrittenBatch)
        if (waits === undefined) return
        this.#isWriting = true
        waits.then(
          () => {
            this.#isWriting = false
            this.#advance()
          },
          (error) => this.#fail(error as Error),
        )
      },
    }
  }

  /** Something waits for answers, or is being written. */
  get #isBusy(): boolean {
    return this.#queue !== undefined && (this.#isWriting || !this.#queue.isEmpty)
  }

  /** Waits until something has happened to the queue. */
  #change(): Promise<void> {
    return new Promise((resolve) => {
      this.#wake = () => {
        this.#wake = undefined
        resolve()
      }
    })
  }

  #fail(error: Error): void {
    this.#fault ??= error
    this.#input?.stop()
    this.#wake?.()
  }

  get #isTurnDue(): boolean {
    return performance.now() - this.#turned >= HAND_ON_MS
  }

  async #turn(): Promise<void> {
    await new Promise(setImmediate)
    this.#turned = performance.now()
  }
}
