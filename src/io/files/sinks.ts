import { writeSync } from 'node:fs'
import type { Writable } from 'node:stream'
import type { Sink } from '../../stages/sink.ts'

/**
 * An open file, pipe or socket that is written to directly, and by its stream where it takes no more for now.
 *
 * @param stream the stream of `fd`. As long as something waits in it, all goes its way, so that the order is kept
 * @param failed is told of a fault of writing, as listeners to the stream's errors are of the others
 */
export function fileSink(fd: number, stream: Writable, failed: (fault: Error) => void): Sink {
  const throughStream = (bytes: Uint8Array): Promise<void> =>
    new Promise((resolve, reject) => {
      stream.write(bytes, (error) => (error === null || error === undefined ? resolve() : reject(error)))
    })
  return {
    write(bytes) {
      if (stream.writableLength > 0) return throughStream(bytes)
      for (let from = 0; from < bytes.length; ) {
        try {
          from += writeSync(fd, bytes, from, bytes.length - from)
        } catch (error) {
          if ((error as NodeJS.ErrnoException).code === 'EAGAIN') return throughStream(bytes.subarray(from))
          failed(error as Error)
          throw error
        }
      }
      return undefined
    },
    watch: (callback) => watchStream(stream, callback),
  }
}

/** A stream of any kind. It gets copies. */
export function streamSink(stream: Writable): Sink {
  return {
    write(bytes) {
      if (stream.write(new Uint8Array(bytes)) || stream.destroyed) return undefined
      return new Promise((resolve) => {
        const done = (): void => {
          stream.off('drain', done).off('close', done)
          resolve()
        }
        stream.on('drain', done).on('close', done)
      })
    },
    watch: (callback) => watchStream(stream, callback),
  }
}

function watchStream(stream: Writable, callback: (fault: Error) => void): void {
  stream.on('error', callback)
  stream.on('close', () => callback(stream.errored ?? new Error('an output was closed')))
}
