import * as fs from 'node:fs'
import type { Readable } from 'node:stream'
import { FileSize } from './file-size.ts'

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
