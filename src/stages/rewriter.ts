import type { Buffer } from 'node:buffer'
import type { BatchNotes, EventText, InputEvent, RejectedEvent, Rejection } from '../event.ts'
import { rejectedEvent } from '../event.ts'
import type { FastPath } from '../rules/fast/fast-path.ts'
import { ByteWriter } from '../rules/fast/writer.ts'
import type { RuleNotes } from '../rules/rule-notes.ts'
import type { Runner } from '../rules/runner.ts'
import type { ChunkText } from './chunk-text.ts'
import { isCanonical } from './json-canonical.ts'
import { stringify } from './json-stringify.ts'
import { HAND_ON_BYTES, HAND_ON_RECORD_BYTES } from './limits.ts'
import type { LineSink } from './lines.ts'
import type { RunnerSource } from './normalize.ts'
import { normalizeOne } from './normalize.ts'
import { EventParser } from './parse.ts'
import type { RejectedSink } from './rejected-records.ts'
import { outputText } from './serialize.ts'

/** Output that was made since it was asked for last. */
export interface RewrittenLines {
  /** JSON lines. */
  readonly bytes: Uint8Array
  /** Number of lines. */
  readonly written: number
  readonly notes: BatchNotes | undefined
}

/**
 * Makes output of lines, in their order: a line goes the fast path, from its bytes to the output's bytes. One that the
 * fast path leaves alone goes through the same pure functions as in the separate stages, in its place among the others.
 */
export class Rewriter implements LineSink {
  readonly #stopAtRejected: boolean
  readonly #parser = new EventParser()
  /** Both ways note in the same. */
  readonly #notes: RuleNotes | undefined
  readonly #runner: Runner
  readonly #fast: FastPath | undefined
  readonly #writer: ByteWriter
  readonly #records: RejectedSink
  #written = 0
  #usable = false
  #stopped = false

  /**
   * @param records is told of rejected events
   * @param options `fastPath`: lines may go the fast path; `stopAtRejected`: make nothing of what follows the first rejected event
   */
  constructor(
    rules: RunnerSource,
    records: RejectedSink,
    { fastPath, stopAtRejected }: { readonly fastPath: boolean; readonly stopAtRejected: boolean },
  ) {
    this.#stopAtRejected = stopAtRejected
    this.#notes = rules.createNotes?.()
    this.#runner = rules.createRunner(this.#notes)
    this.#records = records
    this.#fast = fastPath ? rules.fastPath?.create({ isCanonical, stringify }, this.#notes) : undefined
    this.#writer = this.#fast?.writer ?? new ByteWriter()
  }

  /** So much was made that it has to be handed on. */
  get isFull(): boolean {
    return this.#writer.length >= HAND_ON_BYTES || this.#records.length >= HAND_ON_RECORD_BYTES
  }

  block(bytes: Buffer, chunk: ChunkText): void {
    this.#usable = this.#fast !== undefined && chunk.isUtf8 && !this.#stopped
    if (this.#usable) this.#fast!.block(bytes, chunk.latin1)
  }

  take(start: number): number {
    if (!this.#usable || this.#stopped) return -1
    const next = this.#fast!.line(start)
    if (next !== -1) this.#written++
    return next
  }

  event(event: EventText): void {
    if (this.#stopped) return
    const parsed = this.#parser.parse(event)
    if ('code' in parsed) this.reject(rejectedEvent(event, parsed))
    else this.parsed(parsed)
  }

  /** An event whose text is parsed already. */
  parsed(event: InputEvent): void {
    if (this.#stopped) return
    const written = this.#rewritten(event)
    if (typeof written === 'string') {
      this.#writer.text(written)
      this.#writer.byte(LF)
      this.#written++
    } else {
      this.reject(rejectedEvent(event, written))
    }
  }

  reject(event: RejectedEvent): void {
    if (this.#stopped) return
    this.#records.add(event)
    this.#stopped = this.#stopAtRejected
  }

  /** What was made of the lines since the last call. */
  finish(): RewrittenLines {
    return this.#finished(this.#writer.take())
  }

  /** The same in a buffer that holds nothing else. */
  finishCopy(): RewrittenLines {
    return this.#finished(this.#writer.takeCopy())
  }

  #finished(bytes: Uint8Array): RewrittenLines {
    const written = this.#written
    this.#written = 0
    return { bytes, written, notes: this.#notes?.take() }
  }

  #rewritten(event: InputEvent): string | Rejection {
    const normalized = normalizeOne(event, this.#runner)
    return 'code' in normalized ? normalized : outputText(normalized)
  }
}

const LF = 0x0a
