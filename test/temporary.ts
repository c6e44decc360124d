import { mkdtempSync, rmSync, writeFileSync } from 'node:fs'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import process from 'node:process'

const directories: string[] = []

/**
 * A new directory that is gone when the process of the tests has ended. A hook after the test would be too early:
 * hooks run in the order in which they are registered, so that what a test starts in the directory later would still
 * write there.
 */
export function temporaryDirectory(): string {
  if (directories.length === 0) process.once('exit', removeAll)
  const directory = mkdtempSync(join(tmpdir(), 'sluice-'))
  directories.push(directory)
  return directory
}

/** A file with this content in a directory of its own, gone as that is. */
export function temporaryFile(name: string, content: string | Uint8Array): string {
  const file = join(temporaryDirectory(), name)
  writeFileSync(file, content)
  return file
}

/** A process that was killed a moment ago may still close files in them: removing is tried for half a second. */
function removeAll(): void {
  for (const directory of directories) {
    rmSync(directory, { recursive: true, force: true, maxRetries: 5, retryDelay: 30 })
  }
}
