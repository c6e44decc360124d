import { Buffer } from 'node:buffer'
import { type BigIntStats, constants } from 'node:fs'
import { type FileHandle, open, stat } from 'node:fs/promises'
import { dirname, join } from 'node:path'
import { ArchiveError, containedFile, PACKING_BYTES, packingOf, unpacked } from './container.ts'
import { FeedError } from './feed-error.ts'
import type { FeedHandlers } from './feed-handlers.ts'
import { type CsvOptions, csvLayout, headerOf } from './formats/csv-layout.ts'
import { LINE_FORMATS } from './formats/index.ts'
import { hasKnownFields } from './formats/known-fields.ts'
import { eventFile, type Manifest } from './formats/misp-manifest.ts'
import { FORMAT_NAMES } from './formats/names.ts'
import { readCsv } from './formats/read-csv.ts'
import { readLines } from './formats/read-lines.ts'
import { readAnyJson } from './formats/recognize-json.ts'
import { TEXT_LIST } from './formats/text-list.ts'
import { ZEEK_INTEL } from './formats/zeek-intel.ts'
import { detectType } from './keys/indicator-key.ts'
import type { Pace } from './pace.ts'
import { isPickle, PICKLE_PROBLEM } from './python-pickle.ts'

/** The way to read a file, where its content does not say it. */
export interface ReadOptions extends CsvOptions {
  /** The name of the file in errors. Default: its path. */
  readonly name?: string
  /** The format, one of `FORMAT_NAMES`. Default: recognised by the content. */
  readonly format?: string | undefined
  /** JSON: the path of the list that has the records, such as `data/items`. */
  readonly records?: string | undefined
  /** The encoding of the text, a label of the WHATWG. Default: by the byte order mark, else UTF-8. */
  readonly encoding?: string | undefined
}

/** Parsing a chunk of this size keeps the event loop busy for a millisecond or two. */
const CHUNK_BYTES = 32 * 1024
const BLOCK_BYTES = 8 * CHUNK_BYTES
/** The format is told by so much of the beginning, and so many lines of it. */
const HEAD_BYTES = 64 * 1024
const HEAD_LINES = 200
const BYTE_ORDER_MARK = [0xef, 0xbb, 0xbf]
const SPACE = 0x20
const OPEN_BRACKET = 0x5b
const OPEN_BRACE = 0x7b
const LESS = 0x3c

/**
 * Reads the records of a feed, packed or not, in the format that is given or that its beginning shows: JSON, OpenIOC, CSV,
 * or one of the formats of one record a line. It is read as a stream; no more than a chunk and a record are in memory.
 * For the manifest of a MISP feed, the events beside it are read.
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
    manifest = await readRecords(() => readText(handle, file, name, pace, options), name, handlers, options)
  })
  let ordinal = 0
  for (const uuid of manifest?.keys() ?? []) {
    const path = join(dirname(file), eventFile(uuid))
    await withFile(path, path, async (handle) => {
      const told: FeedHandlers = {
        onColumns: (columns) => handlers.onColumns(columns),
        onRecord: (record, _, own) => handlers.onRecord(record, ++ordinal, own),
        onSkipped: (place, ...why) => handlers.onSkipped(`${eventFile(uuid)}, ${place}`, ...why),
        onIgnored: () => handlers.onIgnored?.(),
        wantedKeys: handlers.wantedKeys ?? [],
      }
      await readAnyJson(() => readText(handle, path, path, pace, {}), path, told)
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
  const container = containedFile(file).file
  const stats = await stat(container).catch((cause) => {
    throw unreadable(cause)
  })
  if (stats.isFile()) {
    // It may have become something else meanwhile: then it is opened without waiting, and closed.
    const handle = await open(container, constants.O_RDONLY | (constants.O_NONBLOCK ?? 0)).catch((cause) => {
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
    return fileVersion(await stat(containedFile(file).file, { bigint: true }))
  } catch {
    return undefined
  }
}

/** The text of a file in chunks of UTF-8. */
async function* readText(
  handle: FileHandle,
  path: string,
  name: string,
  pace: Pace,
  { encoding }: Pick<ReadOptions, 'encoding'>,
): AsyncGenerator<Buffer, void> {
  let decoder: InstanceType<typeof TextDecoder> | undefined
  let isFirst = true
  for await (const chunk of readChunks(handle, path, name, pace)) {
    if (isFirst) {
      const label = encoding ?? encodingOf(chunk)
      decoder = label === undefined ? undefined : new TextDecoder(label)
      isFirst = false
    }
    if (decoder === undefined) yield chunk
    else yield Buffer.from(decoder.decode(chunk, { stream: true }), 'utf8')
  }
  const rest = decoder?.decode() ?? ''
  if (rest !== '') yield Buffer.from(rest, 'utf8')
}

/** UTF-16 by its byte order mark; a file of UTF-8 is not decoded. */
function encodingOf([a, b]: Uint8Array): string | undefined {
  if (a === 0xff && b === 0xfe) return 'utf-16le'
  return a === 0xfe && b === 0xff ? 'utf-16be' : undefined
}

/** The unpacked bytes of a file in chunks. */
async function* readChunks(
  handle: FileHandle,
  path: string,
  file: string,
  pace: Pace,
): AsyncGenerator<Buffer, void> {
  const { buffer, bytesRead } = await handle.read({ buffer: new Uint8Array(PACKING_BYTES), position: 0 })
  const packing = packingOf(buffer.subarray(0, bytesRead))
  const chunks = unpacked(packing, readBytes(handle), containedFile(path).member, CHUNK_BYTES)
  let bytes = 0
  try {
    for await (const all of chunks) {
      bytes += all.length
      for (let start = 0; start < all.length; start += CHUNK_BYTES) {
        yield all.length <= CHUNK_BYTES ? all : all.subarray(start, start + CHUNK_BYTES)
        if (pace.isDue()) await pace.rest()
      }
    }
  } catch (cause) {
    const { code, message } = cause as NodeJS.ErrnoException
    if (cause instanceof ArchiveError) throw new FeedError('FEED_UNREADABLE', file, message, cause)
    const isOfBzip2 = packing === 'bzip2' && !(cause instanceof FeedError)
    if (typeof code !== 'string' && !isOfBzip2) throw cause
    const what = packing === undefined ? 'cannot be read' : `the ${packing} data is broken`
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

async function readRecords(
  openText: () => AsyncGenerator<Buffer, void>,
  name: string,
  handlers: FeedHandlers,
  options: ReadOptions,
): Promise<Manifest | undefined> {
  const head = await headOf(openText())
  const first = head.find((byte) => byte > SPACE && !BYTE_ORDER_MARK.includes(byte))
  const keys = handlers.wantedKeys ?? []
  if (first === undefined) {
    throw new FeedError(
      'FEED_EMPTY',
      name,
      'is empty; a feed without records is `[]`, a header row, or a comment: `# none`',
    )
  }
  if (isPickle(head)) throw new FeedError('FEED_INVALID', name, PICKLE_PROBLEM)
  const text = new TextDecoder().decode(head)
  const format = options.format ?? recognize(text, first, keys, options)
  handlers.onFormat?.(format)
  if (format === 'json' || format === 'stix') return readAnyJson(openText, name, handlers, options.records)
  if (format === 'openioc') {
    const { readOpenIoc } = await import('./formats/openioc.ts')
    await readOpenIoc(openText(), name, handlers)
    return undefined
  }
  if (format === 'csv') {
    const layout = csvLayout(text, keys, options)
    const mark = isMarked(head) && layout.skippedLength > 0 ? BYTE_ORDER_MARK.length : 0
    const skipped = mark + Buffer.byteLength(text.slice(0, layout.skippedLength), 'utf8')
    await readCsv(withoutHead(openText(), skipped), name, handlers, layout)
    return undefined
  }
  const lines = LINE_FORMATS.find((each) => each.name === format)
  if (lines === undefined) {
    throw new TypeError(`there is no format ${format}; there are ${FORMAT_NAMES.join(', ')}`)
  }
  await readLines(openText(), name, handlers, lines)
  return undefined
}

/** The name of the format of a file that begins with this text. */
function recognize(text: string, first: number, keys: readonly string[], options: ReadOptions): string {
  const begin = text.trimStart()
  const isRule = /^\[ad(?:block|guard)/i.test(begin)
  if ((first === OPEN_BRACKET && !isRule) || first === OPEN_BRACE) return 'json'
  if (first === LESS && /<(?:\w+:)?(?:ioc|OpenIOC)[\s>]/.test(begin)) return 'openioc'
  if (options.columns !== undefined || options.delimiter !== undefined) return 'csv'
  const lines = text
    .split(/\r\n|\n|\r/)
    .slice(0, HEAD_LINES)
    .map((line) => line.trim())
    .filter((line) => line !== '')
  // The last line of a head may be cut.
  if (text.length >= HEAD_BYTES && lines.length > 1) lines.pop()
  const shape = LINE_FORMATS.find((format) => format !== TEXT_LIST && format.recognizes(lines))
  if (shape !== undefined && (keys.length === 0 || shape === ZEEK_INTEL)) return shape.name
  if (keys.length > 0) return 'csv'
  return isCsv(text) ? 'csv' : TEXT_LIST.name
}

/** True for a header of several columns, or of a known one: its cells are no indicators, those of the row below may be. */
function isCsv(text: string): boolean {
  const layout = csvLayout(text, [], {})
  const header = headerOf(text, layout)
  if (header.some((cell) => detectType(cell) !== undefined)) return false
  if (hasKnownFields(header)) return true
  const isNamed = header.length > 1 && header.every((cell) => /^[\p{L}_][\p{L}\p{N}_ .-]*$/u.test(cell))
  return isNamed && layout.columns === undefined
}

/** The beginning of a text. */
async function headOf(chunks: AsyncGenerator<Buffer, void>): Promise<Buffer> {
  const head: Buffer[] = []
  let length = 0
  for await (const chunk of chunks) {
    head.push(chunk)
    length += chunk.length
    if (length >= HEAD_BYTES) break
  }
  return Buffer.concat(head).subarray(0, HEAD_BYTES)
}

/** True for UTF-8 with a byte order mark, which a decoder leaves out of the text. */
function isMarked(head: Uint8Array): boolean {
  return BYTE_ORDER_MARK.every((byte, at) => head[at] === byte)
}

/** The text without so many bytes at its beginning. */
async function* withoutHead(
  chunks: AsyncGenerator<Buffer, void>,
  skippedBytes: number,
): AsyncGenerator<Buffer, void> {
  let left = skippedBytes
  for await (const chunk of chunks) {
    const rest = left === 0 ? chunk : chunk.subarray(Math.min(left, chunk.length))
    left -= chunk.length - rest.length
    if (rest.length > 0) yield rest
  }
}
