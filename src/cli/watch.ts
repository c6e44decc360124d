import { type FSWatcher, realpathSync, statSync, unwatchFile, watch, watchFile } from 'node:fs'
import { dirname } from 'node:path'

/** Editors and copying tools change a file in several steps; it is looked at when it was quiet for this long. */
const QUIET_MS = 100

/** How often the files are looked at where the system cannot tell that they changed. */
const POLL_MS = 1000

/**
 * Calls back when one of the files has other contents. Directories are watched, not files: a file that is replaced
 * (an editor that renames, a mounted configuration map) is another file, which a watch of the old one never sees.
 *
 * @returns how to end it
 */
export function watchFiles(paths: readonly string[], onChange: () => void): () => void {
  let known = signature(paths)
  let timer: NodeJS.Timeout | undefined
  const check = () => {
    const current = signature(paths)
    if (current === known) return
    known = current
    onChange()
  }
  const soon = () => {
    clearTimeout(timer)
    timer = setTimeout(check, QUIET_MS).unref()
  }
  const poll = () => {
    for (const path of paths) watchFile(path, { interval: POLL_MS, persistent: false }, soon)
  }
  const watchers: FSWatcher[] = []
  try {
    for (const directory of directoriesOf(paths)) {
      watchers.push(watch(directory, { persistent: false }, soon).on('error', poll))
    }
  } catch {
    // No more watches to be had, or a file system that has none.
    poll()
  }
  return () => {
    clearTimeout(timer)
    for (const watcher of watchers) watcher.close()
    for (const path of paths) unwatchFile(path, soon)
  }
}

/** Where the files are, and where the links lead that they may be. */
function directoriesOf(paths: readonly string[]): Set<string> {
  return new Set(paths.flatMap((path) => [dirname(path), dirname(realpathSync(path))]))
}

function signature(paths: readonly string[]): string {
  return paths
    .map((path) => statSync(path, { throwIfNoEntry: false, bigint: true }))
    .map((stats) => (stats === undefined ? 'gone' : `${stats.ino} ${stats.size} ${stats.mtimeNs}`))
    .join('\n')
}
