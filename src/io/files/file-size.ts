import { fstatSync } from 'node:fs'

/** The length of a file when the reading began, and the part of it that has been read. */
export class FileSize {
  #atBegin: number | undefined
  #read = 0

  begin(fd: number): void {
    this.#atBegin ??= sizeOf(fd)
  }

  count(bytes: number): undefined {
    this.#read += bytes
  }

  /** @returns a fault where the file has become shorter meanwhile, so that something of it was not read */
  faultAtEnd(fd: number): Error | undefined {
    const now = sizeOf(fd)
    const before = this.#atBegin!
    // Files of /proc and /sys are not as long as they say.
    if (now >= before || this.#read >= before) return undefined
    return new Error(`the file became shorter while it was read: it had ${before} bytes, now ${now}`)
  }
}

/** @returns 0 for what is no file */
function sizeOf(fd: number): number {
  const stats = fstatSync(fd)
  return stats.isFile() ? stats.size : 0
}
