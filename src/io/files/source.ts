import { createReadStream, statSync } from 'node:fs'
import { pipeline, type Readable } from 'node:stream'
import * as zlib from 'node:zlib'
import { type InputChunk, InputError, type Source } from '../../stages/source.ts'
import { decodedBeforeFault } from './before-fault.ts'
import { fileStream } from './file-stream.ts'
import type { LentBytes } from './lent-bytes.ts'
import { lentFile } from './lent-bytes.ts'
import { systemMessage } from './system-message.ts'

export type Compression = 'gzip' | 'zstd'

/** Something to read events from. */
export interface Input {
  /** Its name in rejected records: a file name, `-` for stdin. */
  readonly name: string
  /** Opens it. Called when the inputs before it have ended. */
  open(): Readable
  /** Opens it for a reader that keeps no chunk. Default, and where it is compressed: by `open`. */
  lend?(): LentBytes
  /**
   * Opens it once more, from its beginning. Compressed data that turns out to be damaged is read again, so that all before
   * the fault is given. Default: it cannot be read again; then up to 128 KiB before the fault are lost.
   *
   * @returns undefined where that is impossible after all
   */
  reopen?(): Readable | undefined
  /** The compression of its bytes. Default: none. */
  readonly compression?: Compression
  /** Each chunk comes in a buffer of its own that nobody else has. Default: false. */
  readonly ownsChunks?: boolean
}

/**
 * Read from files at a time. Measured: at 64 KiB, the default, reading takes twice the processor time. Beyond 128 KiB the
 * text of a chunk is a large object to V8, which gets pages of its own from the system: 8 % of the whole run.
 */
export const CHUNK_BYTES = 128 * 1024

/**
 * A file; `.gz` and `.zst` at the end of its name tell how it is compressed.
 *
 * @param options `chunkBytes`: so much is read at a time. Default: 128 KiB
 */
export function fileInput(path: string, { chunkBytes = CHUNK_BYTES }: { chunkBytes?: number } = {}): Input {
  const compression = compressionOf(path)
  // Compressed data that is cut off tells so itself, and the end of its input is what makes it give the last of it.
  const open = () =>
    compression === undefined
      ? fileStream(path, { chunkBytes })
      : createReadStream(path, { highWaterMark: chunkBytes })
  const reopen = () => (statSync(path).isFile() ? open() : undefined)
  const input = { name: path, open, reopen, ownsChunks: true }
  if (compression !== undefined) return { ...input, compression }
  // To wait for a pipe that has a name would stop everything else.
  return statSync(path, { throwIfNoEntry: false })?.isFile() === true
    ? { ...input, lend: () => lentFile(path, chunkBytes) }
    : input
}

export function compressionOf(path: string): Compression | undefined {
  if (path.endsWith('.gz')) return 'gzip'
  return path.endsWith('.zst') ? 'zstd' : undefined
}

/** True when this version of Node has the decompressor: zstd came with 22.15. */
export function canDecompress(compression: Compression): boolean {
  return compression === 'gzip' || createZstdDecompress !== undefined
}

/** Newer than the Node types that this is compiled with. */
const { createZstdDecompress } = zlib as { createZstdDecompress?: typeof zlib.createGunzip }

/**
 * Reads inputs one after the other: their chunks, decompressed, and after each input a chunk that tells its end.
 *
 * A fault ends the reading, not the pipeline: what was read before it is still processed. It is found in `fault`
 * afterwards.
 */
export class InputReader implements Source {
  readonly #inputs: Iterable<Input>
  readonly #keepsNone: boolean
  #open: OpenInput | LentInput | undefined
  #stopped = false
  #fault: InputError | undefined
  #bytesRead = 0

  /** @param options `keepsNone`: the reader is done with a chunk before it asks for the next one. Default: false */
  constructor(inputs: Iterable<Input>, { keepsNone = false }: { readonly keepsNone?: boolean } = {}) {
    this.#inputs = inputs
    this.#keepsNone = keepsNone
  }

  /** Why reading ended early, if it did. */
  get fault(): InputError | undefined {
    return this.#fault
  }

  /** Bytes read so far, as they are in the inputs: compressed ones count before decompression. */
  get bytesRead(): number {
    return this.#bytesRead + (this.#open?.bytesRead ?? 0)
  }

  /** Ends the reading: what was read is processed as if the input ended here. */
  stop(): void {
    this.#stopped = true
    this.#open?.close()
  }

  async *[Symbol.asyncIterator](): AsyncGenerator<InputChunk> {
    for (const input of this.#inputs) {
      if (this.#stopped || this.#fault !== undefined) return
      try {
        const lent = this.#keepsNone && input.compression === undefined ? input.lend?.() : undefined
        this.#open = lent === undefined ? new OpenInput(input) : new LentInput(lent)
        // A decompressor cuts several chunks out of one buffer.
        const isOwned = lent === undefined && input.ownsChunks === true && input.compression === undefined
        for await (const bytes of this.#open.chunks()) {
          const isFollowed = lent !== undefined && bytes.length > 0
          yield { source: input.name, bytes, ...(isOwned && { isOwned }), ...(isFollowed && { isFollowed }) }
        }
      } catch (error) {
        if (!this.#stopped) this.#fault = new InputError(faultMessage(input, error), { cause: error })
      } finally {
        this.#open?.close()
        this.#bytesRead += this.#open?.bytesRead ?? 0
        this.#open = undefined
      }
      yield { source: input.name }
    }
  }
}

/** An input that is read in one buffer. */
class LentInput {
  readonly #lent: LentBytes
  bytesRead = 0

  constructor(lent: LentBytes) {
    this.#lent = lent
  }

  close(): void {
    this.#lent.stop()
  }

  async *chunks(): AsyncGenerator<Uint8Array> {
    for await (const chunk of this.#lent.chunks()) {
      this.bytesRead += chunk.length
      yield chunk
    }
  }
}

class OpenInput {
  /** Gives the bytes, decompressed. */
  readonly stream: Readable
  readonly #decompressor: zlib.Gunzip | undefined
  readonly #input: Input
  #bytesRead = 0
  /** Bytes given, decompressed. */
  #bytesGiven = 0

  constructor(input: Input) {
    const { open, compression } = input
    this.#input = input
    const raw = open()
    this.#decompressor = compression === undefined ? undefined : createDecompressor(compression)
    this.stream = this.#decompressor ?? raw
    // An error in either destroys both, and shows in the one that is read.
    if (this.#decompressor !== undefined) pipeline(raw, this.#decompressor, () => {})
  }

  get bytesRead(): number {
    return this.#decompressor?.bytesWritten ?? this.#bytesRead
  }

  close(): void {
    this.stream.destroy()
  }

  async *chunks(): AsyncGenerator<Uint8Array> {
    try {
      for await (const chunk of this.stream) yield this.#count(chunk)
    } catch (error) {
      // A stream that was destroyed still has what it had read.
      for (let chunk = this.stream.read(); chunk !== null; chunk = this.stream.read())
        yield this.#count(chunk)
      // Of data that is cut off everything has been given.
      if (isDamage(error) && (error as NodeJS.ErrnoException).code !== 'Z_BUF_ERROR')
        yield* this.#beforeFault()
      throw error
    }
  }

  async *#beforeFault(): AsyncGenerator<Uint8Array> {
    const compressed = this.#input.reopen?.()
    if (compressed === undefined) return
    const before = { bytesIn: this.bytesRead, bytesOut: this.#bytesGiven }
    yield* decodedBeforeFault(compressed, createDecompressor(this.#input.compression!), before)
  }

  #count(chunk: Uint8Array): Uint8Array {
    if (this.#decompressor === undefined) this.#bytesRead += chunk.length
    this.#bytesGiven += chunk.length
    return chunk
  }
}

function createDecompressor(compression: Compression): zlib.Gunzip {
  if (compression === 'gzip') return zlib.createGunzip({ chunkSize: CHUNK_BYTES })
  if (createZstdDecompress === undefined) throw new InputError('this version of Node cannot decompress zstd')
  return createZstdDecompress({ chunkSize: CHUNK_BYTES })
}

function faultMessage({ name, compression }: Input, error: unknown): string {
  const { message } = error as NodeJS.ErrnoException
  const reason = isDamage(error)
    ? `the ${compression} data is damaged or cut off (${message})`
    : systemMessage(error)
  return `cannot read ${name}: ${reason}`
}

/** The errors of the decompressors. */
function isDamage(error: unknown): boolean {
  return /^Z(?:STD)?_/.test((error as NodeJS.ErrnoException).code ?? '')
}
