/** Opening databases of IP addresses for the functions `geoip` and `asn`. */
import { Buffer } from 'node:buffer'
import type { AddressDatabase } from '../expression/net/address-database.ts'
import { isIpv6 } from '../expression/net/ip.ts'
import type { DatabaseFile } from './definition.ts'

/** Records that are kept decoded: a file has far fewer records than networks. */
const CACHED_RECORDS = 10_000
const FORMAT_VERSION = 2
/** Zero bytes between the search tree and the data. */
const SEPARATOR_BYTES = 16

/**
 * Opens a database in MaxMind's format (`.mmdb`) for {@link CompileOptions.databases}.
 *
 *     const databases = [await openDatabase('GeoLite2-City.mmdb', await readFile('GeoLite2-City.mmdb'))]
 *     const rules = compileRules("source.geo?: geoip(src)", { databases })
 *
 * @param file its name in messages
 * @param bytes its content, which is not copied. Worker threads share it where its buffer is a SharedArrayBuffer, else each has a copy
 * @throws {Error} (as a rejection) where it is no such database, or not a complete one; the message names the file
 */
export async function openDatabase(file: string, bytes: Uint8Array): Promise<AddressDatabase> {
  // Few rules look up addresses, and the others need not wait for the library.
  const [{ Reader }, { LRUCache }] = await Promise.all([import('maxmind'), import('lru-cache')])
  try {
    const content = Buffer.from(bytes.buffer, bytes.byteOffset, bytes.byteLength)
    const reader = new Reader(content, { cache: new LRUCache<string | number, any>({ max: CACHED_RECORDS }) })
    const { binaryFormatMajorVersion, ipVersion, databaseType, nodeCount, searchTreeSize } = reader.metadata
    if (binaryFormatMajorVersion !== FORMAT_VERSION || typeof databaseType !== 'string') {
      throw new Error('its metadata is not that of version 2 of the format')
    }
    const isTree = Number.isInteger(nodeCount) && nodeCount > 0 && (ipVersion === 4 || ipVersion === 6)
    if (!isTree || searchTreeSize + SEPARATOR_BYTES > bytes.length)
      throw new Error('its search tree is not complete')
    return {
      file,
      bytes,
      // A tree of IPv4 has no place for the others.
      find: (address) => (ipVersion === 4 && isIpv6(address) ? undefined : reader.get(address)),
    }
  } catch (cause) {
    const { message } = cause as Error
    throw new Error(
      `${file} is not a complete MaxMind database (.mmdb): ${message}. Unpack it if it is packed, or get it again`,
      {
        cause,
      },
    )
  }
}

/** Opens what another thread has opened. */
export function reopenDatabases(files: readonly DatabaseFile[] = []): Promise<AddressDatabase[]> {
  return Promise.all(files.map(({ file, bytes }) => openDatabase(file, bytes)))
}

/** The content of a file where all threads see it. */
export function sharedBytes(bytes: Uint8Array): Uint8Array {
  const shared = new Uint8Array(new SharedArrayBuffer(bytes.length))
  shared.set(bytes)
  return shared
}
