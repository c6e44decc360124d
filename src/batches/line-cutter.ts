import type { RejectedEvent } from '../event.ts'
import type { LineSink } from '../formats/lines.ts'
import { LineReader, UNCOUNTED } from '../formats/lines.ts'
import type { TextCoding } from '../json/text-coding.ts'
import { PORTABLE_CODING } from '../json/text-coding.ts'
import type { Cutter, Piece } from './cutter.ts'
import type { UnplacedRecords } from './rejected-records.ts'
import { UnplacedRecordWriter } from './rejected-records.ts'

const LF = 0x0a

/** Chunks that are a quarter as long, or that somebody else has, are copied together in buffers of this size. */
const GATHERED_BYTES = 64 * 1024

export interface LineCutterOptions {
  /** The bytes begin where the first source does. Default: true. */
  readonly isFirst?: boolean
  /** Gives buffers for small chunks to be copied to, whose size is a multiple of eight. Default: new ones. */
  readonly allocate?: (() => Uint8Array) | undefined
}

/** V8 copies shared memory by words of so many bytes where both sides are as far from a word's beginning, else by bytes. */
export const WORD_BYTES = 8

/**
 * Cuts lines into blocks of complete lines. A block is a list of parts, each with a buffer of its own that goes to
 * a worker: mostly the chunks themselves, so that nothing is copied but the beginnings of lines.
 *
 *     chunks   | line LF line LF li|ne LF line LF lin|e LF line LF line LF be|ginning ...
 *     block    `----- part -------' `---- part -----' `----- part --------'`-- copied: the next block's first part
 *
 * A line that is certainly too long is rejected here, in bounded memory; whether one is that is only about as long as
 * allowed is left to the worker, which looks closer.
 */
export class LineCutter implements Cutter {
  readonly #maxLineBytes: number
  readonly #blockBytes: number
  readonly #gatheredBytes: number
  readonly #allocate: () => Uint8Array
  readonly #coding: TextCoding
  #parts: Uint8Array[] = []
  /** Small chunks, behind the parts: in this buffer, from one place to another. */
  #gathered: Uint8Array | undefined
  #gatheredFrom = 0
  #gatheredEnd = 0
  /** Bytes in all of these. */
  #length = 0
  /** As many of them are complete lines. */
  #complete = 0
  #isFirst: boolean
  #long: LongLine | undefined

  /**
   * @param blockBytes a block has at least so many, where it need not be given earlier
   * @param coding how bytes become text. Default: as it is done everywhere
   */
  constructor(
    maxLineBytes: number,
    blockBytes: number,
    coding: TextCoding = PORTABLE_CODING,
    { isFirst = true, allocate }: LineCutterOptions = {},
  ) {
    this.#isFirst = isFirst
    const gatheredBytes = Math.min(GATHERED_BYTES, blockBytes)
    this.#gatheredBytes = gatheredBytes
    this.#allocate = allocate ?? (() => coding.allocate(gatheredBytes))
    this.#coding = coding
    this.#maxLineBytes = maxLineBytes
    this.#blockBytes = blockBytes
  }

  get hasComplete(): boolean {
    return this.#complete > 0
  }

  *push(chunk: Uint8Array, isOwned = false): Generator<Piece> {
    const bytes = this.#coding.view(chunk)
    const isPart = isOwned && bytes.length <= 2 * this.#blockBytes && isWhole(bytes)
    for (let position = 0; position < bytes.length; ) {
      if (this.#long !== undefined) {
        const end = bytes.indexOf(LF, position) + 1
        this.#long.push(bytes.subarray(position, end === 0 ? bytes.length : end))
        if (end === 0) return
        position = end
        yield this.#endLong(this.#long)
        continue
      }
      const rest = bytes.subarray(position)
      position += isPart && rest.length > this.#gatheredBytes / 4 ? this.#add(rest) : this.#gather(rest)
      if (this.#length < this.#blockBytes) continue
      if (this.#complete > 0) yield this.#cut(this.#complete)
      else if (this.#length > this.#maxLineBytes + UNCOUNTED) this.#beginLong()
    }
  }

  *flush(): Generator<Piece> {
    if (this.#complete > 0) yield this.#cut(this.#complete)
  }

  *end(): Generator<Piece> {
    if (this.#long !== undefined) yield this.#endLong(this.#long)
    if (this.#length > 0) yield this.#cut(this.#length)
    this.#isFirst = true
  }

  #add(part: Uint8Array): number {
    this.#closeGathered()
    this.#parts.push(part)
    this.#count(part)
    return part.length
  }

  /** @returns how many of the bytes found room */
  #gather(bytes: Uint8Array): number {
    this.#gathered ??= this.#allocate()
    const gathered = this.#gathered
    if (!(gathered.buffer instanceof ArrayBuffer)) this.#alignGathered(bytes)
    const end = this.#gatheredEnd
    const copied = bytes.subarray(0, gathered.length - end)
    gathered.set(copied, end)
    this.#gatheredEnd += copied.length
    this.#count(copied)
    if (this.#gatheredEnd === gathered.length) this.#closeGathered()
    return copied.length
  }

  #count(added: Uint8Array): void {
    const end = added.lastIndexOf(LF) + 1
    if (end > 0) this.#complete = this.#length + end
    this.#length += added.length
  }

  /** Another part begins in the same buffer, where bytes can be copied as words. Those before it are a multiple of words from the buffer's end. */
  #alignGathered({ byteOffset }: Uint8Array): void {
    const gap = (byteOffset - this.#gatheredEnd) & (WORD_BYTES - 1)
    if (gap === 0) return
    this.#endPart()
    if (this.#gatheredEnd + gap >= this.#gathered!.length) {
      this.#closeGathered()
      this.#gathered = this.#allocate()
      this.#gatheredFrom = byteOffset & (WORD_BYTES - 1)
    } else this.#gatheredFrom = this.#gatheredEnd + gap
    this.#gatheredEnd = this.#gatheredFrom
  }

  #endPart(): void {
    if (this.#gatheredEnd > this.#gatheredFrom)
      this.#parts.push(this.#gathered!.subarray(this.#gatheredFrom, this.#gatheredEnd))
    this.#gatheredFrom = this.#gatheredEnd
  }

  #closeGathered(): void {
    if (this.#gathered === undefined) return
    this.#endPart()
    this.#gathered = undefined
    this.#gatheredFrom = 0
    this.#gatheredEnd = 0
  }

  /** A block of the first `size` bytes. */
  #cut(size: number): Piece {
    this.#closeGathered()
    const parts: Uint8Array[] = []
    let left = size
    while (left > 0) {
      const part = this.#parts.shift()!
      if (part.length > left) {
        parts.push(part.subarray(0, left))
        // Its buffer goes with what is before it.
        this.#parts.unshift(new Uint8Array(part.subarray(left)))
        break
      }
      parts.push(part)
      left -= part.length
    }
    // Parts behind it in the same buffer do not stay there either.
    const last = parts.at(-1)?.buffer
    this.#parts = this.#parts.map((part) => (part.buffer === last ? new Uint8Array(part) : part))
    this.#length -= size
    this.#complete = 0
    return { kind: 'lines', parts, size, isFirst: this.#takeFirst() }
  }

  #beginLong(): void {
    this.#closeGathered()
    this.#long = new LongLine(this.#maxLineBytes, this.#takeFirst(), this.#coding)
    for (const part of this.#parts) this.#long.push(part)
    this.#parts = []
    this.#length = 0
  }

  #endLong(long: LongLine): Piece {
    this.#long = undefined
    const bytes = new Uint8Array()
    const result = { bytes, written: 0, rejected: long.end(), lines: 1, isLast: true }
    return { kind: 'result', result }
  }

  #takeFirst(): boolean {
    const isFirst = this.#isFirst
    this.#isFirst = false
    return isFirst
  }
}

/** Nothing else is in the buffer, as it would be if the buffer were one of a pool. */
function isWhole(bytes: Uint8Array): boolean {
  return bytes.buffer instanceof ArrayBuffer && bytes.length === bytes.buffer.byteLength
}

/** A line of more bytes than one may have: the reader of lines keeps the beginning, and rejects it at its end. */
class LongLine implements LineSink {
  readonly #reader: LineReader
  readonly #records: UnplacedRecordWriter

  constructor(maxLineBytes: number, isFirst: boolean, coding: TextCoding) {
    this.#reader = new LineReader(maxLineBytes, this, isFirst, coding)
    this.#records = new UnplacedRecordWriter(coding)
  }

  push(bytes: Uint8Array): void {
    this.#reader.push(bytes)
  }

  end(): UnplacedRecords {
    this.#reader.end()
    return this.#records.take()
  }

  take(): number {
    return -1
  }

  event(): void {}

  reject(event: RejectedEvent): void {
    this.#records.add(event)
  }
}
