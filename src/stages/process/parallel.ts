import type { Worker } from 'node:worker_threads'
import { BlockProcessor } from '../../batches/block-processor.ts'
import { createCutter } from '../../batches/create-cutter.ts'
import type { Cutter, Piece } from '../../batches/cutter.ts'
import { EventFormat } from '../../batches/input-format.ts'
import type { BlockResult, WorkerRules, WorkerSettings } from '../../batches/protocol.ts'
import { placeRecords } from '../../batches/rejected-records.ts'
import type { WrittenBatch } from '../../batches/serialize.ts'
import { HELD_EVENT_MS, MAX_WORKERS, WORKER_CHUNK_BYTES } from '../../formats/limits.ts'
import { NODE_CODING } from '../../formats/node-coding.ts'
import { UnreadRests } from '../../formats/unread-rests.ts'
import { printFunction, UnprintableError } from '../../rules/aot/print-rules.ts'
import type { RunnerSource } from '../../rules/apply/normalize.ts'
import type { RuleSet } from '../../rules/rule-set.ts'
import type { RoutedRules } from '../../rules/sets/routed-rules.ts'
import { OverlappingStage } from '../overlapping-stage.ts'
import type { ParseOptions } from '../parse.ts'
import { parseOptions } from '../parse.ts'
import type { InputChunk } from '../source.ts'
import { safeLineTest } from './line-test.ts'
import { WorkerPool } from './pool.ts'

export interface ParallelOptions extends ParseOptions {
  /** Number of threads that work. */
  readonly workers: number
  /** This thread is one of them, beside its reading and writing. Default: true. */
  readonly worksItself?: boolean
  /** Then no other thread is started before more than so many bytes have come. Default: 0, all are started with the first block. */
  readonly workersAfterBytes?: number | undefined
  /** Lines may go the fast path. Default: true. */
  readonly fastPath?: boolean | undefined
  /** Make nothing of what follows the first rejected event. Default: false. */
  readonly stopAtRejected?: boolean
  /** Bytes in a block, about. Default: 1 MiB. */
  readonly blockBytes?: number
  /** Default: a thread that does what it should. */
  readonly createWorker?: (settings: WorkerSettings) => Worker
}

/** A block is what is read at a time: nothing of it has to be copied but the beginning of a line. */
const BLOCK_BYTES = WORKER_CHUNK_BYTES

/** Complete events wait no longer than this for their block to become full. */
const FLUSH_MS = 5

type Callback = (error?: Error | null) => void

/** The state of an input, as far as results have been given on. */
interface SourceState {
  name: string
  lines: number
}

/**
 * Parse, normalize and serialize in several threads: bytes in, written batches out, in the order of the input. The main
 * thread cuts the input into blocks, puts the results in order, and works on blocks itself when nobody else is free for them:
 *
 *     bytes --> cutter --> [ block ][ block ][ block ] --> worker ------> [ result ][ .... ][ result ] --> batches
 *                                                      `-> this thread -'
 *
 * No worker knows how many lines were before its block: line numbers are moved when a result's turn comes.
 */
export class ParallelStage extends OverlappingStage<InputChunk | Uint8Array> {
  readonly #cutter: Cutter
  readonly #pool: WorkerPool<SourceState>
  #source: SourceState | undefined
  readonly #name: string
  readonly #workers: number
  #bytesRead = 0
  /** The bytes of JSON documents that could not be read. */
  readonly unread = new UnreadRests()
  /** The pieces of the chunk that is being cut. */
  #pieces: Iterator<Piece> | undefined
  #timer: NodeJS.Timeout | undefined
  /** Runs out when nothing has come for a while. */
  #idle: NodeJS.Timeout | undefined
  #isFlushDue = false

  /** @throws {TypeError} when an option is not acceptable */
  constructor(rules: RunnerSource, options: ParallelOptions) {
    super()
    const { input, source } = parseOptions(options)
    const {
      workers,
      fastPath = true,
      stopAtRejected = false,
      blockBytes = BLOCK_BYTES,
      worksItself = true,
      workersAfterBytes,
      createWorker,
    } = options
    checkWorkers(workers)
    checkRules(rules)
    const settings = { input, fastPath, stopAtRejected }
    this.#name = source
    this.#workers = workers
    this.#pool = new WorkerPool({
      workers,
      settings,
      rules: () => workerRules(rules),
      own: worksItself ? new BlockProcessor(rules, settings, NODE_CODING) : undefined,
      startAfterBytes: workersAfterBytes,
      onResult: () => this.advance(),
      onFault: (error) => this.destroy(error),
      createWorker,
    })
    this.#cutter = createCutter(
      new EventFormat(input, safeLineTest),
      input.maxLineBytes,
      blockBytes,
      NODE_CODING,
    )
  }

  /** Bytes read so far, after decompression. */
  get bytesRead(): number {
    return this.#bytesRead
  }

  /**
   * The next block is worked on with these rules.
   *
   * @throws {TypeError} when they were not made by the compiler
   */
  replaceRules(rules: RunnerSource): void {
    checkRules(rules)
    this.#pool.replaceRules(workerRules(rules), rules)
  }

  protected override accept(chunk: InputChunk | Uint8Array): void {
    this.#idle?.refresh()
    this.#pieces = chunk instanceof Uint8Array ? this.#read(chunk, this.#name) : this.#enter(chunk)
  }

  protected override acceptEnd(): void {
    clearTimeout(this.#idle)
    this.#pieces = this.#endSource()
  }

  override _destroy(error: Error | null, callback: Callback): void {
    clearTimeout(this.#timer)
    clearTimeout(this.#idle)
    this.#pool.destroy().then(
      () => callback(error),
      (fault: Error) => callback(error ?? fault),
    )
  }

  #enter({ source, bytes, isOwned }: InputChunk): Iterator<Piece> {
    return bytes === undefined ? this.#endSource() : this.#read(bytes, source, isOwned)
  }

  #read(bytes: Uint8Array, name: string, isOwned = false): Iterator<Piece> {
    this.#source ??= { name, lines: 0 }
    this.#source.name = name
    this.#bytesRead += bytes.length
    return this.#cutter.push(bytes, isOwned)[Symbol.iterator]()
  }

  *#endSource(): Generator<Piece> {
    yield* this.#cutter.end()
    this.unread.add(this.#source?.name ?? this.#name, this.#cutter.unread)
    this.#source = undefined
  }

  protected override work(): void {
    do this.#dispatch()
    while (this.#leave())
    if (this.#pieces === undefined && this.#cutter.hasComplete) this.#flushSoon()
    if (this.#pieces === undefined && this.#cutter.holdsEvent === true) this.#flushWhenIdle()
  }

  /** True when all that has come is cut. */
  protected override get hasRoom(): boolean {
    return this.#pieces === undefined
  }

  protected override get isEmpty(): boolean {
    return this.#pieces === undefined && this.#pool.size === 0
  }

  #dispatch(): void {
    while (this.#pool.hasRoom) {
      if (this.#pieces === undefined) {
        // While all workers are busy a block may as well become larger.
        if (!this.#isFlushDue || this.#pool.size >= this.#workers) return
        this.#isFlushDue = false
        this.#pieces = this.#cutter.flush()[Symbol.iterator]()
      }
      const next = this.#pieces.next()
      if (next.done === true) this.#pieces = undefined
      else if (next.value.kind === 'result') this.#pool.pass(next.value.result, this.#source!)
      else this.#pool.dispatch(next.value, this.#source!)
    }
  }

  /** @returns whether there may be room now */
  #leave(): boolean {
    let hasLeft = false
    while (this.isWanted) {
      const next = this.#pool.take()
      if (next === undefined) break
      hasLeft = true
      this.#giveResult(next.result, next.context)
    }
    return hasLeft
  }

  #giveResult(result: BlockResult, source: SourceState): void {
    const { bytes, written, notes } = result
    const rejected = placeRecords(result.rejected, source.name, source.lines, NODE_CODING)
    source.lines += result.lines
    if (written === 0 && rejected.count === 0 && (notes?.dropped ?? 0) === 0) return
    const batch: WrittenBatch = { source: source.name, bytes, written, rejected, notes }
    this.give(batch)
  }

  #flushWhenIdle(): void {
    this.#idle ??= setTimeout(() => {
      this.#idle = undefined
      if (this.#pieces !== undefined || this.#cutter.flushHeld === undefined) return
      this.#pieces = this.#cutter.flushHeld()[Symbol.iterator]()
      this.advance()
    }, HELD_EVENT_MS)
  }

  #flushSoon(): void {
    this.#timer ??= setTimeout(() => {
      this.#timer = undefined
      this.#isFlushDue = true
      this.advance()
    }, FLUSH_MS)
  }
}

/** @throws {TypeError} when there cannot be so many */
export function checkWorkers(workers: number): void {
  if (Number.isInteger(workers) && workers >= 1 && workers <= MAX_WORKERS) return
  throw new TypeError(`workers has to be a whole number from 1 to ${MAX_WORKERS}, not ${workers}`)
}

/** @throws {TypeError} when they were not made by the compiler */
export function checkRules(rules: RunnerSource): asserts rules is RuleSet | RoutedRules {
  if (rules.definition === undefined) throw new TypeError('workers need rules that were made by compileRules')
}

/** Rules as code, which takes a thread less time than to compile them again. */
export function workerRules(rules: RuleSet | RoutedRules): WorkerRules {
  try {
    return { kind: 'printed', printed: printFunction(rules) }
  } catch (error) {
    if (!(error instanceof UnprintableError)) throw error
    return { kind: 'definition', definition: rules.definition }
  }
}
