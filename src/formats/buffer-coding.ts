/** Bytes and text by a Buffer that is handed in: it need not be imported where there may be none. */
import type { TextCoding } from '../json/text-coding.ts'

/** The part of the module `node:buffer` that is used. */
export interface BufferModule {
  readonly Buffer: BufferApi
  isAscii(bytes: Uint8Array): boolean
  isUtf8(bytes: Uint8Array): boolean
}

interface BufferApi {
  isBuffer(value: unknown): boolean
  from(buffer: ArrayBufferLike, offset: number, length: number): NodeBytes
  allocUnsafeSlow(size: number): Uint8Array
  byteLength(text: string): number
}

interface NodeBytes extends Uint8Array {
  write(text: string, offset: number, encoding: 'utf8'): number
  toString(encoding?: 'utf8' | 'latin1', start?: number, end?: number): string
}

/** See `TextCoding` for how much faster this is than what works everywhere. */
export function bufferCoding({ Buffer, isAscii, isUtf8 }: BufferModule): TextCoding {
  const toBuffer = (bytes: Uint8Array): NodeBytes =>
    Buffer.isBuffer(bytes)
      ? (bytes as NodeBytes)
      : Buffer.from(bytes.buffer, bytes.byteOffset, bytes.byteLength)
  return {
    view: toBuffer,
    allocate: (size) => Buffer.allocUnsafeSlow(size),
    byteLength: (text) => Buffer.byteLength(text),
    write: (text, target, offset) => toBuffer(target).write(text, offset, 'utf8'),
    utf8: (bytes, start, end) => toBuffer(bytes).toString('utf8', start, end),
    latin1: (bytes) => toBuffer(bytes).toString('latin1'),
    isAscii,
    isUtf8,
  }
}
