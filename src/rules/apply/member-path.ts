/**
 * Lines to output without objects of the events: the members that rules read are found in a line's bytes, the generated function reads them there,
 * and the output is written as bytes.
 *
 *     line --> scanner --> members --> generated function --> values --> OutputWriter --> output
 *               |                         `-- rejected --.
 *               `-- unusual ------------------------------`--> the event's text, parsed as a whole
 *
 * Nothing is decided here but outputs: a line that is unusual, or that rules reject, is left to the parser of whole events, which has the message.
 */
import type { ChunkText } from '../../json/chunk-text.ts'
import type { ByteWriter } from '../../json/write.ts'
import type { RuleNotes } from '../rule-notes.ts'
import type { Run } from '../run.ts'
import type { LinePath } from './normalize.ts'

const LF = 0x0a

/** The rules of a {@link MemberPath}. */
export class MemberPath implements LinePath {
  readonly writer: ByteWriter
  taken = 0
  dropped = 0
  /** A line may cost as much as any event. */
  readonly share = 1
  readonly #run: Run
  readonly #notes: RuleNotes

  /** @param run evaluates the program of members, and has them */
  constructor(run: Run, notes: RuleNotes, writer: ByteWriter) {
    this.#run = run
    this.#notes = notes
    this.writer = writer
    run.writer = writer
  }

  get received(): number {
    return this.#run.received
  }

  set received(received: number) {
    this.#run.received = received
  }

  /** Takes the line at `start`, or leaves it. */
  lines(chunk: ChunkText, start: number): number {
    this.taken = 0
    this.dropped = 0
    const run = this.#run
    const next = run.members!.read(chunk, start)
    if (next === -1) return start
    const { events } = this.#notes
    if (run.runMembers()) {
      this.writer.byte(LF)
    } else if (run.ending === 'dropped') {
      this.dropped = 1
    } else {
      // The event is evaluated again, and is counted then.
      this.#notes.events = events
      return start
    }
    this.taken = 1
    return next
  }
}
