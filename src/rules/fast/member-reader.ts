import type { WantedMembers } from '../../json/wanted.ts'
import type { Layout, Operation } from './layout.ts'
import { createLayout, OUTPUT, OUTPUT_LIMIT } from './layout.ts'
import type { MachineHost } from './machine.ts'
import { LineMachine } from './machine.ts'

/** A pair's second word holds the end of a value above these bits. */
export const MARK_BITS = 5

/** Nothing is written of a line but its LF, after one question. */
const QUESTION: readonly Operation[] = [
  { kind: 'compute', text: '', rule: 0, required: false, slots: [] },
  { kind: 'end', text: '' },
]

/** Answers of the host: the line ends the run, or the next one may be read. */
const LEFT = -1
const ABSENT = -2

/**
 * Finds where wanted members stand in lines: the scanner of the fast path with a template that writes nothing, and asks about each line
 * once its members are known.
 *
 *     {"source":{"ip":"192.0.2.1"},...}LF
 *                     |          `-- end(slot)
 *                     `-- start(slot)
 */
export class MemberReader implements MachineHost {
  /** The memory that the lines are in while they are read. Addresses are those of `address` and `addressOfEnd`. */
  readonly memory: DataView
  /** The same memory as words: of a wanted member `slot`, `words[row + 2 * slot]` is the address of its value. */
  readonly words: Int32Array
  readonly row: number
  readonly #machine: LineMachine
  #bytes: Uint8Array = new Uint8Array()
  /** Another one for each opening: the buffer may be the same. */
  #opened: object = {}
  readonly #passes: () => boolean
  /** Lines are passed by as long as the user says so; else one is read, whatever it has. */
  #isPassing = false
  #hasStopped = false
  /** Where the line begins whose members are known; -1: there is none. */
  lineRead = -1

  private constructor(layout: Layout, machine: LineMachine, passes: () => boolean) {
    this.#machine = machine
    this.words = machine.words
    this.row = layout.row / 4
    this.#passes = passes
    const { buffer, byteOffset, byteLength } = machine.bytes
    this.memory = new DataView(buffer, byteOffset, byteLength)
  }

  /**
   * @param passes asked by `pass` about the line whose members are known: true goes on to the next one
   * @returns undefined where there is no WebAssembly with SIMD, or no memory for it
   */
  static create(wanted: WantedMembers, passes: () => boolean): MemberReader | undefined {
    const layout = createLayout(wanted, QUESTION, 1, 0)
    const machine = layout && LineMachine.create(layout)
    return machine && new MemberReader(layout!, machine, passes)
  }

  /** The lines that follow are in these bytes, which are UTF-8; the last one is LF. */
  open(bytes: Uint8Array): void {
    this.#bytes = bytes
    this.lineRead = -1
    this.#opened = {}
  }

  /** @returns where the line after the one that begins at `start` begins; -1: it is too long, or unusual, and nothing is known of it */
  read(start: number): number {
    this.#isPassing = false
    const next = this.#run(start, 1)
    this.lineRead = next > start ? start : -1
    return next > start ? next : -1
  }

  /**
   * Reads lines, of which the first one begins at `start`, and passes by those that may be.
   *
   * @param end where the last one ends
   * @returns where the first one begins that is not; or the end. `lineRead` tells if its members are known
   */
  pass(start: number, end: number): number {
    this.#isPassing = true
    let next = start
    this.#hasStopped = false
    while (next < end && !this.#hasStopped) {
      const from = next
      next = this.#run(from, 0xffffffff, end)
      if (next === from) break
    }
    this.lineRead = this.#hasStopped ? next : -1
    return next
  }

  /** @returns where the first line begins that was not taken */
  #run(start: number, most: number, end = this.#bytes.length): number {
    const machine = this.#machine
    machine.enter(this)
    if (!machine.window.load(this.#opened, this.#bytes, start)) return start
    const { base, to } = machine.window
    return machine.run(start + base, Math.min(to, end) + base, OUTPUT, OUTPUT_LIMIT, most) - base
  }

  /** @returns the address of a member's value in `memory`; 0: it is absent */
  address(slot: number): number {
    return this.words[this.row + 2 * slot]!
  }

  /** @returns the address behind the value of a member that is there */
  addressOfEnd(slot: number): number {
    return this.words[this.row + 2 * slot + 1]! >>> MARK_BITS
  }

  /** @returns the offset of a member's value in the line that was read; -1: it is absent */
  start(slot: number): number {
    const address = this.address(slot)
    return address === 0 ? -1 : address - this.#machine.window.base
  }

  /** @returns the offset behind the value of a member that is there */
  end(slot: number): number {
    return this.addressOfEnd(slot) - this.#machine.window.base
  }

  compute(): number {
    if (!this.#isPassing || this.#passes()) return ABSENT
    this.#hasStopped = true
    return LEFT
  }

  // The template copies nothing.

  rewrite(): number {
    return 0
  }

  look(): number {
    return 0
  }
}
