import { TextBuilder } from '../runtime/text/text-builder.ts'
import type { Maybe } from '../value.ts'
import { HTML_ENTITIES } from './html-entities.ts'

/** A reference. A name has 32 characters at most. */
const REFERENCE = /&(?:#(\d+);?|#[xX]([\dA-Fa-f]+);?|([^\t\n\f <&#;]{1,32};?))/y

/** Characters for 128 to 159: those of Windows-1252. */
const WINDOWS_1252 = '€\x81‚ƒ„…†‡ˆ‰Š‹Œ\x8dŽ\x8f\x90‘’“”•–—˜™š›œ\x9džŸ'

/** Characters by the names of their references, those with `;` and those without. */
export type HtmlEntities = ReadonlyMap<string, string>

/**
 * Replaces character references as CPython's `html.unescape` does. A text that is nothing but references takes a few bytes for each of its
 * characters meanwhile: `replace` would keep all of its matches until the last one was found.
 */
export function unescapeHtml(text: string, entities: HtmlEntities): string {
  const result = new TextBuilder()
  let start = 0
  let next = text.indexOf('&')
  while (next >= 0) {
    REFERENCE.lastIndex = next
    const found = REFERENCE.exec(text)
    const character = found === null ? undefined : referred(entities, found)
    if (character === undefined) next = text.indexOf('&', found === null ? next + 1 : REFERENCE.lastIndex)
    else {
      result.add(text.slice(start, next))
      result.add(character)
      start = REFERENCE.lastIndex
      next = text.indexOf('&', start)
    }
  }
  if (start === 0) return text
  result.add(text.slice(start))
  return result.toString()
}

/** The character that a reference stands for; undefined: it stands for none, and stays as it is written. */
function referred(entities: HtmlEntities, [, decimal, hexadecimal, name]: RegExpExecArray): Maybe<string> {
  if (decimal !== undefined) return characterOf(Number(decimal))
  if (hexadecimal !== undefined) return characterOf(Number.parseInt(hexadecimal, 16))
  return namedCharacter(entities, name!)
}

function characterOf(code: number): string {
  if (code === 0 || code > 0x10ffff || (code >= 0xd800 && code <= 0xdfff)) return '\ufffd'
  if (code >= 0x80 && code <= 0x9f) return WINDOWS_1252.charAt(code - 0x80)
  return isForbidden(code) ? '' : String.fromCodePoint(code)
}

/** Controls and code points that are no characters. */
function isForbidden(code: number): boolean {
  if (code < 0x20) return code !== 0x09 && code !== 0x0a && code !== 0x0c && code !== 0x0d
  return code === 0x7f || (code >= 0xfdd0 && code <= 0xfdef) || (code & 0xfffe) === 0xfffe
}

/** @param name with its `;`, if it has one; a name that needs none may have other characters behind it */
function namedCharacter(entities: HtmlEntities, name: string): Maybe<string> {
  const whole = entities.get(name)
  if (whole !== undefined) return whole
  for (let length = name.length - 1; length > 1; length--) {
    const known = entities.get(name.slice(0, length))
    if (known !== undefined) return known + name.slice(length)
  }
  return undefined
}

export function readEntities(): HtmlEntities {
  const entities = new Map<string, string>()
  for (const entry of HTML_ENTITIES.trim().split(/\s+/)) {
    const [name, ...codes] = entry.split(/[=+]/) as [string, ...string[]]
    const text = String.fromCodePoint(...codes.map((code) => Number.parseInt(code, 16)))
    const bare = name.replace('!', '')
    entities.set(`${bare};`, text)
    if (bare !== name) entities.set(bare, text)
  }
  return entities
}
