import { Readable, type Writable } from 'node:stream'
import { pipeline } from 'node:stream/promises'
import { FusedStage } from './stages/fused.ts'
import type { RunnerSource } from './stages/normalize.ts'
import { NormalizeStage } from './stages/normalize.ts'
import type { ParseOptions } from './stages/parse.ts'
import { ParseStage } from './stages/parse.ts'
import type { OutputCounts, SerializeOptions } from './stages/serialize.ts'
import { SerializeStage } from './stages/serialize.ts'
import type { Input } from './stages/source.ts'
import { InputReader } from './stages/source.ts'

export interface PipelineOptions
  extends Pick<ParseOptions, 'inputFormat' | 'maxLineBytes'>,
    Pick<SerializeOptions, 'errors' | 'onError'> {
  /** What `compileRules` made of a rule file. */
  readonly rules: RunnerSource
  /** Read one after the other, compressed ones as well. A stream counts as an input of the name `-`. */
  readonly inputs: Iterable<Input | Readable>
  /** Whether lines may go from bytes to bytes where the rules allow it; the result is the same. Default: true. */
  readonly fastPath?: boolean
  /** Where the normalized events go, as JSON lines. It is ended after the last one. */
  readonly output: Writable
}

/** What has happened so far. */
export interface PipelineCounts extends OutputCounts {
  /** Bytes read from the inputs, before decompression. */
  readonly bytesRead: number
  /** Bytes parsed, after decompression. */
  readonly bytesParsed: number
}

/**
 * The product:
 *
 *     inputs -> decompress -> parse -> normalize -> serialize -> output
 *                                                       `-> errors (rejected events)
 *
 * Batches travel, one for each chunk of input, and a stage that has to wait makes all those before it wait: what is in
 * memory at a time is a few batches, whatever the size of the inputs and the pace of the reader.
 */
export class Pipeline {
  readonly #reader: InputReader
  readonly #parse: ParseStage | FusedStage
  readonly #normalize: NormalizeStage | undefined
  readonly #serialize: SerializeStage
  readonly #output: Writable

  /** @throws {TypeError} when an option is not acceptable */
  constructor(options: PipelineOptions) {
    const { rules, inputs, output, errors, onError, inputFormat, maxLineBytes } = options
    this.#reader = new InputReader(asInputs(inputs))
    if (canFuse(options)) {
      this.#parse = new FusedStage(rules, { maxLineBytes })
    } else {
      this.#parse = new ParseStage({ inputFormat, maxLineBytes })
      this.#normalize = new NormalizeStage(rules)
    }
    this.#serialize = new SerializeStage({ errors, onError, onStop: () => this.stop() })
    this.#output = output
  }

  /**
   * Processes the inputs to their end. Call it once.
   *
   * @throws {InputError} after everything that could be read has been processed
   * @throws what the output or the errors output failed with
   */
  async run(): Promise<PipelineCounts> {
    // A reader that waits for input does not notice that the stages behind it are gone.
    this.#parse.once('close', () => this.#reader.stop())
    if (this.#normalize === undefined) {
      await pipeline(this.#reader, this.#parse, this.#serialize, this.#output)
    } else {
      await pipeline(this.#reader, this.#parse, this.#normalize, this.#serialize, this.#output)
    }
    if (this.#reader.fault !== undefined) throw this.#reader.fault
    return this.counts
  }

  /** Reads no more; what was read is processed, and `run` ends. */
  stop(): void {
    this.#reader.stop()
  }

  /** From the next batch on these rules apply. */
  replaceRules(rules: RunnerSource): void {
    const stage = this.#normalize ?? this.#parse
    if ('replaceRules' in stage) stage.replaceRules(rules)
  }

  get counts(): PipelineCounts {
    return {
      ...this.#serialize.counts,
      bytesRead: this.#reader.bytesRead,
      bytesParsed: this.#parse.bytesRead,
    }
  }

  /** Whether an event was rejected under `onError: 'fail'`, which ended the reading. */
  get failed(): boolean {
    return this.#serialize.stopped
  }
}

/** @throws {TypeError} when an option is not acceptable */
export function createPipeline(options: PipelineOptions): Pipeline {
  return new Pipeline(options)
}

/** Whether one stage can do the work of parse, normalize and serialize: JSON lines, and no stop at the first rejected. */
function canFuse({
  rules,
  inputFormat = 'jsonl',
  onError = 'reject',
  fastPath = true,
}: PipelineOptions): boolean {
  return fastPath && rules.fastPath !== undefined && inputFormat === 'jsonl' && onError === 'reject'
}

function* asInputs(inputs: Iterable<Input | Readable>): Generator<Input> {
  for (const input of inputs) yield input instanceof Readable ? { name: '-', open: () => input } : input
}
