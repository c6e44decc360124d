import type { BatchNotes, EventText, InputEvent, RejectedEvent, Rejection } from '../../event.ts'
import { rejectedEvent } from '../../event.ts'
import { HAND_ON_BYTES, HAND_ON_RECORD_BYTES } from '../../formats/limits.ts'
import type { LineSink } from '../../formats/lines.ts'
import type { ChunkText } from '../../json/chunk-text.ts'
import type { TextCoding } from '../../json/text-coding.ts'
import { PORTABLE_CODING } from '../../json/text-coding.ts'
import { ByteWriter } from '../../json/write.ts'
import type { RunnerSource } from '../../rules/apply/normalize.ts'
import { normalizeOne } from '../../rules/apply/normalize.ts'
import { EventParser } from '../../rules/apply/parse-event.ts'
import type { FastPath } from '../../rules/fast/fast-path.ts'
import type { RuleNotes } from '../../rules/rule-notes.ts'
import type { Runner } from '../../rules/run.ts'
import type { RejectedSink } from '../rejected-records.ts'
import { outputText } from '../serialize.ts'

export interface RewriterOptions {
  /** Lines may go the fast path, where the rules have one. */
  readonly fastPath: boolean
  /** Make nothing of what follows the first rejected event. */
  readonly stopAtRejected: boolean
  /** How text becomes bytes. Default: as it is done everywhere. */
  readonly coding?: TextCoding
}

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
  taken = 0
  #written = 0
  #stopped = false

  /**
   * @param records is told of rejected events
   * @param options see {@link RewriterOptions}
   */
  constructor(
    rules: RunnerSource,
    records: RejectedSink,
    { fastPath, stopAtRejected, coding = PORTABLE_CODING }: RewriterOptions,
  ) {
    this.#stopAtRejected = stopAtRejected
    this.#notes = rules.createNotes?.()
    this.#runner = rules.createRunner(this.#notes)
    this.#records = records
    this.#fast = fastPath ? rules.fastPath?.create(this.#notes, coding) : undefined
    this.#writer = this.#fast?.writer ?? new ByteWriter(coding)
  }

  /** So much was made that it has to be handed on. */
  get isFull(): boolean {
    return this.#writer.length >= HAND_ON_BYTES || this.#records.length >= HAND_ON_RECORD_BYTES
  }

  take(block: ChunkText, start: number): number {
    if (this.#fast === undefined || !block.isUtf8 || this.#stopped) return -1
    const next = this.#fast.lines(block, start)
    const { taken } = this.#fast
    if (taken === 0) return -1
    this.taken = taken
    this.#written += taken
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
