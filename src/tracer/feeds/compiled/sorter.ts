import { Buffer } from 'node:buffer'
import { closeSync, openSync, readSync } from 'node:fs'
import type { Pace } from '../pace.ts'
import { writeFully } from './write-fully.ts'

/** Something to be sorted by three numbers of 32 bits; what is equal stays in its order. */
export interface Item {
  readonly first: number
  readonly second: number
  readonly third: number
  /** Valid until the next item. */
  readonly bytes: Buffer
}

/** Bytes and items that are sorted in memory; more of them are sorted in runs that are merged. */
const RUN_BYTES = 64 * 1024 * 1024
const RUN_ITEMS = 2 ** 19
/** The head of each item in a run: its numbers and its length. */
const HEAD_BYTES = 16
/** Bytes that are read of all runs at a time. */
const MERGE_BYTES = 32 * 1024 * 1024
const LEAST_READ_BYTES = 4096
const MOST_READ_BYTES = 512 * 1024
/** Items between two looks at the clock. */
const STEP = 512

/** Sorts more than fits into memory: sorted runs go to a file, and are merged from there. */
export class Sorter {
  readonly #path: string
  readonly #runBytes: number
  readonly #firsts = new Uint32Array(RUN_ITEMS)
  readonly #seconds = new Uint32Array(RUN_ITEMS)
  readonly #thirds = new Uint32Array(RUN_ITEMS)
  readonly #starts = new Uint32Array(RUN_ITEMS)
  readonly #lengths = new Uint32Array(RUN_ITEMS)
  #arena: Buffer = Buffer.alloc(0)
  #end = 0
  #items = 0
  #size = 0
  /** Offsets in the file at which the runs begin and end. */
  readonly #runs: { readonly start: number; readonly end: number }[] = []
  #file: number | undefined
  #written = 0

  /** @param path of the file for what does not fit; made when it is needed */
  constructor(path: string, runBytes = RUN_BYTES) {
    this.#path = path
    this.#runBytes = runBytes
  }

  /** Number of items. */
  get size(): number {
    return this.#size
  }

  /** The numbers may be signed. */
  add(bytes: Buffer, first: number, second = 0, third = 0): void {
    if (this.#items === RUN_ITEMS || (this.#items > 0 && this.#end + bytes.length > this.#runBytes)) {
      this.#writeRun()
    }
    if (this.#end + bytes.length > this.#arena.length) this.#grow(this.#end + bytes.length)
    const item = this.#items++
    this.#size += 1
    this.#firsts[item] = first
    this.#seconds[item] = second
    this.#thirds[item] = third
    this.#starts[item] = this.#end
    this.#lengths[item] = bytes.length
    bytes.copy(this.#arena, this.#end)
    this.#end += bytes.length
  }

  #grow(least: number): void {
    const arena = Buffer.allocUnsafe(
      Math.max(least, Math.min(this.#arena.length * 2, this.#runBytes), 2 ** 16),
    )
    this.#arena.copy(arena, 0, 0, this.#end)
    this.#arena = arena
  }

  /** All items in their order. Nothing can be added any more. */
  async *sorted(pace: Pace): AsyncGenerator<Item, void> {
    if (this.#runs.length === 0) yield* this.#inMemory(pace)
    else yield* this.#merged(pace)
  }

  close(): void {
    if (this.#file !== undefined) closeSync(this.#file)
    this.#file = undefined
    this.#arena = Buffer.alloc(0)
  }

  async *#inMemory(pace: Pace): AsyncGenerator<Item, void> {
    let steps = 0
    for (const item of this.#order()) {
      yield {
        first: this.#firsts[item]!,
        second: this.#seconds[item]!,
        third: this.#thirds[item]!,
        bytes: this.#bytesOf(item),
      }
      if (++steps % STEP === 0 && pace.isDue()) await pace.rest()
    }
  }

  async *#merged(pace: Pace): AsyncGenerator<Item, void> {
    this.#writeRun()
    this.#arena = Buffer.alloc(0)
    const share = Math.floor(MERGE_BYTES / this.#runs.length)
    const readBytes = Math.min(Math.max(share, LEAST_READ_BYTES), MOST_READ_BYTES)
    const heap = new RunHeap(this.#runs.map((run, i) => new RunReader(this.#file!, run, i, readBytes)))
    let steps = 0
    for (let run = heap.least; run !== undefined; run = heap.least) {
      yield run
      run.next()
      heap.settle()
      if (++steps % STEP === 0 && pace.isDue()) await pace.rest()
    }
  }

  /** The numbers of the items, sorted. */
  #order(): Uint32Array {
    const count = this.#items
    // Each is one number, because those are sorted without a call for each comparison: the hash, and the item's number.
    const keys = new Float64Array(count)
    for (let i = 0; i < count; i++) keys[i] = this.#firsts[i]! * RUN_ITEMS + i
    keys.sort()
    const order = Uint32Array.from(keys, (key) => key % RUN_ITEMS)
    for (let start = 0; start < count; ) {
      const first = this.#firsts[order[start]!]!
      let end = start + 1
      while (end < count && this.#firsts[order[end]!] === first) end++
      if (end - start > 1) this.#sortEqual(order.subarray(start, end))
      start = end
    }
    return order
  }

  /** Items whose first numbers are equal. */
  #sortEqual(items: Uint32Array): void {
    const seconds = this.#seconds
    const thirds = this.#thirds
    items.sort((a, b) => seconds[a]! - seconds[b]! || thirds[a]! - thirds[b]! || a - b)
  }

  #bytesOf(item: number): Buffer {
    const start = this.#starts[item]!
    return this.#arena.subarray(start, start + this.#lengths[item]!)
  }

  #writeRun(): void {
    if (this.#items === 0) return
    this.#file ??= openSync(this.#path, 'w+')
    const start = this.#written
    const block = Buffer.allocUnsafe(MOST_READ_BYTES)
    let filled = 0
    const flush = () => {
      writeFully(this.#file!, block.subarray(0, filled), this.#written)
      this.#written += filled
      filled = 0
    }
    for (const item of this.#order()) {
      const bytes = this.#bytesOf(item)
      if (filled + HEAD_BYTES + bytes.length > block.length) flush()
      block.writeUInt32LE(this.#firsts[item]!, filled)
      block.writeUInt32LE(this.#seconds[item]!, filled + 4)
      block.writeUInt32LE(this.#thirds[item]!, filled + 8)
      block.writeUInt32LE(bytes.length, filled + 12)
      filled += HEAD_BYTES
      if (filled + bytes.length <= block.length) {
        filled += bytes.copy(block, filled)
      } else {
        flush()
        writeFully(this.#file, bytes, this.#written)
        this.#written += bytes.length
      }
    }
    flush()
    this.#runs.push({ start, end: this.#written })
    this.#items = 0
    this.#end = 0
  }
}

/** Reads a run, item after item. */
class RunReader implements Item {
  first = 0
  second = 0
  third = 0
  bytes: Buffer = Buffer.alloc(0)
  isDone = false
  readonly number: number
  readonly #file: number
  #position: number
  readonly #end: number
  #block: Buffer
  #at = 0
  #filled = 0

  constructor(
    file: number,
    { start, end }: { start: number; end: number },
    number: number,
    readBytes: number,
  ) {
    this.number = number
    this.#file = file
    this.#position = start
    this.#end = end
    this.#block = Buffer.allocUnsafe(readBytes)
    this.next()
  }

  next(): void {
    if (this.#at === this.#filled && this.#position === this.#end) {
      this.isDone = true
      return
    }
    this.#need(HEAD_BYTES)
    const block = this.#block
    const at = this.#at
    this.first = block.readUInt32LE(at)
    this.second = block.readUInt32LE(at + 4)
    this.third = block.readUInt32LE(at + 8)
    const length = block.readUInt32LE(at + 12)
    this.#need(HEAD_BYTES + length)
    this.bytes = this.#block.subarray(this.#at + HEAD_BYTES, this.#at + HEAD_BYTES + length)
    this.#at += HEAD_BYTES + length
  }

  /** Sees to it that so many bytes are in the block. */
  #need(bytes: number): void {
    if (this.#filled - this.#at >= bytes) return
    const rest = this.#block.subarray(this.#at, this.#filled)
    if (bytes > this.#block.length) {
      const block = Buffer.allocUnsafe(bytes)
      rest.copy(block)
      this.#block = block
    } else {
      rest.copy(this.#block)
    }
    this.#at = 0
    this.#filled = rest.length
    while (this.#filled < bytes) {
      const wanted = Math.min(this.#block.length - this.#filled, this.#end - this.#position)
      const read = readSync(this.#file, this.#block, this.#filled, wanted, this.#position)
      if (read === 0) throw new Error('a temporary file is shorter than what was written to it')
      this.#filled += read
      this.#position += read
    }
  }
}

/** The runs as a binary heap: the one with the least item on top. */
class RunHeap {
  readonly #runs: RunReader[]

  constructor(runs: readonly RunReader[]) {
    this.#runs = runs.filter(({ isDone }) => !isDone)
    for (let i = this.#runs.length >> 1; i >= 0; i--) this.#sink(i)
  }

  get least(): RunReader | undefined {
    return this.#runs[0]
  }

  /** To be called when the least run has gone on. */
  settle(): void {
    const runs = this.#runs
    if (runs[0]!.isDone) {
      const last = runs.pop()!
      if (runs.length > 0) runs[0] = last
    }
    this.#sink(0)
  }

  #sink(from: number): void {
    const runs = this.#runs
    for (let at = from; ; ) {
      let least = at
      for (const child of [2 * at + 1, 2 * at + 2]) {
        if (child < runs.length && isBefore(runs[child]!, runs[least]!)) least = child
      }
      if (least === at) return
      const run = runs[at]!
      runs[at] = runs[least]!
      runs[least] = run
      at = least
    }
  }
}

function isBefore(a: RunReader, b: RunReader): boolean {
  if (a.first !== b.first) return a.first < b.first
  if (a.second !== b.second) return a.second < b.second
  if (a.third !== b.third) return a.third < b.third
  return a.number < b.number
}
