import { mkdir, readdir, readFile, rename, rm, stat, writeFile } from 'node:fs/promises'
import { basename, dirname, join } from 'node:path'
import { setTimeout as wait } from 'node:timers/promises'
import { backoffMs } from '../../client/backoff.ts'
import { LONGEST_TIMER_MS } from '../../durations.ts'
import type { FeedLog } from '../feed-log.ts'
import { cachedFeedFile, parseFeedUrl } from './feed-url.ts'
import { FetchError, type FetchOptions, fetchToFile, PARTIAL, type Validators } from './fetch.ts'
import { ManifestDownload } from './manifest-download.ts'

/** The options of a download. */
export interface FeedDownloadOptions {
  /** `https://user:password@host/path`; a `manifest.json` is that of a MISP feed. */
  readonly url: string
  /** The directory of the copy. It is made, for its owner alone, when it is not there. */
  readonly directory: string
  /** Time between two requests; a tenth more or less by chance. Default: 1 h. */
  readonly intervalMs?: number
  /** Default: 4 GiB. */
  readonly maxBytes?: number
  /** Time in which the server may send nothing. Default: 60 s. */
  readonly stallMs?: number
  /** Time for a download, of a MISP feed with all its events. Default: 1 h. */
  readonly deadlineMs?: number
  /** Time that the start waits for a feed of which there is no copy; then it goes on without it. Default: 10 s. */
  readonly startMs?: number
  /** Authority of the server's certificate, PEM. Default: those of the system. */
  readonly ca?: string | Buffer
  readonly log: FeedLog
  /** The first wait after a failure, for tests. Default: 1 s at the start, then 10 s. */
  readonly retryMs?: number
}

/** The defaults of `FeedDownloadOptions`. */
const DOWNLOAD_DEFAULTS = {
  intervalMs: 60 * 60_000,
  maxBytes: 4 * 2 ** 30,
  stallMs: 60_000,
  deadlineMs: 60 * 60_000,
  startMs: 10_000,
} as const

/** Numbers that a download tells of itself. */
export interface DownloadStats {
  /** The URL, without its secrets. */
  readonly feed: string
  readonly ok: number
  readonly notModified: number
  readonly failed: number
  /** The time when the server last confirmed or sent the feed, in milliseconds since 1970; 0: never. */
  readonly checkedAt: number
}

/** The feed cannot be had, and there is no copy of it. */
export class DownloadError extends Error {
  override readonly name = 'DownloadError'
}

const ATTEMPTS_AT_START = 3
const RETRY_AT_START_MS = 1000
const RETRY_MS = 10_000
const JITTER = 0.1
/** A file that was begun and not finished for so long is from a process that is gone. */
const STALE_MS = 24 * 60 * 60_000

/** The notes that are kept beside the copy. */
interface Meta extends Validators {
  readonly feed: string
  /** The size of the copy: one of another size is not that which the server spoke of. */
  readonly size: number
  readonly checkedAt: number
}

/**
 * Keeps a copy of a feed that a server has: asks at intervals whether it has changed, and downloads it. The copy is a
 * file like any other; enrichers that answer from it watch it, also from other processes. A feed that cannot be
 * downloaded, or not whole, changes nothing.
 */
export class FeedDownload {
  /** The URL without its secrets. */
  readonly name: string
  /** The copy. For a MISP feed its manifest; the events are beside it. */
  readonly file: string
  readonly #url: ReturnType<typeof parseFeedUrl>
  readonly #metaFile: string
  readonly #options: Required<Omit<FeedDownloadOptions, 'ca' | 'retryMs'>> & FeedDownloadOptions
  readonly #abort = new AbortController()
  readonly #counts = { ok: 0, notModified: 0, failed: 0 }
  #checkedAt = 0
  /** Failures in a row. */
  #failures = 0
  #timer: NodeJS.Timeout | undefined
  #running: Promise<void> | undefined

  /** @throws TypeError for a URL that is not valid */
  constructor(options: FeedDownloadOptions) {
    this.#url = parseFeedUrl(options.url)
    const set = Object.entries(options).filter(([, value]) => value !== undefined)
    this.#options = { ...DOWNLOAD_DEFAULTS, ...(Object.fromEntries(set) as unknown as FeedDownloadOptions) }
    this.name = this.#url.name
    this.file = cachedFeedFile(options.directory, this.#url)
    this.#metaFile = join(options.directory, `${this.#url.id}.meta.json`)
  }

  get stats(): DownloadStats {
    return { feed: this.name, ...this.#counts, checkedAt: this.#checkedAt }
  }

  /**
   * Downloads the feed for the first time, if it is not what the copy is, and then again and again. Resolves when the
   * start need not wait for it any longer: at once with a copy, which serves until there is a newer one; without one when
   * the feed has come, or after `startMs`. The outcome is logged. `refresh` waits for the end of the download.
   *
   * @throws DownloadError (as a rejection) when there is no copy and it is known that the feed cannot be had
   */
  start(): Promise<void> {
    const before = this.#running ?? Promise.resolve()
    return new Promise((resolve, reject) => {
      // A refresh that is asked for meanwhile is this one; one that is asked for when it has ended is another.
      void this.#share(before.then(() => this.#start(resolve)).catch(reject)).then(resolve)
    })
  }

  /** @param goOn is called when the start need not wait any longer */
  async #start(goOn: () => void): Promise<void> {
    const { log, startMs } = this.#options
    await this.#prepare()
    const copiedAt = await this.#copyTime()
    if (copiedAt !== undefined) {
      this.#checkedAt = (await this.#readMeta())?.checkedAt ?? copiedAt
      goOn()
    }
    let isLate = false
    const timer = setTimeout(() => {
      if (copiedAt !== undefined) return
      isLate = true
      const seconds = startMs / 1000
      log.warn({ feed: this.name, seconds }, 'feed has not come in time; the start goes on without it')
      goOn()
    }, startMs)
    try {
      await this.#downloadFirst()
    } catch (error) {
      this.#signal.throwIfAborted()
      const { message } = error as Error
      if (copiedAt !== undefined) {
        const checkedAt = new Date(this.#checkedAt).toISOString()
        log.warn({ feed: this.name, problem: message, checkedAt }, 'feed not downloaded; the copy is used')
      } else if (isLate) {
        log.error({ feed: this.name, problem: message }, 'feed not downloaded; there is no copy of it')
      } else {
        throw new DownloadError(`${this.name}: ${message}; and there is no copy of it from before`, {
          cause: error,
        })
      }
    } finally {
      clearTimeout(timer)
    }
    this.#schedule()
  }

  /** A few requests, as long as the next one may succeed. One is enough when a copy serves. */
  async #downloadFirst(): Promise<void> {
    const { retryMs = RETRY_AT_START_MS } = this.#options
    const attempts = this.#checkedAt === 0 ? ATTEMPTS_AT_START : 1
    for (let attempt = 1; ; attempt++) {
      try {
        await this.#download()
        return
      } catch (error) {
        this.#signal.throwIfAborted()
        const isHopeless = !(error instanceof FetchError && error.retryable)
        if (isHopeless || attempt === attempts) throw error
        await wait(backoffMs(attempt, { minMs: retryMs, maxMs: 8 * retryMs }), undefined, {
          signal: this.#signal,
        })
      }
    }
  }

  /** Asks the server now. Never rejects: a failure is logged and counted. Calls while one is on its way share it. */
  refresh(): Promise<void> {
    return this.#running ?? this.#share(this.#refresh().finally(() => this.#schedule()))
  }

  /** A refresh that runs is shared until it ends. */
  #share(work: Promise<void>): Promise<void> {
    const shared = work.finally(() => {
      if (this.#running === shared) this.#running = undefined
    })
    this.#running = shared
    return shared
  }

  /** Ends a download that is on its way, and asks no more. */
  close(): void {
    this.#abort.abort()
    clearTimeout(this.#timer)
  }

  get #signal(): AbortSignal {
    return this.#abort.signal
  }

  #schedule(): void {
    clearTimeout(this.#timer)
    if (this.#signal.aborted) return
    const { intervalMs, retryMs = RETRY_MS } = this.#options
    const delay =
      this.#failures === 0
        ? intervalMs * (1 - JITTER + 2 * JITTER * Math.random())
        : Math.min(intervalMs, backoffMs(this.#failures, { minMs: retryMs, maxMs: intervalMs }))
    this.#timer = setTimeout(() => void this.refresh(), Math.min(delay, LONGEST_TIMER_MS)).unref()
  }

  async #refresh(): Promise<void> {
    try {
      await this.#download()
    } catch (error) {
      if (this.#signal.aborted) return
      const { failures, message } = { failures: this.#failures, message: (error as Error).message }
      this.#options.log.error(
        { feed: this.name, problem: message, failures },
        'feed not downloaded; the copy stays',
      )
    }
  }

  /** One request, counted. */
  async #download(): Promise<void> {
    const start = performance.now()
    const { maxBytes, stallMs, deadlineMs, ca } = this.#options
    const stop = new AbortController()
    const onClose = () => stop.abort(this.#signal.reason)
    const timer = setTimeout(
      () => stop.abort(new FetchError(`not finished after ${deadlineMs / 1000} s`, true)),
      Math.min(deadlineMs, LONGEST_TIMER_MS),
    )
    this.#signal.addEventListener('abort', onClose)
    try {
      this.#signal.throwIfAborted()
      const meta = await this.#readMeta()
      const { url, isManifest, authorization } = this.#url
      const options: FetchOptions = {
        authorization,
        validators: { etag: meta?.etag, lastModified: meta?.lastModified },
        maxBytes,
        stallMs,
        ca,
        signal: stop.signal,
      }
      const fetched = isManifest
        ? await new ManifestDownload(url, this.file, options).run()
        : await fetchToFile(url, this.file, options)
      if (!fetched.modified && meta === undefined)
        throw new FetchError('the server answers 304 to what it was not asked', false)
      this.#failures = 0
      this.#checkedAt = Date.now()
      if (fetched.modified) {
        const { etag, lastModified, bytes } = fetched
        this.#counts.ok += 1
        await this.#writeMeta({ etag, lastModified })
        const durationMs = Math.round(performance.now() - start)
        this.#options.log.info({ feed: this.name, bytes, durationMs }, 'feed downloaded')
      } else {
        this.#counts.notModified += 1
        await this.#writeMeta(meta!)
      }
    } catch (error) {
      if (!this.#signal.aborted) {
        this.#failures += 1
        this.#counts.failed += 1
      }
      throw error
    } finally {
      clearTimeout(timer)
      this.#signal.removeEventListener('abort', onClose)
    }
  }

  async #prepare(): Promise<void> {
    // A MISP feed has a directory of its own; its meta data are beside that.
    const directories = new Set([dirname(this.#metaFile), dirname(this.file)])
    try {
      for (const directory of directories) {
        await mkdir(directory, { recursive: true, mode: 0o700 })
        for (const name of await readdir(directory)) {
          if (name.endsWith(PARTIAL)) await removeStale(join(directory, name))
        }
      }
    } catch (error) {
      throw new DownloadError(`the cache directory of feeds cannot be used: ${(error as Error).message}`, {
        cause: error,
      })
    }
  }

  async #copyTime(): Promise<number | undefined> {
    return (await stat(this.file).catch(() => undefined))?.mtimeMs
  }

  /** @returns undefined when there is no copy, or another one than the meta data speak of */
  async #readMeta(): Promise<Meta | undefined> {
    try {
      const { size, checkedAt, etag, lastModified, feed } = JSON.parse(await readFile(this.#metaFile, 'utf8'))
      if ((await stat(this.file)).size !== size || typeof checkedAt !== 'number') return undefined
      return { feed, size, checkedAt, etag: textOf(etag), lastModified: textOf(lastModified) }
    } catch {
      return undefined
    }
  }

  async #writeMeta({ etag, lastModified }: Validators): Promise<void> {
    const { size } = await stat(this.file)
    const meta: Meta = { feed: this.name, size, checkedAt: this.#checkedAt, etag, lastModified }
    const partial = join(dirname(this.#metaFile), `.${basename(this.#metaFile)}.${Date.now()}${PARTIAL}`)
    await writeFile(partial, JSON.stringify(meta), { mode: 0o600 })
    await rename(partial, this.#metaFile)
  }
}

/** A file that cannot be removed, or that another process has removed meanwhile, is in nobody's way. */
async function removeStale(path: string): Promise<void> {
  try {
    const { mtimeMs } = await stat(path)
    if (Date.now() - mtimeMs > STALE_MS) await rm(path, { force: true })
  } catch {
    // The next start looks again.
  }
}

function textOf(value: unknown): string | undefined {
  return typeof value === 'string' ? value : undefined
}
