import { addHost, noHosts, sortHosts } from '../net/hosts.ts'
import { str } from '../runtime/repr.ts'
import type { Value } from '../value.ts'
import type { FunctionDefinition } from './definition.ts'

export const normalizeHost: FunctionDefinition = {
  name: 'normalize_host',
  signature: 'v, *values',
  summary: 'Sorts what is known of a host into domain names, hostnames and IP addresses.',
  parameters: {
    v: 'an address or name; `null`, `""` and `"-"` are ignored',
    values: 'more of them',
  },
  result:
    '`{fqdn, hostname, ip}`, three lists, each without repetitions and sorted by code point. Names are in lower case without the final dot, IPv6 addresses in canonical form (RFC 5952).',
  errors: {},
  notes: [
    'What is neither `is_ip` nor `is_fqdn` nor `is_hostname` is left out and recorded in `event.anomaly.malformed_host`;',
    'a value of another type than text is recorded as `str` writes it. The values are classified as they stand: a zone',
    'id, brackets, a port or blanks make a value malformed.',
  ].join('\n'),
  examples: [
    {
      expression: "normalize_host('127.0.0.1','lt-mail','lt-mail.domain','','10.0.0.2')",
      result: { fqdn: ['lt-mail.domain'], hostname: ['lt-mail'], ip: ['10.0.0.2', '127.0.0.1'] },
    },
    {
      expression: 'normalize_host(a, b)',
      event: { a: 'DC1.Example.org.', b: '2001:DB8:0::1' },
      result: { fqdn: ['dc1.example.org'], hostname: [], ip: ['2001:db8::1'] },
    },
    {
      expression: "normalize_host('ws1', 'WS1', '-', null)",
      result: { fqdn: [], hostname: ['ws1'], ip: [] },
    },
    {
      expression: 'normalize_host(a, b)',
      event: { a: 'web 1', b: 'fe80::1%eth0' },
      result: { fqdn: [], hostname: [], ip: [] },
      anomalies: { malformed_host: ['web 1', 'fe80::1%eth0'] },
    },
  ],
  implementation: {
    kind: 'plain',
    call(context, ...values: Value[]) {
      const hosts = noHosts()
      for (const value of values) {
        if (value === null || value === '' || value === '-') continue
        if (typeof value !== 'string') context.anomaly('malformed_host', str(value, context.meter))
        else if (!addHost(hosts, value)) context.anomaly('malformed_host', value)
      }
      return sortHosts(hosts)
    },
  },
}
