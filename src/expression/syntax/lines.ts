/** A place in a file as editors count it: both from 1, columns in code points. */
export interface Place {
  readonly line: number
  readonly column: number
}

/**
 * The lines of a text, and the way from an offset to its place. A line ends at LF, CRLF or CR, as in YAML.
 * A byte order mark at the start is nobody's column: offsets and places are those of the text without it.
 */
export class Lines {
  readonly text: string
  /** Offset of the first character of each line. */
  readonly #starts: readonly number[]
  /** Offsets of the characters that take two UTF-16 units and one column. */
  readonly #astral: readonly number[]

  constructor(text: string) {
    this.text = withoutByteOrderMark(text)
    this.#starts = lineStarts(this.text)
    this.#astral = astralOffsets(this.text)
  }

  get count(): number {
    return this.#starts.length
  }

  /** @param offset in UTF-16 units; one past the text is its end */
  placeAt(offset: number): Place {
    const index = lastAtOrBefore(this.#starts, offset)
    const start = this.#starts[index]!
    const pairs = lastAtOrBefore(this.#astral, offset - 1) - lastAtOrBefore(this.#astral, start - 1)
    return { line: index + 1, column: offset - start - pairs + 1 }
  }

  /** Offset of the first character of a line, counted from 1; the text's length past the last line. */
  startOf(line: number): number {
    return this.#starts[line - 1] ?? this.text.length
  }

  /** Offset just after the last character of a line, before what ends the line. */
  endOf(line: number): number {
    let end = this.startOf(line + 1)
    if (line < this.count) {
      if (this.text[end - 1] === '\n') end--
      if (this.text[end - 1] === '\r' && end > this.startOf(line)) end--
    }
    return end
  }

  /** A line, counted from 1, without what ends it; '' where the text has no such line. */
  line(line: number): string {
    return this.text.slice(this.startOf(line), this.endOf(line))
  }
}

function withoutByteOrderMark(text: string): string {
  return text.startsWith('\ufeff') ? text.slice(1) : text
}

function lineStarts(text: string): number[] {
  const starts = [0]
  for (const match of text.matchAll(/\r\n|\n|\r/g)) starts.push(match.index + match[0].length)
  return starts
}

function astralOffsets(text: string): number[] {
  const offsets: number[] = []
  for (const match of text.matchAll(/[\u{10000}-\u{10ffff}]/gu)) offsets.push(match.index)
  return offsets
}

/** Index of the last element that is not greater than `value` in an ascending list; -1 if there is none. */
export function lastAtOrBefore(ascending: readonly number[], value: number): number {
  let low = 0
  let high = ascending.length
  while (low < high) {
    const middle = (low + high) >>> 1
    if (ascending[middle]! <= value) low = middle + 1
    else high = middle
  }
  return low - 1
}
