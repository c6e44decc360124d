import type { OwnIndicator } from '../feed-handlers.ts'
import type { KeyType } from '../keys/indicator-key.ts'
import { attributeIndicators } from './misp-attribute.ts'
import type { FeedRecord } from './record.ts'

/*
 * Records that name what they are looked up by: those of MISP, and those with fields as abuse.ch, Kaspersky and others
 * call them. They need no `--key`.
 */

/** Names of the field that is the indicator, the surest first: of several in a record the first one counts. */
const VALUE_NAMES: readonly (readonly [name: string, type: KeyType | undefined])[] = [
  ['ioc_value', undefined],
  ['ioc', undefined],
  ['indicator', undefined],
  ['mask', undefined],
  ['url', 'url'],
  ['urls', 'url'],
  ['domain', 'domain'],
  ['domain_name', 'domain'],
  ['hostname', 'domain'],
  ['fqdn', 'domain'],
  ['dst_ip', 'ip'],
  ['ip_address', 'ip'],
  ['ipaddress', 'ip'],
  ['ip', 'ip'],
  ['cidr', 'ip'],
  ['network', 'ip'],
  ['src_ip', 'ip'],
]
/** Names of hashes: each of a record counts. */
const HASH_NAMES: ReadonlySet<string> = new Set(
  ['md5', 'sha1', 'sha224', 'sha256', 'sha384', 'sha512'].flatMap((name) => [name, `${name}_hash`]),
)
const KNOWN_NAMES: ReadonlySet<string> = new Set([...VALUE_NAMES.map(([name]) => name), ...HASH_NAMES])
/** The types that lists of several kinds tell beside the value. */
const TYPE_NAMES = ['ioc_type', 'indicator_type', 'type'] as const
const TYPES: ReadonlyMap<string, KeyType> = new Map([
  ...(['ip', 'ipv4', 'ipv6', 'ip:port', 'ip_port', 'cidr'] as const).map((name) => [name, 'ip'] as const),
  ...(['domain', 'hostname', 'fqdn', 'domain_name'] as const).map((name) => [name, 'domain'] as const),
  ...(['url', 'uri'] as const).map((name) => [name, 'url'] as const),
  ...(['email', 'email_address'] as const).map((name) => [name, 'email'] as const),
  ...[...HASH_NAMES, 'hash', 'file_hash'].map((name) => [name, 'hash'] as const),
])
const MISP_NAMES = ['uuid', 'event_id', 'category', 'type', 'value'] as const

/** True when records with these fields tell what they are looked up by. */
export function hasKnownFields(names: Iterable<string>): boolean {
  const plain = [...names].map(plainName)
  return plain.some((name) => KNOWN_NAMES.has(name)) || isMisp(new Set(plain))
}

function isMisp(names: { has(name: string): boolean }): boolean {
  return names.has('value') && names.has('type') && MISP_NAMES.filter((name) => names.has(name)).length >= 4
}

/**
 * The indicators that a record names.
 *
 * @returns undefined when it has none of the names
 */
export function knownIndicators(record: FeedRecord): OwnIndicator[] | undefined {
  if (isMisp(record)) return attributeIndicators(record)
  const byName = new Map<string, string>()
  for (const [name, value] of record) {
    const text = typeof value === 'string' ? value.trim() : ''
    const plain = plainName(name)
    if (text !== '' && text !== '-' && !byName.has(plain)) byName.set(plain, text)
    else if (KNOWN_NAMES.has(plain) && !byName.has(plain)) byName.set(plain, '')
  }
  let isKnown = false
  const found: OwnIndicator[] = []
  for (const [name, type] of VALUE_NAMES) {
    const value = byName.get(name)
    if (value === undefined) continue
    isKnown = true
    if (value === '') continue
    found.push({ value, type: type ?? typeBeside(byName, name) })
    break
  }
  for (const name of HASH_NAMES) {
    const value = byName.get(name)
    if (value === undefined) continue
    isKnown = true
    if (value !== '') found.push({ value, type: 'hash' })
  }
  return isKnown ? found : undefined
}

function typeBeside(record: ReadonlyMap<string, string>, name: string): KeyType | undefined {
  if (name === 'mask') return undefined
  for (const typeName of TYPE_NAMES) {
    const type = TYPES.get(record.get(typeName)?.toLowerCase() ?? '')
    if (type !== undefined) return type
  }
  return undefined
}

/** `First Seen` is `first_seen`. */
function plainName(name: string): string {
  return name
    .trim()
    .toLowerCase()
    .replace(/[\s-]+/g, '_')
}
