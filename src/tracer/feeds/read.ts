import { Buffer } from 'node:buffer'
import { type BigIntStats, constants } from 'node:fs'
import { type FileHandle, open, stat } from 'node:fs/promises'
import { dirname, join } from 'node:path'
import { pipeline } from 'node:stream'
import { createGunzip } from 'node:zlib'
import { FeedError } from './feed-error.ts'
import type { FeedHandlers } from './feed-handlers.ts'
import { eventFile, type Manifest } from './formats/misp-manifest.ts'
import { readCsv } from './formats/read-csv.ts'
import { readLines } from './formats/read-lines.ts'
import { readAnyJson } from './formats/recognize-json.ts'
import type { Pace } from './pace.ts'

export interface ReadOptions {
  /** The name of the file in errors. Default: its path. */
  readonly name?: string
  /** The format of a file that is no JSON: CSV (the default), or a list, one indicator a line. */
  readonly text?: 'csv' | 'lines'
}

/** Parsing a chunk of this size keeps the event loop busy for a millisecond or two. */
const CHUNK_BYTES = 32 * 1024
const BLOCK_BYTES = 8 * CHUNK_BYTES
const GZIP_MAGIC = 0x1f8b
const BYTE_ORDER_MARK = [0xef, 0xbb, 0xbf]
const SPACE = 0x20
const OPEN_BRACKET = 0x5b
const OPEN_BRACE = 0x7b

/**
 * Reads the records of a feed, packed by gzip or not: JSON (arrays of objects, objects one after another, one a line or
 * not; warning-lists and events of MISP) when its first character is `[` or `{`, else CSV with a header row. It is read
 * as a stream; no more than a chunk and a record are in memory. For the manifest of a MISP feed, the events beside it
 * are read.
 *
 * @returns the version of the file that was read, see `fileVersion`
 * @throws FeedError when the file cannot be read to its end, is broken, or changed meanwhile
 */
export async function readFeed(
  file: string,
  handlers: FeedHandlers,
  pace: Pace,
  options: ReadOptions = {},
): Promise<string> {
  const name = options.name ?? file
  let manifest: Manifest | undefined
  const version = await withFile(file, name, async (handle) => {
    manifest = await readRecords(() => readChunks(handle, name, pace), name, handlers, options)
  })
  let ordinal = 0
  for (const uuid of manifest?.keys() ?? []) {
    const path = join(dirname(file), eventFile(uuid))
    await withFile(path, path, async (handle) => {
      const told: FeedHandlers = {
        onColumns: (columns) => handlers.onColumns(columns),
        onRecord: (record, _, own) => handlers.onRecord(record, ++ordinal, own),
        onSkipped: (place, reason) => handlers.onSkipped(`${eventFile(uuid)}, ${place}`, reason),
        onIgnored: () => handlers.onIgnored?.(),
      }
      await readAnyJson(() => readChunks(handle, path, pace), path, told)
    }).catch(async (error) => {
      const isUnreadable = error instanceof FeedError && error.code === 'FEED_UNREADABLE'
      if (!isUnreadable || (await versionOf(file)) === version) throw error
      // It is not in the feed any more: who downloads it removes it some time after the manifest has changed.
      throw new FeedError(
        'FEED_CHANGED',
        name,
        `changed while its events were read (${error.message})`,
        error,
      )
    })
  }
  return version
}

/**
 * Opens a regular file for reading. Anything else is not opened: a FIFO would wait for its writer, for ever perhaps, and
 * to open a device may do something.
 *
 * @throws FeedError FEED_UNREADABLE
 */
export async function openRegular(file: string, name: string): Promise<FileHandle> {
  const unreadable = (cause: NodeJS.ErrnoException) =>
    new FeedError('FEED_UNREADABLE', name, `cannot be opened (${cause.code ?? cause.message})`, cause)
  const stats = await stat(file).catch((cause) => {
    throw unreadable(cause)
  })
  if (stats.isFile()) {
    // It may have become something else meanwhile: then it is opened without waiting, and closed.
    const handle = await open(file, constants.O_RDONLY | (constants.O_NONBLOCK ?? 0)).catch((cause) => {
      throw unreadable(cause)
    })
    if ((await handle.stat()).isFile()) return handle
    await handle.close()
  }
  throw new FeedError('FEED_UNREADABLE', name, 'is not a regular file')
}

/** Opens a file for reading. @returns the version that it had all the time */
async function withFile(
  file: string,
  name: string,
  read: (handle: FileHandle) => Promise<void>,
): Promise<string> {
  const handle = await openRegular(file, name)
  try {
    const stats = await handle.stat({ bigint: true })
    await read(handle)
    const version = fileVersion(stats)
    if (fileVersion(await handle.stat({ bigint: true })) !== version) {
      throw new FeedError('FEED_CHANGED', name, 'changed while it was read')
    }
    return version
  } finally {
    await handle.close()
  }
}

/** Tells two contents of a file apart: another file under its name, another time or size. */
export function fileVersion({ dev, ino, size, mtimeNs }: BigIntStats): string {
  return `${dev}:${ino}:${size}:${mtimeNs}`
}

/** The version that a file has now; undefined when there is none. */
export async function versionOf(file: string): Promise<string | undefined> {
  try {
    return fileVersion(await stat(file, { bigint: true }))
  } catch {
    return undefined
  }
}

/** The text of a file in chunks. */
async function* readChunks(handle: FileHandle, file: string, pace: Pace): AsyncGenerator<Buffer, void> {
  const { buffer, bytesRead } = await handle.read({ buffer: new Uint8Array(2), position: 0 })
  const isGzip = bytesRead === 2 && buffer[0]! * 256 + buffer[1]! === GZIP_MAGIC
  const chunks = isGzip ? unzip(readBytes(handle)) : readBytes(handle)
  let bytes = 0
  try {
    for await (const chunk of chunks) {
      bytes += chunk.length
      yield chunk
      if (pace.isDue()) await pace.rest()
    }
  } catch (cause) {
    const { code, message } = cause as NodeJS.ErrnoException
    if (typeof code !== 'string') throw cause
    const what = isGzip ? 'the gzip data is broken' : 'cannot be read'
    throw new FeedError('FEED_UNREADABLE', file, `${what} after ${bytes} bytes of text (${message})`, cause)
  }
}

/** A block is read while the one before is worked on. */
async function* readBytes(handle: FileHandle): AsyncGenerator<Buffer, void> {
  const readBlock = (position: number) => {
    const block = handle.read(Buffer.allocUnsafe(BLOCK_BYTES), 0, BLOCK_BYTES, position)
    // It is awaited later, or never when the reading ends before.
    block.catch(() => undefined)
    return block
  }
  let position = 0
  let next = readBlock(position)
  for (;;) {
    const { buffer, bytesRead } = await next
    if (bytesRead === 0) return
    position += bytesRead
    next = readBlock(position)
    for (let start = 0; start < bytesRead; start += CHUNK_BYTES) {
      yield buffer.subarray(start, Math.min(start + CHUNK_BYTES, bytesRead))
    }
  }
}

/** An error of the file comes out of the last stream, too. */
function unzip(bytes: AsyncIterable<Buffer>): AsyncIterable<Buffer> {
  return pipeline(bytes, createGunzip({ chunkSize: CHUNK_BYTES }), () => undefined)
}

async function readRecords(
  openText: () => AsyncGenerator<Buffer, void>,
  name: string,
  handlers: FeedHandlers,
  { text = 'csv' }: ReadOptions,
): Promise<Manifest | undefined> {
  const first = await firstCharacterOf(openText())
  if (first === undefined) {
    const advice =
      text === 'lines'
        ? 'a list without indicators has a comment: `# none`'
        : 'a feed without records is `[]` or a header row'
    throw new FeedError('FEED_EMPTY', name, `is empty; ${advice}`)
  }
  if (first === OPEN_BRACKET || first === OPEN_BRACE) return readAnyJson(openText, name, handlers)
  if (text === 'lines') await readLines(openText(), name, handlers)
  else await readCsv(openText(), name, handlers)
  return undefined
}

/** Tells the format. */
async function firstCharacterOf(chunks: AsyncGenerator<Buffer, void>): Promise<number | undefined> {
  for await (const chunk of chunks) {
    const first = firstCharacter(chunk)
    if (first !== undefined) return first
  }
  return undefined
}

/** The first byte that is neither blank nor of a byte order mark. */
function firstCharacter(chunk: Buffer): number | undefined {
  return chunk.find((byte) => byte > SPACE && !BYTE_ORDER_MARK.includes(byte))
}
