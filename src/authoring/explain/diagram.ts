/**
 * Values under the parts of a line of source:
 *
 *     lower(lookup('ip_protocols', proto, 'other'))
 *           │                      └ 6
 *           └ "TCP"
 */
import { displayed } from '../../expression/excerpt.ts'
import type { Part } from '../../rules/observe/index.ts'
import type { Paint } from './paint.ts'

/** A text that belongs under a column. */
export interface Label {
  /** The terminal column, from 0. */
  readonly column: number
  readonly text: string
  readonly paint: (text: string) => string
}

/** Blanks between two labels on one line. */
const GAP = 2

/** The lines of labels, the rightmost label first; labels share a line where there is room. */
export function diagram(labels: readonly Label[], { dim }: Pick<Paint, 'dim'>): string[] {
  const lines: string[] = []
  let open = [...labels].sort((one, other) => one.column - other.column)
  while (open.length > 0) {
    const stays: Label[] = []
    const pieces: { readonly column: number; readonly shown: string; readonly width: number }[] = []
    let limit = Number.POSITIVE_INFINITY
    for (const label of open.toReversed()) {
      const { column, text, paint } = label
      const width = 2 + displayed(text).width
      // Of two labels for one column the second one has a line of its own.
      const isFree = column < limit
      if (isFree && column + width + GAP <= limit + (limit === Number.POSITIVE_INFINITY ? 0 : 1)) {
        pieces.unshift({ column, shown: `${dim('└')} ${paint(text)}`, width })
      } else {
        stays.unshift(label)
        if (isFree) pieces.unshift({ column, shown: dim('│'), width: 1 })
      }
      if (isFree) limit = column
    }
    lines.push(joined(pieces))
    open = stays
  }
  return lines
}

function joined(
  pieces: readonly { readonly column: number; readonly shown: string; readonly width: number }[],
): string {
  let line = ''
  let width = 0
  for (const piece of pieces) {
    line += ' '.repeat(piece.column - width) + piece.shown
    width = piece.column + piece.width
  }
  return line
}

/**
 * The offset at which a reader looks for a part: the operator of a sum or a comparison, the name of a method, the bracket
 * of a subscript, else the beginning.
 */
export function anchorOf({ kind, start, end, parts, section }: Part): number {
  const { text } = section
  const [first] = parts
  if (first === undefined) return start
  const isInfix = kind === 'binary' || kind === 'comparison' || kind === 'logical' || kind === 'conditional'
  const isSuffix = kind === 'method' || kind === 'item' || kind === 'slice' || kind === 'attribute'
  const isCast = kind === 'call' && first.start === start
  if (!isInfix && !isSuffix && !isCast) return start
  // The parts of `a if b else c` are in the order b, a, c.
  const left = kind === 'conditional' ? Math.min(...parts.map((part) => part.end)) : first.end
  for (let offset = left; offset < end; offset++) {
    const character = text[offset]!
    if (character === ')' || character === '.' || /\s/.test(character)) continue
    return offset
  }
  return start
}
