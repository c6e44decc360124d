import { type Address, type AddressRange, rangeExtent } from '../keys/ip.ts'
import { type Pace, sortInSlices } from '../pace.ts'

/** A range and the value that its addresses have. */
export interface RangeEntry extends AddressRange {
  readonly value: number
}

/** No node. */
const NONE = -1
/** The last IPv4 address. */
const LAST_ADDRESS = 2 ** 32 - 1
/** So many entries can be numbered beside an IPv4 address in one number without loss. */
const MOST_NUMBERED = 2 ** 20
/** Entries are looked at this many at a time between two looks at the clock. */
const STEP = 4096

/**
 * Finds all ranges that hold an address, however they overlap: a centered interval tree for each family of addresses.
 * A look-up takes O(log n + k) for k ranges found, the tree O(n).
 *
 *     node     center c; the ranges that hold c, by their first address and by their last one, descending
 *     left     ranges that end before c
 *     right    ranges that begin after c
 *
 * An address before c is in those ranges of the node that begin at it or before it: a beginning of the first list.
 */
export class RangeIndex {
  readonly #numbers: IntervalTree
  readonly #groups: IntervalTree

  private constructor(numbers: IntervalTree, groups: IntervalTree) {
    this.#numbers = numbers
    this.#groups = groups
  }

  /** @param pace lets others work while the trees are built */
  static async build(entries: readonly RangeEntry[], pace: Pace): Promise<RangeIndex> {
    const numbers = entries.filter(({ first }) => typeof first === 'number')
    const groups = entries.filter(({ first }) => typeof first === 'string')
    return new RangeIndex(await IntervalTree.build(numbers, pace), await IntervalTree.build(groups, pace))
  }

  /** The values of all ranges that hold the address: the smallest range first, of equal ones that of the lower address. */
  find(address: Address): number[] {
    return typeof address === 'number' ? this.#numbers.find(address) : this.#groups.find(address)
  }
}

class IntervalTree {
  readonly #entries: readonly RangeEntry[]
  readonly #extents: Float64Array
  /** The nodes: the center of each, its children, and the places of its ranges in the two lists. */
  readonly #centers: Address[] = []
  readonly #left: number[] = []
  readonly #right: number[] = []
  readonly #starts: number[] = []
  readonly #ends: number[] = []
  /** Numbers of entries, node after node: by first address ascending, by last address descending. */
  readonly #byFirst: Uint32Array
  readonly #byLast: Uint32Array
  #listed = 0

  private constructor(entries: readonly RangeEntry[]) {
    this.#entries = entries
    this.#extents = Float64Array.from(entries, rangeExtent)
    this.#byFirst = new Uint32Array(entries.length)
    this.#byLast = new Uint32Array(entries.length)
  }

  static async build(entries: readonly RangeEntry[], pace: Pace): Promise<IntervalTree> {
    const tree = new IntervalTree(entries)
    if (entries.length === 0) return tree
    const all = Array.from(entries, (_, i) => i)
    const byFirst =
      sortedByNumber(entries, ({ first }) => first) ??
      (await sortInSlices(all, (a, b) => order(entries[a]!.first, entries[b]!.first), pace))
    if (pace.isDue()) await pace.rest()
    const byLast =
      sortedByNumber(entries, ({ last }) => (typeof last === 'number' ? LAST_ADDRESS - last : last)) ??
      (await sortInSlices(all, (a, b) => order(entries[b]!.last, entries[a]!.last), pace))
    // A task that is left: make a node of these ranges and write its number into a list of children.
    const todo = [{ byFirst, byLast, children: [0], at: 0 }]
    let steps = 0
    for (let job = todo.pop(); job !== undefined; job = todo.pop()) {
      const { left, right } = tree.#addNode(job.byFirst, job.byLast)
      const node = tree.#centers.length - 1
      job.children[job.at] = node
      if (left.byFirst.length > 0) todo.push({ ...left, children: tree.#left, at: node })
      if (right.byFirst.length > 0) todo.push({ ...right, children: tree.#right, at: node })
      steps += job.byFirst.length
      if (steps >= STEP) {
        steps = 0
        if (pace.isDue()) await pace.rest()
      }
    }
    return tree
  }

  /** Makes a node of the ranges that hold the center of all. @returns those on its sides, in the same orders */
  #addNode(byFirst: readonly number[], byLast: readonly number[]) {
    const entries = this.#entries
    // At most half of the ranges begin after the center, and at most half end before it.
    const center = entries[byFirst[byFirst.length >>> 1]!]!.first
    const left = { byFirst: [] as number[], byLast: [] as number[] }
    const right = { byFirst: [] as number[], byLast: [] as number[] }
    const start = this.#listed
    let end = start
    for (const entry of byFirst) {
      if (entries[entry]!.last < center) left.byFirst.push(entry)
      else if (entries[entry]!.first > center) right.byFirst.push(entry)
      else this.#byFirst[end++] = entry
    }
    end = start
    for (const entry of byLast) {
      if (entries[entry]!.last < center) left.byLast.push(entry)
      else if (entries[entry]!.first > center) right.byLast.push(entry)
      else this.#byLast[end++] = entry
    }
    this.#listed = end
    this.#centers.push(center)
    this.#left.push(NONE)
    this.#right.push(NONE)
    this.#starts.push(start)
    this.#ends.push(end)
    return { left, right }
  }

  find(address: Address): number[] {
    const found: number[] = []
    let node = this.#centers.length > 0 ? 0 : NONE
    while (node !== NONE) {
      const center = this.#centers[node]!
      const end = this.#ends[node]!
      const isBefore = address < center
      const list = isBefore ? this.#byFirst : this.#byLast
      for (let i = this.#starts[node]!; i < end; i++) {
        const entry = this.#entries[list[i]!]!
        if (isBefore ? entry.first > address : entry.last < address) break
        found.push(list[i]!)
      }
      if (address === center) break
      node = isBefore ? this.#left[node]! : this.#right[node]!
    }
    const entries = this.#entries
    if (found.length > 1) {
      const extents = this.#extents
      found.sort(
        (a, b) =>
          extents[a]! - extents[b]! ||
          order(entries[a]!.first, entries[b]!.first) ||
          // Sizes of IPv6 ranges are rounded: two that differ may seem equal.
          order(entries[a]!.last, entries[b]!.last),
      )
    }
    return found.map((entry) => entries[entry]!.value)
  }
}

function order(a: Address, b: Address): number {
  if (a === b) return 0
  return a < b ? -1 : 1
}

/**
 * The numbers of the entries in the order of an IPv4 address of theirs, equal ones in their own order: sorted as numbers,
 * a tenth of the time that a comparison of entries takes.
 *
 * @returns undefined for IPv6, and for more entries than fit
 */
function sortedByNumber(
  entries: readonly RangeEntry[],
  addressOf: (entry: RangeEntry) => Address,
): number[] | undefined {
  if (entries.length > MOST_NUMBERED || typeof entries[0]!.first !== 'number') return undefined
  const keys = new Float64Array(entries.length)
  for (const [i, entry] of entries.entries()) keys[i] = (addressOf(entry) as number) * MOST_NUMBERED + i
  keys.sort()
  return Array.from(keys, (key) => key % MOST_NUMBERED)
}
