import { Buffer } from 'node:buffer'
import { statSync } from 'node:fs'
import { PassThrough, pipeline, Readable } from 'node:stream'
import { createGunzip } from 'node:zlib'
import { Unzip, type UnzipFile, UnzipInflate } from 'fflate'
import unbzip2 from 'unbzip2-stream'

/*
 * The ways in which a feed may be packed: gzip, bzip2, zip. `FILE.zip/name` is one file of several in a zip.
 */

/** The container of a path, and the name of the wanted file in it. */
interface ContainedFile {
  /** The file that is there. */
  readonly file: string
  /** Undefined: the only one in it. */
  readonly member: string | undefined
}

const IN_ZIP = /^(.*\.zip)[/\\](.+)$/is

/** `FILE.zip/name` is a file of a zip where `FILE.zip` is no directory. */
export function containedFile(path: string): ContainedFile {
  const found = IN_ZIP.exec(path)
  if (found === null) return { file: path, member: undefined }
  const [, file, member] = found as unknown as [string, string, string]
  const isFile = statSync(file, { throwIfNoEntry: false })?.isFile() === true
  return isFile ? { file, member: member.replaceAll('\\', '/') } : { file: path, member: undefined }
}

/** The way in which a file is packed, by its first bytes. */
type Packing = 'gzip' | 'bzip2' | 'zip' | undefined

/** The number of bytes that `packingOf` needs. */
export const PACKING_BYTES = 4

/** @param head the first bytes of the file */
export function packingOf(head: Uint8Array): Packing {
  const [a, b, c, d] = head
  if (a === 0x1f && b === 0x8b) return 'gzip'
  if (a === 0x42 && b === 0x5a && c === 0x68 && d !== undefined && d >= 0x31 && d <= 0x39) return 'bzip2'
  return a === 0x50 && b === 0x4b && (c === 3 || c === 5) ? 'zip' : undefined
}

/** The unpacked bytes. Errors of the packed ones come out of it. */
export function unpacked(
  packing: Packing,
  bytes: AsyncIterable<Buffer>,
  member: string | undefined,
  chunkBytes: number,
): AsyncIterable<Buffer> {
  switch (packing) {
    case 'gzip':
      return pipeline(bytes, createGunzip({ chunkSize: chunkBytes }), () => undefined)
    case 'bzip2':
      // Its stream is of the old kind, which has no iterator.
      return pipeline(Readable.from(bytes), unbzip2(), new PassThrough(), () => undefined)
    case 'zip':
      return unzipped(bytes, member)
    default:
      return bytes
  }
}

/** The archive is not as it should be. It has a code, as errors of reading have. */
export class ArchiveError extends Error {
  readonly code = 'ARCHIVE'
}

async function* unzipped(bytes: AsyncIterable<Buffer>, member: string | undefined): AsyncGenerator<Buffer> {
  const names: string[] = []
  let ready: Uint8Array[] = []
  let failure: Error | undefined
  let isDone = false
  const unzip = new Unzip((file: UnzipFile) => {
    if (file.name.endsWith('/') || file.name.startsWith('__MACOSX/')) return
    names.push(file.name)
    if (member === undefined ? names.length > 1 : file.name !== member) return
    file.ondata = (error, data, isFinal) => {
      if (error !== null) failure ??= new ArchiveError(`the zip is broken: ${error.message}`)
      else if (data.length > 0) ready.push(data)
      if (isFinal) isDone = true
    }
    file.start()
  })
  unzip.register(UnzipInflate)
  for await (const chunk of bytes) {
    try {
      unzip.push(chunk)
    } catch (error) {
      failure ??= new ArchiveError(`the zip is broken: ${(error as Error).message}`)
    }
    if (failure !== undefined) throw failure
    const given = ready
    ready = []
    for (const data of given) yield bufferOf(data)
  }
  try {
    unzip.push(new Uint8Array(0), true)
  } catch (error) {
    failure ??= new ArchiveError(`the zip is broken: ${(error as Error).message}`)
  }
  if (failure !== undefined) throw failure
  for (const data of ready) yield bufferOf(data)
  const some = names.slice(0, 10).join(', ')
  if (member === undefined && names.length > 1) {
    throw new ArchiveError(`the zip has ${names.length} files; name one as FILE.zip/NAME: ${some}`)
  }
  if (member !== undefined && !names.includes(member)) {
    throw new ArchiveError(`the zip has no ${member}; there is ${some || 'nothing'}`)
  }
  if (!isDone)
    throw new ArchiveError(
      names.length === 0 ? 'the zip holds no file' : 'the zip ends in the middle of the file',
    )
}

function bufferOf(data: Uint8Array): Buffer {
  return Buffer.from(data.buffer, data.byteOffset, data.byteLength)
}
