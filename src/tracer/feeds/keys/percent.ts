const PERCENT = 0x25

/** First bytes of UTF-8 sequences: the number of bytes that follow, and the smallest code point that needs them. */
const SEQUENCES = [
  { mask: 0xe0, lead: 0xc0, following: 1, smallest: 0x80 },
  { mask: 0xf0, lead: 0xe0, following: 2, smallest: 0x800 },
  { mask: 0xf8, lead: 0xf0, following: 3, smallest: 0x10000 },
] as const

/**
 * Decodes `%XX` once: escapes are bytes of UTF-8. A text that is no escape or no UTF-8 stays as it is written, so that
 * two different texts do not become one.
 */
export function percentDecode(text: string): string {
  let at = text.indexOf('%')
  if (at < 0) return text
  let decoded = ''
  let copied = 0
  while (at >= 0) {
    const character = decodeAt(text, at)
    if (character === undefined) {
      at = text.indexOf('%', at + 1)
      continue
    }
    decoded += text.slice(copied, at) + String.fromCodePoint(character.codePoint)
    copied = character.end
    at = text.indexOf('%', copied)
  }
  return decoded + text.slice(copied)
}

/** The character whose escapes begin at a place, and where they end. */
function decodeAt(text: string, at: number): { codePoint: number; end: number } | undefined {
  const first = byteAt(text, at)
  if (first < 0) return undefined
  if (first < 0x80) return { codePoint: first, end: at + 3 }
  const sequence = SEQUENCES.find(({ mask, lead }) => (first & mask) === lead)
  if (sequence === undefined) return undefined
  let codePoint = first & ~sequence.mask
  for (let i = 1; i <= sequence.following; i++) {
    const byte = byteAt(text, at + 3 * i)
    if ((byte & 0xc0) !== 0x80 || byte < 0) return undefined
    codePoint = codePoint * 64 + (byte & 0x3f)
  }
  const isSurrogate = codePoint >= 0xd800 && codePoint <= 0xdfff
  if (codePoint < sequence.smallest || codePoint > 0x10ffff || isSurrogate) return undefined
  return { codePoint, end: at + 3 * (sequence.following + 1) }
}

/** The byte that is escaped at a place, -1 for no escape. */
function byteAt(text: string, at: number): number {
  if (text.charCodeAt(at) !== PERCENT) return -1
  const high = hexDigit(text.charCodeAt(at + 1))
  const low = hexDigit(text.charCodeAt(at + 2))
  return high < 0 || low < 0 ? -1 : high * 16 + low
}

function hexDigit(code: number): number {
  if (code >= 0x30 && code <= 0x39) return code - 0x30
  const letter = code | 0x20
  return letter >= 0x61 && letter <= 0x66 ? letter - 0x57 : -1
}
