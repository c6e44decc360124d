import { createReadStream } from 'node:fs'
import { mkdir, readdir, rename, rm, stat, utimes } from 'node:fs/promises'
import { dirname, join } from 'node:path'
import { FetchError, type Fetched, type FetchOptions, fetchToFile } from './fetch.ts'
import { readTokens } from './json-tokens.ts'
import { eventFile, MANIFEST_FILE, type Manifest, ManifestReader } from './misp-manifest.ts'

/** Events that are downloaded at a time. */
const AT_A_TIME = 4
/** What a manifest is called as long as its events are not all there. */
const NEW_MANIFEST = '.manifest.new'
const EVENT_FILE = /^[0-9a-f-]{36}\.json$/

/**
 * Downloads a MISP feed: its manifest, and the events that have changed since they were downloaded. The manifest comes
 * into its place when all of them are there, so that who watches it never finds one missing. A file of an event has the
 * time that the manifest gives; what was downloaded before a failure is not downloaded again.
 */
export class ManifestDownload {
  readonly #url: URL
  readonly #file: string
  readonly #options: FetchOptions
  #bytes = 0

  /** @param file where the manifest goes; the events go beside it */
  constructor(url: URL, file: string, options: FetchOptions) {
    this.#url = url
    this.#file = file
    this.#options = options
  }

  async run(): Promise<Fetched> {
    const directory = dirname(this.#file)
    await mkdir(directory, { recursive: true, mode: 0o700 })
    const newFile = join(directory, NEW_MANIFEST)
    const fetched = await fetchToFile(this.#url, newFile, this.#options)
    if (!fetched.modified) return fetched
    const manifest = await this.#read(newFile)
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
    await rename(newFile, this.#file)
    for (const name of await readdir(directory)) {
      const isGone = EVENT_FILE.test(name) && !manifest.has(name.slice(0, -'.json'.length))
      if (isGone && name !== MANIFEST_FILE) await rm(join(directory, name), { force: true })
    }
    return { ...fetched, bytes: fetched.bytes + this.#bytes }
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
    if (isDated && (await changedAt(file)) === seconds) return
    const url = new URL(eventFile(uuid), this.#url)
    url.search = this.#url.search
    const maxBytes = this.#options.maxBytes - this.#bytes
    const options = { ...this.#options, validators: {}, maxBytes }
    const fetched = await fetchToFile(url, file, options).catch((error) => {
      if (!(error instanceof FetchError)) throw error
      throw new FetchError(`${eventFile(uuid)}: ${error.message}`, error.retryable, error)
    })
    if (fetched.modified) this.#bytes += fetched.bytes
    if (isDated) await utimes(file, seconds, seconds)
  }
}

/** In seconds since 1970. */
async function changedAt(file: string): Promise<number | undefined> {
  try {
    return Math.round((await stat(file)).mtimeMs / 1000)
  } catch {
    return undefined
  }
}
