import { SyntaxFault } from './syntax-fault.ts'

/** A decoded string, and for each of its UTF-16 units the offset where it was written. */
interface DecodedString {
  readonly value: string
  readonly offsets: readonly number[]
}

const SIMPLE: Readonly<Record<string, string>> = {
  '\\': '\\',
  "'": "'",
  '"': '"',
  a: '\x07',
  b: '\b',
  f: '\f',
  n: '\n',
  r: '\r',
  t: '\t',
  v: '\v',
}

/**
 * Decodes the escapes of a string literal's body as Python does: an unknown escape keeps its backslash.
 *
 * @throws {SyntaxFault} for a broken `\x`, `\u`, `\U`, and for `\N{...}`
 */
export function decodeString(text: string, start: number, end: number, raw: boolean): DecodedString {
  const offsets: number[] = []
  if (raw || text.indexOf('\\', start) === -1 || text.indexOf('\\', start) >= end) {
    for (let offset = start; offset < end; offset++) offsets.push(offset)
    return { value: text.slice(start, end), offsets }
  }
  let value = ''
  let position = start
  const add = (piece: string, length: number): void => {
    for (let unit = 0; unit < piece.length; unit++) offsets.push(position)
    value += piece
    position += length
  }
  while (position < end) {
    const char = text[position]!
    const next = text[position + 1]
    if (char !== '\\' || next === undefined) add(char, 1)
    else if (next === '\n') add('', 2)
    else if (next === '\r') add('', text[position + 2] === '\n' ? 3 : 2)
    else if (SIMPLE[next] !== undefined) add(SIMPLE[next], 2)
    else if (next >= '0' && next <= '7') {
      const digits = /^[0-7]{1,3}/.exec(text.slice(position + 1, Math.min(end, position + 4)))![0]
      add(String.fromCharCode(Number.parseInt(digits, 8)), 1 + digits.length)
    } else if (next === 'x' || next === 'u' || next === 'U') {
      const length = next === 'x' ? 2 : next === 'u' ? 4 : 8
      const digits = text.slice(position + 2, Math.min(end, position + 2 + length))
      if (digits.length < length || !/^[0-9a-fA-F]+$/.test(digits)) {
        throw new SyntaxFault(
          `\\${next} needs ${length} hexadecimal digits`,
          position,
          Math.min(end, position + 2 + length),
        )
      }
      const code = Number.parseInt(digits, 16)
      if (code > 0x10ffff) {
        throw new SyntaxFault('no character has that number', position, position + 2 + length)
      }
      add(String.fromCodePoint(code), 2 + length)
    } else if (next === 'N') {
      throw new SyntaxFault(
        '\\N{...} is not supported',
        position,
        position + 2,
        'write the character itself, or \\u and its number',
      )
    } else {
      add('\\', 1)
    }
  }
  return { value, offsets }
}
