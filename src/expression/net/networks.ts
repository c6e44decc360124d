/** Sets of IP networks, compiled into sorted ranges: one look-up takes time in the logarithm of their number. */
import { ipv4Number, ipv6Groups, isIpv4Mapped } from './ip.ts'

/** The networks that have a name. */
const NETWORK_NAMES = ['private', 'public', 'loopback', 'link_local', 'multicast'] as const

type NetworkName = (typeof NETWORK_NAMES)[number]

const NAMED: Readonly<Record<Exclude<NetworkName, 'public'>, readonly string[]>> = {
  // RFC 1918, RFC 4193
  private: ['10.0.0.0/8', '172.16.0.0/12', '192.168.0.0/16', 'fc00::/7'],
  loopback: ['127.0.0.0/8', '::1'],
  link_local: ['169.254.0.0/16', 'fe80::/10'],
  multicast: ['224.0.0.0/4', 'ff00::/8'],
}

/** Networks that IANA's registries of special-purpose addresses call not globally reachable, and multicast. */
const NOT_PUBLIC = [
  ...NAMED.private,
  ...NAMED.loopback,
  ...NAMED.link_local,
  ...NAMED.multicast,
  '0.0.0.0/8',
  '100.64.0.0/10',
  '192.0.0.0/24',
  '192.0.2.0/24',
  '198.18.0.0/15',
  '198.51.100.0/24',
  '203.0.113.0/24',
  '240.0.0.0/4',
  '::',
  '64:ff9b:1::/48',
  '100::/64',
  '2001::/23',
  '2001:db8::/32',
  '3fff::/20',
  '5f00::/16',
]

/** Globally reachable parts of the above. */
const YET_PUBLIC = [
  '192.0.0.9',
  '192.0.0.10',
  '2001:1::1',
  '2001:1::2',
  '2001:1::3',
  '2001:3::/32',
  '2001:4:112::/48',
  '2001:20::/28',
  '2001:30::/28',
]

/** A network: its first and last address. IPv4 as numbers, IPv6 as texts of eight UTF-16 units, which compare alike. */
type Network =
  | { readonly version: 4; readonly first: number; readonly last: number }
  | { readonly version: 6; readonly first: string; readonly last: string }

/** A text that is no network. */
class NetworkFault {
  readonly message: string
  readonly hint: string | undefined

  constructor(message: string, hint?: string) {
    this.message = message
    this.hint = hint
  }
}

/** Networks of both versions, and whether all that is public belongs to them. */
export class NetworkSet {
  readonly #ipv4: Ranges<number>
  readonly #ipv6: Ranges<string>
  readonly #hasPublic: boolean

  private constructor(networks: readonly Network[], hasPublic: boolean) {
    this.#ipv4 = new Ranges(networks.filter((network) => network.version === 4))
    this.#ipv6 = new Ranges(networks.filter((network) => network.version === 6))
    this.#hasPublic = hasPublic
  }

  /**
   * @param texts addresses, networks in CIDR notation, and names
   * @returns the fault of the first text that is none of them, with its index
   */
  static make(
    texts: readonly string[],
  ): NetworkSet | { readonly fault: NetworkFault; readonly index: number } {
    const networks: Network[] = []
    let hasPublic = false
    for (const [index, text] of texts.entries()) {
      if (text === 'public') hasPublic = true
      else if (isName(text)) networks.push(...NAMED[text].map(known))
      else {
        const network = parseNetwork(text)
        if (network instanceof NetworkFault) return { fault: network, index }
        networks.push(network)
      }
    }
    return new NetworkSet(networks, hasPublic)
  }

  /** Networks that are right. */
  static of(texts: readonly string[]): NetworkSet {
    return new NetworkSet(texts.map(known), false)
  }

  /** Networks in which addresses say nothing to anybody outside: private, loopback and link-local ones. */
  static localNetworks(): NetworkSet {
    return NetworkSet.of([...NAMED.private, ...NAMED.loopback, ...NAMED.link_local])
  }

  /** @returns false for what is no address. An IPv4-mapped address is also looked up as the IPv4 address in it. */
  has(text: string): boolean {
    const ipv4 = ipv4Number(text)
    if (ipv4 >= 0) return this.#hasIpv4(ipv4)
    const groups = ipv6Groups(text)
    if (groups === undefined) return false
    const key = keyOf(groups)
    if (this.#ipv6.has(key)) return true
    if (isIpv4Mapped(groups)) return this.#hasIpv4(groups[6]! * 65536 + groups[7]!)
    return this.#hasPublic && (!notPublic().#ipv6.has(key) || yetPublic().#ipv6.has(key))
  }

  #hasIpv4(address: number): boolean {
    if (this.#ipv4.has(address)) return true
    return this.#hasPublic && (!notPublic().#ipv4.has(address) || yetPublic().#ipv4.has(address))
  }
}

const notPublic = once(() => NetworkSet.of(NOT_PUBLIC))
const yetPublic = once(() => NetworkSet.of(YET_PUBLIC))

function once<T extends object>(make: () => T): () => T {
  let made: T | undefined
  return () => {
    made ??= make()
    return made
  }
}

/** Ranges that neither overlap nor are empty, in their order. */
class Ranges<T extends number | string> {
  readonly #firsts: T[] = []
  readonly #lasts: T[] = []

  constructor(networks: readonly { readonly first: T; readonly last: T }[]) {
    const sorted = networks.toSorted((a, b) => (a.first < b.first ? -1 : a.first > b.first ? 1 : 0))
    for (const { first, last } of sorted) {
      const end = this.#lasts.length - 1
      if (end >= 0 && first <= this.#lasts[end]!) {
        if (last > this.#lasts[end]!) this.#lasts[end] = last
      } else {
        this.#firsts.push(first)
        this.#lasts.push(last)
      }
    }
  }

  has(address: T): boolean {
    let low = 0
    let high = this.#firsts.length
    while (low < high) {
      const middle = (low + high) >>> 1
      if (this.#firsts[middle]! <= address) low = middle + 1
      else high = middle
    }
    return low > 0 && address <= this.#lasts[low - 1]!
  }
}

function isName(text: string): text is Exclude<NetworkName, 'public'> {
  return Object.hasOwn(NAMED, text)
}

function known(text: string): Network {
  const network = parseNetwork(text)
  if (network instanceof NetworkFault) throw new Error(network.message)
  return network
}

const LENGTH = /^(?:0|[1-9]\d{0,2})$/

function parseNetwork(text: string): Network | NetworkFault {
  const slash = text.indexOf('/')
  const address = slash < 0 ? text : text.slice(0, slash)
  const ipv4 = ipv4Number(address)
  const groups = ipv4 < 0 ? ipv6Groups(address) : [ipv4 >>> 16, ipv4 & 0xffff]
  if (groups === undefined) {
    return new NetworkFault(
      `'${text}' is no network`,
      `networks are written 10.0.0.0/8 or 2001:db8::/32; the names are ${NETWORK_NAMES.join(', ')}`,
    )
  }
  const bits = 16 * groups.length
  const written = slash < 0 ? String(bits) : text.slice(slash + 1)
  const length = LENGTH.test(written) ? Number(written) : -1
  if (length < 0 || length > bits) {
    return new NetworkFault(`'${text}' has no prefix length from 0 to ${bits} behind the /`)
  }
  const masks = groups.map((_, index) => {
    const own = Math.min(16, Math.max(0, length - 16 * index))
    return (0xffff << (16 - own)) & 0xffff
  })
  if (groups.some((group, index) => (group & ~masks[index]!) !== 0)) {
    return new NetworkFault(`'${text}' has bits set behind its prefix length ${length}`)
  }
  const lasts = groups.map((group, index) => group | (~masks[index]! & 0xffff))
  if (groups.length === 8) return { version: 6, first: keyOf(groups), last: keyOf(lasts) }
  return { version: 4, first: ipv4, last: lasts[0]! * 65536 + lasts[1]! }
}

function keyOf(groups: readonly number[]): string {
  return String.fromCharCode(...groups)
}
