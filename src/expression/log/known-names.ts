/**
 * The names of values that texts of one kind have again and again, mostly in one order. A name that was met before is
 * compared where it is expected, instead of being cut out and looked up: a text that is cut out is a new one each time, and an
 * object takes it as a name of a member only after it found the one text that stands for all that are equal to it.
 */
import { keptName } from '../runtime/containers/keys.ts'

/** So many names are known at most, and none that is longer: others are read as if there were no book. */
const MAX_NAMES = 1024
const MAX_NAME_LENGTH = 64

/** A name, and the two that stood behind it last. */
export class KnownName {
  readonly text: string
  next: KnownName | undefined = undefined
  other: KnownName | undefined = undefined

  constructor(text: string) {
    this.text = text
  }
}

export class NameBook {
  /** Stands before the first name of each text. */
  readonly first = new KnownName('')
  readonly #names = new Map<string, KnownName>()

  /**
   * The name that stands at a place, if it is one of those that were expected there.
   *
   * @param before the name in front of it
   * @param end the code of the character that has to stand behind it
   */
  expected(before: KnownName, text: string, at: number, end: number): KnownName | undefined {
    const { next, other } = before
    if (next === undefined) return undefined
    if (text.charCodeAt(at + next.text.length) === end && text.startsWith(next.text, at)) return next
    if (other === undefined || text.charCodeAt(at + other.text.length) !== end) return undefined
    return text.startsWith(other.text, at) ? other : undefined
  }

  /** Expects a name behind another one from now on. @returns the name; undefined where it cannot be kept */
  learn(before: KnownName, text: string): KnownName | undefined {
    const name = this.#names.get(text) ?? this.#add(text)
    if (name !== undefined && before.next !== name) {
      before.other = before.next
      before.next = name
    }
    return name
  }

  #add(text: string): KnownName | undefined {
    if (text.length > MAX_NAME_LENGTH || this.#names.size === MAX_NAMES) return undefined
    const name = new KnownName(keptName(text))
    this.#names.set(name.text, name)
    return name
  }
}
