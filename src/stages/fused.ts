/**
 * Parse, normalize and serialize in one stage, for JSON lines: a line goes the fast path, from its bytes to the output's
 * bytes. One that the fast path leaves alone goes through the same pure functions as in the separate stages, in its
 * place among the others; so the output is the same, and only the objects in between are missing.
 */
import type { Buffer } from 'node:buffer'
import { Transform, type TransformCallback } from 'node:stream'
import type { EventText, RejectedEvent } from '../event.ts'
import type { FastPath } from '../rules/fast/fast-path.ts'
import { ByteWriter } from '../rules/fast/writer.ts'
import type { Runner } from '../rules/runner.ts'
import type { ChunkText } from './chunk-text.ts'
import { isCanonical } from './json-canonical.ts'
import { stringify } from './json-stringify.ts'
import { DEFAULT_MAX_LINE_BYTES } from './limits.ts'
import type { LineSink } from './lines.ts'
import { LineReader } from './lines.ts'
import type { RunnerSource } from './normalize.ts'
import { normalizeBatch } from './normalize.ts'
import type { InputChunk } from './parse.ts'
import { parseBatch, parseOptions } from './parse.ts'
import type { WrittenBatch } from './serialize.ts'
import { serializeBatch } from './serialize.ts'
import { guard, STAGE_OPTIONS } from './stage.ts'

/** Makes output of lines, in their order. */
class Rewriter implements LineSink {
  readonly #source: string
  readonly #runner: Runner
  readonly #fast: FastPath | undefined
  readonly #writer: ByteWriter
  /** Lines that go the plain way, to be dealt with before the next one of the fast path. */
  #plain: EventText[] = []
  #rejected: RejectedEvent[] = []
  #written = 0
  #usable = false

  constructor(source: string, rules: RunnerSource) {
    this.#source = source
    this.#runner = rules.createRunner()
    this.#fast = rules.fastPath?.create({ isCanonical, stringify })
    this.#writer = this.#fast?.writer ?? new ByteWriter()
  }

  block(bytes: Buffer, chunk: ChunkText): void {
    this.#usable = this.#fast !== undefined && chunk.isUtf8
    if (this.#usable) this.#fast!.block(bytes, chunk.latin1)
  }

  take(start: number): number {
    if (!this.#usable) return -1
    if (this.#plain.length > 0) this.#goPlain()
    const next = this.#fast!.line(start)
    if (next !== -1) this.#written++
    return next
  }

  event(event: EventText): void {
    this.#plain.push(event)
  }

  reject(event: RejectedEvent): void {
    if (this.#plain.length > 0) this.#goPlain()
    this.#rejected.push(event)
  }

  #goPlain(): void {
    const parsed = parseBatch(this.#source, { events: this.#plain, rejected: [] })
    const { texts, written, rejected } = serializeBatch(normalizeBatch(parsed, this.#runner))
    for (const text of texts) this.#writer.text(text)
    this.#written += written
    for (const event of rejected) this.#rejected.push(event)
    this.#plain = []
  }

  /** What was made of the lines since the last call. */
  finish(): WrittenBatch {
    if (this.#plain.length > 0) this.#goPlain()
    const batch = {
      source: this.#source,
      bytes: this.#writer.take(),
      written: this.#written,
      rejected: this.#rejected,
    }
    this.#written = 0
    this.#rejected = []
    return batch
  }
}

export interface FusedOptions {
  /** Longer lines are rejected (LINE_TOO_LONG). Default: 16 MiB. */
  readonly maxLineBytes?: number
  /** Name of the input, where its bytes come without one. Default: `-`. */
  readonly source?: string
}

/** Bytes of JSON lines in, written batches out. */
export class FusedStage extends Transform {
  readonly #maxLineBytes: number
  #rules: RunnerSource
  #source: string
  #rewriter: Rewriter
  #reader: LineReader
  #bytesRead = 0

  /** @throws {TypeError} when an option is not acceptable */
  constructor(
    rules: RunnerSource,
    { maxLineBytes = DEFAULT_MAX_LINE_BYTES, source = '-' }: FusedOptions = {},
  ) {
    super({ ...STAGE_OPTIONS, objectMode: true })
    this.#maxLineBytes = parseOptions({ maxLineBytes }).maxLineBytes
    this.#rules = rules
    this.#source = source
    this.#rewriter = new Rewriter(source, rules)
    this.#reader = this.#createReader()
  }

  /** Bytes read so far, after decompression. */
  get bytesRead(): number {
    return this.#bytesRead
  }

  /** The lines that complete from now on are worked on with these rules. */
  replaceRules(rules: RunnerSource): void {
    this.#rules = rules
    this.#rewriter = new Rewriter(this.#source, rules)
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
    this.#rewriter = new Rewriter(source, this.#rules)
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
