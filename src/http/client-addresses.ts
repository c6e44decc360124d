import { BlockList, isIP } from 'node:net'

const PREFIX = /^\d{1,3}$/
const MAPPED_IPV4 = /^::ffff:(?=\d+\.)/i
const ZONE = /%.*$/

/** The addresses that may connect: `192.0.2.7`, `192.0.2.0/24`, `2001:db8::/32`. */
export class ClientAddresses {
  readonly #addresses = new BlockList()

  /** @throws RangeError for text that is no address and no CIDR block */
  constructor(blocks: readonly string[]) {
    for (const block of blocks) this.#add(block)
  }

  /** @param address as a socket tells it; an IPv4 address in IPv6 form (`::ffff:192.0.2.7`) is that IPv4 address */
  has(address: string): boolean {
    const bare = address.replace(MAPPED_IPV4, '').replace(ZONE, '')
    const version = isIP(bare)
    return version !== 0 && this.#addresses.check(bare, version === 4 ? 'ipv4' : 'ipv6')
  }

  #add(block: string): void {
    const slash = block.indexOf('/')
    const address = slash < 0 ? block : block.slice(0, slash)
    const version = isIP(address)
    if (version === 0 || address.includes('%')) throw notABlock(block)
    const family = version === 4 ? 'ipv4' : 'ipv6'
    if (slash < 0) {
      this.#addresses.addAddress(address, family)
      return
    }
    const prefix = block.slice(slash + 1)
    if (!PREFIX.test(prefix) || Number(prefix) > (version === 4 ? 32 : 128)) throw notABlock(block)
    this.#addresses.addSubnet(address, Number(prefix), family)
  }
}

function notABlock(text: string): RangeError {
  return new RangeError(
    `'${text}' is no address and no CIDR block: write 192.0.2.7, 192.0.2.0/24 or 2001:db8::/32`,
  )
}
