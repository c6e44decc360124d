import { Buffer } from 'node:buffer'
import { mkdtempSync, rmSync, symlinkSync } from 'node:fs'
import { platform, tmpdir } from 'node:os'
import { join, resolve } from 'node:path'
import { type Database, open, type RootDatabase } from 'lmdb'
import type { FeedError } from '../feed-error.ts'
import { type ContextReference, KINDS, textOf } from './entries.ts'
import { damaged } from './file-format.ts'
import { BLOBS, ENTRIES, MASKS, MAX_DATABASES, PIECE_BYTES } from './store-writer.ts'

/** Pages that other look-ups want stay in memory: there is no order in what is asked. */
const READ_OPTIONS = {
  noSubdir: true,
  readOnly: true,
  encoding: 'binary',
  maxDbs: MAX_DATABASES,
  noReadAhead: true,
} as const

/** Reads the lmdb environment of a compiled feed, whose file has been checked. */
export class StoreReader {
  readonly #file: string
  readonly #root: RootDatabase<Buffer, number>
  readonly #entries: Database<Buffer, number>
  readonly #blobs: Database<Buffer, number>
  readonly #masks: Database<Buffer, number>
  #isClosed = false

  /** @throws FeedError when it is not such an environment */
  constructor(file: string) {
    this.#file = file
    try {
      this.#root = openEnvironment(resolve(file))
    } catch (error) {
      throw damaged(file, `lmdb does not open it (${(error as Error).message})`)
    }
    try {
      this.#entries = this.#openDatabase(ENTRIES)
      this.#blobs = this.#openDatabase(BLOBS)
      this.#masks = this.#openDatabase(MASKS)
    } catch (error) {
      void this.#root.close()
      throw damaged(file, `its databases cannot be used (${(error as Error).message})`)
    }
  }

  #openDatabase(name: string): Database<Buffer, number> {
    const options = { keyEncoding: 'uint32', encoding: 'binary' } as const
    // Undefined when there is none, whatever its type says.
    const database = this.#root.openDB<Buffer, number>(name, options) as Database<Buffer, number> | undefined
    if (database === undefined) throw new Error(`there is no ${name}`)
    return database
  }

  /**
   * The value of a hash.
   *
   * @returns a buffer that the next call overwrites; its length is that of the value
   */
  entriesOf(first: number): Buffer | undefined {
    const value = this.#entries.getBinaryFast(first >>> 0)
    if (value === undefined || value[0] !== KINDS.redirect) return value
    return this.redirected(value)
  }

  /** Entries of masks with their numbers, from 1; each buffer is overwritten by the next one. */
  *masks(): Generator<{ number: number; entry: Buffer }> {
    for (const { key, value } of this.#masks.getRange()) yield { number: key, entry: value }
  }

  /**
   * The entry of a mask.
   *
   * @returns a buffer that the next call overwrites; its length is that of the entry
   */
  mask(number: number): Buffer {
    const entry = this.#masks.getBinaryFast(number)
    if (entry === undefined) throw this.#damaged()
    return entry
  }

  /** The value that another one points to: one of the kind `redirect`. */
  redirected(value: Buffer): Buffer {
    return this.#blob(value.readUInt32LE(1), value.readUInt32LE(5))
  }

  /** The text of a context that stands in a blob. */
  text({ blob, length, isAscii }: ContextReference): string {
    const bytes = this.#blob(blob, length)
    return textOf(bytes, 0, length, isAscii)
  }

  #blob(number: number, length: number): Buffer {
    if (length <= PIECE_BYTES) return this.#piece(number, length)
    const pieces: Buffer[] = []
    for (let start = 0; start < length; start += PIECE_BYTES) {
      const size = Math.min(PIECE_BYTES, length - start)
      pieces.push(Buffer.from(this.#piece(number + pieces.length, size).subarray(0, size)))
    }
    return Buffer.concat(pieces)
  }

  #piece(number: number, length: number): Buffer {
    const piece = this.#blobs.getBinaryFast(number)
    if (piece === undefined || piece.length !== length) throw this.#damaged()
    return piece
  }

  /** Some hashes and their values, from all over the file. The values are copies. */
  *sample(count: number): Generator<{ first: number; value: Buffer }> {
    const step = 2 ** 32 / count
    let last = -1
    for (let i = 0; i < count; i++) {
      const start = Math.max(Math.floor(i * step), last + 1)
      for (const { key, value } of this.#entries.getRange({ start, limit: 1 })) {
        last = key
        yield { first: key, value: Buffer.from(value) }
      }
    }
  }

  /** Entries of some masks, in the order of the records. Each is overwritten by the next one. */
  *sampleMasks(count: number): Generator<Buffer> {
    const { entryCount } = this.#masks.getStats() as { entryCount: number }
    const step = Math.max(1, entryCount / count)
    for (let number = 1; number <= entryCount; number += step) yield this.mask(Math.floor(number))
  }

  #damaged(): FeedError {
    return damaged(this.#file, 'something is not where it should be')
  }

  /** Lets go of the file. No call may come after it. */
  close(): void {
    if (this.#isClosed) return
    this.#isClosed = true
    void this.#root.close()
  }
}

/**
 * lmdb puts a lock file beside the file that it opens. Beside a feed it would be in the way: a directory that is not to
 * be written to, and another file under the same name, whose readers would read in it what holds for this one. Nobody
 * writes to a compiled feed, so the lock is good for nothing: it is made beside a link of our own, and removed. Windows
 * does not let go of a file that is open: there it is beside the feed.
 */
function openEnvironment(path: string): RootDatabase<Buffer, number> {
  if (platform() === 'win32') return open<Buffer, number>({ path, ...READ_OPTIONS })
  let directory: string | undefined
  try {
    let opened = path
    try {
      directory = mkdtempSync(join(tmpdir(), 'tracer-'))
      opened = join(directory, 'feed.mdb')
      symlinkSync(path, opened)
    } catch {
      // No directory for temporary files, or no links in it: then it is beside the feed.
      opened = path
    }
    return open<Buffer, number>({ path: opened, ...READ_OPTIONS })
  } finally {
    if (directory !== undefined) removeLeftover(directory)
  }
}

/** A link that cannot be removed is in nobody's way; the feed is open and good. */
function removeLeftover(directory: string): void {
  try {
    rmSync(directory, { recursive: true, force: true })
  } catch {
    // It is in the directory for temporary files, which the system clears.
  }
}
