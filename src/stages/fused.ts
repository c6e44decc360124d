/**
 * Parse, normalize and serialize in one stage, for JSON lines: what a Rewriter makes of them. The output is the same as
 * that of the separate stages, only the objects in between are missing.
 */
import { Transform, type TransformCallback } from 'node:stream'
import { DEFAULT_MAX_LINE_BYTES } from './limits.ts'
import type { LineSink } from './lines.ts'
import { LineReader } from './lines.ts'
import type { RunnerSource } from './normalize.ts'
import type { InputChunk } from './parse.ts'
import { parseOptions } from './parse.ts'
import { Rewriter } from './rewriter.ts'
import { guard, STAGE_OPTIONS } from './stage.ts'

export interface FusedOptions {
  /** Longer lines are rejected (LINE_TOO_LONG). Default: 16 MiB. */
  readonly maxLineBytes?: number
  /** Name of the input, where its bytes come without one. Default: `-`. */
  readonly source?: string
  /** Make nothing of what follows the first rejected event. Default: false. */
  readonly stopAtRejected?: boolean
}

/** Bytes of JSON lines in, written batches out. */
export class FusedStage extends Transform {
  readonly #maxLineBytes: number
  readonly #stopAtRejected: boolean
  #rules: RunnerSource
  #source: string
  #rewriter: Rewriter
  #reader: LineReader
  #bytesRead = 0

  /** @throws {TypeError} when an option is not acceptable */
  constructor(
    rules: RunnerSource,
    { maxLineBytes = DEFAULT_MAX_LINE_BYTES, source = '-', stopAtRejected = false }: FusedOptions = {},
  ) {
    super({ ...STAGE_OPTIONS, objectMode: true })
    this.#maxLineBytes = parseOptions({ maxLineBytes }).maxLineBytes
    this.#stopAtRejected = stopAtRejected
    this.#rules = rules
    this.#source = source
    this.#rewriter = this.#createRewriter()
    this.#reader = this.#createReader()
  }

  /** Bytes read so far, after decompression. */
  get bytesRead(): number {
    return this.#bytesRead
  }

  /** The lines that complete from now on are worked on with these rules. */
  replaceRules(rules: RunnerSource): void {
    this.#rules = rules
    this.#rewriter = this.#createRewriter()
  }

  override _transform(
    chunk: InputChunk | Uint8Array,
    _encoding: BufferEncoding,
    callback: TransformCallback,
  ): void {
    guard(callback, () => {
      if (chunk instanceof Uint8Array) this.#read(chunk)
      else {
        this.#enter(chunk.source)
        if (chunk.bytes === undefined) this.#end()
        else this.#read(chunk.bytes)
      }
      callback()
    })
  }

  override _flush(callback: TransformCallback): void {
    guard(callback, () => {
      this.#end()
      callback()
    })
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

  #enter(source: string): void {
    if (source === this.#source) return
    this.#source = source
    this.#rewriter = this.#createRewriter()
  }

  #read(bytes: Uint8Array): void {
    this.#bytesRead += bytes.length
    this.#reader.push(bytes)
    this.#give()
  }

  #end(): void {
    this.#reader.end()
    this.#reader = this.#createReader()
    this.#give()
  }

  #give(): void {
    const batch = this.#rewriter.finish()
    if (batch.written > 0 || batch.rejected.length > 0) this.push(batch)
  }
}
