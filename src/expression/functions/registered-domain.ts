import { parse } from 'tldts'
import { isFqdn, normalizeName } from '../net/host-name.ts'
import { notText } from '../net/text-argument.ts'
import type { JsonObject, Value } from '../value.ts'
import type { FunctionDefinition } from './definition.ts'

export const registeredDomain: FunctionDefinition = {
  name: 'registered_domain',
  signature: 'host',
  group: 'hosts',
  returns: 'object?',
  pure: true,
  summary: 'Finds the domain that somebody registered in the name of a host, by the Public Suffix List.',
  parameters: { host: 'the name' },
  result:
    'A dict of `registered_domain`, `top_level_domain` (the public suffix, `co.uk`) and `subdomain`, absent if there is none; in lower case, without the final dot. Absent where the text is no domain name, or a public suffix itself.',
  errors: { TYPE_ERROR: '`host` is not a string' },
  notes: [
    'Suffixes of providers count, as in Beats: the label before `github.io` was registered by somebody. A top-level domain that the list does not',
    'have (`corp.local`) is a suffix. The list is that of the installed version of tldts, which has suffixes below a top-level domain in',
    'letters only, not in Punycode.',
  ].join('\n'),
  examples: [
    {
      expression: 'registered_domain(host)',
      event: { host: 'www.shop.Example.co.uk.' },
      result: { registered_domain: 'example.co.uk', top_level_domain: 'co.uk', subdomain: 'www.shop' },
    },
    {
      expression: "registered_domain('example.com')",
      result: { registered_domain: 'example.com', top_level_domain: 'com' },
    },
    { expression: "registered_domain('evil.github.io')['registered_domain']", result: 'evil.github.io' },
    { expression: "registered_domain('co.uk')", result: undefined },
    { expression: "registered_domain('localhost')", result: undefined },
    { expression: "registered_domain('192.0.2.1')", result: undefined },
    { expression: 'registered_domain(host)', event: { host: null }, rejected: 'TYPE_ERROR' },
  ],
  implementation: {
    kind: 'direct',
    call(_context, host: Value) {
      if (typeof host !== 'string') throw notText('registered_domain', 'host', host)
      if (!isFqdn(host)) return undefined
      const { domain, publicSuffix, subdomain } = parse(normalizeName(host), OPTIONS)
      if (domain === null || publicSuffix === null) return undefined
      const result: JsonObject = { registered_domain: domain, top_level_domain: publicSuffix }
      if (subdomain !== null && subdomain !== '') result.subdomain = subdomain
      return result
    },
  },
}

/** The text is a name already: no URL, no address. */
const OPTIONS = {
  allowPrivateDomains: true,
  extractHostname: false,
  detectIp: false,
  validateHostname: false,
}
