import type { Buffer } from 'node:buffer'
import type { EventText, RejectedEvent } from '../event.ts'
import type { FastPath } from '../rules/fast/fast-path.ts'
import { ByteWriter } from '../rules/fast/writer.ts'
import type { RuleNotes } from '../rules/rule-notes.ts'
import type { Runner } from '../rules/runner.ts'
import type { ChunkText } from './chunk-text.ts'
import { isCanonical } from './json-canonical.ts'
import { stringify } from './json-stringify.ts'
import type { LineSink } from './lines.ts'
import type { RunnerSource } from './normalize.ts'
import { normalizeBatch } from './normalize.ts'
import { parseBatch } from './parse.ts'
import type { WrittenBatch } from './serialize.ts'
import { serializeBatch } from './serialize.ts'

/**
 * Makes output of lines, in their order: a line goes the fast path, from its bytes to the output's bytes. One that the
 * fast path leaves alone goes through the same pure functions as in the separate stages, in its place among the others.
 */
export class Rewriter implements LineSink {
  readonly #source: string
  readonly #stopAtRejected: boolean
  /** Both ways note in the same. */
  readonly #notes: RuleNotes | undefined
  readonly #runner: Runner
  readonly #fast: FastPath | undefined
  readonly #writer: ByteWriter
  /** Lines that go the plain way, to be dealt with before the next one of the fast path. */
  #plain: EventText[] = []
  #rejected: RejectedEvent[] = []
  #written = 0
  #usable = false
  #stopped = false

  /**
   * @param source name of the input
   * @param stopAtRejected make nothing of what follows the first rejected event. Default: false
   */
  constructor(source: string, rules: RunnerSource, stopAtRejected = false) {
    this.#source = source
    this.#stopAtRejected = stopAtRejected
    this.#notes = rules.createNotes?.()
    this.#runner = rules.createRunner(this.#notes)
    this.#fast = rules.fastPath?.create({ isCanonical, stringify }, this.#notes)
    this.#writer = this.#fast?.writer ?? new ByteWriter()
  }

  block(bytes: Buffer, chunk: ChunkText): void {
    this.#usable = this.#fast !== undefined && chunk.isUtf8 && !this.#stopped
    if (this.#usable) this.#fast!.block(bytes, chunk.latin1)
  }

  take(start: number): number {
    if (!this.#usable) return -1
    if (this.#plain.length > 0) this.#goPlain()
    if (this.#stopped) return -1
    const next = this.#fast!.line(start)
    if (next !== -1) this.#written++
    return next
  }

  event(event: EventText): void {
    if (!this.#stopped) this.#plain.push(event)
  }

  reject(event: RejectedEvent): void {
    if (this.#plain.length > 0) this.#goPlain()
    if (this.#stopped) return
    this.#rejected.push(event)
    this.#stopped = this.#stopAtRejected
  }

  /** What was made of the lines since the last call. */
  finish(): WrittenBatch {
    if (this.#plain.length > 0) this.#goPlain()
    const batch = {
      source: this.#source,
      bytes: this.#writer.take(),
      written: this.#written,
      rejected: this.#rejected,
      notes: this.#notes?.take(),
    }
    this.#written = 0
    this.#rejected = []
    return batch
  }

  #goPlain(): void {
    const parsed = parseBatch(this.#source, { events: this.#plain, rejected: [] })
    const { texts, written, rejected } = serializeBatch(
      normalizeBatch(parsed, this.#runner, this.#stopAtRejected),
      this.#stopAtRejected,
    )
    for (const text of texts) this.#writer.text(text)
    this.#written += written
    for (const event of rejected) this.#rejected.push(event)
    this.#plain = []
    this.#stopped = this.#stopAtRejected && rejected.length > 0
  }
}
