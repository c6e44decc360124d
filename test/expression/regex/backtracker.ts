import type { RegexNode } from '../../../src/expression/regex/ast.ts'
import { resolve } from '../../../src/expression/regex/character-set.ts'
import type { Ranges } from '../../../src/expression/regex/ranges.ts'
import { contains } from '../../../src/expression/regex/ranges.ts'

/**
 * The number of times a backtracking engine looks at one character of the subject, for the character at which it does so most
 * often. A plain interpreter, written to be obvious: it goes all ways, because in the end nothing is a match to it.
 * Positions and boundaries always hold, look-behinds too, and back-references are not followed.
 *
 * @param enough stop counting there
 */
export function countExaminations(root: RegexNode, subject: string, enough: number): number {
  const interpreter = new Interpreter(subject, enough)
  interpreter.run(root, 0, () => false)
  return Math.max(...interpreter.counts)
}

type Continue = (position: number) => boolean

class Interpreter {
  readonly counts: number[]
  readonly #characters: readonly number[]
  readonly #enough: number
  readonly #sets = new Map<RegexNode, Ranges>()

  constructor(subject: string, enough: number) {
    this.#characters = Array.from(subject, (character) => character.codePointAt(0)!)
    this.counts = new Array(this.#characters.length + 1).fill(0)
    this.#enough = enough
  }

  run(node: RegexNode, at: number, next: Continue): boolean {
    switch (node.kind) {
      case 'set': {
        const count = ++this.counts[at]!
        // Over the limit: pretend a match, which ends everything.
        if (count > this.#enough) return true
        return (
          at < this.#characters.length && contains(this.#set(node), this.#characters[at]!) && next(at + 1)
        )
      }
      case 'sequence':
        return this.#sequence(node.items, 0, at, next)
      case 'choice':
        return node.branches.some((branch) => this.run(branch, at, next))
      case 'repeat':
        return this.#repeat(node, 0, at, next)
      case 'group':
        return this.run(node.body, at, next)
      case 'atomic': {
        let end = -1
        const found = this.run(node.body, at, (position) => {
          end = position
          return true
        })
        return found && (end === -1 || next(end))
      }
      case 'look':
        if (node.direction === 'ahead') this.run(node.body, at, () => true)
        return next(at)
      default:
        return next(at)
    }
  }

  #sequence(items: readonly RegexNode[], index: number, at: number, next: Continue): boolean {
    if (index === items.length) return next(at)
    return this.run(items[index]!, at, (position) => this.#sequence(items, index + 1, position, next))
  }

  #repeat(node: RegexNode & { kind: 'repeat' }, done: number, at: number, next: Continue): boolean {
    const iterate = () =>
      this.run(node.body, at, (position) => {
        if (position === at && done >= node.min) return false
        return this.#repeat(node, done + 1, position, next)
      })
    if (done < node.min) return iterate()
    if (done >= node.max) return next(at)
    return node.lazy ? next(at) || iterate() : iterate() || next(at)
  }

  #set(node: RegexNode & { kind: 'set' }): Ranges {
    const known = this.#sets.get(node)
    if (known !== undefined) return known
    const ranges = resolve(node.set)
    this.#sets.set(node, ranges)
    return ranges
  }
}
