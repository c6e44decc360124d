import { fstatSync, type Stats } from 'node:fs'
import process from 'node:process'
import type { Writable } from 'node:stream'

/**
 * The device /dev/null of Linux: major number 1, minor number 3. A standard stream that was closed when the process was
 * started (`>&-`) is this device as well: Node opens it in its place, for reading and writing. That cannot be told from a
 * program which has opened the device in this way and handed it over, as Python's `subprocess.DEVNULL` does; the second is
 * much more common, so that both count as a wish for an empty input or no output.
 */
export const LINUX_NULL = 0x103

/** True when two open files are one file, pipe, socket or terminal. */
export function isSameFile(a: Stats, b: Stats): boolean {
  return a.dev === b.dev && a.ino === b.ino && a.rdev === b.rdev
}

/**
 * The stream for messages: standard error; where that is the same pipe or terminal as standard output, the stream of
 * standard output. Of two streams that write to one pipe each may be stopped within a line while the other goes on.
 */
export function messageStream(): Writable & { readonly isTTY?: boolean } {
  return isSameFile(fstatSync(1), fstatSync(2)) ? process.stdout : process.stderr
}
