import { EventFormat } from '../../batches/input-format.ts'
import type { ProcessedPart } from '../../batches/processor.ts'
import { Processor } from '../../batches/processor.ts'
import type { RejectedRecords, UnplacedRecords } from '../../batches/rejected-records.ts'
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
import type { InputChunk, Source } from '../source.ts'
import { safeLineTest } from './line-test.ts'
import { Pace } from './pace.ts'
import type { ParallelOptions } from './parallel.ts'
import { SharedWork } from './shared-work.ts'

export interface LoopOptions
  extends InputOptions,
    Partial<Pick<ParallelOptions, 'workers' | 'workersAfterBytes' | 'blockBytes' | 'createWorker'>> {
  readonly fastPath?: boolean | undefined
  readonly stopAtRejected?: boolean
  /** Looks up what the rules' `enrich` names. It is the caller's to close. Default: nothing is looked up. */
  readonly tracer?: TracerPool | undefined
  /** Called after each part of the output that was counted. */
  readonly onBatch?: ((counts: BatchCounts) => void) | undefined
}

const LF = 0x0a
const NOTHING = new Uint8Array(0)

/** While threads start the event loop turns as often as this, so that it is told when one is ready. */
const STARTING_MS = 10

/**
 * True when several threads can divide the work of a loop among them: who has complete lines needs none of those before them, and nothing
 * is looked up.
 */
export function canShare(options: LoopOptions): boolean {
  const { workers = 1, tracer } = options
  if (workers === 1 || tracer !== undefined || options.multiline !== undefined) return false
  const format = new EventFormat(parseOptions(options).input, safeLineTest)
  return format.lines !== undefined && format.createTranscoder() === undefined
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
 * With several workers the loop begins alone as well, and goes on so while the threads start. When one is ready, the lines from there
 * on are divided among all (see shared-work.ts); results are written in their order as they come, whatever the loop does then.
 *
 * With a tracer, parts of which all answers are known are written at once as well. Others wait in a queue, with those behind them, and are
 * written when their answers come, whatever the loop does then; it goes on reading as long as the queue has room, and lets the
 * event loop turn after each chunk.
 */
export class ProcessLoop implements StageChain {
  readonly workers: number
  readonly unread = new UnreadRests()
  readonly #options: LoopOptions
  readonly #sinks: Sinks
  readonly #counter = new OutputCounter()
  readonly #processor: Processor<RejectedRecords>
  readonly #queue: EnrichQueue | undefined
  readonly #shared: SharedWork | undefined
  /** Tells when the threads are to be started. Undefined: now, or never. */
  readonly #pace: Pace | undefined
  /** Output fields of all rules that have applied. */
  #writes: ReadonlySet<string>
  #source: string
  #bytesParsed = 0
  #stopped = false
  /** The error of a sink or of the queue. */
  #fault: Error | undefined
  /** Rules that wait for events which are held to be evaluated. */
  #nextRules: PipelineRules | undefined
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
    const { fastPath = true, stopAtRejected = false, tracer, workers = 1, workersAfterBytes = 0 } = options
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
    this.workers = canShare(options) ? workers : 1
    if (this.workers > 1) {
      const { blockBytes, createWorker } = options
      this.#shared = new SharedWork(rules, {
        workers,
        settings: { input, fastPath, stopAtRejected },
        onProgress: () => this.#advance(),
        onFault: (error) => this.#fail(error),
        blockBytes,
        createWorker,
      })
      if (workersAfterBytes > 0) this.#pace = new Pace(workersAfterBytes, performance.now())
    }
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
    let asked = this.#turned
    try {
      for await (const chunk of source) {
        this.#pace?.wait(performance.now() - asked)
        const { bytes, isFollowed } = chunk
        hasEnded = bytes === undefined
        if (this.#nextRules !== undefined) await this.#useNextRules()
        if (this.#pace === undefined && bytes !== undefined) this.#shared?.start()
        if (this.#shared?.hasBegun === true) await this.#share(this.#shared, chunk)
        else {
          this.#enterSource(chunk.source)
          if (bytes === undefined) await this.#endSource()
          else if (this.#shared?.isReady === true) await this.#beginToShare(this.#shared, bytes)
          else await this.#write(this.#processor.read(bytes, isFollowed))
        }
        if (bytes !== undefined) this.#count(bytes)
        if (this.#fault !== undefined) break
        if (this.#stopped) source.stop()
        if (this.#isTurnDue || this.#isUnderWay) await this.#turn()
        if (this.#pace !== undefined) asked = performance.now()
      }
      if (!hasEnded && this.#fault === undefined) await this.#endSource()
      while (this.#isBusy && this.#fault === undefined) await this.#change()
    } finally {
      source.stop()
      this.#queue?.close()
      await this.#shared?.end()
    }
    if (this.#fault !== undefined) throw this.#fault
  }

  #count({ length }: Uint8Array): void {
    this.#bytesParsed += length
    if (this.#pace?.isTooFast(length, performance.now()) === true) this.#shared!.start()
  }

  /**
   * @throws {TypeError} when detections go to a member that a rule, of these or of those before, writes into (or to
   *   `event`, or a number)
   */
  replaceRules(rules: PipelineRules): void {
    if (this.#queue !== undefined) this.#writes = checkWrites(rules, this.#writes)
    // While others wait these take their place.
    if (this.#nextRules !== undefined || this.#processor.isHolding) this.#nextRules = rules
    else this.#useRules(rules)
  }

  async #useNextRules(): Promise<void> {
    await this.#write(this.#processor.read(NOTHING))
    const rules = this.#nextRules!
    this.#nextRules = undefined
    this.#useRules(rules)
  }

  #useRules(rules: PipelineRules): void {
    this.#queue?.replaceSpec(rules.enrich)
    this.#shared?.replaceRules(rules)
    if (this.#shared?.hasBegun !== true)
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
    if (this.#shared?.hasBegun === true) {
      await this.#share(this.#shared, { source: this.#source })
      return
    }
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
    if (rejected.count === 0 || errors === undefined) return this.#timed(ofOutput)
    if (ofOutput === undefined) return this.#timed(errors.write(rejected.bytes))
    return this.#timed(ofOutput.then(() => errors.write(rejected.bytes)))
  }

  #timed(waits: Promise<void> | undefined): Promise<void> | undefined {
    const pace = this.#pace
    if (waits === undefined || pace === undefined) return waits
    const from = performance.now()
    return waits.finally(() => pace.wait(performance.now() - from))
  }

  // --- with other threads -----------------------------------------------------------------------------------

  /** From the end of the line that is held, the threads work. Without one in the chunk this thread goes on alone. */
  async #beginToShare(shared: SharedWork, bytes: Uint8Array): Promise<void> {
    const end = bytes.indexOf(LF) + 1
    await this.#write(this.#processor.read(end === 0 ? bytes : bytes.subarray(0, end)))
    if (end === 0 || this.#fault !== undefined || this.#stopped) return
    // Its records get their places later from now on.
    const processor = this.#processor as unknown as Processor<UnplacedRecords>
    shared.begin(processor, this.#source, this.#processor.lines)
    await this.#share(shared, { source: this.#source, bytes: bytes.subarray(end) })
  }

  async #share(shared: SharedWork, chunk: InputChunk): Promise<void> {
    this.#source = chunk.source
    for (const _ of shared.take(chunk)) {
      this.#advance()
      if (this.#fault !== undefined) return
      if (!shared.hasRoom) await this.#change()
    }
    this.#advance()
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

  /** Writes what may leave, and asks the tracer for what there is room for. */
  #advance(): void {
    // Answers come while it asks.
    if (this.#isAdvancing || this.#fault !== undefined) return
    this.#isAdvancing = true
    try {
      this.#queue?.work(this.#taker)
      if (this.#shared !== undefined) this.#leave(this.#shared)
    } catch (error) {
      this.#fail(error as Error)
    }
    this.#isAdvancing = false
    this.#wake?.()
  }

  #leave(shared: SharedWork): void {
    while (this.#taker.isWanted) {
      const batch = shared.next()
      if (batch === undefined) return
      this.#taker.give(batch)
      // It comes when it likes, and the source may be waited for.
      if (this.#stopped) this.#input?.stop()
    }
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
    return this.#isWriting || this.#isUnderWay
  }

  /** Something waits for answers, or for other threads. */
  get #isUnderWay(): boolean {
    return this.#queue?.isEmpty === false || this.#shared?.isEmpty === false
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
    return performance.now() - this.#turned >= (this.#shared?.isStarting === true ? STARTING_MS : HAND_ON_MS)
  }

  async #turn(): Promise<void> {
    await new Promise(setImmediate)
    this.#turned = performance.now()
  }
}
