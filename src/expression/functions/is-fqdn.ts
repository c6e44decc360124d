import { isFqdn as isFqdnText } from '../net/host-name.ts'
import { notText } from '../net/text-argument.ts'
import type { Value } from '../value.ts'
import type { FunctionDefinition } from './definition.ts'

export const isFqdn: FunctionDefinition = {
  name: 'is_fqdn',
  signature: 's',
  group: 'hosts',
  returns: 'boolean',
  pure: true,
  summary: 'Tells whether a text is a domain name: two labels or more, and no IP address.',
  parameters: { s: 'the text' },
  result: '`true` or `false`. Never fails on a string.',
  errors: { TYPE_ERROR: '`s` is not a string' },
  notes: [
    'Labels are those of `is_hostname`, none of them empty. A final dot is allowed and counts neither as the dot between',
    'labels (`localhost.` is a hostname) nor towards the 253 characters that a name has at most. The last label is not',
    'all digits: `10.0.0.256` is a mistyped address.',
  ].join('\n'),
  examples: [
    { expression: 'is_fqdn(host)', event: { host: 'lt-mail.domain' }, result: true },
    { expression: "is_fqdn('www.example.org.')", result: true },
    { expression: "is_fqdn('пример.рф')", result: true },
    { expression: "is_fqdn('lt-mail')", result: false },
    { expression: "is_fqdn('localhost.')", result: false },
    { expression: "is_fqdn('a..b')", result: false },
    { expression: "is_fqdn('10.0.0.1')", result: false },
    { expression: "is_fqdn('10.0.0.256')", result: false },
    { expression: 'is_fqdn(host)', event: { host: 5 }, rejected: 'TYPE_ERROR' },
  ],
  implementation: {
    kind: 'direct',
    call(_context, s: Value) {
      if (typeof s !== 'string') throw notText('is_fqdn', 's', s)
      return isFqdnText(s)
    },
  },
}
