/** Pairs of names and values with white space between them, of which the values may hold blanks: the extension of CEF. */
import { ENTRY_BYTES, setMember } from '../runtime/containers/keys.ts'
import type { Meter } from '../runtime/meter.ts'
import type { JsonObject } from '../value.ts'

/** Letters, digits and `_ - . [ ]`. */
const NAME_CHARACTERS = new Uint8Array(128)
for (const character of 'abcdefghijklmnopqrstuvwxyz0123456789_-.[]') {
  NAME_CHARACTERS[character.charCodeAt(0)] = 1
  NAME_CHARACTERS[character.toUpperCase().charCodeAt(0)] = 1
}

/**
 * Reads `msg=a b c src=192.0.2.1`. A name stands behind white space, or at the beginning, and before a `=`:
 * `url=/a?b=c` has one name, and so has `msg=a b\=c`. Of pairs with one name the last one counts.
 *
 * @param start where the pairs begin in `text`
 * @param readValue makes a value of its text
 */
export function readPairs(
  meter: Meter,
  text: string,
  start: number,
  readValue: (value: string) => string,
): JsonObject {
  const pairs: JsonObject = {}
  const put = (name: string, valueStart: number, valueEnd: number): void => {
    meter.build(ENTRY_BYTES)
    setMember(pairs, name, readValue(trimmed(text, valueStart, valueEnd)))
  }
  let name: string | undefined
  let valueStart = start
  for (let equals = text.indexOf('=', start); equals >= 0; equals = text.indexOf('=', equals + 1)) {
    const nameStart = startOfName(text, equals, valueStart, start)
    if (nameStart < 0) continue
    if (name !== undefined) put(name, valueStart, nameStart)
    name = text.slice(nameStart, equals)
    valueStart = equals + 1
  }
  if (name !== undefined) put(name, valueStart, text.length)
  return pairs
}

/** The text between two places without blanks at its end. */
function trimmed(text: string, start: number, end: number): string {
  let last = end
  while (last > start && text.charCodeAt(last - 1) === 0x20) last--
  const value = text.slice(start, last)
  // Other blanks are rare.
  return last > start && isPrinted(text.charCodeAt(last - 1)) ? value : value.trimEnd()
}

/** A character of ASCII that is seen. */
function isPrinted(code: number): boolean {
  return code > 0x20 && code < 0x7f
}

/** Where the name before a `=` begins; -1: that is a character of a value. */
function startOfName(text: string, equals: number, valueStart: number, start: number): number {
  let at = equals
  while (at > valueStart && NAME_CHARACTERS[text.charCodeAt(at - 1)] === 1) at--
  if (at === equals) return -1
  return at === start || isBlank(text.charCodeAt(at - 1)) ? at : -1
}

function isBlank(code: number): boolean {
  return code === 0x20 || (code >= 0x09 && code <= 0x0d)
}
