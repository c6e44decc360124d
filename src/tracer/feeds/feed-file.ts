import { stat } from 'node:fs/promises'
import { dirname } from 'node:path'
import { setTimeout as wait } from 'node:timers/promises'
import { backoffMs } from '../client/backoff.ts'
import { containedFile } from './container.ts'
import type { KeptFiles } from './download/kept-files.ts'
import { FeedError } from './feed-error.ts'
import type { FeedLog } from './feed-log.ts'
import type { FeedStats } from './feed-stats.ts'
import { checkSize, type FeedLimits, isRefused } from './limits.ts'
import { type FeedReading, type FeedSpec, type LoadedFeed, loadFeed } from './load.ts'
import { isPassing } from './passing-fault.ts'
import { type ReadOptions, versionOf } from './read.ts'
import type { IndicatorTable } from './tables/table.ts'
import type { Watched } from './watch.ts'

/** Number of times that a file is read that changes meanwhile, and the time that its writer has in between. */
const ATTEMPTS = 3
const WRITER_MS = 500
/** A downloaded file of this age has come with this start. */
const FRESH_MS = 60_000
/** Time that a start waits for a better copy than one that cannot be used, and interval of its looks. */
const REPLACED_MS = 10_000
const LOOK_MS = 100
/** The version of a file that is not there. */
const NOT_THERE = 'not there'
/** Wait after a failure that may pass, at first and at most. */
const RETRY_MS = 1000
const LONGEST_RETRY_MS = 60_000

/** The parts that feed files have in common. */
export interface FeedFileContext {
  readonly log: FeedLog
  /** Ends a loading. */
  readonly signal: AbortSignal
  /** Is called when there are new tables. */
  readonly onLoad: () => void
  /** Default: nothing is kept. */
  readonly kept?: KeptFiles | undefined
  /** The limits of versions. Default: none. Not for copies of what is downloaded, which are checked before. */
  readonly limits?: FeedLimits | undefined
  /** A feed that cannot be used at the start is logged, and read when it is good. Default: false, that is an error. */
  readonly mayLack?: boolean | undefined
  /** The first wait after a failure that may pass, for tests. Default: 1 s. */
  readonly retryMs?: number | undefined
}

/** The options of reading a feed file. */
interface FeedFileOptions extends Pick<ReadOptions, 'name'> {
  readonly reading?: FeedReading | undefined
  /** It is the copy of a feed that is being downloaded: it may not be there yet, or an old one may give way to a better. */
  readonly isDownloaded?: boolean | undefined
  /** Its directory says when it is gone. */
  readonly isOfDirectory?: boolean
  /**
   * Makes tables of the file, as it is now. Default: `loadFeed`, by the keys.
   *
   * @param file its path, or that of what was kept of it
   * @param checkedVersion of the file that has been checked to its end: its content need not be checked again
   */
  readonly load?: (
    file: string,
    signal: AbortSignal,
    checkedVersion: string | undefined,
  ) => Promise<LoadedFeed>
}

/**
 * A feed file and the tables that were made of it. A reload reads it into new tables beside the old ones, which stay
 * when it fails.
 */
export class FeedFile implements Watched {
  /** Its path. */
  readonly file: string
  /** Its name in logs, metrics and errors. */
  readonly #name: string
  readonly #specs: readonly FeedSpec[]
  readonly #log: FeedLog
  readonly #signal: AbortSignal
  readonly #onLoad: () => void
  readonly #kept: KeptFiles | undefined
  readonly #limits: FeedLimits | undefined
  readonly #mayLack: boolean
  readonly #retryMs: number
  readonly #options: FeedFileOptions
  #loaded: LoadedFeed | undefined
  #loadedAt = 0
  #reloadsOk = 0
  #reloadsFailed = 0
  #reloadsRefused = 0
  /** Times that it was seen to be gone while it was served. */
  timesGone = 0
  /** Version of the file that was read last, well or not. */
  #seenVersion: string | undefined
  /** The last version that `LoadedFeed.checked` found good. */
  #checkedVersion: string | undefined
  /** The reload that runs, and the one that waits for it. */
  #running: Promise<void> | undefined
  #waiting: Promise<void> | undefined
  /** Failures in a row that may pass, and the timer of the next attempt. */
  #passing = 0
  #retry: NodeJS.Timeout | undefined

  /** @param specs the keys by which it is looked up */
  constructor(
    file: string,
    specs: readonly FeedSpec[],
    { log, signal, onLoad, kept, limits, mayLack = false, retryMs = RETRY_MS }: FeedFileContext,
    options: FeedFileOptions = {},
  ) {
    this.file = file
    this.#name = options.name ?? file
    this.#options = options
    this.#specs = specs
    this.#log = log
    this.#signal = signal
    this.#onLoad = onLoad
    this.#kept = kept
    this.#limits = options.isDownloaded === true ? undefined : limits
    this.#mayLack = mayLack
    this.#retryMs = retryMs
    signal.addEventListener('abort', () => clearTimeout(this.#retry), { once: true })
  }

  /** The paths that have to be watched to see it change. */
  get directory(): string {
    return dirname(containedFile(this.file).file)
  }

  /** Reads it when it is seen to have changed. */
  refresh(): Promise<void> {
    return this.reload()
  }

  /** One table for each key, in their order. */
  get tables(): readonly IndicatorTable[] {
    return this.#loaded?.tables ?? []
  }

  get stats(): FeedStats {
    return {
      file: this.#name,
      records: this.#loaded?.records ?? 0,
      indicators: this.#loaded?.indicators ?? 0,
      skipped: this.#loaded?.skipped ?? 0,
      ignored: this.#loaded?.ignored ?? 0,
      loadedAt: this.#loadedAt,
      reloadsOk: this.#reloadsOk,
      reloadsFailed: this.#reloadsFailed,
      reloadsRefused: this.#reloadsRefused,
      isUnusable: this.#loaded === undefined,
    }
  }

  /**
   * The version that the file has now, when it is not the one that was read last.
   *
   * @returns undefined when there is nothing to be done, also when there has been no file: it may be on its way
   */
  async changedVersion(): Promise<string | undefined> {
    const version = await this.#version()
    if (version === NOT_THERE && this.#options.isOfDirectory === true) return undefined
    return version === this.#seenVersion ? undefined : version
  }

  async #version(): Promise<string> {
    return (await versionOf(this.file)) ?? NOT_THERE
  }

  /**
   * Reads the file for the first time. The copy of a feed that has not come yet is read when it is there, as any change
   * is.
   *
   * @throws FeedError
   */
  async load(): Promise<void> {
    if (this.#limits !== undefined) await this.#loadForLimits()
    try {
      await this.#loadFirst()
    } catch (error) {
      if (this.#signal.aborted) throw error
      await this.#loadKept(error)
    }
  }

  /**
   * A version that all others have refused for its size must not be the first one of this process: what was kept of the
   * one before it is read first.
   */
  async #loadForLimits(): Promise<void> {
    const path = this.#kept?.lastGood(this.file)
    if (path === undefined || (await versionOf(path)) === (await versionOf(this.file))) return
    await this.#read(undefined, path).catch(() => undefined)
  }

  async #loadFirst(): Promise<void> {
    try {
      await this.#read()
    } catch (error) {
      if (this.#options.isDownloaded !== true || this.#signal.aborted) throw error
      const copiedAt = (await stat(this.file).catch(() => undefined))?.mtimeMs
      if (copiedAt === undefined) {
        this.#log.warn({ file: this.#name }, 'feed is not there yet; it is read when it has come')
        return
      }
      // A copy that has just come is the server's. An old one may be replaced in a moment.
      if (Date.now() - copiedAt < FRESH_MS || !(await this.#isReplaced())) throw error
      await this.#read()
    }
  }

  /** The first time, when the file is broken. @throws the error when there is nothing else, and there has to be */
  async #loadKept(error: unknown): Promise<void> {
    const path = this.#kept?.lastGood(this.file)
    const isThere =
      this.#loaded !== undefined ||
      (path !== undefined && (await this.#read(undefined, path).then(succeeded, failed)))
    if (!isThere && !this.#mayStartWithout()) throw error
    const outcome = isThere ? 'its last good content is served' : 'nothing of it is served until it is good'
    this.#notTaken(error, 'cannot be read', outcome)
  }

  /** Others that serve have the feed: then a start without it would answer otherwise than they do. */
  #mayStartWithout(): boolean {
    if (this.#kept === undefined) return this.#mayLack
    return this.#kept.mayLack || (this.#mayLack && !this.#kept.wasLoaded(this.file))
  }

  /** A version is not taken: counts and logs it, and has it read again where that may help. */
  #notTaken(error: unknown, fault: string, outcome: string): void {
    const { message } = error as Error
    const begin = `${this.#name}: `
    const problem = message.startsWith(begin) ? message.slice(begin.length) : message
    const fields = { file: this.#name, problem }
    if (isRefused(error)) {
      this.#reloadsRefused += 1
      this.#log.error(fields, `feed refused; ${outcome}`)
      return
    }
    this.#reloadsFailed += 1
    if (this.#seenVersion === NOT_THERE && this.#loaded !== undefined) {
      this.timesGone += 1
      this.#log.error(fields, `feed is gone; ${outcome}`)
      return
    }
    const retry = isPassing(error) ? { retryMs: this.#tryAgain() } : {}
    this.#log.error({ ...fields, ...retry }, `feed ${fault}; ${outcome}`)
  }

  async #isReplaced(): Promise<boolean> {
    const end = performance.now() + REPLACED_MS
    while (performance.now() < end) {
      if ((await this.changedVersion()) !== undefined) return true
      await wait(LOOK_MS, undefined, { signal: this.#signal })
    }
    return false
  }

  /**
   * Reads the file again, as it is now. Never rejects: a failure is logged and counted. Calls while a reload runs share
   * the next one.
   */
  reload(): Promise<void> {
    if (this.#running === undefined) {
      this.#running = this.#reload().finally(() => {
        this.#running = undefined
      })
      return this.#running
    }
    this.#waiting ??= this.#running.then(() => {
      this.#waiting = undefined
      return this.reload()
    })
    return this.#waiting
  }

  async #reload(): Promise<void> {
    if (this.#signal.aborted) return
    try {
      await this.#read(() => {
        this.#reloadsOk += 1
      })
    } catch (error) {
      if (this.#signal.aborted) return
      const outcome =
        this.#loaded === undefined ? 'nothing of it is served until it is good' : 'the old table stays'
      this.#notTaken(error, 'not reloaded', outcome)
    }
  }

  /** Reads the file again later: it does not change, so no watch would see it. @returns the wait in milliseconds */
  #tryAgain(): number {
    this.#passing += 1
    const waitMs = Math.round(
      backoffMs(this.#passing, { minMs: this.#retryMs, maxMs: Math.max(this.#retryMs, LONGEST_RETRY_MS) }),
    )
    clearTimeout(this.#retry)
    this.#retry = setTimeout(() => void this.reload(), waitMs).unref()
    return waitMs
  }

  /**
   * @param onRead is called when the tables have changed, before it is logged
   * @param path of what was kept of the file
   */
  async #read(onRead?: () => void, path = this.file): Promise<void> {
    const start = performance.now()
    const loaded = await this.#loadComplete(path)
    if (this.#signal.aborted) {
      loaded.close?.()
      throw this.#signal.reason
    }
    const old = this.#loaded
    if (path === this.file && this.#limits !== undefined) {
      try {
        checkSize(this.#name, loaded.indicators, old?.indicators, this.#limits)
      } catch (error) {
        loaded.close?.()
        throw error
      }
    }
    this.#loaded = loaded
    this.#loadedAt = Date.now()
    if (path === this.file) {
      this.#seenVersion = loaded.version
      this.#passing = 0
      clearTimeout(this.#retry)
      this.#kept?.onLoaded(this.file, loaded.version)
    }
    this.#onLoad()
    // Look-ups are synchronous: none is in the old tables now.
    old?.close?.()
    void loaded.checked?.then((error) => {
      // The check of tables that were closed meanwhile was cut short.
      if (this.#loaded !== loaded) return
      if (error === undefined) this.#checkedVersion = loaded.version
      else this.#giveUp(error)
    })
    onRead?.()
    const { records, indicators, skipped, skippedPlaces, skipReasons, truncated = 0 } = loaded
    const ignored = loaded.ignored > 0 ? { ignored: loaded.ignored } : {}
    const cut = truncated > 0 ? { truncated } : {}
    const durationMs = Math.round(performance.now() - start)
    this.#log.info(
      { file: this.#name, records, indicators, skipped, ...ignored, ...cut, durationMs },
      'feed loaded',
    )
    if (skipped > 0) {
      this.#log.warn(
        { file: this.#name, skipped, places: skippedPlaces, reasons: skipReasons },
        'feed has records that cannot be used',
      )
    }
  }

  /**
   * Tables that turn out to be damaged while they are in use answer nothing any more: a wrong answer, or the end of the
   * process, would be worse. A good file in their place is picked up as any change is.
   */
  #giveUp(error: Error): void {
    this.#checkedVersion = undefined
    const damaged = this.#loaded
    this.#loaded = undefined
    this.#onLoad()
    damaged?.close?.()
    this.#reloadsFailed += 1
    this.#log.error(
      { file: this.#name, problem: error.message },
      'feed is damaged; it answers nothing until it is replaced',
    )
  }

  /**
   * A look-up in its tables has failed. Those that are read from the file meanwhile (of a compiled feed) are taken out of
   * service, see `#giveUp`. No look-up may be in them.
   *
   * @returns false for tables in memory: no file can be the cause
   */
  onLookupError(error: Error): boolean {
    if (this.#loaded?.close === undefined) return false
    this.#giveUp(error)
    return true
  }

  /** Lets go of the tables: there are none then. */
  close(): void {
    this.#loaded?.close?.()
    this.#loaded = undefined
  }

  /** A file that is written meanwhile is read once more when its writer may be finished. */
  async #loadComplete(path: string): Promise<LoadedFeed> {
    for (let attempt = 1; ; attempt++) {
      this.#seenVersion = await this.#version()
      try {
        const { load, reading } = this.#options
        if (load !== undefined) return await load(path, this.#signal, this.#checkedVersion)
        return await loadFeed(path, this.#specs, this.#signal, { ...reading, name: this.#name })
      } catch (error) {
        const isBeingWritten = error instanceof FeedError && error.code === 'FEED_CHANGED'
        if (!isBeingWritten || attempt === ATTEMPTS) throw error
        await wait(WRITER_MS, undefined, { signal: this.#signal })
      }
    }
  }
}

function succeeded(): boolean {
  return true
}

function failed(): boolean {
  return false
}
