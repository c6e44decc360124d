import { repr } from '../runtime/format/repr.ts'

/** Of a text that does not fit, so much is shown in the message: events may be megabytes. */
const SHOWN_LENGTH = 100

export function shown(text: string): string {
  return text.length > SHOWN_LENGTH ? `${repr(text.slice(0, SHOWN_LENGTH))}...` : repr(text)
}
