import { stat } from 'node:fs/promises'
import { dirname } from 'node:path'
import { setTimeout } from 'node:timers/promises'
import { open, type Reader, type Response } from 'maxmind'
import type { FeedLog } from '../feeds/feed-log.ts'
import { versionOf } from '../feeds/read.ts'
import type { Watched } from '../feeds/watch.ts'

/** A database that could not be opened. Its message names the file and what to do. */
export class MmdbError extends Error {
  override readonly name = 'MmdbError'
  readonly file: string

  constructor(file: string, problem: string, cause?: unknown) {
    super(`${file}: ${problem}`, cause === undefined ? undefined : { cause })
    this.file = file
  }
}

/** What is found in a database: decoded records are kept, so that one is the same object each time. */
export type MmdbReader = Reader<Response>

/** Records that are kept decoded. */
const CACHED_RECORDS = 10_000
/** How often a file that changes while it is read is read, and how long its writer is given in between. */
const ATTEMPTS = 3
const WRITER_MS = 500
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

  /** @param signal ends reading anew */
  constructor(file: string, log: FeedLog, signal: AbortSignal) {
    this.file = file
    this.#log = log
    this.#signal = signal
  }

  /** Of the file that was read last and well. */
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

  /** Reads the file for the first time. @throws MmdbError */
  async load(): Promise<void> {
    const start = performance.now()
    const reader = await this.#openComplete()
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
      await this.load()
      this.#reloadsOk += 1
    } catch (error) {
      if (this.#signal.aborted) return
      this.#reloadsFailed += 1
      this.#log.error({ file: this.file, err: error }, 'database not reloaded; the old one stays')
    }
  }

  /** A file that is written meanwhile is read once more when its writer may be finished. */
  async #openComplete(): Promise<MmdbReader> {
    for (let attempt = 1; ; attempt++) {
      const version = await versionOf(this.file)
      this.#seenVersion = version
      const result = await openDatabase(this.file).catch((error: MmdbError) => error)
      if ((await versionOf(this.file)) === version) {
        if (result instanceof MmdbError) throw result
        return result
      }
      if (attempt === ATTEMPTS) throw new MmdbError(this.file, 'changed while it was read')
      await setTimeout(WRITER_MS, undefined, { signal: this.#signal })
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
