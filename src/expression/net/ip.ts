/**
 * IP addresses as text, strictly: IPv4 is four decimal numbers without leading zeros, IPv6 is RFC 4291 section 2.2.
 * Octal, hexadecimal and short IPv4 forms, zone ids, prefixes and brackets are not addresses. The texts
 * that are accepted are those of CPython's `ipaddress.ip_address`, less the zone ids.
 */

/** An IPv6 address is this long at most: `ffff:ffff:ffff:ffff:ffff:ffff:255.255.255.255`. */
const LONGEST_IPV6 = 45

const DOT = 46
const COLON = 58

/** Is it an IPv4 or IPv6 address? Allocates nothing. */
export function isIp(text: string): boolean {
  return isIpv4(text) || isIpv6(text)
}

export function isIpv4(text: string): boolean {
  return readIpv4(text, 0) >= 0
}

export function isIpv6(text: string): boolean {
  return readIpv6(text, undefined)
}

/** The 32 bits of an IPv4 address, -1 for any other text. */
export function ipv4Number(text: string): number {
  return readIpv4(text, 0)
}

/** The eight 16-bit groups of an IPv6 address, undefined for any other text. */
export function ipv6Groups(text: string): number[] | undefined {
  const groups: number[] = []
  return readIpv6(text, groups) ? groups : undefined
}

/**
 * The one way to write an address: an IPv4 address as it is, an IPv6 address as RFC 5952 says (lower case, no leading
 * zeros, the longest run of at least two zero groups as `::`; IPv4-mapped ones keep their dots: `::ffff:192.0.2.1`).
 *
 * @returns undefined for what is not an address
 */
export function canonicalIp(text: string): string | undefined {
  if (isIpv4(text)) return text
  const groups: number[] = []
  return readIpv6(text, groups) ? formatIpv6(groups) : undefined
}

/**
 * An IPv6 address without its zone id (`fe80::1%eth0`, `fe80::1%3`): the zone says which interface of the one machine
 * that wrote it, and is no part of the address. Any other text comes back as it is.
 */
export function withoutZone(text: string): string {
  const percent = text.indexOf('%')
  if (percent < 0 || !ZONE.test(text.slice(percent + 1))) return text
  const address = text.slice(0, percent)
  return isIpv6(address) ? address : text
}

const ZONE = /^[^\s%/[\]\p{C}]+$/u

/** The 32 bits of the dotted quad that goes from `start` to the end of the text, or -1. */
function readIpv4(text: string, start: number): number {
  const end = text.length
  if (end - start < 7 || end - start > 15) return -1
  let address = 0
  let octet = 0
  let digits = 0
  let dots = 0
  for (let index = start; index < end; index++) {
    const code = text.charCodeAt(index)
    if (code >= 48 && code <= 57) {
      if (digits > 0 && octet === 0) return -1
      octet = octet * 10 + code - 48
      if (octet > 255) return -1
      digits++
    } else {
      if (code !== DOT || digits === 0 || dots === 3) return -1
      address = address * 256 + octet
      octet = 0
      digits = 0
      dots++
    }
  }
  return dots === 3 && digits > 0 ? address * 256 + octet : -1
}

/**
 * Reads an IPv6 address. `groups`, if given, gets its eight 16-bit groups; when the result is false it may hold
 * anything.
 */
function readIpv6(text: string, groups: number[] | undefined): boolean {
  const end = text.length
  if (end < 2 || end > LONGEST_IPV6) return false
  let position = 0
  let count = 0
  /** The number of groups before `::`, -1 while there is none. */
  let gap = -1
  if (text.charCodeAt(0) === COLON) {
    if (text.charCodeAt(1) !== COLON) return false
    gap = 0
    position = 2
  }
  while (position < end) {
    if (count === 8) return false
    const start = position
    let value = 0
    let digit = hexDigit(text.charCodeAt(position))
    while (digit >= 0) {
      if (position - start === 4) return false
      value = value * 16 + digit
      position++
      digit = position < end ? hexDigit(text.charCodeAt(position)) : -1
    }
    if (position === start) return false
    if (position < end && text.charCodeAt(position) === DOT) {
      const address = readIpv4(text, start)
      if (address < 0) return false
      groups?.push(Math.floor(address / 65536), address % 65536)
      count += 2
      break
    }
    groups?.push(value)
    count++
    if (position === end) break
    if (text.charCodeAt(position) !== COLON || ++position === end) return false
    if (text.charCodeAt(position) === COLON) {
      if (gap >= 0) return false
      gap = count
      position++
    }
  }
  if (gap < 0) return count === 8
  if (count > 7) return false
  if (groups !== undefined) fillGap(groups, gap)
  return true
}

/** Puts zeros into the place of `::`, so that there are eight groups. */
function fillGap(groups: number[], gap: number): void {
  const missing = 8 - groups.length
  for (let index = 0; index < missing; index++) groups.push(0)
  for (let index = 7; index >= gap + missing; index--) {
    groups[index] = groups[index - missing]!
    groups[index - missing] = 0
  }
}

function hexDigit(code: number): number {
  if (code >= 48 && code <= 57) return code - 48
  const lower = code | 32
  return lower >= 97 && lower <= 102 ? lower - 87 : -1
}

function formatIpv6(groups: readonly number[]): string {
  if (isIpv4Mapped(groups)) {
    const high = groups[6]!
    const low = groups[7]!
    return `::ffff:${high >> 8}.${high & 255}.${low >> 8}.${low & 255}`
  }
  let longest = 1
  let gap = -1
  for (let start = 0; start < 8; start++) {
    let length = 0
    while (start + length < 8 && groups[start + length] === 0) length++
    if (length > longest) {
      longest = length
      gap = start
    }
    start += length
  }
  if (gap < 0) return hexGroups(groups, 0, 8)
  return `${hexGroups(groups, 0, gap)}::${hexGroups(groups, gap + longest, 8)}`
}

/** Is it in `::ffff:0:0/96`? */
export function isIpv4Mapped(groups: readonly number[]): boolean {
  for (let index = 0; index < 5; index++) if (groups[index] !== 0) return false
  return groups[5] === 0xffff
}

function hexGroups(groups: readonly number[], start: number, stop: number): string {
  let text = ''
  for (let index = start; index < stop; index++) {
    text += index === start ? groups[index]!.toString(16) : `:${groups[index]!.toString(16)}`
  }
  return text
}
