import { isIPv4 } from 'node:net'
import ipaddr from 'ipaddr.js'
import { hashKey } from '../../feeds/keys/indicator-key.ts'
import { formatAddress, parseAddress, parseOddAddress } from '../../feeds/keys/ip.ts'
import { canonicalUrl, parseUrl } from '../../feeds/keys/url.ts'
import type { Indicator } from '../../protocol.ts'

/*
 * MISP compares a value as it is written, so an indicator is asked for in the spellings in which MISP stores such
 * values; what comes back is compared by its normal form.
 *
 *     url  http://WWW.evil.example:80/a?b     http://WWW.evil.example:80/a?b
 *                                             evil.example/a?b
 *                                             evil.example, www.evil.example      a URL on a known bad host is a hit
 */

/** No indicator is longer, and MISP's index of values looks at 255 characters. */
const LONGEST_VALUE = 2048
const HEX = /^[0-9a-fA-F]+$/
const SCHEME = /^[a-z][a-z0-9+.-]*:\/\//i

/**
 * Texts that must not be sent, because a search reads them as something else than a value: `!` in front negates, `%` at
 * either end stands for any text, `|` separates the halves of a composite attribute. Control characters, lone
 * surrogates and characters beyond U+FFFF are in no attribute, and databases fail on them.
 */
const NOT_ASKABLE = /^[!%\s]|[%\s]$|[\0-\x1f\x7f|\ud800-\udfff]/

/** Networks whose addresses mean something else at each site: MISP cannot know them. */
const LOCAL_RANGES: ReadonlySet<string> = new Set([
  'unspecified',
  'broadcast',
  'multicast',
  'linkLocal',
  'loopback',
  'private',
  'uniqueLocal',
])

/**
 * The values to ask MISP for to know all of an indicator, the most specific first: none for what is not an indicator
 * (an empty text, `ip=x`), for local addresses, and for what MISP would not read as a value.
 */
export function valuesOf({ type, value }: Indicator): readonly string[] {
  const text = value.trim()
  if (text === '' || text.length > LONGEST_VALUE) return []
  if (type === 'hash') return askable([HEX.test(text) ? hashKey(text) : text])
  if (type === 'ip') return askable([publicAddress(text)])
  if (type === 'email') return askable([text.toLowerCase()])
  if (type === 'text') return askable([text])
  return askable(urlSpellings(text))
}

function urlSpellings(url: string): (string | undefined)[] {
  const { text, host, hadWww, tail } = parseUrl(url)
  if (host === '') return []
  const hasScheme = SCHEME.test(url)
  const values: (string | undefined)[] = []
  if (tail !== '') values.push(url, ...(hasScheme ? [text] : [`http://${url}`, `https://${url}`]))
  else if (hasScheme) values.push(url, url.endsWith('/') ? url.slice(0, -1) : `${url}/`)
  if (parseAddress(host) === undefined) values.push(host, hadWww ? `www.${host}` : undefined)
  else values.push(publicAddress(host))
  return values
}

/** The address in its one form, undefined for what is none and for local ones. */
function publicAddress(text: string): string | undefined {
  const address = parseOddAddress(text)
  if (address === undefined) return undefined
  const written = formatAddress(address)
  const parsed = isIPv4(written) ? ipaddr.IPv4.parse(written) : ipaddr.IPv6.parse(written)
  return LOCAL_RANGES.has(parsed.range()) ? undefined : written
}

function askable(values: readonly (string | undefined)[]): readonly string[] {
  const kept = values.filter(
    (value) => value !== undefined && !NOT_ASKABLE.test(value) && comparisonKey(value) !== '',
  ) as string[]
  return kept.length > 1 ? [...new Set(kept)] : kept
}

/** The form in which values are compared: hex digits in lower case, addresses in their one form, the rest as URLs. */
export function comparisonKey(value: string): string {
  const text = value.trim()
  if (HEX.test(text)) return hashKey(text)
  const address = parseAddress(text)
  return address === undefined ? canonicalUrl(text) : formatAddress(address)
}
