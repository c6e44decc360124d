/** Both kinds of programs that patterns become write repetitions and sets of characters alike: here. */
import type { Repeat } from './ast.ts'
import type { CharacterSet } from './character-set.ts'
import { resolve, setKey } from './character-set.ts'
import type { Ranges } from './ranges.ts'

/** A program to which a repetition is added. Instructions refer to each other by index. */
interface Unrolling {
  /** The program is too big by now: nothing that is added counts any more. */
  isRefused(): boolean
  /** Adds an instruction that goes on at each of the targets, which may get more targets later. */
  split(targets: readonly number[]): number
  /** Adds an iteration that has to be there, before the instruction `next`. */
  required(next: number): number
  /** Adds an iteration that may be left out. */
  optional(next: number): number
}

/**
 *   x{2,4}   x x (x (x)?)?
 *   x{2,}    x x x*
 *
 * @returns the first instruction of the repetition, behind which the program goes on at `next`
 */
export function unroll({ min, max }: Repeat, next: number, program: Unrolling): number {
  let first = next
  if (max === Number.POSITIVE_INFINITY) {
    const targets = [next]
    const start = program.split(targets)
    targets.push(program.optional(start))
    first = start
  } else {
    for (let copy = min; copy < max && !program.isRefused(); copy++) {
      first = program.split([program.optional(first), next])
    }
  }
  for (let copy = 0; copy < min && !program.isRefused(); copy++) first = program.required(first)
  return first
}

/** Sets of characters by number, equal ones once. */
export class SetNumbers {
  readonly sets: Ranges[] = []
  readonly #byKey = new Map<string, number>()

  numberOf(set: CharacterSet): number {
    const key = setKey(set)
    const known = this.#byKey.get(key)
    if (known !== undefined) return known
    const number = this.sets.push(resolve(set)) - 1
    this.#byKey.set(key, number)
    return number
  }
}
