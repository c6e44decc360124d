import type { OwnIndicator } from '../feed-handlers.ts'
import { type FeedRecord, type FeedValue, isList } from './record.ts'

/*
 * An attribute of MISP and what of it can be looked up. Its type names the parts of a composite value:
 * `filename|md5` has the value `a.exe|9e107d9d...`.
 */

/** Parts of types: addresses, names and URLs, hashes. */
const ADDRESSES = new Set(['ip-src', 'ip-dst', 'ip'])
const URLS = new Set(['domain', 'hostname', 'url', 'uri'])
const HASHES = new Set([
  ...['md5', 'sha1', 'sha224', 'sha256', 'sha384', 'sha512', 'sha512/224', 'sha512/256'],
  ...['sha3-224', 'sha3-256', 'sha3-384', 'sha3-512', 'authentihash', 'imphash', 'pehash'],
  ...['x509-fingerprint-md5', 'x509-fingerprint-sha1', 'x509-fingerprint-sha256'],
  ...['ja3-fingerprint-md5', 'hassh-md5', 'hasshserver-md5'],
])
/** A sample has the value `filename|md5`, and its type does not say so. */
const MALWARE_SAMPLE = 'malware-sample'

/** The fields of an attribute that are its context; what else there is (the sample itself, galaxies) is too large. */
const FIELDS = [
  'type',
  'category',
  'value',
  'comment',
  'to_ids',
  'uuid',
  'timestamp',
  'first_seen',
  'last_seen',
  'object_relation',
] as const

/**
 * The indicators of an attribute.
 *
 * @returns none for types that cannot be looked up; undefined when it is no attribute
 */
export function attributeIndicators(attribute: FeedRecord): OwnIndicator[] | undefined {
  const type = attribute.get('type')
  const value = attribute.get('value')
  if (typeof type !== 'string' || typeof value !== 'string') return undefined
  const parts = (type === MALWARE_SAMPLE ? 'filename|md5' : type).split('|')
  // A file name may hold the separator; what follows it does not.
  const values = parts.length === 2 ? splitAtLast(value) : [value]
  const indicators: OwnIndicator[] = []
  for (const [i, part] of parts.entries()) {
    const text = values[i]?.trim() ?? ''
    const kind = kindOf(part)
    if (kind !== undefined && text !== '') indicators.push({ value: text, type: kind })
  }
  return indicators
}

function splitAtLast(value: string): string[] {
  const at = value.lastIndexOf('|')
  return at < 0 ? [value] : [value.slice(0, at), value.slice(at + 1)]
}

function kindOf(part: string): OwnIndicator['type'] {
  if (ADDRESSES.has(part)) return 'ip'
  if (URLS.has(part)) return 'url'
  return HASHES.has(part) ? 'hash' : undefined
}

/** The context of an attribute: its own fields, the names of its tags, what is known of its event. */
export function attributeContext(attribute: FeedRecord, event: FeedRecord): FeedRecord {
  const context = new Map<string, FeedValue>()
  for (const name of FIELDS) {
    const value = attribute.get(name)
    if (value !== undefined && value !== null) context.set(name, value)
  }
  const tags = tagNames(attribute.get('Tag'))
  if (tags.length > 0) context.set('tags', tags)
  if (event.size > 0) context.set('event', event)
  return context
}

function tagNames(tags: FeedValue | undefined): string[] {
  if (tags === undefined || tags === null || typeof tags !== 'object' || !isList(tags)) return []
  return tags.flatMap((tag) => {
    const name = tag instanceof Map ? tag.get('name') : undefined
    return typeof name === 'string' ? [name] : []
  })
}
