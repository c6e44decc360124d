/*
 * Characters that mean something to whoever reads a text, instead of being part of it. All that is echoed (detections,
 * log lines, messages, results on a terminal) goes through here.
 *
 *                                              on the wire       on a terminal   in a line of JSON
 *     |                                        blank             as it is        as it is
 *     TAB                                      as it is          as it is        \t, by JSON itself
 *     CRLF, LF                                 one blank         as it is        \r\n, by JSON itself
 *     CR, VT, FF, all other C0, DEL, C1 (NEL)  blank             \x1b            \u001b
 *     U+2028, U+2029                           blank             \u2028          \u2028
 *
 * Line ends are more than LF: the reader of replies in a SIEM may end a line at CR, VT, FF, FS, GS, RS, NEL, U+2028 and
 * U+2029 (Python's splitlines does), and would take the rest of a value for a line of the server. ESC and CSI steer a
 * terminal.
 */

interface Row {
  readonly from: number
  readonly to: number
  /** It becomes a blank between `|` and line ends of the protocol. */
  readonly onWire: boolean
  /** It is written as an escape where people read. */
  readonly onTerminal: boolean
}

const TABLE: readonly Row[] = [
  { from: 0x00, to: 0x08, onWire: true, onTerminal: true },
  { from: 0x0a, to: 0x0a, onWire: true, onTerminal: false },
  { from: 0x0b, to: 0x1f, onWire: true, onTerminal: true },
  { from: 0x7f, to: 0x9f, onWire: true, onTerminal: true },
  { from: 0x2028, to: 0x2029, onWire: true, onTerminal: true },
]

function classOf(rows: readonly Row[]): string {
  const point = (code: number) => `\\u${code.toString(16).padStart(4, '0')}`
  return rows.map(({ from, to }) => `${point(from)}-${point(to)}`).join('')
}

const WIRE = classOf(TABLE.filter(({ onWire }) => onWire))
const LINE_CONTROL = new RegExp(`[${WIRE}]`)
const LINE_CONTROLS = new RegExp(`\\r\\n|[${WIRE}]`, 'g')
const VALUE_CONTROL = new RegExp(`[|${WIRE}]`)
const VALUE_CONTROLS = new RegExp(`\\r\\n|[|${WIRE}]`, 'g')
const TERMINAL_CONTROLS = new RegExp(`[${classOf(TABLE.filter(({ onTerminal }) => onTerminal))}]`, 'g')

/** A value as it may stand on the wire: characters that would end it, or its line, become blanks. */
export function wireText(text: string): string {
  return VALUE_CONTROL.test(text) ? text.replace(VALUE_CONTROLS, ' ') : text
}

/** A part of a line as it may stand on the wire; the `|` in it stay. */
export function wireLine(text: string): string {
  return LINE_CONTROL.test(text) ? text.replace(LINE_CONTROLS, ' ') : text
}

/** A text for people: `\x1b` for what would steer a terminal. Its lines and tabs stay. */
export function terminalText(text: string): string {
  return text.replace(TERMINAL_CONTROLS, (control) => {
    const digits = control.charCodeAt(0).toString(16)
    return digits.length > 2 ? `\\u${digits}` : `\\x${digits.padStart(2, '0')}`
  })
}

/** Lines of JSON that may be read on a terminal: the same values, with escapes that JSON itself does not ask for. */
export function terminalJson(lines: string): string {
  return lines.replace(
    TERMINAL_CONTROLS,
    (control) => `\\u${control.charCodeAt(0).toString(16).padStart(4, '0')}`,
  )
}
