import type { Layout } from './layout.ts'
import { INPUT, INPUT_SIZE, PARTS, RESULTS, SHARED_KEYS_SIZE } from './layout.ts'
import { MACHINE_CODE } from './machine-code.ts'

/** The functions that WebAssembly calls; assembly/line-machine.ts says what they are given. */
export interface MachineHost {
  compute(rule: number, out: number, line: number, kept: number): number
  rewrite(pair: number, out: number): number
  look(): number
}

interface MachineExports {
  begin(parameters: number): void
  run(from: number, end: number, out: number, outEnd: number, most: number): number
}

/** A compiled module. */
type Module = object

/** The part of WebAssembly that is used here; the types of neither Node nor browsers are at hand in this folder. */
interface WebAssemblyApi {
  readonly Module: new (code: Uint8Array) => Module
  readonly Memory: new (pages: { initial: number; maximum: number }) => { readonly buffer: ArrayBuffer }
  readonly Instance: new (
    module: Module,
    imports: Readonly<Record<string, Readonly<Record<string, unknown>>>>,
  ) => { readonly exports: unknown }
}

/** With `--jitless` there is none, which the code below meets as an error. */
const { WebAssembly } = globalThis as unknown as { readonly WebAssembly: WebAssemblyApi }

const PAGE = 65536

let compiled: { readonly module: Module | undefined } | undefined

/** The module, once per process. Undefined where there is no WebAssembly, or none that knows SIMD. */
function machineModule(): Module | undefined {
  compiled ??= { module: compile() }
  return compiled.module
}

function compile(): Module | undefined {
  try {
    const text = atob(MACHINE_CODE)
    const code = new Uint8Array(text.length)
    for (let index = 0; index < text.length; index++) code[index] = text.charCodeAt(index)
    return new WebAssembly.Module(code)
  } catch {
    // A runtime without JIT, or a page that forbids it, or an old processor.
    return undefined
  }
}

/**
 * Lines, their output and values that are remembered, and behind them the parts of machines. What machines have in common is
 * filled and read in one go, so that only one works at a time.
 */
class MachineMemory {
  readonly bytes: Uint8Array
  readonly words: Int32Array
  readonly window: LineWindow
  readonly exports: MachineExports
  /** The machine whose lines are read, and whoever it calls. */
  #machine: LineMachine | undefined
  #host!: MachineHost
  readonly #size: number
  /** Where the next part begins. */
  #next = PARTS

  /** @throws {RangeError} when there is no memory */
  constructor(size: number, module: Module) {
    const pages = Math.ceil(size / PAGE)
    const memory = new WebAssembly.Memory({ initial: pages, maximum: pages })
    this.bytes = new Uint8Array(memory.buffer)
    this.words = new Int32Array(memory.buffer)
    this.window = new LineWindow(this.bytes)
    this.#size = size
    // All machines of the memory have one instance: its code, and what it calls, stay in the caches of a processor.
    const { exports } = new WebAssembly.Instance(module, {
      env: { memory },
      host: {
        compute: (rule: number, out: number, line: number, kept: number) =>
          this.#host.compute(rule, out, line, kept),
        rewrite: (pair: number, out: number) => this.#host.rewrite(pair, out),
        look: () => this.#host.look(),
      },
    })
    this.exports = exports as MachineExports
  }

  /** Another machine works from now on, or the same one for another host. @param isNew its part of the memory has been written anew */
  turnTo(machine: LineMachine, host: MachineHost, isNew: boolean): void {
    this.#host = host
    if (machine === this.#machine && !isNew) return
    this.#machine = machine
    this.exports.begin(machine.parameters)
  }

  get next(): number {
    return this.#next
  }

  /** Takes the room of a part. @returns false where there is too little */
  take({ end }: Layout): boolean {
    if (end > this.#size) return false
    this.#next = (end + 15) & ~15
    return true
  }
}

/** Memories for many machines. Pages that no machine uses take no memory, only addresses. */
export class MachinePool {
  readonly #memories: MachineMemory[] = []

  /**
   * @param layOut makes the layout of a part that begins at an address; the second argument is the room for keys
   * @returns undefined where there is no room any more
   */
  create(layOut: (start: number, keysSize: number) => Layout | undefined): LineMachine | undefined {
    for (;;) {
      const module = machineModule()
      if (module === undefined) return undefined
      const last = this.#memories.at(-1)
      const start = last?.next ?? PARTS
      const layout = layOut(start, SHARED_KEYS_SIZE)
      if (layout === undefined) return undefined
      if (last?.take(layout) === true) return new LineMachine(layout, last)
      // A part that is too large for a whole memory, or there are too many.
      if (start === PARTS && last !== undefined) return undefined
      if (this.#memories.length === MAX_MEMORIES || !this.#grow(module)) return undefined
    }
  }

  #grow(module: Module): boolean {
    try {
      this.#memories.push(new MachineMemory(POOL_MEMORY_SIZE, module))
      return true
    } catch {
      return false
    }
  }
}

/** Room for about a hundred machines. */
const POOL_MEMORY_SIZE = 16 * 1024 * 1024
const MAX_MEMORIES = 16

/** What reads lines for one rule set, in its part of a memory. Several users may share it, each for some lines at a time. */
export class LineMachine {
  readonly layout: Layout
  readonly parameters: number
  readonly bytes: Uint8Array
  readonly words: Int32Array
  /** The lines in the memory; all machines of the memory share it. */
  readonly window: LineWindow
  readonly #memory: MachineMemory
  readonly #exports: MachineExports
  #host: MachineHost | undefined

  /** @param memory the machine's room in it is taken */
  constructor(layout: Layout, memory: MachineMemory) {
    this.layout = layout
    this.parameters = layout.parameters
    this.bytes = memory.bytes
    this.words = memory.words
    this.window = memory.window
    this.#memory = memory
    this.#exports = memory.exports
  }

  /**
   * A machine with a memory of its own.
   *
   * @returns undefined where there is no WebAssembly with SIMD, or no memory for it
   */
  static create(layout: Layout): LineMachine | undefined {
    const module = machineModule()
    if (module === undefined) return undefined
    try {
      return new LineMachine(layout, new MachineMemory(layout.end, module))
    } catch {
      return undefined
    }
  }

  /** There is WebAssembly with SIMD. */
  static get isSupported(): boolean {
    return machineModule() !== undefined
  }

  /**
   * The lines that follow are this user's. Where they were another's before, the keys that those lines have brought are
   * forgotten, and nothing of them is in memory any more that counts.
   *
   * @returns false if they were this user's before
   */
  enter(host: MachineHost): boolean {
    const isNew = this.#host !== host
    if (isNew) {
      this.#host = host
      this.bytes.set(this.layout.image, this.layout.start)
    }
    this.#memory.turnTo(this, host, isNew)
    return isNew
  }

  /**
   * Takes lines until one has to go the plain way, `most` are taken, or there is output enough.
   *
   * @returns where the first line begins that was not taken, or `end`
   */
  run(from: number, end: number, out: number, outEnd: number, most: number): number {
    return this.#exports.run(from, end, out, outEnd, most)
  }

  /** Number of lines that the last run took. */
  get taken(): number {
    return this.words[RESULTS.taken]!
  }

  /** The end of the output of the last run. */
  get written(): number {
    return this.words[RESULTS.written]!
  }

  /** A rule of a line of the last run had no value. */
  get hasLeftOut(): boolean {
    return this.words[RESULTS.leftOut] === 1
  }
}

const LF = 0x0a

/** The lines of some bytes that are in a memory. */
class LineWindow {
  readonly #memory: Uint8Array
  #owner: object | undefined
  #from = 0
  /** Behind the LF of the last line, as an offset of the bytes. */
  to = 0
  /** The address of the first byte, were all of them in memory. */
  base = 0

  constructor(memory: Uint8Array) {
    this.#memory = memory
  }

  /**
   * Brings the lines at `start` into memory, unless they are there.
   *
   * @param owner stands for the bytes: with another one they are others, though their buffer may be the same
   * @returns false for a line that is too long
   */
  load(owner: object, bytes: Uint8Array, start: number): boolean {
    if (owner === this.#owner && start >= this.#from && start < this.to) return true
    let end = Math.min(bytes.length, start + INPUT_SIZE)
    if (end < bytes.length) end = bytes.lastIndexOf(LF, end - 1) + 1
    this.#owner = owner
    this.#from = start
    this.to = Math.max(start, end)
    this.base = INPUT - start
    if (end <= start) return false
    this.#memory.set(bytes.subarray(start, end), INPUT)
    return true
  }
}
