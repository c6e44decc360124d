import { mkdir, readdir, readFile, rename, rm, stat, writeFile } from 'node:fs/promises'
import { basename, dirname, join } from 'node:path'
import { setTimeout as wait } from 'node:timers/promises'
import { backoffMs } from '../../client/backoff.ts'
import { LONGEST_TIMER_MS } from '../../durations.ts'
import { FeedError } from '../feed-error.ts'
import type { FeedLog } from '../feed-log.ts'
import { checkSize, FEED_LIMITS, type FeedLimits } from '../limits.ts'
import type { FeedCheck } from './feed-check.ts'
import { cachedFeedFile, parseFeedUrl } from './feed-url.ts'
import {
  FetchError,
  type FetchOptions,
  fetchToFile,
  PARTIAL,
  RefusedError,
  type Validators,
} from './fetch.ts'
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
  /** Reads what has come before it takes the place of the copy. Default: it is taken as it is. */
  readonly check?: FeedCheck
  /** The limits of what is taken, with `check`. Default: `FEED_LIMITS`. */
  readonly limits?: FeedLimits
  /** The first version that comes may be as much smaller than the copy as it likes. Default: false. */
  readonly acceptsShrink?: boolean
  /** A start without the feed is none to be refused: the reason is logged, and the server is asked again. Default: false. */
  readonly mayLack?: boolean
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
  limits: FEED_LIMITS,
  acceptsShrink: false,
  mayLack: false,
} as const

/** Numbers that a download tells of itself. */
export interface DownloadStats {
  /** The URL, without its secrets. */
  readonly feed: string
  readonly ok: number
  readonly notModified: number
  readonly failed: number
  /** Downloads that were whole, and are no feed or beyond the limits. */
  readonly refused: number
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
  /** The indicators of the copy, and the `FeedCheck.id` of the check that has counted them. */
  readonly indicators?: number
  readonly checkId?: string
}

/** What is known of the copy. */
interface Known {
  /** Undefined when it is not what the server has spoken of, or no feed. */
  readonly meta: Meta | undefined
  /** Its indicators; undefined when it cannot be compared. */
  readonly indicators: number | undefined
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
  readonly #options: Required<Omit<FeedDownloadOptions, 'ca' | 'retryMs' | 'check'>> & FeedDownloadOptions
  readonly #abort = new AbortController()
  readonly #counts = { ok: 0, notModified: 0, failed: 0, refused: 0 }
  #checkedAt = 0
  /** Failures in a row. */
  #failures = 0
  #isPrepared = false
  #acceptsShrink: boolean
  #timer: NodeJS.Timeout | undefined
  #running: Promise<void> | undefined

  /** @throws TypeError for a URL that is not valid */
  constructor(options: FeedDownloadOptions) {
    this.#url = parseFeedUrl(options.url)
    const set = Object.entries(options).filter(([, value]) => value !== undefined)
    this.#options = { ...DOWNLOAD_DEFAULTS, ...(Object.fromEntries(set) as unknown as FeedDownloadOptions) }
    this.name = this.#url.name
    this.#acceptsShrink = this.#options.acceptsShrink
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
    const { log, mayLack } = this.#options
    try {
      await this.#begin(goOn)
    } catch (error) {
      if (this.#signal.aborted || !mayLack) throw error
      log.error(
        { feed: this.name, problem: (error as Error).message.replace(`${this.name}: `, '') },
        'feed cannot be had; the server starts without it',
      )
      this.#failures += 1
    }
    this.#schedule()
  }

  async #begin(goOn: () => void): Promise<void> {
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
        const fields = { feed: this.name, problem: message, checkedAt }
        if (isRefusal(error)) log.error(fields, 'feed refused; the copy is used')
        else log.warn(fields, 'feed not downloaded; the copy is used')
      } else if (isLate) {
        const what = isRefusal(error) ? 'refused' : 'not downloaded'
        log.error({ feed: this.name, problem: message }, `feed ${what}; there is no copy of it`)
      } else {
        throw new DownloadError(`${this.name}: ${message}; and there is no copy of it from before`, {
          cause: error,
        })
      }
    } finally {
      clearTimeout(timer)
    }
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
      if (!this.#isPrepared) await this.#prepare()
      await this.#download()
    } catch (error) {
      if (this.#signal.aborted) return
      const { failures, message } = { failures: this.#failures, message: (error as Error).message }
      const what = isRefusal(error) ? 'refused' : 'not downloaded'
      this.#options.log.error({ feed: this.name, problem: message, failures }, `feed ${what}; the copy stays`)
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
      const { meta, indicators: before } = await this.#known(stop.signal)
      let indicators = before
      const { check } = this.#options
      const { url, isManifest, authorization } = this.#url
      const options: FetchOptions = {
        authorization,
        validators: { etag: meta?.etag, lastModified: meta?.lastModified },
        maxBytes,
        stallMs,
        ca,
        check:
          check &&
          (async (file, signal) => {
            indicators = await this.#count(check, file, signal)
            this.#compare(check, indicators, before)
          }),
        signal: stop.signal,
      }
      const checkEvent: FetchOptions['check'] =
        check && (async (file, signal) => void (await this.#count(check, file, signal)))
      const fetched = isManifest
        ? await new ManifestDownload(url, this.file, options, checkEvent).run()
        : await fetchToFile(url, this.file, options)
      if (!fetched.modified && meta === undefined)
        throw new FetchError('the server answers 304 to what it was not asked', false)
      this.#failures = 0
      this.#checkedAt = Date.now()
      if (fetched.modified) {
        const { etag, lastModified, bytes } = fetched
        this.#counts.ok += 1
        this.#acceptsShrink = false
        await this.#writeMeta({ etag, lastModified }, indicators)
        const durationMs = Math.round(performance.now() - start)
        this.#options.log.info({ feed: this.name, bytes, durationMs }, 'feed downloaded')
      } else {
        this.#counts.notModified += 1
        await this.#writeMeta(meta!, indicators)
      }
    } catch (error) {
      if (!this.#signal.aborted) {
        this.#failures += 1
        if (isRefusal(error)) this.#counts.refused += 1
        else this.#counts.failed += 1
      }
      throw error
    } finally {
      clearTimeout(timer)
      this.#signal.removeEventListener('abort', onClose)
    }
  }

  /** The indicators of what has come. @throws RefusedError when it cannot be read as the feed that it should be */
  async #count(check: FeedCheck, file: string, signal: AbortSignal): Promise<number> {
    try {
      return await check.count(file, signal)
    } catch (error) {
      if (!(error instanceof FeedError)) throw error
      throw new RefusedError(`what has come is not the feed: it ${check.problemOf(error)}`, error)
    }
  }

  /** @throws RefusedError for what is beyond the limits */
  #compare(check: FeedCheck, indicators: number, before: number | undefined): void {
    try {
      checkSize(this.name, indicators, this.#acceptsShrink ? undefined : before, this.#options.limits)
    } catch (error) {
      throw new RefusedError(`what has come ${check.problemOf(error as Error)}`, error)
    }
  }

  /** A copy that nobody has read as this feed before is read now: one that is none must not be kept for a 304. */
  async #known(signal: AbortSignal): Promise<Known> {
    const meta = await this.#readMeta()
    const { check } = this.#options
    if (check === undefined) return { meta, indicators: undefined }
    if (meta?.checkId === check.id) return { meta, indicators: meta.indicators }
    if ((await this.#copyTime()) === undefined) return { meta: undefined, indicators: undefined }
    try {
      return { meta, indicators: await check.count(this.file, signal) }
    } catch (error) {
      if (!(error instanceof FeedError)) throw error
      return { meta: undefined, indicators: undefined }
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
      this.#isPrepared = true
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
      const { size, checkedAt, etag, lastModified, feed, indicators, checkId } = JSON.parse(
        await readFile(this.#metaFile, 'utf8'),
      )
      if ((await stat(this.file)).size !== size || typeof checkedAt !== 'number') return undefined
      const meta = { feed, size, checkedAt, etag: textOf(etag), lastModified: textOf(lastModified) }
      return typeof indicators === 'number' ? { ...meta, indicators, checkId: textOf(checkId) } : meta
    } catch {
      return undefined
    }
  }

  async #writeMeta({ etag, lastModified }: Validators, indicators: number | undefined): Promise<void> {
    const { size } = await stat(this.file)
    const counted = indicators === undefined ? {} : { indicators, checkId: this.#options.check?.id }
    const meta: Meta = {
      ...{ feed: this.name, size, checkedAt: this.#checkedAt, etag, lastModified },
      ...counted,
    }
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

function isRefusal(error: unknown): boolean {
  return error instanceof FetchError && error.isRefusal
}

function textOf(value: unknown): string | undefined {
  return typeof value === 'string' ? value : undefined
}
