import { addHost, type Hosts, noHosts, sortHosts } from '../net/hosts.ts'
import { iterate } from '../runtime/containers/iteration.ts'
import { str } from '../runtime/format/repr.ts'
import { DictView, Tuple, type Value, ValueIterator, ValueSet } from '../value.ts'
import type { EventContext, FunctionDefinition } from './definition.ts'

export const normalizeHost: FunctionDefinition = {
  name: 'normalize_host',
  signature: 'v, *values',
  group: 'normal forms',
  returns: 'object',
  pure: false,
  summary: 'Sorts what is known of a host into domain names, hostnames and IP addresses.',
  parameters: {
    v: 'an address or name, or a list, tuple, set or iterator of them; `null`, `""` and `"-"` are ignored',
    values: 'more of them',
  },
  result:
    '`{fqdn, hostname, ip}`, three lists, each without repetitions and sorted by code point. Names are in lower case without the final dot, IPv6 addresses in canonical form (RFC 5952).',
  errors: {},
  notes: [
    'What is neither `is_ip` nor `is_fqdn` nor `is_hostname` is left out and recorded in `event.anomaly.malformed_host`;',
    'a value of another type than text is recorded as `str` writes it. A list gives its elements, a list in a list is malformed.',
    'The zone of an IPv6 address is left off (`fe80::1%3`, `fe80::1%eth0`). Else the values are classified as they stand:',
    'brackets, a port or blanks make a value malformed.',
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
      event: { a: 'web 1', b: '[::1]' },
      result: { fqdn: [], hostname: [], ip: [] },
      anomalies: { malformed_host: ['web 1', '[::1]'] },
    },
    {
      expression: 'normalize_host(ips)',
      event: { ips: ['10.0.0.2', 'fe80::1%eth0', '10.0.0.2'] },
      result: { fqdn: [], hostname: [], ip: ['10.0.0.2', 'fe80::1'] },
    },
  ],
  implementation: {
    kind: 'direct',
    call(context, ...values: Value[]) {
      const hosts = noHosts()
      for (const value of values) {
        if (!isCollection(value)) add(context, hosts, value)
        else for (const element of iterate(value, context.meter)) add(context, hosts, element)
      }
      return sortHosts(hosts)
    },
  },
}

function add(context: EventContext, hosts: Hosts, value: Value): void {
  if (value === null || value === '' || value === '-') return
  if (typeof value !== 'string') context.anomaly('malformed_host', str(value))
  else if (!addHost(hosts, value)) context.anomaly('malformed_host', value)
}

/** The values that Python iterates over, without texts, dicts and ranges. */
function isCollection(value: Value): boolean {
  return (
    Array.isArray(value) ||
    value instanceof Tuple ||
    value instanceof ValueSet ||
    value instanceof DictView ||
    value instanceof ValueIterator
  )
}
