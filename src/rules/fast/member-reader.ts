import type { WantedMembers } from '../../json/wanted.ts'
import type { Layout } from './layout.ts'
import { createLayout, OUTPUT, OUTPUT_LIMIT } from './layout.ts'
import type { MachineHost } from './machine.ts'
import { LineMachine } from './machine.ts'

/** A pair's second word holds the end of a value above these bits. */
const MARK_BITS = 5

/** Nothing is written of a line but its LF. */
const EMPTY_TEMPLATE = [{ kind: 'end', text: '' }] as const

/**
 * Finds where wanted members stand in lines: the scanner of the fast path with an empty template.
 *
 *     {"source":{"ip":"192.0.2.1"},...}LF
 *                     |          `-- end(slot)
 *                     `-- start(slot)
 */
export class MemberReader implements MachineHost {
  readonly #machine: LineMachine
  /** The row, as an index of words. */
  readonly #row: number
  #bytes: Uint8Array = new Uint8Array()
  /** Another one for each opening: the buffer may be the same. */
  #opened: object = {}

  private constructor(layout: Layout, machine: LineMachine) {
    this.#machine = machine
    this.#row = layout.row / 4
  }

  /** @returns undefined where there is no WebAssembly with SIMD, or no memory for it */
  static create(wanted: WantedMembers): MemberReader | undefined {
    const layout = createLayout(wanted, EMPTY_TEMPLATE, 0, 0)
    const machine = layout && LineMachine.create(layout)
    return machine && new MemberReader(layout!, machine)
  }

  /** The lines that follow are in these bytes, which are UTF-8; the last one is LF. */
  open(bytes: Uint8Array): void {
    this.#bytes = bytes
    this.#opened = {}
  }

  /** @returns where the line after the one that begins at `start` begins; -1: it is too long, or unusual, and nothing is known of it */
  read(start: number): number {
    const machine = this.#machine
    machine.enter(this)
    if (!machine.window.load(this.#opened, this.#bytes, start)) return -1
    const { base, to } = machine.window
    const next = machine.run(start + base, to + base, OUTPUT, OUTPUT_LIMIT, 1)
    return machine.taken === 1 ? next - base : -1
  }

  /** @returns the offset of a member's value in the line that was read; -1: it is absent */
  start(slot: number): number {
    const address = this.#machine.words[this.#row + 2 * slot]!
    return address === 0 ? -1 : address - this.#machine.window.base
  }

  /** @returns the offset behind the value of a member that is there */
  end(slot: number): number {
    return (this.#machine.words[this.#row + 2 * slot + 1]! >>> MARK_BITS) - this.#machine.window.base
  }

  // The template is empty, so that nothing is computed.

  compute(): number {
    return 0
  }

  rewrite(): number {
    return 0
  }

  look(): number {
    return 0
  }
}
