/**
 * The cost of one event's evaluation, and its bounds. Events are hostile, and a rule that is harmless for all of a day's events
 * (`s.count(c) for c in s`) is quadratic in one that is made for it. So work is counted, not rounds: every function of
 * the runtime says what it touches, and what it builds.
 *
 *   touch   work, in units of about a nanosecond: a unit for a character that is copied or compared by the engine, four
 *           for one that is searched, some eight for an element of a list, a hundred for a call or a round of a loop
 *   build   bytes of a value that did not exist before: a character is one, an element of a list 8, an entry of a dict
 *           about 100. Garbage counts like values that are kept. There are so few of them that they are no work
 *   write   characters of the output. A list that holds another one a thousand times costs little to build, but its
 *           text is a thousand times as long
 *
 * Where a function is entered with a size that an event decides, and its result is limited by `MAX_LENGTH`, it may count
 * when it is done: a single step takes a fraction of a second at most. Otherwise it counts on its way.
 *
 * A meter belongs to whoever evaluates (`Run`, `FastPath`), and is handed to the runtime as the first argument: the
 * runtime has no state, so that any number of rule sets can be evaluated side by side, and a function that asks for no
 * meter is one whose cost does not depend on the event. Two numbers of one object are counted down; that is all that
 * small values pay.
 */
import { valueError } from '../failure.ts'
import type { Maybe, Value } from '../value.ts'
import { ITEM_BYTES } from './length.ts'
import { TextIndexes } from './text-index.ts'

/** Units of work for one event. About 2 s of a processor of 2023. */
const DEFAULT_MAX_WORK = 2_000_000_000

/** Bytes that an evaluation may build, and characters of its output. 64 MiB. */
const DEFAULT_MAX_BUILT = 64 * 1024 * 1024

/** The most that the evaluation of one event may cost. */
export interface EventLimits {
  /** Units of work. */
  readonly maxWork: number
  /** Bytes of values, and characters of output. */
  readonly maxBuilt: number
}

export const DEFAULT_LIMITS: EventLimits = { maxWork: DEFAULT_MAX_WORK, maxBuilt: DEFAULT_MAX_BUILT }

/** Units of work for a call of a function, and for a character that it reads. */
const CALL = 200
const READ = 8

/** Bytes of an object that a function makes: `normalize_url` has the most members. */
const OBJECT_BYTES = 512

export class Meter {
  /** Indexes of long texts, so that `s[i]` takes the same time for each i. */
  readonly texts = new TextIndexes()
  readonly #maxWork: number
  readonly #maxBuilt: number
  #work: number
  #room: number
  #output: number

  /**
   * @param maxWork units of work for one event
   * @param maxBuilt bytes of values for one event
   */
  constructor(maxWork = DEFAULT_MAX_WORK, maxBuilt = DEFAULT_MAX_BUILT) {
    this.#maxWork = maxWork
    this.#maxBuilt = maxBuilt
    this.#work = maxWork
    this.#room = maxBuilt
    this.#output = maxBuilt
  }

  /** The next event begins. */
  begin(): void {
    this.#work = this.#maxWork
    this.#room = this.#maxBuilt
    this.#output = this.#maxBuilt
    this.texts.clear()
  }

  /** Units of work since the event began. */
  get work(): number {
    return this.#maxWork - this.#work
  }

  /** @throws {Failure} VALUE_ERROR when the event has caused more work than it may */
  touch(units: number): void {
    this.#work -= units
    if (this.#work < 0) {
      throw valueError(`more work than one event may cause (${this.#maxWork} units)`)
    }
  }

  /** @throws {Failure} VALUE_ERROR when the evaluation has built more than it may */
  build(bytes: number): void {
    this.#room -= bytes
    if (this.#room < 0) {
      throw valueError(`result too big: more than ${this.#maxBuilt} bytes of values for one event`)
    }
  }

  /** A call of a function that reads its argument: a text, or a list of texts. */
  read(value: Value): void {
    if (typeof value === 'string') this.touch(CALL + READ * value.length)
    else if (Array.isArray(value)) {
      this.touch(CALL * (1 + value.length))
      for (const item of value) if (typeof item === 'string') this.touch(READ * item.length)
    } else this.touch(CALL)
  }

  /** Counts the value that a function has made. */
  made(value: Maybe): void {
    if (typeof value === 'string') this.build(value.length)
    else if (Array.isArray(value)) this.build(ITEM_BYTES * value.length)
    else if (typeof value === 'object' && value !== null) this.build(OBJECT_BYTES)
  }

  /** @throws {Failure} VALUE_ERROR when the output is longer than it may be */
  write(characters: number): void {
    this.#output -= characters
    if (this.#output < 0) {
      throw valueError(`result too big: more than ${this.#maxBuilt} characters of output`)
    }
  }
}
