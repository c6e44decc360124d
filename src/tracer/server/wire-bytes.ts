import { Buffer, isAscii, isUtf8 } from 'node:buffer'

/*
 * Clients are asked for UTF-8, and some send other bytes. A value must come back byte for byte in `MatchedIndicator`
 * (the SIEM ties the answer to its field by it), and a mask must still hit a URL with one such byte in its path. So a
 * byte that is not UTF-8 becomes a lone surrogate, U+DC80 to U+DCFF, and that byte again on its way out (Python calls
 * it `surrogateescape`). No valid UTF-8 decodes to a lone surrogate, so the way back is unambiguous.
 */

const ESCAPE_BASE = 0xdc00
const ESCAPE = /[\udc80-\udcff]/u
const ESCAPES = /[\udc80-\udcff]+/gu

/** Decodes what was received; bytes that are not UTF-8 become lone surrogates U+DC80 to U+DCFF. */
export function decodeWire(bytes: Buffer): string {
  if (isAscii(bytes)) return bytes.toString('latin1')
  return isUtf8(bytes) ? bytes.toString('utf8') : decodeEscaped(bytes)
}

function decodeEscaped(bytes: Buffer): string {
  let text = ''
  let valid = 0
  let at = 0
  while (at < bytes.length) {
    const length = sequenceLength(bytes, at)
    if (length > 0) {
      at += length
      continue
    }
    if (valid < at) text += bytes.toString('utf8', valid, at)
    text += String.fromCharCode(ESCAPE_BASE + bytes[at]!)
    at += 1
    valid = at
  }
  return valid < at ? text + bytes.toString('utf8', valid, at) : text
}

/** The length of the UTF-8 sequence at `at` (Unicode, table 3-7), 0 when there is none. */
function sequenceLength(bytes: Buffer, at: number): number {
  const first = bytes[at]!
  if (first < 0x80) return 1
  if (first < 0xc2 || first > 0xf4) return 0
  const second = bytes[at + 1]
  if (first < 0xe0) return isWithin(second, 0x80, 0xbf) ? 2 : 0
  const third = isWithin(bytes[at + 2], 0x80, 0xbf)
  if (first < 0xf0) {
    const low = first === 0xe0 ? 0xa0 : 0x80
    const high = first === 0xed ? 0x9f : 0xbf
    return isWithin(second, low, high) && third ? 3 : 0
  }
  const low = first === 0xf0 ? 0x90 : 0x80
  const high = first === 0xf4 ? 0x8f : 0xbf
  return isWithin(second, low, high) && third && isWithin(bytes[at + 3], 0x80, 0xbf) ? 4 : 0
}

function isWithin(byte: number | undefined, low: number, high: number): boolean {
  return byte !== undefined && byte >= low && byte <= high
}

/** Encodes what is to be sent as UTF-8; what `decodeWire` escaped becomes the byte it was. */
export function encodeWire(text: string): Buffer {
  if (!ESCAPE.test(text)) return Buffer.from(text)
  const parts: Buffer[] = []
  let at = 0
  for (const escapes of text.matchAll(ESCAPES)) {
    parts.push(Buffer.from(text.slice(at, escapes.index)))
    // The low byte of each is the byte that it stands for.
    parts.push(Buffer.from(escapes[0], 'latin1'))
    at = escapes.index + escapes[0].length
  }
  parts.push(Buffer.from(text.slice(at)))
  return Buffer.concat(parts)
}
