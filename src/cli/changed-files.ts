import { statSync } from 'node:fs'

/** Remembers how files were, and tells which of them have changed since. */
export class ChangedFiles {
  readonly #known = new Map<string, string>()

  /** New files are known from here on, as they are now. Of known ones a change that nobody has taken stays one. */
  learn(paths: Iterable<string>): void {
    for (const path of paths) if (!this.#known.has(path)) this.#known.set(path, stateOf(path))
  }

  /** The known files that are not as they were; now they are known as they are. */
  take(): ReadonlySet<string> {
    const changed = new Set<string>()
    for (const [path, state] of this.#known) {
      const now = stateOf(path)
      if (now === state) continue
      changed.add(path)
      this.#known.set(path, now)
    }
    return changed
  }
}

function stateOf(path: string): string {
  const stats = statSync(path, { throwIfNoEntry: false, bigint: true })
  return stats === undefined ? 'gone' : `${stats.ino} ${stats.size} ${stats.mtimeNs}`
}
