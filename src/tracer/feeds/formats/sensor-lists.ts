import { Buffer } from 'node:buffer'
import { detectType } from '../keys/indicator-key.ts'
import { parseAddress, parseAddressRange } from '../keys/ip.ts'
import { areAll, areMost, fields, type LineFormat, type LineResult, withoutComments } from './line-format.ts'

/*
 * The lists of Wazuh, Suricata, DShield and DataPlane.
 */

/** `key:value`, either in quotes or not; the value may be missing. */
const CDB = /^(?:"([^"]+)"|([^":\s]+(?:(?::[0-9a-f]*){2,}(?=:))?)):\s*(?:"([^"]*)"|([^"]*))$/i
/** A prefix of an address at a dot, as Wazuh has networks. */
const DOTTED_PREFIX = /^(?:\d{1,3}\.){1,3}$/

/** A CDB list of Wazuh: `192.0.2.7:scanner`, `10.0.:`, `"key with : in it":value`. */
export const WAZUH_CDB: LineFormat = {
  name: 'wazuh-cdb',
  recognizes(lines) {
    const rules = withoutComments(lines)
    if (!areAll(rules, (line) => CDB.test(line) && !line.includes('://'))) return false
    // `192.0.2.1:443` is an address with a port.
    return rules.some((line) => !/:\d+$/.test(line)) && rules.every((line) => cdbKey(line) !== undefined)
  },
  createReader: () => ({
    read(line): LineResult {
      if (line.startsWith('#')) return undefined
      const key = cdbKey(line)
      if (key === undefined) return { skipped: 'is no `key:value`' }
      const network = DOTTED_PREFIX.test(key.name) ? dottedNetwork(key.name) : undefined
      return {
        record: fields({ key: key.name, value: key.value }),
        own: [{ value: network ?? key.name, type: undefined }],
      }
    },
  }),
}

function cdbKey(line: string): { name: string; value: string } | undefined {
  const found = CDB.exec(line)
  if (found === null) return undefined
  const name = found[1] ?? found[2]!
  return { name, value: (found[3] ?? found[4] ?? '').trim() }
}

function dottedNetwork(prefix: string): string {
  const parts = prefix.split('.').filter((part) => part !== '')
  return `${[...parts, '0', '0', '0'].slice(0, 4).join('.')}/${parts.length * 8}`
}

const IPREP = /^([0-9a-f.:/]+)\s*,\s*(\d{1,3})\s*,\s*(\d{1,3})$/i

/** A reputation list of Suricata: address, category, score. */
export const SURICATA_IPREP: LineFormat = {
  name: 'suricata-iprep',
  recognizes: (lines) =>
    areAll(withoutComments(lines), (line) => {
      const found = IPREP.exec(line)
      return found !== null && parseAddressRange(found[1]!) !== undefined && Number(found[3]) <= 127
    }),
  createReader: () => ({
    read(line): LineResult {
      if (line.startsWith('#')) return undefined
      const found = IPREP.exec(line)
      if (found === null) return { skipped: 'is not address, category, score' }
      const [, address, category, score] = found as unknown as [string, string, string, string]
      return { record: fields({ ip: address, category, score }), own: [{ value: address, type: 'ip' }] }
    },
  }),
}

const BASE64 = /^([A-Za-z0-9+/]{4,}={0,2})(?:,(\S+))?$/

/** A dataset of texts of Suricata: base64, with a reputation behind it or not. Those of hashes are lists. */
export const SURICATA_DATASET: LineFormat = {
  name: 'suricata-dataset',
  recognizes(lines) {
    const values = withoutComments(lines)
    return areAll(values, (line) => {
      const text = decoded(line)
      return (
        text !== undefined &&
        detectType(line.split(',', 1)[0]!) === undefined &&
        detectType(text) !== undefined
      )
    })
  },
  createReader: () => ({
    read(line): LineResult {
      if (line.startsWith('#')) return undefined
      const value = decoded(line)
      if (value === undefined) return { skipped: 'is no base64 of a text' }
      return {
        record: fields({ value, reputation: BASE64.exec(line)![2] }),
        own: [{ value, type: undefined }],
      }
    },
  }),
}

function decoded(line: string): string | undefined {
  const found = BASE64.exec(line)
  if (found === null || found[1]!.length % 4 !== 0) return undefined
  const text = Buffer.from(found[1]!, 'base64').toString('utf8')
  return text !== '' && !/[\0-\x1f\ufffd]/.test(text) ? text : undefined
}

const DSHIELD_COLUMNS = ['attacks', 'name', 'country', 'email'] as const

/** The block list of DShield: first address, last address, prefix length, and more, by tabs. */
export const DSHIELD: LineFormat = {
  name: 'dshield',
  recognizes: (lines) =>
    areMost(
      withoutComments(lines).filter((line) => !/^Start\t/i.test(line)),
      isDshield,
    ),
  createReader: () => ({
    read(line): LineResult {
      if (line.startsWith('#') || /^Start\t/i.test(line)) return undefined
      if (!isDshield(line)) return { skipped: 'is not first address, last address, prefix length' }
      const [first, last, prefix, ...rest] = line.split('\t').map((column) => column.trim())
      const more = Object.fromEntries(DSHIELD_COLUMNS.map((name, i) => [name, rest[i]]))
      return {
        record: fields({ start: first, end: last, netmask: prefix, ...more }),
        own: [{ value: `${first}-${last}`, type: 'ip' }],
      }
    },
  }),
}

function isDshield(line: string): boolean {
  const [first, last, prefix] = line.split('\t').map((column) => column.trim())
  return (
    parseAddress(first!) !== undefined &&
    last !== undefined &&
    parseAddressRange(`${first}-${last}`) !== undefined &&
    /^\d{1,3}$/.test(prefix ?? '')
  )
}

const DATAPLANE_COLUMNS = ['asn', 'asname', 'ip', 'lastseen', 'category'] as const

/** The lists of DataPlane: AS number, its name, address, time, category, between bars. */
export const DATAPLANE: LineFormat = {
  name: 'dataplane',
  recognizes: (lines) => areMost(withoutComments(lines), isDataplane),
  createReader: () => ({
    read(line): LineResult {
      if (line.startsWith('#')) return undefined
      if (!isDataplane(line)) return { skipped: 'is not five columns with an address' }
      const columns = line.split('|').map((column) => column.trim())
      return {
        record: fields(Object.fromEntries(DATAPLANE_COLUMNS.map((name, i) => [name, columns[i]]))),
        own: [{ value: columns[2]!, type: 'ip' }],
      }
    },
  }),
}

function isDataplane(line: string): boolean {
  const columns = line.split('|')
  return columns.length === 5 && parseAddressRange(columns[2]!.trim()) !== undefined
}
