import type { LineFormat, LineReader, LineResult } from './line-format.ts'

/** A comment begins a line, or stands behind a blank; elsewhere `#` and `//` are parts of URLs. */
const COMMENT_LINE = /^(?:#|;|\/\/(?=\s|[^/]*\s|$)|!)/
const COMMENT_BEHIND = /\s(?:#|;|\/\/)(.*)$/
/** A range with blanks round its dash is one value. */
const RANGE = /^([0-9a-f.:]+)\s+-\s+([0-9a-f.:]+)(?=$|[\s,;])/i
const SEPARATOR = /\s*[,;\t|]\s*|\s+/
const BLANKS = /\s+/
const NETWORK = /^[0-9a-f.:]+\/\d{1,3}$/i
/** The list of the exits of Tor has other lines between. */
const TOR = /^(ExitNode|Published|LastStatus|ExitAddress)\s+(.*)$/

/**
 * A list, one indicator a line: addresses, networks, ranges, addresses with a port, hosts, URLs, masks, hashes. Further
 * columns and comments behind the value become the context.
 *
 *     1.10.16.0/20 ; SBL256894      192.0.2.7\t8      evil.example,2024-01-01
 */
export const TEXT_LIST: LineFormat = {
  name: 'list',
  recognizes: () => true,
  createReader: () => new TextListReader(),
}

class TextListReader implements LineReader {
  read(text: string): LineResult {
    if (COMMENT_LINE.test(text)) return undefined
    const tor = TOR.exec(text)
    if (tor !== null && tor[1] !== 'ExitAddress') return undefined
    const line = tor === null ? text : tor[2]!
    const comment = COMMENT_BEHIND.exec(line)
    const columnsText = (comment === null ? line : line.slice(0, comment.index)).trim()
    if (columnsText === '') return undefined
    const { value, rest } = firstColumn(columnsText)
    const columns = rest === '' ? [] : rest.split(SEPARATOR)
    const record = new Map<string, string>([['value', value]])
    for (const [i, column] of columns.entries()) record.set(`column${i + 2}`, unquoted(column))
    const note = comment?.[1]?.trim()
    if (note !== undefined && note !== '') record.set('comment', note)
    return { record, own: [{ value, type: undefined }] }
  }
}

function firstColumn(text: string): { value: string; rest: string } {
  const range = RANGE.exec(text)
  if (range !== null) {
    const rest = text.slice(range[0].length).replace(/^[\s,;|]+/, '')
    return { value: `${range[1]}-${range[2]}`, rest }
  }
  const separator = separatorAt(text)
  if (separator === undefined) return { value: unquoted(text), rest: '' }
  return {
    value: unquoted(text.slice(0, separator.at)),
    rest: text.slice(separator.at + separator.length),
  }
}

/** The end of the first column. A comma or semicolon in the path of a URL is a part of it. */
function separatorAt(text: string): { at: number; length: number } | undefined {
  const found = SEPARATOR.exec(text)
  if (found === null) return undefined
  const first = text.slice(0, found.index)
  const isUrl = first.includes('/') && !NETWORK.test(first)
  const separator = isUrl ? BLANKS.exec(text) : found
  return separator === null ? undefined : { at: separator.index, length: separator[0].length }
}

function unquoted(text: string): string {
  return text.length > 1 && text.startsWith('"') && text.endsWith('"') ? text.slice(1, -1) : text
}
