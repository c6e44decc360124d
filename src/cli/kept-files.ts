import { close, constants, existsSync, fstat, open } from 'node:fs'
import process from 'node:process'
import { promisify } from 'node:util'
import type { KeptFiles } from '../tracer/feeds/download/kept-files.ts'
import { MANIFEST_FILE } from '../tracer/feeds/formats/misp-manifest.ts'
import { fileVersion } from '../tracer/feeds/read.ts'

/** The variable of the environment of a worker that is started in the place of another one: `StartedLate` as JSON. */
export const KEPT_VARIABLE = 'SLUICE_TRACER_KEPT'

/** The message to such a worker. */
interface StartedLate {
  /** The last good contents, by file. */
  readonly files: Readonly<Record<string, string>>
  /** The files that were read well at some time. */
  readonly loaded: readonly string[]
  readonly mayLack: boolean
}

/** Files that are kept at most: each takes a descriptor. */
const MOST_FILES = 256
/** Names of files that are remembered; those of directories come and go. */
const MOST_NAMES = 2000
const OPEN_FILES = '/proc/self/fd'

const openFile = promisify(open)
const statFile = promisify(fstat)

/**
 * Keeps files open in the primary that workers have read well. One that is replaced (another is renamed over it) stays
 * on the disk as long as it is open, so that a worker that is started when the new one turns out to be broken serves what
 * all others serve. A file that is written over cannot be kept, nor the many files of a MISP feed; and only Linux opens
 * files that another process has open.
 */
export class KeptFilesOfPrimary {
  readonly #files = new Map<string, { readonly version: string; readonly fd: number }>()
  /** All that were read well. */
  readonly #loaded = new Set<string>()
  readonly #isPossible = existsSync(OPEN_FILES)

  /** A worker has read it well. Never rejects: a file that cannot be kept is not. */
  async onLoaded(file: string, version: string): Promise<void> {
    if (this.#loaded.size < MOST_NAMES) this.#loaded.add(file)
    const before = this.#files.get(file)
    if (!this.#isPossible || before?.version === version || file.endsWith(MANIFEST_FILE)) return
    if (before === undefined && this.#files.size >= MOST_FILES) return
    try {
      const fd = await openFile(file, constants.O_RDONLY | (constants.O_NONBLOCK ?? 0))
      const isSame = fileVersion(await statFile(fd, { bigint: true })) === version
      // Another worker may have told the same meanwhile.
      if (!isSame || this.#files.get(file)?.version === version) closeFile(fd)
      else {
        const old = this.#files.get(file)
        this.#files.set(file, { version, fd })
        if (old !== undefined) closeFile(old.fd)
      }
    } catch {
      // It is gone again, or there is no descriptor for it.
    }
  }

  /** The environment of a worker that is started now. @param mayLack nobody else serves */
  environment(mayLack: boolean): Record<string, string> {
    const files = Object.fromEntries(
      [...this.#files].map(([file, { fd }]) => [file, `/proc/${process.pid}/fd/${fd}`]),
    )
    return {
      [KEPT_VARIABLE]: JSON.stringify({ files, loaded: [...this.#loaded], mayLack } satisfies StartedLate),
    }
  }
}

function closeFile(fd: number): void {
  close(fd, () => {})
}

/**
 * The part of it that a worker knows.
 *
 * @param text of the environment; undefined for a worker of the start, where a feed that cannot be read is an error
 * @param tell the primary
 */
export function keptFilesOfWorker(text: string | undefined, tell: KeptFiles['onLoaded']): KeptFiles {
  const { files, loaded, mayLack }: StartedLate =
    text === undefined ? { files: {}, loaded: [], mayLack: false } : (JSON.parse(text) as StartedLate)
  return {
    onLoaded: tell,
    lastGood: (file) => (Object.hasOwn(files, file) ? files[file] : undefined),
    wasLoaded: (file) => loaded.includes(file),
    mayLack,
  }
}
