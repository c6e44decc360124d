import { readdir, stat } from 'node:fs/promises'
import { basename, join } from 'node:path'
import { FeedError } from './feed-error.ts'
import { FeedFile, type FeedFileContext } from './feed-file.ts'
import { MANIFEST_FILE } from './formats/misp-manifest.ts'
import type { FeedReading, FeedSpec } from './load.ts'
import type { Watched } from './watch.ts'

const FEED_FILE =
  /\.(?:(?:csv|json|jsonl|ndjson|txt|list|netset|ipset|intel|ioc|stix)(?:\.(?:gz|bz2))?|zip)$/i
/** Each one is asked for every indicator. */
const MOST_FILES = 1000
/** Names of files that are logged at a time. */
const SHOWN_NAMES = 10
/** The version of a directory that cannot be listed. No name has a slash. */
const UNREADABLE = '//'

/**
 * The feed files of a directory, sorted by name: `.csv`, `.json`, `.jsonl`, `.ndjson`, `.txt`, `.list`, `.netset`, `.ipset`,
 * `.intel`, `.ioc`, `.stix`, each also with `.gz` or `.bz2`, and `.zip`; those in directories below and hidden ones left out. FIFOs, sockets and devices are never opened. A directory with a
 * `manifest.json` is a feed of MISP, and that is its only file: it lists the others.
 */
export class FeedDirectory implements Watched {
  readonly file: string
  readonly #specs: readonly FeedSpec[]
  readonly #context: FeedFileContext
  readonly #reading: FeedReading | undefined
  #files: readonly FeedFile[] = []
  /** It could not be listed when it was looked at last. */
  isUnreadable = false
  /** Files that have gone while they were served, and times that all have. */
  timesGone = 0
  /** Names of what is neither a file nor a directory. */
  #skipped: ReadonlySet<string> = new Set()

  constructor(
    directory: string,
    specs: readonly FeedSpec[],
    context: FeedFileContext,
    reading?: FeedReading,
  ) {
    this.#reading = reading
    this.file = directory
    this.#specs = specs
    this.#context = context
  }

  /** Those that are there now. One that could not be read yet has no tables. */
  get files(): readonly FeedFile[] {
    return this.#files
  }

  /** The paths that have to be watched to see files come and go. */
  get directory(): string {
    return this.file
  }

  /**
   * Reads all files for the first time.
   *
   * @throws FeedError for the first that cannot be loaded
   */
  async load(): Promise<void> {
    try {
      this.#setNames(await this.#names())
    } catch (error) {
      if (this.#context.mayLack !== true) throw error
      this.#notRead(error, 'nothing of it is served until it is good')
      return
    }
    for (const file of this.#files) await file.load()
    this.#warnIfEmpty()
  }

  #notRead(error: unknown, outcome: string): void {
    this.isUnreadable = true
    const problem = (error as Error).message
    this.#context.log.error({ directory: this.file, problem }, `directory of feeds not read; ${outcome}`)
  }

  /** Looks for files, and reads all of them again. Never rejects. */
  async reload(): Promise<void> {
    await this.refresh()
    for (const file of this.#files) await file.reload()
  }

  async changedVersion(): Promise<string | undefined> {
    const names = await this.#names().catch(() => undefined)
    if (names === undefined) return this.isUnreadable ? undefined : UNREADABLE
    if (this.isUnreadable) return names.join('/') || '/'
    const paths = names.map((name) => join(this.file, name))
    const isSame =
      paths.length === this.#files.length && paths.every((path, i) => path === this.#files[i]!.file)
    // The slash cannot be in a name.
    return isSame ? undefined : names.join('/') || '/'
  }

  /** Drops the files that are gone. New ones have no tables until they are read as changed ones are. */
  async refresh(): Promise<void> {
    const before = this.#files
    try {
      this.#setNames(await this.#names())
    } catch (error) {
      if (!this.isUnreadable) this.timesGone += 1
      this.#notRead(error, 'the old tables stay')
      return
    }
    this.isUnreadable = false
    if (before.length === this.#files.length && before.every((file, i) => file === this.#files[i])) return
    this.#context.onLoad()
    const gone = before.filter((file) => !this.#files.includes(file)).map(({ file }) => basename(file))
    const fields = { directory: this.file, files: this.#files.length }
    const message = 'feeds of a directory have come or gone'
    if (gone.length === 0) this.#context.log.info(fields, message)
    else {
      this.timesGone += gone.length
      this.#context.log.warn({ ...fields, gone: gone.slice(0, SHOWN_NAMES) }, message)
    }
    this.#warnIfEmpty()
  }

  #warnIfEmpty(): void {
    if (this.#files.length > 0) return
    this.#context.log.warn(
      { directory: this.file },
      'directory has no feeds: .csv, .json, .jsonl, .ndjson, .txt, .list, .netset, .ipset, .intel, .ioc, .stix, also with .gz or .bz2, or .zip',
    )
  }

  #setNames(names: readonly string[]): void {
    const known = new Map(this.#files.map((file) => [file.file, file]))
    this.#files = names.map((name) => {
      const path = join(this.file, name)
      const options = { reading: this.#reading, isOfDirectory: true }
      return known.get(path) ?? new FeedFile(path, this.#specs, this.#context, options)
    })
  }

  /** A link that leads nowhere counts: its target may be on its way. */
  async #leadsToFile(name: string): Promise<boolean> {
    const stats = await stat(join(this.file, name)).catch(() => undefined)
    return stats === undefined || stats.isFile()
  }

  /** A FIFO or device is never opened: it would keep all other feeds waiting. Each one is told once. */
  #tellSkipped(names: ReadonlySet<string>): void {
    for (const name of names) {
      if (this.#skipped.has(name)) continue
      this.#context.log.warn({ file: join(this.file, name) }, 'not a regular file; it is left out')
    }
    this.#skipped = names
  }

  async #names(): Promise<string[]> {
    const entries = await readdir(this.file, { withFileTypes: true }).catch((cause) => {
      throw new FeedError(
        'FEED_UNREADABLE',
        this.file,
        `cannot be read (${cause.code ?? cause.message})`,
        cause,
      )
    })
    const candidates = entries.filter(
      (entry) => !entry.isDirectory() && !entry.name.startsWith('.') && FEED_FILE.test(entry.name),
    )
    const names: string[] = []
    const others = new Set<string>()
    for (const entry of candidates) {
      if (entry.isFile() || (entry.isSymbolicLink() && (await this.#leadsToFile(entry.name))))
        names.push(entry.name)
      else others.add(entry.name)
    }
    this.#tellSkipped(others)
    names.sort()
    if (names.includes(MANIFEST_FILE)) return [MANIFEST_FILE]
    if (names.length > MOST_FILES) {
      throw new FeedError(
        'FEED_TOO_LARGE',
        this.file,
        `has ${names.length} feed files; ${MOST_FILES} are the most: put small ones together`,
      )
    }
    return names
  }
}
