import type { Look, Position, RegexNode, Repeat } from './ast.ts'
import type { CharacterSet } from './character-set.ts'
import { resolve, setKey } from './character-set.ts'
import type { Ranges } from './ranges.ts'

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
  /** By number: what can be asked of a place. */
  readonly facts: readonly Fact[]
  /** What `test` refers to. */
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
export type Step =
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
export const MAX_STEPS = 4000

/**
 * @param root simplified
 * @returns undefined when it is too big, or has a back-reference or an atomic group: these are not questions to a place
 */
export function compileScans(root: RegexNode): ScanProgram | undefined {
  const compiler = new ScanCompiler()
  compiler.add(root, false, undefined)
  if (compiler.isRefused) return undefined
  return { scans: compiler.scans, facts: compiler.facts, sets: compiler.sets }
}

const STOP = 0

class ScanCompiler {
  isRefused = false
  readonly scans: Scan[] = []
  readonly facts: Fact[] = []
  readonly sets: Ranges[] = []
  readonly #setNumbers = new Map<string, number>()
  /** What is asked more than once is found out once. */
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

  /** The number of what a scan of its own finds out: where the look-around holds. */
  look(look: Look): number {
    return this.#fact(`look ${look.direction} ${keyOf(look.body)}`, { kind: 'scanned' }, (number) =>
      this.add(look.body, look.direction === 'ahead', number),
    )
  }

  place(fact: Fact): number {
    return this.#fact(JSON.stringify(fact), fact, () => {})
  }

  set(set: CharacterSet): number {
    const key = setKey(set)
    const known = this.#setNumbers.get(key)
    if (known !== undefined) return known
    const number = this.sets.push(resolve(set)) - 1
    this.#setNumbers.set(key, number)
    return number
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

  /** Adds what the node does before the instruction `next`; the first instruction of it. */
  compile(node: RegexNode, next: number): number {
    if (this.#compiler.isRefused) return STOP
    switch (node.kind) {
      case 'set':
        return this.#add({ op: 'test', set: this.#compiler.set(node.set), next })
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

  /**
   *   x{2,4}   x x (x (x)?)?
   *   x{2,}    x x x*
   *
   * What takes nothing cannot go round for ever: a scan is at a place once only.
   */
  #repeat({ body, min, max }: Repeat, next: number): number {
    let first = next
    if (max === Number.POSITIVE_INFINITY) {
      const targets = [next]
      const start = this.#add({ op: 'split', targets })
      targets.push(this.compile(body, start))
      first = start
    } else {
      for (let copy = min; copy < max && !this.#compiler.isRefused; copy++) {
        first = this.#add({ op: 'split', targets: [this.compile(body, first), next] })
      }
    }
    for (let copy = 0; copy < min && !this.#compiler.isRefused; copy++) first = this.compile(body, first)
    return first
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
