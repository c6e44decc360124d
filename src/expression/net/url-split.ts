import { lower } from '../runtime/text/casing.ts'
import { isIpv6 } from './ip.ts'

/**
 * A URL in its parts, as `urllib.parse.urlparse` of CPython 3.11.12 and later splits it. Nothing is decoded; a part that
 * is not there is `''`.
 */
interface SplitUrl {
  /** In lower case. */
  readonly scheme: string
  /** The text between `//` and the next `/`, `?` or `#`. */
  readonly netloc: string
  readonly path: string
  /** The text behind the first `;` of the path's last segment; only some schemes have it. */
  readonly params: string
  readonly query: string
  readonly fragment: string
}

interface SplitNetloc {
  readonly username: string
  readonly password: string
  /** In lower case, but for a zone id (`fe80::1%eTh0`); without brackets. */
  readonly host: string
  /** The host stood in brackets: it is an address, never a name. */
  readonly bracketed: boolean
  /** As it is written, which need not be a number. */
  readonly port: string
}

/** The schemes whose last path segment can have `;params`: urlparse's list. */
const SCHEMES_WITH_PARAMS: ReadonlySet<string> = new Set([
  '',
  'ftp',
  'hdl',
  'http',
  'https',
  'imap',
  'mms',
  'prospero',
  'rtsp',
  'rtsps',
  'rtspu',
  'sftp',
  'shttp',
  'sip',
  'sips',
  'tel',
])

const SCHEME = /^[A-Za-z][A-Za-z0-9+.-]*$/
const LEADING_BLANKS = /^[\x00-\x20]+/
const REMOVED = /[\t\r\n]+/g
const IP_FUTURE = /^v[a-fA-F0-9]+\..+$/s

/**
 * The characters that NFKC turns into something with `/`, `?`, `#`, `@` or `:`; no sequence of others combines to one.
 * urlparse normalizes the whole text instead, but the time of that grows with the square of the length of a run of
 * combining marks.
 */
const DELIMITER_LOOKALIKE =
  /[\u2047-\u2049\u2100\u2101\u2105\u2106\u2a74\ufe13\ufe16\ufe55\ufe56\ufe5f\ufe6b\uff03\uff0f\uff1a\uff1f\uff20]/

/** Without the characters that browsers and urlparse drop: blanks and controls in front, tabs and newlines anywhere. */
export function cleanUrl(text: string): string {
  const started = text.charCodeAt(0) <= 0x20 ? text.replace(LEADING_BLANKS, '') : text
  return started.replace(REMOVED, '')
}

/**
 * @param url what `cleanUrl` returned
 * @returns undefined where urlparse raises: brackets without partner, without an IPv6 address between them or with text
 *   around them, and characters that look like a delimiter
 */
export function splitUrl(url: string): SplitUrl | undefined {
  let scheme = ''
  let rest = url
  const colon = url.indexOf(':')
  if (colon > 0 && SCHEME.test(url.slice(0, colon))) {
    scheme = url.slice(0, colon).toLowerCase()
    rest = url.slice(colon + 1)
  }
  let netloc = ''
  if (rest.startsWith('//')) {
    const end = endOfNetloc(rest)
    netloc = rest.slice(2, end)
    rest = rest.slice(end)
    if (!isAllowedNetloc(netloc)) return undefined
  }
  const [beforeFragment, fragment] = splitAt(rest, rest.indexOf('#'))
  const [path, query] = splitAt(beforeFragment, beforeFragment.indexOf('?'))
  if (!SCHEMES_WITH_PARAMS.has(scheme)) return { scheme, netloc, path, params: '', query, fragment }
  const semicolon = path.indexOf(';', path.lastIndexOf('/') + 1)
  const [bare, params] = splitAt(path, semicolon)
  return { scheme, netloc, path: bare, params, query, fragment }
}

export function splitNetloc(netloc: string): SplitNetloc {
  const at = netloc.lastIndexOf('@')
  const [username, password] = at < 0 ? ['', ''] : splitAt(netloc.slice(0, at), netloc.indexOf(':'))
  const hostAndPort = netloc.slice(at + 1)
  const open = hostAndPort.indexOf('[')
  let host: string
  let port: string
  if (open >= 0) {
    const [bracketed, after] = splitAt(
      hostAndPort.slice(open + 1),
      hostAndPort.indexOf(']', open + 1) - open - 1,
    )
    host = bracketed
    port = splitAt(after, after.indexOf(':'))[1]
  } else {
    ;[host, port] = splitAt(hostAndPort, hostAndPort.indexOf(':'))
  }
  return { username, password, host: lowerBeforeZone(host), bracketed: open >= 0, port }
}

/** The texts before and behind the character at `index`; all and nothing if the index is none. */
function splitAt(text: string, index: number): [before: string, after: string] {
  return index < 0 || index >= text.length ? [text, ''] : [text.slice(0, index), text.slice(index + 1)]
}

function endOfNetloc(rest: string): number {
  for (let index = 2; index < rest.length; index++) {
    const code = rest.charCodeAt(index)
    if (code === 0x2f || code === 0x3f || code === 0x23) return index
  }
  return rest.length
}

function isAllowedNetloc(netloc: string): boolean {
  const open = netloc.indexOf('[')
  const close = netloc.indexOf(']')
  if (open < 0 !== close < 0) return false
  if (open >= 0 && !isBracketedNetloc(netloc.slice(netloc.lastIndexOf('@') + 1))) return false
  return !DELIMITER_LOOKALIKE.test(netloc)
}

/**
 * Of a netloc with brackets: do they enclose the whole host? Text before or behind them (`evil.com[::1]`, CVE-2025-0938)
 * is the host to some readers; brackets in the userinfo alone are refused as well.
 */
function isBracketedNetloc(hostAndPort: string): boolean {
  const open = hostAndPort.indexOf('[')
  if (open !== 0) return false
  const [host, after] = splitAt(hostAndPort.slice(1), hostAndPort.indexOf(']') - 1)
  return (after === '' || after.startsWith(':')) && isBracketedHost(host)
}

/** IPv6, with or without a zone id, or RFC 3986's address of a future version. */
function isBracketedHost(host: string): boolean {
  if (host.startsWith('v')) return IP_FUTURE.test(host)
  const percent = host.indexOf('%')
  if (percent < 0) return isIpv6(host)
  const zone = host.slice(percent + 1)
  return zone !== '' && !zone.includes('%') && isIpv6(host.slice(0, percent))
}

function lowerBeforeZone(host: string): string {
  const percent = host.indexOf('%')
  return percent < 0 ? lower(host) : lower(host.slice(0, percent)) + host.slice(percent)
}
