import { fields, type LineFormat, type LineResult, withoutComments } from './line-format.ts'

/** `||bad.example^`, with or without options behind it. */
const DOMAIN_RULE =
  /^\|\|([^\s/^$*|]+)\^(?:\$(?:all|important|document|doc|popup|third-party)(?:,[a-z-]+)*)?$/i
const HEADER = /^\[ad(?:block|guard)/i
/** `address=/bad.example/0.0.0.0` of dnsmasq, `local-zone: "bad.example" always_nxdomain` of unbound. */
const DNSMASQ = /^(?:address|server|local)=\/([^/\s]+)\/\S*$/i
const UNBOUND = /^local-(?:zone|data):\s*"([^"\s]+)/i
const COSMETIC = /#[@?$]*#/

/** Lists of filters for browsers and resolvers: the rules that block a domain, which means all below it. */
export const DNS_LIST: LineFormat = {
  name: 'adblock',
  recognizes(lines) {
    if (lines.some((line) => HEADER.test(line))) return true
    const rules = withoutComments(lines)
    const domains = rules.filter((line) => domainOf(line) !== undefined)
    return domains.length > 0 && domains.length >= rules.length / 2
  },
  createReader: () => ({
    read(line): LineResult {
      if (line.startsWith('!') || HEADER.test(line) || (line.startsWith('#') && !COSMETIC.test(line))) {
        return undefined
      }
      const domain = domainOf(line)
      if (domain === undefined) {
        return {
          skipped: `the rule ${JSON.stringify(line.slice(0, 100))} blocks no domain`,
          reason: 'other rules',
        }
      }
      return { record: fields({ value: domain, rule: line }), own: [{ value: `.${domain}`, type: 'url' }] }
    },
  }),
}

function domainOf(line: string): string | undefined {
  const found = DOMAIN_RULE.exec(line) ?? DNSMASQ.exec(line) ?? UNBOUND.exec(line)
  return found === null ? undefined : found[1]!.replace(/^\.+|\.+$/g, '')
}
