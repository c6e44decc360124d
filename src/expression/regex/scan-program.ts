import type { Look, Position, RegexNode, Repeat } from './ast.ts'
import type { Ranges } from './ranges.ts'
import { SetNumbers, unroll } from './unroll.ts'

/**
 * A pattern with look-around, as scans that each go over the subject once. A look-around inside a pattern becomes a
 * question to the place where it stands; a scan before has answered it for every place.
 *
 *   (?<!\d)\d+(?=px)    scan 0, forwards:   `\d`, begun anywhere; where does it end?      -> fact 0
 *                       scan 1, backwards:  `xp`, begun anywhere; where does it end?      -> fact 1
 *                       the last, forwards: not fact 0, \d+, fact 1, begun at the start only
 */
export interface ScanProgram {
  /** In the order in which they have to be made; the last one is the pattern itself. */
  readonly scans: readonly Scan[]
  /** The questions that can be asked of a place, by number. */
  readonly facts: readonly Fact[]
  /** The sets that `test` refers to. */
  readonly sets: readonly Ranges[]
}

export interface Scan {
  /** Instructions refer to each other by index. */
  readonly instructions: readonly Step[]
  readonly start: number
  readonly backwards: boolean
  /** The fact that it finds out, for each place; undefined for the pattern itself. */
  readonly fact: number | undefined
  /** A bit for each fact that it asks. */
  readonly asked: number
}

/**
 *   test    take a character of `set` and go on at `next`
 *   ask     go on at `next` if the fact holds here, or with `holds` false if it does not
 *   split   go on at all targets
 *   stop    a match
 */
type Step =
  | { readonly op: 'test'; readonly set: number; readonly next: number }
  | { readonly op: 'ask'; readonly fact: number; readonly holds: boolean; readonly next: number }
  | { readonly op: 'split'; readonly targets: readonly number[] }
  | { readonly op: 'stop' }

export type Fact =
  | { readonly kind: 'scanned' }
  | { readonly kind: 'position'; readonly at: Position }
  | { readonly kind: 'boundary'; readonly negated: boolean; readonly ascii: boolean }

/** Facts of a place are bits of a number. */
const MAX_FACTS = 30

/** Steps of all scans together. Going over a text takes an operation for each step and character at worst. */
const MAX_STEPS = 4000

/**
 * @param root simplified
 * @returns undefined when it is too big, or has a back-reference or an atomic group: these are not questions to a place
 */
export function compileScans(root: RegexNode): ScanProgram | undefined {
  const compiler = new ScanCompiler()
  compiler.add(root, false, undefined)
  if (compiler.isRefused) return undefined
  return { scans: compiler.scans, facts: compiler.facts, sets: compiler.sets.sets }
}

const STOP = 0

class ScanCompiler {
  isRefused = false
  readonly scans: Scan[] = []
  readonly facts: Fact[] = []
  readonly sets = new SetNumbers()
  /** The same question is answered once. */
  readonly #factNumbers = new Map<string, number>()
  #steps = 0

  add(root: RegexNode, backwards: boolean, fact: number | undefined): void {
    const body = new BodyCompiler(this, backwards)
    const start = body.compile(root, STOP)
    if (this.isRefused) return
    this.scans.push({ instructions: body.instructions, start, backwards, fact, asked: body.asked })
  }

  countStep(): void {
    if (++this.#steps > MAX_STEPS) this.isRefused = true
  }

  /** The number of the fact that a look-around holds, which a scan of its own finds out. */
  look(look: Look): number {
    return this.#fact(`look ${look.direction} ${keyOf(look.body)}`, { kind: 'scanned' }, (number) =>
      this.add(look.body, look.direction === 'ahead', number),
    )
  }

  place(fact: Fact): number {
    return this.#fact(JSON.stringify(fact), fact, () => {})
  }

  #fact(key: string, fact: Fact, findOut: (number: number) => void): number {
    const known = this.#factNumbers.get(key)
    if (known !== undefined) return known
    if (this.facts.length === MAX_FACTS) {
      this.isRefused = true
      return 0
    }
    const number = this.facts.push(fact) - 1
    findOut(number)
    this.#factNumbers.set(key, number)
    return number
  }
}

class BodyCompiler {
  readonly instructions: Step[] = [{ op: 'stop' }]
  asked = 0
  readonly #compiler: ScanCompiler
  readonly #backwards: boolean

  constructor(compiler: ScanCompiler, backwards: boolean) {
    this.#compiler = compiler
    this.#backwards = backwards
  }

  /** Adds the steps of a node before the instruction `next`; the first instruction of it. */
  compile(node: RegexNode, next: number): number {
    if (this.#compiler.isRefused) return STOP
    switch (node.kind) {
      case 'set':
        return this.#add({ op: 'test', set: this.#compiler.sets.numberOf(node.set), next })
      case 'sequence':
        return this.#backwards
          ? node.items.reduce((after, item) => this.compile(item, after), next)
          : node.items.reduceRight((after, item) => this.compile(item, after), next)
      case 'choice':
        return this.#add({ op: 'split', targets: node.branches.map((branch) => this.compile(branch, next)) })
      case 'repeat':
        return this.#repeat(node, next)
      case 'group':
        return this.compile(node.body, next)
      case 'look':
        return this.#ask(this.#compiler.look(node), !node.negated, next)
      case 'position':
      case 'boundary':
        return this.#ask(this.#compiler.place(node), true, next)
      case 'atomic':
      case 'backreference':
        this.#compiler.isRefused = true
        return STOP
    }
  }

  #ask(fact: number, holds: boolean, next: number): number {
    this.asked |= 1 << fact
    return this.#add({ op: 'ask', fact, holds, next })
  }

  /** An iteration that takes nothing cannot go round for ever: a scan is at a place once only. */
  #repeat(repeat: Repeat, next: number): number {
    const iteration = (after: number): number => this.compile(repeat.body, after)
    return unroll(repeat, next, {
      isRefused: () => this.#compiler.isRefused,
      split: (targets) => this.#add({ op: 'split', targets }),
      required: iteration,
      optional: iteration,
    })
  }

  #add(step: Step): number {
    this.#compiler.countStep()
    return this.instructions.push(step) - 1
  }
}

/** Equal texts: the same pattern. */
function keyOf(node: RegexNode): string {
  return JSON.stringify(node, (key, value: unknown) =>
    key === 'offset' ? undefined : value === Number.POSITIVE_INFINITY ? 'unbounded' : value,
  )
}
