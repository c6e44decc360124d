/** The layout of a CSV file, as its beginning shows it. */
export interface CsvLayout {
  readonly delimiter: string
  /** The names, when they are known before the first row is read: given, by position, or in a comment. */
  readonly columns: readonly string[] | undefined
  /** Characters and lines before the header, or before the first row where there is none. */
  readonly skippedLength: number
  readonly skippedLines: number
  /** Lines that begin with `#` are comments. */
  readonly hasComments: boolean
  /** Blanks stand before quotes. */
  readonly hasBlanksBeforeQuotes: boolean
}

/** Names or positions that are given. */
export interface CsvOptions {
  /** The names of the columns of a file without a header. */
  readonly columns?: readonly string[] | undefined
  readonly delimiter?: string | undefined
}

const DELIMITERS = [',', ';', '\t', '|'] as const
const POSITION = /^[1-9]\d{0,3}$/

/**
 * Reads the layout off the beginning of a file: comments before the header, the header in the last one of them (as
 * abuse.ch has it), the delimiter.
 *
 * @param head the first lines
 * @param keys the wanted keys: a number that is no name means a position, in a file without a header
 */
export function csvLayout(head: string, keys: readonly string[], options: CsvOptions): CsvLayout {
  const { lines, comments, skippedLength, skippedLines } = withoutPreamble(head)
  const first = lines[0] ?? ''
  const delimiter = options.delimiter ?? bestDelimiter(first, lines[1])
  const layout = {
    delimiter,
    skippedLength,
    skippedLines,
    hasComments: comments.length > 0,
    hasBlanksBeforeQuotes: lines.slice(0, 20).some((line) => /(?:^|[,;|]) +"/.test(line)),
  }
  if (options.columns !== undefined) return { ...layout, columns: options.columns }
  const width = cells(first, delimiter).length
  const named = comments.at(-1)?.replace(/^#\s*/, '')
  if (named !== undefined) {
    const columns = cells(named, delimiter).map((name) => name.trim().replace(/^"|"$/g, ''))
    if (columns.length > 1 && columns.length === width) return { ...layout, columns }
  }
  if (
    keys.length > 0 &&
    keys.every((key) => POSITION.test(key)) &&
    !cells(first, delimiter).some((cell) => keys.includes(cell))
  ) {
    const highest = Math.max(width, ...keys.map(Number))
    return { ...layout, columns: Array.from({ length: highest }, (_, i) => String(i + 1)) }
  }
  return { ...layout, columns: undefined }
}

/** The cells of a header, without its quotes. */
export function headerOf(head: string, layout: CsvLayout): readonly string[] {
  if (layout.columns !== undefined) return layout.columns
  const line = head.slice(layout.skippedLength).split(/\r?\n/, 1)[0]!
  return cells(line, layout.delimiter).map((name) => name.trim().replace(/^"|"$/g, ''))
}

function withoutPreamble(head: string) {
  const comments: string[] = []
  let skippedLength = 0
  let skippedLines = 0
  const all = head.split('\n')
  for (const line of all) {
    const text = line.trim()
    if (text !== '' && !text.startsWith('#')) break
    if (text !== '') comments.push(text)
    skippedLength += line.length + 1
    skippedLines += 1
  }
  const lines = all.slice(skippedLines).map((line) => line.replace(/\r$/, ''))
  return { lines, comments, skippedLength: Math.min(skippedLength, head.length), skippedLines }
}

function bestDelimiter(header: string, row: string | undefined): string {
  let best: string = ','
  let most = 0
  for (const delimiter of DELIMITERS) {
    const width = cells(header, delimiter).length
    // A delimiter that the next row has as often is surer than one that the header has often.
    const agrees = row !== undefined && row !== '' && cells(row, delimiter).length === width
    const score = width > 1 ? width + (agrees ? 1000 : 0) : 0
    if (score > most) {
      most = score
      best = delimiter
    }
  }
  return best
}

/** Cells of a line; a delimiter in quotes is none. */
function cells(line: string, delimiter: string): string[] {
  const found: string[] = []
  let start = 0
  let isQuoted = false
  for (let i = 0; i < line.length; i++) {
    const character = line[i]
    if (character === '"') isQuoted = !isQuoted
    else if (character === delimiter && !isQuoted) {
      found.push(line.slice(start, i))
      start = i + 1
    }
  }
  found.push(line.slice(start))
  return found
}
