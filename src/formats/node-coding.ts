/** Bytes and text by Node's Buffer. */
import * as nodeBuffer from 'node:buffer'
import { Buffer } from 'node:buffer'
import type { TextCoding } from '../json/text-coding.ts'
import { bufferCoding } from './buffer-coding.ts'

/** The same bytes as a Buffer. */
export function toBuffer(bytes: Uint8Array): Buffer {
  return Buffer.isBuffer(bytes) ? bytes : Buffer.from(bytes.buffer, bytes.byteOffset, bytes.byteLength)
}

/** See `TextCoding` for how much faster this is. */
export const NODE_CODING: TextCoding = bufferCoding(nodeBuffer)
