import ipaddr from 'ipaddr.js'
import { ipv4Number, ipv6Groups } from '../../../expression/net/ip.ts'

/**
 * An IP address as something that `<` and `===` compare: IPv4 as its number, IPv6 as a string of its eight 16-bit
 * groups (eight UTF-16 units, not for printing). An IPv4-mapped IPv6 address (`::ffff:192.0.2.1`) is the IPv4 one.
 */
export type Address = number | string

/** All addresses from `first` to `last`, both of one family. */
export interface AddressRange {
  readonly first: Address
  readonly last: Address
}

/** A full IPv6 address with an IPv4 tail and a long zone. Nothing longer is looked at. */
const LONGEST_ADDRESS = 80
const IPV4_BITS = 32
const IPV6_BITS = 128
const GROUP_BITS = 16
const GROUPS = 8
/** Bits before the IPv4 address in an IPv4-mapped IPv6 one. */
const MAPPED_BITS = 96
const MAPPED_PREFIX = '\0\0\0\0\0\uffff'

const ODD_IPV4 = /^[0-9a-fA-FxX.]+$/
const PREFIX_LENGTH = /^[0-9]{1,3}$/

/**
 * The address that a text is: a dotted quad, or IPv6 in any notation, in brackets or not, with a zone (which says
 * nothing elsewhere and is dropped).
 *
 * @returns undefined for anything else
 */
export function parseAddress(text: string): Address | undefined {
  const quad = ipv4Number(text)
  if (quad >= 0) return quad
  if (text.length > LONGEST_ADDRESS || !text.includes(':')) return undefined
  const bare = text.startsWith('[') && text.endsWith(']') ? text.slice(1, -1) : text
  const zone = bare.indexOf('%')
  const address = zone < 0 ? bare : bare.slice(0, zone)
  const groups = ipv6Groups(address)
  if (groups === undefined) return undefined
  const units = String.fromCharCode(...groups)
  return mappedNumber(units) ?? units
}

/**
 * As `parseAddress`, and the odd forms of IPv4 that the C library and browsers take: hexadecimal and octal parts,
 * fewer than four of them (`0x1F.0x0D.0x53.0x24`, `520966948`).
 */
export function parseOddAddress(text: string): Address | undefined {
  return parseAddress(text) ?? parseOddIpv4(text)
}

/** The number of an IPv4 address in one of its odd forms, or as a dotted quad. */
export function parseOddIpv4(text: string): number | undefined {
  if (text.length > LONGEST_ADDRESS || !ODD_IPV4.test(text) || !ipaddr.IPv4.isValid(text)) return undefined
  const [a, b, c, d] = ipaddr.IPv4.parse(text).octets
  return ((a! * 256 + b!) * 256 + c!) * 256 + d!
}

/**
 * The addresses that a text stands for: one (`192.0.2.1`), a network (`192.0.2.0/24`; bits behind the prefix are
 * ignored) or a range (`192.0.2.3-192.0.2.9`, blanks round the dash allowed).
 *
 * @param odd read the odd forms of IPv4 too
 * @returns undefined for anything else, also for a range whose ends are of two families or in the wrong order
 */
export function parseAddressRange(text: string, odd = false): AddressRange | undefined {
  const parse = odd ? parseOddAddress : parseAddress
  const address = parse(text)
  if (address !== undefined) return { first: address, last: address }
  const slash = text.indexOf('/')
  if (slash >= 0) return parseNetwork(text.slice(0, slash), text.slice(slash + 1))
  const dash = text.indexOf('-')
  if (dash < 0) return undefined
  const first = parse(text.slice(0, dash).trim())
  const last = parse(text.slice(dash + 1).trim())
  if (first === undefined || last === undefined || typeof first !== typeof last || first > last)
    return undefined
  return { first, last }
}

function parseNetwork(text: string, prefix: string): AddressRange | undefined {
  const address = parseAddress(text)
  if (address === undefined || !PREFIX_LENGTH.test(prefix)) return undefined
  let length = Number(prefix)
  if (typeof address === 'string') return length > IPV6_BITS ? undefined : network6(address, length)
  if (text.includes(':')) {
    // A prefix of an IPv4-mapped address counts from the start of the IPv6 one.
    if (length < MAPPED_BITS) return network6(mappedGroups(address), length)
    length -= MAPPED_BITS
  }
  if (length > IPV4_BITS) return undefined
  const size = 2 ** (IPV4_BITS - length)
  const first = Math.floor(address / size) * size
  return { first, last: first + size - 1 }
}

function network6(address: string, length: number): AddressRange {
  let first = ''
  let last = ''
  for (let i = 0; i < GROUPS; i++) {
    const bits = Math.min(Math.max(length - i * GROUP_BITS, 0), GROUP_BITS)
    const host = 0xffff >> bits
    const group = address.charCodeAt(i)
    first += String.fromCharCode(group & ~host)
    last += String.fromCharCode(group | host)
  }
  return { first, last }
}

function mappedNumber(groups: string): number | undefined {
  if (!groups.startsWith(MAPPED_PREFIX)) return undefined
  return groups.charCodeAt(6) * 0x10000 + groups.charCodeAt(7)
}

function mappedGroups(address: number): string {
  return MAPPED_PREFIX + String.fromCharCode(address >>> GROUP_BITS, address & 0xffff)
}

/** The one way to write an address; IPv6 as RFC 5952 has it. */
export function formatAddress(address: Address): string {
  if (typeof address === 'string') {
    return new ipaddr.IPv6(Array.from({ length: GROUPS }, (_, i) => address.charCodeAt(i))).toString()
  }
  return `${address >>> 24}.${(address >>> 16) & 255}.${(address >>> 8) & 255}.${address & 255}`
}

/** Number of addresses between the ends of a range: exact for IPv4, to 53 bits for IPv6. */
export function rangeExtent({ first, last }: AddressRange): number {
  if (typeof first === 'number') return (last as number) - first
  let extent = 0n
  for (let i = 0; i < GROUPS; i++) {
    const difference = (last as string).charCodeAt(i) - first.charCodeAt(i)
    extent = extent * 0x10000n + BigInt(difference)
  }
  return Number(extent)
}
