import { type IndicatorType, isHash } from '../../protocol.ts'
import { type Address, type AddressRange, formatAddress, parseAddress, parseAddressRange } from './ip.ts'
import { isPlausibleMask, urlShape } from './plausible.ts'
import { refang } from './refang.ts'
import { canonicalUrl, type MaskKey, parseMask, parseUrl } from './url.ts'

/** The types of keys: those of indicators, and `domain`, a host with any path. */
export type KeyType = IndicatorType | 'domain'

/** The normal form by which a key of a feed is looked up. */
export type IndicatorKey =
  | { readonly kind: 'hash'; readonly text: string }
  /** One address, or all between two; the port that stood behind it. */
  | ({ readonly kind: 'ip'; readonly port?: string } & AddressRange)
  | { readonly kind: 'url'; readonly text: string }
  /** A host, whatever the path. */
  | { readonly kind: 'host'; readonly text: string }
  | { readonly kind: 'mask'; readonly mask: MaskKey }
  | { readonly kind: 'email' | 'text'; readonly text: string }

/** The ways to read keys. */
export interface KeyReading {
  /** A host without a path matches any path (`any-path`, the default), or only itself (`exact`). */
  readonly hostMatch?: 'any-path' | 'exact' | undefined
  /** Undo `hxxp://`, `[.]` and their like. Default: true. */
  readonly refang?: boolean | undefined
}

/**
 * The key that a value of a feed is.
 *
 * @returns undefined when it is nothing that could be looked up as that type, or, without a type, of no known kind
 */
export function readIndicatorKey(
  value: string,
  type: KeyType | undefined,
  { hostMatch = 'any-path', refang: isDefanged = true }: KeyReading = {},
): IndicatorKey | undefined {
  const text = isDefanged && type !== 'text' ? refang(value) : value
  switch (type ?? detectType(text)) {
    case 'hash': {
      const key = hashKey(text)
      return key === '' ? undefined : { kind: 'hash', text: key }
    }
    case 'ip':
      return readAddressKey(text.trim(), type === 'ip')
    case 'domain': {
      const key = type === undefined ? hostKey(text) : readDomainKey(text)
      return key?.kind === 'host' && hostMatch === 'exact' && type === undefined
        ? { kind: 'url', text: key.text }
        : key
    }
    case 'url':
      return readUrlKey(text)
    case 'email':
      return EMAIL.test(text.trim()) ? { kind: 'email', text: textKey(text) } : undefined
    case 'text': {
      const key = textKey(text)
      return key === '' ? undefined : { kind: 'text', text: key }
    }
    default:
      return undefined
  }
}

const EMAIL = /^[^\s@]{1,256}@[^\s@]{1,256}$/
/** An IPv4 address or one in brackets, with a port; a prefix that covers one address. */
const WITH_PORT = /^(?:(\d[\d.]*)|\[([0-9a-f:.]+)\]):(\d{1,5})$/i

function readAddressKey(text: string, odd: boolean): IndicatorKey | undefined {
  const range = parseAddressRange(text, odd)
  if (range !== undefined) return { kind: 'ip', ...range }
  const found = withPort(text)
  return found === undefined
    ? undefined
    : { kind: 'ip', first: found.address, last: found.address, port: found.port }
}

/** The address and the port of `192.0.2.1:443` and `[2001:db8::1]:443`. @returns undefined for anything else */
export function withPort(text: string): { readonly address: Address; readonly port: string } | undefined {
  const parts = text.length < 60 ? WITH_PORT.exec(text) : null
  if (parts === null || Number(parts[3]) > 65535) return undefined
  const address = parseAddress(parts[1] ?? parts[2]!)
  return address === undefined ? undefined : { address, port: parts[3]! }
}

function readUrlKey(value: string): IndicatorKey | undefined {
  const mask = parseMask(value)
  if (mask !== undefined) return mask.host === '' && mask.tail === '' ? undefined : { kind: 'mask', mask }
  const text = canonicalUrl(value)
  return text === '' ? undefined : { kind: 'url', text }
}

/** A domain, with stars or a leading dot or not. One with a path is none. */
function readDomainKey(value: string): IndicatorKey | undefined {
  const mask = parseMask(value)
  if (mask !== undefined) {
    return mask.host === '' || !/^(?:\/\*)?$/.test(mask.tail) ? undefined : { kind: 'mask', mask }
  }
  return hostKey(value)
}

function hostKey(value: string): IndicatorKey | undefined {
  const { host, tail } = parseUrl(value)
  return host === '' || tail !== '' || /[\s,;"'@]/.test(host) ? undefined : { kind: 'host', text: host }
}

/**
 * The type of a key that comes without one: an address, a network, a range of addresses, an address with a port; a hash;
 * a host (`domain`); a mask or another URL (`url`).
 *
 * @returns undefined for what is of no known kind: file names, e-mail addresses, identifiers, sentences
 */
export function detectType(value: string): KeyType | undefined {
  const text = value.trim()
  if (isHash(text)) return 'hash'
  if (parseAddressRange(text) !== undefined || withPort(text) !== undefined) return 'ip'
  if (parseMask(text) !== undefined) return isPlausibleMask(text) ? 'url' : undefined
  const shape = urlShape(text)
  if (shape === 'url') return 'url'
  return shape === 'host' ? 'domain' : undefined
}

/** Texts and e-mail addresses compare in lower case. */
export function textKey(text: string): string {
  return text.trim().toLowerCase()
}

/** The text that stands for an e-mail address or another text among all of these. */
export function typedText(type: 'email' | 'text', key: string): string {
  return `${type}:${key}`
}

/** Hashes compare in lower case. */
export function hashKey(hash: string): string {
  return hash.trim().toLowerCase()
}

/** A text for each address, and another one for another address. */
export function addressKey(address: Address): string {
  if (typeof address === 'number') return formatAddress(address)
  let text = ''
  for (let i = 0; i < address.length; i++) text += `${address.charCodeAt(i).toString(16)}:`
  return text
}
