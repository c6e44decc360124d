import type { ProcessedPart } from '../../batches/processor.ts'
import { Processor } from '../../batches/processor.ts'
import type { RejectedRecords } from '../../batches/rejected-records.ts'
import { RecordWriter } from '../../batches/rejected-records.ts'
import type { InputOptions } from '../../formats/input-options.ts'
import { HAND_ON_MS } from '../../formats/limits.ts'
import { NODE_CODING } from '../../formats/node-coding.ts'
import { UnreadRests } from '../../formats/unread-rests.ts'
import type { RunnerSource } from '../../rules/apply/normalize.ts'
import type { ChainCounts, StageChain } from '../chain.ts'
import type { BatchCounts } from '../output-counter.ts'
import { OutputCounter } from '../output-counter.ts'
import { parseOptions } from '../parse.ts'
import type { Sinks } from '../sink.ts'
import type { Source } from '../source.ts'
import { safeLineTest } from './line-test.ts'

export interface LoopOptions extends InputOptions {
  readonly fastPath?: boolean | undefined
  readonly stopAtRejected?: boolean
  /** Called after each part of the output that was counted. */
  readonly onBatch?: ((counts: BatchCounts) => void) | undefined
}

/**
 * The pipeline without streams in between: a chunk of the source is made into output and records, these are written, and the
 * next chunk is read. Nothing is on its way meanwhile, so buffers are used again; a slow reader of the output or of the errors
 * makes the loop wait, and with it the source. Between chunks, and between the parts of one, the event loop turns when
 * {@link HAND_ON_MS} have gone by: signals and timers wait no longer.
 *
 *     source --chunk--> processor --part--> output
 *       ^                   |  `----------> errors
 *       `--- next, when all of it is written
 */
export class ProcessLoop implements StageChain {
  readonly workers = 1
  readonly unread = new UnreadRests()
  readonly #options: LoopOptions
  readonly #sinks: Sinks
  readonly #counter = new OutputCounter()
  readonly #processor: Processor<RejectedRecords>
  #source: string
  #bytesParsed = 0
  #stopped = false
  /** When the event loop turned last. */
  #turned = 0

  /** @throws {TypeError} when an option is not acceptable */
  constructor(rules: RunnerSource, sinks: Sinks, options: LoopOptions = {}) {
    const { input, source } = parseOptions(options)
    const { fastPath, stopAtRejected } = options
    this.#options = options
    this.#sinks = sinks
    this.#source = source
    this.#processor = new Processor(rules, new RecordWriter(source, NODE_CODING), {
      lineTest: safeLineTest,
      ...input,
      fastPath,
      stopAtRejected,
      buffers: 'lent',
      coding: NODE_CODING,
    })
  }

  async run(source: Source): Promise<void> {
    let fault: Error | undefined
    const { output, errors } = this.#sinks
    for (const sink of [output, errors]) {
      sink?.watch?.((error) => {
        fault ??= error
        source.stop()
      })
    }
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
        if (fault !== undefined) break
        if (this.#stopped) source.stop()
        if (this.#isTurnDue) await this.#turn()
      }
      if (!hasEnded && fault === undefined) await this.#endSource()
    } finally {
      source.stop()
    }
    if (fault !== undefined) throw fault
  }

  replaceRules(rules: RunnerSource): void {
    this.#processor.replaceRules(rules)
  }

  get counts(): ChainCounts {
    return { ...this.#counter.counts, bytesParsed: this.#bytesParsed, bytesUnread: this.unread.bytes }
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
      const waits = this.#part(next.done === true ? this.#processor.finish() : next.value)
      if (next.done === true) return waits
      if (waits !== undefined || this.#isTurnDue) return this.#goOn(waits, parts)
    }
  }

  async #goOn(
    waits: Promise<void> | undefined,
    parts: Iterator<ProcessedPart<RejectedRecords>>,
  ): Promise<void> {
    await waits
    if (this.#isTurnDue) await this.#turn()
    await this.#write(parts)
  }

  #part(part: ProcessedPart<RejectedRecords>): Promise<void> | undefined {
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

  get #isTurnDue(): boolean {
    return performance.now() - this.#turned >= HAND_ON_MS
  }

  async #turn(): Promise<void> {
    await new Promise(setImmediate)
    this.#turned = performance.now()
  }
}
