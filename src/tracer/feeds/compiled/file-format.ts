import { Buffer } from 'node:buffer'
import { createHash, webcrypto } from 'node:crypto'
import type { FileHandle } from 'node:fs/promises'
import { FeedError } from '../feed-error.ts'
import type { KeyType } from '../keys/indicator-key.ts'
import { isPickle, PICKLE_PROBLEM } from '../python-pickle.ts'

/*
 * A compiled feed is one file:
 *
 *     lmdb environment | filter | checksums | header | trailer
 *     `--- content ------------´                       magic, version, lengths, checksum of checksums and header
 *
 * lmdb does not mind what stands behind its pages. It is native code that trusts its file: a file that is cut or
 * damaged may end the process. So the end of the file is read first, by ordinary reads, and says what the rest has to
 * be.
 */

/** Another layout, another hash of keys: another number. */
export const FORMAT_VERSION = 4
/** Version 3 has the same layout; its contexts have no marks of what is no text. */
const OLDEST_VERSION = 3

/** The line end shows a file that went through a transfer as text. */
const MAGIC = Buffer.from('TRACER\r\n', 'latin1')
const TRAILER_BYTES = 64
const CHECKSUM_BYTES = 32
/** A checksum is of so much of the content. */
export const BLOCK_BYTES = 1024 * 1024
/** No header comes near it. */
const LARGEST_HEADER_BYTES = 64 * 1024 * 1024

/** The indicators of a table, by kind. */
interface KindCounts {
  readonly hashes: number
  readonly addresses: number
  /** Networks and ranges of addresses. */
  readonly ranges: number
  readonly urls: number
  /** Hosts, with any path. */
  readonly hosts: number
  readonly masks: number
  /** E-mail addresses and other texts. */
  readonly texts: number
}

/** A key of the feed, and what its look-ups have to know. */
export interface TableHeader {
  /** None: the feed says itself what is looked up. */
  readonly key?: string
  /** Default: detected for each value. */
  readonly type?: KeyType
  readonly category?: string
  readonly counts: KindCounts
  /** The prefix lengths of its networks, addresses and parts of ranges. */
  readonly prefixes4: readonly number[]
  readonly prefixes6: readonly number[]
  /** Nothing longer is in it, in UTF-16 units. */
  readonly longestHash: number
  readonly longestUrl: number
  readonly longestHost: number
  readonly longestText: number
  readonly longestDomain: number
}

/** The header of a compiled feed: its description of itself. */
export interface CompiledHeader {
  readonly builtAt: string
  readonly sources: readonly SourceHeader[]
  /** Records that are in use. */
  readonly records: number
  /** Keys of all tables. */
  readonly indicators: number
  readonly skipped: number
  /** Records of kinds that cannot be looked up. */
  readonly ignored: number
  readonly tables: readonly TableHeader[]
  /** Bytes of the lmdb environment, and of the filter behind it. */
  readonly dataBytes: number
  readonly filterBytes: number
}

/** A file that was compiled. */
export interface SourceHeader {
  readonly file: string
  readonly records: number
  readonly skipped: number
  readonly ignored: number
}

/** The end of a compiled feed, read and found right. */
export interface FileEnd {
  readonly header: CompiledHeader
  /** SHA-256 of each block of the content, one after another. */
  readonly checksums: Buffer
  readonly contentBytes: number
}

/** The parts behind the content. */
export function encodeEnd(header: CompiledHeader, checksums: Buffer, contentBytes: number): Buffer {
  const text = Buffer.from(JSON.stringify(header), 'utf8')
  const trailer = Buffer.alloc(TRAILER_BYTES)
  MAGIC.copy(trailer)
  trailer.writeUInt32LE(FORMAT_VERSION, 8)
  trailer.writeUInt32LE(text.length, 12)
  trailer.writeBigUInt64LE(BigInt(contentBytes), 16)
  checksumOf(checksums, text, trailer).copy(trailer, TRAILER_BYTES - CHECKSUM_BYTES)
  return Buffer.concat([checksums, text, trailer])
}

function checksumOf(checksums: Buffer, header: Buffer, trailer: Buffer): Buffer {
  const fields = trailer.subarray(0, TRAILER_BYTES - CHECKSUM_BYTES)
  return createHash('sha256').update(checksums).update(header).update(fields).digest()
}

/**
 * Reads the end of a file.
 *
 * @param file its name, for messages
 * @throws FeedError when it is no compiled feed, of another version, cut or damaged
 */
export async function readEnd(handle: FileHandle, file: string): Promise<FileEnd> {
  const { size } = await handle.stat()
  const trailer = await readAt(handle, file, Math.max(0, size - TRAILER_BYTES), Math.min(size, TRAILER_BYTES))
  if (trailer.length < TRAILER_BYTES || !trailer.subarray(0, MAGIC.length).equals(MAGIC)) {
    if (isPickle(await readAt(handle, file, 0, Math.min(size, 2))))
      throw new FeedError('FEED_INVALID', file, PICKLE_PROBLEM)
    throw damaged(file, 'it does not end as a compiled feed does: it is cut, or something else')
  }
  const version = trailer.readUInt32LE(8)
  if (version < OLDEST_VERSION || version > FORMAT_VERSION) {
    throw new FeedError(
      'FEED_VERSION',
      file,
      `was compiled by another version of tracer (format ${version}, this one reads ${FORMAT_VERSION}); compile it again`,
    )
  }
  const headerBytes = trailer.readUInt32LE(12)
  const contentBytes = Number(trailer.readBigUInt64LE(16))
  const checksumBytes = Math.ceil(contentBytes / BLOCK_BYTES) * CHECKSUM_BYTES
  if (
    headerBytes > LARGEST_HEADER_BYTES ||
    contentBytes + checksumBytes + headerBytes + TRAILER_BYTES !== size
  ) {
    throw damaged(file, `it has ${size} bytes, which is not what its end says`)
  }
  const checksums = await readAt(handle, file, contentBytes, checksumBytes)
  const text = await readAt(handle, file, contentBytes + checksumBytes, headerBytes)
  if (!checksumOf(checksums, text, trailer).equals(trailer.subarray(TRAILER_BYTES - CHECKSUM_BYTES))) {
    throw damaged(file, 'the checksum of its header is wrong')
  }
  return { header: JSON.parse(text.toString('utf8')), checksums, contentBytes }
}

/** Reads a part of a file that must be there. */
export async function readAt(
  handle: FileHandle,
  file: string,
  position: number,
  length: number,
): Promise<Buffer> {
  const bytes = Buffer.alloc(length)
  let filled = 0
  while (filled < length) {
    const { bytesRead } = await handle
      .read(bytes, filled, length - filled, position + filled)
      .catch((cause) => {
        throw new FeedError('FEED_UNREADABLE', file, `cannot be read (${cause.message})`, cause)
      })
    if (bytesRead === 0) throw damaged(file, 'it became shorter while it was read')
    filled += bytesRead
  }
  return bytes
}

/** The checksum of a block, in the form in which they are stored. */
export function blockChecksum(block: Uint8Array): Buffer {
  return createHash('sha256').update(block).digest()
}

/** Blocks that are read and summed up at the same time, by threads of the system's pool. */
const AT_A_TIME = 3

/**
 * Compares blocks of the content with their checksums.
 *
 * @param blocks their numbers
 * @param rest is waited for after each few of them
 * @throws FeedError when one is not as it was written, or cannot be read
 */
export async function checkBlocks(
  handle: FileHandle,
  file: string,
  end: FileEnd,
  blocks: readonly number[],
  rest?: () => Promise<void>,
): Promise<void> {
  for (let i = 0; i < blocks.length; i += AT_A_TIME) {
    await Promise.all(blocks.slice(i, i + AT_A_TIME).map((block) => checkBlock(handle, file, end, block)))
    await rest?.()
  }
}

async function checkBlock(handle: FileHandle, file: string, end: FileEnd, block: number): Promise<void> {
  const start = block * BLOCK_BYTES
  const bytes = await readAt(handle, file, start, Math.min(BLOCK_BYTES, end.contentBytes - start))
  const sum = Buffer.from(await webcrypto.subtle.digest('SHA-256', bytes))
  if (!sum.equals(end.checksums.subarray(block * CHECKSUM_BYTES, (block + 1) * CHECKSUM_BYTES))) {
    throw damaged(file, `the checksum of bytes ${start} to ${start + bytes.length - 1} is wrong`)
  }
}

/** Number of blocks of the content. */
export function blockCount({ contentBytes }: FileEnd): number {
  return Math.ceil(contentBytes / BLOCK_BYTES)
}

/** The error for a file that is not as it was written. */
export function damaged(file: string, how: string): FeedError {
  return new FeedError('FEED_DAMAGED', file, `is no whole compiled feed: ${how}; compile it again`)
}
