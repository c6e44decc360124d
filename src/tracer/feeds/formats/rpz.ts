import { parseAddressRange } from '../keys/ip.ts'
import { fields, type LineFormat, type LineReader, type LineResult } from './line-format.ts'

const SOA = /\bSOA\b/
const DIRECTIVE = /^\$(ORIGIN|TTL|INCLUDE|GENERATE)\b\s*(\S*)/i
/** owner [ttl] [class] CNAME target */
const CNAME = /^(\S+)\s+(?:\d+\w?\s+)?(?:IN\s+)?CNAME\s+(\S+)/i
const RECORD = /^\S*\s+(?:\d+\w?\s+)?(?:IN\s+)?(SOA|NS|A|AAAA|TXT|MX|SRV|DNSKEY|RRSIG)\s/i
const ACTIONS: Readonly<Record<string, string>> = {
  '.': 'nxdomain',
  '*.': 'nodata',
  'rpz-drop.': 'drop',
  'rpz-tcp-only.': 'tcp-only',
}
const PASS = 'rpz-passthru.'

/**
 * A response policy zone: the names, and with `rpz-ip` the addresses in answers, that its resolvers refuse. Exceptions
 * (`rpz-passthru`) and other triggers are left out.
 */
export const RPZ: LineFormat = {
  name: 'rpz',
  recognizes: (lines) =>
    lines.some((line) => SOA.test(line)) && lines.some((line) => /^\$(?:TTL|ORIGIN)|\bCNAME\b/i.test(line)),
  createReader: () => new RpzReader(),
}

class RpzReader implements LineReader {
  #origin = ''
  /** The record of the zone itself goes over several lines, in parentheses. */
  #isInParentheses = false

  read(text: string): LineResult {
    const line = text.replace(/;.*$/, '').trim()
    if (line === '') return undefined
    if (this.#isInParentheses) {
      this.#isInParentheses = !line.includes(')')
      return undefined
    }
    const directive = DIRECTIVE.exec(line)
    if (directive !== null) {
      if (directive[1]!.toUpperCase() === 'ORIGIN') this.#origin = directive[2]!.toLowerCase()
      return undefined
    }
    const found = CNAME.exec(line)
    if (found === null) {
      this.#isInParentheses = line.includes('(') && !line.includes(')')
      const isOfZone = /^(?:@|\s)|SOA|\sNS\s/i.test(line)
      return isOfZone || !RECORD.test(line)
        ? undefined
        : { skipped: 'the record changes an answer', reason: 'other rules' }
    }
    const owner = this.#relative(found[1]!.toLowerCase())
    const target = found[2]!.toLowerCase()
    const action =
      ACTIONS[target] ?? (target.startsWith('rpz-') ? target.replace(/^rpz-|\.$/g, '') : 'redirect')
    if (target === PASS) return { skipped: `${owner} is an exception`, reason: 'other rules' }
    return triggerOf(owner, action, target)
  }

  #relative(owner: string): string {
    if (!owner.endsWith('.')) return owner
    const origin = this.#origin === '' ? '' : `.${this.#origin}`
    return origin !== '' && owner.endsWith(origin) ? owner.slice(0, -origin.length) : owner.slice(0, -1)
  }
}

function triggerOf(owner: string, action: string, target: string): LineResult {
  const trigger = /\.rpz-(ip|client-ip|nsip|nsdname)$/.exec(owner)
  if (trigger === null) {
    return {
      record: fields({ value: owner, action, target: action === 'redirect' ? target : undefined }),
      own: [{ value: owner, type: 'domain' }],
    }
  }
  const network = trigger[1] === 'ip' ? networkOf(owner.slice(0, -trigger[0].length)) : undefined
  if (network === undefined)
    return { skipped: `the trigger ${owner} is of another kind`, reason: 'other rules' }
  return { record: fields({ value: network, action }), own: [{ value: network, type: 'ip' }] }
}

/** `24.0.2.0.192` is 192.0.2.0/24, `128.1.zz.db8.2001` is 2001:db8::1/128. */
function networkOf(reversed: string): string | undefined {
  const [prefix, ...parts] = reversed.split('.')
  const isIpv4 = parts.length === 4 && parts.every((part) => /^\d+$/.test(part))
  const address = parts.reverse().join(isIpv4 ? '.' : ':')
  const text = `${address.replace(/(?:^|:)zz(?::|$)/, '::')}/${prefix}`
  return parseAddressRange(text) === undefined ? undefined : text
}
