import { valueError } from '../../failure.ts'
import { checkLength } from '../length.ts'
import type { Meter } from '../meter.ts'
import { textLength } from './text.ts'
import { TextBuilder } from './text-builder.ts'

/**
 * `filler` that often.
 *
 * @throws {Failure} VALUE_ERROR when the result would be too long
 */
export function repeatText(filler: string, count: number): string {
  if (count <= 0) return ''
  checkLength(count * filler.length)
  return filler.repeat(count)
}

/**
 * The number of elements that are missing from the width; not positive when none are.
 *
 * @throws {Failure} VALUE_ERROR when the width is too big
 */
function missing(text: string, width: number): number {
  const room = width - textLength(text)
  if (room > 0) checkLength(width)
  return room
}

/** `text.ljust(width, filler)`. */
export function padEnd(text: string, width: number, filler: string): string {
  return text + repeatText(filler, missing(text, width))
}

/** `text.rjust(width, filler)`. */
export function padStart(text: string, width: number, filler: string): string {
  return repeatText(filler, missing(text, width)) + text
}

/** `text.center(width, filler)`. Where the room is odd, the odd one goes to the left if the width is odd too. */
export function center(text: string, width: number, filler: string): string {
  const room = missing(text, width)
  if (room <= 0) return text
  const left = Math.floor(room / 2) + (room % 2 === 1 && width % 2 === 1 ? 1 : 0)
  return repeatText(filler, left) + text + repeatText(filler, room - left)
}

/** `text.zfill(width)`: zeros between the sign and the rest. */
export function zeroFill(text: string, width: number): string {
  const zeros = repeatText('0', missing(text, width))
  const signed = text[0] === '-' || text[0] === '+'
  return signed ? text[0] + zeros + text.slice(1) : zeros + text
}

/**
 * `text.expandtabs(tabSize)`: spaces up to the next multiple of the tab size; a line begins after `\n` and `\r`.
 *
 * @throws {Failure} VALUE_ERROR when the result would be too long
 */
export function expandTabs(meter: Meter, text: string, tabSize: number): string {
  if (!text.includes('\t')) return text
  if (tabSize > 2 ** 31 - 1) throw valueError('Python int too large to convert to C int')
  meter.touch(text.length * 4)
  const result = new TextBuilder(meter)
  let column = 0
  let done = 0
  for (let unit = 0; unit < text.length; unit++) {
    const code = text.charCodeAt(unit)
    if (code === 0x0a || code === 0x0d) {
      column = 0
    } else if (code !== 0x09) {
      // The second half of a pair takes no column.
      if ((code & 0xfc00) !== 0xdc00 || (text.charCodeAt(unit - 1) & 0xfc00) !== 0xd800) column++
    } else {
      result.add(text.slice(done, unit))
      done = unit + 1
      if (tabSize <= 0) continue
      const spaces = tabSize - (column % tabSize)
      result.add(repeatText(' ', spaces))
      column += spaces
    }
  }
  result.add(text.slice(done))
  return result.toString()
}
