import type { RegexNode, Repeat } from './ast.ts'
import { isNullable, width } from './ast.ts'
import type { Ranges } from './ranges.ts'
import { SetNumbers, unroll } from './unroll.ts'

/**
 * The steps of a backtracking engine. Instructions refer to each other by index.
 *
 *   test    take a character of `set` and go on at `next`
 *   split   try the targets in turn
 *   enter   begin an iteration of a loop
 *   leave   end it: give up when it took nothing
 *   stop    nothing more to do on this way: it matched, or a look-ahead's part ends
 */
type Instruction =
  | { readonly op: 'test'; readonly set: number; readonly next: number }
  | { readonly op: 'split'; readonly targets: readonly number[] }
  | { readonly op: 'enter'; readonly loop: number; readonly next: number }
  | { readonly op: 'leave'; readonly loop: number; readonly next: number }
  | { readonly op: 'stop' }

export interface BacktrackingProgram {
  readonly instructions: readonly Instruction[]
  readonly start: number
  /** The sets that `test` refers to. */
  readonly sets: readonly Ranges[]
}

/** Patterns with more instructions, repetitions written out, are not analyzed. */
const MAX_INSTRUCTIONS = 20_000

/** The most that a look-behind may cost: the ways through it, times its width. */
const MAX_LOOK_BEHIND_COST = 64

/**
 * The program that does at least as much as an engine may do on any text. Positions and boundaries always hold here,
 * look-aheads are gone through besides what follows them, and a back-reference takes whatever its group could: an
 * engine does no more than that.
 *
 * @returns undefined when it gets too long, or a look-behind too expensive
 */
export function compileBacktracking(root: RegexNode): BacktrackingProgram | undefined {
  const compiler = new Compiler()
  const start = compiler.compile(root, STOP)
  if (compiler.tooMuch) return undefined
  return { instructions: compiler.instructions, start, sets: compiler.sets.sets }
}

const STOP = 0

class Compiler {
  tooMuch = false
  readonly instructions: Instruction[] = [{ op: 'stop' }]
  readonly sets = new SetNumbers()
  #loops = 0

  /** Adds the steps of a node before the instruction `next`; the first instruction of it. */
  compile(node: RegexNode, next: number): number {
    if (this.tooMuch) return STOP
    switch (node.kind) {
      case 'set':
        return this.#add({ op: 'test', set: this.sets.numberOf(node.set), next })
      case 'sequence':
        return node.items.reduceRight((after, item) => this.compile(item, after), next)
      case 'choice':
        return this.#add({ op: 'split', targets: node.branches.map((branch) => this.compile(branch, next)) })
      case 'repeat':
        return this.#repeat(node, next)
      case 'group':
        return this.compile(node.body, next)
      case 'backreference':
        return this.compile(node.group.body, next)
      case 'atomic':
        return this.#atomic(node.body, next)
      case 'look':
        if (node.direction === 'ahead') {
          return this.#add({ op: 'split', targets: [this.compile(node.body, STOP), next] })
        }
        if (ways(node.body) * width(node.body)[1] > MAX_LOOK_BEHIND_COST) this.tooMuch = true
        return next
      case 'position':
      case 'boundary':
        return next
    }
  }

  /** A look-ahead for the body, and then the same text again. */
  #atomic(body: RegexNode, next: number): number {
    return this.#add({ op: 'split', targets: [this.compile(body, STOP), this.compile(body, next)] })
  }

  #repeat(repeat: Repeat, next: number): number {
    const { body } = repeat
    return unroll(repeat, next, {
      isRefused: () => this.tooMuch,
      split: (targets) => this.#add({ op: 'split', targets }),
      required: (after) => this.compile(body, after),
      optional: (after) => this.#iteration(body, after),
    })
  }

  /** An iteration that is given up when it takes nothing. */
  #iteration(body: RegexNode, next: number): number {
    if (!isNullable(body)) return this.compile(body, next)
    const loop = this.#loops++
    const leave = this.#add({ op: 'leave', loop, next })
    return this.#add({ op: 'enter', loop, next: this.compile(body, leave) })
  }

  #add(instruction: Instruction): number {
    if (this.instructions.length >= MAX_INSTRUCTIONS) this.tooMuch = true
    return this.instructions.push(instruction) - 1
  }
}

/** The number of ways through a node of fixed width. */
function ways(node: RegexNode): number {
  switch (node.kind) {
    case 'sequence':
      return node.items.reduce((product, item) => product * ways(item), 1)
    case 'choice':
      return node.branches.reduce((total, branch) => total + ways(branch), 0)
    case 'repeat':
      // Of fixed width: so often exactly, unless what is repeated has no width.
      return width(node.body)[1] === 0 ? 2 * ways(node.body) : ways(node.body) ** node.min
    case 'group':
    case 'atomic':
    case 'look':
      return ways(node.body)
    case 'backreference':
      return ways(node.group.body)
    default:
      return 1
  }
}
