/** The beginning of formats that come with a syslog header before it: `<13>Jul 10 12:00:00 host CEF:0|...`. */

/**
 * Where `mark` stands with a version and a `|` behind it; it begins the text, or follows a blank or the `>` of a priority.
 *
 * @param mark `CEF:`
 * @returns undefined where there is none
 */
export function findHeader(text: string, mark: string): { version: string; end: number } | undefined {
  for (let at = text.indexOf(mark); at >= 0; at = text.indexOf(mark, at + mark.length)) {
    if (at > 0 && !BEFORE.test(text.charAt(at - 1))) continue
    VERSION.lastIndex = at + mark.length
    const version = VERSION.exec(text)
    if (version !== null) return { version: version[1]!, end: VERSION.lastIndex }
  }
  return undefined
}

const BEFORE = /[\s>]/
const VERSION = / ?(\d{1,9}(?:\.\d{1,9})?)\|/y
