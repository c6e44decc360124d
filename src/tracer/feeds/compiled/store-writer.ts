import { Buffer } from 'node:buffer'
import { type Database, open, type RootDatabase } from 'lmdb'
import { encodeRedirect } from './entries.ts'

/** Names of the databases in the environment. */
export const ENTRIES = 'entries'
export const BLOBS = 'blobs'
export const MASKS = 'masks'
/** Databases in the environment. */
export const MAX_DATABASES = 3
/** A blob is stored in pieces of this size, far below what lmdb hands out without a copy. */
export const PIECE_BYTES = 1024 * 1024
/** Entries that are written with one commit. */
const BATCH_BYTES = 8 * 1024 * 1024
/** Keys come in ascending order. */
const APPEND = { append: true }

/**
 * Writes the lmdb environment of a compiled feed: entries by the first hash of their keys, blobs and masks, numbered. All
 * come in the order of their keys, so pages are filled one after another, and memory holds a batch.
 *
 * The environment is not mapped for writing: a full disk is an error then, else it would be a SIGBUS. Nothing is synced:
 * the file counts only when it is finished.
 */
export class StoreWriter {
  readonly #root: RootDatabase<Buffer, number>
  readonly #entries: Database<Buffer, number>
  readonly #blobs: Database<Buffer, number>
  readonly #masks: Database<Buffer, number>
  readonly #batch: {
    readonly database: Database<Buffer, number>
    readonly key: number
    readonly value: Buffer
  }[] = []
  #batchBytes = 0
  #nextBlob = 1
  #nextMask = 1

  constructor(path: string) {
    this.#root = open<Buffer, number>({
      path,
      noSubdir: true,
      noSync: true,
      overlappingSync: false,
      encoding: 'binary',
      maxDbs: MAX_DATABASES,
    })
    const options = { keyEncoding: 'uint32', encoding: 'binary' } as const
    this.#entries = this.#root.openDB<Buffer, number>(ENTRIES, options)
    this.#blobs = this.#root.openDB<Buffer, number>(BLOBS, options)
    this.#masks = this.#root.openDB<Buffer, number>(MASKS, options)
  }

  /**
   * @param first hash, unsigned, greater than those before
   * @param value is kept until it is written
   */
  putEntries(first: number, value: Buffer): void {
    const stored = value.length <= PIECE_BYTES ? value : encodeRedirect(this.putBlob(value), value.length)
    this.#put(this.#entries, first, stored)
  }

  /** @param entry of a mask; the first one gets the number 1, the next one 2 */
  putMask(entry: Buffer): void {
    this.#put(this.#masks, this.#nextMask++, Buffer.from(entry))
  }

  /** @returns the blob's number */
  putBlob(bytes: Buffer): number {
    const number = this.#nextBlob
    for (let start = 0; start < bytes.length; start += PIECE_BYTES) {
      this.#put(this.#blobs, this.#nextBlob++, Buffer.from(bytes.subarray(start, start + PIECE_BYTES)))
    }
    if (this.#nextBlob > 0xffff_ffff) throw new RangeError('the long contexts are more than four billion')
    return number
  }

  #put(database: Database<Buffer, number>, key: number, value: Buffer): void {
    this.#batch.push({ database, key, value })
    this.#batchBytes += value.length
    if (this.#batchBytes >= BATCH_BYTES) this.#commit()
  }

  #commit(): void {
    this.#root.transactionSync(() => {
      for (const { database, key, value } of this.#batch) database.putSync(key, value, APPEND)
    })
    this.#batch.length = 0
    this.#batchBytes = 0
  }

  /** Writes what is left. */
  finish(): void {
    this.#commit()
  }

  /** Lets go of the file. */
  close(): Promise<void> {
    return this.#root.close()
  }
}
