import type { EventText, InputEvent, RejectedEvent } from '../event.ts'
import type { ByteWriter } from '../json/write.ts'
import type { Dropped, SplitElements } from '../rules/apply/split-elements.ts'

/** The outcome of an event whose output is in a writer. */
export const IN_WRITER = Symbol('in writer')

/** The outcome of an event. */
export type Outcome = typeof IN_WRITER | Dropped | RejectedEvent | SplitElements

/** An event that waits for others of its rule set, or for its place in the order of the lines. */
export interface HeldEvent {
  readonly event: EventText | InputEvent | RejectedEvent
  /** The route that takes it; undefined: nobody has asked the conditions. */
  readonly route: number | undefined
  /** Length of the output of all lines before it that had one at once, and the number of these. */
  readonly at: number
  readonly written: number
  /** Undefined: it has not been evaluated yet. */
  outcome: Outcome | undefined
  /** The place of its output in the writer of outputs that are not in order. */
  start: number
  end: number
}

/** So many events are held at most, and so many UTF-16 units of text. */
const MAX_EVENTS = 4096
const MAX_LENGTH = 1 << 22

/**
 * Events of several rule sets that came one after the other. The code of each rule set, and all that it reads, fits into the caches of a processor,
 * that of many does not: events of one rule set are evaluated together, and their outputs are put into the order of the lines then. Lines of the fast
 * path (f) are written at once; what they wrote behind the first event that is held is kept until its turn comes.
 *
 *     lines      f1 a1 f2 b1 a2 f3
 *     evaluated  a1 a2 b1
 *     output     f1 a1 f2 b1 a2 f3
 *                   `-- kept: f2 f3
 */
export class HeldEvents {
  #events: HeldEvent[] = []
  #length = 0
  /** The route of all events; undefined: there are several, or some event has none. */
  #route: number | undefined
  /** Those that are to be evaluated out of their order, by route, and the number of those that were asked for. */
  #routed: HeldEvent[] = []
  #asked = 0
  /** The event whose turn is next, where they are released; -1: they are not. */
  #next = -1
  /** The output behind the first event, and the place where that began. */
  #kept: Uint8Array = NOTHING
  #keptFrom = 0
  #copiedTo = 0
  #countedTo = 0
  #writtenInAll = 0

  get isEmpty(): boolean {
    return this.#events.length === 0
  }

  get isFull(): boolean {
    return this.#events.length >= MAX_EVENTS || this.#length >= MAX_LENGTH
  }

  /** Their turn has come: no more can be added until all have had it. */
  get isReleasing(): boolean {
    return this.#next !== -1
  }

  /**
   * Adds an event.
   *
   * @param at length of the output so far
   * @param written number of lines in it
   */
  add(
    event: EventText | InputEvent | RejectedEvent,
    route: number | undefined,
    at: number,
    written: number,
  ): void {
    if (this.#events.length === 0) this.#route = route
    else if (this.#route !== route) this.#route = undefined
    this.#events.push({ event, route, at, written, outcome: undefined, start: 0, end: 0 })
    if ('text' in event) this.#length += event.text.length
  }

  /** There are other rule sets now: of those that have not been evaluated nobody has asked the conditions. */
  forgetRoutes(): void {
    this.#events = this.#events.map((held) =>
      held.outcome === undefined ? { ...held, route: undefined } : held,
    )
    this.#routed = []
  }

  /**
   * Their turn has come.
   *
   * @param writer gives the output behind the first event back
   * @param written number of lines that were written
   * @returns the number of those before the first event
   */
  release(writer: ByteWriter, written: number): number {
    const first = this.#events[0]!
    this.#next = 0
    // A copy: `slice` of a Buffer is none.
    this.#kept = new Uint8Array(writer.bytes.subarray(first.at, writer.length))
    this.#keptFrom = first.at
    this.#copiedTo = first.at
    this.#countedTo = first.written
    this.#writtenInAll = written
    writer.length = first.at
    this.#asked = 0
    // Where all go one way their order is as good as any.
    this.#routed = this.#route === undefined ? this.#events.filter(({ route }) => route !== undefined) : []
    this.#routed.sort((one, other) => one.route! - other.route!)
    return first.written
  }

  /** The next one that is worth evaluating out of its order: those of one route come together. */
  nextByRoute(): HeldEvent | undefined {
    return this.#routed[this.#asked++]
  }

  /**
   * The event whose turn is next, after the output of the lines before it; undefined: all have had theirs, and nothing is held any more.
   *
   * @param count gets the number of lines of that output
   */
  next(writer: ByteWriter, count: (lines: number) => void): HeldEvent | undefined {
    const held = this.#events[this.#next]
    const at = held?.at ?? this.#keptFrom + this.#kept.length
    writer.copy(this.#kept, this.#copiedTo - this.#keptFrom, at - this.#keptFrom)
    this.#copiedTo = at
    const written = held?.written ?? this.#writtenInAll
    count(written - this.#countedTo)
    this.#countedTo = written
    if (held === undefined) this.clear()
    else this.#next++
    return held
  }

  /** Forgets all. */
  clear(): void {
    this.#events = []
    this.#routed = []
    this.#length = 0
    this.#route = undefined
    this.#next = -1
    this.#kept = NOTHING
  }
}

const NOTHING = new Uint8Array(0)
