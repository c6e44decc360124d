import type { JsonObject } from '../value.ts'
import { nameKind, normalizeName } from './host-name.ts'
import { canonicalIp, withoutZone } from './ip.ts'

/** The names of a host, by kind. The order of the members is the order of the output. */
export interface Hosts extends JsonObject {
  fqdn: string[]
  hostname: string[]
  ip: string[]
}

export function noHosts(): Hosts {
  return { fqdn: [], hostname: [], ip: [] }
}

/**
 * Puts a host into the list of its kind, in the form in which hosts are compared: names in lower case without the
 * final dot, IPv6 as RFC 5952 says and without a zone id.
 *
 * @returns false if the text is neither an address nor a name
 */
export function addHost(hosts: Hosts, text: string): boolean {
  const kind = nameKind(text)
  if (kind !== undefined) {
    hosts[kind].push(normalizeName(text))
    return true
  }
  return addIp(hosts, text)
}

/** The same for a text that can only be an address (a URL's host in brackets). */
export function addIp(hosts: Hosts, text: string): boolean {
  const ip = canonicalIp(withoutZone(text))
  if (ip === undefined) return false
  hosts.ip.push(ip)
  return true
}

/** Each list without repetitions, in the order of code points. */
export function sortHosts(hosts: Hosts): Hosts {
  hosts.fqdn = sortedOnce(hosts.fqdn)
  hosts.hostname = sortedOnce(hosts.hostname)
  hosts.ip = sortedOnce(hosts.ip)
  return hosts
}

function sortedOnce(texts: string[]): string[] {
  return texts.length < 2 ? texts : [...new Set(texts)].sort(compareCodePoints)
}

/** Differs from the order of UTF-16 units where one of the texts has a character beyond U+FFFF. */
function compareCodePoints(a: string, b: string): number {
  const end = Math.min(a.length, b.length)
  for (let index = 0; index < end; index++) {
    const left = a.charCodeAt(index)
    const right = b.charCodeAt(index)
    if (left !== right) return codePointOrder(left) - codePointOrder(right)
  }
  return a.length - b.length
}

/** UTF-16 units in the order of the code points that they begin: surrogates after all others. */
function codePointOrder(unit: number): number {
  return unit >= 0xd800 && unit <= 0xdfff ? unit + 0x10000 : unit
}
