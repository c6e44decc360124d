/** IIS writes blanks as `+`. */
const PLUS_FOR_BLANK = /\+\(|[;,)]\+/
const ESCAPED_BLANK = /%(?:25)?20/
/** An escape of a printable character, also an escaped one. */
const ESCAPE = /%(?:25)?(2[0-9a-f]|[3-6][0-9a-f]|7[0-9a-e])/gi

/**
 * A user agent as it was sent, where a log has no blanks: IIS writes `+` for them, CloudFront and others escape them
 * (`%20`), some of them twice (`%2520`). A text with blanks comes back as it is.
 */
export function readable(text: string): string {
  if (text.includes(' ')) return text
  if (ESCAPED_BLANK.test(text)) {
    return text.replace(ESCAPE, (_, hex) => String.fromCharCode(Number.parseInt(hex, 16)))
  }
  return PLUS_FOR_BLANK.test(text) ? text.replaceAll('+', ' ') : text
}
