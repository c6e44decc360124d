/** Where values of some output fields stand in lines that were written: those who look them up need not read the lines again. */
import type { Operation } from './layout.ts'
import { MAX_PLACES, RECORD_HEAD } from './layout.ts'

/** Places in the bytes of a part of the output. */
export interface LinePlaces {
  /** The output fields. */
  readonly fields: readonly string[]
  /**
   * Records of {@link recordWords} words, in the order of their lines: where the line begins, the end of its LF, and for each field where its
   * value begins and ends, 0 and 0 where there is none. All are offsets. Lines without a record have been written in another way.
   */
  readonly records: Int32Array
}

/** Words of the record of a line, by the number of fields. */
export function recordWords(fields: number): number {
  return RECORD_HEAD + 2 * fields
}

const NO_RECORDS = new Int32Array()

/** Collects places while lines are written. */
export class WrittenPlaces {
  readonly fields: readonly string[]
  #records = NO_RECORDS
  #length = 0

  /** @param fields output fields, as rules name them */
  constructor(fields: readonly string[]) {
    this.fields = fields
  }

  /**
   * Adds the records of lines.
   *
   * @param words the records begin at this index of them, with addresses
   * @param shift makes offsets of these
   */
  add(words: Int32Array, from: number, lines: number, shift: number): void {
    const count = lines * recordWords(this.fields.length)
    this.#reserve(count)
    const records = this.#records
    const start = this.#length
    for (let index = 0; index < count; index++) {
      const address = words[from + index]!
      records[start + index] = address === 0 ? 0 : address + shift
    }
    this.#length = start + count
  }

  /** The places that were noted since the last call; undefined: none. */
  take(): LinePlaces | undefined {
    if (this.#length === 0) return undefined
    const records = this.#records.slice(0, this.#length)
    this.#length = 0
    return { fields: this.fields, records }
  }

  #reserve(count: number): void {
    const size = this.#length + count
    if (size <= this.#records.length) return
    const grown = new Int32Array(Math.max(size, 2 * this.#records.length))
    grown.set(this.#records)
    this.#records = grown
  }
}

/**
 * The template that notes the places of fields.
 *
 * @param names output fields, by rule
 * @returns undefined where a field may have a value that no step of the template writes by itself: it is a constant, or a part of another
 *   field's value
 */
export function withPlaces(
  operations: readonly Operation[],
  names: readonly string[],
  fields: readonly string[],
): readonly Operation[] | undefined {
  if (fields.length === 0 || fields.length > MAX_PLACES) return undefined
  if (names.some((name) => fields.some((field) => field.startsWith(`${name}.`)))) return undefined
  const written = new Set(operations.flatMap((operation) => ('rule' in operation ? [operation.rule] : [])))
  if (names.some((name, rule) => fields.includes(name) && !written.has(rule))) return undefined
  return operations.flatMap((operation): Operation[] => {
    if (!('rule' in operation)) return [operation]
    const noted = fields.flatMap((field, place): Operation[] =>
      field === names[operation.rule] ? [{ kind: 'place', text: '', place, before: operation.text }] : [],
    )
    return noted.length === 0 ? [operation] : [{ kind: 'mark', text: '' }, operation, ...noted]
  })
}
