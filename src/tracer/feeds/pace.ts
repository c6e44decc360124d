import { setImmediate } from 'node:timers/promises'

/** Requests are answered between two slices of loading; a slice may take this long. */
const SLICE_MS = 4
/** So many steps of a sort are made between two looks at the clock. */
const STEPS = 2048

/** Lets a long computation share the event loop: it works for a slice of time, then everybody else has a turn. */
export class Pace {
  readonly #signal: AbortSignal | undefined
  #sliceEnd = performance.now() + SLICE_MS

  /** @param signal makes the next `rest` throw its reason */
  constructor(signal?: AbortSignal) {
    this.#signal = signal
  }

  /** True when the slice is used up. To be asked every few hundred microseconds. */
  isDue(): boolean {
    return performance.now() >= this.#sliceEnd
  }

  /** Lets the event loop run once. */
  async rest(): Promise<void> {
    await setImmediate()
    this.#signal?.throwIfAborted()
    this.#sliceEnd = performance.now() + SLICE_MS
  }
}

/** Sorts as `toSorted` does (stable), but lets others work in between. */
export async function sortInSlices<Item>(
  items: readonly Item[],
  compare: (a: Item, b: Item) => number,
  pace: Pace,
): Promise<Item[]> {
  let from: Item[] = []
  for (let start = 0; start < items.length; start += STEPS) {
    for (const item of items.slice(start, start + STEPS).sort(compare)) from.push(item)
    if (pace.isDue()) await pace.rest()
  }
  // Runs of `width` are sorted; two and two of them are merged.
  for (let width = STEPS; width < from.length; width *= 2) {
    const to: Item[] = []
    for (let start = 0; start < from.length; start += 2 * width) {
      const middle = Math.min(start + width, from.length)
      const end = Math.min(start + 2 * width, from.length)
      let left = start
      let right = middle
      while (to.length < end) {
        const takesLeft = left < middle && (right === end || compare(from[left]!, from[right]!) <= 0)
        to.push(takesLeft ? from[left++]! : from[right++]!)
        if (to.length % STEPS === 0 && pace.isDue()) await pace.rest()
      }
    }
    from = to
  }
  return from
}
