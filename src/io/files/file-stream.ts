import * as fs from 'node:fs'
import type { Readable } from 'node:stream'

export interface FileStreamOptions {
  /** So much is read at a time. */
  readonly chunkBytes: number
  /** A file that is open already; it is read from where it stands, and not closed. Default: it is opened by its name. */
  readonly fd?: number
}

/**
 * The bytes of a file. When the file has become shorter meanwhile, and ends before all is read that there was, the stream
 * fails: what was cut off is lost, and its end would look like any other.
 */
export function fileStream(path: string, { chunkBytes, fd }: FileStreamOptions): Readable {
  const size = new FileSize()
  const read: typeof fs.read = ((descriptor: number, ...rest: unknown[]) => {
    const callback = rest.pop() as (error: Error | null, count: number, buffer: unknown) => void
    size.begin(descriptor)
    const done = (error: Error | null, count: number, buffer: unknown): void => {
      const fault = error ?? (count === 0 ? size.faultAtEnd(descriptor) : size.count(count))
      callback(fault ?? null, count, buffer)
    }
    ;(fs.read as (...all: unknown[]) => void)(descriptor, ...rest, done)
  }) as typeof fs.read
  return fs.createReadStream(path, {
    highWaterMark: chunkBytes,
    fs: { open: fs.open, read, close: fs.close },
    ...(fd === undefined ? {} : { fd, autoClose: false }),
  })
}

/** The length of a file when the reading began, and the part of it that has been read. */
class FileSize {
  #atBegin: number | undefined
  #read = 0

  begin(fd: number): void {
    this.#atBegin ??= sizeOf(fd)
  }

  count(bytes: number): undefined {
    this.#read += bytes
  }

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
  const stats = fs.fstatSync(fd)
  return stats.isFile() ? stats.size : 0
}
