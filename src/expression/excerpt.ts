/** An excerpt takes this many terminal columns at most; of longer lines the part around the caret is shown. */
const MAX_WIDTH = 100

/** Of a line that is cut, this many terminal columns before the caret stay. */
const CONTEXT_BEFORE = 40

/** No window of MAX_WIDTH columns needs more UTF-16 units of a line than this on either side of the caret. */
const MAX_UNITS = 1000

const CUT = '...'
const TAB = '    '

/** Characters that terminals show on two columns: East Asian wide and full-width characters, and emoji. */
const WIDE =
  /[\u1100-\u115f\u2329\u232a\u2e80-\u303e\u3041-\u3247\u3250-\u4dbf\u4e00-\ua4cf\ua960-\ua97f\uac00-\ud7a3\uf900-\ufaff\ufe10-\ufe19\ufe30-\ufe6f\uff01-\uff60\uffe0-\uffe6\u{16fe0}-\u{18cff}\u{1aff0}-\u{1b2fb}\u{1f200}-\u{1f265}\u{20000}-\u{3fffd}]|(?![\u{1f1e6}-\u{1f1ff}])\p{Emoji_Presentation}/u

/** Characters that would move the terminal's cursor or turn the text round: the excerpt would differ from the file. */
const UNSAFE = /[\p{Cc}\p{Zl}\p{Zp}\p{Cs}\u061c\u200e\u200f\u202a-\u202e\u2066-\u2069]/u

const ZERO_WIDTH = /[\p{Mn}\p{Me}\p{Cf}]/u
const PRINTABLE_ASCII = /^[ -~]*$/

/** A character as it is shown, and the terminal columns it takes. */
interface Cell {
  readonly shown: string
  readonly width: number
}

/**
 * One line of a file for people: tabs become blanks, characters that would disturb the terminal a replacement
 * character, and a long line is cut around the part that is underlined.
 *
 * @param column first column at fault, from 1, in code points; one past the line's end is allowed
 * @param endColumn the column after the last one at fault
 * @returns the line, and the line of carets to print under it
 */
export function excerpt(line: string, column: number, endColumn: number): { text: string; carets: string } {
  const near = surroundings(line, column)
  const cells = cellsOf(near.text)
  const first = Math.min(column - 1 - near.skipped, cells.length)
  const end = Math.min(Math.max(endColumn - 1 - near.skipped, first + 1), Math.max(cells.length, first + 1))

  let from = 0
  let to = cells.length
  if (near.skipped > 0 || near.more || widthOf(cells) > MAX_WIDTH) {
    from = first
    for (let room = CONTEXT_BEFORE; from > 0 && room >= cells[from - 1]!.width; from--) {
      room -= cells[from - 1]!.width
    }
    to = from
    for (let room = MAX_WIDTH; to < cells.length && room >= cells[to]!.width; to++) room -= cells[to]!.width
    // At the end of a line the room that its last characters leave goes to what stands before.
    for (
      let room = MAX_WIDTH - widthOf(cells.slice(from, to));
      from > 0 && room >= cells[from - 1]!.width;
      from--
    ) {
      room -= cells[from - 1]!.width
    }
  }
  const cutBefore = from > 0 || near.skipped > 0 ? CUT : ''
  const cutAfter = to < cells.length || near.more ? CUT : ''
  const shown = cells.slice(from, to)
  const indent = cutBefore.length + widthOf(cells.slice(from, first))
  return {
    text: cutBefore + shown.map((cell) => cell.shown).join('') + cutAfter,
    carets: ' '.repeat(indent) + '^'.repeat(Math.max(1, widthOf(cells.slice(first, Math.min(end, to))))),
  }
}

/** The part of a line that can matter, so that a line of megabytes costs no more than a short one. */
function surroundings(line: string, column: number): { text: string; skipped: number; more: boolean } {
  if (line.length <= MAX_UNITS) return { text: line, skipped: 0, more: false }
  let offset = 0
  let skipped = 0
  let start = 0
  for (let at = 1; at < column && offset < line.length; at++) {
    if (at === column - MAX_UNITS / 2) {
      start = offset
      skipped = at - 1
    }
    offset += line.codePointAt(offset)! > 0xffff ? 2 : 1
  }
  const text = line.slice(start, offset + MAX_UNITS)
  return { text, skipped, more: offset + MAX_UNITS < line.length }
}

function cellsOf(text: string): Cell[] {
  if (PRINTABLE_ASCII.test(text)) return Array.from(text, (shown) => ({ shown, width: 1 }))
  return Array.from(text, (character) => {
    if (character === '\t') return { shown: TAB, width: TAB.length }
    if (UNSAFE.test(character)) return { shown: '\ufffd', width: 1 }
    if (ZERO_WIDTH.test(character)) return { shown: character, width: 0 }
    return { shown: character, width: WIDE.test(character) ? 2 : 1 }
  })
}

/** A line as terminals show it, and the columns that it takes. */
export function displayed(line: string): { readonly text: string; readonly width: number } {
  const cells = cellsOf(line)
  return { text: cells.map(({ shown }) => shown).join(''), width: widthOf(cells) }
}

function widthOf(cells: readonly Cell[]): number {
  return cells.reduce((sum, cell) => sum + cell.width, 0)
}
