/**
 * Makes objects of values whose names come again and again: records of one format, texts of one kind. An object that is made by
 * code that names all its members costs a tenth of one that gets them one by one.
 */
import type { JsonObject, Value } from '../../value.ts'
import { keptName } from './keys.ts'

/** Makes an object of values that have the names of its members in the same places. */
type MakeRecord = (values: readonly Value[]) => JsonObject

/** Makes code that makes objects, for these names; null and '': the value in this place is left out. Of equal names the last one counts. */
export type RecordCompiler = (names: readonly (string | null)[]) => MakeRecord

/** Code is made for names that were met so often, if they are no more than that. */
const USES = 32
const MAX_NAMES = 256
/** Names that are longer together are no names of a format. */
const MAX_LENGTH = 16 * 1024
/** So many lists of names are kept. Where there are more they are forgotten: none of them comes often. */
const MAX_SHAPES = 64

interface Shape {
  readonly names: readonly (string | null)[]
  uses: number
  make: MakeRecord | undefined
}

export class RecordShapes {
  readonly #compile: RecordCompiler
  readonly #byCount = new Map<number, Shape[]>()
  #count = 0

  constructor(compile: RecordCompiler) {
    this.#compile = compile
  }

  /**
   * The object of values, if their names have come often enough; undefined: it has to be made otherwise.
   *
   * @param names as many as values, or more, which do not count
   */
  make(names: readonly Value[], values: readonly Value[]): JsonObject | undefined {
    const { length } = values
    if (length > MAX_NAMES) return undefined
    const shape = this.#byCount.get(length)?.find((shape) => haveNames(shape.names, names))
    if (shape === undefined) {
      this.#add(names.slice(0, length))
      return undefined
    }
    if (shape.make === undefined) {
      if (++shape.uses < USES) return undefined
      shape.make = this.#compile(shape.names)
    }
    return shape.make(values)
  }

  /** Names that are none are refused elsewhere, and come to nothing here. */
  #add(names: readonly Value[]): void {
    if (!names.every(isName) || lengthOf(names) > MAX_LENGTH) return
    if (this.#count === MAX_SHAPES) {
      this.#byCount.clear()
      this.#count = 0
    }
    const own = names.map((name) => (name === null ? null : keptName(name)))
    const shape: Shape = { names: own, uses: 0, make: undefined }
    const others = this.#byCount.get(names.length)
    if (others === undefined) this.#byCount.set(names.length, [shape])
    else others.push(shape)
    this.#count++
  }
}

function isName(name: Value): name is string | null {
  return name === null || typeof name === 'string'
}

function lengthOf(names: readonly (string | null)[]): number {
  let length = 0
  for (const name of names) if (name !== null) length += name.length
  return length
}

/** From the end: what differs is mostly there. */
function haveNames(known: readonly Value[], names: readonly Value[]): boolean {
  for (let index = known.length - 1; index >= 0; index--) if (known[index] !== names[index]) return false
  return true
}
