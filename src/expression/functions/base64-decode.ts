import { decoder } from '../coding/decoder.ts'
import { ERRORS_PARAMETER } from '../coding/errors.ts'
import type { Maybe } from '../value.ts'
import type { FunctionDefinition } from './definition.ts'

export const base64Decode: FunctionDefinition = {
  name: 'base64_decode',
  signature: "s, errors='strict'",
  group: 'coding',
  returns: 'text?',
  pure: true,
  summary: 'Decodes base64.',
  parameters: { s: 'the text', errors: ERRORS_PARAMETER },
  result:
    'The text that the bytes stand for in UTF-8. Absent where `s` is no base64, or its bytes are no UTF-8.',
  errors: { TYPE_ERROR: '`s` is not a string' },
  notes:
    'Both alphabets are read (`+/` and `-_`), with or without `=` at the end. White space does not count.',
  examples: [
    { expression: "base64_decode('aGVsbG8=')", result: 'hello' },
    { expression: "base64_decode('w7w')", result: 'ü' },
    { expression: "base64_decode('_w==', errors='replace')", result: '\ufffd' },
    { expression: "base64_decode('_w==')", result: undefined },
    { expression: 'base64_decode(v)', event: { v: 'no base64!' }, result: undefined },
    { expression: 'base64_decode(v)', event: { v: 1 }, rejected: 'TYPE_ERROR' },
  ],
  implementation: decoder('base64_decode', decodeBase64),
}

const EQUALS = 0x3d

/** The six bits of a character; 64: it does not count, 65: it is none. */
const BITS = new Uint8Array(128).fill(65)
for (const [index, character] of [
  ...'ABCDEFGHIJKLMNOPQRSTUVWXYZabcdefghijklmnopqrstuvwxyz0123456789+/',
].entries())
  BITS[character.charCodeAt(0)] = index
BITS['-'.charCodeAt(0)] = 62
BITS['_'.charCodeAt(0)] = 63
for (const blank of ' \t\r\n\f\v') BITS[blank.charCodeAt(0)] = 64

function decodeBase64(text: string): Maybe<Uint8Array> {
  const bytes = new Uint8Array(Math.ceil((text.length * 3) / 4))
  let length = 0
  let bits = 0
  let count = 0
  let padding = 0
  for (let index = 0; index < text.length; index++) {
    const code = text.charCodeAt(index)
    if (code === EQUALS) {
      padding++
      continue
    }
    const value = code < 128 ? BITS[code]! : 65
    if (value === 64) continue
    if (value === 65 || padding > 0) return undefined
    bits = ((bits << 6) | value) & 0xffffff
    if (++count % 4 === 0) {
      bytes[length++] = bits >> 16
      bytes[length++] = bits >> 8
      bytes[length++] = bits
    }
  }
  const rest = count % 4
  if (rest === 1 || padding > 2 || (padding > 0 && (count + padding) % 4 !== 0)) return undefined
  if (rest === 2) bytes[length++] = bits >> 4
  else if (rest === 3) {
    bytes[length++] = bits >> 10
    bytes[length++] = bits >> 2
  }
  return bytes.subarray(0, length)
}
