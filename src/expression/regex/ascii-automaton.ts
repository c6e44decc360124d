/**
 * A pattern as a deterministic automaton for texts of printable ASCII without quotes and backslashes: the texts that JSON writes as
 * they are. They have no newlines, and the classes of characters are those of ASCII, so that no table of Unicode is asked for.
 */
import type { Position, RegexNode, Repeat } from './ast.ts'
import type { CharacterSet } from './character-set.ts'
import { contains } from './ranges.ts'
import { ASCII_DIGIT, ASCII_WORD } from './unicode.ts'
import { unroll } from './unroll.ts'

/** More steps are left to the engines. */
const MAX_STEPS = 400

/** The pattern has matched, whatever follows. */
const MATCHED = 0
/** No match can come any more. */
const DEAD = 1

/**
 *   test    take a character of the set and go on at `next`
 *   ask     go on at `next` where the place is such
 *   split   go on at all targets
 *   stop    a match
 */
type Step =
  | { readonly op: 'test'; readonly set: CharacterSet; readonly next: number }
  | { readonly op: 'ask'; readonly question: Question; readonly next: number }
  | { readonly op: 'split'; readonly targets: readonly number[] }
  | { readonly op: 'stop' }

type Question = Position | 'boundary' | 'no boundary'

/** A place between two characters. */
interface Place {
  /** The character before it; undefined at the start. */
  readonly before: Side
  /** The character behind it; undefined at the end. */
  readonly after: Side
}

type Side = 'word' | 'other' | undefined

const STOP = 0

export class AsciiAutomaton {
  readonly #steps: readonly Step[]
  readonly #asks: boolean
  readonly #sets: readonly CharacterSet[]
  /** By state the steps that go on, and the character before; the two states that are decided have none. */
  readonly #states: { readonly places: readonly number[]; readonly before: Side }[] = [
    { places: [], before: undefined },
    { places: [], before: undefined },
  ]
  readonly #numbers = new Map<string, number>()
  /** The state before the first character. */
  readonly start: number

  private constructor(compiler: Compiler, start: number) {
    this.#steps = compiler.steps
    this.#asks = compiler.asks
    this.#sets = [...compiler.sets]
    this.start = this.#state([start], undefined)
  }

  /**
   * @param root simplified
   * @returns undefined for a pattern that is too big, or has look-around, atomic groups or back-references
   */
  static make(root: RegexNode): AsciiAutomaton | undefined {
    const compiler = new Compiler()
    const start = compiler.compile(root, STOP)
    return compiler.isRefused ? undefined : new AsciiAutomaton(compiler, start)
  }

  /** Equal texts: the pattern does not tell the characters apart. */
  kindOf(code: number): string {
    const sets = this.#sets.map((set) => (holds(set, code) ? '1' : '0')).join('')
    return this.#asks ? `${sets}${sideOf(code)}` : sets
  }

  /** @returns the state after one more character */
  step(state: number, code: number): number {
    if (state <= DEAD) return state
    const after = sideOf(code)
    const next: number[] = []
    const isMatch = this.#reach(state, after, (set, place) => {
      if (holds(set, code)) next.push(place)
    })
    return isMatch ? MATCHED : this.#state(next, after)
  }

  /** Tells if a text that ends in the state is matched at its start. */
  matches(state: number): boolean {
    if (state <= DEAD) return state === MATCHED
    return this.#reach(state, undefined, () => {})
  }

  /** Follows all ways up to the next character. @returns true if a match ends here */
  #reach(state: number, after: Side, onTest: (set: CharacterSet, next: number) => void): boolean {
    const { places, before } = this.#states[state]!
    return this.#follow(places, { before, after }, onTest)
  }

  /** @param place undefined: nothing is known of it, and no question is answered */
  #follow(
    places: readonly number[],
    place: Place | undefined,
    onTest: (set: CharacterSet, next: number) => void,
  ): boolean {
    const visited = new Set<number>()
    const open = [...places]
    for (let index = open.pop(); index !== undefined; index = open.pop()) {
      if (visited.has(index)) continue
      visited.add(index)
      const step = this.#steps[index]!
      if (step.op === 'stop') return true
      if (step.op === 'test') onTest(step.set, step.next)
      else if (step.op === 'split') open.push(...step.targets)
      else if (place !== undefined && answer(step.question, place)) open.push(step.next)
    }
    return false
  }

  #state(places: readonly number[], before: Side): number {
    if (places.length === 0) return DEAD
    if (this.#follow(places, undefined, () => {})) return MATCHED
    const sorted = [...new Set(places)].sort((a, b) => a - b)
    const key = this.#asks ? `${before} ${sorted}` : `${sorted}`
    let number = this.#numbers.get(key)
    if (number === undefined) {
      number = this.#states.push({ places: sorted, before }) - 1
      this.#numbers.set(key, number)
    }
    return number
  }
}

function holds({ negated, categories, ranges }: CharacterSet, code: number): boolean {
  const isIn =
    contains(ranges, code) ||
    categories.some((category) => {
      const isNegated = category === 'notWord' || category === 'notDigit'
      const table = category === 'word' || category === 'notWord' ? ASCII_WORD : ASCII_DIGIT
      return contains(table, code) !== isNegated
    })
  return isIn !== negated
}

function sideOf(code: number): Side {
  return contains(ASCII_WORD, code) ? 'word' : 'other'
}

function answer(question: Question, { before, after }: Place): boolean {
  switch (question) {
    case 'start':
    case 'line-start':
      return before === undefined
    case 'end':
    case 'last-line-end':
    case 'line-end':
      return after === undefined
  }
  // An empty text has neither kind, says Python.
  if (before === undefined && after === undefined) return false
  return ((before === 'word') !== (after === 'word')) === (question === 'boundary')
}

class Compiler {
  isRefused = false
  /** A question is among the steps. */
  asks = false
  readonly steps: Step[] = [{ op: 'stop' }]
  readonly sets = new Set<CharacterSet>()

  /** Adds the steps of a node before the step `next`. @returns the first one of them */
  compile(node: RegexNode, next: number): number {
    if (this.isRefused) return STOP
    switch (node.kind) {
      case 'set':
        this.sets.add(node.set)
        return this.#add({ op: 'test', set: node.set, next })
      case 'sequence':
        return node.items.reduceRight((after, item) => this.compile(item, after), next)
      case 'choice':
        return this.#add({ op: 'split', targets: node.branches.map((branch) => this.compile(branch, next)) })
      case 'repeat':
        return this.#repeat(node, next)
      case 'group':
        return this.compile(node.body, next)
      case 'position':
        return this.#ask(node.at, next)
      case 'boundary':
        return this.#ask(node.negated ? 'no boundary' : 'boundary', next)
      case 'look':
      case 'atomic':
      case 'backreference':
        this.isRefused = true
        return STOP
    }
  }

  #ask(question: Question, next: number): number {
    this.asks = true
    return this.#add({ op: 'ask', question, next })
  }

  #repeat(repeat: Repeat, next: number): number {
    const iteration = (after: number): number => this.compile(repeat.body, after)
    return unroll(repeat, next, {
      isRefused: () => this.isRefused,
      split: (targets) => this.#add({ op: 'split', targets }),
      required: iteration,
      optional: iteration,
    })
  }

  #add(step: Step): number {
    if (this.steps.length > MAX_STEPS) this.isRefused = true
    return this.steps.push(step) - 1
  }
}
