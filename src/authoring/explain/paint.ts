/** Colours of a terminal, by what they mean. */

export interface Paint {
  /** Output fields, names of conditions. */
  name(text: string): string
  /** Values. */
  value(text: string): string
  /** A field that is left out, a condition that does not hold. */
  absent(text: string): string
  /** A rejection, and the part at fault. */
  fault(text: string): string
  /** Things beside the story: line numbers, lines that lead to values. */
  dim(text: string): string
  heading(text: string): string
}

const plain = (text: string): string => text

/** No colours: for files, pipes, and people who asked for none. */
export const PLAIN: Paint = {
  name: plain,
  value: plain,
  absent: plain,
  fault: plain,
  dim: plain,
  heading: plain,
}

const styled =
  (on: number, off: number) =>
  (text: string): string =>
    text === '' ? '' : `\x1b[${on}m${text}\x1b[${off}m`

/** The colours that every terminal has, so that they fit light and dark backgrounds. */
export const COLOURED: Paint = {
  name: styled(1, 22),
  value: styled(32, 39),
  absent: styled(33, 39),
  fault: styled(31, 39),
  dim: styled(2, 22),
  heading: styled(4, 24),
}
