import type { InputEvent, OutputEvent, RejectedEvent } from '../../event.ts'
import { Failure } from '../../expression/failure.ts'
import type { NumberTexts, Value } from '../../expression/value.ts'
import { stringify } from '../../json/stringify.ts'
import type { ByteWriter } from '../../json/write.ts'
import type { SplitEvent } from '../run.ts'

/** An event that was dropped. */
export interface Dropped {
  readonly dropped: true
}

export const DROPPED: Dropped = Object.freeze({ dropped: true })

/**
 * The elements of an event that was split, evaluated one after the other. Each is an event of its own: its text is that of the element, its line
 * that of the whole.
 */
export class SplitElements {
  readonly #event: InputEvent
  readonly #split: SplitEvent
  #next = 0

  constructor(event: InputEvent, split: SplitEvent) {
    this.#event = event
    this.#split = split
  }

  /** Takes the outputs of the elements that come next, as the writer of a `Runner`. */
  set writer(writer: ByteWriter) {
    this.#split.runner.writer = writer
  }

  /** The next element's output, or what else became of it; undefined behind the last one. */
  next(): OutputEvent | RejectedEvent | Dropped | undefined {
    const split = this.#split
    const index = this.#next
    if (index >= split.elements.length) return undefined
    this.#next++
    const { line, ordinal, text: whole } = this.#event
    const { runner, numbers } = split
    const textOf = () => elementText(split.elements[index]!, numbers, whole)
    const output = runner.runElement(split, index, textOf)
    if (output !== undefined) {
      return {
        line,
        ordinal,
        get text() {
          return textOf()
        },
        output,
        plain: runner.plain,
        numbers: runner.numbers,
        rules: runner.rules,
      }
    }
    if (runner.ending === 'dropped') return DROPPED
    return { line, ordinal, rejection: runner.rejection, raw: textOf() }
  }
}

/** The element as JSON, or the text of the whole event where it cannot be written. */
function elementText(element: Value, numbers: NumberTexts | undefined, whole: string): string {
  try {
    return stringify(element, numbers)
  } catch (error) {
    if (error instanceof Failure || error instanceof RangeError) return whole
    throw error
  }
}
