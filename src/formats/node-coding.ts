/** Bytes and text by Node's Buffer. */
import { Buffer, isAscii, isUtf8 } from 'node:buffer'
import type { TextCoding } from '../json/text-coding.ts'

/** The same bytes as a Buffer. */
export function toBuffer(bytes: Uint8Array): Buffer {
  return Buffer.isBuffer(bytes) ? bytes : Buffer.from(bytes.buffer, bytes.byteOffset, bytes.byteLength)
}

/** See `TextCoding` for how much faster this is. */
export const NODE_CODING: TextCoding = {
  view: toBuffer,
  allocate: (size) => Buffer.allocUnsafeSlow(size),
  byteLength: (text) => Buffer.byteLength(text),
  write: (text, target, offset) => toBuffer(target).write(text, offset, 'utf8'),
  utf8: (bytes, start, end) => toBuffer(bytes).toString('utf8', start, end),
  latin1: (bytes) => toBuffer(bytes).toString('latin1'),
  isAscii,
  isUtf8,
}
