import { Alphabet } from './alphabet.ts'
import type { RegexNode } from './ast.ts'
import { sequence } from './ast.ts'
import type { BacktrackingProgram } from './backtracking-program.ts'
import { compileBacktracking } from './backtracking-program.ts'

/**
 * The most looks of a backtracking engine at one character of the subject with which a pattern passes as
 * linear. Such a pattern costs no more than an engine that is linear by construction, and less on most
 * texts.
 */
export const MAX_EXAMINATIONS = 200

/** Bounds what the analysis of one pattern may cost: some 50 ms. */
const MAX_WORK = 200_000

/**
 * True where backtracking is proven to be linear in the length of the subject, for every subject.
 *
 * The proof plays all subjects at once. It keeps, for each place of the pattern where a character is tested, the
 * number of different ways in which an engine can come to that test at one character: an engine that finds no match
 * goes through all of them. The numbers at the next character follow from these and from the class of the character.
 * Only finitely many such lists can be reached when no sum in them passes MAX_EXAMINATIONS; when all of them have
 * been seen, no subject makes the engine examine a character more often than that.
 *
 *   .*foo      after any text: `.` once, `f` once, `o` at most once
 *   \d+\.\d+   one way at any time
 *   a*a*b      after n times `a`: the second `a` in n ways. Not linear (it is quadratic)
 *   (a+)+$     after n times `a`: 2 ** n ways. Not linear
 *
 * @returns false also for what is linear but too big to tell
 */
export function isLinear(root: RegexNode): boolean {
  if (root.kind !== 'sequence') return isBounded(root)
  // An atomic group at the start is gone through once, and left in one way at most: what follows it starts afresh.
  const first = root.items.findIndex((item) => item.kind !== 'atomic')
  const atomic = first === -1 ? root.items : root.items.slice(0, first)
  const rest = first === -1 ? [] : root.items.slice(first)
  return atomic.every((item) => item.kind === 'atomic' && isLinear(item.body)) && isBounded(sequence(rest))
}

function isBounded(root: RegexNode): boolean {
  const program = compileBacktracking(root)
  return program !== undefined && new Exploration(program).isBounded()
}

/** The tests that are reached from an instruction without taking a character, in how many ways. */
interface Reach {
  /** Test instruction and number of ways, in turn. */
  readonly tests: readonly number[]
  /** The number of ways, those included that end in no test. */
  readonly ways: number
}

/** The number of ways to each test at one character. */
type Ways = ReadonlyMap<number, number>

class Exploration {
  readonly #program: BacktrackingProgram
  readonly #alphabet: Alphabet
  readonly #reaches = new Map<number, Reach | undefined>()
  #work = 0

  constructor(program: BacktrackingProgram) {
    this.#program = program
    this.#alphabet = new Alphabet(program.sets)
  }

  isBounded(): boolean {
    const start = this.#after([[this.#program.start, 1]])
    if (start === undefined) return false
    const seen = new Set([keyOf(start)])
    const open: Ways[] = [start]
    for (let ways = open.pop(); ways !== undefined; ways = open.pop()) {
      for (let characters = 0; characters < this.#alphabet.size; characters++) {
        const next = this.#step(ways, characters)
        if (next === undefined) return false
        const key = keyOf(next)
        if (seen.has(key)) continue
        seen.add(key)
        open.push(next)
      }
    }
    return true
  }

  /** The ways at the next character, when this one is of that class. */
  #step(ways: Ways, characters: number): Ways | undefined {
    const passed: [instruction: number, ways: number][] = []
    this.#work += 1 + ways.size
    for (const [test, count] of ways) {
      const instruction = this.#program.instructions[test]!
      if (instruction.op !== 'test') continue
      if (this.#alphabet.members[instruction.set]!.has(characters)) passed.push([instruction.next, count])
    }
    return this.#after(passed)
  }

  /** @returns undefined when there are too many ways, or the work gets too much */
  #after(places: readonly [instruction: number, ways: number][]): Ways | undefined {
    const ways = new Map<number, number>()
    let total = 0
    for (const [place, count] of places) {
      const reach = this.#reach(place)
      if (reach === undefined) return undefined
      total += count * reach.ways
      this.#work += reach.tests.length
      if (total > MAX_EXAMINATIONS || this.#work > MAX_WORK) return undefined
      for (let index = 0; index < reach.tests.length; index += 2) {
        const test = reach.tests[index]!
        ways.set(test, (ways.get(test) ?? 0) + count * reach.tests[index + 1]!)
      }
    }
    return ways
  }

  #reach(place: number): Reach | undefined {
    if (this.#reaches.has(place)) return this.#reaches.get(place)
    const reach = this.#findReach(place)
    this.#reaches.set(place, reach)
    return reach
  }

  #findReach(place: number): Reach | undefined {
    const tests = new Map<number, number>()
    let ways = 0
    const open: { place: number; entered: Entered | undefined }[] = [{ place, entered: undefined }]
    for (let way = open.pop(); way !== undefined; way = open.pop()) {
      if (++this.#work > MAX_WORK || ways > MAX_EXAMINATIONS) return undefined
      const { entered } = way
      const instruction = this.#program.instructions[way.place]!
      switch (instruction.op) {
        case 'test':
          ways++
          tests.set(way.place, (tests.get(way.place) ?? 0) + 1)
          break
        case 'stop':
          ways++
          break
        case 'split':
          for (const target of instruction.targets) open.push({ place: target, entered })
          break
        case 'enter':
          open.push({ place: instruction.next, entered: { loop: instruction.loop, before: entered } })
          break
        case 'leave':
          if (isEntered(entered, instruction.loop)) ways++
          else open.push({ place: instruction.next, entered })
          break
      }
    }
    return { tests: [...tests].flat(), ways }
  }
}

/** The loops whose iterations began after the last character that was taken. */
interface Entered {
  readonly loop: number
  readonly before: Entered | undefined
}

function isEntered(entered: Entered | undefined, loop: number): boolean {
  for (let link = entered; link !== undefined; link = link.before) if (link.loop === loop) return true
  return false
}

function keyOf(ways: Ways): string {
  return [...ways].sort(([a], [b]) => a - b).join(' ')
}
