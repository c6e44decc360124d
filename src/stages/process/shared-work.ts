import { blockResults } from '../../batches/block-processor.ts'
import type { Piece } from '../../batches/cutter.ts'
import { LineCutter } from '../../batches/line-cutter.ts'
import type { Processor } from '../../batches/processor.ts'
import type { Block, BlockResult, LineBlock, WorkerSettings } from '../../batches/protocol.ts'
import type { UnplacedRecords } from '../../batches/rejected-records.ts'
import { placeRecords, UnplacedRecordWriter } from '../../batches/rejected-records.ts'
import type { WrittenBatch } from '../../batches/serialize.ts'
import { NODE_CODING } from '../../formats/node-coding.ts'
import type { RunnerSource } from '../../rules/apply/normalize.ts'
import type { RuleSet } from '../../rules/rule-set.ts'
import type { RoutedRules } from '../../rules/sets/routed-rules.ts'
import type { InputChunk } from '../source.ts'
import type { OwnProcessor } from './own-thread.ts'
import type { ParallelOptions } from './parallel.ts'
import { checkRules, checkWorkers, workerRules } from './parallel.ts'
import { WorkerPool } from './pool.ts'

/** Work for a thread at a time, about: what one thread is done with in a few milliseconds. */
const BLOCK_BYTES = 1024 * 1024

/** A block is in so large pieces of shared memory. */
const PIECE_BYTES = 256 * 1024

/** Room for the output of a block. */
const ROOM_BYTES = BLOCK_BYTES + BLOCK_BYTES / 2

/** Complete events wait no longer than this for their block to become full. */
const FLUSH_MS = 5

/** A source, as far as its results have left. */
interface SourceState {
  name: string
  lines: number
}

/** Long lines may need more pieces for a while; they are not kept. */
const MAX_FREE = 64

interface Context {
  readonly source: SourceState
  /** Undefined: it was no work. */
  readonly block: LineBlock | undefined
}

/** Pieces of shared memory of one size that are used again. */
class SharedMemory {
  readonly #size: number
  readonly #free: Uint8Array[] = []

  constructor(size: number) {
    this.#size = size
  }

  take(): Uint8Array {
    return this.#free.pop() ?? new Uint8Array(new SharedArrayBuffer(this.#size))
  }

  /** @param parts of pieces; those that are not in shared memory are left to others */
  giveBack(parts: readonly Uint8Array[]): void {
    const buffers = new Set(parts.map(({ buffer }) => buffer))
    for (const buffer of buffers) {
      if (!(buffer instanceof ArrayBuffer) && this.#free.length < MAX_FREE)
        this.#free.push(new Uint8Array(buffer))
    }
  }
}

export interface SharedWorkOptions extends Pick<ParallelOptions, 'workers' | 'blockBytes' | 'createWorker'> {
  readonly settings: WorkerSettings
  /** Something has changed: results may have come, there may be room. */
  readonly onProgress: () => void
  /** It is of no use any more. */
  readonly onFault: (error: Error) => void
}

/**
 * The work of a loop, divided among threads, the loop's own one among them:
 *
 *     chunk --> cutter --> [ block ][ block ][ block ] --> worker ---------> [ result ][ .... ] --> loop
 *                                                      `-> loop's processor -'
 *
 * Blocks, and what is made of them, are in shared memory, which is used again when all of a block has left: messages between threads copy nothing, and
 * nobody has buffers to collect.
 *
 * It comes to life in two steps. `start` starts the threads, which takes them a while, and the loop goes on alone; when one `isReady`, the
 * loop calls `begin` between two lines, and gives its processor and the bytes from there on.
 */
export class SharedWork {
  readonly #options: SharedWorkOptions
  #rules: RuleSet | RoutedRules
  #pool: WorkerPool<Context> | undefined
  readonly #pieces = new SharedMemory(PIECE_BYTES)
  readonly #rooms = new SharedMemory(ROOM_BYTES)
  /** The block whose last result was given by `next`: the reader is done with it when it asks again. */
  #given: LineBlock | undefined
  #cutter: LineCutter | undefined
  #own: LoopProcessor | undefined
  #source: SourceState | undefined
  #isCutting = false
  #timer: NodeJS.Timeout | undefined

  /** @throws {TypeError} when there cannot be so many workers, or the rules were not made by the compiler */
  constructor(rules: RunnerSource, options: SharedWorkOptions) {
    checkWorkers(options.workers)
    checkRules(rules)
    this.#options = options
    this.#rules = rules
  }

  /** Starts the threads. */
  start(): void {
    if (this.#pool !== undefined) return
    const { workers, settings, onProgress, onFault, createWorker } = this.#options
    this.#own = new LoopProcessor()
    this.#pool = new WorkerPool({
      workers,
      settings,
      rules: () => workerRules(this.#rules),
      own: this.#own,
      onResult: onProgress,
      onFault,
      createWorker,
    })
    this.#pool.start()
  }

  /** The threads are starting, and none is ready. */
  get isStarting(): boolean {
    return this.#pool?.isReady === false
  }

  /** A thread is ready, and the work may begin. */
  get isReady(): boolean {
    return this.#pool?.isReady === true
  }

  /** `begin` was called. */
  get hasBegun(): boolean {
    return this.#cutter !== undefined
  }

  /**
   * All that follows is given to `take`.
   *
   * @param processor the loop's; nothing of a line is in it. It is this one's from now on
   * @param name of the source
   * @param lines of the source, so far
   */
  begin(processor: Processor<UnplacedRecords>, name: string, lines: number): void {
    const { blockBytes = BLOCK_BYTES, settings } = this.#options
    processor.replaceRecords(new UnplacedRecordWriter(NODE_CODING))
    this.#own!.processor = processor
    this.#source = { name, lines }
    this.#cutter = new LineCutter(settings.input.maxLineBytes, blockBytes, NODE_CODING, {
      isFirst: false,
      allocate: () => this.#pieces.take(),
    })
  }

  /** The next block is worked on with these rules. @throws {TypeError} when they were not made by the compiler */
  replaceRules(rules: RunnerSource): void {
    checkRules(rules)
    this.#rules = rules
    this.#pool?.replaceRules(workerRules(rules), this.hasBegun ? rules : undefined)
  }

  /** Hands out what a chunk completes. The bytes are copied. @yields where there is no room: to go on once there is some */
  *take({ source, bytes }: InputChunk): Generator<void> {
    this.#isCutting = true
    this.#source ??= { name: source, lines: 0 }
    this.#source.name = source
    const cutter = this.#cutter!
    for (const piece of bytes === undefined ? cutter.end() : cutter.push(bytes)) {
      while (!this.#pool!.hasRoom) yield
      this.#handOut(piece)
    }
    if (bytes === undefined) this.#source = undefined
    this.#isCutting = false
    this.#flushSoon()
  }

  #handOut(piece: Piece): void {
    const source = this.#source!
    if (piece.kind === 'result') this.#pool!.pass(piece.result, { source, block: undefined })
    else if (piece.kind === 'lines') {
      const block = { ...piece, room: this.#rooms.take() }
      this.#pool!.dispatch(block, { source, block })
    }
  }

  #flushSoon(): void {
    if (!this.#cutter!.hasComplete) return
    this.#timer ??= setTimeout(() => {
      this.#timer = undefined
      // While all threads are busy a block may as well become larger.
      if (this.#isCutting) return
      if (this.#pool!.size < this.#options.workers)
        for (const piece of this.#cutter!.flush()) this.#handOut(piece)
      this.#flushSoon()
      this.#options.onProgress()
    }, FLUSH_MS)
  }

  /** Another block may come. */
  get hasRoom(): boolean {
    return this.#pool?.hasRoom === true
  }

  /** The next result in the order of the input, if it is there. The bytes of the one before it are used again. */
  next(): WrittenBatch | undefined {
    this.#release()
    const taken = this.#pool?.take()
    if (taken === undefined) return undefined
    const { result, context } = taken
    const { source } = context
    if (result.isLast) this.#given = context.block
    const rejected = placeRecords(result.rejected, source.name, source.lines, NODE_CODING)
    source.lines += result.lines
    const { bytes, written, notes } = result
    return { source: source.name, bytes, written, rejected, notes }
  }

  #release(): void {
    const block = this.#given
    if (block === undefined) return
    this.#given = undefined
    this.#pieces.giveBack(block.parts)
    this.#rooms.giveBack([block.room!])
  }

  /** All that was taken has left. */
  get isEmpty(): boolean {
    return this.#pool === undefined || this.#pool.size === 0
  }

  /** Ends the threads. */
  async end(): Promise<void> {
    clearTimeout(this.#timer)
    await this.#pool?.destroy()
  }
}

/** A loop's processor, which has warm code already, as that of its thread's blocks. */
class LoopProcessor implements OwnProcessor<RunnerSource> {
  processor: Processor<UnplacedRecords> | undefined

  process(block: Block): Iterable<BlockResult> {
    return blockResults(this.processor!, block)
  }

  replaceRules(rules: RunnerSource): void {
    this.processor!.replaceRules(rules)
  }
}
