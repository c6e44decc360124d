/** Between places of problems, which count columns in code points from 1, and offsets in UTF-16 units. */
import type { Problem } from '../../expression/diagnostic.ts'
import type { Lines } from '../../expression/syntax/lines.ts'

/** Offsets in UTF-16 units, the end exclusive. */
export interface TextRange {
  readonly start: number
  readonly end: number
}

/** The offset of a place; of one behind the end of its line that end. */
export function offsetAt(lines: Lines, line: number, column: number): number {
  const start = lines.startOf(line)
  const end = lines.endOf(line)
  let offset = start
  for (let passed = 1; passed < column && offset < end; passed++) {
    offset += (lines.text.codePointAt(offset) ?? 0) > 0xffff ? 2 : 1
  }
  return Math.min(offset, end)
}

/** The part of its file that a problem underlines. */
export function rangeOf(
  { line, column, endColumn = column + 1 }: Pick<Problem, 'line' | 'column' | 'endColumn'>,
  lines: Lines,
): TextRange {
  const start = offsetAt(lines, line, column)
  return { start, end: Math.max(start, offsetAt(lines, line, endColumn)) }
}
