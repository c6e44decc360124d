import { lower } from '../runtime/text/casing.ts'

/*
 * Names of hosts. A label is 1 to 63 letters of any script (with their combining marks), digits, `-` and `_`, and
 * neither begins nor ends with `-`. One label is a hostname; two or more, 253 characters at most, are a domain name
 * (FQDN), unless the last one is all digits: such a text is a mistyped IPv4 address. Both may end with the dot of the
 * root, which does not count for any of this. Lengths are in characters (code points).
 */

const LONGEST_LABEL = 63
const LONGEST_NAME = 253

const DOT = 46
const HYPHEN = 45

/** 1 for the ASCII letters and `_`, 2 for `-`, 3 for the digits. */
const LABEL_CODES = new Uint8Array(128)
for (const code of 'abcdefghijklmnopqrstuvwxyzABCDEFGHIJKLMNOPQRSTUVWXYZ_')
  LABEL_CODES[code.charCodeAt(0)] = 1
LABEL_CODES[HYPHEN] = 2
for (const code of '0123456789') LABEL_CODES[code.charCodeAt(0)] = 3

const LABEL = /^[\p{L}\p{M}\p{Nd}_-]+$/u
const DIGITS = /^\p{Nd}+$/u

export function isHostname(text: string): boolean {
  return nameKind(text) === 'hostname'
}

export function isFqdn(text: string): boolean {
  return nameKind(text) === 'fqdn'
}

/** The host that a text names, undefined if it is no name. */
export function nameKind(text: string): 'hostname' | 'fqdn' | undefined {
  const end = withoutRootDot(text)
  if (end === 0 || end > LONGEST_NAME * 2) return undefined
  let labels = 1
  let start = 0
  let allDigits = true
  for (let index = 0; index < end; index++) {
    const code = text.charCodeAt(index)
    if (code === DOT) {
      if (!isLabelShape(text, start, index)) return undefined
      labels++
      start = index + 1
      allDigits = true
      continue
    }
    if (code > 127) return internationalNameKind(text.slice(0, end))
    const kind = LABEL_CODES[code]!
    if (kind === 0) return undefined
    if (kind !== 3) allDigits = false
  }
  if (end > LONGEST_NAME || !isLabelShape(text, start, end)) return undefined
  if (labels === 1) return 'hostname'
  return allDigits ? undefined : 'fqdn'
}

/**
 * Does the last label make a URL's host an IPv4 address, as browsers read it: digits, or a hexadecimal number
 * (`2130706433`, `0x7f.1`)? If it is no dotted quad as well, it is an address to some readers and a name to others.
 */
export function endsInNumber(host: string): boolean {
  const end = withoutRootDot(host)
  const start = host.lastIndexOf('.', end - 1) + 1
  if (end - start > LONGEST_LABEL) return false
  const first = host.charCodeAt(start)
  if (first < 128) return LABEL_CODES[first] === 3 && NUMBER.test(host.slice(start, end))
  return NUMBER.test(host.slice(start, end).normalize('NFKC'))
}

const NUMBER = /^(?:[0-9]+|0x[0-9a-f]*)$/i

/** A name in the form in which names are compared: lower case, without the dot of the root. */
export function normalizeName(name: string): string {
  return lower(name.slice(0, withoutRootDot(name)))
}

function withoutRootDot(text: string): number {
  return text.charCodeAt(text.length - 1) === DOT ? text.length - 1 : text.length
}

/** Of a label whose characters are all allowed: do its length and its ends make it one? */
function isLabelShape(text: string, start: number, end: number): boolean {
  return (
    end > start &&
    end - start <= LONGEST_LABEL &&
    text.charCodeAt(start) !== HYPHEN &&
    text.charCodeAt(end - 1) !== HYPHEN
  )
}

/** The same question for a name that is not ASCII and has no final dot. */
function internationalNameKind(name: string): 'hostname' | 'fqdn' | undefined {
  const labels = name.split('.')
  let length = labels.length - 1
  for (const label of labels) {
    const labelLength = codePointCount(label)
    if (labelLength > LONGEST_LABEL || !LABEL.test(label)) return undefined
    if (label.startsWith('-') || label.endsWith('-')) return undefined
    length += labelLength
  }
  if (length > LONGEST_NAME) return undefined
  if (labels.length === 1) return 'hostname'
  return DIGITS.test(labels.at(-1)!) ? undefined : 'fqdn'
}

function codePointCount(text: string): number {
  let count = 0
  for (const _ of text) count++
  return count
}
