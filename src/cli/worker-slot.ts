import type { Worker } from 'node:cluster'
import type { ToWorker, WorkerLoad } from '../tracer/cluster/messages.ts'
import { type PassedHandle, sendable } from './passed-handle.ts'

/**
 * A place for a worker, taken by one after the other, and what the primary knows of the one that has it.
 *
 *     empty ─► starting ─► listening ─► empty ─► ...
 */
export class WorkerSlot {
  readonly id: number
  state: 'empty' | 'starting' | 'listening' = 'empty'
  /** The time since which it listens, on the clock of `performance.now()`. */
  listensSince = 0
  /** Workers in a row that ended soon. */
  failures = 0
  #worker: Worker | undefined
  #load: WorkerLoad = NOTHING
  /** Connections that it was given, or told to keep. */
  #given = 0
  /** Connections that are on their way to it. */
  readonly #passing = new Set<PassedHandle>()
  #silentSeconds = 0
  #restart: NodeJS.Timeout | undefined

  constructor(id: number) {
    this.id = id
  }

  get worker(): Worker | undefined {
    return this.#worker
  }

  get pid(): number | undefined {
    return this.#worker?.process.pid
  }

  /** Connections that it serves, and those that it will. */
  get load(): number {
    return this.#load.connections + this.#given - this.#load.taken
  }

  /** It had no room for one more when it spoke last. */
  get isFull(): boolean {
    return this.#load.isFull
  }

  /** It lacked a feed when it spoke last. */
  get isDegraded(): boolean {
    return this.#load.isDegraded
  }

  get requests(): number {
    return this.#load.requests
  }

  begin(worker: Worker): void {
    this.#worker = worker
    this.state = 'starting'
    this.#load = NOTHING
    this.#given = 0
    this.#silentSeconds = 0
  }

  /** @returns connections that it was given and has not got */
  end(): readonly PassedHandle[] {
    const handles = [...this.#passing]
    this.#passing.clear()
    this.#worker = undefined
    this.state = 'empty'
    this.#load = NOTHING
    this.#given = 0
    return handles
  }

  restartIn(waitMs: number, restart: () => void): void {
    this.#restart = setTimeout(restart, waitMs)
  }

  cancelRestart(): void {
    clearTimeout(this.#restart)
  }

  told(load: WorkerLoad): void {
    this.#load = load
  }

  hasSpoken(): void {
    this.#silentSeconds = 0
  }

  /** Counts a second that has passed. @returns the seconds since it spoke in which this process ran, too */
  tickSilence(): number {
    this.#silentSeconds += 1
    return this.#silentSeconds
  }

  /** Nothing happens when it is gone, or goes meanwhile. */
  tell(message: ToWorker): void {
    if (this.#worker?.isConnected()) this.#worker.send(message, ignore)
  }

  /** Answers where a new connection of its own goes. */
  place(id: number, stays: boolean): void {
    if (stays) this.#given += 1
    this.tell({ kind: 'place', id, stays })
  }

  /**
   * Hands a connection to it.
   *
   * @param returns number of workers that have given it back
   * @param isLast it has to serve or refuse it
   */
  give(handle: PassedHandle, returns: number, isLast: boolean): void {
    this.#given += 1
    this.#passing.add(handle)
    this.#worker!.send(
      { kind: 'connection', returns, isLast } satisfies ToWorker,
      sendable(handle),
      (error) => {
        // With an error the worker is about to end: then the connection is dealt to another.
        if (error === null && this.#passing.delete(handle)) handle.close()
      },
    )
  }
}

const NOTHING: WorkerLoad = { connections: 0, taken: 0, requests: 0, isFull: false, isDegraded: false }

function ignore(): void {}
