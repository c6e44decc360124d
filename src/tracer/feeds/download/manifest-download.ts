import { randomUUID } from 'node:crypto'
import { createReadStream, type Stats } from 'node:fs'
import { mkdir, readdir, rename, rm, stat, utimes } from 'node:fs/promises'
import { dirname, join } from 'node:path'
import { readTokens } from '../formats/json-tokens.ts'
import { eventFile, MANIFEST_FILE, type Manifest, ManifestReader } from '../formats/misp-manifest.ts'
import {
  ByteBudget,
  FetchError,
  type Fetched,
  type FetchOptions,
  fetchToFile,
  PARTIAL,
  RefusedError,
} from './fetch.ts'

/** Events that are downloaded at a time. */
const AT_A_TIME = 4
const EVENT_FILE = /^[0-9a-f-]{36}\.json$/

/**
 * Downloads a MISP feed: its manifest, and the events that have changed since they were downloaded. The manifest comes
 * into its place when all of its events are there. An event that is gone from it stays until the manifest changes once
 * more, for those that still read by the one before; they may meet newer events than it knows. A file of an event has the
 * time that the manifest gives; what was downloaded before a failure is not downloaded again.
 */
export class ManifestDownload {
  readonly #url: URL
  readonly #file: string
  readonly #options: FetchOptions
  readonly #checkEvent: FetchOptions['check']
  /** The budget of the whole feed: the bytes that are downloaded and those that are there already. */
  readonly #budget: ByteBudget
  #bytes = 0

  /**
   * @param file path of the manifest; the events go beside it
   * @param options `check` looks at the manifest when all of its events are there
   * @param checkEvent looks at each event before it takes its place
   */
  constructor(url: URL, file: string, options: FetchOptions, checkEvent?: FetchOptions['check']) {
    this.#checkEvent = checkEvent
    this.#url = url
    this.#file = file
    this.#options = options
    this.#budget = new ByteBudget(options.maxBytes)
  }

  async run(): Promise<Fetched> {
    const directory = dirname(this.#file)
    await mkdir(directory, { recursive: true, mode: 0o700 })
    // Another process may download the same feed.
    const newFile = join(directory, `.manifest.${randomUUID()}${PARTIAL}`)
    try {
      const { check, signal } = this.#options
      const budget = this.#budget
      const fetched = await fetchToFile(this.#url, newFile, { ...this.#options, budget, check: undefined })
      if (!fetched.modified) return fetched
      const manifest = await this.#read(newFile)
      await this.#fetchEvents(directory, manifest)
      const before = await this.#read(this.#file).catch(() => undefined)
      await check?.(newFile, signal)
      await rename(newFile, this.#file)
      await removeOthers(directory, [manifest, before])
      return { ...fetched, bytes: fetched.bytes + this.#bytes }
    } finally {
      await rm(newFile, { force: true })
    }
  }

  async #fetchEvents(directory: string, manifest: Manifest): Promise<void> {
    const open = [...manifest]
    const work = async () => {
      for (let event = open.pop(); event !== undefined; event = open.pop()) {
        try {
          await this.#fetchEvent(directory, event)
        } catch (error) {
          // The others need not begin another one.
          open.length = 0
          throw error
        }
      }
    }
    const results = await Promise.allSettled(Array.from({ length: AT_A_TIME }, work))
    for (const result of results) if (result.status === 'rejected') throw result.reason
  }

  async #read(file: string): Promise<Manifest> {
    const reader = new ManifestReader()
    await readTokens(createReadStream(file), this.#url.pathname, reader)
    if (reader.result === undefined)
      throw new FetchError('the server sends no manifest of a MISP feed', false)
    return reader.result
  }

  async #fetchEvent(directory: string, [uuid, timestamp]: readonly [string, string]): Promise<void> {
    const file = join(directory, eventFile(uuid))
    const seconds = Number(timestamp)
    const isDated = Number.isSafeInteger(seconds) && seconds > 0
    const copy = await stat(file).catch(() => undefined)
    if (copy !== undefined && isDated && changedAt(copy) === seconds) {
      this.#budget.take(copy.size)
      return
    }
    const url = new URL(eventFile(uuid), this.#url)
    url.search = this.#url.search
    const check = this.#checkEvent
    const options = { ...this.#options, validators: {}, budget: this.#budget, check }
    const fetched = await fetchToFile(url, file, options).catch((error) => {
      throw atEvent(uuid, error)
    })
    if (fetched.modified) this.#bytes += fetched.bytes
    if (isDated) await utimes(file, seconds, seconds)
  }
}

/** Removes events that none of the manifests has. */
async function removeOthers(directory: string, manifests: readonly (Manifest | undefined)[]): Promise<void> {
  for (const name of await readdir(directory)) {
    if (!EVENT_FILE.test(name) || name === MANIFEST_FILE) continue
    const uuid = name.slice(0, -'.json'.length)
    if (!manifests.some((manifest) => manifest?.has(uuid))) await rm(join(directory, name), { force: true })
  }
}

function atEvent(uuid: string, error: unknown): unknown {
  if (!(error instanceof FetchError)) return error
  const message = `${eventFile(uuid)}: ${error.message}`
  return error.isRefusal ? new RefusedError(message, error) : new FetchError(message, error.retryable, error)
}

/** The time in seconds since 1970. */
function changedAt({ mtimeMs }: Stats): number {
  return Math.round(mtimeMs / 1000)
}
