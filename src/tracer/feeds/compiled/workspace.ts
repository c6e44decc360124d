import { mkdtemp, open, readdir, rename, rm } from 'node:fs/promises'
import { basename, dirname, join } from 'node:path'
import { FeedError } from '../feed-error.ts'

const INFIX = '.compiling-'

/**
 * The place where a compiled feed is made: a directory beside the file that it will be, so that it can be renamed into
 * place.
 */
interface Workspace {
  readonly directory: string
  /** Puts a file of the workspace into the place of the output, complete or not at all. */
  publish(path: string): Promise<void>
  /** Removes the workspace and all that is in it. */
  remove(): Promise<void>
}

/** @param owner name of its maker, for `removeAbandoned`; a name without `.` and path separators */
export async function openWorkspace(output: string, owner: string): Promise<Workspace> {
  const parent = dirname(output)
  const directory = await mkdtemp(join(parent, `.${basename(output)}${INFIX}${owner}.`)).catch((cause) => {
    throw new FeedError(
      'FEED_UNWRITABLE',
      output,
      `nothing can be written beside it (${cause.message})`,
      cause,
    )
  })
  return {
    directory,
    async publish(path) {
      try {
        await rename(path, output)
      } catch (cause) {
        const { code } = cause as NodeJS.ErrnoException
        throw new FeedError(
          'FEED_UNWRITABLE',
          output,
          `cannot be replaced (${code}); on Windows a file that a server has open cannot: compile to another name, or stop the server first`,
          cause,
        )
      }
      await syncDirectory(parent)
    },
    remove: () => rm(directory, { recursive: true, force: true, maxRetries: 3 }),
  }
}

/**
 * Removes what compiles to this output have left that were killed.
 *
 * @param isGone tells if the owner of a workspace is certainly not running any more
 */
export async function removeAbandoned(output: string, isGone: (owner: string) => boolean): Promise<void> {
  const parent = dirname(output)
  const prefix = `.${basename(output)}${INFIX}`
  const names = await readdir(parent).catch(() => [])
  for (const name of names) {
    if (!name.startsWith(prefix)) continue
    const owner = name.slice(prefix.length, name.lastIndexOf('.'))
    if (isGone(owner)) await rm(join(parent, name), { recursive: true, force: true }).catch(() => undefined)
  }
}

/** A rename is safe from a loss of power once the directory is synced; where directories cannot be, it is by itself. */
async function syncDirectory(path: string): Promise<void> {
  try {
    const directory = await open(path)
    try {
      await directory.sync()
    } finally {
      await directory.close()
    }
  } catch {
    // Windows opens no directories.
  }
}
