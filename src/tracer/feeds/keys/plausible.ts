import { parse } from 'tldts'
import { parseAddress } from './ip.ts'

/*
 * Tells host names and URLs from the other texts of feeds. A text of no known kind is never an indicator: an e-mail
 * address, taken for a URL, would make its whole host malicious.
 */

/** Top-level domains that no registry lists: special-use names (RFC 2606, 6761, 6762, 7686, 8375, 9476), and roots of other naming systems. */
const OTHER_TOP_LEVEL = new Set([
  ...['alt', 'example', 'internal', 'invalid', 'local', 'localhost', 'onion', 'test'],
  ...['corp', 'home', 'lan'],
  ...['bazar', 'bit', 'coin', 'crypto', 'emc', 'eth', 'i2p', 'lib', 'loki', 'zil'],
])
const HOST = /^[\p{L}\p{M}\p{N}_.-]+$/u
const MASK_HOST = /^[\p{L}\p{M}\p{N}_.*-]+$/u
const PORT = /:(\d{1,5})$/
const LAST_PORT = 65_535
const SCHEME = /^[a-z][a-z0-9+.-]{1,30}:\/\//i
const BLANK = /\s/
const LONGEST_HOST = 255
/** Top-level domains of feeds are few: the answers are remembered, and no more than so many. */
const MOST_REMEMBERED = 5000
const known = new Map<string, boolean>()

/** The kinds of texts that are looked up as URLs. */
type UrlShape = 'host' | 'url'

/**
 * The shape of a text that names a host or a URL: `evil.example`, `evil.example/` and `evil.example:8080` are hosts; `http://evil.example`,
 * `//evil.example/x` and `evil.example/x` are URLs.
 *
 * @returns undefined for all other texts: names without a dot, file names, e-mail addresses, sentences
 */
export function urlShape(text: string): UrlShape | undefined {
  if (BLANK.test(text)) return undefined
  const scheme = SCHEME.exec(text)
  if (scheme !== null)
    return text.length > scheme[0].length && text[scheme[0].length] !== '/' ? 'url' : undefined
  const rest = text.startsWith('//') ? text.slice(2) : text
  const end = rest.search(/[/\\?#]/)
  const authority = end < 0 ? rest : rest.slice(0, end)
  const port = PORT.exec(authority)
  if (port !== null && Number(port[1]) > LAST_PORT) return undefined
  const host = port === null ? authority : authority.slice(0, port.index)
  const isPlausible = (HOST.test(host) && hasTopLevel(host)) || parseAddress(host) !== undefined
  if (!isPlausible) return undefined
  // A slash alone is no path.
  const isBare = end < 0 || (end === rest.length - 1 && rest.endsWith('/'))
  return isBare && rest === text ? 'host' : 'url'
}

/** True when the fixed end of a mask's host may be that of a host, or there is none: `*.evil.example/*`, `login.*`. */
export function isPlausibleMask(text: string): boolean {
  if (BLANK.test(text)) return false
  const withoutScheme = text.replace(/^[a-z*][a-z0-9+.*-]{0,30}:\/\//i, '')
  const end = withoutScheme.search(/[/\\?#]/)
  const host = (end < 0 ? withoutScheme : withoutScheme.slice(0, end)).replace(/:[\d*]{1,5}$/, '')
  if (!MASK_HOST.test(host)) return host === '' && /[^*./]/.test(withoutScheme)
  const labels = host.replace(/\.+$/, '').split('.')
  const last = labels.at(-1)!
  if (last.includes('*')) return /[^*.]/.test(host) || /[^*./]/.test(withoutScheme)
  return /^\d+$/.test(last) ? labels.length === 4 : isTopLevel(last)
}

function hasTopLevel(host: string): boolean {
  const name = host.replace(/\.+$/, '')
  const dot = name.lastIndexOf('.')
  return dot > 0 && name.length <= LONGEST_HOST && isTopLevel(name.slice(dot + 1))
}

function isTopLevel(label: string): boolean {
  const name = label.toLowerCase()
  let isKnown = known.get(name)
  if (isKnown === undefined) {
    isKnown = OTHER_TOP_LEVEL.has(name) || parse(`x.${name}`, { validateHostname: false }).isIcann === true
    if (known.size < MOST_REMEMBERED) known.set(name, isKnown)
  }
  return isKnown
}
