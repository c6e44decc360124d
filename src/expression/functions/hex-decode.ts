import { decoder } from '../coding/decoder.ts'
import { ERRORS_PARAMETER } from '../coding/errors.ts'
import type { Maybe } from '../value.ts'
import type { FunctionDefinition } from './definition.ts'

export const hexDecode: FunctionDefinition = {
  name: 'hex_decode',
  signature: "s, errors='strict'",
  group: 'coding',
  returns: 'text?',
  pure: true,
  summary: 'Decodes bytes that are written as hexadecimal digits.',
  parameters: { s: 'the text', errors: ERRORS_PARAMETER },
  result:
    'The text that the bytes stand for in UTF-8. Absent where `s` is not pairs of hexadecimal digits, or its bytes are no UTF-8.',
  errors: { TYPE_ERROR: '`s` is not a string' },
  notes: 'Digits of either case. `0x` before them and white space between the pairs do not count.',
  examples: [
    { expression: "hex_decode('2f62696e2f7368')", result: '/bin/sh' },
    { expression: "hex_decode('0xC3 BC')", result: 'ü' },
    { expression: "hex_decode('ff', errors='replace')", result: '\ufffd' },
    { expression: "hex_decode('ff')", result: undefined },
    { expression: 'hex_decode(v)', event: { v: '2f6' }, result: undefined },
    { expression: 'hex_decode(v)', event: { v: null }, rejected: 'TYPE_ERROR' },
  ],
  implementation: decoder('hex_decode', decodeHex),
}

const BLANK = /\s/

function decodeHex(text: string): Maybe<Uint8Array> {
  const bytes = new Uint8Array(text.length >> 1)
  let length = 0
  let at = text.startsWith('0x') || text.startsWith('0X') ? 2 : 0
  while (at < text.length) {
    const high = digit(text.charCodeAt(at))
    const low = digit(text.charCodeAt(at + 1))
    if (high >= 0 && low >= 0) {
      bytes[length++] = 16 * high + low
      at += 2
    } else if (BLANK.test(text.charAt(at))) at++
    else return undefined
  }
  return bytes.subarray(0, length)
}

/** -1: it is none. */
function digit(code: number): number {
  if (code >= 0x30 && code <= 0x39) return code - 0x30
  const lower = code | 0x20
  return lower >= 0x61 && lower <= 0x66 ? lower - 0x57 : -1
}
