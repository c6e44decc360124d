/** Paths that are values: `'a.b.0'`, or a list of names and indexes. */
import { typeError } from '../../failure.ts'
import type { Maybe, Value } from '../../value.ts'
import { Tuple } from '../../value.ts'
import { typeName } from '../numbers/numbers.ts'
import { dictGet, isDict } from './keys.ts'

export type Step = string | number

const INDEX = /^-?\d{1,9}$/

/** Reads paths for one function; the last one is remembered, as nearly all are constants. */
export class PathReader {
  readonly #functionName: string
  #text = ''
  #steps: readonly Step[] = ['']

  constructor(functionName: string) {
    this.#functionName = functionName
  }

  /**
   * @returns its steps, one at least
   * @throws {Failure} TYPE_ERROR for what is neither a text nor a list of texts and integers
   */
  read(path: Value): readonly Step[] {
    if (typeof path === 'string') {
      if (path !== this.#text) {
        this.#steps = path.split('.')
        this.#text = path
      }
      return this.#steps
    }
    const steps = Array.isArray(path) ? path : path instanceof Tuple ? path.items : undefined
    if (steps === undefined) throw this.#notAPath(path)
    if (steps.length === 0) throw typeError(`${this.#functionName}() argument 'path' is empty`)
    for (const step of steps) {
      if (typeof step !== 'string' && !(typeof step === 'number' && Number.isSafeInteger(step)))
        throw this.#notAPath(path, step)
    }
    return steps as Step[]
  }

  #notAPath(path: Value, step?: Value) {
    const found = step === undefined ? typeName(path) : `a list with ${typeName(step)}`
    return typeError(
      `${this.#functionName}() argument 'path' must be str or a list of str and int, not ${found}`,
    )
  }
}

/** The member of a dict, or the element of a list; undefined where the step leads nowhere. Never fails. */
export function follow(value: Value, step: Step): Maybe {
  if (typeof value !== 'object' || value === null) return undefined
  if (isDict(value)) return dictGet(value, step)
  const items = Array.isArray(value) ? value : value instanceof Tuple ? value.items : undefined
  const index = indexOf(step)
  return items === undefined || index === undefined ? undefined : items.at(index)
}

/** The index that a step of a text stands for, too: `0` in `'a.0'`. */
export function indexOf(step: Step): number | undefined {
  if (typeof step === 'number') return step
  return INDEX.test(step) ? Number(step) : undefined
}
