import { type FSWatcher, watch } from 'node:fs'
import type { FeedLog } from './feed-log.ts'

/** Changes come in bursts. */
const BURST_MS = 20
/** A file must have stayed as it is for so long before it is read: it may be in the middle of being written. */
const SETTLE_MS = 200
/** Network file systems tell of no change. */
const POLL_MS = 30_000

/** The times of a watch; to be set by tests. */
export interface WatchTimes {
  readonly settleMs?: number
  readonly pollMs?: number
  /** The first wait after a file could not be read for a reason that may pass. */
  readonly retryMs?: number
}

/** A file that may change, or a directory whose files may come and go. */
export interface Watched {
  /** The paths at which its changes are to be seen. */
  readonly directory: string
  /** Its version now, when that is not the one that was read last. */
  changedVersion(): Promise<string | undefined>
  /** Reads it again. Never rejects. */
  refresh(): Promise<void>
}

interface Look {
  readonly timer: NodeJS.Timeout
  /** Something happened since the file was last looked at. */
  isStale: boolean
}

/**
 * Reloads feed files that change. Their directories are watched, because a file that is replaced (renamed over, or
 * reached by a link that is turned) is another one under the same name; what counts is that device, inode, size or
 * time of the file are not those that were read. Once in a while it looks without being told.
 */
export class FeedWatcher {
  readonly #files: () => readonly Watched[]
  readonly #log: FeedLog
  readonly #settleMs: number
  readonly #watchers: FSWatcher[] = []
  readonly #poll: NodeJS.Timeout
  /** Files that are being looked at. */
  readonly #looks = new Map<Watched, Look>()
  #isClosed = false

  /** @param files gives those to watch now; new ones are in directories that were watched from the beginning */
  constructor(files: () => readonly Watched[], log: FeedLog, times: WatchTimes = {}) {
    this.#files = files
    this.#log = log
    this.#settleMs = times.settleMs ?? SETTLE_MS
    for (const directory of new Set(files().map((file) => file.directory))) this.#watch(directory)
    this.#poll = setInterval(() => this.#lookAtAll(), times.pollMs ?? POLL_MS).unref()
    // Something may have changed between the first reading and now.
    this.#lookAtAll()
  }

  /** Lets go of the directories and timers. */
  close(): void {
    this.#isClosed = true
    clearInterval(this.#poll)
    for (const watcher of this.#watchers) watcher.close()
    for (const { timer } of this.#looks.values()) clearTimeout(timer)
    this.#looks.clear()
  }

  #watch(directory: string): void {
    try {
      const watcher = watch(directory, { persistent: false }, () => this.#lookAtAll())
      watcher.on('error', (error) => this.#notWatched(directory, error))
      this.#watchers.push(watcher)
    } catch (error) {
      this.#notWatched(directory, error)
    }
  }

  #notWatched(directory: string, error: unknown): void {
    this.#log.warn(
      { directory, problem: (error as Error).message },
      'directory of a feed cannot be watched; it is looked at now and then',
    )
  }

  #lookAtAll(): void {
    for (const file of this.#files()) {
      const look = this.#looks.get(file)
      if (look === undefined) this.#lookLater(file, undefined)
      else look.isStale = true
    }
  }

  /** @param version the one of the file at the last look, undefined at the first one */
  #lookLater(file: Watched, version: string | undefined): void {
    const delay = version === undefined ? Math.min(BURST_MS, this.#settleMs) : this.#settleMs
    const timer = setTimeout(() => void this.#look(file, version), delay).unref()
    this.#looks.set(file, { timer, isStale: false })
  }

  async #look(file: Watched, before: string | undefined): Promise<void> {
    const look = this.#looks.get(file)!
    look.isStale = false
    const version = await file.changedVersion()
    if (this.#isClosed) return
    if (version === undefined) {
      // An event that came after the file was looked at has not been dealt with.
      if (look.isStale) this.#lookLater(file, undefined)
      else this.#looks.delete(file)
    } else if (version !== before) {
      this.#lookLater(file, version)
    } else {
      await file.refresh()
      if (this.#isClosed) return
      // It may have changed again since it was opened.
      this.#lookLater(file, undefined)
      // And it may have brought files that nobody has looked at.
      this.#lookAtAll()
    }
  }
}
