/** Which members of an event a rule set needs, as a tree to read lines by. */
import type { FieldPath } from '../expression/runtime/fields.ts'

/** A member that is needed, or that leads to some. */
export interface Wanted {
  /** Index of its value's place, -1 where only what is below is needed. */
  slot: number
  /** Without a slot: index of a place that tells whether it was met in this line; else -1. */
  marker: number
  readonly members: Map<string, Wanted>
}

/** All that is wanted. */
export interface WantedTree {
  readonly root: Wanted
  /** Places in all, markers included. */
  readonly slots: number
}

/** A member as plain data: its slot, its marker, and the members below it by name. */
export type PackedWanted = readonly [
  slot: number,
  marker: number,
  members: readonly (readonly [name: string, wanted: PackedWanted])[],
]

/** @param slots places in all, markers included */
export function wantedTree(slots: number, root: PackedWanted): WantedTree {
  return { slots, root: unpacked(root) }
}

function unpacked([slot, marker, members]: PackedWanted): Wanted {
  return { slot, marker, members: new Map(members.map(([name, wanted]) => [name, unpacked(wanted)])) }
}

export function packed({ slot, marker, members }: Wanted): PackedWanted {
  return [slot, marker, Array.from(members, ([name, wanted]) => [name, packed(wanted)] as const)]
}

/** A path with more parts has too many ways of being written flat. */
export const MAX_PARTS = 4

export class WantedMembers implements WantedTree {
  readonly root: Wanted
  #slots = 0

  constructor() {
    this.root = this.#create()
  }

  /** Places in all, markers included. */
  get slots(): number {
    return this.#slots
  }

  #create(): Wanted {
    return { slot: -1, marker: -1, members: new Map() }
  }

  /** The slot of the member that is reached by these keys. */
  member(keys: readonly string[]): number {
    let wanted = this.root
    for (const key of keys) {
      let next = wanted.members.get(key)
      if (next === undefined) {
        next = this.#create()
        wanted.members.set(key, next)
      }
      wanted = next
    }
    if (wanted.slot === -1) wanted.slot = this.#slots++
    return wanted.slot
  }

  /**
   * The slots where the value of a dotted path may stand, in the order in which they count: the nested walk, the
   * flat key, then what is flat in part.
   */
  path(path: FieldPath): number[] {
    const slots: number[] = []
    for (const keys of waysOf(path.parts)) {
      const slot = this.member(keys)
      if (!slots.includes(slot)) slots.push(slot)
    }
    return slots
  }

  /** Call it when all is added: gives what only leads to others its marker. */
  finish(): void {
    const visit = (wanted: Wanted): void => {
      for (const member of wanted.members.values()) {
        if (member.slot === -1) member.marker = this.#slots++
        visit(member)
      }
    }
    visit(this.root)
  }
}

/** The ways to write a path, the first one that an event has counts. See `locateField`. */
function waysOf(parts: readonly string[]): string[][] {
  if (parts.length === 1) return [[parts[0]!]]
  const ways = [[...parts], [parts.join('.')]]
  for (let count = parts.length - 1; count > 0; count--) {
    const prefix = parts.slice(0, count).join('.')
    for (const rest of waysOf(parts.slice(count))) ways.push([prefix, ...rest])
  }
  return ways
}
