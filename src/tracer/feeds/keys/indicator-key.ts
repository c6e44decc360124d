import { guessType, type IndicatorType } from '../../protocol.ts'
import { type Address, type AddressRange, formatAddress, parseAddressRange } from './ip.ts'
import { canonicalUrl, type MaskKey, parseMask } from './url.ts'

/** The normal form by which a key of a feed is looked up. */
export type IndicatorKey =
  | { readonly kind: 'hash'; readonly text: string }
  /** One address, or all between two. */
  | ({ readonly kind: 'ip' } & AddressRange)
  | { readonly kind: 'url'; readonly text: string }
  | { readonly kind: 'mask'; readonly mask: MaskKey }

/** The key that a value of a feed is. @returns undefined when it is nothing that could be looked up as that type */
export function readIndicatorKey(value: string, type: IndicatorType | undefined): IndicatorKey | undefined {
  switch (type ?? detectType(value)) {
    case 'hash': {
      const text = hashKey(value)
      return text === '' ? undefined : { kind: 'hash', text }
    }
    case 'ip': {
      const range = parseAddressRange(value.trim(), type === 'ip')
      return range === undefined ? undefined : { kind: 'ip', ...range }
    }
    default:
      return readUrlKey(value)
  }
}

function readUrlKey(value: string): IndicatorKey | undefined {
  const mask = parseMask(value)
  if (mask !== undefined) return mask.host === '' && mask.tail === '' ? undefined : { kind: 'mask', mask }
  const text = canonicalUrl(value)
  return text === '' ? undefined : { kind: 'url', text }
}

/** The type of a key that comes without one: an address, a network, a range of addresses; a hash; else a url. */
export function detectType(value: string): IndicatorType {
  const guessed = guessType(value)
  if (guessed !== 'url') return guessed
  return parseAddressRange(value) === undefined ? 'url' : 'ip'
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
