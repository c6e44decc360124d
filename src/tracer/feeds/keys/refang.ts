/** A text without any of these has nothing to be mended. */
const MAY_BE_DEFANGED = /[[({]|xx|\\\./i
const SCHEME = /^(?:h(?:xx|\*\*|tt)p|fxp|meow)(s?)(?=(?:\[|\()?:)/i
const DOT = /\[\.\]|\(\.\)|\{\.\}|\[dot\]|\(dot\)|\{dot\}|\\\./gi
const COLON = /\[:\]|\(:\)|\{:\}/g
const SCHEME_END = /\[:\/\/\]|\(:\/\/\)/g
const AT = /\[@\]|\(@\)|\{@\}|\[at\]|\(at\)/gi

/**
 * Undoes the ways in which indicators are written so that nobody follows them by accident: `hxxp://`, `[.]`, `(.)`,
 * `{.}`, `[dot]`, `[:]`, `[://]`, `[@]`, `\.`. Any other text comes back as it is.
 */
export function refang(text: string): string {
  if (!MAY_BE_DEFANGED.test(text)) return text
  return text
    .replace(SCHEME_END, '://')
    .replace(COLON, ':')
    .replace(DOT, '.')
    .replace(AT, '@')
    .replace(SCHEME, (scheme, s: string) => (/^f/i.test(scheme) ? `ftp${s}` : `http${s}`))
}
