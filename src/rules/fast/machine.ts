import type { Layout } from './layout.ts'
import { INPUT_SIZE, START } from './layout.ts'
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
  readonly taken: { readonly value: number }
  readonly written: { readonly value: number }
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

/** An instance with a memory of its own. Several users may share it, each for some lines at a time. */
export class LineMachine {
  readonly layout: Layout
  readonly bytes: Uint8Array
  readonly words: Int32Array
  readonly #exports: MachineExports
  #host!: MachineHost

  private constructor(layout: Layout, module: Module) {
    this.layout = layout
    const pages = Math.ceil(layout.size / PAGE)
    const memory = new WebAssembly.Memory({ initial: pages, maximum: pages })
    this.bytes = new Uint8Array(memory.buffer)
    this.words = new Int32Array(memory.buffer)
    const { exports } = new WebAssembly.Instance(module, {
      env: { memory },
      host: {
        compute: (rule: number, out: number, line: number, kept: number) =>
          this.#host.compute(rule, out, line, kept),
        rewrite: (pair: number, out: number) => this.#host.rewrite(pair, out),
        look: () => this.#host.look(),
      },
    })
    this.#exports = exports as MachineExports
  }

  /** @returns undefined where there is no WebAssembly with SIMD, or no memory for it */
  static create(layout: Layout): LineMachine | undefined {
    const module = machineModule()
    if (module === undefined) return undefined
    try {
      return new LineMachine(layout, module)
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
    if (this.#host === host) return false
    this.#host = host
    this.bytes.set(this.layout.image, START)
    this.#exports.begin(this.layout.parameters)
    return true
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
    return this.#exports.taken.value
  }

  /** The end of the output of the last run. */
  get written(): number {
    return this.#exports.written.value
  }
}

const LF = 0x0a

/** The lines of some bytes that are in the memory of a machine. */
export class LineWindow {
  readonly #machine: LineMachine
  #from = 0
  /** Behind the LF of the last line, as an offset of the bytes. */
  to = 0
  /** The address of the first byte, were all of them in memory. */
  base = 0

  constructor(machine: LineMachine) {
    this.#machine = machine
  }

  /** Nothing in memory counts any more: the bytes are others, or it was somebody else's. */
  clear(): void {
    this.#from = 0
    this.to = 0
  }

  /**
   * Brings the lines at `start` into memory, unless they are there.
   *
   * @param limit the end of a line: all behind it is left out
   * @returns false for a line that is too long
   */
  load(bytes: Uint8Array, start: number, limit: number): boolean {
    if (start >= this.#from && start < this.to) return true
    let end = Math.min(limit, start + INPUT_SIZE)
    if (end < limit) end = bytes.lastIndexOf(LF, end - 1) + 1
    const { layout } = this.#machine
    this.#from = start
    this.to = Math.max(start, end)
    this.base = layout.input - start
    if (end <= start) return false
    this.#machine.bytes.set(bytes.subarray(start, end), layout.input)
    return true
  }
}
