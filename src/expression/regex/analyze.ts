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

/** The tests that are reached at one character, ascending, each with its number of ways: `[test, ways, test, ways, ...]`. */
type Ways = readonly number[]

class Exploration {
  readonly #program: BacktrackingProgram
  readonly #alphabet: Alphabet
  readonly #reaches = new Map<number, Reach | undefined>()
  /** For each set its classes, 1 where it holds one. */
  readonly #members: readonly Uint8Array[]
  /** The ways to each test at the character that is looked at; 0 in between. */
  readonly #counts: Uint16Array
  #work = 0

  constructor(program: BacktrackingProgram) {
    this.#program = program
    this.#alphabet = new Alphabet(program.sets)
    this.#members = this.#alphabet.members.map((classes) => {
      const member = new Uint8Array(this.#alphabet.size)
      for (const number of classes) member[number] = 1
      return member
    })
    this.#counts = new Uint16Array(program.instructions.length)
  }

  isBounded(): boolean {
    const start = this.#after([this.#program.start, 1])
    if (start === undefined) return false
    const seen = new Set([keyOf(start)])
    const open: Ways[] = [start]
    for (let ways = open.pop(); ways !== undefined; ways = open.pop()) {
      const steps = new Set<string>()
      for (let characters = 0; characters < this.#alphabet.size; characters++) {
        const passed = this.#pass(ways, characters)
        // Most classes of characters are told apart by other tests than these.
        const step = keyOf(passed)
        if (steps.has(step)) continue
        steps.add(step)
        const next = this.#after(passed)
        if (next === undefined) return false
        const key = keyOf(next)
        if (seen.has(key)) continue
        seen.add(key)
        open.push(next)
      }
    }
    return true
  }

  /** The places behind the tests that a character of that class passes, and the ways to them. */
  #pass(ways: Ways, characters: number): number[] {
    const passed: number[] = []
    this.#work += 1 + (ways.length >> 3)
    for (let index = 0; index < ways.length; index += 2) {
      const instruction = this.#program.instructions[ways[index]!]!
      if (instruction.op !== 'test' || this.#members[instruction.set]![characters] === 0) continue
      passed.push(instruction.next, ways[index + 1]!)
    }
    return passed
  }

  /**
   * @param places instructions and the ways to them, in turn
   * @returns undefined when there are too many ways, or the work gets too much
   */
  #after(places: readonly number[]): Ways | undefined {
    const counts = this.#counts
    const touched: number[] = []
    let total = 0
    let isTooMuch = false
    for (let at = 0; at < places.length && !isTooMuch; at += 2) {
      const reach = this.#reach(places[at]!)
      const count = places[at + 1]!
      if (reach !== undefined) {
        total += count * reach.ways
        this.#work += 1 + (reach.tests.length >> 1)
      }
      if (reach === undefined || total > MAX_EXAMINATIONS || this.#work > MAX_WORK) {
        isTooMuch = true
        break
      }
      for (let index = 0; index < reach.tests.length; index += 2) {
        const test = reach.tests[index]!
        if (counts[test] === 0) touched.push(test)
        counts[test]! += count * reach.tests[index + 1]!
      }
    }
    touched.sort((x, y) => x - y)
    const ways: number[] = []
    for (const test of touched) {
      ways.push(test, counts[test]!)
      counts[test] = 0
    }
    return isTooMuch ? undefined : ways
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

/** Equal for equal lists. Numbers of instructions and of ways fit UTF-16. */
function keyOf(ways: Ways): string {
  let key = ''
  for (const number of ways) key += String.fromCharCode(number)
  return key
}
