import type { KeyType } from '../keys/indicator-key.ts'
import type { LineFormat, LineReader, LineResult } from './line-format.ts'

const FIELDS = '#fields'
const TYPES: Readonly<Record<string, KeyType>> = {
  'Intel::ADDR': 'ip',
  'Intel::SUBNET': 'ip',
  'Intel::URL': 'url',
  'Intel::DOMAIN': 'domain',
  'Intel::EMAIL': 'email',
  'Intel::FILE_HASH': 'hash',
  'Intel::CERT_HASH': 'hash',
  'Intel::PUBKEY_HASH': 'hash',
}

/** A file of Zeek's intelligence framework: columns by tab, whose names stand behind `#fields`. */
export const ZEEK_INTEL: LineFormat = {
  name: 'zeek-intel',
  recognizes: (lines) => lines.some((line) => line.startsWith(FIELDS) && /\bindicator_type\b/.test(line)),
  createReader: () => new ZeekIntelReader(),
}

class ZeekIntelReader implements LineReader {
  #names: readonly string[] = []

  read(line: string): LineResult {
    if (line.startsWith(FIELDS)) {
      this.#names = line
        .slice(FIELDS.length)
        .trim()
        .split(/\t+|\s+/)
      return undefined
    }
    if (line.startsWith('#')) return undefined
    const values = line.split('\t')
    const record = new Map<string, string>()
    for (const [i, name] of this.#names.entries()) {
      const value = values[i]
      if (value !== undefined && value !== '-') record.set(name, value)
    }
    const value = record.get('indicator')
    const type = record.get('indicator_type')
    if (value === undefined || type === undefined) return { skipped: 'has no indicator and type' }
    const kind = TYPES[type]
    return { record, own: kind === undefined ? [] : [{ value, type: kind }] }
  }
}
