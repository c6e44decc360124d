/** The common part of `geoip` and `asn`: an address is looked up in the databases that the rules were compiled with. */
import { valueError } from '../failure.ts'
import type { AddressSource } from '../net/address-database.ts'
import { canonicalIp, withoutZone } from '../net/ip.ts'
import { NetworkSet } from '../net/networks.ts'
import { notText } from '../net/text-argument.ts'
import type { JsonObject, Maybe, Value } from '../value.ts'
import type { EventContext, PreparedFunction } from './definition.ts'
import { ArgumentProblem } from './definition.ts'

/**
 * @param name of the function
 * @param tell makes the result of a record; undefined where the record says nothing of this kind
 */
export function addressLookup(
  name: string,
  tell: (record: unknown) => JsonObject | undefined,
): PreparedFunction {
  return {
    kind: 'prepared',
    constants: {},
    prepare(_constants, { databases = [] }) {
      if (databases.length === 0) {
        throw new ArgumentProblem('ip', `${name} needs a database of addresses, and none is given`, {
          hint: 'the command takes it with --mmdb FILE (GeoLite2-City.mmdb, GeoLite2-ASN.mmdb), compileRules with the option databases',
        })
      }
      const local = NetworkSet.localNetworks()
      return (_context: EventContext, ip: Value): Maybe => {
        if (typeof ip !== 'string') throw notText(name, 'ip', ip)
        const address = canonicalIp(withoutZone(ip))
        if (address === undefined || local.has(address)) return undefined
        for (const database of databases) {
          const result = tell(find(name, database, address))
          if (result !== undefined) return result
        }
        return undefined
      }
    },
  }
}

const MAPPED = '::ffff:'

/** The record of an address. IPv4-mapped addresses are the IPv4 ones. */
function find(name: string, database: AddressSource, address: string): unknown {
  try {
    return database.find(
      address.startsWith(MAPPED) && address.includes('.') ? address.slice(MAPPED.length) : address,
    )
  } catch {
    throw valueError(`${name}() cannot read ${database.file}: it is damaged at the place of ${address}`)
  }
}
