/**
 * Parse, normalize and serialize in one stage, for JSON lines: what a Rewriter makes of them. The output is the same as
 * that of the separate stages, only the objects in between are missing.
 */
import { InputStage } from './input-stage.ts'
import { DEFAULT_MAX_LINE_BYTES } from './limits.ts'
import type { LineSink } from './lines.ts'
import { LineReader } from './lines.ts'
import type { RunnerSource } from './normalize.ts'
import { parseOptions } from './parse.ts'
import { Rewriter } from './rewriter.ts'

export interface FusedOptions {
  /** Longer lines are rejected (LINE_TOO_LONG). Default: 16 MiB. */
  readonly maxLineBytes?: number
  /** Name of the input, where its bytes come without one. Default: `-`. */
  readonly source?: string
  /** Make nothing of what follows the first rejected event. Default: false. */
  readonly stopAtRejected?: boolean
}

/** Bytes of JSON lines in, written batches out. */
export class FusedStage extends InputStage {
  readonly #maxLineBytes: number
  readonly #stopAtRejected: boolean
  #rules: RunnerSource
  #source: string
  #rewriter: Rewriter
  #reader: LineReader

  /** @throws {TypeError} when an option is not acceptable */
  constructor(
    rules: RunnerSource,
    { maxLineBytes = DEFAULT_MAX_LINE_BYTES, source = '-', stopAtRejected = false }: FusedOptions = {},
  ) {
    super()
    this.#maxLineBytes = parseOptions({ maxLineBytes }).maxLineBytes
    this.#stopAtRejected = stopAtRejected
    this.#rules = rules
    this.#source = source
    this.#rewriter = this.#createRewriter()
    this.#reader = this.#createReader()
  }

  /** The lines that complete from now on are worked on with these rules. */
  replaceRules(rules: RunnerSource): void {
    this.#rules = rules
    this.#rewriter = this.#createRewriter()
  }

  #createRewriter(): Rewriter {
    return new Rewriter(this.#source, this.#rules, this.#stopAtRejected)
  }

  /** The reader outlives its rewriter when the rules are replaced. */
  #createReader(): LineReader {
    const sink: LineSink = {
      block: (bytes, chunk) => this.#rewriter.block(bytes, chunk),
      take: (start) => this.#rewriter.take(start),
      event: (event) => this.#rewriter.event(event),
      reject: (event) => this.#rewriter.reject(event),
    }
    return new LineReader(this.#maxLineBytes, sink)
  }

  protected override enterSource(source: string): void {
    if (source === this.#source) return
    this.#source = source
    this.#rewriter = this.#createRewriter()
  }

  protected override takeBytes(bytes: Uint8Array): void {
    this.#reader.push(bytes)
    this.#give()
  }

  protected override endSource(): void {
    this.#reader.end()
    this.#reader = this.#createReader()
    this.#give()
  }

  #give(): void {
    const batch = this.#rewriter.finish()
    if (batch.written > 0 || batch.rejected.length > 0) this.push(batch)
  }
}
