import { stat } from 'node:fs/promises'
import { dirname } from 'node:path'
import { setTimeout as wait } from 'node:timers/promises'
import { open, type Reader, type Response } from 'maxmind'
import { backoffMs } from '../../client/backoff.ts'
import type { KeptFiles } from '../../feeds/download/kept-files.ts'
import type { FeedLog } from '../../feeds/feed-log.ts'
import { isPassing } from '../../feeds/passing-fault.ts'
import { versionOf } from '../../feeds/read.ts'
import type { Watched } from '../../feeds/watch.ts'

/** A database that could not be opened. Its message names the file and what to do. */
export class MmdbError extends Error {
  override readonly name = 'MmdbError'
  readonly file: string

  constructor(file: string, problem: string, cause?: unknown) {
    super(`${file}: ${problem}`, cause === undefined ? undefined : { cause })
    this.file = file
  }
}

/** The records of a database: decoded ones are kept, so that one is the same object each time. */
export type MmdbReader = Reader<Response>

/** Records that are kept decoded. */
const CACHED_RECORDS = 10_000
/** Number of times that a file is read that changes meanwhile, and the time that its writer has in between. */
const ATTEMPTS = 3
const WRITER_MS = 500
/** Wait after a failure that may pass, at first and at most. */
const RETRY_MS = 1000
const LONGEST_RETRY_MS = 60_000
const FORMAT_VERSION = 2
/** Zero bytes between the search tree and the data. */
const SEPARATOR_BYTES = 16

/** An `.mmdb` file and the reader that was made of it. A reload makes a new one; the old one stays when that fails. */
export class MmdbFile implements Watched {
  readonly file: string
  readonly #log: FeedLog
  readonly #signal: AbortSignal
  #reader: MmdbReader | undefined
  #loadedAt = 0
  #reloadsOk = 0
  #reloadsFailed = 0
  /** Version of the file that was read last, well or not. */
  #seenVersion: string | undefined
  #reloading: Promise<void> = Promise.resolve()
  /** Failures in a row that may pass, and the timer of the next attempt. */
  #passing = 0
  #retry: NodeJS.Timeout | undefined
  readonly #kept: KeptFiles | undefined
  readonly #retryMs: number

  /**
   * @param signal ends reading anew
   * @param kept files that several processes keep for each other
   * @param retryMs the first wait after a failure that may pass
   */
  constructor(
    file: string,
    log: FeedLog,
    signal: AbortSignal,
    kept?: KeptFiles | undefined,
    retryMs: number = RETRY_MS,
  ) {
    this.#kept = kept
    this.#retryMs = retryMs
    signal.addEventListener('abort', () => clearTimeout(this.#retry), { once: true })
    this.file = file
    this.#log = log
    this.#signal = signal
  }

  /** The reader of the file that was read last and well. */
  get reader(): MmdbReader {
    return this.#reader!
  }

  get stats() {
    return { loadedAt: this.#loadedAt, reloadsOk: this.#reloadsOk, reloadsFailed: this.#reloadsFailed }
  }

  get directory(): string {
    return dirname(this.file)
  }

  async changedVersion(): Promise<string | undefined> {
    const version = await versionOf(this.file)
    return version === this.#seenVersion ? undefined : version
  }

  /** Reads the file for the first time, or what was kept of it when it is broken. @throws MmdbError */
  async load(): Promise<void> {
    try {
      await this.#load(this.file)
    } catch (error) {
      const path = this.#kept?.lastGood(this.file)
      if (path === undefined || this.#signal.aborted) throw error
      await this.#load(path).catch(() => {
        throw error
      })
      this.#reloadsFailed += 1
      const retry = isPassing(error) ? { retryMs: this.#tryAgain() } : {}
      this.#log.error(
        { file: this.file, problem: (error as Error).message, ...retry },
        'database cannot be read; its last good content is served',
      )
    }
  }

  async #load(path: string): Promise<void> {
    const start = performance.now()
    const { reader, version } = await this.#openComplete(path)
    if (path === this.file) {
      this.#passing = 0
      clearTimeout(this.#retry)
      if (version !== undefined) this.#kept?.onLoaded(path, version)
    }
    this.#reader = reader
    this.#loadedAt = Date.now()
    const { databaseType: database, buildEpoch, nodeCount: nodes } = reader.metadata
    const durationMs = Math.round(performance.now() - start)
    this.#log.info({ file: this.file, database, built: buildEpoch, nodes, durationMs }, 'database loaded')
  }

  /** Reads it again, as it is now. Never rejects: a failure is logged and counted. */
  refresh(): Promise<void> {
    this.#reloading = this.#reloading.then(() => this.#reload())
    return this.#reloading
  }

  async #reload(): Promise<void> {
    if (this.#signal.aborted) return
    try {
      await this.#load(this.file)
      this.#reloadsOk += 1
    } catch (error) {
      if (this.#signal.aborted) return
      this.#reloadsFailed += 1
      const retry = isPassing(error) ? { retryMs: this.#tryAgain() } : {}
      this.#log.error(
        { file: this.file, problem: (error as Error).message, ...retry },
        'database not reloaded; the old one stays',
      )
    }
  }

  /** Reads the file again later: it does not change, so no watch would see it. @returns the wait in milliseconds */
  #tryAgain(): number {
    this.#passing += 1
    const waitMs = Math.round(
      backoffMs(this.#passing, { minMs: this.#retryMs, maxMs: Math.max(this.#retryMs, LONGEST_RETRY_MS) }),
    )
    clearTimeout(this.#retry)
    this.#retry = setTimeout(() => void this.refresh(), waitMs).unref()
    return waitMs
  }

  /** A file that is written meanwhile is read once more when its writer may be finished. */
  async #openComplete(path: string): Promise<{ reader: MmdbReader; version: string | undefined }> {
    for (let attempt = 1; ; attempt++) {
      const version = await versionOf(path)
      if (path === this.file) this.#seenVersion = version
      const result = await openDatabase(path).catch((error: MmdbError) => error)
      if ((await versionOf(path)) === version) {
        if (result instanceof MmdbError) throw result
        return { reader: result, version }
      }
      if (attempt === ATTEMPTS) throw new MmdbError(this.file, 'changed while it was read')
      await wait(WRITER_MS, undefined, { signal: this.#signal })
    }
  }
}

async function openDatabase(file: string): Promise<MmdbReader> {
  let size: number
  let reader: MmdbReader
  try {
    const stats = await stat(file)
    if (!stats.isFile()) throw new MmdbError(file, 'is not a regular file')
    size = stats.size
  } catch (cause) {
    if (cause instanceof MmdbError) throw cause
    const { code, message } = cause as NodeJS.ErrnoException
    throw new MmdbError(file, `cannot be opened (${code ?? message})`, cause)
  }
  try {
    reader = await open<Response>(file, { cache: { max: CACHED_RECORDS } })
    checkMetadata(reader, size)
  } catch (cause) {
    const { code, message } = cause as NodeJS.ErrnoException
    const problem =
      code === undefined || code === 'ERR_OUT_OF_RANGE' ? 'is not' : `cannot be read (${code}) as`
    throw new MmdbError(
      file,
      `${problem} a complete MaxMind database (.mmdb): ${message}. Unpack it if it is packed, or get it again`,
      cause,
    )
  }
  return reader
}

/** The reader takes what it finds at the end of a file; a file that was cut, or is no database, must not pass. */
function checkMetadata({ metadata }: MmdbReader, size: number): void {
  const { binaryFormatMajorVersion, ipVersion, databaseType, nodeCount, searchTreeSize } = metadata
  if (binaryFormatMajorVersion !== FORMAT_VERSION || typeof databaseType !== 'string') {
    throw new Error('its metadata is not that of version 2 of the format')
  }
  const isTree = Number.isInteger(nodeCount) && nodeCount > 0 && (ipVersion === 4 || ipVersion === 6)
  if (!isTree || searchTreeSize + SEPARATOR_BYTES > size) throw new Error('its search tree is not complete')
}
