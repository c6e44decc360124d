import { globMatches } from '../tables/glob.ts'
import type { UrlKey } from './url.ts'

/** The end of a mask: any path below, any query, or neither. */
const ANY_BELOW = '/*'

/** The labels at the right end of a mask's host that hold no star. */
export function literalLabels(host: string): string {
  const star = host.lastIndexOf('*')
  if (star < 0) return host
  const dot = host.indexOf('.', star)
  return dot < 0 ? '' : host.slice(dot + 1)
}

/** The text that the tail of a URL must begin with to match a mask's tail. A tail `X/*` matches `X`, too. */
export function literalPath(tail: string): string {
  const star = tail.indexOf('*')
  if (star < 0) return tail
  const isLast = star === tail.length - 1
  return tail.slice(0, isLast && tail[star - 1] === '/' ? star - 1 : star)
}

/** The texts that every URL has that the mask matches. */
export function literalPieces(mask: string): string[] {
  const { host, tail } = partsOf(mask)
  return [
    ...host.split('*'),
    ...(tail.endsWith(ANY_BELOW) ? tail.slice(0, -ANY_BELOW.length) : tail).split('*'),
  ]
}

/** Takes the text of a mask apart. */
export function partsOf(mask: string): { host: string; hasLeadingDot: boolean; tail: string } {
  const hasLeadingDot = mask.startsWith('.')
  const slash = mask.indexOf('/')
  const hostEnd = slash < 0 ? mask.length : slash
  return { host: mask.slice(hasLeadingDot ? 1 : 0, hostEnd), hasLeadingDot, tail: mask.slice(hostEnd) }
}

/** True when a mask, given by its text, matches a URL. */
export function maskMatches(mask: string, url: UrlKey, fullHost: string): boolean {
  const { host, hasLeadingDot, tail } = partsOf(mask)
  const matchesHost = hasLeadingDot ? isAtOrBelow(host, fullHost) : hostMatches(host, url, fullHost)
  return matchesHost && (tail === '' || tailMatches(tail, url.tail))
}

function isAtOrBelow(domain: string, fullHost: string): boolean {
  return globMatches(domain, fullHost) || globMatches(`*.${domain}`, fullHost)
}

/** A pattern is tried with and without the `www.` of the URL, a host without stars only without. */
function hostMatches(host: string, url: UrlKey, fullHost: string): boolean {
  return globMatches(host, url.host) || (url.hadWww && host.includes('*') && globMatches(host, fullHost))
}

function tailMatches(pattern: string, tail: string): boolean {
  if (globMatches(pattern, tail)) return true
  if (!pattern.endsWith(ANY_BELOW)) return false
  const stem = pattern.slice(0, -ANY_BELOW.length)
  return globMatches(stem, tail) || globMatches(`${stem}?*`, tail)
}
