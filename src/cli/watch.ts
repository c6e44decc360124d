import {
  type FSWatcher,
  lstatSync,
  readdirSync,
  readlinkSync,
  statSync,
  unwatchFile,
  watch,
  watchFile,
} from 'node:fs'
import { isAbsolute, join, parse, resolve, sep } from 'node:path'
import { isFolder } from './rule-texts.ts'

/** Editors and copying tools change a file in several steps; it is looked at when it was quiet for this long. */
const QUIET_MS = 100

/** A file that is never quiet is looked at all the same, so long after it began to change. */
const LONGEST_MS = 1000

/** Interval of looking at the files where the system cannot tell that they changed. */
const POLL_MS = 1000

/** More links than this lead in a circle. */
const MAX_LINKS = 40

/**
 * Calls back when one of the files has other contents. Directories are watched, not files: a file that is replaced
 * (an editor that renames, a mounted configuration map) is another file, which a watch of the old one never sees. In
 * a directory only changes of the files, or of links on the way to them, count. A path may be a folder: a YAML file or a folder that
 * comes, goes or is renamed in it is a change.
 *
 * @param folders call back as well when files come to one of these folders, or leave it. Default: none
 * @returns a function that ends it
 */
export function watchFiles(
  paths: readonly string[],
  onChange: () => void,
  folders: readonly string[] = [],
): () => void {
  const watcher = new Watcher(paths, onChange, folders)
  return () => watcher.end()
}

/** Stands for every name in a directory. */
const ANY_NAME = '*'

class Watcher {
  readonly #paths: readonly string[]
  readonly #onChange: () => void
  readonly #folders: readonly string[]
  #known: string
  #timer: NodeJS.Timeout | undefined
  /** The time of the first change that has not been looked at yet. */
  #firstAt: number | undefined
  #directories = new Map<string, { readonly watcher: FSWatcher; names: ReadonlySet<string> }>()
  #isPolling = false

  constructor(paths: readonly string[], onChange: () => void, folders: readonly string[]) {
    this.#paths = paths
    this.#onChange = onChange
    this.#folders = folders
    this.#known = this.#signature()
    this.#watch()
  }

  end(): void {
    clearTimeout(this.#timer)
    for (const { watcher } of this.#directories.values()) watcher.close()
    this.#directories.clear()
    for (const path of [...this.#paths, ...this.#folders]) unwatchFile(path, this.#soon)
  }

  readonly #soon = (): void => {
    const now = performance.now()
    this.#firstAt ??= now
    clearTimeout(this.#timer)
    const wait = Math.min(QUIET_MS, Math.max(0, this.#firstAt + LONGEST_MS - now))
    this.#timer = setTimeout(() => this.#look(), wait).unref()
  }

  #look(): void {
    this.#firstAt = undefined
    // A link may lead elsewhere by now, and a directory that was replaced is another one.
    if (!this.#isPolling) this.#watch()
    const current = this.#signature()
    if (current === this.#known) return
    this.#known = current
    this.#onChange()
  }

  /** Watches those directories that matter now, and only them. */
  #watch(): void {
    const wanted = namesByDirectory(this.#paths, this.#folders)
    for (const [key, { watcher }] of this.#directories) {
      if (wanted.has(key)) continue
      watcher.close()
      this.#directories.delete(key)
    }
    try {
      for (const [key, { directory, names }] of wanted) {
        const watched = this.#directories.get(key)
        if (watched === undefined) this.#directories.set(key, this.#open(directory, names))
        else watched.names = names
      }
    } catch {
      // No more watches to be had, or a file system that has none.
      this.#poll()
    }
  }

  #open(
    directory: string,
    names: ReadonlySet<string>,
  ): { readonly watcher: FSWatcher; names: ReadonlySet<string> } {
    const watcher = watch(directory, { persistent: false }, (_event, name) => {
      // Not every system tells the name.
      if (name === null || watched.names.has(name) || watched.names.has(ANY_NAME)) this.#soon()
    }).on('error', () => this.#poll())
    const watched = { watcher, names }
    return watched
  }

  #poll(): void {
    if (this.#isPolling) return
    this.#isPolling = true
    for (const path of [...this.#paths, ...this.#folders]) {
      watchFile(path, { interval: POLL_MS, persistent: false }, this.#soon)
    }
  }

  #signature(): string {
    const names = this.#folders.map((folder) => (isThere(folder) ? readdirSync(folder).join('/') : 'gone'))
    return [signature(this.#paths), ...names].join('\n')
  }
}

interface WatchedNames {
  readonly directory: string
  /** A name that no file has, `*`, stands for all of them. */
  readonly names: Set<string>
}

/** Finds for each directory, by its identity, the names in it of the files, or of links on the way to them. */
function namesByDirectory(paths: readonly string[], folders: readonly string[]): Map<string, WatchedNames> {
  const found = new Map<string, WatchedNames>()
  const add = (directory: string, name: string): void => {
    const stats = statSync(directory, { throwIfNoEntry: false })
    if (stats === undefined) return
    const key = `${stats.dev} ${stats.ino}`
    const known = found.get(key) ?? { directory, names: new Set<string>() }
    known.names.add(name)
    found.set(key, known)
  }
  for (const path of paths) {
    for (const [directory, name] of wayTo(path)) add(directory, name)
    if (isFolder(path)) add(path, ANY_NAME)
  }
  for (const folder of folders) add(folder, ANY_NAME)
  return found
}

function isThere(path: string): boolean {
  return statSync(path, { throwIfNoEntry: false }) !== undefined
}

/**
 * The links on the way to a file, and the file: where they stand, and their names.
 *
 *   /etc/rules/r.yaml -> ..data/r.yaml       /etc/rules r.yaml
 *   /etc/rules/..data -> ..2026_01           /etc/rules ..data
 *   /etc/rules/..2026_01/r.yaml              /etc/rules/..2026_01 r.yaml
 */
function wayTo(path: string): [directory: string, name: string][] {
  const way: [directory: string, name: string][] = []
  const { root } = parse(resolve(path))
  let directory = root
  let parts = resolve(path).slice(root.length).split(sep)
  for (let links = 0; parts.length > 0; ) {
    const [name, ...rest] = parts as [string, ...string[]]
    const place = join(directory, name)
    const stats = lstatSync(place, { throwIfNoEntry: false })
    const isLink = stats?.isSymbolicLink() === true
    if (isLink || rest.length === 0 || stats === undefined) way.push([directory, name])
    if (stats === undefined || (isLink && ++links > MAX_LINKS)) return way
    parts = rest
    if (!isLink) {
      directory = place
      continue
    }
    const target = readlinkSync(place)
    parts = [...target.split(sep).filter((part) => part !== ''), ...rest]
    if (isAbsolute(target)) directory = root
  }
  return way
}

function signature(paths: readonly string[]): string {
  return paths.map(signatureOf).join('\n')
}

function signatureOf(path: string): string {
  const stats = statSync(path, { throwIfNoEntry: false, bigint: true })
  if (stats === undefined) return 'gone'
  return stats.isDirectory() ? namesIn(path) : `${stats.ino} ${stats.size} ${stats.mtimeNs}`
}

/** The YAML files and the folders in a folder. Outputs and temporary files of editors come and go beside them. */
function namesIn(folder: string): string {
  try {
    return readdirSync(folder, { withFileTypes: true })
      .filter((entry) => !entry.name.startsWith('.') && (entry.isDirectory() || /\.ya?ml$/i.test(entry.name)))
      .map((entry) => entry.name)
      .sort()
      .join('/')
  } catch {
    return 'gone'
  }
}
