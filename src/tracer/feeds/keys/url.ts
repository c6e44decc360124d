import { domainToASCII } from 'node:url'
import { formatAddress, parseAddress, parseOddIpv4 } from './ip.ts'
import { percentDecode } from './percent.ts'

/** A normalised URL, in the parts that it is looked up by. */
export interface UrlKey {
  /** `host[/path][?query]`. */
  readonly text: string
  /** The host without its first `www.`. */
  readonly host: string
  /** True when there was a `www.`. */
  readonly hadWww: boolean
  /** The text behind the host: empty, or it begins with `/`. */
  readonly tail: string
}

/** A normalised mask, `host[/path][?query]` with stars; a host with a leading dot stands for all below it too. */
export interface MaskKey {
  readonly text: string
  /** The host without its leading dot. */
  readonly host: string
  readonly hasLeadingDot: boolean
  /** The text behind the host: empty (any path), or it begins with `/`. */
  readonly tail: string
}

/** The parts of a URL as they are written. */
interface UrlParts {
  readonly host: string
  readonly path: string
  /** The query without its `?`. */
  readonly query: string
}

/** Browsers take any number of slashes behind these. */
const WEB_SCHEMES: ReadonlySet<string> = new Set(['http', 'https', 'ftp', 'ws', 'wss'])
const SCHEME = /^[a-z][a-z0-9+.-]*$/i
const MASK_SCHEME = /^[a-z*][a-z0-9+.*-]*$/i
const LONGEST_SCHEME = 40
/** A star, or a dot where the host may begin. */
const MAY_BE_MASK = /\*|(?:^|[\s/\\@])\./
const PORT = /^[0-9]*$/
const MASK_PORT = /^[0-9*]*$/
const PORT_NEXT = /^[0-9*]+(?:[/\\?#]|$)/
/** A host whose escapes hide one of these keeps them: decoded, the host would end elsewhere. */
const RESERVED_IN_HOST = /[\0-\x20"#%/:<>?@[\\\]^`{|}\x7f]/
const LAST_LABEL_IS_NUMBER = /(?:^|\.)[0-9][^.]*$/
const NON_ASCII = /[^\0-\x7f]/
/** A domain name has 253 characters at most; the conversion to punycode takes time that grows with the square. */
const LONGEST_IDN = 1000
const WWW = 'www.'

const TAB = 0x09
const LF = 0x0a
const CR = 0x0d
const SPACE = 0x20
const DOT = 0x2e
const SLASH = 0x2f
const COLON = 0x3a
const QUESTION = 0x3f

const IN_HOST = 1
const IN_PATH = 2
const IN_QUERY = 4
/** The places in which normalization leaves an ASCII character alone: bits by character code. */
const UNCHANGED = unchangedCharacters()

function unchangedCharacters(): Uint8Array {
  const places = new Uint8Array(128)
  for (let code = SPACE + 1; code < 0x7f; code++) {
    const character = String.fromCharCode(code)
    if (/[A-Z%#\\]/.test(character)) continue
    places[code] = IN_QUERY
    if (character !== '?') places[code]! |= IN_PATH
    if (/[a-z0-9_-]/.test(character)) places[code]! |= IN_HOST
  }
  return places
}

/** The URL as it is compared: `HTTP://WWW.EXAMPLE.COM/A/B/../c/./D.html` is `example.com/a/c/d.html`. */
export function canonicalUrl(url: string): string {
  return parseUrl(url).text
}

/**
 * Normalises a URL. Scheme, userinfo, port and fragment are dropped; the host is in lower case and punycode, without
 * superfluous dots and one leading `www.`, odd forms of IPv4 as dotted quads; `\` in the path is `/`, dot segments are
 * resolved, repeated and trailing slashes dropped; path and query are percent-decoded once and in lower case. An empty
 * path before a query is `/`, and an empty query is none.
 *
 * Any text has a normal form. The time is proportional to its length.
 */
export function parseUrl(url: string): UrlKey {
  return readUnchanged(url) ?? readAny(url)
}

/** The URL if nothing has to be changed but its scheme and `www.`, as with most of them. Allocates only slices. */
function readUnchanged(url: string): UrlKey | undefined {
  const end = url.length
  let start = 0
  let at = 0
  let label = 0
  for (; at < end; at++) {
    const code = url.charCodeAt(at)
    if (code < 128 && (UNCHANGED[code]! & IN_HOST) !== 0) continue
    if (code === DOT) {
      if (at === label) return undefined
      label = at + 1
    } else if (code === SLASH) {
      break
    } else {
      const isScheme = code === COLON && start === 0 && url.startsWith('//', at + 1)
      if (!isScheme || !SCHEME.test(url.slice(0, at))) return undefined
      at += 2
      start = at + 1
      label = start
    }
  }
  const hostEnd = at
  if (label === hostEnd) return undefined
  // Perhaps an odd form of IPv4.
  const first = url.charCodeAt(label)
  if (first >= 0x30 && first <= 0x39) return undefined
  const tailEnd = unchangedTailEnd(url, at)
  if (tailEnd < 0) return undefined
  const hadWww = url.startsWith(WWW, start)
  if (hadWww) start += WWW.length
  return {
    text: url.slice(start, tailEnd),
    host: url.slice(start, hostEnd),
    hadWww,
    tail: url.slice(hostEnd, tailEnd),
  }
}

/** The end of a path and query that need no change but for a trailing slash; -1 when they need another one. */
function unchangedTailEnd(url: string, from: number): number {
  const end = url.length
  let at = from
  for (; at < end; at++) {
    const code = url.charCodeAt(at)
    if (code === SLASH) {
      if (at + 1 === end) return at
      const next = url.charCodeAt(at + 1)
      if (next === SLASH || next === DOT || next === QUESTION) return -1
    } else if (code === QUESTION) {
      if (at + 1 === end) return -1
      break
    } else if (code >= 128 || (UNCHANGED[code]! & IN_PATH) === 0) {
      return -1
    }
  }
  for (; at < end; at++) {
    const code = url.charCodeAt(at)
    if (code >= 128 || (UNCHANGED[code]! & IN_QUERY) === 0) return -1
  }
  return end
}

function readAny(url: string): UrlKey {
  const parts = splitUrl(url, false)
  const name = normalizeHost(parts.host)
  const hadWww = startsWithWww(name)
  const host = asIpv4(hadWww ? name.slice(WWW.length) : name)
  const tail = normalizeTail(parts)
  return { text: host + tail, host, hadWww, tail }
}

/**
 * Normalises a mask as URLs are. A `*` may also stand for the scheme and the port. `%2A` is a star, too.
 *
 * @returns undefined when the key is no mask: it has no `*`, and its host no leading dot
 */
export function parseMask(key: string): MaskKey | undefined {
  if (!MAY_BE_MASK.test(key)) return undefined
  const parts = splitUrl(key, true)
  const hasLeadingDot = parts.host.startsWith('.')
  if (!hasLeadingDot && !key.includes('*')) return undefined
  let host = collapseStars(normalizeHost(parts.host))
  if (!host.includes('*')) host = asIpv4(host)
  // Below a domain, `www` is a name as any other.
  if (!hasLeadingDot && startsWithWww(host)) host = host.slice(WWW.length)
  const tail = collapseStars(normalizeTail(parts))
  return { text: `${hasLeadingDot ? '.' : ''}${host}${tail}`, host, hasLeadingDot, tail }
}

function collapseStars(text: string): string {
  return text.includes('**') ? text.replace(/\*{2,}/g, '*') : text
}

function startsWithWww(host: string): boolean {
  return host.startsWith(WWW)
}

/** Takes a URL apart, scheme, userinfo, port and fragment dropped. */
function splitUrl(url: string, isMask: boolean): UrlParts {
  const text = withoutBlanks(url)
  const hash = text.indexOf('#')
  const end = hash < 0 ? text.length : hash
  const start = authorityStart(text, isMask ? MASK_SCHEME : SCHEME)
  let authorityEnd = start
  while (authorityEnd < end && !isAuthorityEnd(text.charCodeAt(authorityEnd))) authorityEnd++
  const authority = text.slice(start, authorityEnd)
  const hostAndPort = authority.slice(authority.lastIndexOf('@') + 1)
  const question = text.indexOf('?', authorityEnd)
  const pathEnd = question < 0 || question > end ? end : question
  return {
    host: withoutPort(hostAndPort, isMask ? MASK_PORT : PORT),
    path: text.slice(authorityEnd, pathEnd),
    query: text.slice(pathEnd + 1, end),
  }
}

/** Blanks and control characters at both ends, tabs and line ends anywhere are ignored, as browsers do. */
function withoutBlanks(text: string): string {
  let start = 0
  let end = text.length
  while (start < end && text.charCodeAt(start) <= SPACE) start++
  while (end > start && text.charCodeAt(end - 1) <= SPACE) end--
  const trimmed = text.slice(start, end)
  for (let i = 0; i < trimmed.length; i++) {
    const code = trimmed.charCodeAt(i)
    if (code === TAB || code === LF || code === CR) return trimmed.replace(/[\t\n\r]+/g, '')
  }
  return trimmed
}

/**
 * The offset of the host (or the userinfo): behind `scheme://` or `//`, else at the start. Browsers go to `host` for
 * `https:host` as well; there `ws:80` is a host with a port all the same. `file:/x` has no host.
 */
function authorityStart(text: string, scheme: RegExp): number {
  const colon = text.slice(0, LONGEST_SCHEME + 1).indexOf(':')
  if (colon >= 0 && scheme.test(text.slice(0, colon))) {
    const name = text.slice(0, colon).toLowerCase()
    if (WEB_SCHEMES.has(name) && !isPortNext(text, colon + 1)) return behindSlashes(text, colon + 1)
    if (isSlash(text, colon + 1)) {
      if (isSlash(text, colon + 2)) return colon + 3
      if (name === 'file') return colon + 1
    }
  }
  return isSlash(text, 0) && isSlash(text, 1) ? 2 : 0
}

/** Digits or a star up to the end, a slash, `?` or `#`. */
function isPortNext(text: string, from: number): boolean {
  return PORT_NEXT.test(text.slice(from))
}

function behindSlashes(text: string, from: number): number {
  let at = from
  while (isSlash(text, at)) at++
  return at
}

function isSlash(text: string, at: number): boolean {
  const character = text[at]
  return character === '/' || character === '\\'
}

function isAuthorityEnd(code: number): boolean {
  return code === SLASH || code === QUESTION || code === 0x5c
}

function withoutPort(hostAndPort: string, port: RegExp): string {
  const colon = hostAndPort.lastIndexOf(':')
  if (colon < 0 || !port.test(hostAndPort.slice(colon + 1))) return hostAndPort
  // An IPv6 address without brackets has no port; its last group is not one.
  const isHost = hostAndPort[colon - 1] === ']' || hostAndPort.indexOf(':') === colon
  return isHost ? hostAndPort.slice(0, colon) : hostAndPort
}

/** Lower case, punycode, superfluous dots dropped; IPv6 in its one form, in brackets. */
function normalizeHost(host: string): string {
  if (host.includes(':')) {
    const address = parseAddress(host)
    if (address !== undefined) {
      return typeof address === 'number' ? formatAddress(address) : `[${formatAddress(address)}]`
    }
  }
  const decoded = percentDecode(host)
  let name = (decoded === host || RESERVED_IN_HOST.test(decoded) ? host : decoded).toLowerCase()
  if (NON_ASCII.test(name)) name = toPunycode(trimDots(name))
  return trimDots(name)
}

function trimDots(name: string): string {
  if (!name.startsWith('.') && !name.endsWith('.') && !name.includes('..')) return name
  return name
    .split('.')
    .filter((label) => label !== '')
    .join('.')
}

/** A star is not a part of the label that would be converted: labels with one stay as they are. */
function toPunycode(name: string): string {
  if (name.length > LONGEST_IDN) return name
  if (!name.includes('*')) return domainToASCII(name) || name
  return name
    .split('.')
    .map((label) => (label.includes('*') ? label : domainToASCII(label) || label))
    .join('.')
}

function asIpv4(host: string): string {
  // Most addresses are dotted quads already.
  if (!LAST_LABEL_IS_NUMBER.test(host) || parseAddress(host) !== undefined) return host
  const address = parseOddIpv4(host)
  return address === undefined ? host : formatAddress(address)
}

function normalizeTail({ path, query }: UrlParts): string {
  const segments: string[] = []
  for (const segment of percentDecode(path).replaceAll('\\', '/').toLowerCase().split('/')) {
    if (segment === '..') segments.pop()
    else if (segment !== '' && segment !== '.') segments.push(segment)
  }
  const tail = segments.length === 0 ? '' : `/${segments.join('/')}`
  return query === '' ? tail : `${tail || '/'}?${percentDecode(query).toLowerCase()}`
}
