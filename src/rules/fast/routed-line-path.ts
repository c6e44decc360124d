/**
 * The fast path of events that have conditions before them: a scanner of its own reads the members that conditions ask for, one function
 * finds the route of each line, and lines of one route go to that rule set's fast path together.
 *
 *     lines --> router --> route 3 3 3 1 1 --> rule set 3: three lines
 *                                         `--> rule set 1: two lines
 */
import type { EventLimits } from '../../expression/runtime/meter.ts'
import type { ChunkText } from '../../json/chunk-text.ts'
import type { TextCoding } from '../../json/text-coding.ts'
import { PORTABLE_CODING } from '../../json/text-coding.ts'
import type { WantedTree } from '../../json/wanted.ts'
import { ByteWriter } from '../../json/write.ts'
import type { EventNotes, LinePath, LinePathPlan } from '../apply/normalize.ts'
import { NO_NOTED_RULES } from '../noted-rules.ts'
import { RuleNotes } from '../rule-notes.ts'
import { NO_ROUTE } from '../sets/no-route.ts'
import type { RuleFunction } from './fast-path.ts'
import { FastPart, FastPath, LineMeters, tableOf } from './fast-path.ts'
import type { Operation } from './layout.ts'
import { createLayout } from './layout.ts'
import { LineMachine, MachinePool } from './machine.ts'
import type { FastPathPlan } from './plan.ts'
import type { WrittenPlaces } from './written-places.ts'

/** A way that lines may take. The plan of a rule set is made when its first line comes. */
export interface LineWay {
  /** `drop`: the line is taken and has no output. Undefined: the plain way takes it. */
  readonly target: (() => FastPathPlan | undefined) | 'drop' | undefined
  /** The number under which the notes know it. */
  readonly route: number
}

/** The parts of the finding of ways beside its function, as plain data. */
export interface LineRouterParts {
  /** The members of lines that conditions need. */
  readonly wanted: WantedTree
  /** Slots of the event's own members that functions ask for by name. */
  readonly members: ReadonlyMap<string, number>
  readonly limits: EventLimits
}

/** Something that holds the notes of several rule sets. */
export interface LineNotes extends EventNotes {
  of(route: number): RuleNotes
  /** @param mayHaveLeftOut false: no field was left out of the outputs of these events */
  count(route: number, events: number, mayHaveLeftOut: boolean): void
}

/** Lines that are routed at a time. */
const MAX_LINES = 64

/** Lines that are taken at a time. No one costs more than a sixteenth of what an event may cost: all cost no more than one event. */
const MAX_TAKEN = 16

/**
 * @param ways in the order in which they are asked
 * @param router makes the function that finds the way of a line, when the first path is created
 * @returns undefined where no rule set has a fast path, and where there is no WebAssembly with SIMD
 */
export function createLineRoutes(
  ways: readonly LineWay[],
  { wanted, members, limits }: LineRouterParts,
  router: () => RuleFunction,
): LinePathPlan | undefined {
  if (!LineMachine.isSupported || ways.every(({ target }) => target === undefined)) return undefined
  const layOut = (start: number, keysSize: number) =>
    createLayout(wanted, ROUTER_TEMPLATE, 1, 0, start, keysSize)
  return {
    create(notes, coding = PORTABLE_CODING, places) {
      const rules = { table: tableOf([router()]), members, places: [], limits }
      const pool = new MachinePool()
      const none = new RuleNotes(NO_NOTED_RULES)
      const part = new FastPart(rules, pool.create(layOut), -1, none, new LineMeters(limits, 1))
      return new RoutedLinePath(ways, new FastPath(part, coding), notes as LineNotes, coding, pool, places)
    },
  }
}

/** The only rule is computed, and writes nothing. */
const ROUTER_TEMPLATE: readonly Operation[] = [
  { kind: 'compute', text: '', rule: 0, required: false, slots: [] },
  { kind: 'end', text: '' },
]

class RoutedLinePath implements LinePath {
  readonly writer: ByteWriter
  received = Date.now()
  taken = 0
  dropped = 0
  found: number | undefined
  readonly #routes: readonly LineWay[]
  readonly #router: FastPath
  readonly #notes: LineNotes
  readonly #coding: TextCoding
  readonly #pool: MachinePool
  readonly #places: WrittenPlaces | undefined
  /** Works for all rule sets; made for the first one. */
  #path: FastPath | undefined
  /** By route. Null: it has none, or there was no memory. */
  readonly #parts: (FastPart | null | undefined)[] = []
  /** By limits and number of rules. */
  readonly #meters = new Map<string, LineMeters>()
  /** The lines that are routed: where each begins, and the end of the last one. */
  #chunk: ChunkText | undefined
  #starts: number[] = []
  #found: readonly number[] = []
  /** The line that comes next, if the lines are taken one after the other. */
  #next = 0

  constructor(
    routes: readonly LineWay[],
    router: FastPath,
    notes: LineNotes,
    coding: TextCoding,
    pool: MachinePool,
    places: WrittenPlaces | undefined,
  ) {
    this.#pool = pool
    this.#places = places
    this.#routes = routes
    this.#router = router
    this.#notes = notes
    this.#coding = coding
    this.writer = new ByteWriter(coding)
  }

  lines(chunk: ChunkText, start: number, most = MAX_TAKEN): number {
    this.taken = 0
    this.dropped = 0
    this.found = undefined
    let at = start
    while (this.taken < most) {
      const first = this.#lineAt(chunk, at)
      if (first === -1) return at
      const found = this.#found[first]!
      this.#next = first + 1
      let last = first + 1
      const limit = Math.min(this.#found.length, first + most - this.taken)
      while (last < limit && this.#found[last] === found) last++
      const next = this.#take(chunk, found, first, last)
      if (next !== this.#starts[last]) {
        // The plain way need not ask the conditions again.
        if (this.taken === 0) this.found = found === NO_ROUTE ? NO_ROUTE : this.#routes[found]!.route
        return next
      }
      this.#next = last
      at = next
    }
    return at
  }

  /** The number of the line that begins here, with its route; -1: it has to go the plain way. */
  #lineAt(chunk: ChunkText, start: number): number {
    if (chunk === this.#chunk) {
      const known = this.#starts[this.#next] === start ? this.#next : this.#starts.indexOf(start)
      if (known !== -1 && known < this.#found.length) return known
    }
    const { bytes } = chunk
    if (start >= bytes.length) return -1
    this.#chunk = chunk
    this.#router.received = this.received
    this.#found = this.#router.routes(chunk, start, MAX_LINES)
    this.#starts = [start]
    for (let line = 0; line < this.#found.length; line++) {
      this.#starts.push(bytes.indexOf(LF, this.#starts[line]) + 1)
    }
    return this.#found.length === 0 || this.#touch() < 0 ? -1 : 0
  }

  /**
   * Brings the parts of the lines that follow into the caches of the processor: these loads do not wait for each other.
   *
   * @returns a sum, never below 0, so that no compiler leaves them away
   */
  #touch(): number {
    let sum = 0
    for (const found of this.#found) {
      const part = this.#parts[found]
      if (part === undefined || part === null) continue
      sum += part.table.length + part.notes.events + (part.machine?.parameters ?? 0)
    }
    return sum
  }

  /** Takes lines of one route. @returns where the first line begins that was not taken */
  #take(chunk: ChunkText, found: number, first: number, last: number): number {
    const start = this.#starts[first]!
    if (found === NO_ROUTE) return start
    const known = this.#parts[found]
    // The usual case, in which nothing else has to be looked at.
    if (known !== undefined && known !== null) return this.#takeBy(known, chunk, start, last - first)
    const { target, route } = this.#routes[found]!
    if (target === 'drop') {
      const count = last - first
      this.#notes.of(route).dropped += count
      this.#notes.count(route, count, false)
      this.taken += count
      this.dropped += count
      return this.#starts[last]!
    }
    const part = target && this.#part(found, target, route)
    if (part === undefined || part === null) return start
    return this.#takeBy(part, chunk, start, last - first)
  }

  #takeBy(part: FastPart, chunk: ChunkText, start: number, most: number): number {
    this.#path ??= new FastPath(part, this.#coding, this.writer)
    const path = this.#path
    path.turnTo(part)
    path.received = this.received
    const next = path.lines(chunk, start, most)
    this.taken += path.taken
    this.#notes.count(part.route, path.taken, path.hasLeftOut)
    return next
  }

  #part(found: number, target: () => FastPathPlan | undefined, route: number): FastPart | null {
    let part = this.#parts[found]
    if (part === undefined) {
      const notes = this.#notes.of(route)
      const metersFor = (limits: EventLimits, rules: number) => this.#metersFor(limits, rules)
      part = target()?.createPart(this.#pool, route, notes, metersFor, this.#places) ?? null
      this.#parts[found] = part
    }
    return part
  }

  #metersFor(limits: EventLimits, rules: number): LineMeters {
    const key = `${limits.maxWork} ${limits.maxBuilt} ${rules}`
    let meters = this.#meters.get(key)
    if (meters === undefined) {
      meters = new LineMeters(limits, rules)
      this.#meters.set(key, meters)
    }
    return meters
  }
}

const LF = 0x0a
