import { fstatSync, readFileSync, type Stats } from 'node:fs'
import process from 'node:process'
import type { Writable } from 'node:stream'

/** The device /dev/null of Linux: major number 1, minor number 3. */
export const LINUX_NULL = 0x103

/** O_RDWR among the flags of an open file. */
const READ_AND_WRITE = 2
const ACCESS_MODE = 3

/**
 * True when a standard stream was closed when the process was started (`>&-`). Node opens /dev/null in its place, for
 * reading and writing, and what is written is gone without an error. A shell opens /dev/null for one of them only; a
 * program that hands it over opened for both cannot be told from one that has closed the stream. Only Linux tells how a
 * file was opened; elsewhere the answer is always false.
 */
export function isClosedStream(fd: 0 | 1 | 2): boolean {
  try {
    const { rdev } = fstatSync(fd)
    if (rdev !== LINUX_NULL) return false
    const flags = /^flags:\s*(\d+)/m.exec(readFileSync(`/proc/self/fdinfo/${fd}`, 'utf8'))
    return flags !== null && (Number.parseInt(flags[1]!, 8) & ACCESS_MODE) === READ_AND_WRITE
  } catch {
    return false
  }
}

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
