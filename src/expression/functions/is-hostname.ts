import { isHostname as isHostnameText } from '../net/host-name.ts'
import { notText } from '../net/text-argument.ts'
import type { Value } from '../value.ts'
import type { FunctionDefinition } from './definition.ts'

export const isHostname: FunctionDefinition = {
  name: 'is_hostname',
  signature: 's',
  group: 'hosts',
  returns: 'boolean',
  pure: true,
  summary: 'Tells whether a text is the name of a host without its domain: one label.',
  parameters: { s: 'the text' },
  result: '`true` or `false`. Never fails on a string.',
  errors: { TYPE_ERROR: '`s` is not a string' },
  notes: [
    'A label is 1 to 63 letters of any script (combining marks belong to them), digits, `-` and `_`, and neither begins',
    'nor ends with `-`. There is no dot in it; the dot of the root may follow it (`localhost.`).',
  ].join('\n'),
  examples: [
    { expression: 'is_hostname(host)', event: { host: 'lt-mail' }, result: true },
    { expression: "is_hostname('WS_01')", result: true },
    { expression: "is_hostname('почта')", result: true },
    { expression: "is_hostname('localhost.')", result: true },
    { expression: "is_hostname('lt-mail.domain')", result: false },
    { expression: "is_hostname('-mail')", result: false },
    { expression: "is_hostname('')", result: false },
    { expression: 'is_hostname(host)', event: { host: null }, rejected: 'TYPE_ERROR' },
  ],
  implementation: {
    kind: 'direct',
    call(_context, s: Value) {
      if (typeof s !== 'string') throw notText('is_hostname', 's', s)
      return isHostnameText(s)
    },
  },
}
